//! Reads the marker in every host of a .NET program, and finds the bundle of a single-file program:
//! the program's assemblies, appended to the host.
//!
//! ```text
//! i64 LE   offset of the bundle's header in the file; 0 in a host without one
//! 32       SHA-256 of ".net core bundle"
//! ```
//!
//! (.NET, `src/native/corehost/apphost/bundle_marker.cpp`)

use memchr::memmem;

use crate::Image;
use crate::image::regions;

/// The marker.
pub(crate) const MARK: [u8; 32] = [
    0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0, 0x32,
    0x13, 0xf5, 0xb9, 0xe6, 0xef, 0xae, 0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae,
];

/// The offset of the bundle's header, from the bytes before the marker at `mark`; `None` in a host
/// without a bundle.
pub(crate) fn bundle_at(data: &[u8], mark: usize) -> Option<u64> {
    let offset = data.get(mark.checked_sub(8)?..)?.first_chunk()?;
    u64::try_from(i64::from_le_bytes(*offset)).ok().filter(|offset| *offset > 0)
}

/// The offset of the bundle's header in a file; `None` if the image is not a host or has no bundle.
pub(crate) fn bundle(image: &Image<'_>) -> Option<u64> {
    regions::loaded(image).iter().find_map(|place| {
        let mark = memmem::find(place.data, &MARK)?;
        bundle_at(place.data, mark)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_says_where_its_bundle_is_if_it_has_one() {
        let host = |offset: i64| [&[1; 4][..], &offset.to_le_bytes(), &MARK].concat();
        assert_eq!(bundle_at(&host(0x1234), 12), Some(0x1234));
        assert_eq!(bundle_at(&host(0), 12), None);
        assert_eq!(bundle_at(&host(-1), 12), None);
        assert_eq!(bundle_at(&MARK, 0), None);
    }
}
