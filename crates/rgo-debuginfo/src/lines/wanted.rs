//! [`Wanted`]: the files that an image names for its debug data; and [`Mismatch`]: why a file is not the one.

/// A file with debug data that an image names. Opening it is the caller's task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wanted {
    /// The companion, by its name (`.gnu_debuglink`).
    DebugLink {
        /// Its file name.
        name: String,
        /// The CRC-32 of its bytes.
        crc32: u32,
    },
    /// The companion, by the image's GNU build ID: `.build-id/ab/cdef….debug` below folders for debug data.
    BuildId {
        /// The build ID in hexadecimal digits.
        id: String,
    },
    /// The companion that `dsymutil` makes (`NAME.dSYM/Contents/Resources/DWARF/NAME`).
    Dsym {
        /// The image's UUID, as `dwarfdump --uuid` writes it.
        uuid: String,
    },
    /// The file with what `dwz` found in several images (`.gnu_debugaltlink`, `.debug_sup`).
    AltLink {
        /// Its path, relative to the file that names it.
        path: String,
        /// Its build ID in hexadecimal digits.
        build_id: String,
    },
    /// The functions of a unit. A package (`NAME.dwp` beside the image) can have them too.
    Dwo {
        /// The folder that the path is relative to.
        folder: String,
        /// The path.
        path: String,
        /// The ID of the unit.
        id: u64,
    },
    /// The PDB of a PE image.
    Pdb {
        /// The path that the linker wrote.
        path: String,
        /// The GUID, in upper case with dashes.
        guid: String,
        /// How many times the linker had written it.
        age: u32,
    },
    /// The object file with the DWARF of a function (Mach-O).
    ObjectFile {
        /// Its path, or that of the archive that it is in.
        path: String,
        /// Its name in the archive.
        member: Option<String>,
        /// When it was last changed, in seconds since 1970; 0 if the linker does not say.
        time: u64,
    },
}

/// Why a file does not belong to an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Another build ID.
    #[error("build ID {found} is not {wanted}")]
    BuildId {
        /// The image's.
        wanted: String,
        /// The file's; `none` if it has none.
        found: String,
    },
    /// Another UUID.
    #[error("UUID {found} is not {wanted}")]
    Uuid {
        /// The image's.
        wanted: String,
        /// The file's; `none` if it has none.
        found: String,
    },
    /// Another check sum.
    #[error("CRC-32 {found:08x} is not {wanted:08x}")]
    Crc32 {
        /// The one in the image.
        wanted: u32,
        /// The file's.
        found: u32,
    },
    /// No unit that the image asks for.
    #[error("none of its units has an ID that the image asks for")]
    SplitId,
    /// Another GUID or age.
    #[error("PDB {found} is not {wanted}")]
    Pdb {
        /// GUID and age in the image.
        wanted: String,
        /// GUID and age in the PDB.
        found: String,
    },
    /// Another instruction set.
    #[error("instruction set {found} is not {wanted}")]
    Arch {
        /// The image's.
        wanted: String,
        /// The file's.
        found: String,
    },
    /// The object file was changed since the image was linked.
    #[error("changed at {found}, and at {wanted} when it was linked (seconds since 1970)")]
    Time {
        /// The time in the image.
        wanted: u64,
        /// The file's.
        found: u64,
    },
    /// The image names no such file.
    #[error("the image names no such file")]
    NotNamed,
}

/// Why a file cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FileError {
    /// It belongs to another image.
    #[error("the file belongs to another image")]
    Mismatch(#[from] Mismatch),
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] super::LineError),
}
