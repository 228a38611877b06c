//! What this program does when a build starts it as a linker or a compiler: the link shim of
//! `rgo-toolchain` runs zig, and what was linked is mended and compared with what was asked for.

use std::collections::HashSet;
use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use globset::{Glob, GlobSetBuilder};
use object::{Object, ObjectSymbol};
use rgo_binary::{FileKind, Image, Limits};
use rgo_toolchain::shim::asked::{ListForm, exported_by};
use rgo_toolchain::shim::{self, PostLinkError};

use super::{as_asked, finish, open_names};
use crate::app::error::CommandError;
use crate::app::exit::Exit;
use crate::app::{args, terminal};
use rgo_files::atomic_file;

/// If this process was started as the link shim or as a compiler for build scripts, does that
/// and gives the exit code.
#[must_use]
pub fn intercept() -> Option<ExitCode> {
    let mut raw = std::env::args_os();
    let argv0 = raw.next()?.to_string_lossy().into_owned();
    let raw: Vec<OsString> = raw.collect();
    let lossy: Vec<String> = raw.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    shim::invoked_as(&argv0, &lossy)?;
    // A path that was changed on its way to the linker would be another file's.
    let args = match args::utf8(raw) {
        Ok(args) => args,
        Err(error) => {
            let error = CommandError::from(error);
            terminal::error(&error);
            return Some(Exit::from(error.kind).into());
        }
    };
    let call = shim::invoked_as(&argv0, &args)?;
    Some(shim::run(call, &after_link))
}

/// Mends what was linked, and holds that it is what was asked for.
fn after_link(linked: &shim::Linked) -> Result<(), PostLinkError> {
    let failed = |doing: &str, error: anyhow::Error| {
        let error = CommandError::from(error.context(format!("{doing} what was linked")));
        PostLinkError { text: error.text(), hint: error.hints.into_iter().next() }
    };
    mend(linked).map_err(|error| failed("mending", error))?;
    let compared = || -> Result<_> {
        let data = finish::map(&linked.output)?;
        let image = Image::parse(&data, &Limits::default())?;
        Ok((as_asked::missing(linked, &image)?, open_names::refused(&image)?))
    };
    let (missing, refused) = compared().map_err(|error| failed("checking", error))?;
    if !refused.is_empty() {
        return Err(open_names::error(&refused));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join("; ");
    let hint = "the linker has not done it; leave the option out for this target, or report it";
    Err(PostLinkError {
        text: format!("the file does not have what the link command asks for: {missing}"),
        hint: Some(hint.to_owned()),
    })
}

/// Mends what zig's Mach-O linker leaves: it has no export list, so a dylib would export all of
/// std, and its UUIDs depend on where and when objects were made.
fn mend(linked: &shim::Linked) -> Result<()> {
    let data = finish::map(&linked.output)?;
    if FileKind::parse(&data) != FileKind::MachO {
        return Ok(());
    }
    let mut bytes = rgo_edit::make_deterministic(&data)?;
    let mut lists =
        linked.asked.lists.iter().filter(|list| list.form == ListForm::Names).peekable();
    // Each `-exported_symbol` names one more.
    let mut allowed = linked.asked.exported.clone();
    if lists.peek().is_some() || !allowed.is_empty() {
        for list in lists {
            let text = std::fs::read_to_string(&list.path)
                .with_context(|| format!("reading the list of exports {}", list.path))?;
            allowed.extend(exported_by(&text, list.form));
        }
        bytes = restricted(&bytes, &allowed, linked.library)?;
    }
    drop(data);
    atomic_file::write(&linked.output, &bytes, Some(&linked.output))?;
    Ok(())
}

/// Letters of a name on a list that stand for others.
const PATTERN: [char; 3] = ['*', '?', '['];
/// What a program exports of itself, as linkers make it.
const HEADER: &str = "__mh_execute_header";

/// A library or program that exports what is on these lists, and no more. A name that a library does
/// not have is a mistake; that a program lacks what its library exports is none.
fn restricted(data: &[u8], allowed: &[String], is_library: bool) -> Result<Vec<u8>> {
    let image = Image::parse(data, &Limits::default())?;
    let exported = image.linkage()?.exports;
    if is_library {
        let exports: HashSet<&str> = exported.iter().map(String::as_str).collect();
        let absent = allowed.iter().map(String::as_str);
        let absent = absent.filter(|name| !name.contains(PATTERN) && !exports.contains(name));
        let mut absent: Vec<&str> = absent.collect();
        // What is defined and hidden is compared with what was asked for later.
        let symbols = image.object().symbols().filter(ObjectSymbol::is_definition);
        let defined: HashSet<&str> = symbols.filter_map(|symbol| symbol.name().ok()).collect();
        absent.retain(|name| !defined.contains(name));
        if !absent.is_empty() {
            bail!("nothing of what was linked defines the export {}", as_asked::listed(&absent));
        }
    }
    let mut patterns = GlobSetBuilder::new();
    for name in allowed {
        patterns.add(Glob::new(name).with_context(|| format!("the export {name}"))?);
    }
    let patterns = patterns.build().context("the list of exports")?;
    let is_allowed = |name: &&String| *name == HEADER || patterns.is_match(name.as_str());
    let mut keep: Vec<String> = exported.iter().filter(is_allowed).cloned().collect();
    // Those of the note are found by their section.
    keep.retain(|name| name != "_RGO_NOTE" && name != "_RGO_AUDIT");
    rgo_edit::restrict_exports(data, &keep).context("reducing its exports")
}
