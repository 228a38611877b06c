//! Recovers facts that no builder recorded: languages and tools, Go's modules, Rust's crates, paths
//! of the machine that built the program.

pub mod build_paths;
pub mod crates;
pub(crate) mod dotnet;
pub mod go;
pub mod origin;
