//! Runs `rgo-symbols size FILE…`: says where the bytes of images went.
//!
//! ```text
//! files ─▶ survey ─▶ rgo_debuginfo::sizes::attribute ─▶ groups ─▶ report
//! ```

pub mod args;
pub(super) mod buckets;
mod joined_page;
pub mod page;
mod page_data;
mod report;
mod total;

use anyhow::Result;
use rgo_debuginfo::sizes::{Attribution, SizeError, attribute, attribute_go_object, group};
use rgo_files::walk::{Layer, Name};

use super::debug_files::with_debug_files;
use super::image_name::{Binary, ImageName, each_binary, on_disk};
use super::input;
use crate::app::error::Usage;
use crate::app::exit::Exit;
use crate::app::reports::ReportFile;
use crate::app::schema::{Named as NamedSchema, generate, of_report};
use crate::app::survey::{Named, Survey};
use crate::app::terminal;
use crate::app::unread::UnreadReason;
use args::{BytesArg, KeyArg, SizeArgs};
use buckets::Buckets;
use page::PageData;
use page_data::page_data;
use report::{ImageSizes, SizeLine, SizeReport};

/// The schema of the report.
pub(super) fn schema() -> NamedSchema {
    of_report::<SizeReport<'_>>()
}

/// The name of the schema of a line of ndjson.
pub(crate) const LINE: &str = "rgo.size.line/1";

/// The schema of a line of ndjson.
pub(super) fn line_schema() -> NamedSchema {
    (LINE, generate::<SizeLine<'_>>)
}

/// Says where the bytes went.
///
/// # Errors
/// If stdout cannot be written, or the call is wrong. An unreadable file is told on stderr and by the exit code.
pub(super) fn run(args: &SizeArgs) -> Result<Exit> {
    if args.read.files.is_empty() {
        let error = Usage::new("nothing to measure");
        return Err(error.hint("name files, folders or archives").into());
    }
    if args.by.contains(&KeyArg::Bucket) && args.buckets.is_none() {
        let error = Usage::new("--by bucket has no buckets");
        return Err(error.hint("name a file of them: --buckets FILE").into());
    }
    let buckets = args.buckets.as_deref().map(Buckets::read).transpose()?.unwrap_or_default();
    if args.buckets.is_some() && !args.by.is_empty() && !args.by.contains(&KeyArg::Bucket) {
        let error = Usage::new("--buckets has no effect with this --by");
        return Err(error.hint("add bucket to --by, or leave --by out").into());
    }
    input::no_snapshots(&args.read.files)?;
    let options = args.read.survey(args.verbose, args.quiet);
    let survey = Survey::new(options, |file, data| {
        each_binary(data, |name, binary| {
            let path = on_disk(file);
            let (attribution, debug_files) = match binary {
                // Damaged debug data say nothing of sizes; `symbolize` reports the damage.
                Binary::Image(image) => {
                    with_debug_files(path, args.debug_files.options(), image, |files| {
                        attribute(image, files)
                    })
                }
                Binary::GoObject(object) => {
                    (Ok(attribute_go_object(object, data.len() as u64)), Vec::new())
                }
            };
            Ok(ImageSizes { debug_files, ..measured(name, &attribution?, args, &buckets) })
        })
    });
    let (mut files, problems) = survey.all();
    survey.print(&problems);
    let pages: Vec<PageData> = files.iter_mut().filter_map(|file| file.page.take()).collect();
    if args.total {
        files = total::total(files).into_iter().collect();
    }
    if args.bytes == BytesArg::Memory {
        files.iter_mut().for_each(|file| report::order_by_memory(&mut file.groups));
    }
    let report = SizeReport {
        files: &files,
        pages: &pages,
        unread: problems.unread(),
        bytes: args.bytes,
        limit: args.limit,
    };
    for ReportFile { format, path } in &args.report.to_files.files {
        let text = report.text(*format, terminal::style(Some(path)))?;
        terminal::write_output(text.as_bytes(), Some(path))?;
    }
    let text = report.text(args.report.format, terminal::style(None))?;
    terminal::write(text.as_bytes())?;
    Ok(if problems.are_errors() { Exit::Failed } else { Exit::Done })
}

fn measured(
    image_name: ImageName,
    attribution: &Attribution,
    args: &SizeArgs,
    buckets: &Buckets,
) -> ImageSizes {
    let keys = keys(args, attribution);
    let name = |part: &_, level: usize| match keys[level] {
        KeyArg::Bucket => buckets.name(attribution, part).into(),
        // The walk names the file.
        KeyArg::Image => "".into(),
        key => key.key().map_or_else(|| "".into(), |key| attribution.name(part, key)),
    };
    let groups = group(&attribution.parts, keys.len(), &name);
    let unattributed = attribution.parts.iter().filter(|part| part.is_unattributed());
    ImageSizes {
        page: args.wants_page().then(|| {
            let buckets = args.buckets.is_some().then_some(buckets);
            page_data(&image_name, attribution, &keys, buckets)
        }),
        image: image_name,
        debug_files: Vec::new(),
        by: keys.iter().map(|key| key.word()).collect(),
        file_bytes: attribution.file_bytes,
        memory_bytes: attribution.memory_bytes,
        unattributed_bytes: unattributed.map(|part| part.file_bytes).sum(),
        groups,
    }
}

/// What the call groups by.
fn keys(args: &SizeArgs, attribution: &Attribution) -> Vec<KeyArg> {
    match (&args.by[..], &args.buckets) {
        ([], Some(_)) => vec![KeyArg::Bucket],
        // What is added up has to be of the same kind for each image.
        ([], None) if args.total => vec![KeyArg::Image],
        ([], None) if attribution.packages.is_empty() => vec![KeyArg::Section],
        ([], None) => vec![KeyArg::Package],
        (keys, _) => keys.to_vec(),
    }
}

impl From<SizeError> for UnreadReason {
    fn from(error: SizeError) -> Self {
        Self::Symbols(error.to_string())
    }
}

impl Named for ImageSizes {
    fn named(self, name: &Name, layers: &[Layer]) -> Self {
        let image = self.image.at(name, layers);
        let mut groups = self.groups;
        for (level, _) in
            self.by.iter().enumerate().filter(|(_, key)| **key == KeyArg::Image.word())
        {
            total::name_image(&mut groups, level, &image.title());
        }
        let page = self.page.map(|page| PageData { title: image.title(), ..page });
        Self { image, page, groups, ..self }
    }
}
