//! Compares a draft with the same edits of plain bytes.

use proptest::prelude::*;

use super::*;

/// One step, as an edit of a draft and of plain bytes.
#[derive(Clone, Debug)]
enum Step {
    Put(usize, Vec<u8>),
    Zero(usize, usize),
    Copy(usize, usize),
    Push(Vec<u8>),
    Pad(u64),
    Truncate(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..20);
    prop_oneof![
        (0..120_usize, bytes()).prop_map(|(at, bytes)| Step::Put(at, bytes)),
        (0..120_usize, 0..20_usize).prop_map(|(at, size)| Step::Zero(at, size)),
        (0..60_usize, 0..20_usize).prop_map(|(at, size)| Step::Copy(at, size)),
        bytes().prop_map(Step::Push),
        (0..40_u64).prop_map(Step::Pad),
        (0..120_usize).prop_map(Step::Truncate),
    ]
}

proptest! {
    #[test]
    fn a_draft_is_what_the_same_edits_make_of_plain_bytes(
        steps in prop::collection::vec(step(), 0..30),
        at in 0..100_u64,
        size in 0..40_u64,
    ) {
        let input: Vec<u8> = (0..64).collect();
        let mut draft = Draft::of(&input);
        let mut plain = input.clone();
        for step in steps {
            match step {
                Step::Put(at, bytes) => {
                    let put = draft.put(at as u64, &bytes, Reason::Slot, "test");
                    let place = plain.get_mut(at..at + bytes.len());
                    prop_assert_eq!(put.is_ok(), place.is_some());
                    if let Some(place) = place {
                        place.copy_from_slice(&bytes);
                    }
                }
                Step::Zero(at, size) => {
                    let put = draft.zero(at as u64, size as u64, Reason::Padding, "test");
                    let place = plain.get_mut(at..at + size);
                    prop_assert_eq!(put.is_ok(), place.is_some());
                    place.into_iter().for_each(|place| place.fill(0));
                }
                Step::Copy(at, size) => {
                    let copied = draft.copy(at as u64, size as u64, "test");
                    let bytes = input.get(at..at + size);
                    prop_assert_eq!(copied.is_ok(), bytes.is_some());
                    plain.extend_from_slice(bytes.unwrap_or_default());
                }
                Step::Push(bytes) => {
                    plain.extend_from_slice(&bytes);
                    draft.push(bytes, Reason::Note);
                }
                Step::Pad(align) => {
                    draft.pad(align);
                    bytes::pad(&mut plain, align);
                }
                Step::Truncate(size) => {
                    draft.truncate(size as u64);
                    plain.truncate(size);
                }
            }
            prop_assert!(draft.pieces().iter().all(|piece| piece.size() > 0));
        }
        prop_assert_eq!(draft.size(), plain.len() as u64);
        prop_assert_eq!(draft.to_vec(), plain.clone());
        prop_assert_eq!(draft.is_input(), plain == input);
        let read = draft.read(at, size, "test").ok().map(Cow::into_owned);
        let expected = plain.get(at as usize..(at + size) as usize).map(<[u8]>::to_vec);
        prop_assert_eq!(read, expected);
        let mut outer = Draft::empty(&input);
        outer.append(draft, 0);
        prop_assert_eq!(outer.to_vec(), plain);
    }
}

#[test]
fn what_is_not_changed_stays_a_copy() {
    let input = *b"one two three";
    let mut draft = Draft::of(&input);
    draft.put(4, b"two", Reason::Slot, "test").expect("inside");
    assert!(draft.is_input());
    draft.put(4, b"TWO", Reason::Slot, "test").expect("inside");
    let expected =
        [Piece::Copy(0..4), Piece::New(b"TWO".to_vec(), Reason::Slot), Piece::Copy(7..13)];
    assert_eq!(draft.pieces(), expected);
    assert!(!draft.is_input());
    draft.put(4, b"two", Reason::Slot, "test").expect("inside");
    assert!(draft.is_input(), "made anew, and the same all the same");
}
