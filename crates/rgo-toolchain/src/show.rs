//! How the output of a builder is shown.

use std::io::Write;

/// How to show the builder's output.
#[derive(Clone, Copy, Debug)]
pub struct Show {
    /// On a terminal: color and a progress bar.
    pub terminal: bool,
    /// Collect why packages are compiled.
    pub explain: bool,
    /// Show more of the builder's own lines.
    pub verbose: bool,
    /// Keep compile errors for the caller, who can assign them to a target.
    pub hold_errors: bool,
    /// Opens the stream for the builder's messages.
    pub output: fn() -> Box<dyn Write + Send>,
}

/// How a builder writes its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Messages {
    /// Without color.
    Plain,
    /// With ANSI color.
    Ansi,
}
