//! Runs `rgo-symbols nm`: reads objects, archives and universal files, and prints the symbols of each object.
//!
//! ```text
//! FILE ─▶ mmap ─┬─▶ object ───────────────┐
//!               ├─▶ archive ─▶ members ───┼─▶ SymbolTable ─▶ Listing ─▶ pieces, on all cores ─▶ stdout
//!               └─▶ universal ─▶ slices ──┘
//! ```

pub mod args;
mod labels;
mod output;
mod universal;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use object::read::archive::{ArchiveFile, ArchiveMember};
use rgo_binary::FileKind;
use rgo_debuginfo::go_object;
use rgo_debuginfo::nm::{Listing, NmOptions};
use rgo_debuginfo::symbols::{CoffImport, SymbolTable, TableFormat, TableKind};
use rgo_files::mmap;

use crate::app::exit::Exit;
use crate::app::terminal;
use args::NmArgs;
use labels::Place;
use output::Output;

/// The file that nm reads if none is named.
const DEFAULT_FILE: &str = "a.out";
/// The member of a package's archive that compilers read.
const EXPORT_DATA: &str = "__.PKGDEF";
/// What lists Go's objects.
const GO_NM: &str = "rgo-symbols go-nm lists it, as go tool nm does";

/// What nm does not list, whoever's it is: the letters and addresses of its format are Go's alone.
#[derive(Debug)]
struct GoObjectFile;

impl fmt::Display for GoObjectFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("file format not recognized: it is a Go object")
    }
}

impl std::error::Error for GoObjectFile {}

/// Lists the symbols of the files.
///
/// # Errors
/// If stdout cannot be written. A file that cannot be read is told on stderr and by the exit code.
pub(super) fn run(args: &NmArgs) -> Result<Exit> {
    if args.version {
        // Configure scripts look for the word GNU, to know which flags there are.
        let text =
            concat!("rgo-symbols nm ", env!("CARGO_PKG_VERSION"), ", compatible with GNU nm\n");
        terminal::write(text.as_bytes())?;
        return Ok(Exit::Done);
    }
    let default = [PathBuf::from(DEFAULT_FILE)];
    let files = if args.files.is_empty() { &default[..] } else { &args.files };
    let call = Call { args, options: args.options(), has_several: files.len() > 1 };
    let mut output = Output::new(args.demangles())?;
    let mut exit = Exit::Done;
    for path in files {
        if let Err(error) = call.file(path, &mut output) {
            terminal::failure(&format!("{}: {error:#}", path.display()));
            if error.is::<GoObjectFile>() {
                terminal::hint(GO_NM);
            }
            exit = Exit::Failed;
        }
        if output.is_closed() {
            break;
        }
    }
    Ok(exit)
}

/// A call, and what decides over the lines around symbols.
struct Call<'a> {
    args: &'a NmArgs,
    options: NmOptions,
    /// Whether there are several files, so that each is named.
    has_several: bool,
}

impl Call<'_> {
    fn file(&self, path: &Path, output: &mut Output) -> Result<()> {
        let data = mmap::map(path)?;
        match FileKind::parse(&data) {
            FileKind::FatMachO => self.universal(path, &data, output),
            _ => self.part(&Place { file: path, member: None, arch: None }, &data, output),
        }
    }

    /// Lists the slices of a universal file.
    fn universal(&self, path: &Path, data: &[u8], output: &mut Output) -> Result<()> {
        let slices = universal::chosen(data, &self.args.arch)?;
        let is_named = universal::are_named(&slices, &self.args.arch);
        for slice in &slices {
            let arch = is_named.then_some(slice.arch.as_str());
            let place = Place { file: path, member: None, arch };
            self.part(&place, slice.data, output)
                .with_context(|| format!("architecture {}", slice.arch))?;
        }
        Ok(())
    }

    /// Lists an object or an archive.
    fn part(&self, place: &Place<'_>, data: &[u8], output: &mut Output) -> Result<()> {
        if FileKind::parse(data) == FileKind::Archive {
            return self.archive(place, data, output);
        }
        if data.starts_with(go_object::START) {
            return Err(GoObjectFile.into());
        }
        let object = object::File::parse(data).context("file format not recognized")?;
        self.object(place, &object, output)
    }

    fn archive(&self, place: &Place<'_>, data: &[u8], output: &mut Output) -> Result<()> {
        let archive = ArchiveFile::parse(data).context("malformed archive")?;
        if self.args.print_armap {
            output.write(&index(&archive)?)?;
        }
        let is_headed = self.has_several && !self.args.print_file_name;
        output.write(labels::archive(place, self.options.format, is_headed).as_bytes())?;
        let mut unlisted = Vec::new();
        for member in archive.members() {
            let member = member.context("malformed archive")?;
            let name = String::from_utf8_lossy(member.name()).into_owned();
            let place = Place { member: Some(&name), ..*place };
            let outside = outside(&archive, &member, place.file)?;
            let bytes = match &outside {
                Some(mapped) => mapped,
                None => member.data(data).context("malformed archive")?,
            };
            // Archives hold files of other kinds too: metadata of Rust, export data of Go.
            if let Ok(object) = object::File::parse(bytes) {
                self.object(&place, &object, output).with_context(|| format!("member {name}"))?;
            } else if let Some(import) = CoffImport::parse(bytes) {
                self.table(&place, &import.table(), output)?;
            } else if bytes.starts_with(go_object::START) && name != EXPORT_DATA {
                unlisted.push(name);
            }
            if output.is_closed() {
                break;
            }
        }
        if !unlisted.is_empty() && !self.args.quiet {
            for name in unlisted {
                terminal::eprint_line(&format_args!("nm: {name}: {GoObjectFile}"));
            }
            terminal::hint(GO_NM);
        }
        Ok(())
    }

    fn object(
        &self,
        place: &Place<'_>,
        object: &object::File<'_>,
        output: &mut Output,
    ) -> Result<()> {
        let kind = if self.args.dynamic { TableKind::Dynamic } else { TableKind::Full };
        self.table(place, &SymbolTable::read(object, kind)?, output)
    }

    fn table(&self, place: &Place<'_>, table: &SymbolTable<'_>, output: &mut Output) -> Result<()> {
        let listing = Listing::new(table, &self.options);
        let is_part = self.has_several || place.member.is_some() || place.arch.is_some();
        let is_named = is_part && !self.args.print_file_name;
        let undefined = self.args.undefined_only;
        let mut head = labels::object(place, self.options.format, is_named, undefined);
        if table.symbols.is_empty() {
            output.write(head.as_bytes())?;
            if !self.args.quiet {
                terminal::eprint_line(&format_args!("nm: {}: no symbols", place.name()));
            }
            return Ok(());
        }
        head.push_str(listing.heading());
        output.write(head.as_bytes())?;
        let prefix = match self.args.print_file_name {
            true => labels::prefix(place, self.options.format),
            false => String::new(),
        };
        let has_underscore = matches!(table.format, TableFormat::MachO { .. });
        output.list(&listing, prefix.as_bytes(), has_underscore)
    }
}

/// The member's bytes, if a thin archive only names its file.
fn outside(
    archive: &ArchiveFile<'_>,
    member: &ArchiveMember<'_>,
    path: &Path,
) -> Result<Option<mmap::Bytes>> {
    if !archive.is_thin() {
        return Ok(None);
    }
    let name = String::from_utf8_lossy(member.name()).into_owned();
    let path = rgo_files::parent(path).join(&name);
    let mapped = mmap::map(&path).with_context(|| format!("member {name} of the thin archive"))?;
    Ok(Some(mapped))
}

/// The lines of an archive's index.
fn index(archive: &ArchiveFile<'_>) -> Result<Vec<u8>> {
    let mut lines = b"\nArchive index:\n".to_vec();
    for symbol in archive.symbols()?.into_iter().flatten() {
        let symbol = symbol?;
        lines.extend_from_slice(symbol.name());
        if let Ok(member) = archive.member(symbol.offset()) {
            lines.extend_from_slice(b" in ");
            lines.extend_from_slice(member.name());
        }
        lines.push(b'\n');
    }
    Ok(lines)
}
