//! The types of the tool that compiles a project, cargo or go. The plan and its execution are generic
//! over them, so each tool has its own types for a target, for a command and for an answer, and no
//! code has to ask which tool it has.

use std::fmt;

use crate::output_kind::OutputKind;
use crate::std_lib::Origin;
use crate::toolchain::{Floor, Toolchain};

/// The types of a tool.
pub trait ToolTypes: Sized {
    /// What the step that gets a target ready installs, for the printed plan.
    const PREPARES: &'static str;

    /// A target with the tool's settings for it.
    type Target: BuildTarget;
    /// A file to make for each target.
    type Output: NamedOutput;
    /// A command that builds for one or more targets.
    type Run: BuildRun;
    /// The tool's answer to a command, by which it explains failures.
    type Ran;
}

/// A target in a build by one tool.
pub trait BuildTarget {
    /// The toolchain.
    fn toolchain(&self) -> &'static Toolchain;

    /// The oldest system on which its programs must run.
    fn floor(&self) -> Option<&Floor>;

    /// The version of zig, if zig compiles or links for it.
    fn zig_version(&self) -> Option<&str>;

    /// Where its standard library comes from, if the tool has a choice.
    fn std(&self) -> Option<&Origin>;

    /// Whether its programs must be static position-independent executables.
    fn is_static_pie(&self) -> bool;

    /// Its name, which is unique in the build.
    fn name(&self) -> &'static str {
        &self.toolchain().name
    }
}

/// A file to make for each target.
pub trait NamedOutput: Clone + PartialEq {
    /// Its kind.
    fn kind(&self) -> OutputKind;

    /// Its name, from which the file's name is made.
    fn name(&self) -> &str;

    /// The name of the package that makes it.
    fn package(&self) -> &str;
}

/// A command, or several that run at once. It prints as shell.
pub trait BuildRun: fmt::Display {
    /// The targets that it builds.
    fn targets(&self) -> Vec<&'static Toolchain>;

    /// The same run for some of its targets.
    #[must_use]
    fn narrowed(&self, is_wanted: &dyn Fn(&Toolchain) -> bool) -> Self;
}
