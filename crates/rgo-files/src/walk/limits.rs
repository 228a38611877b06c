//! The limits of a walk. An item reports each limit that was met: a walk neither goes silent nor runs out
//! of memory.

/// Upper bounds for one file or stream that a command is pointed at, with all that is inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Archives within each other: 1 opens an archive and none of those inside it.
    pub max_depth: usize,
    /// Largest member that is read into memory, in bytes. A file on disk is mapped, and has no
    /// such limit.
    pub max_member: u64,
    /// Most bytes that come out of all decompressors together.
    pub max_decompressed: u64,
    /// Most bytes that one decompressor may make of one byte, once it has made `ratio_from`; and
    /// all decompressors together of one byte of the file, once they have made four times that.
    pub max_ratio: u64,
    /// From how many bytes of output the ratio counts: a small file of zeros harms nobody.
    pub ratio_from: u64,
    /// Most members of all archives together, whatever they are.
    pub max_members: u64,
    /// Longest name of a member, in bytes.
    pub max_name: usize,
    /// Most paths of an archive's container images that are kept to tell which files upper layers
    /// hide. As many as this take 80 MB.
    pub max_paths: usize,
    /// Most times that a layer of an archive's container images is asked whether it hides a file.
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

/// Largest extended header, link target or manifest that is read for what it says, in bytes.
pub(super) const MAX_METADATA: u64 = 1 << 20;

/// Largest window that a decompressor may ask for, in bytes: what `zstd` and `xz -9` take
/// without being told to take more.
pub(super) const MAX_WINDOW: u64 = 128 << 20;
