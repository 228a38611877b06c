//! Evaluates whether code can be compiled for macOS: conditions as in `#[cfg(…)]`, with the known
//! facts of the target. A feature may be on or off, and the processor is either of two.

use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

use super::attributes::text_of;

/// Whether items with these attributes can be a part of a library for macOS. Tests cannot.
pub(super) fn hold(attributes: &[Attribute]) -> bool {
    attributes.iter().all(|attribute| match &attribute.meta {
        Meta::Path(path) => !path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("cfg") => {
            let conditions = parts(&attribute.meta).unwrap_or_default();
            conditions.iter().all(|condition| value(condition) != Some(false))
        }
        _ => true,
    })
}

/// The attributes that apply if their condition can hold: `#[cfg_attr(…, link(…))]` gives
/// `link(…)`.
pub(super) fn effective(attribute: &Attribute) -> Vec<Meta> {
    let meta = &attribute.meta;
    if !meta.path().is_ident("cfg_attr") {
        return vec![meta.clone()];
    }
    let mut parts = parts(meta).unwrap_or_default();
    if parts.is_empty() || value(&parts.remove(0)) == Some(false) {
        return Vec::new();
    }
    parts
}

/// The list between the parentheses.
pub(super) fn parts(meta: &Meta) -> Option<Vec<Meta>> {
    let Meta::List(list) = meta else { return None };
    let parse = Punctuated::<Meta, Token![,]>::parse_terminated;
    Some(parse.parse2(list.tokens.clone()).ok()?.into_iter().collect())
}

/// Whether a condition holds on macOS; `None` if it depends on features, the processor or a build
/// script.
pub(super) fn value(condition: &Meta) -> Option<bool> {
    let of_each = || parts(condition).unwrap_or_default().into_iter().map(|part| value(&part));
    let name = condition.path().get_ident().map(ToString::to_string).unwrap_or_default();
    match name.as_str() {
        "all" if of_each().any(|one| one == Some(false)) => Some(false),
        "all" => of_each().all(|one| one == Some(true)).then_some(true),
        "any" if of_each().any(|one| one == Some(true)) => Some(true),
        "any" => of_each().all(|one| one == Some(false)).then_some(false),
        "not" => of_each().next().flatten().map(|inner| !inner),
        "unix" | "true" => Some(true),
        "windows" | "test" | "doc" | "doctest" | "docsrs" | "miri" | "false" => Some(false),
        _ => of_pair(&name, &text_of(condition, &name)?),
    }
}

/// Whether `name = "text"` holds on macOS.
fn of_pair(name: &str, text: &str) -> Option<bool> {
    match name {
        "target_os" => Some(text == "macos"),
        "target_vendor" => Some(text == "apple"),
        "target_family" => Some(text == "unix"),
        "target_env" | "target_abi" => Some(text.is_empty()),
        "target_pointer_width" => Some(text == "64"),
        "target_endian" => Some(text == "little"),
        "target_arch" if !["x86_64", "aarch64"].contains(&text) => Some(false),
        // Other implementations of Apple's libraries.
        "feature" if text.starts_with("gnustep") || text == "unstable-objfw" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_those_of_macos() {
        for (text, expected) in [
            (r#"target_os = "macos""#, Some(true)),
            (r#"target_os = "ios""#, Some(false)),
            (r#"not(target_os = "ios")"#, Some(true)),
            (r#"any(target_os = "ios", target_os = "macos")"#, Some(true)),
            (r#"any(target_os = "ios", feature = "a")"#, None),
            (r#"all(feature = "a", target_os = "ios")"#, Some(false)),
            (r#"all(target_os = "macos", feature = "a")"#, None),
            (r#"not(all(target_os = "macos", target_arch = "x86"))"#, Some(true)),
            (r#"any(target_os = "macos", target_env = "macabi")"#, Some(true)),
            (r#"all(target_vendor = "apple", not(target_os = "macos"))"#, Some(false)),
            (r#"all(unix, not(target_arch = "x86_64"))"#, None),
            (r#"any(doc, feature = "gnustep-1-7")"#, Some(false)),
            ("test", Some(false)),
            ("not(test)", Some(true)),
            ("all()", Some(true)),
            ("any()", Some(false)),
            ("what_a_build_script_says", None),
            (r#"all(feature = "a", what_a_build_script_says, windows)"#, Some(false)),
        ] {
            assert_eq!(value(&syn::parse_str(text).unwrap()), expected, "{text}");
        }
    }
}
