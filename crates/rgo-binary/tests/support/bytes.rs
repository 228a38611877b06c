//! Bytes of images that tests lay out by hand.

/// Writes numbers of a size and order into bytes.
#[derive(Clone)]
pub(crate) struct Bytes {
    pub(crate) data: Vec<u8>,
    /// Bytes of a pointer.
    pub(crate) size: usize,
    pub(crate) big: bool,
}

impl Bytes {
    pub(crate) fn new(size: usize, big: bool) -> Self {
        Self { data: Vec::new(), size, big }
    }

    pub(crate) fn number(&mut self, value: u64, size: usize) {
        if self.big {
            self.data.extend(&value.to_be_bytes()[8 - size..]);
        } else {
            self.data.extend(&value.to_le_bytes()[..size]);
        }
    }

    /// A number of the size of a pointer.
    pub(crate) fn word(&mut self, value: u64) {
        self.number(value, self.size);
    }

    /// Numbers, each with its size.
    pub(crate) fn numbers(&mut self, values: &[(u64, usize)]) {
        for (value, size) in values {
            self.number(*value, *size);
        }
    }

    /// Fills up to a multiple.
    pub(crate) fn pad(&mut self, to: usize) {
        self.data.resize(self.data.len().next_multiple_of(to), 0);
    }

    /// Fills up to an offset.
    pub(crate) fn fill(&mut self, to: u64) {
        self.data.resize(usize::try_from(to).expect("small"), 0);
    }
}
