//! Recognizes the signature at the end of a kernel module. It covers every byte before it,
//! so every edit voids it.
//!
//! ```text
//! module │ PKCS #7 message │ u8 algorithm, hash, 2 (PKCS #7), signer, key, 3 zeros,
//!        │                 │ u32 size of the message, big-endian │ "~Module signature appended~\n"
//! ```
//!
//! (Linux, `scripts/sign-file.c`, `include/linux/module_signature.h`)

use super::layout::Layout;
use crate::bytes;

const MAGIC: &[u8] = b"~Module signature appended~\n";
const INFORMATION: usize = 12;

/// Whether all bytes behind an image are such a signature.
pub(super) fn is_at(layout: &Layout<'_>) -> bool {
    let Some((offset, _)) = layout.overlay() else { return false };
    let behind = layout.source.input().get(bytes::index(offset)..).unwrap_or_default();
    is_signature(behind)
}

fn is_signature(bytes: &[u8]) -> bool {
    let information = bytes
        .strip_suffix(MAGIC)
        .and_then(|rest| rest.split_last_chunk::<INFORMATION>())
        .map(|(message, information)| (message.len(), information));
    let Some((size, [_, _, _, _, _, _, _, _, length @ ..])) = information else { return false };
    usize::try_from(u32::from_be_bytes(*length)).is_ok_and(|length| length == size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_known_by_its_end_and_its_size() {
        let information = |size: u8| [&[0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0][..], &[size]].concat();
        let signature = |size| [&b"message"[..], &information(size), MAGIC].concat();
        assert!(is_signature(&signature(7)));
        for bytes in [&signature(8)[..], &signature(6), &signature(7)[..40], MAGIC, b""] {
            assert!(!is_signature(bytes), "{bytes:?}");
        }
    }
}
