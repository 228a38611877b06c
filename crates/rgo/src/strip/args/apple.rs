//! The flags of Apple's strip, as a table. (`strip(1)` of Xcode's command line tools)

use std::path::PathBuf;

/// The request of flags that only Apple's strip has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct AppleArgs {
    /// `-s FILE`: the listed global symbols stay, and stay exported.
    pub keep: Option<PathBuf>,
    /// `-R FILE`: the listed global symbols go.
    pub remove: Option<PathBuf>,
    /// `-d FILE`: debugging symbols of the listed source files stay.
    pub debugging_of: Option<PathBuf>,
    /// `-i`: a listed symbol may be missing.
    pub may_be_missing: bool,
    /// `-A`: global absolute symbols stay.
    pub absolute: bool,
    /// `-N`: no symbol stays.
    pub no_symbols: bool,
    /// `-T`: Swift's symbols go.
    pub no_swift_symbols: bool,
    /// `-no_uuid`
    pub no_uuid: bool,
    /// `-no_split_info`
    pub no_split_info: bool,
    /// `-no_atom_info`
    pub no_atom_info: bool,
    /// `-no_code_signature_warning`
    pub no_signature_warning: bool,
}

/// One flag.
#[derive(Debug)]
pub(super) struct Flag {
    /// Without its dash.
    pub name: &'static str,
    /// Its meaning in Apple's strip.
    pub meaning: &'static str,
    pub does: Does,
}

/// How `rgo-strip` treats a flag.
#[derive(Clone, Copy, Debug)]
pub(super) enum Does {
    /// A mode: one of our options, in place of `--strip-all`.
    Mode(&'static str),
    /// One of our options.
    Option(&'static str),
    /// One of our options, with the next word as its value.
    TakesValue(&'static str),
    /// A request without an option of ours.
    Sets(fn(&mut AppleArgs)),
    /// The next word is a file with names.
    TakesList(fn(&mut AppleArgs) -> &mut Option<PathBuf>),
    /// Every result has this anyway.
    InAnyCase,
    /// The flag is refused; this text is the alternative.
    Refused(&'static str),
}

impl Does {
    pub(super) fn takes_word(&self) -> bool {
        matches!(self, Self::TakesValue(_) | Self::TakesList(_))
    }
}

const fn flag(name: &'static str, meaning: &'static str, does: Does) -> Flag {
    Flag { name, meaning, does }
}

pub(super) const FLAGS: [Flag; 24] = [
    flag("u", "undefined symbols stay", Does::InAnyCase),
    flag("r", "symbols that are referenced dynamically stay", Does::InAnyCase),
    flag("S", "debugging symbols go", Does::Mode("--strip-debug")),
    flag("x", "local symbols go", Does::Mode("--discard-all")),
    flag("X", "local symbols that begin with L go", Does::Mode("--discard-locals")),
    flag("T", "symbols of Swift go", Does::Sets(|apple| apple.no_swift_symbols = true)),
    flag("N", "all symbols go, if dyld binds the image", Does::Sets(|it| it.no_symbols = true)),
    flag("A", "global absolute symbols stay", Does::Sets(|apple| apple.absolute = true)),
    flag("s", "symbols that a file lists stay", Does::TakesList(|apple| &mut apple.keep)),
    flag("R", "symbols that a file lists go", Does::TakesList(|apple| &mut apple.remove)),
    flag(
        "d",
        "debugging symbols of the source files that a file lists stay",
        Does::TakesList(|apple| &mut apple.debugging_of),
    ),
    flag("i", "listed symbols may be missing", Does::Sets(|it| it.may_be_missing = true)),
    flag("D", "archives become deterministic", Does::Option("--enable-deterministic-archives")),
    flag("v", "more is said", Does::Option("--verbose")),
    flag("o", "the result goes to another file", Does::TakesValue("--output")),
    flag("no_uuid", "the UUID goes", Does::Sets(|apple| apple.no_uuid = true)),
    flag("no_split_info", "LC_SEGMENT_SPLIT_INFO goes", Does::Sets(|it| it.no_split_info = true)),
    flag("no_atom_info", "LC_ATOM_INFO goes", Does::Sets(|apple| apple.no_atom_info = true)),
    flag(
        "no_code_signature_warning",
        "nothing is said of a signature that is void",
        Does::Sets(|apple| apple.no_signature_warning = true),
    ),
    flag(
        "n",
        "global symbols of sections stay",
        Does::Refused("-x keeps these, and what else is global; --dry-run says what would go"),
    ),
    flag(
        "c",
        "a library becomes a stub without code",
        Does::Refused("linkers take a text stub: `llvm-readtapi --stubify` makes a .tbd file"),
    ),
    flag(
        "l",
        "objects are linked again by `ld -r`",
        Does::Refused("objects of Mach-O are not stripped here: strip what is linked of them"),
    ),
    flag(
        "arch",
        "one slice of a universal file is stripped",
        Does::Refused("each slice is stripped; `lipo -thin` takes one out"),
    ),
    flag(
        "toc64",
        "archives get a table of 64 bits",
        Does::Refused("archives of Mach-O objects are not stripped here"),
    ),
];

/// The flag with this whole name.
pub(super) fn named(name: &str) -> Option<&'static Flag> {
    FLAGS.iter().find(|flag| flag.name == name)
}

/// The flag with this letter.
pub(super) fn letter(letter: char) -> Option<&'static Flag> {
    let mut buffer = [0; 4];
    named(letter.encode_utf8(&mut buffer))
}
