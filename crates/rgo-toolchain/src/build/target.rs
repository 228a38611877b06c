//! One target of a build: its settings for cargo, and the inputs of its links.

use super::link_inputs::LinkInputs;
use crate::cargo::command::CargoTarget;
use crate::toolchain::Toolchain;

/// A target of the build.
pub struct Target {
    /// Its settings for cargo.
    pub cargo: CargoTarget,
    /// The inputs of its links.
    pub link: LinkInputs,
}

impl Target {
    /// Its toolchain.
    pub fn toolchain(&self) -> &'static Toolchain {
        self.cargo.toolchain
    }

    /// Its name, which is unique in the build.
    pub fn name(&self) -> &'static str {
        &self.cargo.toolchain.name
    }
}
