//! The edits that a caller can ask for.

use crate::entitlements::Entitlements;

/// What is taken out of an image that is shipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strip {
    /// Nothing.
    #[default]
    None,
    /// Debug data: DWARF, and what only debuggers read, as are symbols that name source files.
    Debug,
    /// Debug data, and symbols that neither the loader nor a linker asks for.
    Unneeded,
    /// Debug data and all symbols that the loader does not need, and what else is not loaded, but
    /// for what tells an image's origin.
    All,
}

/// Local symbols that go besides what [`Strip`] takes out. One that a relocation, a section group
/// or a stub refers to stays: the result could not be linked or loaded without it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discard {
    /// None.
    #[default]
    None,
    /// Labels that a compiler or assembler made for its own use: `.L…`, in Mach-O `L…`.
    Temporary,
    /// All of them.
    All,
}

/// Whether a name is meant.
pub type NamePredicate<'a> = Option<&'a dyn Fn(&[u8]) -> bool>;

/// What is kept or taken out by name, whatever [`Strip`] says of it.
#[derive(Clone, Copy, Default)]
pub struct NameFilter<'a> {
    /// These stay.
    pub keep: NamePredicate<'a>,
    /// These go, unless they are to stay.
    pub drop: NamePredicate<'a>,
}

impl NameFilter<'_> {
    /// Whether a name is to stay (`true`), to go (`false`), or is not meant.
    #[must_use]
    pub fn of(&self, name: &[u8]) -> Option<bool> {
        let meant = |names: NamePredicate<'_>| names.is_some_and(|meant| meant(name));
        if meant(self.keep) { Some(true) } else { meant(self.drop).then_some(false) }
    }

    /// Whether no name is meant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keep.is_none() && self.drop.is_none()
    }
}

/// What can be asked of a Mach-O image and of no other. The default asks nothing.
#[derive(Clone, Copy, Default)]
pub struct MachO<'a> {
    /// Parts that go.
    pub without: &'a [MachOPart],
    /// The names that stay exported, of those that are; `None` leaves all. A name that dyld may
    /// have to bind in the image itself (a weak definition) stays exported in any case, or refuses
    /// the edit if [`Edits::symbols`] drops it.
    pub exports: NamePredicate<'a>,
    /// Source files, each by the last part of its path, whose entries in the debug map stay where
    /// debug data goes.
    pub debug_map_of: NamePredicate<'a>,
    /// Global symbols that are absolute, and not 0, stay.
    pub keeps_absolute: bool,
    /// What the ad-hoc signature is to vouch for besides; an image without a signature gets one.
    pub entitlements: Option<&'a Entitlements>,
}

impl MachO<'_> {
    /// Whether nothing is asked.
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

/// A part of a Mach-O image that dyld can do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachOPart {
    /// The UUID (`LC_UUID`). Debuggers then find no companion, and new systems may refuse the
    /// image.
    Uuid,
    /// What Apple's shared cache is built with (`LC_SEGMENT_SPLIT_INFO`).
    SplitInfo,
    /// What says where functions and data begin (`LC_ATOM_INFO`).
    AtomInfo,
    /// Symbols whose names begin with `_$s` or `_$S`, if the image says that it has Swift code.
    SwiftSymbols,
    /// All symbols, of an image that dyld binds without them.
    Symbols,
}

/// How debug sections are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As they are.
    None,
    /// Deflated (`ELFCOMPRESS_ZLIB`).
    Zlib,
    /// With zstd (`ELFCOMPRESS_ZSTD`).
    Zstd,
}

/// What becomes of a code signature. Every edit voids it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignaturePolicy {
    /// An ad-hoc signature (Mach-O) is renewed as it was; one by an identity (Apple's or
    /// Microsoft's certificates) refuses the edit with [`rgo_binary::Error::SignedByIdentity`].
    #[default]
    Keep,
    /// As [`Self::Keep`], but an identity's signature of a Mach-O image gives way to an ad-hoc one.
    Renew,
    /// Mach-O gets an ad-hoc signature, with the identifier, flags, entitlements and requirements
    /// of the old one if there was one (but not an identity's requirements, which name its
    /// certificates); the other formats, which have no such thing, refuse.
    AdHoc,
    /// The signature goes.
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
    /// What to take out.
    pub strip: Strip,
    /// Which local symbols go besides.
    pub discard: Discard,
    /// Symbols to keep or to take out.
    pub symbols: NameFilter<'a>,
    /// Sections to keep or to take out.
    pub sections: NameFilter<'a>,
    /// Names and contents of sections to add, which are not loaded.
    pub added: &'a [(&'a str, &'a [u8])],
    /// How debug sections are stored (ELF); `None` leaves them as they are.
    pub compression: Option<Compression>,
    /// Folders and what to call them instead where a debug map (Mach-O) names files in them. Of
    /// several that fit, the last counts.
    pub path_remaps: &'a [(&'a str, &'a str)],
    /// Identifier of the code signature (Mach-O, if signed). Without it a new signature takes the
    /// last part of the install name, else `a.out-` and the UUID: an image does not know its file.
    pub identifier: Option<&'a str>,
    /// The name that programs linked against this library will look for (`LC_ID_DYLIB`).
    pub install_name: Option<&'a str>,
    /// PE: seconds since 1970 for every time stamp that the linker set; also makes the PDB
    /// reference a function of the content. A PDB made by the linker no longer matches then.
    pub timestamp: Option<u32>,
    /// ELF and PE: file name and CRC-32 of the companion, for `.gnu_debuglink`.
    pub debuglink: Option<(&'a str, u32)>,
    /// What becomes of the signature.
    pub sign: SignaturePolicy,
    /// What is asked of a Mach-O image alone; the other formats refuse it.
    pub macho: MachO<'a>,
    /// Archives: members get the time 0, the owner 0 and the mode 644, as ar's `D` has it.
    pub deterministic: bool,
}
