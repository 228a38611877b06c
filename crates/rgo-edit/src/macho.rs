//! Edits Mach-O images. Only the header and `__LINKEDIT` change their layout; everything between
//! stays in place, because code and data refer to each other by distance.
//!
//! ```text
//! header, load commands │ __TEXT … __DATA │ [__DWARF] │ [__RGO] │ __LINKEDIT: tables, signature
//!  commands               untouched         taken out   added     linkedit, symbols, trie, sign
//! ```

mod added;
mod aranges;
mod choice;
mod code_directory;
mod commands;
mod dsym;
mod exports;
mod fixups;
mod linkedit;
mod sign;
mod strip;
mod symbols;
mod trie;
mod uuid;

use object::macho;

use super::{Compression, Draft, Edited, Edits, MachOPart, Reason, SignaturePolicy, bytes};
use commands::{Command, Commands};
use linkedit::{Linkedit, LinkeditTable, refuse_bytes};
use rgo_binary::{Error, Result};
use sign::SignatureDraft;
use symbols::{Fate, Symbol};

pub(super) use dsym::only_keep_debug;

const WHAT: &str = "Mach-O image";
/// Bytes of an `LC_ID_DYLIB` before the name.
const DYLIB_NAME: usize = 24;
/// The identifier in the signature of an image that has no name.
const NAMELESS: &[u8] = b"a.out";

/// An image taken apart for edits.
struct ImageParts<'a> {
    /// All bytes before the signature.
    image: Draft<'a>,
    commands: Commands,
    /// The end of the input's tables: its signature, or its own end.
    tables_end: u64,
    signature: Option<SignatureDraft>,
    identity_dropped: bool,
    /// Whether something was removed or renamed.
    changed: bool,
}

pub(super) fn apply<'a>(input: Draft<'a>, edits: &Edits<'_>) -> Result<Edited<'a>> {
    refuse_foreign(edits)?;
    let unedited = input.is_input().then(|| input.clone());
    let mut parts = ImageParts::parse(input, edits.sign)?;
    if let Some(name) = edits.install_name {
        parts.rename(name)?;
        parts.changed = true;
    }
    parts.change_signature(edits)?;
    let removed = parts.strip(edits)?;
    // An identity's signature stays valid if nothing changes.
    let may_be_same = edits.sign == SignaturePolicy::Renew && edits.identifier.is_none();
    if let Some(unedited) = unedited.filter(|_| may_be_same && !parts.changed) {
        return Ok(Edited::of(unedited));
    }
    let mut warnings = Vec::new();
    if parts.signature.is_none()
        && edits.sign == SignaturePolicy::None
        && parts.commands.cpu_type()? == macho::CPU_TYPE_ARM64
    {
        warnings.push("macOS on arm64 loads no code without a signature".to_owned());
    }
    if edits.macho.without.contains(&MachOPart::Uuid) {
        let text = "without a UUID no debugger finds the companion of the image, and new versions \
                    of macOS may refuse to load the image";
        warnings.push(text.to_owned());
    }
    let identity_dropped = parts.identity_dropped;
    Ok(Edited { removed, identity_dropped, warnings, ..Edited::of(parts.join()?) })
}

/// Refuses requests that only other formats support.
fn refuse_foreign(edits: &Edits<'_>) -> Result<()> {
    if !matches!(edits.compression, None | Some(Compression::None)) {
        let why = "no debugger for Mach-O reads them";
        return Err(Error::unsupported("compressed debug sections in a Mach-O image", why));
    }
    if edits.debuglink.is_some() {
        let why = "debuggers find the dSYM of a Mach-O image by its UUID";
        return Err(Error::unsupported("a link to a debug file", why));
    }
    Ok(())
}

pub(super) fn restrict_exports<'a>(input: &'a [u8], allowed: &[String]) -> Result<Draft<'a>> {
    let mut parts = ImageParts::parse(Draft::of(input), SignaturePolicy::Keep)?;
    parts.restrict_exports(allowed)?;
    parts.join()
}

pub(super) fn make_deterministic(input: &[u8]) -> Result<Draft<'_>> {
    let mut parts = ImageParts::parse(Draft::of(input), SignaturePolicy::Keep)?;
    parts.edit_symbols(|symbol| {
        symbol.forget_time();
        Fate::Keep
    })?;
    uuid::write(input, &mut parts.commands)?;
    parts.join()
}

impl<'a> ImageParts<'a> {
    fn parse(mut image: Draft<'a>, sign: SignaturePolicy) -> Result<Self> {
        let input = image.input();
        let commands = Commands::parse(input)?;
        let file_type = commands.file_type()?;
        let why = match file_type {
            macho::MH_EXECUTE | macho::MH_DYLIB | macho::MH_BUNDLE | macho::MH_DYLINKER => None,
            macho::MH_OBJECT => {
                Some("it is a relocatable object, whose relocations know symbols by number")
            }
            macho::MH_DSYM => Some("it is a companion, of debug data alone"),
            _ => Some("it is no program, library or bundle"),
        };
        if let Some(why) = why {
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
        let signature = SignatureDraft::read(input, &commands)?;
        let mut identity_dropped = false;
        if let Some(signature) = &signature {
            if let Some(signer) = &signature.signer {
                if sign == SignaturePolicy::Keep {
                    return Err(Error::SignedByIdentity { signer: signer.clone() });
                }
                identity_dropped = true;
            }
            if let Some(offset) = signature.offset {
                image.truncate(offset);
            }
        }
        let tables_end = image.size();
        Ok(Self { image, commands, tables_end, signature, identity_dropped, changed: false })
    }

    /// Writes the image: commands in front, signature behind.
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
        self.resize_linkedit(end)?;
        self.commands.write(&mut self.image)?;
        if let Some(signature) = &self.signature {
            let text = self.commands.segment("__TEXT")?;
            signature.write(&mut self.image, text.file_offset..text.file_end())?;
        }
        Ok(self.image)
    }

    /// Makes `__LINKEDIT` end at the future end of the file.
    fn resize_linkedit(&mut self, end: u64) -> Result<()> {
        let segments = self.commands.segments()?;
        let segment = self.commands.segment("__LINKEDIT")?;
        let size = end.saturating_sub(segment.file_offset);
        if size == segment.file_size {
            return Ok(());
        }
        let memory = size.next_multiple_of(self.commands.page()?);
        let grown = segment.address.saturating_add(memory);
        let is_next = |other: &commands::Segment| {
            other.address >= segment.address.saturating_add(segment.size) && other.address < grown
        };
        if memory > segment.size && segments.iter().any(is_next) {
            let why = "another segment follows __LINKEDIT in memory, and it has to grow";
            return Err(Error::unsupported("editing this Mach-O image", why));
        }
        let command = self.commands.get_mut(segment.command)?;
        command.set_u64(48, size)?;
        command.set_u64(32, memory)
    }

    /// Adds or removes the signature, or changes its identifier.
    fn change_signature(&mut self, edits: &Edits<'_>) -> Result<()> {
        if edits.identifier.is_some_and(|identifier| identifier.contains('\0')) {
            return Err(Error::unsupported("this signing identifier", "it contains a NUL"));
        }
        let place = self.commands.find(macho::LC_CODE_SIGNATURE);
        let is_new = edits.sign == SignaturePolicy::AdHoc || edits.macho.entitlements.is_some();
        match (edits.sign, place) {
            (_, None) if is_new => {
                self.signature = Some(SignatureDraft::new(&self.commands, self.own_name()?)?);
                let kind = macho::LC_CODE_SIGNATURE.0;
                let words = [kind, sign::COMMAND_SIZE, 0, 0];
                let data = words.into_iter().flat_map(u32::to_le_bytes).collect();
                self.commands.list.push(Command { kind, data });
            }
            (SignaturePolicy::None, Some(place)) => {
                self.signature = None;
                self.commands.list.remove(place);
                // The padding before it goes too: `__LINKEDIT` ends with its last table.
                let linkedit = Linkedit::parse(self.image.input(), &self.commands)?;
                if let Some(end) = linkedit.end() {
                    refuse_bytes(self.image.input(), end..self.tables_end, "nothing names them")?;
                    self.image.truncate(end);
                }
            }
            _ => {}
        }
        if let (Some(identifier), Some(signature)) = (edits.identifier, &mut self.signature) {
            signature.identifier = identifier.as_bytes().to_vec();
        }
        if let (Some(entitlements), Some(signature)) =
            (edits.macho.entitlements, &mut self.signature)
        {
            signature.entitle(entitlements)?;
        }
        // If only pages changed, the signature keeps its signer's flags.
        if is_new || edits.identifier.is_some() {
            self.vouch_for_property_list()?;
        }
        Ok(())
    }

    /// Adds the hash of the image's Info.plist to the signature, as codesign does.
    fn vouch_for_property_list(&mut self) -> Result<()> {
        let Some(signature) = &mut self.signature else { return Ok(()) };
        let text = self.commands.segment("__TEXT")?;
        for section in self.commands.sections(&text)? {
            if section.name() == "__info_plist" {
                signature.vouch_for_property_list(section.bytes(self.image.input())?)?;
            }
        }
        Ok(())
    }

    /// The image's identifier: the last part of its install name, else derived from its UUID, as
    /// codesign does. An image does not know its file name.
    fn own_name(&self) -> Result<Vec<u8>> {
        if let Some(index) = self.commands.find(macho::LC_ID_DYLIB) {
            let command = self.commands.get(index)?;
            let name = command.data.get(command.u32(8)? as usize..).unwrap_or_default();
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            let last = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            if !last.is_empty() {
                return Ok(last.to_vec());
            }
        }
        let Some(uuid) = uuid::read(&self.commands)? else { return Ok(NAMELESS.to_vec()) };
        let digits = hex::encode(uuid);
        Ok([NAMELESS, b"-", digits.as_bytes()].concat())
    }

    /// Changes the install name of a library; the commands behind it move.
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

    fn restrict_exports(&mut self, allowed: &[String]) -> Result<()> {
        let mut linkedit = Linkedit::parse(self.image.input(), &self.commands)?;
        let mut names: Vec<&[u8]> = allowed.iter().map(String::as_bytes).collect();
        names.sort_unstable();
        names.dedup();
        let old = linkedit.bytes(LinkeditTable::Exports).to_vec();
        let mut exports = Vec::with_capacity(names.len());
        for name in &names {
            let payload = trie::find(&old, name)?.ok_or_else(|| {
                let name = String::from_utf8_lossy(name);
                Error::unsupported(format!("exporting {name}"), "the image does not define it")
            })?;
            exports.push((*name, payload));
        }
        let mut trie = trie::build(&exports);
        bytes::pad(&mut trie, linkedit::ALIGN);
        linkedit.replace(LinkeditTable::Exports, trie);
        symbols::edit(&mut linkedit, &mut self.commands, |symbol| {
            if symbol.is_exported() && names.binary_search(&symbol.name.as_ref()).is_err() {
                symbol.make_private();
            }
            Fate::Keep
        })?;
        let start = self.commands.segment("__LINKEDIT")?.file_offset;
        self.lay_out(&linkedit, start)
    }

    /// Rewrites the symbol table in place.
    fn edit_symbols(&mut self, fate: impl FnMut(&mut Symbol<'_>) -> Fate) -> Result<()> {
        let mut linkedit = Linkedit::parse(self.image.input(), &self.commands)?;
        symbols::edit(&mut linkedit, &mut self.commands, fate)?;
        let start = self.commands.segment("__LINKEDIT")?.file_offset;
        self.lay_out(&linkedit, start)
    }

    /// Rewrites `__LINKEDIT` from `start` on, if one of its tables changed.
    fn lay_out(&mut self, linkedit: &Linkedit<'_>, start: u64) -> Result<()> {
        let segment = self.commands.segment("__LINKEDIT")?;
        if !linkedit.is_changed() && start == segment.file_offset {
            return Ok(());
        }
        linkedit.refuse_unnamed(self.image.input(), segment.file_offset..self.tables_end)?;
        self.commands.get_mut(segment.command)?.set_u64(40, start)?;
        self.image.truncate(start);
        let missing = start.saturating_sub(self.image.size());
        self.image.zeros(missing, Reason::Padding);
        linkedit.write(&mut self.image, &mut self.commands)
    }
}
