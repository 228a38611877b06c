//! A build, from the user's request to the files to ship.
//!
//! ```text
//! Request ─▶ Builder::discover ─▶ Builder::plan ─▶ Plan ─┬─▶ Display: what -n prints
//!  + the builder's options                               └─▶ Execution::run ─▶ TargetOutcome, Artifact
//! ```
//!
//! [`Builder`] is closed: cargo ([`cargo_build`]) and go ([`go_build`]). The plan, its execution, and
//! the code that finishes a file are generic over the tool ([`tool`]).

mod attempt;
pub mod builder;
pub mod cargo_build;
mod compiled;
pub mod context;
mod earlier_outputs;
pub mod error;
pub mod execute;
pub mod failure_groups;
mod floors;
pub mod go_build;
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
