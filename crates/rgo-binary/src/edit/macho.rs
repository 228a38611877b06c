//! Edits to Mach-O images. The header and `__LINKEDIT` are the parts that move; everything
//! between stays where it is, because code and data refer to each other by distance.
//!
//! ```text
//! header, load commands │ __TEXT … __DATA │ [__DWARF] │ __LINKEDIT: tables, signature
//!  commands               untouched         taken out   linkedit, symbols, trie, sign
//! ```

mod commands;
mod linkedit;
mod sign;
mod symbols;
mod trie;
mod uuid;

use std::borrow::Cow;

use object::macho;

use super::{Draft, Edited, Finish, Removed, Sign, Strip, bytes};
use crate::{Error, Result};
use commands::{Command, Commands, Segment};
use linkedit::{Linkedit, Table};
use sign::Signature;
use symbols::{Fate, Symbol};

const WHAT: &str = "Mach-O image";
/// Bytes of an `LC_ID_DYLIB` before the name.
const DYLIB_NAME: usize = 24;

/// An image taken apart into what edits look at.
struct Parts<'a> {
    /// Everything up to the signature.
    image: Draft<'a>,
    commands: Commands,
    signature: Option<Signature>,
    identity_dropped: bool,
}

pub(super) fn finish<'a>(input: Draft<'a>, edits: &Finish<'_>) -> Result<Edited<'a>> {
    let mut parts = Parts::parse(input, edits.sign)?;
    if let Some(name) = edits.install_name {
        parts.rename(name)?;
    }
    if let (Some(identifier), Some(signature)) = (edits.identifier, &mut parts.signature) {
        if identifier.contains('\0') {
            return Err(Error::unsupported("this signing identifier", "it contains a NUL"));
        }
        signature.identifier = identifier.as_bytes().to_vec();
    }
    let removed = match edits.strip {
        Strip::None => parts.trim_debug_map(edits.trims).map(|()| Vec::new())?,
        Strip::Debug | Strip::Unneeded | Strip::All => parts.strip(edits.strip)?,
    };
    let identity_dropped = parts.identity_dropped;
    Ok(Edited { removed, identity_dropped, ..Edited::of(parts.join()?) })
}

pub(super) fn restrict_exports<'a>(input: &'a [u8], allowed: &[String]) -> Result<Draft<'a>> {
    let mut parts = Parts::parse(Draft::of(input), Sign::Keep)?;
    parts.restrict_exports(allowed)?;
    parts.join()
}

pub(super) fn settle(input: &[u8]) -> Result<Draft<'_>> {
    let mut parts = Parts::parse(Draft::of(input), Sign::Keep)?;
    parts.edit_symbols(|symbol| {
        symbol.forget_time();
        Fate::Keep
    })?;
    uuid::write(input, &mut parts.commands)?;
    parts.join()
}

impl<'a> Parts<'a> {
    fn parse(mut image: Draft<'a>, sign: Sign) -> Result<Self> {
        let input = image.input();
        let commands = Commands::parse(input)?;
        let file_type = commands.file_type()?;
        if file_type == macho::MH_OBJECT {
            let why = "it is a relocatable object, not a linked image";
            return Err(Error::unsupported("editing this Mach-O image", why));
        }
        let linkedit = commands.segment("__LINKEDIT")?;
        let is_last = commands.segments()?.iter().all(|other| {
            other.command == linkedit.command || other.file_end() <= linkedit.file_offset
        });
        let end = linkedit.file_end();
        bytes::slice(input, linkedit.file_offset, linkedit.file_size, WHAT)?;
        if !is_last || end != image.size() {
            let why = if is_last {
                format!("{} bytes follow its last segment", image.size() - end)
            } else {
                "__LINKEDIT is not its last segment".to_owned()
            };
            return Err(Error::unsupported("editing this Mach-O image", why));
        }
        let signature = Signature::read(input, &commands)?;
        let mut identity_dropped = false;
        if let Some(signature) = &signature {
            if let Some(signer) = &signature.signer {
                if sign == Sign::Keep {
                    return Err(Error::SignedByIdentity { signer: signer.clone() });
                }
                identity_dropped = true;
            }
            image.truncate(signature.offset);
        }
        Ok(Self { image, commands, signature, identity_dropped })
    }

    /// Puts the image together: commands in front, signature behind.
    fn join(mut self) -> Result<Draft<'a>> {
        let mut end = self.image.size();
        if let Some(signature) = &self.signature {
            self.image.pad(sign::ALIGN);
            let start = self.image.size();
            end = start + signature.size(start)?;
            if let Some(index) = self.commands.find(macho::LC_CODE_SIGNATURE) {
                let command = self.commands.get_mut(index)?;
                let size = end - start;
                command.set_u32(8, bytes::word(bytes::index(start), WHAT)?)?;
                command.set_u32(12, bytes::word(bytes::index(size), WHAT)?)?;
            }
        }
        let segment = self.commands.segment("__LINKEDIT")?;
        let size = end.saturating_sub(segment.file_offset);
        let page = self.commands.page()?;
        let command = self.commands.get_mut(segment.command)?;
        command.set_u64(48, size)?;
        command.set_u64(32, size.next_multiple_of(page))?;
        self.commands.write(&mut self.image)?;
        if let Some(signature) = &self.signature {
            let text = self.commands.segment("__TEXT")?;
            signature.write(&mut self.image, text.file_offset..text.file_end())?;
        }
        Ok(self.image)
    }

    /// Gives a library another install name; the commands behind it move.
    fn rename(&mut self, name: &str) -> Result<()> {
        let index = self.commands.find(macho::LC_ID_DYLIB).ok_or_else(|| {
            Error::unsupported("an install name", "the image is no Mach-O library")
        })?;
        if name.contains('\0') {
            return Err(Error::unsupported("this install name", "it contains a NUL"));
        }
        let command = self.commands.get_mut(index)?;
        let mut data = command.data.clone();
        data.resize(DYLIB_NAME, 0);
        data.extend_from_slice(name.as_bytes());
        data.push(0);
        bytes::pad(&mut data, 8);
        *command = Command { kind: command.kind, data };
        let size = bytes::word(command.data.len(), "an install name")?;
        command.set_u32(4, size)?;
        command.set_u32(8, DYLIB_NAME as u32)
    }

    /// Takes debug data out, and with [`Strip::All`] the symbols that nobody asks for. Answers
    /// the names of the sections taken out.
    fn strip(&mut self, strip: Strip) -> Result<Vec<Removed>> {
        let mut linkedit = Linkedit::parse(self.image.input(), &self.commands)?;
        let is_library = self.commands.file_type()? != macho::MH_EXECUTE;
        let (start, removed) = self.remove_dwarf(&mut linkedit)?;
        let sections: u64 = self.commands.segments()?.iter().map(|s| u64::from(s.sections)).sum();
        symbols::edit(&mut linkedit, &mut self.commands, |symbol| {
            let gone = u64::from(symbol.section) > sections;
            let wanted = match strip {
                Strip::None => true,
                Strip::Debug => !symbol.is_debugging(),
                Strip::Unneeded => symbol.is_needed() || symbol.is_exported(),
                Strip::All => symbol.is_needed() || is_library && symbol.is_exported(),
            };
            if wanted && !gone { Fate::Keep } else { Fate::Drop }
        })?;
        self.lay_out(&linkedit, start)?;
        Ok(removed)
    }

    fn restrict_exports(&mut self, allowed: &[String]) -> Result<()> {
        if self.commands.file_type()? != macho::MH_DYLIB {
            return Err(Error::unsupported("an export list", "the image is no Mach-O library"));
        }
        let mut linkedit = Linkedit::parse(self.image.input(), &self.commands)?;
        let mut names: Vec<&[u8]> = allowed.iter().map(String::as_bytes).collect();
        names.sort_unstable();
        names.dedup();
        let old = linkedit.bytes(Table::Exports).to_vec();
        let mut exports = Vec::with_capacity(names.len());
        for name in &names {
            let payload = trie::find(&old, name)?.ok_or_else(|| {
                let name = String::from_utf8_lossy(name);
                Error::unsupported(format!("exporting {name}"), "the library does not define it")
            })?;
            exports.push((*name, payload));
        }
        let mut trie = trie::build(&exports);
        bytes::pad(&mut trie, linkedit::ALIGN);
        linkedit.replace(Table::Exports, trie);
        symbols::edit(&mut linkedit, &mut self.commands, |symbol| {
            if symbol.is_exported() && names.binary_search(&symbol.name.as_ref()).is_err() {
                symbol.make_private();
            }
            Fate::Keep
        })?;
        let start = self.commands.segment("__LINKEDIT")?.file_offset;
        self.lay_out(&linkedit, start)
    }

    /// Rewrites the symbol table where it is.
    fn edit_symbols(&mut self, fate: impl FnMut(&mut Symbol<'_>) -> Fate) -> Result<()> {
        let mut linkedit = Linkedit::parse(self.image.input(), &self.commands)?;
        symbols::edit(&mut linkedit, &mut self.commands, fate)?;
        let start = self.commands.segment("__LINKEDIT")?.file_offset;
        self.lay_out(&linkedit, start)
    }

    /// Gives folders another name where the debug map names files in them. Of several that fit,
    /// the last counts, as it does for compilers.
    fn trim_debug_map(&mut self, trims: &[(&str, &str)]) -> Result<()> {
        if trims.is_empty() {
            return Ok(());
        }
        self.edit_symbols(|symbol| {
            if symbol.names_file() {
                let trimmed = trims.iter().rev().find_map(|(from, to)| {
                    let rest = symbol.name.strip_prefix(from.as_bytes())?;
                    let whole = from.ends_with('/') || matches!(rest.first(), None | Some(b'/'));
                    whole.then(|| [to.as_bytes(), rest].concat())
                });
                symbol.name = trimmed.map_or(symbol.name.clone(), Cow::Owned);
            }
            Fate::Keep
        })
    }

    /// Writes `__LINKEDIT` anew, from `start` on.
    fn lay_out(&mut self, linkedit: &Linkedit<'_>, start: u64) -> Result<()> {
        let segment = self.commands.segment("__LINKEDIT")?;
        self.commands.get_mut(segment.command)?.set_u64(40, start)?;
        self.image.truncate(start);
        linkedit.write(&mut self.image, &mut self.commands)
    }

    /// Takes the segment `__DWARF` out, which nothing refers to. Answers where `__LINKEDIT` may
    /// then start, and the names of the sections that are gone.
    fn remove_dwarf(&mut self, linkedit: &mut Linkedit<'_>) -> Result<(u64, Vec<Removed>)> {
        let segments = self.commands.segments()?;
        let start = self.commands.segment("__LINKEDIT")?.file_offset;
        let Some(dwarf) = segments.iter().find(|segment| segment.is("__DWARF")) else {
            return Ok((start, Vec::new()));
        };
        let others = || segments.iter().filter(|other| other.command != dwarf.command);
        let is_last = |other: &Segment| other.number < dwarf.number || other.is("__LINKEDIT");
        let before = others().filter(|other| !other.is("__LINKEDIT")).map(Segment::file_end).max();
        let before = before.unwrap_or_default();
        if !others().all(is_last) || dwarf.file_offset < before {
            return Err(Error::unsupported(
                "taking __DWARF out of this Mach-O image",
                "it is not the last segment before __LINKEDIT, and others are known by number",
            ));
        }
        let removed = self
            .commands
            .sections(dwarf)?
            .iter()
            .map(|section| Ok(Removed { name: section.name(), size: section.place()?.1 }))
            .collect::<Result<_>>()?;
        let fixups = linkedit.bytes(Table::ChainedFixups);
        if !fixups.is_empty() {
            let fixups = without_segment(fixups, dwarf.number)?;
            linkedit.replace(Table::ChainedFixups, fixups);
        }
        self.commands.list.remove(dwarf.command);
        linkedit.command_removed(dwarf.command);
        Ok((before.next_multiple_of(self.commands.page()?).min(start), removed))
    }
}

/// Takes one segment out of the list with which chained fixups start.
///
/// ```text
/// dyld_chained_fixups_header:   u32 version, u32 offset of the starts, …
/// dyld_chained_starts_in_image: u32 number of segments, per segment u32 offset or 0
/// ```
fn without_segment(fixups: &[u8], number: usize) -> Result<Vec<u8>> {
    const WHAT: &str = "Mach-O chained fixups";
    let mut fixups = fixups.to_vec();
    let starts = u64::from(bytes::u32_at(&fixups, 4, WHAT)?);
    let count = u64::from(bytes::u32_at(&fixups, starts, WHAT)?);
    let number = number as u64;
    let offsets = bytes::slice(&fixups, starts + 4, count * 4, WHAT)?.to_vec();
    if number >= count {
        return Ok(fixups);
    }
    if bytes::u32_at(&offsets, number * 4, WHAT)? != 0 {
        return Err(Error::unsupported(
            "taking __DWARF out of this Mach-O image",
            "the loader is to change pointers in it",
        ));
    }
    let rest = bytes::slice(&offsets, number * 4 + 4, (count - number - 1) * 4, WHAT)?;
    let count = bytes::word(bytes::index(count - 1), WHAT)?;
    bytes::put(&mut fixups, starts, &count.to_le_bytes(), WHAT)?;
    bytes::put(&mut fixups, starts + 4 + number * 4, rest, WHAT)?;
    let end = starts + 4 + u64::from(count) * 4;
    bytes::zero(&mut fixups, end, 4, WHAT)?;
    Ok(fixups)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixups(count: u32, offsets: &[u32]) -> Vec<u8> {
        let words = [0, 8, count];
        words.iter().chain(offsets).flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn chained_fixups_forget_a_segment() {
        let before = fixups(4, &[0, 40, 0, 0]);
        assert_eq!(without_segment(&before, 2).expect("reads"), fixups(3, &[0, 40, 0, 0]));
        assert_eq!(without_segment(&before, 0).expect("reads"), fixups(3, &[40, 0, 0, 0]));
        assert_eq!(without_segment(&before, 4).expect("reads"), before, "it had none");
        let error = without_segment(&before, 1).expect_err("has fixups").to_string();
        assert!(error.contains("the loader is to change pointers in it"), "{error}");
        assert!(without_segment(&fixups(5, &[0; 4]), 1).is_err(), "cut short");
        assert!(without_segment(&fixups(u32::MAX, &[0; 4]), 1).is_err(), "an endless list");
    }
}
