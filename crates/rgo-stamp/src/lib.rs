//! Values that a tool writes into a program after the link.
//!
//! The version or commit of a release is not known when the program is compiled. An environment
//! variable for it would recompile the crate for every commit. This crate reserves room in the
//! binary instead, which `rgo-build -X NAME=VALUE` fills after the link:
//!
//! ```
//! rgo_stamp::stamp! {
//!     /// The released version.
//!     pub static VERSION = "dev";
//!     /// At most 64 bytes; slots are 256 unless they say otherwise.
//!     static COMMIT: 64 = "unknown";
//! }
//!
//! println!("example {VERSION} ({})", COMMIT.get());
//! ```
//!
//! After a plain `cargo build`, the values are the defaults. The name of a slot is the path of its
//! static, as in `rgo-build -X mycrate::VERSION=1.2.3`.
//!
//! # Layout
//!
//! Each slot is one record, aligned to 8, in the section `.rgo-x` (Mach-O: `__DATA,__rgo_x`):
//!
//! ```text
//!  0  magic      16 bytes  ff " Rgo x slot 1:" 00
//! 16  capacity   u32 LE    the most bytes that the value may have
//! 20  length     u32 LE    bytes of the value
//! 24  name_len   u32 LE    bytes of the name
//! 28  reserved   u32 LE    0
//! 32  name       UTF-8, zero-padded to a multiple of 8
//!  …  value      UTF-8, zero-padded to the capacity rounded up to a multiple of 8
//! ```

#![no_std]

use core::fmt;
use core::ops::Deref;
use core::ptr;

const MAGIC: [u8; 16] = *b"\xff Rgo x slot 1:\0";
const LENGTH_AT: usize = 20;
const HEADER: usize = 32;

/// Declares statics of the type [`Stamp`], each with its slot.
///
/// `$vis static NAME = DEFAULT;` reserves 256 bytes, `$vis static NAME: BYTES = DEFAULT;` reserves
/// `BYTES`. A default that is longer than its slot does not compile.
#[macro_export]
macro_rules! stamp {
    ($($(#[$meta:meta])* $vis:vis static $name:ident $(: $capacity:literal)? = $default:expr;)*) => {$(
        $(#[$meta])*
        $vis static $name: $crate::Stamp = {
            const NAME: &str = ::core::concat!(::core::module_path!(), "::", ::core::stringify!($name));
            const DEFAULT: &str = $default;
            const CAPACITY: usize = $crate::__capacity!($($capacity)?);
            const SIZE: usize = $crate::__private::size(NAME, CAPACITY);

            // A WebAssembly program cannot read its sections at run time, so there the default is
            // final.
            #[used]
            #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__rgo_x"))]
            #[cfg_attr(
                not(any(target_vendor = "apple", target_family = "wasm")),
                unsafe(link_section = ".rgo-x")
            )]
            static SLOT: $crate::__private::Slot<SIZE> =
                $crate::__private::Slot::new(NAME, CAPACITY, DEFAULT);

            $crate::__private::stamp(&SLOT, NAME, CAPACITY, DEFAULT)
        };
    )*};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __capacity {
    () => {
        256
    };
    ($capacity:literal) => {
        $capacity
    };
}

/// A value that a tool may replace after the link. Only [`stamp!`] makes it.
///
/// It reads as a `str`, by [`Stamp::get`] or by dereferencing.
pub struct Stamp {
    record: &'static [u8],
    value_at: usize,
    capacity: usize,
    default: &'static str,
}

impl Stamp {
    /// The value written after the link. The default if no value was written, or if the value is
    /// longer than the slot or not UTF-8.
    #[must_use]
    pub fn get(&self) -> &'static str {
        self.written().unwrap_or(self.default)
    }

    fn written(&self) -> Option<&'static str> {
        let record = opaque(self.record);
        let length = record.get(LENGTH_AT..)?.first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let value = record.get(self.value_at..)?.get(..self.capacity)?.get(..length)?;
        core::str::from_utf8(value).ok()
    }
}

/// Hides the bytes of a slice from the optimizer. The optimizer knows the bytes at compile time and
/// would otherwise fold them into the program; a volatile read may return any slice.
#[inline]
fn opaque(record: &'static [u8]) -> &'static [u8] {
    // SAFETY: `&record` points to a valid, initialized reference that lives through the call.
    unsafe { ptr::read_volatile(&record) }
}

impl Deref for Stamp {
    type Target = str;

    fn deref(&self) -> &str {
        self.get()
    }
}

impl AsRef<str> for Stamp {
    fn as_ref(&self) -> &str {
        self.get()
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.get(), f)
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.get(), f)
    }
}

/// The expansion of [`stamp!`]; not for direct use.
#[doc(hidden)]
pub mod __private {
    use super::{HEADER, LENGTH_AT, MAGIC, Stamp};

    /// One record, as in the crate's documentation.
    #[repr(C, align(8))]
    pub struct Slot<const SIZE: usize>([u8; SIZE]);

    const fn padded(bytes: usize) -> usize {
        bytes.next_multiple_of(8)
    }

    /// Size of the whole record in bytes.
    pub const fn size(name: &str, capacity: usize) -> usize {
        HEADER + padded(name.len()) + padded(capacity)
    }

    impl<const SIZE: usize> Slot<SIZE> {
        /// Lays out the record. Panics if the default is too long, which stops the compilation.
        pub const fn new(name: &str, capacity: usize, default: &str) -> Self {
            assert!(default.len() <= capacity, "the default of a stamp is longer than its slot");
            let mut record = [0; SIZE];
            put(&mut record, 0, &MAGIC);
            put(&mut record, MAGIC.len(), &field(capacity));
            put(&mut record, LENGTH_AT, &field(default.len()));
            put(&mut record, LENGTH_AT + 4, &field(name.len()));
            put(&mut record, HEADER, name.as_bytes());
            put(&mut record, HEADER + padded(name.len()), default.as_bytes());
            Self(record)
        }
    }

    const fn field(value: usize) -> [u8; 4] {
        assert!(value <= u32::MAX as usize, "a stamp's slot is larger than 4 GiB");
        (value as u32).to_le_bytes()
    }

    // `copy_from_slice` is not const in the oldest compiler that this crate supports.
    const fn put(record: &mut [u8], at: usize, bytes: &[u8]) {
        let mut i = 0;
        while i < bytes.len() {
            record[at + i] = bytes[i];
            i += 1;
        }
    }

    /// The handle to a slot.
    pub const fn stamp<const SIZE: usize>(
        slot: &'static Slot<SIZE>,
        name: &str,
        capacity: usize,
        default: &'static str,
    ) -> Stamp {
        Stamp { record: &slot.0, value_at: HEADER + padded(name.len()), capacity, default }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::format;
    use std::string::ToString;

    use super::*;

    stamp! {
        /// With attributes, and the default capacity.
        #[allow(dead_code)]
        pub static VERSION = "dev";
        static COMMIT: 61 = "unknown";
        static EMPTY: 0 = "";
    }

    #[test]
    fn unwritten_slots_read_as_their_defaults() {
        assert_eq!(VERSION.get(), "dev");
        assert_eq!(&*COMMIT, "unknown");
        assert_eq!(EMPTY.as_ref(), "");
        assert_eq!(format!("{VERSION:>5}|{COMMIT:?}"), "  dev|\"unknown\"");
        assert_eq!(COMMIT.to_string(), "unknown");
    }

    #[test]
    fn a_record_is_laid_out_as_documented() {
        let name = "rgo_stamp::tests::COMMIT";
        let record = COMMIT.record;
        assert_eq!(record.as_ptr() as usize % 8, 0, "aligned");
        assert_eq!(record.len(), 32 + 24 + 64);
        assert_eq!(&record[..16], b"\xff Rgo x slot 1:\0");
        assert_eq!(record[16..20], 61u32.to_le_bytes());
        assert_eq!(record[20..24], 7u32.to_le_bytes());
        assert_eq!(record[24..28], 24u32.to_le_bytes());
        assert_eq!(record[28..32], [0; 4]);
        assert_eq!(&record[32..56], name.as_bytes());
        assert_eq!(&record[56..63], b"unknown");
        assert!(record[63..].iter().all(|&byte| byte == 0));
        assert_eq!(VERSION.record.len(), 32 + 32 + 256, "a name of 25 bytes is padded to 32");
    }

    /// A slot after a tool has written it: the same record with another length and value.
    fn written(length: u32, value: &[u8]) -> Stamp {
        let mut record = COMMIT.record.to_vec();
        record[20..24].copy_from_slice(&length.to_le_bytes());
        record[56..56 + value.len()].copy_from_slice(value);
        Stamp { record: record.leak(), default: COMMIT.default, ..COMMIT }
    }

    #[test]
    fn a_written_value_is_read_and_a_damaged_one_is_not() {
        let full = [b'x'; 61];
        let table: [(u32, &[u8], &str); 7] = [
            (5, b"1.2.3", "1.2.3"),
            (0, b"", ""),
            (61, &full, core::str::from_utf8(&full).unwrap()),
            (62, &full, "unknown"),
            (64, &full, "unknown"),
            (u32::MAX, b"", "unknown"),
            (2, b"\xff\xfe", "unknown"),
        ];
        for (length, value, expected) in table {
            assert_eq!(written(length, value).get(), expected, "length {length}");
        }
    }

    #[test]
    fn a_truncated_record_reads_as_the_default() {
        for end in 0..COMMIT.record.len() - 8 {
            let stamp = Stamp { record: &COMMIT.record[..end], ..COMMIT };
            assert_eq!(stamp.get(), "unknown", "{end} bytes");
        }
    }
}
