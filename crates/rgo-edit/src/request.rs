//! The edits that a caller can request, as plain data: the editors of all formats read the same
//! request.

use rgo_binary::embedded::go_slot::GoSlot;

use crate::entitlements::Entitlements;

/// The parts to remove from an image that is shipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strip {
    /// Nothing.
    #[default]
    None,
    /// Debug data: DWARF, and everything that only debuggers read, such as symbols that name source
    /// files.
    Debug,
    /// Debug data, and symbols that neither the loader nor a linker needs.
    Unneeded,
    /// Debug data, all symbols that the loader does not need, and everything else that is not
    /// loaded, except the sections that tell an image's origin.
    All,
}

/// Local symbols to remove besides those of [`Strip`]. A symbol that a relocation, a section group
/// or a stub refers to stays: without it the result could not be linked or loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discard {
    /// None.
    #[default]
    None,
    /// Labels that a compiler or assembler made for its own use: `.L…`, in Mach-O `L…`.
    Temporary,
    /// All local symbols.
    All,
}

/// Matches names; `None` matches no name.
pub type NamePredicate<'a> = Option<&'a dyn Fn(&[u8]) -> bool>;

/// Names to keep or to remove, whatever [`Strip`] decides.
#[derive(Clone, Copy, Default)]
pub struct NameFilter<'a> {
    /// These stay.
    pub keep: NamePredicate<'a>,
    /// These go, unless `keep` matches too.
    pub drop: NamePredicate<'a>,
}

impl NameFilter<'_> {
    /// Whether a name stays (`true`) or goes (`false`); `None` if no predicate matches it.
    #[must_use]
    pub fn of(&self, name: &[u8]) -> Option<bool> {
        let meant = |names: NamePredicate<'_>| names.is_some_and(|meant| meant(name));
        if meant(self.keep) { Some(true) } else { meant(self.drop).then_some(false) }
    }

    /// Whether there are no predicates.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keep.is_none() && self.drop.is_none()
    }
}

/// Requests for Mach-O images only. The default requests nothing.
#[derive(Clone, Copy, Default)]
pub struct MachO<'a> {
    /// Parts to remove.
    pub without: &'a [MachOPart],
    /// The exported names that stay exported; `None` keeps all. A name that dyld may have to bind
    /// in the image itself (a weak definition) always stays exported; if [`Edits::symbols`] drops
    /// it, the edit fails.
    pub exports: NamePredicate<'a>,
    /// Source files, each by the last part of its path, whose entries in the debug map stay when
    /// debug data is removed.
    pub debug_map_of: NamePredicate<'a>,
    /// Whether absolute global symbols stay, unless they are 0.
    pub keeps_absolute: bool,
    /// Entitlements for the ad-hoc signature; an image without a signature gets one.
    pub entitlements: Option<&'a Entitlements>,
}

impl MachO<'_> {
    /// Whether nothing is requested.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { without, exports, debug_map_of, keeps_absolute, entitlements } = self;
        without.is_empty()
            && exports.is_none()
            && debug_map_of.is_none()
            && !keeps_absolute
            && entitlements.is_none()
    }
}

/// A part of a Mach-O image that dyld does not need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachOPart {
    /// The UUID (`LC_UUID`). Without it debuggers find no companion, and new systems may refuse the
    /// image.
    Uuid,
    /// Input for Apple's shared cache builder (`LC_SEGMENT_SPLIT_INFO`).
    SplitInfo,
    /// The bounds of functions and data (`LC_ATOM_INFO`).
    AtomInfo,
    /// Symbols whose names begin with `_$s` or `_$S`, if the image declares Swift code.
    SwiftSymbols,
    /// All symbols, in an image that dyld binds without them.
    Symbols,
}

/// How to store debug sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Uncompressed.
    None,
    /// Deflated (`ELFCOMPRESS_ZLIB`).
    Zlib,
    /// With zstd (`ELFCOMPRESS_ZSTD`).
    Zstd,
}

/// How to treat a code signature. Every edit voids it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignaturePolicy {
    /// Renews an ad-hoc signature (Mach-O) as it was. A signature by an identity (Apple's or
    /// Microsoft's certificates) refuses the edit with [`rgo_binary::Error::SignedByIdentity`].
    #[default]
    Keep,
    /// Like [`Self::Keep`], but replaces an identity's signature of a Mach-O image by an ad-hoc
    /// one.
    Renew,
    /// Gives Mach-O an ad-hoc signature, with the identifier, flags, entitlements and requirements
    /// of the old one if there was one (but not an identity's requirements, which name its
    /// certificates). The other formats have no such signatures and refuse.
    AdHoc,
    /// Removes the signature.
    None,
}

/// All changes to an image after its link, for [`crate::apply`]. The default changes nothing.
#[derive(Clone, Copy, Default)]
pub struct Edits<'a> {
    /// Text for the build note.
    pub note: Option<&'a str>,
    /// Compressed dependency list for `.dep-v0`, as [`rgo_binary::embedded::auditable::write`] makes it.
    pub audit: Option<&'a [u8]>,
    /// Names and values of slots. All slots of a name are written.
    pub slots: &'a [(String, String)],
    /// Slots of a Go program that no index records yet, as [`rgo_binary::embedded::go_slot::find`]
    /// finds them. Each needs a value in [`Edits::slots`]. The edit adds the index.
    pub go_slots: &'a [GoSlot],
    /// Parts to remove.
    pub strip: Strip,
    /// Local symbols to remove besides.
    pub discard: Discard,
    /// Symbols to keep or to remove.
    pub symbols: NameFilter<'a>,
    /// Sections to keep or to remove.
    pub sections: NameFilter<'a>,
    /// Names and contents of sections to add. ELF does not load them; PE and Mach-O load them
    /// read-only. Mach-O spells `.a-name` as `__a_name`, and has them in the segment `__RGO`.
    pub added: &'a [(&'a str, &'a [u8])],
    /// How to store debug sections (ELF); `None` leaves them unchanged.
    pub compression: Option<Compression>,
    /// Folders and their replacements in the file names of a debug map (Mach-O). Of several
    /// matching ones the last counts.
    pub path_remaps: &'a [(&'a str, &'a str)],
    /// Identifier of the code signature (Mach-O, if signed). By default a new signature takes the
    /// last part of the install name, else `a.out-` and the UUID: an image does not know its file
    /// name.
    pub identifier: Option<&'a str>,
    /// The name by which programs linked against this library will look for it (`LC_ID_DYLIB`).
    pub install_name: Option<&'a str>,
    /// PE: seconds since 1970 for every time stamp of the linker. Also derives the PDB reference
    /// from the content; a PDB made by the linker no longer matches then.
    pub timestamp: Option<u32>,
    /// ELF and PE: file name and CRC-32 of the companion, for `.gnu_debuglink`.
    pub debuglink: Option<(&'a str, u32)>,
    /// How to treat the signature.
    pub sign: SignaturePolicy,
    /// Requests for Mach-O images only; the other formats refuse them.
    pub macho: MachO<'a>,
    /// Archives: members get the time 0, the owner 0 and the mode 644, as with ar's `D`.
    pub deterministic: bool,
}
