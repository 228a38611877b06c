//! The packages in programs, and the dependencies between them. Every record of dependencies (rgo's
//! note, cargo-auditable's list, Go's build information, recovered crates and modules, cargo's
//! metadata) converts to [`Graph`] where it is read, so that policies and bills of materials know
//! only one kind of package.
//!
//! ```text
//! rgo-binary: Inspection::packages() ─┐
//! rgo-toolchain: cargo metadata ──────┴─▶ Graph ─┬─▶ policy: dep:NAME
//!                                                └─▶ cyclonedx::bom()
//! ```
//!
//! Pure: values in, values out.

pub mod cyclonedx;
mod graph;
mod package;

pub use graph::{Completeness, Edge, Edges, Graph, Node, Role};
pub use package::{Ecosystem, Package, PackageSource};
