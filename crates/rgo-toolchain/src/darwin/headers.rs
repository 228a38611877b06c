//! The C headers of macOS that zig lacks and whose content Apple has published as open source. rgo
//! has its own text for them, with the same declarations. All other headers exist only in Apple's
//! SDK.
//!
//! ```text
//! <cache>/darwin-headers/<hash>/sys/syscall.h
//! ```
//!
//! C compilers search this folder last, so that the headers of an SDK and of the user take
//! precedence.

use std::fs;

use camino::Utf8PathBuf;

use crate::cache::{self, Cache, CacheError};

macro_rules! headers {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../../../toolchains/darwin-headers/", $name)))),*]
    };
}

/// Each header: its path in an `#include`, and its text.
const HEADERS: [(&str, &str); 4] = headers![
    "CommonCrypto/CommonCryptoError.h",
    "CommonCrypto/CommonRandom.h",
    "SystemConfiguration/SCDynamicStoreCopySpecific.h",
    "sys/syscall.h"
];

/// The folder of the headers. Creates nothing.
#[must_use]
pub fn place(cache: &Cache) -> Utf8PathBuf {
    let texts: Vec<&[u8]> =
        HEADERS.iter().flat_map(|it| [it.0.as_bytes(), it.1.as_bytes()]).collect();
    cache.folder("darwin-headers").join(cache::short_hash(&texts))
}

/// Writes the headers, unless they exist.
///
/// # Errors
/// If the cache is not writable.
pub fn install(cache: &Cache) -> Result<(), CacheError> {
    cache.install(&place(cache), |folder| {
        for (name, text) in HEADERS {
            let path = folder.join(name);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, text)?;
        }
        Ok(())
    })
}
