//! Instruction sets by Go's names (`GOARCH`), because these include the byte order of a processor
//! that has two: `ppc64` and `ppc64le`. An instruction set that Go does not know has the compilers'
//! name.

use std::fmt;

use object::read::elf::FileHeader;
use object::read::macho::MachHeader;
use object::read::pe::ImageNtHeaders;
use object::{Architecture, Object, SubArchitecture, elf, pe};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The byte order of numbers.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Endian {
    /// Lowest byte first.
    Little,
    /// Highest byte first.
    Big,
}

impl fmt::Display for Endian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Little => "little",
            Self::Big => "big",
        })
    }
}

/// The instruction set of an image, by its name in toolchain specifications.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Arch {
    /// x86-64.
    Amd64,
    /// AArch64.
    Arm64,
    /// Any other: GOARCH's name if there is one (`386`, `ppc64le`), else the compilers' name
    /// (`riscv32`, `avr`), else [`Arch::NUMBERED`] with the format's number.
    Other(String),
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Arch {
    /// Every instruction set that has a name.
    pub const NAMES: &[&str] = &[
        "386",
        "alpha",
        "amd64",
        "amdgpu",
        "arc",
        "arceb",
        "arm",
        "arm64",
        "arm64_32",
        "arm64_32be",
        "arm64be",
        "arm64e",
        "arm64ec",
        "armbe",
        "avr",
        "bpfeb",
        "bpfel",
        "csky",
        "cskybe",
        "cuda",
        "e2k32",
        "e2k64",
        "ebc",
        "hexagon",
        "hppa",
        "ia64",
        "ia64be",
        "loong32",
        "loong64",
        "m32r",
        "m68k",
        "microblaze",
        "microblazeel",
        "mips",
        "mips64",
        "mips64le",
        "mips64p32",
        "mips64p32le",
        "mipsle",
        "msp430",
        "nios2",
        "nios2eb",
        "or1k",
        "ppc",
        "ppc64",
        "ppc64le",
        "ppcle",
        "pru",
        "riscv32",
        "riscv32be",
        "riscv64",
        "riscv64be",
        "rx",
        "rxeb",
        "s390",
        "s390x",
        "sbf",
        "sh",
        "sharc",
        "sheb",
        "sparc",
        "sparc32plus",
        "sparc64",
        "sparcel",
        "tilegx",
        "tilegxbe",
        "v850",
        "vax",
        "wasm",
        "wasm64",
        "x32",
        "xtensa",
        "xtensaeb",
    ];

    /// The text before the number of a machine without a name.
    pub const NUMBERED: &str = "machine ";

    /// The instruction set's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
            Self::Other(name) => name,
        }
    }

    /// The instruction set with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "amd64" => Some(Self::Amd64),
            "arm64" => Some(Self::Arm64),
            other if Self::NAMES.contains(&other) => Some(Self::Other(other.to_owned())),
            _ => None,
        }
    }
}

impl Serialize for Arch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl schemars::JsonSchema for Arch {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Arch".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string"})
    }
}

impl<'de> Deserialize<'de> for Arch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let none = || de::Error::custom(format!("no instruction set is called `{name}`"));
        Self::named(&name).ok_or_else(none)
    }
}

/// Names by byte order: little, big.
type EndianNames = (&'static str, &'static str);

/// Instruction sets that `object` knows.
const KNOWN: [(Architecture, EndianNames); 34] = [
    (Architecture::Aarch64_Ilp32, ("arm64_32", "arm64_32be")),
    (Architecture::Alpha, ("alpha", "alpha")),
    (Architecture::Arm, ("arm", "armbe")),
    (Architecture::Avr, ("avr", "avr")),
    (Architecture::Bpf, ("bpfel", "bpfeb")),
    (Architecture::Csky, ("csky", "cskybe")),
    (Architecture::E2K32, ("e2k32", "e2k32")),
    (Architecture::E2K64, ("e2k64", "e2k64")),
    (Architecture::I386, ("386", "386")),
    (Architecture::X86_64_X32, ("x32", "x32")),
    (Architecture::Hexagon, ("hexagon", "hexagon")),
    (Architecture::Hppa, ("hppa", "hppa")),
    (Architecture::Ia64, ("ia64", "ia64be")),
    (Architecture::LoongArch32, ("loong32", "loong32")),
    (Architecture::LoongArch64, ("loong64", "loong64")),
    (Architecture::M68k, ("m68k", "m68k")),
    (Architecture::Mips, ("mipsle", "mips")),
    (Architecture::Mips64, ("mips64le", "mips64")),
    (Architecture::Mips64_N32, ("mips64p32le", "mips64p32")),
    (Architecture::Msp430, ("msp430", "msp430")),
    (Architecture::PowerPc, ("ppcle", "ppc")),
    (Architecture::PowerPc64, ("ppc64le", "ppc64")),
    (Architecture::Riscv32, ("riscv32", "riscv32be")),
    (Architecture::Riscv64, ("riscv64", "riscv64be")),
    (Architecture::S390x, ("s390x", "s390x")),
    (Architecture::Sbf, ("sbf", "sbf")),
    (Architecture::Sharc, ("sharc", "sharc")),
    (Architecture::Sparc, ("sparcel", "sparc")),
    (Architecture::Sparc32Plus, ("sparc32plus", "sparc32plus")),
    (Architecture::Sparc64, ("sparc64", "sparc64")),
    (Architecture::SuperH, ("sh", "sheb")),
    (Architecture::Wasm32, ("wasm", "wasm")),
    (Architecture::Wasm64, ("wasm64", "wasm64")),
    (Architecture::Xtensa, ("xtensa", "xtensaeb")),
];

/// ELF machines that `object` does not know.
const ELF_MACHINES: [(elf::Machine, EndianNames); 16] = [
    (elf::EM_S390, ("s390", "s390")),
    (elf::EM_MIPS_RS3_LE, ("mipsle", "mips")),
    (elf::EM_AMDGPU, ("amdgpu", "amdgpu")),
    (elf::EM_ARC, ("arc", "arceb")),
    (elf::EM_ARC_COMPACT, ("arc", "arceb")),
    (elf::EM_ARC_COMPACT2, ("arc", "arceb")),
    (elf::EM_CUDA, ("cuda", "cuda")),
    (elf::EM_M32R, ("m32r", "m32r")),
    (elf::EM_MICROBLAZE, ("microblazeel", "microblaze")),
    (elf::EM_OPENRISC, ("or1k", "or1k")),
    (elf::EM_RX, ("rx", "rxeb")),
    (elf::EM_TILEGX, ("tilegx", "tilegxbe")),
    (elf::EM_TI_PRU, ("pru", "pru")),
    (elf::EM_V850, ("v850", "v850")),
    (elf::EM_VAX, ("vax", "vax")),
    (elf::EM_ALTERA_NIOS2, ("nios2", "nios2eb")),
];

/// PE machines that `object` does not know.
const PE_MACHINES: [(pe::Machine, &str); 11] = [
    (pe::IMAGE_FILE_MACHINE_ALPHA, "alpha"),
    (pe::IMAGE_FILE_MACHINE_ARM, "arm"),
    (pe::IMAGE_FILE_MACHINE_EBC, "ebc"),
    (pe::IMAGE_FILE_MACHINE_IA64, "ia64"),
    (pe::Machine(0x6264), "loong64"),
    (pe::IMAGE_FILE_MACHINE_POWERPC, "ppcle"),
    (pe::IMAGE_FILE_MACHINE_R4000, "mipsle"),
    (pe::IMAGE_FILE_MACHINE_RISCV32, "riscv32"),
    (pe::IMAGE_FILE_MACHINE_RISCV64, "riscv64"),
    (pe::IMAGE_FILE_MACHINE_SH4, "sh"),
    (pe::IMAGE_FILE_MACHINE_THUMB, "arm"),
];

/// The instruction set and byte order of an image.
pub(crate) fn of(file: &object::File<'_>) -> (Arch, Endian) {
    let endian = if file.is_little_endian() { Endian::Little } else { Endian::Big };
    let other = |name: &str| Arch::Other(name.to_owned());
    let arch = match (file.architecture(), file.sub_architecture()) {
        // Slices of one file need different names, and so do libraries of different ABIs.
        (Architecture::Aarch64, Some(SubArchitecture::Arm64E)) => other("arm64e"),
        (Architecture::Aarch64, Some(SubArchitecture::Arm64EC)) => other("arm64ec"),
        (Architecture::X86_64, _) => Arch::Amd64,
        (Architecture::Aarch64, _) => match endian {
            Endian::Little => Arch::Arm64,
            Endian::Big => other("arm64be"),
        },
        (Architecture::Unknown, _) => unknown(file, endian),
        (known, _) => {
            let names = KNOWN.iter().find(|(arch, _)| *arch == known);
            names.map_or_else(|| other("unknown"), |(_, names)| other(choose(*names, endian)))
        }
    };
    (arch, endian)
}

/// A name for a machine that `object` knows by its number only.
fn unknown(file: &object::File<'_>, endian: Endian) -> Arch {
    let elf = |machine: elf::Machine| {
        let known = ELF_MACHINES.iter().find(|(known, _)| *known == machine);
        (known.map(|(_, names)| choose(*names, endian)), machine.0.into())
    };
    let pe = |machine: pe::Machine| {
        let known = PE_MACHINES.iter().find(|(known, _)| *known == machine);
        (known.map(|(_, name)| *name), machine.0.into())
    };
    let (name, number): (Option<&str>, u32) = match file {
        object::File::Elf32(file) => elf(file.elf_header().e_machine(file.endian())),
        object::File::Elf64(file) => elf(file.elf_header().e_machine(file.endian())),
        object::File::Pe32(file) => pe(file.nt_headers().file_header().machine.get(LE)),
        object::File::Pe64(file) => pe(file.nt_headers().file_header().machine.get(LE)),
        object::File::MachO32(file) => (None, file.macho_header().cputype(file.endian()).0),
        object::File::MachO64(file) => (None, file.macho_header().cputype(file.endian()).0),
        _ => (None, 0),
    };
    Arch::Other(name.map_or_else(|| format!("{}{number}", Arch::NUMBERED), str::to_owned))
}

const LE: object::LittleEndian = object::LittleEndian;

fn choose((little, big): EndianNames, endian: Endian) -> &'static str {
    match endian {
        Endian::Little => little,
        Endian::Big => big,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_list_of_names_has_every_name_once() {
        let of_pairs = KNOWN.iter().map(|(_, names)| names);
        let of_pairs = of_pairs.chain(ELF_MACHINES.iter().map(|(_, names)| names));
        let mut names: BTreeSet<&str> =
            of_pairs.flat_map(|(little, big)| [*little, *big]).collect();
        names.extend(PE_MACHINES.map(|(_, name)| name));
        names.extend(["amd64", "arm64", "arm64be", "arm64e", "arm64ec"]);
        assert_eq!(Arch::NAMES, names.into_iter().collect::<Vec<_>>());
    }
}
