//! Groups the parts of an image as people ask: by crate, then by function, and so on.

use std::borrow::Cow;
use std::cmp::Reverse;

use hashbrown::HashMap;

use super::kind::ByteKind;
use super::part::{Attribution, Part};

/// By what bytes are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// The section.
    Section,
    /// The segment that loads them.
    Segment,
    /// What they are for.
    Kind,
    /// The crate or package.
    Package,
    /// The source file.
    File,
    /// The compile unit.
    Unit,
    /// The function or variable, instances of generics together.
    Symbol,
    /// The function or variable, each instance alone.
    Instance,
    /// The function in the source, also where it is inlined into another; instances of generics together.
    Inlined,
}

/// Bytes that have the same name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The name.
    pub name: String,
    /// Bytes in the file.
    pub file_bytes: u64,
    /// Bytes in memory.
    pub memory_bytes: u64,
    /// Its parts by the next key, the largest first.
    pub groups: Vec<Group>,
}

/// Groups parts level by level. `name` says what a part is called at a level. The groups of a level are sorted by
/// their bytes in the file, then in memory, then by name.
pub fn group<'n>(
    parts: &[Part],
    levels: usize,
    name: &dyn Fn(&Part, usize) -> Cow<'n, str>,
) -> Vec<Group> {
    let mut groups = unsorted(parts, levels, name);
    sort(&mut groups);
    groups
}

/// The same in no order.
pub(crate) fn unsorted<'n>(
    parts: &[Part],
    levels: usize,
    name: &dyn Fn(&Part, usize) -> Cow<'n, str>,
) -> Vec<Group> {
    let parts: Vec<&Part> = parts.iter().collect();
    level(&parts, 0, levels, name)
}

fn sort(groups: &mut [Group]) {
    groups.sort_unstable_by(|one, other| {
        let bytes = |group: &Group| Reverse((group.file_bytes, group.memory_bytes));
        bytes(one).cmp(&bytes(other)).then_with(|| one.name.cmp(&other.name))
    });
    groups.iter_mut().for_each(|group| sort(&mut group.groups));
}

fn level<'n>(
    parts: &[&Part],
    at: usize,
    levels: usize,
    name: &dyn Fn(&Part, usize) -> Cow<'n, str>,
) -> Vec<Group> {
    if at == levels {
        return Vec::new();
    }
    let is_last = at + 1 == levels;
    let mut groups: Vec<Group> = Vec::new();
    let mut members: Vec<Vec<&Part>> = Vec::new();
    let mut by_name: HashMap<Cow<'n, str>, usize> = HashMap::new();
    // Names are mostly borrowed from a list: a place in it is found faster than a text.
    let mut by_place: HashMap<(usize, usize), usize> = HashMap::new();
    for part in parts {
        let called = name(part, at);
        let place = match &called {
            Cow::Borrowed(text) => Some((text.as_ptr().addr(), text.len())),
            Cow::Owned(_) => None,
        };
        let known = place.and_then(|place| by_place.get(&place).copied());
        let index = known.unwrap_or_else(|| {
            let index = *by_name.entry(called).or_insert_with_key(|called| {
                groups.push(Group { name: called.to_string(), ..Group::default() });
                members.push(Vec::new());
                groups.len() - 1
            });
            by_place.extend(place.map(|place| (place, index)));
            index
        });
        groups[index].file_bytes += part.file_bytes;
        groups[index].memory_bytes += part.memory_bytes;
        if !is_last {
            members[index].push(part);
        }
    }
    for (group, members) in groups.iter_mut().zip(&members) {
        group.groups = level(members, at + 1, levels, name);
    }
    groups
}

impl Attribution {
    /// What a part is called by a key. What has no such name is named in brackets.
    #[must_use]
    pub fn name<'s>(&'s self, part: &Part, key: Key) -> Cow<'s, str> {
        let of = |names: &'s [String], number: Option<u32>| {
            names.get(number? as usize).map(String::as_str)
        };
        let named = match key {
            Key::Section => of(&self.sections, Some(part.section)),
            Key::Segment => return self.of_segment(part).into(),
            Key::Kind => Some(part.kind.name()),
            Key::Package => of(&self.packages, part.package),
            Key::File => of(&self.files, part.file),
            Key::Unit => of(&self.units, part.unit),
            Key::Symbol => part.symbol.and_then(|number| self.folded_name(number)),
            Key::Inlined => {
                part.inlined.or(part.symbol).and_then(|number| self.folded_name(number))
            }
            Key::Instance => of(&self.symbols, part.symbol),
        };
        named.map_or_else(|| unnamed(part, key).into(), Cow::Borrowed)
    }

    fn of_segment(&self, part: &Part) -> &str {
        let segment = part.segment.and_then(|number| self.segments.get(number as usize));
        segment.map_or("[not loaded]", String::as_str)
    }

    fn folded_name(&self, number: u32) -> Option<&str> {
        let number = number as usize;
        let folded = self.folded.name(&self.symbols, self.is_go, number);
        folded.or_else(|| self.symbols.get(number).map(String::as_str))
    }
}

/// The name of what has none by a key.
fn unnamed(part: &Part, key: Key) -> String {
    match key {
        _ if part.kind.is_overhead() || part.kind == ByteKind::Debug => {
            format!("[{}]", part.kind.name())
        }
        _ if part.is_unattributed() => "[unattributed]".to_owned(),
        Key::Package => "[no crate or package]".to_owned(),
        Key::File => "[no source file]".to_owned(),
        Key::Unit => "[no compile unit]".to_owned(),
        _ => "[no symbol]".to_owned(),
    }
}
