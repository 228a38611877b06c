//! Compares a linked file with the link command. Linkers accept options and ignore some of them;
//! rgo would then ship a program other than the one asked for, and nobody would notice.

use std::collections::BTreeSet;

use globset::{Glob, GlobSet, GlobSetBuilder};
use object::{Object, ObjectSymbol};
use rgo_binary::linkage::Linkage;
use rgo_binary::linkage::load_options::{is_symbolic, pe_loaded_at_start, pe_versions, stack_size};
use rgo_binary::{Format, Image};

use super::super::link_request::{ExportList, LinkRequest, ListForm, exported_by};
use super::super::link_result::LinkResult;
use super::{CheckError, read_list};

/// The most names that one message lists.
const SHOWN: usize = 5;

/// The requests that the file does not fulfill, in words; empty if it fulfills all.
///
/// # Errors
/// If rgo cannot read the file, or a list of names that the command gives.
pub(super) fn missing(linked: &LinkResult, image: &Image<'_>) -> Result<Vec<String>, CheckError> {
    let asked = &linked.asked;
    let linkage = image.linkage()?;
    let mut missing = options(asked, image, &linkage);
    let exports = Exports::read(linked, image.format())?;
    missing.extend(exports.missing(image, &linkage));
    if linked.library {
        missing.extend(exports.superfluous(linked, &linkage, image));
    }
    Ok(missing)
}

/// Options that had no effect, each with its value.
#[derive(Default)]
struct Missing(Vec<String>);

impl Missing {
    fn hold(&mut self, is: bool, option: &str, value: &str) {
        if !is {
            self.0.push(format!("{option} {value}").trim_end().to_owned());
        }
    }
}

/// Checks the options whose effect the headers show.
fn options(asked: &LinkRequest, image: &Image<'_>, linkage: &Linkage) -> Vec<String> {
    let mut missing = Missing::default();
    match image.format() {
        Format::Elf => elf_options(asked, image, linkage, &mut missing),
        Format::MachO => {
            if let Some(name) = asked.install_name.as_deref() {
                missing.hold(linkage.soname.as_deref() == Some(name), "-install_name", name);
            }
        }
        Format::Pe => pe_options(asked, image, linkage, &mut missing),
    }
    let runpath: Vec<&str> = linkage.runpath.iter().flat_map(|path| path.split(':')).collect();
    for path in asked.rpaths.iter().filter(|_| image.format() != Format::Pe) {
        let mut parts = path.split(':').filter(|part| !part.is_empty());
        missing.hold(parts.all(|part| runpath.contains(&part)), "-rpath", path);
    }
    if let Some(text) = &asked.stack_size {
        let size = number(text);
        missing.hold(size.is_none() || stack_size(image) == size, "the stack size", text);
    }
    for name in &asked.needed {
        let start = format!("lib{name}.so");
        let is_needed = linkage.needed.iter().any(|needed| needed.starts_with(&start));
        missing.hold(is_needed, "--no-as-needed -l", name);
    }
    missing.0
}

fn elf_options(asked: &LinkRequest, image: &Image<'_>, linkage: &Linkage, missing: &mut Missing) {
    if let Some(name) = asked.soname.as_deref() {
        missing.hold(linkage.soname.as_deref() == Some(name), "-soname", name);
    }
    if asked.symbolic && linkage.kind != rgo_binary::Kind::Executable {
        missing.hold(is_symbolic(image), "-Bsymbolic", "");
    }
    if let Some(name) = asked.entry.as_deref() {
        let object = image.object();
        let place = object.symbols().find(|it| it.name_bytes() == Ok(name.as_bytes()));
        missing.hold(place.is_none_or(|it| it.address() == object.entry()), "--entry", name);
    }
}

fn pe_options(asked: &LinkRequest, image: &Image<'_>, linkage: &Linkage, missing: &mut Missing) {
    if let Some(name) = asked.subsystem.as_deref() {
        // Linkers call the subsystem `windows` that `Linkage` calls `gui`.
        let is = if name == "windows" { "gui" } else { name };
        missing.hold(linkage.subsystem.as_deref() == Some(is), "--subsystem", name);
    }
    if let Some((os, subsystem)) = pe_versions(image) {
        for (wanted, is, option) in [
            (&asked.os_version, os, "--major-os-version"),
            (&asked.subsystem_version, subsystem, "--major-subsystem-version"),
        ] {
            let Some(wanted) = wanted else { continue };
            missing.hold(*wanted == is || format!("{wanted}.0") == is, option, wanted);
        }
    }
    if let Some(loaded) = pe_loaded_at_start(image).filter(|_| !asked.delayed.is_empty()) {
        for name in &asked.delayed {
            let is_delayed = !loaded.iter().any(|it| it.eq_ignore_ascii_case(name));
            missing.hold(is_delayed, "--delayload", name);
        }
    }
}

/// A number as linkers read it: decimal, `0x`, or octal after `0`.
fn number(text: &str) -> Option<u64> {
    let text = text.split(',').next().unwrap_or(text);
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None if text.len() > 1 && text.starts_with('0') => u64::from_str_radix(text, 8).ok(),
        None => text.parse().ok(),
    }
}

/// The exports that the command asks for.
struct Exports {
    /// Names that the file must export if it defines them.
    wanted: BTreeSet<String>,
    /// Patterns of further names that the file may export; `None` if the command sets no limit.
    allowed: Option<GlobSet>,
}

impl Exports {
    fn read(linked: &LinkResult, format: Format) -> Result<Self, CheckError> {
        let asked = &linked.asked;
        let mut wanted: Vec<String> = asked.exported.clone();
        let mut is_limited = false;
        // In a program a version script only assigns versions to symbols; it exports none of them.
        let counts = |list: &&ExportList| {
            linked.library || matches!(list.form, ListForm::DynamicList | ListForm::Names)
        };
        for list in asked.lists.iter().filter(counts) {
            let text = read_list(&list.path)?;
            wanted.extend(exported_by(&text, list.form));
            is_limited |= list.form != ListForm::DynamicList;
        }
        // For Mach-O, `mend` has already reduced the exports.
        is_limited &= !asked.exports_all && format != Format::MachO;
        let is_plain = |name: &String| !name.contains(['*', '?', '[']);
        let (wanted, patterns): (BTreeSet<String>, BTreeSet<String>) =
            wanted.into_iter().partition(is_plain);
        let mut allowed = GlobSetBuilder::new();
        for glob in patterns.iter().filter_map(|pattern| Glob::new(pattern).ok()) {
            allowed.add(glob);
        }
        let allowed = allowed.build().map_err(CheckError::Pattern)?;
        Ok(Self { wanted, allowed: is_limited.then_some(allowed) })
    }

    /// Describes the wanted names that the file defines and does not export.
    fn missing(&self, image: &Image<'_>, linkage: &Linkage) -> Option<String> {
        let exported: BTreeSet<&str> = linkage.exports.iter().map(String::as_str).collect();
        let absent: BTreeSet<&str> = self.wanted.iter().map(String::as_str).collect();
        let absent: BTreeSet<&str> = absent.difference(&exported).copied().collect();
        if absent.is_empty() {
            return None;
        }
        let symbols = image.object().symbols();
        let defined = symbols.filter(|it| it.is_global() && it.is_definition());
        let names: BTreeSet<&str> = defined.filter_map(|symbol| symbol.name().ok()).collect();
        let absent: Vec<&str> = absent.intersection(&names).copied().collect();
        (!absent.is_empty()).then(|| format!("the export of {}", listed(&absent)))
    }

    /// Describes the names that the file exports though no list has them.
    fn superfluous(
        &self,
        linked: &LinkResult,
        linkage: &Linkage,
        image: &Image<'_>,
    ) -> Option<String> {
        let allowed = self.allowed.as_ref()?;
        // Readers find the build's own record by its section, so its symbols do not count.
        let own = [rgo_binary::embedded::rgo_note::SYMBOL, rgo_binary::embedded::auditable::SYMBOL];
        let is_allowed = |name: &str| {
            own.contains(&name)
                || self.wanted.contains(name)
                || allowed.is_match(name)
                || is_end_of_section(name, image)
        };
        let names = linkage.exports.iter().map(String::as_str);
        let mut more: Vec<&str> = names.filter(|name| !is_allowed(name)).collect();
        let is_pe = image.format() == Format::Pe;
        if is_pe && !more.is_empty() {
            let by_objects = linked.exported_by_objects();
            more.retain(|name| !by_objects.contains(*name));
        }
        let list = if is_pe { "module definition" } else { "version script" };
        (!more.is_empty()).then(|| format!("a {list} that does not export {}", listed(&more)))
    }
}

/// Whether LLD itself defines a name, for the begin or the end of a section. LLD exports such a
/// name even against a version script.
fn is_end_of_section(name: &str, image: &Image<'_>) -> bool {
    let section = name.strip_prefix("__start_").or_else(|| name.strip_prefix("__stop_"));
    let has = |section: &str| image.object().section_by_name(section).is_some();
    image.format() == Format::Elf && section.is_some_and(has)
}

/// The first few of many names, and the number of the others.
pub(super) fn listed(names: &[&str]) -> String {
    let shown = names.get(..SHOWN).unwrap_or(names).join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
