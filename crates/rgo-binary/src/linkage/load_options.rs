//! Reads linker options that the loader obeys, beyond those in [`crate::linkage`]: the stack size
//! of the first thread, the oldest Windows, whether a library binds its own symbols, and the DLLs
//! that Windows loads at the start rather than at their first call.
//!
//! ```text
//! stack     ELF PT_GNU_STACK p_memsz │ PE SizeOfStackReserve │ Mach-O LC_MAIN stacksize
//! versions  PE MajorOperatingSystemVersion and MajorSubsystemVersion, each with its minor
//! symbolic  ELF DT_FLAGS DF_SYMBOLIC, or DT_SYMBOLIC
//! ```
//!
//! (gABI, "Dynamic Section"; PE format, "Optional Header Windows-Specific Fields";
//! `mach-o/loader.h`)

use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::read::macho::LoadCommandVariant;
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader, PeFile};
use object::{File, LittleEndian as LE, elf};

use crate::Image;

/// The stack size in bytes that the image requests for its first thread; `None` if it leaves the
/// size to the system, or cannot be read.
#[must_use]
pub fn stack_size(image: &Image<'_>) -> Option<u64> {
    let size = match image.object() {
        File::Elf32(file) => elf_stack(file.elf_header(), image.data())?,
        File::Elf64(file) => elf_stack(file.elf_header(), image.data())?,
        File::Pe32(file) => file.nt_headers().optional_header.size_of_stack_reserve(),
        File::Pe64(file) => file.nt_headers().optional_header.size_of_stack_reserve(),
        File::MachO64(file) => {
            let mut commands = file.macho_load_commands().ok()?;
            loop {
                let command = commands.next().ok()??;
                if let Ok(LoadCommandVariant::EntryPoint(entry)) = command.variant() {
                    break entry.stacksize.get(file.endian());
                }
            }
        }
        _ => return None,
    };
    Some(size).filter(|size| *size > 0)
}

fn elf_stack<H: FileHeader>(header: &H, data: &[u8]) -> Option<u64> {
    let endian = header.endian().ok()?;
    let mut segments = header.program_headers(endian, data).ok()?.iter();
    let stack = segments.find(|segment| segment.p_type(endian) == elf::PT_GNU_STACK)?;
    Some(stack.p_memsz(endian).into())
}

/// The oldest versions of Windows and of the subsystem in the header of a PE image, such as `6.1`.
#[must_use]
pub fn pe_versions(image: &Image<'_>) -> Option<(String, String)> {
    fn of(header: &impl ImageOptionalHeader) -> (String, String) {
        let version = |major: u16, minor: u16| format!("{major}.{minor}");
        (
            version(
                header.major_operating_system_version(),
                header.minor_operating_system_version(),
            ),
            version(header.major_subsystem_version(), header.minor_subsystem_version()),
        )
    }
    match image.object() {
        File::Pe32(file) => Some(of(&file.nt_headers().optional_header)),
        File::Pe64(file) => Some(of(&file.nt_headers().optional_header)),
        _ => None,
    }
}

/// The DLLs in a PE image's import table, in its order, without those of the delay import table.
/// `None` for other formats, or if the table cannot be read.
#[must_use]
pub fn pe_loaded_at_start(image: &Image<'_>) -> Option<Vec<String>> {
    fn of<H: ImageNtHeaders>(file: &PeFile<'_, H>) -> Option<Vec<String>> {
        let Some(table) = file.import_table().ok()? else { return Some(Vec::new()) };
        let mut descriptors = table.descriptors().ok()?;
        let mut names = Vec::new();
        while let Some(descriptor) = descriptors.next().ok()? {
            let name = table.name(descriptor.name.get(LE)).ok()?;
            names.push(String::from_utf8_lossy(name).into_owned());
        }
        Some(names)
    }
    match image.object() {
        File::Pe32(file) => of(file),
        File::Pe64(file) => of(file),
        _ => None,
    }
}

/// Whether an ELF library binds its own symbols, even if other images define the same names.
#[must_use]
pub fn is_symbolic(image: &Image<'_>) -> bool {
    match image.object() {
        File::Elf32(file) => has_symbolic(file.elf_header(), image.data()),
        File::Elf64(file) => has_symbolic(file.elf_header(), image.data()),
        _ => None,
    }
    .unwrap_or(false)
}

fn has_symbolic<H: FileHeader>(header: &H, data: &[u8]) -> Option<bool> {
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, data).ok()?.iter();
    let mut dynamic = segments.filter_map(|segment| segment.dynamic(endian, data).ok()?);
    let is_symbolic = |entry: &H::Dyn| {
        let tag = entry.d_tag(endian);
        let value: u64 = entry.d_val(endian).into();
        tag == elf::DT_SYMBOLIC || tag == elf::DT_FLAGS && value & elf::DF_SYMBOLIC.0 != 0
    };
    Some(dynamic.next()?.iter().any(is_symbolic))
}
