//! Building for macOS without Apple's SDK.
//!
//! From a library a linker reads only its name, its versions and the names that it exports.
//! Published programs and bindings show all of these (`toolchains/darwin-names`). rgo writes stubs
//! that list them, and links against the stubs. A name that no source shows is in no stub. Then the
//! link fails, which is better than a failure on the user's machine. The module also has the open
//! headers that zig lacks.

pub mod headers;
pub mod names;
pub mod stubs;
