//! Finds circles of imports between the modules of a crate. Two modules that import each other can
//! only be read together, and are really one module.
//!
//! A module and its submodules count as one: imports between them are ignored. Any other import
//! counts for the two siblings that contain its ends:
//!
//! ```text
//! a::b::c imports a::d::e     in a: b -> d
//! ```

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, UseTree};

use super::Source;

/// Allowed circles, each by its folder and its modules. A circle with any other module breaks the
/// rule.
const NATURAL: [(&str, &[&str]); 1] = [
    // Archives are nested: the visitor opens an archive, which passes its members to the visitor.
    ("crates/rgo-files/src/walk", &["ar", "compressed", "tar", "visitor", "zip"]),
];

/// A module by its path from the root of its crate.
type Module = Vec<String>;
/// The imports of each module, each with a file that contains the import.
type Imports = BTreeMap<String, BTreeMap<String, String>>;
/// The imports among the children of each module.
type Siblings = BTreeMap<Module, Imports>;

/// The circles in the crate whose sources are in `folder`, such as `crates/rgo/src/`.
pub(super) fn broken(folder: &str, sources: &[Source]) -> anyhow::Result<Vec<String>> {
    let mut files: BTreeMap<Module, (&str, &str)> = BTreeMap::new();
    for source in sources {
        let Some(path) = source.path.strip_prefix(folder) else { continue };
        if let Some(module) = module(path) {
            files.insert(module, (path, &source.text));
        }
    }
    let mut parsed = BTreeMap::new();
    let mut for_tests: Vec<Module> = Vec::new();
    for (module, (path, text)) in &files {
        let file = syn::parse_file(text)?;
        for item in &file.items {
            if let Item::Mod(item) = item
                && is_for_tests(&item.attrs)
            {
                for_tests.push([&**module, &[item.ident.to_string()]].concat());
            }
        }
        parsed.insert(module, (path, file));
    }
    parsed.retain(|module, _| !for_tests.iter().any(|tests| module.starts_with(tests)));
    let mut siblings = Siblings::new();
    for (module, (path, file)) in parsed {
        let mut reader = Reader { modules: &files, here: module.clone(), imports: BTreeSet::new() };
        file.items.iter().for_each(|item| reader.visit_item(item));
        for import in reader.imports {
            let common = module.iter().zip(&import).take_while(|(a, b)| a == b).count();
            if let (Some(from), Some(to)) = (module.get(common), import.get(common)) {
                let of_parent = siblings.entry(module[..common].to_vec()).or_default();
                let of_module = of_parent.entry(from.clone()).or_default();
                of_module.entry(to.clone()).or_insert_with(|| (*path).to_owned());
            }
        }
    }
    let mut broken = Vec::new();
    for (parent, imports) in &siblings {
        for circle in circles(imports) {
            let place = format!("{folder}{}", parent.join("/"));
            let is_natural = NATURAL.iter().any(|(folder, modules)| {
                *folder == place && circle.iter().all(|module| modules.contains(module))
            });
            if !is_natural {
                broken.push(format!(
                    "{place}: {} import each other:{}",
                    circle.join(", "),
                    edges(imports, &circle)
                ));
            }
        }
    }
    Ok(broken)
}

/// The module of a file, from the path below the crate's sources; `None` for a program.
fn module(path: &str) -> Option<Module> {
    let path = path.strip_suffix(".rs")?;
    if path.starts_with("bin/") {
        return None;
    }
    let parts = path.split('/').filter(|part| !["mod", "lib", "main"].contains(part));
    Some(parts.map(str::to_owned).collect())
}

/// The imports that form a circle, one per line.
fn edges(imports: &Imports, circle: &[&str]) -> String {
    let mut text = String::new();
    for (from, of_module) in imports.iter().filter(|(from, _)| circle.contains(&from.as_str())) {
        for (to, file) in of_module.iter().filter(|(to, _)| circle.contains(&to.as_str())) {
            text.push_str(&format!("\n      {from} -> {to} in {file}"));
        }
    }
    text
}

/// Groups of modules in which each imports all others, directly or not.
fn circles(imports: &Imports) -> Vec<Vec<&str>> {
    let reached = |from: &str| {
        let mut seen = BTreeSet::new();
        let mut left: Vec<&String> =
            imports.get(from).into_iter().flat_map(BTreeMap::keys).collect();
        while let Some(module) = left.pop() {
            if seen.insert(module.as_str()) {
                left.extend(imports.get(module).into_iter().flat_map(BTreeMap::keys));
            }
        }
        seen
    };
    let all: BTreeMap<&str, BTreeSet<&str>> =
        imports.keys().map(|module| (module.as_str(), reached(module))).collect();
    let mut circles: Vec<Vec<&str>> = Vec::new();
    for (module, reaches) in &all {
        if reaches.contains(module) && !circles.iter().any(|circle| circle.contains(module)) {
            let is_in = |other: &&str| all.get(other).is_some_and(|it| it.contains(module));
            circles.push(reaches.iter().copied().filter(is_in).collect());
        }
    }
    circles
}

/// Collects the modules that a file names.
struct Reader<'a> {
    modules: &'a BTreeMap<Module, (&'a str, &'a str)>,
    /// The current module: inline modules have no file.
    here: Module,
    imports: BTreeSet<Module>,
}

impl Reader<'_> {
    /// Records the module that a path leads to. Ignores paths that begin with a name: they lead to
    /// another crate or to a child.
    fn note(&mut self, segments: &[String]) {
        let mut segments = segments.iter().peekable();
        let mut place = match segments.next().map(String::as_str) {
            Some("crate") => Module::new(),
            Some("self") => self.here.clone(),
            Some("super") => self.here[..self.here.len().saturating_sub(1)].to_vec(),
            _ => return,
        };
        while segments.next_if(|it| *it == "super").is_some() {
            place.pop();
        }
        for segment in segments {
            place.push(segment.clone());
            if !self.modules.contains_key(&place) {
                place.pop();
                break;
            }
        }
        self.imports.insert(place);
    }

    fn note_tree(&mut self, tree: &UseTree, before: &[String]) {
        match tree {
            UseTree::Path(path) => {
                let before = [before, &[path.ident.to_string()]].concat();
                self.note_tree(&path.tree, &before);
            }
            UseTree::Name(name) => self.note(&[before, &[name.ident.to_string()]].concat()),
            UseTree::Rename(name) => self.note(&[before, &[name.ident.to_string()]].concat()),
            UseTree::Glob(_) => self.note(before),
            UseTree::Group(group) => group.items.iter().for_each(|it| self.note_tree(it, before)),
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.note_tree(&item.tree, &[]);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.here.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.here.pop();
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|it| it.ident.to_string()).collect();
        self.note(&segments);
        visit::visit_path(self, path);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        _ => &[],
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|it| {
        it.path().is_ident("cfg") && it.parse_args::<syn::Ident>().is_ok_and(|it| it == "test")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)]) -> Vec<String> {
        let source = |(path, text): &(&str, &str)| Source {
            path: format!("crates/x/src/{path}"),
            text: (*text).to_owned(),
        };
        let sources: Vec<Source> = files.iter().map(source).collect();
        broken("crates/x/src/", &sources).expect("parses")
    }

    #[test]
    fn modules_that_import_each_other_are_found() {
        for (a, b) in [
            ("use crate::b::B;", "use crate::a::A;"),
            ("use super::b::{self, B};", "fn f() { super::a::g() }"),
            ("mod inner { use super::super::b; }", "use crate::{a, c};"),
        ] {
            let found = check(&[("lib.rs", "mod a; mod b;"), ("a.rs", a), ("b.rs", b)]);
            let expected = "crates/x/src/: a, b import each other:\n      \
                            a -> b in a.rs\n      b -> a in b.rs";
            assert_eq!(found, [expected], "{a} {b}");
        }
        let files = [
            ("a/mod.rs", "use crate::b::x;"),
            ("b/mod.rs", "mod x;"),
            ("b/x.rs", "use crate::c;"),
            ("c.rs", "use crate::a::y;"),
            ("a/y.rs", ""),
        ];
        let found = check(&files);
        assert!(found[0].starts_with("crates/x/src/: a, b, c import each other:"), "{found:?}");
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn one_way_and_families_are_no_circles() {
        for files in [
            &[("a.rs", "use crate::b;"), ("b.rs", "")][..],
            &[("a/mod.rs", "mod b; use b::B;"), ("a/b.rs", "use super::A; use crate::a::C;")],
            &[("a.rs", "use crate::b;"), ("b.rs", "#[cfg(test)] mod tests { use crate::a; }")],
            &[("a.rs", "use b::c; use std::fs;"), ("b.rs", "use crate::a;")],
            &[("bin/a.rs", "use crate::b;"), ("b.rs", "use crate::bin;")],
            &[
                ("a/mod.rs", "#[cfg(test)] mod tests;"),
                ("a/tests.rs", "use crate::b;"),
                ("b.rs", "use crate::a;"),
            ],
        ] {
            assert_eq!(check(files), Vec::<String>::new(), "{files:?}");
        }
    }
}
