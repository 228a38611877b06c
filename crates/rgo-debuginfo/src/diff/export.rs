//! What an image offers to other files: [`Export`].

use rgo_binary::Image;
use serde::{Deserialize, Serialize};

use crate::list::{self, ListError, Sources, SymbolClass};

/// A name that other files may refer to.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
pub struct Export {
    /// The name, mangled; `#3` if it is a number alone.
    pub name: String,
    /// Its version (ELF), with `@@` in front if it is the default one, else `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its number in the export table (PE).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordinal: Option<u32>,
    /// The library and name that it is forwarded to (PE).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarder: Option<String>,
}

/// The exports of an image, sorted.
///
/// # Errors
/// If its tables are damaged.
pub fn exports(image: &Image<'_>) -> Result<Vec<Export>, ListError> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let symbols = list::list(image, Sources::Loader)?;
    let mut exports: Vec<Export> = symbols
        .iter()
        .filter(|symbol| symbol.class != SymbolClass::Undefined)
        .map(|symbol| Export {
            name: text(&symbol.name),
            version: symbol.version.map(|version| {
                format!("{}{}", if version.is_default { "@@" } else { "@" }, text(version.name))
            }),
            ordinal: symbol.ordinal,
            forwarder: symbol.library.as_deref().map(text),
        })
        .collect();
    exports.sort_unstable();
    exports.dedup();
    Ok(exports)
}
