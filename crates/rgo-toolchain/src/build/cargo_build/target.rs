//! One target of a build with cargo: its settings for cargo, and the inputs of its links.

use super::link_inputs::LinkInputs;
use crate::build::tool_types::BuildTarget;
use crate::cargo::command::CargoTarget;
use crate::std_lib::Origin;
use crate::toolchain::{Floor, Toolchain};

/// A target of a build with cargo.
pub struct Target {
    /// Its settings for cargo.
    pub cargo: CargoTarget,
    /// The inputs of its links.
    pub link: LinkInputs,
}

impl BuildTarget for Target {
    fn toolchain(&self) -> &'static Toolchain {
        self.cargo.toolchain
    }

    fn floor(&self) -> Option<&Floor> {
        self.cargo.floor.as_ref()
    }

    fn zig_version(&self) -> Option<&str> {
        self.link.zig_version()
    }

    fn std(&self) -> Option<&Origin> {
        Some(&self.link.std.origin)
    }

    fn is_static_pie(&self) -> bool {
        self.cargo.toolchain.static_pie
    }
}
