//! Writes values into a finished image: into its slots and, if it has a note, into the note. Every
//! other line of the note stays, even one that only a newer rgo knows.

use super::{Edited, Edits, Finished, SignaturePolicy, edit_thin, fat};
use rgo_binary::embedded::build_info::BuildInfo;
use rgo_binary::embedded::{go_slot, rgo_note, slot};
use rgo_binary::{FileKind, Format, Image, Limits, Result};

/// Key of the note's lines with values.
const KEY: &str = "-X";

/// Writes values into the slots and the note of a finished image, or of each slice of a fat file,
/// and renews its ad-hoc signature. Everything else stays unchanged. A Go program that a build linked
/// and did not finish has placeholders in its slots, and gets the index of the slots.
///
/// # Errors
/// As [`super::apply`].
pub fn stamp(input: &[u8], values: &[(String, String)], sign: SignaturePolicy) -> Result<Finished> {
    match FileKind::parse(input) {
        FileKind::FatMachO => fat::each(input, |slice| stamp_thin(slice, values, sign)),
        _ => stamp_thin(input, values, sign),
    }?
    .into_finished()
}

fn stamp_thin<'a>(
    image: &'a [u8],
    values: &[(String, String)],
    sign: SignaturePolicy,
) -> Result<Edited<'a>> {
    let parsed = Image::parse(image, &Limits::default())?;
    let note = rgo_note::find(&parsed)?.filter(|note| is_filled(note.text));
    let text = note.map(|note| restated(note.text, values));
    // For formats without ad-hoc signatures, remove the identity's signature.
    let sign = match (parsed.format(), sign) {
        (Format::Elf | Format::Pe, SignaturePolicy::AdHoc) => SignaturePolicy::None,
        (_, sign) => sign,
    };
    let known: Vec<String> = slot::list(&parsed)?.into_iter().map(|slot| slot.name).collect();
    let names = values.iter().map(|(name, _)| name.as_str());
    let unknown: Vec<&str> = names.filter(|name| !known.iter().any(|it| it == name)).collect();
    let go_slots = &go_slot::find_unwritten(&parsed, &unknown)?;
    let edits = Edits { note: text.as_deref(), slots: values, go_slots, sign, ..Edits::default() };
    edit_thin(image, &edits)
}

/// Whether a note describes its image. The note of a program that was linked and never finished
/// does not, and stays unchanged.
fn is_filled(text: &str) -> bool {
    BuildInfo::parse(text).is_ok_and(|info| info.rgo.is_some())
}

/// Replaces older values of the same names in the text by these. Unreadable lines stay.
fn restated(text: &str, values: &[(String, String)]) -> String {
    let older = |line: &str| {
        let settings = BuildInfo::parse(line).map(|info| info.settings).unwrap_or_default();
        settings.iter().any(|(key, value)| {
            let name = value.split('=').next().unwrap_or_default();
            key == KEY && values.iter().any(|(of, _)| of == name)
        })
    };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let place = lines.iter().position(|line| older(line)).unwrap_or(lines.len());
    let settings = values.iter().map(|(name, value)| (KEY.to_owned(), format!("{name}={value}")));
    let new = BuildInfo { settings: settings.collect(), ..BuildInfo::default() }.to_string();
    let (before, after) = lines.split_at(place);
    let kept = after.iter().filter(|line| !older(line)).copied();
    before.iter().copied().chain([new.as_str()]).chain(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_note_that_says_something_is_changed() {
        assert!(is_filled("rgo\t0.1.0\trustc 1.96.0\npath\tx\n"));
        assert!(!is_filled(""));
        assert!(!is_filled("build\trgo.link=0.15.2\n"));
    }

    #[test]
    fn a_note_says_the_new_values_in_place_of_the_old() {
        let values = [("a::B".to_owned(), "2 3".to_owned()), ("c::D".to_owned(), "x".to_owned())];
        let new = "build\t-X=\"a::B=2 3\"\nbuild\t-X=c::D=x\n";
        for (before, expected) in [
            (String::new(), new.to_owned()),
            ("path\tp\nbuild\tk=v\n".to_owned(), format!("path\tp\nbuild\tk=v\n{new}")),
            (
                "future\tline\nbuild\t-X=\"a::B=1 1\"\nbuild\tk=-X=a::B=1\nbuild\t-X=c::D=\nbuild\t-X=a::BC=1\n"
                    .to_owned(),
                format!("future\tline\n{new}build\tk=-X=a::B=1\nbuild\t-X=a::BC=1\n"),
            ),
        ] {
            let once = restated(&before, &values);
            assert_eq!(once, expected);
            assert_eq!(restated(&once, &values), once);
        }
    }
}
