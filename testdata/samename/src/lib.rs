//! The library; its slot has the same full name as the program's.

rgo_stamp::stamp! {
    /// The version that a release gives it.
    pub static VERSION = "dev";
}

/// The version of the library.
#[unsafe(no_mangle)]
pub extern "C" fn samename_version_length() -> usize {
    VERSION.len()
}
