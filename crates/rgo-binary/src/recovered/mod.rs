//! What can be found out of a program that nobody has written into it to be found: languages and tools,
//! Go's modules, Rust's crates, paths of the machine that built it, packers.

pub mod build_paths;
pub mod crates;
pub(crate) mod dotnet;
pub mod go;
pub mod origin;
