//! A build, from what the user wants to the files that are shipped.
//!
//! ```text
//! Request ─▶ Builder::discover ─▶ Builder::plan ─▶ Plan ─┬─▶ Display: what -n prints
//!  + the builder's options                               └─▶ Execution::run ─▶ TargetOutcome, Artifact
//! ```
//!
//! [`Builder`] is closed: a second builder is a variant of it, beside which its own modules stand as
//! [`cargo_build`] does. The plan, its execution, and how a file is finished know none of them.

pub mod builder;
pub mod cargo_build;
mod compiled;
pub mod context;
pub mod error;
pub mod execute;
mod floors;
pub mod link_inputs;
mod note_capacity;
pub mod outcome;
pub mod plan;
mod property_lists;
pub mod target;
pub mod template;
pub mod values;
pub mod work_dir;

pub use builder::Builder;
pub use error::BuildError;
