//! Refers to the parts of a name by number, and says with the number what the printer asks most
//! about a part.

use std::num::NonZeroU32;

/// Whether a part writes something behind its declarator, is an array, or is a function. It is
/// unknown for a part whose answer depends on the element of a pack that is being printed, or on
/// template arguments that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tri {
    No,
    Yes,
    Unknown,
}

/// The answers for one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Traits {
    /// Its text has a right half: `int (*` … `)()`.
    pub(super) right: Tri,
    pub(super) array: Tri,
    pub(super) function: Tri,
}

impl Traits {
    pub(super) const NONE: Self = Self::new(Tri::No, Tri::No, Tri::No);
    pub(super) const ARRAY: Self = Self::new(Tri::Yes, Tri::Yes, Tri::No);
    pub(super) const FUNCTION: Self = Self::new(Tri::Yes, Tri::No, Tri::Yes);
    pub(super) const UNKNOWN: Self = Self::new(Tri::Unknown, Tri::Unknown, Tri::Unknown);

    pub(super) const fn new(right: Tri, array: Tri, function: Tri) -> Self {
        Self { right, array, function }
    }

    /// Those of a pointer or a parameter declaration: only the right half.
    pub(super) const fn right(right: Tri) -> Self {
        Self::new(right, Tri::No, Tri::No)
    }
}

/// A part: its index in the arena, and its [`Traits`] in the upper six bits, where the printer
/// needs no look at the part itself.
///
/// ```text
/// 31 30  29 28     27 26  25 … 0
/// right  function  array  index, from 1
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(NonZeroU32);

const INDEX_BITS: u32 = 26;

impl NodeId {
    /// The id for an index; `None` if the arena is full.
    #[inline]
    pub(super) fn new(index: usize, traits: Traits) -> Option<Self> {
        if index >= 1 << INDEX_BITS {
            return None;
        }
        let high = (traits.right as u32) << 4 | (traits.function as u32) << 2 | traits.array as u32;
        NonZeroU32::new(index as u32 | high << INDEX_BITS).map(Self)
    }

    /// The id of a node that every arena has.
    #[inline]
    pub(super) const fn fixed(index: u32) -> Self {
        match NonZeroU32::new(index) {
            Some(id) => Self(id),
            None => Self(NonZeroU32::MIN),
        }
    }

    #[inline]
    pub(super) fn index(self) -> usize {
        (self.0.get() & ((1 << INDEX_BITS) - 1)) as usize
    }

    #[inline]
    pub(super) fn right(self) -> Tri {
        tri(self.0.get() >> 30)
    }

    #[inline]
    pub(super) fn function(self) -> Tri {
        tri(self.0.get() >> 28)
    }

    #[inline]
    pub(super) fn array(self) -> Tri {
        tri(self.0.get() >> 26)
    }

    pub(super) fn traits(self) -> Traits {
        Traits::new(self.right(), self.array(), self.function())
    }
}

#[inline]
fn tri(bits: u32) -> Tri {
    match bits & 3 {
        0 => Tri::No,
        1 => Tri::Yes,
        _ => Tri::Unknown,
    }
}

/// Parts in a row: the index of the first in the arena's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct List(pub(super) u32);
