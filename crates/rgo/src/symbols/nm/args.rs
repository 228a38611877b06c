//! The command line of `rgo-symbols nm`: the flags of GNU's and LLVM's nm.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};
use rgo_debuginfo::nm::{NmFormat, NmOptions, NmSort, Radix, Selection};

/// Arguments of `rgo-symbols nm`
#[derive(Clone, Debug, Args)]
#[command(
    disable_help_flag = true,
    disable_version_flag = true,
    about = "List symbols exactly as nm does",
    after_help = "\
The output is that of GNU's nm, with the letters of LLVM's. Names stay mangled without -C. A
program whose name ends in `nm` takes these flags directly: ln -s rgo-symbols x86_64-linux-gnu-nm.

Exit codes: 0 done; 1 a file could not be read; 2 wrong usage."
)]
#[allow(clippy::struct_excessive_bools)]
pub struct NmArgs {
    /// Objects, programs and archives of objects [default: a.out]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Symbols for debuggers too
    #[arg(short = 'a', long, help_heading = "Which symbols")]
    pub debug_syms: bool,
    /// The loader's symbols, with their versions (ELF)
    #[arg(short = 'D', long, help_heading = "Which symbols")]
    pub dynamic: bool,
    /// Only symbols that other files may refer to
    #[arg(short = 'g', long, help_heading = "Which symbols")]
    pub extern_only: bool,
    /// Only symbols that the file defines
    #[arg(short = 'U', long, overrides_with = "undefined_only", help_heading = "Which symbols")]
    pub defined_only: bool,
    /// Only symbols that it does not define
    #[arg(short = 'u', long, overrides_with = "defined_only", help_heading = "Which symbols")]
    pub undefined_only: bool,
    /// No weak symbols
    #[arg(short = 'W', long, help_heading = "Which symbols")]
    pub no_weak: bool,
    /// The marks between code and data too (arm, RISC-V)
    #[arg(long, help_heading = "Which symbols")]
    pub special_syms: bool,
    /// The archive's index too
    #[arg(short = 's', long, visible_short_alias = 'M', help_heading = "Which symbols")]
    pub print_armap: bool,
    /// Only this architecture of a universal file, or all (repeatable) [default: this machine's, else all]
    #[arg(long, value_name = "ARCH", value_delimiter = ',', help_heading = "Which symbols")]
    pub arch: Vec<String>,

    /// By address, undefined ones first
    #[arg(short = 'n', long, visible_short_alias = 'v', help_heading = "Order")]
    pub numeric_sort: bool,
    /// As in the table
    #[arg(short = 'p', long, help_heading = "Order")]
    pub no_sort: bool,
    /// By size, and show it in place of the address
    #[arg(long, help_heading = "Order")]
    pub size_sort: bool,
    /// The other way round
    #[arg(short = 'r', long, help_heading = "Order")]
    pub reverse_sort: bool,

    /// The columns
    #[arg(
        short = 'f',
        long,
        value_name = "FORMAT",
        value_enum,
        ignore_case = true,
        default_value_t,
        overrides_with_all = ["portability", "just_symbols", "bsd"],
        help_heading = "Columns"
    )]
    pub format: NmFormatArg,
    /// As -f posix
    #[arg(
        short = 'P',
        long,
        overrides_with_all = ["format", "just_symbols", "bsd"],
        help_heading = "Columns"
    )]
    pub portability: bool,
    /// As -f just-symbols: names alone
    #[arg(
        short = 'j',
        long,
        overrides_with_all = ["format", "portability", "bsd"],
        help_heading = "Columns"
    )]
    pub just_symbols: bool,
    /// As -f bsd, which is the default
    #[arg(short = 'B', overrides_with_all = ["format", "portability", "just_symbols"], help_heading = "Columns")]
    pub bsd: bool,
    /// The file before each symbol
    #[arg(short = 'A', long, visible_short_alias = 'o', help_heading = "Columns")]
    pub print_file_name: bool,
    /// The size behind the address
    #[arg(short = 'S', long, help_heading = "Columns")]
    pub print_size: bool,
    /// How numbers are written: d, o or x
    #[arg(
        short = 't',
        long,
        value_name = "RADIX",
        value_enum,
        default_value_t,
        help_heading = "Columns"
    )]
    pub radix: RadixArg,
    /// Demangle C++, Rust and D names
    #[arg(
        short = 'C',
        long,
        value_name = "STYLE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "auto",
        overrides_with = "no_demangle",
        help_heading = "Columns"
    )]
    pub demangle: Option<String>,
    /// Leave names as they are, which is the default
    #[arg(long, overrides_with = "demangle", help_heading = "Columns")]
    pub no_demangle: bool,
    /// The version behind each name; with -D it is there without this
    #[arg(long, help_heading = "Columns")]
    pub with_symbol_versions: bool,

    /// Do not tell of files without symbols
    #[arg(long, help_heading = "Messages")]
    pub quiet: bool,
    /// Print help
    #[arg(short = 'h', long, action = ArgAction::Help, help_heading = "Messages")]
    pub help: Option<bool>,
    /// Print version
    #[arg(short = 'V', long, help_heading = "Messages")]
    pub version: bool,

    /// Accepted for the calls of scripts, without effect
    #[arg(short = 'e', hide = true)]
    pub ignored: bool,
    /// 32, 64, 32_64 or any: the files to look at, as AIX has it
    #[arg(short = 'X', value_name = "BITS", hide = true)]
    pub bits: Option<String>,
    /// A plugin of GNU's, which is not needed
    #[arg(long, value_name = "NAME", hide = true)]
    pub plugin: Option<String>,
    /// A format of GNU's, which files tell by themselves
    #[arg(long, value_name = "FORMAT", hide = true)]
    pub target: Option<String>,
}

impl NmArgs {
    /// The columns that the last flag of several asks for.
    pub(super) fn columns(&self) -> NmFormat {
        match self.format {
            _ if self.portability => NmFormat::Posix,
            _ if self.just_symbols => NmFormat::Names,
            NmFormatArg::Bsd => NmFormat::Bsd,
            NmFormatArg::Posix => NmFormat::Posix,
            NmFormatArg::Sysv => NmFormat::SystemV,
            NmFormatArg::JustSymbols => NmFormat::Names,
        }
    }

    /// Whether names are demangled.
    pub(super) fn demangles(&self) -> bool {
        self.demangle.as_deref().is_some_and(|style| style != "none")
    }

    /// What to list, and how.
    pub(super) fn options(&self) -> NmOptions {
        NmOptions {
            format: self.columns(),
            sort: match (self.no_sort, self.size_sort, self.numeric_sort) {
                (true, _, _) => NmSort::None,
                (_, true, _) => NmSort::Size,
                (_, _, true) => NmSort::Address,
                _ => NmSort::Name,
            },
            reverse: self.reverse_sort,
            selection: Selection {
                debug: self.debug_syms,
                special: self.special_syms,
                defined: self.defined_only,
                undefined: self.undefined_only,
                external: self.extern_only,
                no_weak: self.no_weak,
            },
            radix: match self.radix {
                RadixArg::D => Radix::Decimal,
                RadixArg::O => Radix::Octal,
                RadixArg::X => Radix::Hexadecimal,
            },
            print_size: self.print_size,
            versions: self.dynamic || self.with_symbol_versions,
        }
    }
}

/// The columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum NmFormatArg {
    /// Address, letter, name
    #[default]
    #[value(alias = "b")]
    Bsd,
    /// Name, letter, address, size
    #[value(alias = "p")]
    Posix,
    /// A table with bars
    #[value(alias = "s")]
    Sysv,
    /// Names alone
    #[value(alias = "j")]
    JustSymbols,
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RadixArg {
    /// To the base of 10
    #[value(alias = "10")]
    D,
    /// To the base of 8
    #[value(alias = "8")]
    O,
    /// To the base of 16
    #[default]
    #[value(alias = "16")]
    X,
}
