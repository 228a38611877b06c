//! Edits a file that stays the same file, or writes the result to another name. rgo-strip and
//! `rgo-build stamp` share the promises of this module:
//!
//! ```text
//! in place       temporary file beside ─▶ owner, mode, attributes ─▶ fsync ─▶ rename
//!   symlink        stays; the file that it leads to is replaced
//!   hard links     a rename would part them: the finished bytes are copied over the file instead, as
//!                  GNU's strip does with every file; also where the owner could not be kept
//!   changed        a file that another process wrote to meanwhile is left as it is
//! to a name      temporary file beside ─▶ rename; fsync only where a file was there already
//!   symlink        stays; the file that it leads to is replaced
//!   stream         the bytes are written into it; see `output`
//! both           the name has the old bytes or the new ones at every moment, except while finished
//!                bytes are copied over; then the finished file stays beside if that fails
//! ```

mod ahead;
mod assemble;
mod attributes;
mod destination;
mod new_entry;
mod range_copy;

pub use ahead::{Started, write_ahead};
pub use assemble::{CopySource, ResultPiece, assemble};
pub use destination::{Destination, Options};
pub use new_entry::{Created, NewEntry};
