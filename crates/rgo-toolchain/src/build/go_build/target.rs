//! One target of a build with go: its settings, and what the link needs.

use rgo_binary::system::Os;

use super::slots::WantedSlot;
use crate::build::tool_types::BuildTarget;
use crate::go::cgo::Cgo;
use crate::go::command::GoSettings;
use crate::go::options::GoMode;
use crate::go::outputs::GoOutput;
use crate::shim::Recipe;
use crate::std_lib::Origin;
use crate::toolchain::{Floor, Libc, Toolchain};

/// A target of a build with go.
pub struct GoTarget {
    /// Its settings for go.
    pub settings: GoSettings,
    /// The oldest system on which its programs must run.
    pub floor: Option<Floor>,
    /// The files to make.
    pub outputs: Vec<GoOutput>,
    /// What to make of each main package.
    pub mode: GoMode,
    /// The variables that get values after the link.
    pub slots: Vec<WantedSlot>,
    /// The recipe by which zig compiles and links C code.
    pub recipe: Option<Recipe>,
    /// The version of zig.
    pub zig_version: Option<String>,
    /// The system's libraries that a static library has to be linked with.
    pub link_with: Vec<String>,
}

impl BuildTarget for GoTarget {
    fn toolchain(&self) -> &'static Toolchain {
        self.settings.toolchain
    }

    /// Programs without C code need no version of glibc.
    fn floor(&self) -> Option<&Floor> {
        let is_without_libc =
            |floor: &&Floor| self.settings.cgo == Cgo::Off && matches!(floor, Floor::Glibc(_));
        self.floor.as_ref().filter(|floor| !is_without_libc(floor))
    }

    fn zig_version(&self) -> Option<&str> {
        self.zig_version.as_deref()
    }

    fn std(&self) -> Option<&Origin> {
        None
    }

    fn is_static_pie(&self) -> bool {
        let toolchain = self.settings.toolchain;
        self.mode == GoMode::Pie && toolchain.is(Os::Linux) && toolchain.libc == [Libc::Static]
    }
}
