//! What the report says of a symbol, and of an image with its symbols.

use regex::Regex;
use rgo_debuginfo::list::{Scope, SymbolClass, SymbolSource};
use serde::{Serialize, Serializer};

use crate::symbols::debug_files::DebugFileRow;
use crate::symbols::image_name::ImageName;

/// The symbols of an image.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct ImageSymbols {
    /// The image.
    #[serde(flatten)]
    pub(super) image: ImageName,
    /// The files with its debug data that were looked at: where the file itself has no table for debuggers, or for
    /// source files and lines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) debug_files: Vec<DebugFileRow>,
    /// Number of symbols that the call asks for, also of those beyond its limit.
    pub(super) count: usize,
    /// The symbols.
    pub(super) symbols: Vec<SymbolRow>,
}

/// A symbol.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub(super) struct SymbolRow {
    /// Its name as in the file, without the underscore that Mach-O adds.
    pub(super) name: String,
    /// Its name in the source, if the one in the file is mangled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) demangled: Option<String>,
    /// Whether its name is mangled and too long to be shown in another form.
    #[serde(skip_serializing_if = "is_false")]
    pub(super) is_too_long: bool,
    /// Its address, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "hexadecimal")]
    #[schemars(with = "Option<String>")]
    pub(super) address: Option<u64>,
    /// Its size in bytes; up to the next symbol where the table has no sizes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size_bytes: Option<u64>,
    /// What it is.
    pub(super) class: SymbolClass,
    /// Who may refer to it.
    pub(super) scope: Scope,
    /// Its version, behind `@@` if it is the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    /// The library that it comes from; of a forwarded export, library and name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) library: Option<String>,
    /// Its number in the export or import table (PE).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ordinal: Option<u32>,
    /// The crate or package that its name begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) package: Option<String>,
    /// Its source file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source_file: Option<String>,
    /// Its line there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u32>,
    /// The table that lists it.
    pub(super) source: SymbolSource,
}

impl SymbolRow {
    /// The name that people read.
    pub(super) fn shown(&self) -> &str {
        self.demangled.as_deref().unwrap_or(&self.name)
    }

    /// Whether one of its names matches.
    pub(super) fn matches(&self, filter: &Regex) -> bool {
        filter.is_match(&self.name) || self.demangled.as_ref().is_some_and(|it| filter.is_match(it))
    }

    /// What it is, and what sets it apart from others of its class.
    pub(super) fn kind(&self) -> String {
        let class = match self.class {
            SymbolClass::Function => "function",
            SymbolClass::IndirectFunction => "ifunc",
            SymbolClass::InlinedFunction => "inlined",
            SymbolClass::Data => "data",
            SymbolClass::ReadOnlyData => "const",
            SymbolClass::ZeroedData => "bss",
            SymbolClass::ThreadLocal => "tls",
            SymbolClass::Common => "common",
            SymbolClass::Absolute => "absolute",
            SymbolClass::Alias => "alias",
            SymbolClass::Other => "other",
            SymbolClass::Undefined => "undefined",
        };
        match (self.scope, self.source) {
            (Scope::Weak, _) => format!("weak {class}"),
            (Scope::Unique, _) => format!("unique {class}"),
            (Scope::Local, SymbolSource::SymbolTable | SymbolSource::Pdb) => {
                format!("local {class}")
            }
            _ => class.to_owned(),
        }
    }
}

// serde passes a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !value
}

#[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref)]
fn hexadecimal<S: Serializer>(address: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match address {
        Some(address) => serializer.serialize_str(&format!("{address:#x}")),
        None => serializer.serialize_none(),
    }
}
