//! Searches for several texts in one pass. An image is larger than any cache, so each further pass
//! would read it from memory again.

use std::iter;

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, Input, Match, Span};

/// Texts to search for. None may be a prefix of another.
pub(crate) enum Needles {
    /// A search with vector instructions.
    Packed(Searcher),
    /// A search for processors without these instructions.
    Automaton(AhoCorasick),
}

impl Needles {
    pub(crate) fn new<'t>(texts: impl Iterator<Item = &'t [u8]> + Clone) -> Self {
        match packed::Searcher::new(texts.clone()) {
            Some(searcher) => Self::Packed(searcher),
            None => Self::Automaton(AhoCorasick::new(texts).expect("short texts are no limit")),
        }
    }

    /// All matches, in the order of their positions: the index of the text, and the offset of its
    /// first byte. Matches may overlap.
    pub(crate) fn find_iter(&self, data: &[u8]) -> impl Iterator<Item = (usize, usize)> {
        let mut from = 0;
        iter::from_fn(move || {
            let found = self.find(data, from)?;
            from = found.start() + 1;
            Some((found.pattern().as_usize(), found.start()))
        })
    }

    fn find(&self, data: &[u8], start: usize) -> Option<Match> {
        let span = Span { start, end: data.len() };
        match self {
            Self::Packed(searcher) => searcher.find_in(data, span),
            Self::Automaton(automaton) => automaton.find(Input::new(data).span(span)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_found_also_where_two_overlap() {
        let texts = [&b"/home/"[..], b"/root/", b"git"];
        let automaton = Needles::Automaton(AhoCorasick::new(texts).unwrap());
        for needles in [Needles::new(texts.into_iter()), automaton] {
            let found: Vec<_> = needles.find_iter(b"git/home/root/x/home/").collect();
            assert_eq!(found, [(2, 0), (0, 3), (1, 8), (0, 15)]);
            assert_eq!(needles.find_iter(b"").count(), 0);
        }
    }
}
