//! Reads the defenses of PE images from the tables for the Windows loader (Microsoft, "PE Format";
//! `winnt.h`).
//!
//! ```text
//! DllCharacteristics  20 HIGH_ENTROPY_VA, 40 DYNAMIC_BASE, 100 NX_COMPAT, 400 NO_SEH,
//!                     4000 GUARD_CF
//! load configuration  32-bit: security cookie at 60, SEH table at 64, SEH count at 68,
//!                             guard functions at 80, their count at 84, guard flags at 88
//!                     64-bit: cookie at 88, functions at 128, count at 136, flags at 144
//! guard flags         100 instrumented, 400 table present, 800 security cookie unused
//! debug entry 20      extended DllCharacteristics u32: 1 CET_COMPAT, 40 FORWARD_CFI_COMPAT
//! ```

use object::pe;

use super::symbols::Calls;
use super::{Defense, Hardening, TriState, cookie};
use crate::image::pe_tables::{PeTables, le_u32, le_u64};
use crate::{Error, Image, Result};

const GUARD: u32 = 0x100 | 0x400;
const COOKIE_UNUSED: u32 = 0x800;
const CET_COMPAT: u32 = 1;
const FORWARD_CFI_COMPAT: u32 = 0x40;

pub(super) fn hardening(image: &Image<'_>) -> Result<Hardening> {
    let tables = PeTables::of(image).ok_or(Error::Unrecognized)?;
    let flags = tables.dll_flags;
    let config = LoadConfig::read(&tables);
    let mut result = Hardening::none();

    result.aslr = aslr(&tables);
    if !tables.file_flags.contains(pe::IMAGE_FILE_DLL) {
        result.pie = result.aslr.clone();
    }
    if tables.is_64 {
        let set = flags.contains(pe::IMAGE_DLLCHARACTERISTICS_HIGH_ENTROPY_VA);
        result.high_entropy_va = Defense::flag(set, "HIGH_ENTROPY_VA");
    }
    let nx = flags.contains(pe::IMAGE_DLLCHARACTERISTICS_NX_COMPAT);
    result.nx = Defense::flag(nx, "NX_COMPAT");
    result.cf_guard = cf_guard(flags, config.as_ref());
    if tables.machine == pe::IMAGE_FILE_MACHINE_I386 {
        result.safe_seh = safe_seh(flags, config.as_ref());
    }

    let calls = Calls::of(image, false);
    result.stack_protector = stack_protector(image, config.as_ref(), &calls);
    // MinGW's C library has checked functions and links them statically; Microsoft's has none.
    let fortify = calls.fortify();
    if fortify.answer == TriState::Yes {
        result.fortify = fortify;
    }

    let extended = extended_flags(&tables);
    let flag = |bit, name| match extended {
        Some(bits) => Defense::flag(bits & bit != 0, name),
        None => Defense::new(TriState::No, "no extended DllCharacteristics"),
    };
    match tables.machine {
        pe::IMAGE_FILE_MACHINE_AMD64 | pe::IMAGE_FILE_MACHINE_I386 => {
            result.cet_shstk = flag(CET_COMPAT, "CET_COMPAT");
            result.cet_ibt = flag(FORWARD_CFI_COMPAT, "FORWARD_CFI_COMPAT");
        }
        pe::IMAGE_FILE_MACHINE_ARM64 => {
            result.bti = flag(FORWARD_CFI_COMPAT, "FORWARD_CFI_COMPAT");
            result.pac = Defense::new(TriState::Unknown, "PE images do not say");
        }
        _ => {}
    }
    Ok(result)
}

fn aslr(tables: &PeTables<'_>) -> Defense {
    if !tables.dll_flags.contains(pe::IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE) {
        return Defense::new(TriState::No, "DYNAMIC_BASE is not set");
    }
    if tables.file_flags.contains(pe::IMAGE_FILE_RELOCS_STRIPPED) {
        return Defense::new(TriState::No, "DYNAMIC_BASE is set, but RELOCS_STRIPPED is as well");
    }
    Defense::new(TriState::Yes, "DYNAMIC_BASE is set")
}

/// Windows requires the flag and the table; code without checks has neither.
fn cf_guard(flags: pe::DllFlags, config: Option<&LoadConfig>) -> Defense {
    if !flags.contains(pe::IMAGE_DLLCHARACTERISTICS_GUARD_CF) {
        return Defense::new(TriState::No, "GUARD_CF is not set");
    }
    match config {
        Some(config) if config.guard_flags & GUARD == GUARD => {
            let count = config.guard_count;
            Defense::new(TriState::Yes, format!("GUARD_CF is set, {count} functions in its table"))
        }
        Some(_) => Defense::new(TriState::No, "GUARD_CF is set, but the guard flags are not"),
        None => Defense::new(TriState::No, "GUARD_CF is set, but there is no load configuration"),
    }
}

fn safe_seh(flags: pe::DllFlags, config: Option<&LoadConfig>) -> Defense {
    if flags.contains(pe::IMAGE_DLLCHARACTERISTICS_NO_SEH) {
        return Defense::new(TriState::NotApplicable, "NO_SEH is set: there are no handlers");
    }
    match config {
        Some(config) if config.seh_table != 0 => {
            let count = config.seh_count;
            Defense::new(TriState::Yes, format!("a table of {count} exception handlers"))
        }
        _ => Defense::new(TriState::No, "no table of exception handlers"),
    }
}

fn stack_protector(image: &Image<'_>, config: Option<&LoadConfig>, calls: &Calls) -> Defense {
    let by_symbols = calls.stack_protector();
    match config {
        _ if by_symbols.answer == TriState::Yes => by_symbols,
        Some(config) if config.guard_flags & COOKIE_UNUSED != 0 => {
            Defense::new(TriState::No, "SECURITY_COOKIE_UNUSED is set")
        }
        Some(config) if config.cookie != 0 => cookie::finding(image, config.cookie),
        _ => by_symbols,
    }
}

/// The fields that matter; zero if the configuration is too short for them.
struct LoadConfig {
    cookie: u64,
    seh_table: u64,
    seh_count: u64,
    guard_count: u64,
    guard_flags: u32,
}

impl LoadConfig {
    fn read(tables: &PeTables<'_>) -> Option<Self> {
        let bytes = tables.load_config()?;
        let narrow = |at| le_u32(bytes, at).map_or(0, u64::from);
        let wide = |at| le_u64(bytes, at).unwrap_or_default();
        Some(if tables.is_64 {
            Self {
                cookie: wide(88),
                seh_table: wide(96),
                seh_count: wide(104),
                guard_count: wide(136),
                guard_flags: le_u32(bytes, 144).unwrap_or_default(),
            }
        } else {
            Self {
                cookie: narrow(60),
                seh_table: narrow(64),
                seh_count: narrow(68),
                guard_count: narrow(84),
                guard_flags: le_u32(bytes, 88).unwrap_or_default(),
            }
        })
    }
}

fn extended_flags(tables: &PeTables<'_>) -> Option<u32> {
    tables
        .debug_entries()
        .find(|(kind, _)| *kind == pe::IMAGE_DEBUG_TYPE_EX_DLLCHARACTERISTICS)
        .and_then(|(_, bytes)| le_u32(bytes, 0))
}
