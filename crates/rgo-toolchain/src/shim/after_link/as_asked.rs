//! Whether a file that was linked is what the link command asked for. Linkers take options and do
//! nothing with them; what is shipped would then be another program, and nobody would know.

use std::collections::BTreeSet;

use globset::{Glob, GlobSet, GlobSetBuilder};
use object::{Object, ObjectSymbol};
use rgo_binary::linkage::Linkage;
use rgo_binary::linkage::load_options::{is_symbolic, pe_loaded_at_start, pe_versions, stack_size};
use rgo_binary::{Format, Image};

use super::super::link_request::{ExportList, LinkRequest, ListForm, exported_by};
use super::super::link_result::LinkResult;
use super::{CheckError, read_list};

/// Names in a message, at most.
const SHOWN: usize = 5;

/// What the file lacks of what was asked, in words; empty if nothing.
///
/// # Errors
/// If the file, or a list of names that the command gives, cannot be read.
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

/// Options whose effect is in the headers.
fn options(asked: &LinkRequest, image: &Image<'_>, linkage: &Linkage) -> Vec<String> {
    let mut missing = Vec::new();
    let mut hold = |is: bool, option: &str, value: &str| {
        if !is {
            missing.push(format!("{option} {value}").trim_end().to_owned());
        }
    };
    let is_elf = image.format() == Format::Elf;
    if let Some(name) = asked.soname.as_deref().filter(|_| is_elf) {
        hold(linkage.soname.as_deref() == Some(name), "-soname", name);
    }
    let runpath: Vec<&str> = linkage.runpath.iter().flat_map(|path| path.split(':')).collect();
    for path in asked.rpaths.iter().filter(|_| image.format() != Format::Pe) {
        let mut parts = path.split(':').filter(|part| !part.is_empty());
        let is_there = parts.all(|part| runpath.contains(&part));
        hold(is_there, "-rpath", path);
    }
    if let Some(name) = asked.install_name.as_deref().filter(|_| image.format() == Format::MachO) {
        hold(linkage.soname.as_deref() == Some(name), "-install_name", name);
    }
    if asked.symbolic && is_elf && linkage.kind != rgo_binary::Kind::Executable {
        hold(is_symbolic(image), "-Bsymbolic", "");
    }
    if let Some(text) = &asked.stack_size {
        let size = number(text);
        hold(size.is_none() || stack_size(image) == size, "the stack size", text);
    }
    if let Some(name) = asked.subsystem.as_deref().filter(|_| image.format() == Format::Pe) {
        let is = match name {
            "windows" => Some("gui"),
            other => Some(other),
        };
        hold(linkage.subsystem.as_deref() == is, "--subsystem", name);
    }
    if let Some((os, subsystem)) = pe_versions(image) {
        for (wanted, is, option) in [
            (&asked.os_version, os, "--major-os-version"),
            (&asked.subsystem_version, subsystem, "--major-subsystem-version"),
        ] {
            let same = |wanted: &String| *wanted == is || format!("{wanted}.0") == is;
            hold(wanted.as_ref().is_none_or(same), option, wanted.as_deref().unwrap_or_default());
        }
    }
    if let Some(loaded) = pe_loaded_at_start(image).filter(|_| !asked.delayed.is_empty()) {
        for name in &asked.delayed {
            let is_delayed = !loaded.iter().any(|it| it.eq_ignore_ascii_case(name));
            hold(is_delayed, "--delayload", name);
        }
    }
    for name in &asked.needed {
        let start = format!("lib{name}.so");
        let is_needed = linkage.needed.iter().any(|needed| needed.starts_with(&start));
        hold(is_needed, "--no-as-needed -l", name);
    }
    if let Some(name) = asked.entry.as_deref().filter(|_| is_elf) {
        let object = image.object();
        let place = object.symbols().find(|it| it.name_bytes() == Ok(name.as_bytes()));
        hold(place.is_none_or(|it| it.address() == object.entry()), "--entry", name);
    }
    missing
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

/// What is to be exported.
struct Exports {
    /// Names that are to be there, if the file defines them.
    wanted: BTreeSet<String>,
    /// Patterns of what may be there besides; `None` if nothing limits it.
    allowed: Option<GlobSet>,
}

impl Exports {
    fn read(linked: &LinkResult, format: Format) -> Result<Self, CheckError> {
        let asked = &linked.asked;
        let mut wanted: Vec<String> = asked.exported.clone();
        let mut is_limited = false;
        // A version script gives a program's symbols versions, and exports none of them.
        let counts = |list: &&ExportList| {
            linked.library || matches!(list.form, ListForm::DynamicList | ListForm::Names)
        };
        for list in asked.lists.iter().filter(counts) {
            let text = read_list(&list.path)?;
            wanted.extend(exported_by(&text, list.form));
            is_limited |= list.form != ListForm::DynamicList;
        }
        // Mach-O libraries are reduced after the link.
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

    /// Names that the file defines and does not export.
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

    /// Names that are exported though no list has them.
    fn superfluous(
        &self,
        linked: &LinkResult,
        linkage: &Linkage,
        image: &Image<'_>,
    ) -> Option<String> {
        let allowed = self.allowed.as_ref()?;
        // Those of the build's own record are found by their section.
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

/// Whether a name is one that LLD defines itself for where a section begins or ends, and exports
/// whatever a version script says.
fn is_end_of_section(name: &str, image: &Image<'_>) -> bool {
    let section = name.strip_prefix("__start_").or_else(|| name.strip_prefix("__stop_"));
    let has = |section: &str| image.object().section_by_name(section).is_some();
    image.format() == Format::Elf && section.is_some_and(has)
}

/// A few of many names.
pub(super) fn listed(names: &[&str]) -> String {
    let shown = names.get(..SHOWN).unwrap_or(names).join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
