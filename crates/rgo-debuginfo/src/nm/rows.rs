//! Writes the rows of a [`Listing`] in the columns of GNU's nm. (LLVM's writes zeros for undefined symbols
//! under `-P`, and blanks for their size under `-S`.)
//!
//! ```text
//! bsd       0000000000001139 T main                      -S adds the size behind the address
//! posix     main T 1139 22
//! sysv      main                |0000000000001139|   T  |              FUNC|0000000000000022|     |.text
//! names     main
//! ```

use std::ops::Range;

use object::elf;

use super::{Listing, NmFormat, NmSort, Radix, Row};
use crate::symbols::{Place, RawSymbol, SymbolTable, TableFormat};

/// Appends the name of a symbol as a person should see it, or returns false.
pub trait Demangle: FnMut(&[u8], &mut Vec<u8>) -> bool {}

impl<F: FnMut(&[u8], &mut Vec<u8>) -> bool> Demangle for F {}

/// Width of a name in the table with bars.
const NAME_WIDTH: usize = 20;
/// Width of a type there.
const TYPE_WIDTH: usize = 18;

impl<'a> Listing<'_, 'a> {
    /// Appends the lines of these rows, each after `prefix`.
    pub fn write(
        &self,
        rows: Range<usize>,
        prefix: &[u8],
        demangle: &mut impl Demangle,
        out: &mut Vec<u8>,
    ) {
        for row in self.rows.get(rows).unwrap_or_default() {
            out.extend_from_slice(prefix);
            match self.options.format {
                NmFormat::Names => self.write_name(row, demangle, out),
                NmFormat::Bsd => self.write_bsd(row, demangle, out),
                NmFormat::Posix => self.write_posix(row, demangle, out),
                NmFormat::SystemV => self.write_system_v(row, demangle, out),
            }
            out.push(b'\n');
        }
    }

    /// The lines above the rows: the names of the columns, in the table with bars.
    #[must_use]
    pub fn heading(&self) -> &'static str {
        if self.options.format != NmFormat::SystemV {
            ""
        } else if self.table.is_64 {
            "Name                  Value           Class        Type         Size             Line  Section\n\n"
        } else {
            "Name                  Value   Class        Type         Size     Line  Section\n\n"
        }
    }

    fn write_bsd(&self, row: &Row<'_, 'a>, demangle: &mut impl Demangle, out: &mut Vec<u8>) {
        let size = row.symbol.size;
        if row.has_no_value() {
            blanks(self.width(), out);
        } else if self.options.sort == NmSort::Size && !self.options.print_size {
            self.number(size, out);
        } else {
            self.number(row.value(), out);
        }
        if self.options.print_size && size != 0 && !row.has_no_value() {
            out.push(b' ');
            self.number(size, out);
        }
        out.extend_from_slice(&[b' ', row.letter as u8]);
        if let (RawSymbol::MachO { kind, section, description, .. }, '-') =
            (row.symbol.raw, row.letter)
        {
            out.extend_from_slice(stab(kind, section, description).as_bytes());
        }
        out.push(b' ');
        self.write_name(row, demangle, out);
        if let (RawSymbol::MachO { target, .. }, Place::Indirect) =
            (row.symbol.raw, row.symbol.place)
        {
            out.extend_from_slice(b" (indirect for ");
            out.extend_from_slice(target);
            out.push(b')');
        }
    }

    fn write_posix(&self, row: &Row<'_, 'a>, demangle: &mut impl Demangle, out: &mut Vec<u8>) {
        self.write_name(row, demangle, out);
        out.extend_from_slice(&[b' ', row.letter as u8, b' ']);
        if row.has_no_value() {
            return blanks(8, out);
        }
        digits(row.value(), self.options.radix, 0, out);
        out.push(b' ');
        if row.symbol.size != 0 {
            digits(row.symbol.size, self.options.radix, 0, out);
        }
    }

    fn write_system_v(&self, row: &Row<'_, 'a>, demangle: &mut impl Demangle, out: &mut Vec<u8>) {
        let start = out.len();
        self.write_name(row, demangle, out);
        blanks(NAME_WIDTH.saturating_sub(out.len() - start), out);
        out.push(b'|');
        if row.has_no_value() {
            blanks(self.width(), out);
        } else {
            self.number(row.value(), out);
        }
        out.extend_from_slice(b"|   ");
        out.extend_from_slice(&[row.letter as u8, b' ', b' ', b'|']);
        let (kind, section) = kind_and_section(self.table, row);
        blanks(TYPE_WIDTH.saturating_sub(kind.len()), out);
        out.extend_from_slice(kind.as_bytes());
        out.push(b'|');
        if row.symbol.size == 0 {
            blanks(self.width(), out);
        } else {
            self.number(row.symbol.size, out);
        }
        out.extend_from_slice(b"|     |");
        out.extend_from_slice(section);
    }

    fn write_name(&self, row: &Row<'_, 'a>, demangle: &mut impl Demangle, out: &mut Vec<u8>) {
        let name = row.symbol.name;
        if !demangle(name, out) {
            out.extend_from_slice(name);
        }
        if let Some(version) = row.symbol.version.filter(|_| self.options.versions) {
            out.extend_from_slice(if version.is_default { b"@@" } else { b"@" });
            out.extend_from_slice(version.name);
        }
    }

    fn number(&self, number: u64, out: &mut Vec<u8>) {
        digits(number, self.options.radix, self.width(), out);
    }

    /// Width of an address.
    fn width(&self) -> usize {
        if self.table.is_64 { 16 } else { 8 }
    }
}

impl Row<'_, '_> {
    /// The number that stands for an address: for common symbols their size.
    pub(super) fn value(&self) -> u64 {
        match self.symbol.place {
            Place::Common => self.symbol.size,
            _ => self.symbol.address,
        }
    }

    fn has_no_value(&self) -> bool {
        matches!(self.letter, 'U' | 'w' | 'v') || self.symbol.place == Place::Indirect
    }
}

fn blanks(count: usize, out: &mut Vec<u8>) {
    out.resize(out.len() + count, b' ');
}

/// Appends a number with zeros before it up to `width`.
fn digits(mut number: u64, radix: Radix, width: usize, out: &mut Vec<u8>) {
    // 64 bits to the base of 8.
    let mut buffer = [b'0'; 22];
    let base = match radix {
        Radix::Octal => 8,
        Radix::Decimal => 10,
        Radix::Hexadecimal => 16,
    };
    let mut first = buffer.len();
    while number > 0 || first == buffer.len() {
        first -= 1;
        if let Some(place) = buffer.get_mut(first) {
            *place = b"0123456789abcdef".get((number % base) as usize).copied().unwrap_or_default();
        }
        number /= base;
    }
    let first = first.min(buffer.len().saturating_sub(width));
    out.extend_from_slice(buffer.get(first..).unwrap_or_default());
}

/// What a stab of Mach-O is, with its section and description.
fn stab(kind: u8, section: u8, description: u16) -> String {
    const NAMES: [(u8, &str); 31] = [
        (0x20, "GSYM"),
        (0x22, "FNAME"),
        (0x24, "FUN"),
        (0x26, "STSYM"),
        (0x28, "LCSYM"),
        (0x2e, "BNSYM"),
        (0x30, "PC"),
        (0x32, "AST"),
        (0x3c, "OPT"),
        (0x40, "RSYM"),
        (0x44, "SLINE"),
        (0x4e, "ENSYM"),
        (0x60, "SSYM"),
        (0x64, "SO"),
        (0x66, "OSO"),
        (0x80, "LSYM"),
        (0x82, "BINCL"),
        (0x84, "SOL"),
        (0x86, "PARAM"),
        (0x88, "VERS"),
        (0x8a, "OLEV"),
        (0xa0, "PSYM"),
        (0xa2, "EINCL"),
        (0xa4, "ENTRY"),
        (0xc0, "LBRAC"),
        (0xc2, "EXCL"),
        (0xe0, "RBRAC"),
        (0xe2, "BCOMM"),
        (0xe4, "ECOMM"),
        (0xe8, "ECOML"),
        (0xfe, "LENG"),
    ];
    match NAMES.iter().find(|(known, _)| *known == kind) {
        Some((_, name)) => format!(" {section:02x} {description:04x} {name:>5}"),
        None => format!(" {section:02x} {description:04x}    {kind:02x}"),
    }
}

/// The type and section of an ELF symbol; empty in other formats.
fn kind_and_section<'a>(table: &SymbolTable<'a>, row: &Row<'_, 'a>) -> (String, &'a [u8]) {
    let RawSymbol::Elf { kind, .. } = row.symbol.raw else { return (String::new(), b"") };
    debug_assert_eq!(table.format, TableFormat::Elf);
    let name = match kind {
        elf::STT_NOTYPE => "NOTYPE",
        elf::STT_OBJECT => "OBJECT",
        elf::STT_FUNC => "FUNC",
        elf::STT_SECTION => "SECTION",
        elf::STT_FILE => "FILE",
        elf::STT_COMMON => "COMMON",
        elf::STT_TLS => "TLS",
        elf::STT_GNU_IFUNC => "IFUNC",
        _ => return (format!("<unknown>: {}", kind.0), b""),
    };
    let section = match row.symbol.place {
        Place::Undefined => b"*UND*",
        Place::Absolute => b"*ABS*",
        Place::Common => b"*COM*",
        _ => table.section_of(row.symbol).map_or(&b""[..], |section| section.name),
    };
    (name.to_owned(), section)
}
