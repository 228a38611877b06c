//! Pairs the symbols of two images, in rounds from the surest to the boldest. What no round pairs is new or gone.
//!
//! ```text
//! round            must be the same                                  may differ
//! 1                name, section, package, file, bytes
//! 2                name, section, package                            file, bytes
//! 3                name without numbers, section, package, bytes     the rest of the name
//! 4                name without numbers, section                     package, bytes
//! 5                path of the name, section, bytes                  parameters, type arguments
//! 6                path of the name, section                         bytes
//! ```
//!
//! Several symbols with the same key are paired in the order of their sizes.

use hashbrown::HashMap;

use super::plain_name::{Plainness, plain_name};

/// What a symbol is known by: numbers of names that both images share. 0 stands for no package and no file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) name: u32,
    pub(super) section: u32,
    pub(super) package: u32,
    pub(super) file: u32,
    pub(super) bytes: u64,
}

/// What has to be the same in a round: the name, section, package, file, bytes. 0 where it does not count.
type RoundKey = (u32, u32, u32, u32, u64);

/// A symbol that waits for its partner.
struct Entry {
    candidate: Candidate,
    /// Numbers of its names for later rounds; 0 before.
    stable: u32,
    path: u32,
    partner: Option<usize>,
}

/// For each old symbol the index of the new one that it has become. `names` are those of the symbols of both.
pub(super) fn pair(old: &[Candidate], new: &[Candidate], names: &[String]) -> Vec<Option<usize>> {
    let mut old: Vec<_> = old.iter().copied().map(Entry::new).collect();
    let mut new: Vec<_> = new.iter().copied().map(Entry::new).collect();
    round(&mut old, &mut new, |it| {
        let Candidate { name, section, package, file, bytes } = it.candidate;
        (name, section, package, file, bytes)
    });
    round(&mut old, &mut new, |it| {
        let Candidate { name, section, package, .. } = it.candidate;
        (name, section, package, 0, 0)
    });
    let mut plain = PlainNames { names, stable: HashMap::new(), path: HashMap::new() };
    for entry in old.iter_mut().chain(&mut new).filter(|it| it.partner.is_none()) {
        plain.find(entry);
    }
    let of = |it: &Entry| (it.candidate.section, it.candidate.package, it.candidate.bytes);
    round(&mut old, &mut new, |it| {
        let (section, package, bytes) = of(it);
        (it.stable, section, package, 0, bytes)
    });
    round(&mut old, &mut new, |it| (it.stable, of(it).0, 0, 0, 0));
    round(&mut old, &mut new, |it| (it.path, of(it).0, 0, 0, of(it).2));
    round(&mut old, &mut new, |it| (it.path, of(it).0, 0, 0, 0));
    old.into_iter().map(|it| it.partner).collect()
}

impl Entry {
    fn new(candidate: Candidate) -> Self {
        Self { candidate, stable: 0, path: 0, partner: None }
    }
}

/// Numbers for the names of the later rounds.
struct PlainNames<'n> {
    names: &'n [String],
    stable: HashMap<String, u32>,
    path: HashMap<String, u32>,
}

impl PlainNames<'_> {
    fn find(&mut self, entry: &mut Entry) {
        let Some(name) = self.names.get(entry.candidate.name as usize) else { return };
        let number = |known: &mut HashMap<String, u32>, plainness| {
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            *known.entry(plain_name(name, plainness)).or_insert(next)
        };
        entry.stable = number(&mut self.stable, Plainness::Stable);
        entry.path = number(&mut self.path, Plainness::Path);
    }
}

/// Pairs what has the same key, the smallest with the smallest.
fn round(old: &mut [Entry], new: &mut [Entry], key: impl Fn(&Entry) -> RoundKey) {
    let (of_old, of_new) = (waiting(old, &key), waiting(new, &key));
    let mut of_new = of_new.into_iter().peekable();
    for (key, _, one) in of_old {
        while of_new.next_if(|(other, _, _)| *other < key).is_some() {}
        let Some((_, _, other)) = of_new.next_if(|(other, _, _)| *other == key) else { continue };
        if let (Some(one_entry), Some(other_entry)) = (old.get_mut(one), new.get_mut(other)) {
            one_entry.partner = Some(other);
            other_entry.partner = Some(one);
        }
    }
}

/// The symbols without a partner by their keys and bytes.
fn waiting(all: &[Entry], key: &impl Fn(&Entry) -> RoundKey) -> Vec<(RoundKey, u64, usize)> {
    let unpaired = all.iter().enumerate().filter(|(_, entry)| entry.partner.is_none());
    let mut waiting: Vec<_> =
        unpaired.map(|(index, entry)| (key(entry), entry.candidate.bytes, index)).collect();
    waiting.sort_unstable();
    waiting
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Symbols of `.text` by names and sizes.
    fn paired(old: &[(&str, u64)], new: &[(&str, u64)]) -> Vec<Option<usize>> {
        let mut names = Vec::new();
        let mut candidates = |all: &[(&str, u64)]| -> Vec<Candidate> {
            let candidate = |(name, bytes): &(&str, u64)| {
                let known = names.iter().position(|it| it == name).unwrap_or(names.len());
                if known == names.len() {
                    names.push((*name).to_owned());
                }
                let name = u32::try_from(known).expect("few");
                Candidate { name, section: 1, package: 1, file: 0, bytes: *bytes }
            };
            all.iter().map(candidate).collect()
        };
        let (old, new) = (candidates(old), candidates(new));
        pair(&old, &new, &names)
    }

    #[test]
    fn a_sure_partner_is_not_given_away() {
        let old = [("a::f::{closure#0}", 10), ("a::f::{closure#1}", 20)];
        let new = [("a::f::{closure#0}", 20), ("a::f::{closure#2}", 10)];
        assert_eq!(
            paired(&old, &new),
            [Some(0), Some(1)],
            "the same name comes before the same size"
        );
        let (old, new) = ([("f", 10), ("f", 30)], [("f", 30), ("f", 11)]);
        assert_eq!(paired(&old, &new), [Some(1), Some(0)], "the same size comes first");
    }

    #[test]
    fn what_has_no_partner_stays_alone() {
        let (old, new) = ([("a::f", 10), ("a::g", 10)], [("a::h", 10), ("a::g", 12)]);
        assert_eq!(paired(&old, &new), [None, Some(1)]);
        let here = Candidate { name: 0, section: 1, package: 1, file: 0, bytes: 10 };
        let elsewhere = Candidate { section: 2, ..here };
        assert_eq!(pair(&[here], &[elsewhere], &["a::f".to_owned()]), [None]);
    }

    #[test]
    fn manglings_and_suffixes_make_no_difference() {
        let old = [("alloc::vec::Vec<T,A>::push", 10), ("b (.llvm.1)", 5)];
        let new = [("b (.llvm.2)", 6), ("<alloc::vec::Vec<u8>>::push", 11)];
        assert_eq!(paired(&old, &new), [Some(1), Some(0)]);
    }
}
