//! Writes the page of `rgo-symbols size --report html=FILE`: one HTML file that needs nothing else, in which a reader
//! looks for the bytes of a binary.
//!
//! The page contains every part of the binary once, column by column, and regroups them by itself. The data are JSON,
//! compressed: the 46 MB of a program with 150,000 long names become 4 MB, which a browser also reads sooner.
//!
//! Names come from the binary, so they may be hostile. In the file they are base64, which ends no element, and the
//! page's script only ever makes text of them. The page's policy allows this one script and this one style, by their
//! hashes, and no network.

use std::collections::HashMap;
use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// The files of the script. They share one scope, and the last one starts the page.
const SCRIPTS: [&str; 11] = [
    include_str!("words.js"),
    include_str!("parts.js"),
    include_str!("search.js"),
    include_str!("place.js"),
    include_str!("layout.js"),
    include_str!("colors.js"),
    include_str!("labels.js"),
    include_str!("chart.js"),
    include_str!("table.js"),
    include_str!("controls.js"),
    include_str!("main.js"),
];

/// What the page shows: each byte of the file and of the memory image belongs to exactly one part.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PageData {
    /// The name of the file.
    pub title: String,
    /// Format and architecture: "ELF amd64".
    pub format: String,
    /// The tool that wrote the page, with its version.
    pub tool: String,
    /// The size of the file.
    pub file_bytes: u64,
    /// The size of the memory image.
    pub memory_bytes: u64,
    /// What the parts can be grouped by, in the order in which the page offers it.
    pub columns: Vec<Column>,
    /// For each part its bytes in the file.
    pub part_file_bytes: Vec<u64>,
    /// For each part its bytes in memory.
    pub part_memory_bytes: Vec<u64>,
    /// The keys of the columns by which the page groups at first, from the outermost.
    pub first_view: Vec<String>,
}

/// One property of all parts, such as their package.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Column {
    /// Names the property in the page's address. The page has words for `section`, `segment`, `package`, `file`,
    /// `unit`, `symbol`, `kind` and `bucket`; it shows any other key as it is. It colors by `kind`, and counts and
    /// searches by `symbol`.
    pub key: String,
    /// Each value once.
    pub names: Vec<String>,
    /// For each part the index of its value in `names`, or -1 if it has none.
    pub values: Vec<i32>,
}

impl Column {
    /// Collects the values of all parts. `None` and the empty text are no value.
    ///
    /// ```
    /// use rgo::symbols::size::page::Column;
    ///
    /// let column = Column::new("package", [Some("core"), None, Some("alloc"), Some("core")]);
    /// assert_eq!(column.names, ["core", "alloc"]);
    /// assert_eq!(column.values, [0, -1, 1, 0]);
    /// ```
    pub fn new<'a>(key: &str, values: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut indexes = HashMap::new();
        let mut column = Self { key: key.to_owned(), ..Self::default() };
        for value in values {
            let Some(name) = value.filter(|name| !name.is_empty()) else {
                column.values.push(-1);
                continue;
            };
            let index = *indexes.entry(name).or_insert_with(|| {
                column.names.push(name.to_owned());
                i32::try_from(column.names.len() - 1)
                    .expect("fewer than 2^31 names fit into memory")
            });
            column.values.push(index);
        }
        column
    }
}

/// The page, as the text of an HTML file.
#[must_use]
pub fn page(data: &PageData) -> String {
    let script = SCRIPTS.concat();
    TEMPLATE
        .replace("{style-hash}", &hash(STYLE))
        .replace("{script-hash}", &hash(&script))
        .replace("{style}", STYLE)
        .replace("{script}", &script)
        .replace("{data}", &packed(data))
}

/// The hash by which a content security policy allows a text.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// The data as `parts.js` reads them: JSON, in raw deflate, in base64.
fn packed(data: &PageData) -> String {
    let json = serde_json::to_vec(data).expect("numbers and texts are always JSON");
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
    let compressed =
        deflate.write_all(&json).and_then(|()| deflate.finish()).expect("memory takes all bytes");
    BASE64_STANDARD.encode(compressed)
}

#[cfg(test)]
mod tests;
