//! The limits of a walk. An item reports each limit that is exceeded: a walk is never silent about
//! it, and never runs out of memory.

/// Upper bounds for one input file or stream, with everything inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum nesting of archives: 1 opens an archive and none of those inside it.
    pub max_depth: usize,
    /// Maximum size of a member that is read into memory, in bytes. It does not apply to files on
    /// disk, which are mapped.
    pub max_member: u64,
    /// Maximum output of all decompressors together, in bytes.
    pub max_decompressed: u64,
    /// Maximum output of one decompressor per input byte, once it has produced `ratio_from`; and of
    /// all decompressors together per byte of the file, once they have produced four times that.
    pub max_ratio: u64,
    /// Minimum output for the ratio to apply, in bytes: a small file of zeros harms nobody.
    pub ratio_from: u64,
    /// Maximum number of members of all archives together, of any kind.
    pub max_members: u64,
    /// Maximum length of a member's name, in bytes.
    pub max_name: usize,
    /// Maximum number of paths kept for an archive's container images, to find the files that upper
    /// layers hide. This many take 80 MB.
    pub max_paths: usize,
    /// Maximum number of checks whether a layer of an archive's container images hides a file.
    pub max_hidings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_depth: 4,
            max_member: 1 << 30,
            max_decompressed: 64 << 30,
            max_ratio: 250,
            ratio_from: 256 << 20,
            max_members: 1_000_000,
            max_name: 4096,
            max_paths: 1_800_000,
            max_hidings: 1 << 24,
        }
    }
}

/// Maximum size of an extended header, link target or manifest that is parsed, in bytes.
pub(super) const MAX_METADATA: u64 = 1 << 20;

/// Maximum window of a decompressor, in bytes: the window that `zstd` and `xz -9` accept by
/// default.
pub(super) const MAX_WINDOW: u64 = 128 << 20;
