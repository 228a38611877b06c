//! C headers of macOS that zig lacks: those of Apple's open source, written anew from what they
//! declare. All others are in Apple's SDK alone.
//!
//! ```text
//! <cache>/darwin-headers/<hash>/sys/syscall.h
//! ```
//!
//! C compilers look there last, so that an SDK's and the user's headers go first.

use std::fs;

use camino::Utf8PathBuf;

use crate::cache::{self, Cache, CacheError};

macro_rules! headers {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../../../toolchains/darwin-headers/", $name)))),*]
    };
}

/// Each by the name that it is included by, with its text.
const HEADERS: [(&str, &str); 4] = headers![
    "CommonCrypto/CommonCryptoError.h",
    "CommonCrypto/CommonRandom.h",
    "SystemConfiguration/SCDynamicStoreCopySpecific.h",
    "sys/syscall.h"
];

/// The folder of the headers, without making it.
#[must_use]
pub fn place(cache: &Cache) -> Utf8PathBuf {
    let texts: Vec<&[u8]> =
        HEADERS.iter().flat_map(|it| [it.0.as_bytes(), it.1.as_bytes()]).collect();
    cache.folder("darwin-headers").join(cache::short_hash(&texts))
}

/// Puts the headers there, unless they are.
///
/// # Errors
/// If the cache cannot be written to.
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
