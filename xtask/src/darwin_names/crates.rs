//! What crates say: `#[link(name = "Security", kind = "framework")] extern "C" { … }`, and the classes
//! of Objective-C that the crates of objc2 declare.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprLit, ForeignItem, ItemForeignMod, Lit, Macro, Meta, Token};
use walkdir::WalkDir;

use super::{Claim, Source};
use crate::shell::{self, output};

const MANIFEST: &str = "xtask/darwin-names/Cargo.toml";
/// Crates whose library is named by their build script, and not in the source.
const BY_BUILD_SCRIPT: [(&str, &str); 3] =
    [("curl-sys", "-lcurl"), ("libz-sys", "-lz"), ("libsqlite3-sys", "-lsqlite3")];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    manifest_path: PathBuf,
}

pub(super) fn claims() -> anyhow::Result<Vec<Claim>> {
    let mut cargo = shell::cargo();
    cargo.args(["metadata", "--locked", "--format-version=1", "--manifest-path", MANIFEST]);
    let metadata: Metadata = serde_json::from_str(&output(&mut cargo)?)?;
    let mut claims = Vec::new();
    for package in &metadata.packages {
        let folder = package.manifest_path.parent().context("a package without a folder")?;
        let source = Source {
            name: format!("{} {}", package.name, package.version),
            license: package.license.clone().unwrap_or_else(|| "unknown".to_owned()),
        };
        claims.extend(of_package(&package.name, folder)?.into_iter().map(|found| Claim {
            library: found.library,
            name: found.name,
            source: source.clone(),
        }));
    }
    Ok(claims)
}

/// A name in a block that links a library.
struct Found {
    library: String,
    name: String,
}

fn of_package(name: &str, folder: &Path) -> anyhow::Result<Vec<Found>> {
    let mut seen = Seen::default();
    let mut texts = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if entry.path().extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        texts.push(fs::read_to_string(entry.path()).unwrap_or_default());
    }
    let known = BY_BUILD_SCRIPT.iter().find(|(crate_name, _)| *crate_name == name);
    if known.is_none() && !texts.iter().any(|text| text.contains("link(")) {
        return Ok(Vec::new());
    }
    // Some files are no whole programs, but parts of others.
    for file in texts.iter().filter_map(|text| syn::parse_file(text).ok()) {
        seen.visit_file(&file);
    }
    seen.libraries.extend(known.map(|(_, library)| (*library).to_owned()));
    // Crates that bind one library name it once, in a block of its own. Other crates declare functions
    // of any library beside it.
    if let [only] = Vec::from_iter(&seen.libraries)[..] {
        let functions = seen.unnamed.iter().filter(|_| is_of_bindings(name));
        let names = functions.chain(&seen.classes);
        let found = names.map(|name| Found { library: only.clone(), name: name.clone() });
        seen.found.extend(found);
    }
    Ok(seen.found)
}

/// Whether a crate by this name has nothing but bindings.
fn is_of_bindings(name: &str) -> bool {
    name.ends_with("-sys") || name.starts_with("objc2-") || name == "core-services"
}

#[derive(Default)]
struct Seen {
    /// Frameworks, and libraries with `-l` before their names.
    libraries: BTreeSet<String>,
    found: Vec<Found>,
    /// Names in blocks that say no library.
    unnamed: Vec<String>,
    /// The symbols of classes.
    classes: Vec<String>,
}

impl<'ast> Visit<'ast> for Seen {
    fn visit_item_foreign_mod(&mut self, block: &'ast ItemForeignMod) {
        if !is_for_macos(&block.attrs) {
            return;
        }
        let library = block.attrs.iter().find_map(linked);
        self.libraries.extend(library.clone());
        for item in &block.items {
            let (attributes, name) = match item {
                ForeignItem::Fn(function) => (&function.attrs, function.sig.ident.to_string()),
                ForeignItem::Static(place) => (&place.attrs, place.ident.to_string()),
                _ => continue,
            };
            if !is_for_macos(attributes) {
                continue;
            }
            let link_name = attributes.iter().find_map(|it| text_of(&it.meta, "link_name"));
            let name = match link_name {
                Some(raw) if raw.starts_with('\u{1}') => raw[1..].to_owned(),
                Some(name) => format!("_{name}"),
                None => format!("_{}", name.trim_start_matches("r#")),
            };
            match &library {
                Some(library) => self.found.push(Found { library: library.clone(), name }),
                None => self.unnamed.push(name),
            }
        }
        visit::visit_item_foreign_mod(self, block);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let name = call.path.segments.last().map(|it| it.ident.to_string()).unwrap_or_default();
        if name == "extern_class" {
            self.classes.extend(class(call));
        } else if let Ok(file) = syn::parse2::<syn::File>(call.tokens.clone()) {
            // Blocks in a macro that hands its content on.
            let mut inside = Self::default();
            inside.visit_file(&file);
            self.libraries.extend(inside.libraries);
            self.found.extend(inside.found);
            self.unnamed.extend(inside.unnamed);
            self.classes.extend(inside.classes);
        }
    }
}

/// The symbol of the class that `extern_class!` declares: `… pub struct NSString …`, which may have
/// another name for Objective-C: `#[name = "…"]`.
fn class(call: &Macro) -> Option<String> {
    // A comment, which may have any word, is one word here.
    let words: Vec<String> = call.tokens.clone().into_iter().map(|it| it.to_string()).collect();
    let name = words.iter().find_map(|word| {
        word.replace(' ', "").strip_prefix("[name=\"")?.split('"').next().map(str::to_owned)
    });
    let place = words.iter().position(|word| word == "struct")?;
    Some(format!("_OBJC_CLASS_$_{}", name.as_ref().or(words.get(place + 1))?))
}

/// The library that an attribute links: `#[link(…)]`, also within `#[cfg_attr(…, link(…))]`.
fn linked(attribute: &Attribute) -> Option<String> {
    let parts = |meta: &Meta| -> Option<Vec<Meta>> {
        let Meta::List(list) = meta else { return None };
        let parse = Punctuated::<Meta, Token![,]>::parse_terminated;
        Some(list.parse_args_with(parse).ok()?.into_iter().collect())
    };
    let meta = &attribute.meta;
    let link = if meta.path().is_ident("cfg_attr") {
        let parts = parts(meta)?;
        if parts.first().is_some_and(is_of_gnustep) {
            return None;
        }
        parts.into_iter().find(|part| part.path().is_ident("link"))?
    } else {
        attribute.meta.clone()
    };
    if !link.path().is_ident("link") {
        return None;
    }
    let parts = parts(&link)?;
    let value = |key: &str| parts.iter().find_map(|part| text_of(part, key));
    let name = value("name")?;
    match value("kind").as_deref() {
        Some("framework") => Some(name),
        None | Some("dylib") => Some(format!("-l{name}")),
        _ => None,
    }
}

/// Whether a condition is about GNU's version of Apple's libraries.
fn is_of_gnustep(condition: &Meta) -> bool {
    text_of(condition, "feature").is_some_and(|feature| feature.starts_with("gnustep"))
}

fn text_of(meta: &Meta, key: &str) -> Option<String> {
    match meta {
        Meta::NameValue(pair) if pair.path.is_ident(key) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether conditions name another system alone.
fn is_for_macos(attributes: &[Attribute]) -> bool {
    let conditions = attributes.iter().filter(|it| it.path().is_ident("cfg"));
    let texts = conditions.filter_map(|it| match &it.meta {
        Meta::List(list) => Some(list.tokens.to_string()),
        _ => None,
    });
    texts.into_iter().all(|text| {
        !text.contains("target_os") || text.contains("\"macos\"") != text.starts_with("not")
    })
}
