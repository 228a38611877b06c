//! A program that refers to symbols of the system's libraries, and does nothing with them.

/// The place of a symbol.
#[expect(dead_code, reason = "only the linker looks at it")]
struct Place(*const u8);

// SAFETY: nobody reads through it.
unsafe impl Sync for Place {}

include!(concat!(env!("OUT_DIR"), "/symbols.rs"));

fn main() {}
