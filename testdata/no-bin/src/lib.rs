//! Nothing to run.

/// Something to link.
pub fn nothing() {}
