//! Reads Go source for `-X importpath.name=value`. Go's linker ignores a name that does not exist or
//! is a constant, and a program overwrites the value of a variable that it computes at its start.
//! Both happen without a word, so rgo looks at the declarations before it builds.
//!
//! [`Package`] judges from the package's own files alone. So a variable whose initial value names
//! another package (`var v = other.Version`) is refused, because `other.Version` may be a constant or
//! a variable. A program that assigns the variable later is not noticed, and neither is a variable
//! that nothing uses: the linker leaves it out.

mod declarations;
mod package;
mod reason;
mod scope;
#[cfg(test)]
mod tests;
mod token;

pub use package::{Package, Variable};
pub use reason::{Computed, NotSettable, Place, Reason};
