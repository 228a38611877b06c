//! Collects the names that a crate declares as a library's, starting at its root, as compiled for
//! macOS.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::parse::{Parse, ParseStream};
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, ForeignItem, Ident, ImplItem, Item, ItemForeignMod, ItemMod, LitStr, Macro,
    Meta, Stmt, Token, Visibility,
};

use super::attributes::text_of;
use super::conditions;
use super::modules::Place;

/// A name in a block that links a library.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Declared {
    pub library: String,
    pub name: String,
}

/// The names that a crate declares, starting at its root.
pub(super) fn of_crate(root: &Path, is_of_bindings: bool) -> Vec<Declared> {
    let mut seen = Seen::default();
    seen.read(root, Place::of_root(root));
    // Crates with bindings for one library name it once, in a separate block. Other crates declare
    // functions of other libraries beside it.
    if let [only] = Vec::from_iter(&seen.libraries)[..] {
        let functions = seen.unnamed.iter().filter(|_| is_of_bindings);
        let names = functions.chain(&seen.classes);
        let found = names.map(|name| Declared { library: only.clone(), name: name.clone() });
        seen.found.extend(found);
    }
    seen.found
}

#[derive(Default)]
struct Seen {
    /// Frameworks, and libraries with `-l` before their names.
    libraries: BTreeSet<String>,
    found: Vec<Declared>,
    /// Names in blocks without a library.
    unnamed: Vec<String>,
    /// The symbols of classes.
    classes: Vec<String>,
    /// The place of the modules that the current source declares.
    place: Place,
    /// Files already read: some include each other.
    read: BTreeSet<PathBuf>,
}

impl Seen {
    /// Reads a file of the crate, once. Files that build scripts generate are missing.
    fn read(&mut self, file: &Path, place: Place) {
        let Ok(file) = file.canonicalize() else { return };
        if !self.read.insert(file.clone()) {
            return;
        }
        let text = fs::read_to_string(file).unwrap_or_default();
        // Some files are only parts of other files.
        if let Ok(file) = syn::parse_file(&text) {
            self.within(place, &file);
        }
    }

    fn within(&mut self, place: Place, file: &syn::File) {
        if conditions::hold(&file.attrs) {
            let outside = std::mem::replace(&mut self.place, place);
            for item in &file.items {
                self.visit_item(item);
            }
            self.place = outside;
        }
    }
}

impl<'ast> Visit<'ast> for Seen {
    fn visit_item(&mut self, item: &'ast Item) {
        if conditions::hold(attributes_of(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let holds = match item {
            ImplItem::Fn(function) => conditions::hold(&function.attrs),
            ImplItem::Macro(call) => conditions::hold(&call.attrs),
            _ => true,
        };
        if holds {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        let holds = match statement {
            Stmt::Macro(call) => conditions::hold(&call.attrs),
            Stmt::Expr(Expr::Block(block), _) => conditions::hold(&block.attrs),
            Stmt::Expr(Expr::Unsafe(block), _) => conditions::hold(&block.attrs),
            _ => true,
        };
        if holds {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if module.content.is_some() {
            let place = self.place.inside(&module.ident.to_string());
            let outside = std::mem::replace(&mut self.place, place);
            visit::visit_item_mod(self, module);
            self.place = outside;
        } else {
            for (file, place) in self.place.files(module) {
                self.read(&file, place);
            }
        }
    }

    fn visit_item_foreign_mod(&mut self, block: &'ast ItemForeignMod) {
        let library = block.attrs.iter().find_map(linked);
        self.libraries.extend(library.clone());
        for item in &block.items {
            let (attributes, name) = match item {
                ForeignItem::Fn(function) => (&function.attrs, function.sig.ident.to_string()),
                ForeignItem::Static(place) => (&place.attrs, place.ident.to_string()),
                _ => continue,
            };
            if !conditions::hold(attributes) {
                continue;
            }
            let link_name = attributes.iter().find_map(|it| text_of(&it.meta, "link_name"));
            let name = match link_name {
                Some(raw) if raw.starts_with('\u{1}') => raw[1..].to_owned(),
                Some(name) => format!("_{name}"),
                None => format!("_{}", name.trim_start_matches("r#")),
            };
            match &library {
                Some(library) => self.found.push(Declared { library: library.clone(), name }),
                None => self.unnamed.push(name),
            }
        }
        visit::visit_item_foreign_mod(self, block);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let name = call.path.segments.last().map(|it| it.ident.to_string()).unwrap_or_default();
        if name == "extern_class" {
            self.classes.extend(class(call));
        } else if name == "include" {
            if let Ok(path) = call.parse_body::<LitStr>() {
                let file = self.place.included(&path.value());
                self.read(&file, self.place.clone());
            }
        } else if name == "cfg_if" {
            for file in call.parse_body::<Branches>().map(|it| it.0).unwrap_or_default() {
                self.within(self.place.clone(), &file);
            }
        } else if let Ok(file) = call.parse_body::<syn::File>() {
            // A macro that passes its content on.
            self.within(self.place.clone(), &file);
        }
    }
}

/// The branches of `cfg_if!` that can be compiled for macOS: those up to the first that is certain
/// to hold.
struct Branches(Vec<syn::File>);

impl Parse for Branches {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut branches = Vec::new();
        let mut is_chosen = false;
        loop {
            let mut value = Some(true);
            if input.peek(Token![if]) {
                input.parse::<Token![if]>()?;
                for attribute in input.call(Attribute::parse_outer)? {
                    let condition = attribute.parse_args::<Meta>()?;
                    value = conditions::value(&condition);
                }
            }
            let content;
            syn::braced!(content in input);
            // Statements of a function are no items, and declare no names of libraries.
            let file = syn::parse2::<syn::File>(content.parse()?).ok();
            branches.extend(file.filter(|_| !is_chosen && value != Some(false)));
            is_chosen |= value == Some(true);
            if input.is_empty() {
                return Ok(Self(branches));
            }
            input.parse::<Token![else]>()?;
        }
    }
}

/// The symbol of the class that `extern_class!` declares: `… pub struct NSString …`, which may have
/// another name in Objective-C: `#[name = "…"]`.
fn class(call: &Macro) -> Option<String> {
    let head = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        input.parse::<Token![struct]>()?;
        let name = input.parse::<Ident>()?;
        // Fields, and in older versions the superclass.
        while !input.is_empty() {
            input.step(|cursor| {
                let next = cursor.token_tree().map(|(_, rest)| ((), rest));
                next.ok_or_else(|| cursor.error("no more"))
            })?;
        }
        Ok((attributes, name.to_string()))
    };
    let (attributes, name) = call.parse_body_with(head).ok()?;
    if !conditions::hold(&attributes) {
        return None;
    }
    let other = attributes.iter().find_map(|it| text_of(&it.meta, "name"));
    Some(format!("_OBJC_CLASS_$_{}", other.unwrap_or(name)))
}

/// The attributes of an item.
fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(it) => &it.attrs,
        Item::ForeignMod(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Macro(it) => &it.attrs,
        Item::Mod(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        // Other items contain no blocks of foreign names.
        _ => &[],
    }
}

/// The library that an attribute links: `#[link(…)]`, also within `#[cfg_attr(…, link(…))]`.
fn linked(attribute: &Attribute) -> Option<String> {
    let link =
        conditions::effective(attribute).into_iter().find(|it| it.path().is_ident("link"))?;
    let parts = conditions::parts(&link)?;
    let value = |key: &str| parts.iter().find_map(|part| text_of(part, key));
    let name = value("name")?;
    match value("kind").as_deref() {
        Some("framework") => Some(name),
        None | Some("dylib") => Some(format!("-l{name}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that a crate with these files declares.
    fn names(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let found = of_crate(&folder.path().join("lib.rs"), true);
        assert!(found.iter().all(|found| found.library == "F"), "{found:?}");
        let mut names: Vec<String> = found.into_iter().map(|found| found.name).collect();
        names.sort();
        names
    }

    const LINK: &str = r#"#[link(name = "F", kind = "framework")] extern "C" {}"#;

    fn with_link(text: &str) -> String {
        format!("{LINK}\n{text}")
    }

    #[test]
    fn modules_are_read_where_the_compiler_looks_for_them() {
        let root = with_link(
            r#"mod a; mod b; #[path = "other/c.rs"] mod c; mod d { mod e; } include!("f.rs");
               #[cfg_attr(target_os = "macos", path = "g_macos.rs")] mod g;"#,
        );
        let declares = |name: &str| format!(r#"extern "C" {{ fn {name}(); }}"#);
        let names = names(&[
            ("lib.rs", &root),
            ("a.rs", &format!("{} mod inner;", declares("a"))),
            ("a/inner.rs", &declares("a_inner")),
            ("b/mod.rs", &format!("{} mod inner;", declares("b"))),
            ("b/inner.rs", &declares("b_inner")),
            ("other/c.rs", &format!("{} mod inner;", declares("c"))),
            ("other/inner.rs", &declares("c_inner")),
            ("d/e.rs", &declares("e")),
            ("f.rs", &declares("f")),
            ("g_macos.rs", &declares("g")),
            ("of_no_module.rs", &declares("wrong")),
            ("tests/test.rs", &declares("wrong")),
        ]);
        let expected = ["_a", "_a_inner", "_b", "_b_inner", "_c", "_c_inner", "_e", "_f", "_g"];
        assert_eq!(names, expected);
    }

    #[test]
    fn what_other_systems_and_tests_have_is_left_out() {
        let root = with_link(
            r#"
            #[cfg(target_os = "ios")] mod ios;
            mod file_level;
            #[cfg(feature = "kept")] mod kept;
            #[cfg(test)] mod tests { extern_class!(pub struct NSMadeUp;); }
            #[cfg(test)] extern "C" { fn wrong_block(); }
            #[test] fn test() { extern "C" { fn wrong_in_test(); } }
            fn inside() {
                #[cfg(target_os = "linux")] { extern "C" { fn wrong_in_statement(); } }
                extern "C" { fn in_function(); }
            }
            extern "C" {
                #[cfg(not(target_os = "macos"))] fn wrong_item();
                #[cfg(target_os = "macos")] static item: u8;
            }
            cfg_if::cfg_if! {
                if #[cfg(windows)] { extern "C" { fn wrong_branch(); } }
                else if #[cfg(target_os = "macos")] { extern "C" { fn branch(); } }
                else { extern "C" { fn wrong_last(); } }
            }
            macro_rules! declare { () => { extern "C" { fn wrong_in_macro(); } } }
            handed_on! { extern "C" { fn handed_on(); } }
            #[cfg(target_os = "ios")] extern_class!(pub struct UIWrong;);
            extern_class!(#[cfg(target_os = "ios")] pub struct UIWrongToo;);
            extern_class!(
                /// The struct of it.
                #[unsafe(super(NSObject))] #[name = "NSOther"] pub struct Other;
            );
            extern_class!(pub struct Old; unsafe impl ClassType for Old { type Super = A; });
            #[cfg_attr(target_os = "ios", link(name = "UIKit", kind = "framework"))] extern "C" {}
            #[link(name = "Static", kind = "static")] extern "C" {}
            "#,
        );
        let names = names(&[
            ("lib.rs", &root),
            ("ios.rs", r#"extern "C" { fn wrong_module(); }"#),
            ("file_level.rs", r#"#![cfg(windows)] extern "C" { fn wrong_file(); }"#),
            ("kept.rs", r#"extern "C" { fn kept(); }"#),
        ]);
        let classes = ["_OBJC_CLASS_$_NSOther", "_OBJC_CLASS_$_Old"];
        let functions = ["_branch", "_handed_on", "_in_function", "_item", "_kept"];
        assert_eq!(names, [&classes[..], &functions[..]].concat());
    }

    #[test]
    fn modules_that_lead_back_to_themselves_end() {
        let root = with_link(r#"include!("lib.rs"); extern "C" { fn a(); }"#);
        assert_eq!(names(&[("lib.rs", &root)]), ["_a"]);
    }
}
