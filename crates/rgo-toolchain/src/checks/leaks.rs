//! Finds paths of the building machine in the output. Such paths reveal to strangers how the
//! machine is laid out, and they make the bytes depend on the folder.

use camino::{Utf8Path, Utf8PathBuf};
use memchr::memmem;
use rgo_binary::{Limits, slices};
use serde::Serialize;

use crate::path_remap::PathRemap;

/// A path that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Leak {
    /// The file that contains it: the output, or a companion.
    #[schemars(with = "String")]
    pub file: Utf8PathBuf,
    /// A description of the folder.
    pub what: &'static str,
    /// The first string that contains it, as far as it is printable.
    pub example: String,
    /// The section that contains it; empty outside of all sections.
    pub section: String,
    /// How often it occurs in that section.
    pub count: usize,
}

/// The longest part of a leaked string that is shown, in bytes.
const EXAMPLE: usize = 160;

/// Searches the bytes of `file` for the folders that should have another name in it. Gives one entry for each folder and section.
#[must_use]
pub fn find(file: &Utf8Path, data: &[u8], remaps: &[PathRemap]) -> Vec<Leak> {
    let mut leaks: Vec<Leak> = Vec::new();
    let mut sections: Option<Vec<(u64, u64, String)>> = None;
    for remap in remaps.iter().filter(|remap| remap.from.len() > 1) {
        for at in memmem::find_iter(data, remap.from.as_bytes()) {
            let end = at + remap.from.len();
            if data.get(end).copied().is_some_and(continues_a_name) {
                continue;
            }
            let sections = sections.get_or_insert_with(|| ranges(data));
            let section = sections
                .iter()
                .find(|(start, end, _)| (*start..*end).contains(&(at as u64)))
                .map(|(_, _, name)| name.clone())
                .unwrap_or_default();
            match leaks.iter_mut().find(|l| l.what == remap.what && l.section == section) {
                Some(leak) => leak.count += 1,
                None => leaks.push(Leak {
                    file: file.to_owned(),
                    what: remap.what,
                    example: printable(data, at),
                    section,
                    count: 1,
                }),
            }
        }
    }
    leaks
}

/// Whether a byte after `/proj` continues the name of another folder: `/projshop`, `/proj_old`,
/// `/proj.bak`, `/projà`. Every other byte (a slash, the end of a string, a quote, a colon) ends
/// the name.
fn continues_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"_-.+~@#%".contains(&byte)
}

fn ranges(data: &[u8]) -> Vec<(u64, u64, String)> {
    let mut ranges = Vec::new();
    for slice in slices(data, &Limits::default()).unwrap_or_default() {
        for section in slice.image.sections() {
            if let Some(start) = section.file_offset {
                let start = slice.offset + start;
                ranges.push((start, start + section.data.len() as u64, section.name.to_owned()));
            }
        }
    }
    ranges
}

fn printable(data: &[u8], at: usize) -> String {
    let end = data.len().min(at + EXAMPLE);
    let text = &data[at..end];
    let stop = text.iter().position(|byte| !(0x20..0x7f).contains(byte)).unwrap_or(text.len());
    String::from_utf8_lossy(&text[..stop]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(data: &[u8], folder: &'static str) -> Vec<Leak> {
        find(
            "app".into(),
            data,
            &[PathRemap { what: "workspace", from: folder.into(), to: "/rgo/src".into() }],
        )
    }

    #[test]
    fn leaks_of_one_section_are_counted_together() {
        let found = found(b"x/proj/src/main.rs\0/projshop/a /proj", "/proj");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].count, found[0].example.as_str()), (2, "/proj/src/main.rs"));
        assert_eq!(found[0].file, "app");
    }

    #[test]
    fn a_folder_is_told_from_its_namesakes() {
        for (data, leaks) in [
            (&b"/proj/src"[..], true),
            (b"/proj\\src", true),
            (b"/proj\0", true),
            (b"\"/proj\"", true),
            (b"'/proj'", true),
            (b"/proj:/usr", true),
            (b"-L/proj -lx", true),
            (b"/proj=/rgo", true),
            (b"/proj", true),
            (b"/projshop/a", false),
            (b"/proj2/a", false),
            (b"/proj_old/a", false),
            (b"/proj.bak/a", false),
            (b"/proj-2/a", false),
            (b"/proj+/a", false),
            ("/projà/a".as_bytes(), false),
            (b"/other", false),
        ] {
            assert_eq!(!found(data, "/proj").is_empty(), leaks, "{}", data.escape_ascii());
        }
    }

    #[test]
    fn the_root_is_no_folder_to_search_for() {
        assert_eq!(found(b"/", "/"), []);
    }
}
