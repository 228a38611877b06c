//! The last step of every edit: the output is parsed by the reader that the tools use, and
//! compared with the input. A fault in an editor becomes an error here, not a broken program.

use std::collections::HashMap;
use std::ops::Range;

use object::Object;

use crate::{Error, Image, Limits, Result, SectionRef};

/// Checks that `output` loads what `input` loads: the same sections at the same addresses with
/// the same bytes, but for the addresses in `edited` and the sections whose names are in
/// `removed`.
pub(super) fn unchanged_but(
    input: &Image<'_>,
    output: &[u8],
    edited: &[Range<u64>],
    removed: &[String],
) -> Result<()> {
    let limits = Limits { max_file: u64::MAX, ..*input.limits() };
    let output = Image::parse(output, &limits)?;
    let bad = |offset, why: String| Error::malformed("output of an edit", offset, why);
    if input.format() != output.format() || input.arch() != output.arch() {
        return Err(bad(0, "another format or instruction set than the input's".to_owned()));
    }
    if input.object().entry() != output.object().entry() {
        return Err(bad(0, "the entry point moved".to_owned()));
    }
    let mut edited = edited.to_vec();
    edited.sort_by_key(|range| range.start);
    let found: HashMap<_, _> = output.sections().map(|section| (key(&section), section)).collect();
    // What has no address is not loaded: symbol tables, comments. (Of what has one, an ELF image
    // may still not load everything, and may have lost that.)
    for before in input.sections().filter(|section| section.address != 0) {
        let Some(after) = found.get(&key(&before)) else {
            if removed.iter().any(|name| name == before.name) {
                continue;
            }
            return Err(bad(0, format!("section {} is gone", before.name)));
        };
        if let Some(address) = first_difference(&before, after, &edited) {
            let offset = after.file_offset.unwrap_or_default() + (address - after.address);
            let why = format!("section {} differs at address {address:#x}", before.name);
            return Err(bad(offset, why));
        }
    }
    Ok(())
}

fn key<'a>(section: &SectionRef<'a>) -> (&'a str, &'a str, u64) {
    (section.segment, section.name, section.address)
}

/// The first address outside of `edited`, which is sorted, where the bytes are not the same.
fn first_difference(
    before: &SectionRef<'_>,
    after: &SectionRef<'_>,
    edited: &[Range<u64>],
) -> Option<u64> {
    let common = before.data.len().min(after.data.len());
    let differs = |from: usize, to: usize| {
        let (left, right) = (before.data.get(from..to)?, after.data.get(from..to)?);
        let at = left.iter().zip(right).position(|(left, right)| left != right)?;
        (left != right).then_some(before.address + (from + at) as u64)
    };
    // In a PE image the longer of the two may run on into padding.
    let tail = |data: &[u8]| data.get(common..).is_some_and(|rest| rest.iter().any(|b| *b != 0));
    if tail(before.data) || tail(after.data) {
        return Some(before.address + common as u64);
    }
    let mut from = 0;
    for range in edited {
        let start = range.start.saturating_sub(before.address);
        let end = range.end.saturating_sub(before.address);
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(common);
        let end = usize::try_from(end).unwrap_or(usize::MAX).min(common);
        if from < start && before.data.get(from..start) != after.data.get(from..start) {
            return differs(from, start);
        }
        from = from.max(end);
    }
    (before.data.get(from..common) != after.data.get(from..common))
        .then(|| differs(from, common))
        .flatten()
}
