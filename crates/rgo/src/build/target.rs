//! One target of a build: what cargo is told of it, and how its files are linked.

use rgo_toolchain::cargo::command::TargetPlan;
use rgo_toolchain::toolchain::Toolchain;

use super::link::inputs::LinkInputs;

/// A target that is built.
pub(super) struct Target {
    /// What cargo is told.
    pub cargo: TargetPlan,
    /// How its files are linked.
    pub link: LinkInputs,
}

impl Target {
    /// Its toolchain.
    pub(super) fn toolchain(&self) -> &'static Toolchain {
        self.cargo.toolchain
    }

    /// Its name, which no other target of the build has.
    pub(super) fn name(&self) -> &'static str {
        &self.cargo.toolchain.name
    }
}
