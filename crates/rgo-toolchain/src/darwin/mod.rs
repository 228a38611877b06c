//! Building for macOS without Apple's SDK.
//!
//! A linker reads of a library only its name, its versions and the names that it exports. All of
//! these are known from published programs and bindings (`toolchains/darwin-names`), and stubs
//! that list them stand for the libraries. What no source has shown is no name here: the link
//! fails then, and is not left to fail on the user's machine. Of the headers, those that are open and
//! that zig lacks are here too.

pub mod headers;
pub mod names;
pub mod stubs;
