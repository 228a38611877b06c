//! Finds the slots in a program that Go's linker has just made: each placeholder, and the variable
//! that leads to it.
//!
//! A placeholder may lie in a program several times: without `-trimpath` Go records its flags in
//! `runtime.modinfo` and in the build information. Only the variable's text has a string header
//! with its own address and its own length.

use memchr::memmem::Finder;

use super::GoSlot;
use super::placeholder::{PREFIX, capacity_for, placeholder};
use crate::image::memory::{Memory, relocations};
use crate::image::words::WordFormat;
use crate::{Error, Image, Result};

/// A place of a placeholder: its address, and the number of its slot.
type Place = (u64, usize);

/// Finds the slots of a program by their names and their placeholders, as
/// [`placeholder`](super::placeholder) makes these. Returns them in the same order.
///
/// # Errors
/// [`Error::GoVariable`] if not exactly one string variable holds a placeholder;
/// [`Error::Unsupported`] for a text that is no placeholder, or that two names have.
pub fn find(image: &Image<'_>, wanted: &[(String, String)]) -> Result<Vec<GoSlot>> {
    check(wanted)?;
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let words = WordFormat::of(image);
    let memory = Memory::without_relocations(image, words);
    let places = places(image, &memory, wanted);
    let headers = headers(image, &memory, &places, wanted);
    let slot = |(number, (name, text)): (usize, &(String, String))| {
        let mut own = headers.iter().filter(|(_, (_, slot))| *slot == number);
        let (Some((header_address, (value_address, _))), None) = (own.next(), own.next()) else {
            let found = headers.iter().filter(|(_, (_, slot))| *slot == number).count();
            return Err(Error::GoVariable { name: name.clone(), found });
        };
        Ok(GoSlot {
            name: name.clone(),
            header_address: *header_address,
            value_address: *value_address,
            capacity: u32::try_from(text.len()).unwrap_or(u32::MAX),
        })
    };
    wanted.iter().enumerate().map(slot).collect()
}

/// Finds the slots of these names that still hold their placeholders, whatever their capacity. A name
/// without one is left out: a build finds its slots by [`find`], and this is for a program that a
/// build linked and did not finish.
///
/// # Errors
/// [`Error::GoVariable`] if several string variables hold one placeholder.
pub fn find_unwritten(image: &Image<'_>, names: &[&str]) -> Result<Vec<GoSlot>> {
    let has_any = Finder::new(PREFIX).find(image.data()).is_some();
    let mut slots = Vec::new();
    for name in names.iter().filter(|_| has_any) {
        let mut capacity = capacity_for(0);
        while capacity <= LARGEST {
            let wanted = [((*name).to_owned(), placeholder(name, capacity))];
            match find(image, &wanted) {
                Err(Error::GoVariable { found: 0, .. }) => capacity *= 2,
                found => {
                    slots.extend(found?);
                    break;
                }
            }
        }
    }
    Ok(slots)
}

/// The largest capacity that is looked for, in bytes.
const LARGEST: u32 = 1 << 20;

fn check(wanted: &[(String, String)]) -> Result<()> {
    for (number, (name, text)) in wanted.iter().enumerate() {
        let refused = |why: &str| Err(Error::unsupported(format!("finding the slot {name}"), why));
        if !text.starts_with(PREFIX) || u32::try_from(text.len()).is_err() {
            return refused("the text in it is no placeholder");
        }
        let others = wanted.iter().take(number);
        if others.clone().any(|(_, other)| other.starts_with(text) || text.starts_with(other)) {
            return refused("another slot has the same placeholder");
        }
    }
    Ok(())
}

/// All places of the placeholders in the loaded bytes, sorted by address. All begin alike, so one
/// search finds them.
fn places(image: &Image<'_>, memory: &Memory<'_>, wanted: &[(String, String)]) -> Vec<Place> {
    let finder = Finder::new(PREFIX);
    // A hostile table can let every segment claim the whole file.
    let limit = usize::try_from(image.limits().max_searched).unwrap_or(usize::MAX);
    let mut budget = image.data().len().saturating_mul(2).min(limit);
    let mut places = Vec::new();
    for (address, data) in memory.regions() {
        let data = data.get(..budget).unwrap_or(data);
        budget -= data.len();
        let mut from = 0;
        while let Some(rest) = data.get(from..)
            && let Some(at) = finder.find(rest)
        {
            let start = from + at;
            let here = rest.get(at..).unwrap_or_default();
            let number = wanted.iter().position(|(_, text)| here.starts_with(text.as_bytes()));
            let found = number.and_then(|number| {
                Some((address.checked_add(start as u64)?, number, wanted.get(number)?.1.len()))
            });
            from = start + found.map_or(PREFIX.len(), |(.., size)| size);
            places.extend(found.map(|(address, number, _)| (address, number)));
        }
    }
    places.sort_unstable();
    places
}

/// The string headers that lead to a place, with the length of its placeholder: the address of
/// each, and the place. A pointer is in the file or in a relocation; both are asked for few
/// targets, because a program has many.
fn headers(
    image: &Image<'_>,
    memory: &Memory<'_>,
    places: &[Place],
    wanted: &[(String, String)],
) -> Vec<(u64, Place)> {
    let size = WordFormat::of(image).size as u64;
    let mut lengths: Vec<_> = wanted.iter().map(|(_, text)| text.len() as u64).collect();
    lengths.sort_unstable();
    lengths.dedup();
    let ends = memory.writable_words(|word| lengths.contains(&word));
    let written = ends.filter_map(|end| {
        let address = end.checked_sub(size)?;
        Some((address, memory.pointer(address)?))
    });
    let header = |(address, target): (u64, u64)| {
        let at = places.binary_search_by_key(&target, |(place, _)| *place).ok()?;
        let place = places.get(at)?;
        let (_, text) = wanted.get(place.1)?;
        let length = memory.number(address.checked_add(size)?);
        (length == Some(text.len() as u64)).then_some((address, *place))
    };
    let mut headers: Vec<_> = written.chain(relocations(image)).filter_map(header).collect();
    // A linker may write a relocation's value into the file as well.
    headers.sort_unstable();
    headers.dedup();
    headers
}
