//! A build, from the user's request to the files to ship.
//!
//! ```text
//! Request ─▶ Builder::discover ─▶ Builder::plan ─▶ Plan ─┬─▶ Display: what -n prints
//!  + the builder's options                               └─▶ Execution::run ─▶ TargetOutcome, Artifact
//! ```
//!
//! [`Builder`] is closed: a second builder becomes a variant of it, with modules of its own beside
//! [`cargo_build`]. The plan, its execution, and the code that finishes a file hand on what a builder
//! says, and do not look into it.

mod attempt;
pub mod builder;
pub mod cargo_build;
mod compiled;
pub mod context;
pub mod error;
pub mod execute;
pub mod failure_groups;
mod floors;
pub mod outcome;
pub mod plan;
mod property_lists;
pub mod template;
pub mod tool;
pub mod tool_types;
pub mod values;
pub mod work_dir;
mod zig_finder;

pub use builder::Builder;
pub use error::BuildError;
