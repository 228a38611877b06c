//! Turns the addresses of a call or a trace into those of the file.

use object::{Object, ObjectSegment};
use rgo_binary::{Format, Image};
use rgo_debuginfo::list::{self, Sources};

use super::args::SymbolizeArgs;
use super::trace::TraceAddress;

/// The addresses of a binary.
pub(super) struct Addresses<'i, 'a> {
    image: &'i Image<'a>,
    /// The first address of the loaded binary, as it is linked.
    first: u64,
    /// Behind its last address.
    end: u64,
    base: Option<u64>,
    is_relative: bool,
}

impl<'i, 'a> Addresses<'i, 'a> {
    pub(super) fn new(image: &'i Image<'a>, args: &SymbolizeArgs) -> Self {
        let segments = || {
            let loaded = image.object().segments().filter(|segment| segment.size() > 0);
            loaded.map(|segment| {
                (segment.address(), segment.address().saturating_add(segment.size()))
            })
        };
        let first = match image.format() {
            Format::Elf => segments().map(|(start, _)| start).min().unwrap_or_default(),
            Format::MachO | Format::Pe => image.object().relative_address_base(),
        };
        let end = segments().map(|(_, end)| end).max().unwrap_or(u64::MAX);
        Self { image, first, end, base: args.base, is_relative: args.relative }
    }

    /// The address in the file.
    ///
    /// # Errors
    /// If something is missing to know it, in words.
    pub(super) fn of(&self, address: &TraceAddress) -> Result<u64, String> {
        match address {
            TraceAddress::InFile(address) if self.is_relative => Ok(self.of_module(*address)),
            TraceAddress::InFile(address) if self.base.is_some() => self.of_process(*address, None),
            TraceAddress::InFile(address) => Ok(*address),
            TraceAddress::FromModule(offset) => Ok(self.of_module(*offset)),
            TraceAddress::InProcess { address, base } => self.of_process(*address, *base),
            TraceAddress::FromFunction { name, offset } => {
                let start = self.function(name);
                let start = start.ok_or_else(|| format!("there is no symbol {name}"))?;
                Ok(start.wrapping_add(*offset))
            }
        }
    }

    fn is_inside(&self, address: u64) -> bool {
        (self.first..self.end).contains(&address)
    }

    fn of_module(&self, offset: u64) -> u64 {
        // ELF's loader and sanitizers count from address 0, also for programs with another first address.
        if self.image.format() == Format::Elf && self.is_inside(offset) {
            return offset;
        }
        self.first.wrapping_add(offset)
    }

    fn of_process(&self, address: u64, base: Option<u64>) -> Result<u64, String> {
        match base.or(self.base) {
            Some(base) => Ok(address.wrapping_sub(base).wrapping_add(self.first)),
            None if self.is_inside(address) => Ok(address),
            None => {
                Err("the place of the binary in memory is not known: --base says it".to_owned())
            }
        }
    }

    fn function(&self, name: &str) -> Option<u64> {
        let symbols = list::list(self.image, Sources::Best).ok()?;
        symbols.iter().find(|symbol| *symbol.name == *name.as_bytes())?.address
    }
}
