//! Recognizes ELF images that no operating system starts as a program: firmware, boot loaders,
//! kernels, or code for a processor that runs no system. The signs:
//!
//! ```text
//! offset ≢ address (mod 4096)       pages of the file cannot be mapped to where it wants them
//! address in the kernel's half      a program is not allowed there
//! fixed address in the first page   a program is not allowed there either
//! p_paddr ≠ p_vaddr                 moved by the loader, before paging is on
//! Multiboot headers                 a boot loader looks for them in the first 8 and 32 KiB
//! .ARM.attributes, profile M        microcontrollers
//! names of sections                 tables that a processor starts with
//! everything writable and code      one range of memory: what linker scripts of firmware make
//! ```
//!
//! (gABI, "Program Loading"; Multiboot 0.6.96 and 2.0; ABI for the Arm Architecture, "Addenda")

use memchr::memmem;
use object::read::elf::{AttributesSection, ElfFile, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSection, elf};

use super::{ImageSystem, Os};
use crate::Confidence::{self, Certain, Guess, Likely};
use crate::image::elf_notes::notes;
use crate::packer;
use crate::{Arch, Image, Linkage};

/// The smallest page size of any system.
const PAGE: u64 = 0x1000;
/// The RAM of RISC-V boards starts here; programs for a system have far lower addresses.
const RISCV_RAM: u64 = 0x8000_0000;

/// Machines whose programs run without a system: microcontrollers, accelerators, virtual machines
/// inside a kernel.
const MACHINES: [&str; 11] =
    ["amdgpu", "avr", "bpfeb", "bpfel", "cuda", "msp430", "pru", "rx", "sbf", "sharc", "v850"];

/// Sections of firmware and kernels.
const SECTIONS: [&str; 13] = [
    ".isr_vector",
    ".vector_table",
    ".vectors",
    ".intvecs",
    ".resetvec",
    ".reset.text",
    ".iram0.text",
    ".flash.text",
    ".multiboot",
    ".u_boot_list",
    ".limine_requests",
    "__ksymtab",
    "__ksymtab_strings",
];

/// Note owners that only a hypervisor or a unikernel's loader reads.
const NOTES: [(&[u8], Os); 3] =
    [(b"Xen", Os::BareMetal), (b"HERMIT", Os::Hermit), (b"HermitCore", Os::Hermit)];

/// The first address that a 32-bit program cannot have, if it is not 3 GiB.
const KERNEL_32: [(&str, u64); 3] =
    [("mips", 0x8000_0000), ("mipsle", 0x8000_0000), ("sparc", 0xf000_0000)];
const KERNEL_OF_OTHERS: u64 = 0xc000_0000;

/// Finds a sign that alone excludes every operating system.
pub(super) fn system(image: &Image<'_>, linkage: &Linkage) -> Option<ImageSystem> {
    let arch = image.arch().to_string();
    if MACHINES.contains(&arch.as_str()) {
        return Some(ImageSystem::new(
            Os::BareMetal,
            "ELF header",
            &format!("machine {arch}"),
            Certain,
        ));
    }
    match image.object() {
        object::File::Elf32(file) => of_file(image, linkage, file),
        object::File::Elf64(file) => of_file(image, linkage, file),
        _ => None,
    }
}

fn of_file<E: FileHeader<Endian = Endianness>>(
    image: &Image<'_>,
    linkage: &Linkage,
    file: &ElfFile<'_, E>,
) -> Option<ImageSystem> {
    let none =
        |place: &str, found: &str, sure| Some(ImageSystem::new(Os::BareMetal, place, found, sure));
    let loads: Vec<Load> = Load::all(file);
    if let Some((found, sure)) = loads.iter().find_map(|load| load.is_impossible(image)) {
        return none("program headers", &found, sure);
    }
    // The other signs count only for images that start by themselves; a loader places a library
    // anywhere.
    if linkage.interpreter.is_some() || !linkage.needed.is_empty() {
        return None;
    }
    if let Some(load) = loads.iter().find(|load| load.is_moved()) {
        let found = format!("loaded at {:#x} to run at {:#x}", load.physical, load.address);
        return none("program headers", &found, Likely);
    }
    if let Some((owner, os)) =
        notes(image).find_map(|note| NOTES.iter().find(|(owner, _)| *owner == note.name).copied())
    {
        let owner = String::from_utf8_lossy(owner);
        return Some(ImageSystem::new(os, "note", &owner, Certain));
    }
    if let Some((name, at)) = multiboot(image.data()) {
        return none(name, &format!("header at offset {at:#x}"), Certain);
    }
    if let Some(profile) = arm_profile(file) {
        return none(".ARM.attributes", &format!("profile {profile}"), Certain);
    }
    if let Some(section) = image.sections().find(|section| SECTIONS.contains(&section.name)) {
        return none("section", section.name, Likely);
    }
    let is_riscv = matches!(image.arch(), Arch::Other(name) if name.starts_with("riscv"));
    if is_riscv && !loads.is_empty() && loads.iter().all(|load| load.address >= RISCV_RAM) {
        let found = format!("loaded from {RISCV_RAM:#x} on");
        return none("program headers", &found, Likely);
    }
    None
}

/// Finds a sign that is unusual for a program. It is only a guess, because no other sign supports
/// it.
pub(super) fn guess(image: &Image<'_>) -> Option<ImageSystem> {
    let loads = match image.object() {
        object::File::Elf32(file) => Load::all(file),
        object::File::Elf64(file) => Load::all(file),
        _ => return None,
    };
    let all = !loads.is_empty() && loads.iter().all(|load| load.writable && load.executable);
    // The loader of a packer has to write the code, so that packed programs have this sign too.
    let is_odd = all && packer::packer(image).is_none();
    let found = "everything is loaded as code that can be written";
    is_odd.then(|| ImageSystem::new(Os::BareMetal, "program headers", found, Guess))
}

/// A loaded part of the file.
struct Load {
    offset: u64,
    address: u64,
    physical: u64,
    writable: bool,
    executable: bool,
    is_fixed: bool,
}

impl Load {
    fn all<E: FileHeader<Endian = Endianness>>(file: &ElfFile<'_, E>) -> Vec<Self> {
        let endian = file.endian();
        let is_fixed = file.elf_header().e_type(endian) == elf::ET_EXEC;
        let segments = file.elf_program_headers().iter().filter(|segment| {
            segment.p_type(endian) == elf::PT_LOAD && segment.p_filesz(endian).into() > 0
        });
        segments
            .map(|segment| Self {
                offset: segment.p_offset(endian).into(),
                address: segment.p_vaddr(endian).into(),
                physical: segment.p_paddr(endian).into(),
                writable: segment.p_flags(endian).contains(elf::PF_W),
                executable: segment.p_flags(endian).contains(elf::PF_X),
                is_fixed,
            })
            .collect()
    }

    /// The reason why no system can load it as part of a program.
    fn is_impossible(&self, image: &Image<'_>) -> Option<(String, Confidence)> {
        let Self { offset, address, .. } = *self;
        if offset % PAGE != address % PAGE {
            let found = format!("offset {offset:#x} cannot be mapped to address {address:#x}");
            return Some((found, Certain));
        }
        let limit = if image.object().is_64() {
            1 << 63
        } else {
            let arch = image.arch().to_string();
            let known = KERNEL_32.iter().find(|(name, _)| *name == arch);
            known.map_or(KERNEL_OF_OTHERS, |(_, limit)| *limit)
        };
        if address >= limit {
            return Some((format!("address {address:#x}, where kernels are"), Certain));
        }
        let is_first = self.is_fixed && address < PAGE;
        is_first.then(|| (format!("fixed address {address:#x}, in the first page"), Certain))
    }

    /// Linkers without a physical address write the virtual address again, or zero.
    fn is_moved(&self) -> bool {
        self.physical != self.address && self.physical != 0
    }
}

/// Finds the header for a boot loader: its name and offset. The sum of its numbers is zero.
fn multiboot(data: &[u8]) -> Option<(&'static str, usize)> {
    const HEADERS: [(&str, u32, usize, usize, usize); 2] = [
        // Name, magic, search range, alignment, count of numbers in the sum.
        ("Multiboot", 0x1bad_b002, 8 << 10, 4, 3),
        ("Multiboot 2", 0xe852_50d6, 32 << 10, 8, 4),
    ];
    HEADERS.iter().find_map(|(name, magic, end, align, count)| {
        let head = data.get(..*end).unwrap_or(data);
        let is_header = |at: &usize| {
            let rest = head.get(*at..).unwrap_or_default();
            let words = rest.chunks_exact(4).take(*count).filter_map(|word| word.try_into().ok());
            let words: Vec<u32> = words.map(u32::from_le_bytes).collect();
            words.len() == *count
                && words.first() == Some(magic)
                && words.iter().fold(0_u32, |sum, word| sum.wrapping_add(*word)) == 0
        };
        let magic = magic.to_le_bytes();
        let mut places = memmem::find_iter(head, &magic).filter(|at| at % align == 0);
        places.find(is_header).map(|at| (*name, at))
    })
}

/// The profile of a processor that runs no system with program files: `M`, for microcontrollers.
fn arm_profile<E: FileHeader<Endian = Endianness>>(file: &ElfFile<'_, E>) -> Option<char> {
    const TEXTS: [u64; 4] = [4, 5, 65, 67];
    const ARCH: u64 = 6;
    const PROFILE: u64 = 7;
    const COMPATIBILITY: u64 = 32;
    /// Architecture values for microcontrollers only: v6-M to v8.1-M.
    const MICRO: [u64; 6] = [11, 12, 13, 16, 17, 21];
    let section = file.section_by_name(".ARM.attributes")?;
    let section = AttributesSection::<E>::new(file.endian(), section.data().ok()?).ok()?;
    let mut vendors = section.subsections().ok()?;
    while let Some(vendor) = vendors.next().ok()? {
        let mut parts = vendor.subsubsections();
        while let Some(part) = parts.next().ok()? {
            let mut attributes = part.attributes();
            while let Some(tag) = attributes.read_tag().ok()? {
                match tag {
                    COMPATIBILITY => {
                        attributes.read_integer().ok()?;
                        attributes.read_string().ok()?;
                    }
                    _ if TEXTS.contains(&tag) => drop(attributes.read_string().ok()?),
                    _ => {
                        let value = attributes.read_integer().ok()?;
                        let is_micro = tag == PROFILE && value == u64::from(b'M')
                            || tag == ARCH && MICRO.contains(&value);
                        if is_micro {
                            return Some('M');
                        }
                    }
                }
            }
        }
    }
    None
}
