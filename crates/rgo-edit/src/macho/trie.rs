//! Reads and writes the export trie: the exported names of a Mach-O image, as dyld looks them up.
//! If a linker exported everything, this module reduces the trie to the library's list; it also
//! removes single names.
//!
//! ```text
//! node: ULEB size of the payload (0: no name ends here), payload,
//!       u8 number of children, per child: label, NUL, ULEB offset of its node
//! payload: ULEB flags, then ULEB address (or ordinal and name, or stub and resolver)
//! ```
//!
//! Offsets count from the start of the trie; the root is at 0. Payloads are copied unchanged.
//! (`mach-o/loader.h`, "export symbol flags"; dyld's `ExportsTrie`)

use crate::bytes;
use rgo_binary::{Error, Result};

const WHAT: &str = "Mach-O export trie";

/// The payload of a name; `None` if it is not exported.
pub(super) fn find<'a>(trie: &'a [u8], name: &[u8]) -> Result<Option<&'a [u8]>> {
    let mut rest = name;
    let mut node = 0;
    if trie.is_empty() {
        return Ok(None);
    }
    loop {
        let mut at = node;
        let size = uleb(trie, &mut at)?;
        if rest.is_empty() {
            let payload = bytes::slice(trie, at, size, WHAT)?;
            return Ok((!payload.is_empty()).then_some(payload));
        }
        at = at.saturating_add(size);
        let children = byte(trie, at)?;
        at += 1;
        let mut next = None;
        for _ in 0..children {
            let label = label_at(trie, at)?;
            at += label.len() as u64 + 1;
            let child = uleb(trie, &mut at)?;
            // An empty label could lead in circles.
            if let (false, Some(tail)) = (label.is_empty(), rest.strip_prefix(label)) {
                next = Some((child, tail));
                break;
            }
        }
        let Some((child, tail)) = next else { return Ok(None) };
        (node, rest) = (child, tail);
    }
}

/// Makes the trie without the names that `stays` rejects. `stays` gets each name and its payload.
pub(super) fn retain(
    trie: &[u8],
    mut stays: impl FnMut(&[u8], &[u8]) -> Result<bool>,
) -> Result<Vec<u8>> {
    let mut nodes: Vec<TrieNode<'_>> = Vec::new();
    // Offset of a node, its parent, and the length of the parent's name before the label.
    let mut left = vec![(0, None::<usize>, 0, &[][..])];
    let mut name = Vec::new();
    while let Some((mut at, parent, length, label)) = left.pop() {
        name.truncate(length);
        name.extend_from_slice(label);
        // Every node and every label takes bytes of its own: more of them than the trie has mean a
        // circle.
        if nodes.len() + left.len() > trie.len() || name.len() > trie.len() {
            return Err(Error::malformed(WHAT, at, "it leads round in circles"));
        }
        let size = uleb(trie, &mut at)?;
        let payload = bytes::slice(trie, at, size, WHAT)?;
        let keeps = !payload.is_empty() && stays(&name, payload)?;
        let number = nodes.len();
        nodes.push(TrieNode { payload: if keeps { payload } else { &[] }, children: Vec::new() });
        if let Some(parent) = parent.and_then(|parent| nodes.get_mut(parent)) {
            parent.children.push((label, number));
        }
        at += size;
        let children = byte(trie, at)?;
        at += 1;
        let first = left.len();
        for _ in 0..children {
            let label = label_at(trie, at)?;
            at += label.len() as u64 + 1;
            left.push((uleb(trie, &mut at)?, Some(number), name.len(), label));
        }
        // The first child is visited next.
        left.get_mut(first..).unwrap_or_default().reverse();
    }
    // Children come after their parents.
    for number in (0..nodes.len()).rev() {
        let Some(node) = nodes.get_mut(number) else { continue };
        let mut children = std::mem::take(&mut node.children);
        children.retain(|(_, child)| {
            nodes.get(*child).is_some_and(|it| !(it.payload.is_empty() && it.children.is_empty()))
        });
        if let Some(node) = nodes.get_mut(number) {
            node.children = children;
        }
    }
    Ok(serialize(&nodes))
}

fn label_at(trie: &[u8], at: u64) -> Result<&[u8]> {
    let tail = trie.get(bytes::index(at)..);
    let label = tail.and_then(|tail| tail.split(|byte| *byte == 0).next());
    label.ok_or_else(|| Error::malformed(WHAT, at, "cut short"))
}

/// A node under construction; children are indices of nodes.
#[derive(Default)]
struct TrieNode<'a> {
    payload: &'a [u8],
    children: Vec<(&'a [u8], usize)>,
}

/// Makes a trie of names and their payloads.
pub(super) fn build(exports: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut nodes = vec![TrieNode::default()];
    for (name, payload) in exports {
        insert(&mut nodes, name, payload);
    }
    serialize(&nodes)
}

/// The bytes of the nodes that the first one leads to.
fn serialize(nodes: &[TrieNode<'_>]) -> Vec<u8> {
    let mut order = Vec::with_capacity(nodes.len());
    let mut left = vec![0];
    while let Some(number) = left.pop() {
        let Some(node) = nodes.get(number) else { continue };
        left.extend(node.children.iter().rev().map(|(_, child)| *child));
        order.push((number, node));
    }
    // Offsets are written in as many bytes as they need, so they depend on each other: sizes
    // grow until nothing changes.
    let mut offsets = vec![0; nodes.len()];
    loop {
        let mut at = 0;
        let mut settled = true;
        for (number, node) in &order {
            let place = offsets.get_mut(*number);
            settled &= place.as_deref() == Some(&at);
            if let Some(place) = place {
                *place = at;
            }
            at += encode(node, &offsets).len() as u64;
        }
        if settled {
            return order.iter().flat_map(|(_, node)| encode(node, &offsets)).collect();
        }
    }
}

fn insert<'a>(nodes: &mut Vec<TrieNode<'a>>, name: &'a [u8], payload: &'a [u8]) {
    let mut rest = name;
    let mut at = 0;
    loop {
        let fresh = nodes.len();
        let Some(node) = nodes.get_mut(at) else { return };
        if rest.is_empty() {
            node.payload = payload;
            return;
        }
        let shared = |label: &[u8]| label.iter().zip(rest).take_while(|(a, b)| a == b).count();
        let Some(child) = node.children.iter_mut().find(|(label, _)| shared(label) > 0) else {
            node.children.push((rest, fresh));
            nodes.push(TrieNode { payload, children: Vec::new() });
            return;
        };
        let (head, tail) = child.0.split_at(shared(child.0));
        at = child.1;
        if !tail.is_empty() {
            // The label and the name differ here: insert a node between.
            let below = std::mem::replace(child, (head, fresh)).1;
            nodes.push(TrieNode { payload: &[], children: vec![(tail, below)] });
            at = fresh;
        }
        rest = rest.get(head.len()..).unwrap_or_default();
    }
}

fn encode(node: &TrieNode<'_>, offsets: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_uleb(&mut bytes, node.payload.len() as u64);
    bytes.extend_from_slice(node.payload);
    // Children differ in their first byte and none is NUL: there are at most 255.
    bytes.push(u8::try_from(node.children.len()).unwrap_or(u8::MAX));
    for (label, child) in &node.children {
        bytes.extend_from_slice(label);
        bytes.push(0);
        put_uleb(&mut bytes, offsets.get(*child).copied().unwrap_or_default());
    }
    bytes
}

fn put_uleb(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn byte(trie: &[u8], at: u64) -> Result<u8> {
    let byte = trie.get(bytes::index(at)).copied();
    byte.ok_or_else(|| Error::malformed(WHAT, at, "cut short"))
}

fn uleb(trie: &[u8], at: &mut u64) -> Result<u64> {
    let start = *at;
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = byte(trie, *at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Error::malformed(WHAT, start, "a number of more than 64 bits"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn an_empty_trie_is_a_root_without_children() {
        assert_eq!(build(&[]), [0, 0]);
        assert_eq!(find(&[0, 0], b"_a").expect("reads"), None);
        assert_eq!(find(&[], b"_a").expect("reads"), None);
    }

    #[test]
    fn cycles_end() {
        // The root's only child is the root, by a label and by an empty one.
        for trie in [&[0, 1, b'a', 0, 0][..], &[0, 1, 0, 0]] {
            assert_eq!(find(trie, &[b'a'; 1000]).expect("reads"), None);
            retain(trie, |_, _| Ok(true)).expect_err("has no end");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_is_found(
            exports in prop::collection::btree_map("_[a-c]{0,6}", prop::collection::vec(any::<u8>(), 1..20), 0..200),
            others in prop::collection::vec("_[a-c]{0,6}", 0..20),
        ) {
            let exports: BTreeMap<String, Vec<u8>> = exports;
            let list: Vec<_> =
                exports.iter().map(|(name, payload)| (name.as_bytes(), payload.as_slice())).collect();
            let trie = build(&list);
            for name in exports.keys().chain(&others) {
                let found = find(&trie, name.as_bytes()).expect("reads");
                prop_assert_eq!(found, exports.get(name).map(Vec::as_slice));
            }
        }

        #[test]
        fn what_is_not_retained_is_not_found(
            exports in prop::collection::btree_map("_[a-c]{0,6}", prop::collection::vec(any::<u8>(), 1..20), 0..200),
        ) {
            let exports: BTreeMap<String, Vec<u8>> = exports;
            let list: Vec<_> =
                exports.iter().map(|(name, payload)| (name.as_bytes(), payload.as_slice())).collect();
            let trie = build(&list);
            let stays = |name: &[u8]| name.len().is_multiple_of(2);
            let mut seen = Vec::new();
            let less = retain(&trie, |name, payload| {
                seen.push((name.to_vec(), payload.to_vec()));
                Ok(stays(name))
            }).expect("reads");
            seen.sort();
            let all: Vec<_> = exports.iter().map(|(name, it)| (name.clone().into_bytes(), it.clone())).collect();
            prop_assert_eq!(seen, all);
            prop_assert!(less.len() <= trie.len());
            for (name, payload) in &exports {
                let found = find(&less, name.as_bytes()).expect("reads");
                prop_assert_eq!(found, stays(name.as_bytes()).then_some(payload.as_slice()));
            }
        }

        #[test]
        fn any_bytes_are_answered(trie in prop::collection::vec(any::<u8>(), 0..64), name in "[a-c]{0,8}") {
            let _ = find(&trie, name.as_bytes());
            let _ = retain(&trie, |_, _| Ok(true));
        }
    }
}
