//! Says what became of a program: what grew, shrank, is new or gone.
//!
//! ```text
//! image ─▶ Snapshot ─┐
//!                    ├─▶ pair symbols ─▶ groups of both, side by side ─▶ Diff
//! file ──▶ Snapshot ─┘
//! ```

mod compare;
mod export;
mod pair;
mod parts_file;
mod plain_name;
mod rename;
mod snapshot;

pub use compare::{Change, Diff, DiffGroup, Side, Sizes};
pub use export::{Export, exports};
pub use snapshot::{SCHEMA, Snapshot, SnapshotError};
