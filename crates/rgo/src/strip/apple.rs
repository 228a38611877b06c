//! The options of Apple's flags, with the lists of names from their files.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use object::{Object, ObjectSymbol};
use rgo_binary::{Format, Image};
use rgo_edit::MachOPart;

use crate::app::error::{Annotate, Usage};
use crate::strip::args;

/// The request beyond GNU's options. The default requests nothing.
#[derive(Debug, Default)]
pub(super) struct AppleOptions {
    /// Global symbols that stay, and stay exported.
    pub keep: Option<List>,
    /// Global symbols to remove.
    pub remove: Option<List>,
    /// Source files whose debugging symbols stay.
    pub debugging_of: Option<List>,
    /// Parts of the image to remove.
    pub without: Vec<MachOPart>,
    /// Whether global absolute symbols stay.
    pub keeps_absolute: bool,
    /// Whether to omit the warning about a void signature.
    pub no_signature_warning: bool,
    /// Whether listed symbols may be missing.
    may_be_missing: bool,
    /// The flags of the call that apply only to Mach-O images.
    only_macho: Vec<&'static str>,
}

/// Names read from a file.
#[derive(Debug)]
pub(super) struct List {
    path: PathBuf,
    names: HashSet<Vec<u8>>,
}

impl AppleOptions {
    /// Reads the lists.
    ///
    /// # Errors
    /// If one cannot be read, or a name is on both lists of symbols.
    pub(super) fn new(flags: &args::AppleArgs) -> Result<Self> {
        let read = |path: &Option<PathBuf>| path.as_deref().map(List::read).transpose();
        let (keep, remove) = (read(&flags.keep)?, read(&flags.remove)?);
        if let (Some(keep), Some(remove)) = (&keep, &remove)
            && let Some(name) = keep.names.intersection(&remove.names).min()
        {
            let name = String::from_utf8_lossy(name);
            let (keep, remove) = (keep.path.display(), remove.path.display());
            return Err(
                Usage::new(format!("{keep} keeps {name}, and {remove} takes it out")).into()
            );
        }
        let parts = [
            (flags.no_uuid, "-no_uuid", MachOPart::Uuid),
            (flags.no_split_info, "-no_split_info", MachOPart::SplitInfo),
            (flags.no_atom_info, "-no_atom_info", MachOPart::AtomInfo),
            (flags.no_swift_symbols, "-T", MachOPart::SwiftSymbols),
            (flags.no_symbols, "-N", MachOPart::Symbols),
        ];
        let parts = || parts.into_iter().filter(|(is_asked, ..)| *is_asked);
        let others = [(flags.absolute, "-A"), (flags.debugging_of.is_some(), "-d")];
        let others = others.into_iter().filter(|(is_asked, _)| *is_asked).map(|(_, flag)| flag);
        Ok(Self {
            keep,
            remove,
            debugging_of: read(&flags.debugging_of)?,
            without: parts().map(|(.., part)| part).collect(),
            keeps_absolute: flags.absolute,
            no_signature_warning: flags.no_signature_warning,
            may_be_missing: flags.may_be_missing,
            only_macho: parts().map(|(_, flag, _)| flag).chain(others).collect(),
        })
    }

    /// Checks that the flags fit these images: the format of each image supports them, and each
    /// image has every listed symbol.
    ///
    /// # Errors
    /// If an image has another format; if a symbol is missing, unless that is allowed.
    pub(super) fn check(&self, images: &[&Image<'_>]) -> Result<()> {
        let other = images.iter().find(|image| image.format() != Format::MachO);
        if let (Some(image), Some(flag)) = (other, self.only_macho.first()) {
            let text = format!("{flag} is for Mach-O images, and this is {}", image.format());
            return Err(anyhow!(text).hint("--dialect gnu reads the flags as GNU's strip does"));
        }
        let lists = [&self.keep, &self.remove].into_iter().flatten();
        for list in lists.filter(|_| !self.may_be_missing) {
            for image in images {
                let symbols = image.object().symbols().filter(|symbol| symbol.is_global());
                let there: HashSet<&[u8]> =
                    symbols.filter_map(|symbol| symbol.name_bytes().ok()).collect();
                let missing = list.names.iter().filter(|name| !there.contains(name.as_slice()));
                let mut missing: Vec<_> =
                    missing.map(|name| String::from_utf8_lossy(name)).collect();
                missing.sort();
                if !missing.is_empty() {
                    let path = list.path.display();
                    let names = missing.join(", ");
                    let text = format!(
                        "symbols that {path} lists are missing ({}): {names}",
                        image.arch()
                    );
                    return Err(anyhow!(text).hint("-i allows that"));
                }
            }
        }
        Ok(())
    }
}

impl List {
    /// Reads a file with one name per line. Trims white space around names; ignores empty lines and
    /// lines that begin with `#`.
    fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read(path).with_context(|| format!("reading the list {}", path.display()))?;
        let names = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let names = names.filter(|name| !name.is_empty() && !name.starts_with(b"#"));
        Ok(Self { path: path.to_owned(), names: names.map(<[u8]>::to_vec).collect() })
    }

    /// The warning about names, taken for source files, that are missing among those found.
    pub(super) fn not_found(&self, found: &HashSet<Vec<u8>>) -> Option<String> {
        let mut missing: Vec<_> =
            self.names.difference(found).map(|name| String::from_utf8_lossy(name)).collect();
        missing.sort();
        let (path, names) = (self.path.display(), missing.join(", "));
        (!missing.is_empty()).then(|| format!("no debugging symbols are of {names} ({path})"))
    }

    /// Whether it contains a name.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        self.names.contains(name)
    }
}
