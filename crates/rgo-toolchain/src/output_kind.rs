//! The kinds of files that a build makes, with the names that the files get.

use rgo_binary::system::Os;

use crate::toolchain::Toolchain;

/// The kind of an output file.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum OutputKind {
    /// A program.
    Bin,
    /// An example, which is a program too.
    Example,
    /// A shared library with a C interface.
    Cdylib,
    /// A static library with a C interface.
    Staticlib,
}

impl OutputKind {
    /// Whether it is a program.
    #[must_use]
    pub fn is_program(self) -> bool {
        matches!(self, Self::Bin | Self::Example)
    }

    /// The final crate type, as cargo and the toolchain definitions spell it.
    #[must_use]
    pub fn crate_type(self) -> &'static str {
        match self {
            Self::Bin | Self::Example => "bin",
            Self::Cdylib => "cdylib",
            Self::Staticlib => "staticlib",
        }
    }

    /// The name that cargo gives the file.
    #[must_use]
    pub fn file_name(self, name: &str, toolchain: &Toolchain) -> String {
        let library = name.replace('-', "_");
        let is_windows = toolchain.is(Os::Windows);
        match self {
            Self::Bin | Self::Example if is_windows => format!("{name}.exe"),
            Self::Bin | Self::Example => name.to_owned(),
            Self::Cdylib if is_windows => format!("{library}.dll"),
            Self::Cdylib if toolchain.is(Os::Darwin) => format!("lib{library}.dylib"),
            Self::Cdylib => format!("lib{library}.so"),
            Self::Staticlib if toolchain.triple.ends_with("msvc") => format!("{library}.lib"),
            Self::Staticlib => format!("lib{library}.a"),
        }
    }
}
