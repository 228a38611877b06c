//! Decides whether functions of a PE image check the security cookie (`/GS`). The cookie itself
//! proves nothing: Microsoft's start files always bring it, and functions of a linked-in C library
//! check it.
//!
//! ```text
//! x86-64   48 8b 05 disp32   mov rax, [rip + cookie]      then  48 33 c4  xor rax, rsp (or rbp)
//! x86      a1 address        mov eax, [cookie]            then  33 c5     xor eax, ebp (or esp)
//! ```
//!
//! Clang writes the second instruction the other way round: `48 31 e0`, `31 e8`.

use memchr::memmem;

use super::{Defense, TriState, Whose};
use crate::{Arch, Image};

/// The C runtime as a DLL. With it, only the image's own code reads the cookie.
const RUNTIMES: [&str; 2] = ["vcruntime", "msvcr"];

/// Decides how an image uses the cookie whose address is in its load configuration.
pub(super) fn finding(image: &Image<'_>, cookie: u64) -> Defense {
    let unknown = |why: &'static str| Defense::of(TriState::Unknown, Whose::CLibrary, why);
    let needed = image.needed().unwrap_or_default();
    let is_shared = needed.iter().any(|library| {
        let name = library.to_lowercase();
        RUNTIMES.iter().any(|start| name.starts_with(start))
    });
    if !is_shared {
        return unknown("a security cookie, which the C runtime that is linked in checks itself");
    }
    let checks: fn(&[u8], u64, u64) -> Option<u64> = match image.arch() {
        Arch::Amd64 => amd64,
        Arch::Other(name) if name == "386" => i386,
        Arch::Arm64 | Arch::Other(_) => {
            return unknown("a security cookie; who checks it is not read for this machine");
        }
    };
    let check = super::code(image)
        .into_iter()
        .find_map(|section| checks(section.data, section.address, cookie));
    match check {
        Some(at) => {
            let why = format!("the function around {at:#x} checks the security cookie");
            Defense::of(TriState::Yes, Whose::Program, why)
        }
        None => {
            let why = "no function checks the security cookie, which came with the C runtime";
            Defense::of(TriState::No, Whose::CLibrary, why)
        }
    }
}

/// The address of the first check in x86-64 code.
fn amd64(code: &[u8], address: u64, cookie: u64) -> Option<u64> {
    const LOAD: &[u8] = &[0x48, 0x8b, 0x05];
    const LENGTH: usize = 7;
    memmem::find_iter(code, LOAD).find_map(|at| {
        let rest = code.get(at..)?;
        let mixes = matches!(
            rest.get(LENGTH..LENGTH + 3)?,
            [0x48, 0x33, 0xc4 | 0xc5] | [0x48, 0x31, 0xe0 | 0xe8]
        );
        let distance = i32::from_le_bytes(*rest.get(3..)?.first_chunk()?);
        let from = address.wrapping_add(at as u64);
        let end = from.wrapping_add(LENGTH as u64);
        (mixes && end.wrapping_add_signed(distance.into()) == cookie).then_some(from)
    })
}

/// The address of the first check in 32-bit x86 code.
fn i386(code: &[u8], address: u64, cookie: u64) -> Option<u64> {
    let cookie = u32::try_from(cookie).ok()?;
    let load = [&[0xa1][..], &cookie.to_le_bytes()].concat();
    memmem::find_iter(code, &load).find_map(|at| {
        let mixes = matches!(
            code.get(at + load.len()..)?.first_chunk::<2>()?,
            [0x33, 0xc4 | 0xc5] | [0x31, 0xe0 | 0xe8]
        );
        mixes.then(|| address.wrapping_add(at as u64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_told_from_other_reads() {
        // The code at 0x1001 reads the cookie at 0x3000: 0x3000 - 0x1008 = 0x1ff8.
        let code = |mix: &[u8]| [b"\x90\x48\x8b\x05\xf8\x1f\0\0", mix].concat();
        for mix in [&b"\x48\x33\xc4"[..], b"\x48\x33\xc5", b"\x48\x31\xe0"] {
            assert_eq!(amd64(&code(mix), 0x1000, 0x3000), Some(0x1001), "{mix:x?}");
        }
        assert_eq!(amd64(&code(b"\x48\x33\xc4"), 0x1000, 0x3008), None);
        assert_eq!(amd64(&code(b"\x48\x85\xc0"), 0x1000, 0x3000), None);
        assert_eq!(amd64(&code(b"\x48\x33"), 0x1000, 0x3000), None);
        let code = |mix: &[u8]| [b"\xa1\0\x30\x40\0", mix].concat();
        for mix in [&b"\x33\xc5"[..], b"\x31\xe8"] {
            assert_eq!(i386(&code(mix), 0x1000, 0x40_3000), Some(0x1000), "{mix:x?}");
        }
        assert_eq!(i386(&code(b"\x33\xc5"), 0x1000, 0x40_3004), None);
        assert_eq!(i386(&code(b"\x85\xc0"), 0x1000, 0x40_3000), None);
        assert_eq!(i386(&code(b"\x33\xc5"), 0x1000, u64::MAX), None);
    }
}
