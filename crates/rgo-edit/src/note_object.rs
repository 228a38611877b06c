//! Makes the object file that the link shim adds to every link. It reserves room for values that are
//! known only after the link.
//!
//! ```text
//! section   (Mach-O)         symbol      content
//! .rgo-bi   __DATA,__rgo_bi  RGO_NOTE    a note (see `rgo_binary::embedded::rgo_note`) with its text and room
//! .dep-v0   __DATA,.dep-v0   RGO_AUDIT   zeros, for cargo-auditable's list
//! ```
//!
//! Both sections are loaded and read-only, so that no strip removes them; `-u` of the symbols keeps
//! them through section garbage collection. Mach-O's symbols have an underscore in front.

use object::write::{MachOBuildVersion, Object, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, SectionFlags, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope, elf, macho, pe,
};

use rgo_binary::embedded::auditable;

use rgo_binary::embedded::rgo_note;

use rgo_binary::{Arch, Error, Format, Result};

/// macOS versions before which the program cannot run anyway. With a later one, linkers would warn
/// that the object is newer than the program.
const MACOS_AMD64: macho::Version = macho::Version(10 << 16 | 12 << 8);
const MACOS_ARM64: macho::Version = macho::Version(11 << 16);

/// The sizes to reserve in a program.
#[derive(Clone, Copy, Debug)]
pub struct NoteObject<'a> {
    /// The linker's format.
    pub format: Format,
    /// amd64 or arm64.
    pub arch: &'a Arch,
    /// Room for the note's text, in bytes.
    pub capacity_note: u32,
    /// Room for the compressed dependency list, in bytes; at least 8 are reserved.
    pub capacity_audit: u32,
    /// The note's text until the final one is written.
    pub text: &'a str,
}

/// Makes the relocatable object.
///
/// # Errors
/// [`Error::Unsupported`] for another instruction set, [`Error::NoteTooSmall`] if the text does
/// not fit.
pub fn note_object(spec: &NoteObject<'_>) -> Result<Vec<u8>> {
    let (architecture, oldest_macos) = match spec.arch {
        Arch::Amd64 => (Architecture::X86_64, MACOS_AMD64),
        Arch::Arm64 => (Architecture::Aarch64, MACOS_ARM64),
        other @ Arch::Other(_) => {
            let what = format!("a build note for {other}");
            return Err(Error::unsupported(what, "notes are made for amd64 and arm64"));
        }
    };
    let format = match spec.format {
        Format::Elf => BinaryFormat::Elf,
        Format::MachO => BinaryFormat::MachO,
        Format::Pe => BinaryFormat::Coff,
    };
    let mut object = Object::new(format, architecture, Endianness::Little);
    match spec.format {
        Format::Elf => {
            // Without it, GNU ld gives the whole program an executable stack.
            object.add_section(Vec::new(), b".note.GNU-stack".to_vec(), SectionKind::Other);
        }
        Format::MachO => {
            let mut version = MachOBuildVersion::default();
            version.platform = macho::PLATFORM_MACOS;
            version.minos = oldest_macos;
            version.sdk = version.minos;
            object.set_macho_build_version(version);
        }
        Format::Pe => {}
    }
    let note = rgo_note::encode(spec.text, spec.capacity_note)?;
    let list = vec![0; spec.capacity_audit.max(8) as usize];
    reserve(&mut object, rgo_note::section_name(spec.format), rgo_note::SYMBOL, note);
    reserve(&mut object, auditable::SECTION, auditable::SYMBOL, list);
    object.write().map_err(|why| Error::unsupported("this build note", why))
}

fn reserve(object: &mut Object<'_>, section: &str, symbol: &str, content: Vec<u8>) {
    let segment = match object.format() {
        BinaryFormat::MachO => rgo_note::SECTION_MACHO.0.as_bytes().to_vec(),
        _ => Vec::new(),
    };
    let id = object.add_section(segment, section.into(), SectionKind::ReadOnlyData);
    let size = content.len() as u64;
    object.set_section_data(id, content, 8);
    *object.section_flags_mut(id) = match object.format() {
        BinaryFormat::Elf => {
            SectionFlags::Elf { sh_type: elf::SHT_PROGBITS, sh_flags: elf::SHF_ALLOC }
        }
        BinaryFormat::MachO => {
            SectionFlags::MachO { flags: macho::S_ATTR_NO_DEAD_STRIP, reserved2: 0 }
        }
        _ => SectionFlags::Coff {
            characteristics: pe::IMAGE_SCN_CNT_INITIALIZED_DATA
                | pe::IMAGE_SCN_MEM_READ
                | pe::IMAGE_SCN_ALIGN_8BYTES,
        },
    };
    object.add_symbol(Symbol {
        name: symbol.into(),
        value: 0,
        size,
        kind: SymbolKind::Data,
        // Visible to the linker, exported by no library.
        scope: SymbolScope::Linkage,
        weak: false,
        section: SymbolSection::Section(id),
        flags: SymbolFlags::None,
    });
}
