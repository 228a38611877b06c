//! One target of a build: what cargo is told of it, and how its files are linked.

use super::link_inputs::LinkInputs;
use crate::cargo::command::CargoTarget;
use crate::toolchain::Toolchain;

/// A target that is built.
pub struct Target {
    /// What cargo is told.
    pub cargo: CargoTarget,
    /// How its files are linked.
    pub link: LinkInputs,
}

impl Target {
    /// Its toolchain.
    pub fn toolchain(&self) -> &'static Toolchain {
        self.cargo.toolchain
    }

    /// Its name, which no other target of the build has.
    pub fn name(&self) -> &'static str {
        &self.cargo.toolchain.name
    }
}
