//! What several of these tests use: images that were compiled once, and images laid out by hand.

pub(crate) mod bytes;
pub(crate) mod facts;
pub(crate) mod go_programs;
pub(crate) mod go_types;
pub(crate) mod samples;
