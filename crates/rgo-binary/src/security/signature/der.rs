//! Just enough ASN.1 to walk into a signature: elements by tag and length, without values. Apple's
//! signatures are in BER with indefinite lengths, which strict DER decoders refuse.
//!
//! ```text
//! tag (1 byte; 20 is set if it holds elements; low 5 bits all set: longer tags, not read here)
//! length: 00…7f │ 81…84 and as many bytes, big-endian │ 80: up to the matching 00 00
//! content
//! ```
//!
//! (ITU-T X.690, chapter 8.1)

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// `[0]`, with elements inside.
pub(super) const CONTEXT_0: u8 = 0xa0;
/// `[1]`, with elements inside.
pub(super) const CONTEXT_1: u8 = 0xa1;

const CONSTRUCTED: u8 = 0x20;
const LONG_TAG: u8 = 0x1f;
/// Real signatures nest indefinite lengths less deeply.
const MAX_DEPTH: usize = 64;

/// One element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// The element with its tag and length.
    pub(super) raw: &'a [u8],
}

/// Consecutive elements, up to the end or the first that does not fit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elements<'a>(pub(super) &'a [u8]);

impl<'a> Element<'a> {
    /// The first element of `bytes`.
    pub(super) fn first(bytes: &'a [u8]) -> Option<Self> {
        Elements(bytes).next()
    }

    /// The elements inside, if it has this tag.
    pub(super) fn children(self, tag: u8) -> Option<Elements<'a>> {
        (self.tag == tag).then_some(Elements(self.content))
    }

    /// Its content, if it has this tag.
    pub(super) fn value(self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.content)
    }
}

impl<'a> Elements<'a> {
    /// Takes the next element, if it has this tag.
    pub(super) fn next_of(&mut self, tag: u8) -> Option<Element<'a>> {
        let mut ahead = *self;
        let element = ahead.next().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let bytes = self.0;
        let (tag, start, size) = header(bytes)?;
        let (content_end, end) = match size {
            Some(size) => {
                let end = start.checked_add(size)?;
                (end, end)
            }
            None => {
                let size = indefinite(bytes.get(start..)?)?;
                (start + size, start + size + 2)
            }
        };
        let element =
            Element { tag, content: bytes.get(start..content_end)?, raw: bytes.get(..end)? };
        self.0 = bytes.get(end..)?;
        Some(element)
    }
}

/// Tag, size of tag and length together, and the length; the inner `None` means an indefinite
/// length.
fn header(bytes: &[u8]) -> Option<(u8, usize, Option<usize>)> {
    let (tag, length) = (*bytes.first()?, *bytes.get(1)?);
    if tag & LONG_TAG == LONG_TAG {
        return None;
    }
    match length {
        0..=0x7f => Some((tag, 2, Some(length.into()))),
        0x80 => (tag & CONSTRUCTED != 0).then_some((tag, 2, None)),
        0x81..=0x84 => {
            let end = 2 + usize::from(length & 0x7f);
            let digits = bytes.get(2..end)?.iter();
            Some((tag, end, Some(digits.fold(0, |size, digit| size << 8 | usize::from(*digit)))))
        }
        _ => None,
    }
}

/// The number of bytes up to the end mark of an element that was opened just before.
fn indefinite(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut open) = (0_usize, 1_usize);
    loop {
        let rest = bytes.get(at..)?;
        if rest.starts_with(&[0, 0]) {
            open -= 1;
            if open == 0 {
                return Some(at);
            }
            at += 2;
            continue;
        }
        let (_, start, size) = header(rest)?;
        at = at.checked_add(start)?;
        match size {
            Some(size) => at = at.checked_add(size)?,
            None if open < MAX_DEPTH => open += 1,
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_of_all_forms_are_read() {
        let mut long = vec![OCTET_STRING, 0x82, 0x01, 0x00];
        long.resize(4 + 256, 7);
        let cases: [(&[u8], &[u8], usize); 4] = [
            (&[INTEGER, 1, 5, 9], &[5], 3),
            (&[OCTET_STRING, 0x81, 1, 5], &[5], 4),
            (&long, &[7; 256], 260),
            // A sequence of indefinite length that contains another one.
            (
                &[SEQUENCE, 0x80, SET, 0x80, 5, 0, 0, 0, 2, 1, 0, 0, 0, 9],
                &[SET, 0x80, 5, 0, 0, 0, 2, 1, 0],
                13,
            ),
        ];
        for (bytes, content, size) in cases {
            let element = Element::first(bytes).expect("reads");
            assert_eq!((element.content, element.raw.len()), (content, size));
            for end in 0..size {
                assert_eq!(Element::first(&bytes[..end]), None, "cut at {end}");
            }
        }
    }

    #[test]
    fn what_is_not_read_is_refused() {
        // A long tag, a length of five bytes, an indefinite length without elements, nesting.
        let deep = [SEQUENCE, 0x80].repeat(1000);
        for bytes in [&[0x1f, 1, 0][..], &[4, 0x85, 0, 0, 0, 0, 1, 7], &[4, 0x80, 0, 0], &deep] {
            assert_eq!(Element::first(bytes), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut sum = 0;
            for element in Elements(&bytes) {
                sum += element.raw.len();
                Elements(element.content).for_each(drop);
            }
            prop_assert!(sum <= bytes.len());
        }
    }
}
