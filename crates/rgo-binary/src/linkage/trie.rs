//! Reads the export trie of a Mach-O image (`LC_DYLD_EXPORTS_TRIE`, or the export part of
//! `LC_DYLD_INFO`), as dyld walks it.
//!
//! ```text
//! node:   uleb128 size of what follows if a name ends here, else 0
//!           uleb128 flags; then uleb128 address
//!                          or (re-export, flag 8)  uleb128 ordinal, name\0
//!                          or (resolver, flag 10)  uleb128 stub, uleb128 resolver
//!         u8 number of edges
//!           text\0, uleb128 offset of the node, from the start of the trie
//! ```
//!
//! A valid trie is a tree. A trie that reaches a node twice could list an unbounded number of
//! names, so the reader refuses it.

use std::collections::HashSet;

use super::NameList;
use crate::{Error, Limits, Result};

/// Every name in the trie, sorted.
pub(super) fn names(trie: &[u8], base: u64, limits: &Limits) -> Result<Vec<String>> {
    let mut names = NameList::new(limits);
    let mut reached = HashSet::new();
    // Nodes still to read, with the text on the path to them.
    let mut open = vec![(0_usize, Vec::new())];
    let mut spelled = 0_u64;
    while let Some((at, name)) = open.pop() {
        let bad = |why: &str| Error::malformed("Mach-O export trie", base + at as u64, why);
        if trie.is_empty() {
            break;
        }
        if !reached.insert(at) {
            return Err(bad("a node is reached twice"));
        }
        let mut node = trie.get(at..).ok_or_else(|| bad("a node lies outside"))?;
        let size = uleb128(&mut node).ok_or_else(|| bad("cut short"))?;
        let size = usize::try_from(size).map_err(|_| bad("cut short"))?;
        node = node.get(size..).ok_or_else(|| bad("cut short"))?;
        if size != 0 {
            names.add(&name)?;
        }
        let (edges, mut node) = node.split_first().ok_or_else(|| bad("cut short"))?;
        for _ in 0..*edges {
            let length = node.iter().position(|byte| *byte == 0).ok_or_else(|| bad("cut short"))?;
            let (text, rest) = node.split_at(length);
            node = rest.get(1..).unwrap_or_default();
            let child = uleb128(&mut node).ok_or_else(|| bad("cut short"))?;
            let child = usize::try_from(child).map_err(|_| bad("a node lies outside"))?;
            spelled += (name.len() + text.len()) as u64;
            if spelled > limits.max_inflated {
                let what = "the export trie's names in bytes";
                return Err(Error::limit(what, spelled, limits.max_inflated));
            }
            open.push((child, [name.as_slice(), text].concat()));
        }
    }
    Ok(names.sorted())
}

/// Reads an unsigned LEB128 number of up to 64 bits.
fn uleb128(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let low = u64::from(byte & 0x7f);
        if low << shift >> shift != low {
            return None;
        }
        value |= low << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_along_the_edges() {
        // _a (address 1), _ab (address 2)
        let trie = b"\0\x01_a\0\x06\x02\0\x01\x01b\0\x0d\x02\0\x02\0";
        let limits = Limits::default();
        assert_eq!(names(trie, 0, &limits).expect("valid"), ["_a", "_ab"]);
        assert_eq!(names(b"", 0, &limits).expect("valid"), [""; 0]);
        let few = Limits { max_symbols: 1, ..limits };
        assert!(matches!(names(trie, 0, &few), Err(Error::Limit { .. })));
        for end in 1..trie.len() {
            assert!(names(&trie[..end], 0, &limits).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn a_trie_that_is_no_tree_is_refused() {
        let circle = b"\0\x01a\0\0";
        let error = names(circle, 0x10, &Limits::default()).expect_err("endless");
        assert_eq!(
            error.to_string(),
            "malformed Mach-O export trie at offset 0x10: a node is reached twice"
        );
    }

    #[test]
    fn numbers_end_where_64_bits_do() {
        let read = |mut bytes: &[u8]| uleb128(&mut bytes);
        assert_eq!(read(&[0xe5, 0x8e, 0x26]), Some(624_485));
        assert_eq!(read(&[0xff; 9]), None);
        assert_eq!(read(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), Some(u64::MAX));
        assert_eq!(read(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), None);
    }
}
