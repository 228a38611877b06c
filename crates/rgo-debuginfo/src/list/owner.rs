//! Takes the crate or package of a function from its name.

use std::borrow::Cow;

use rgo_binary::recovered::go;

use crate::demangle::Scheme;

/// The crate of a Rust name, or the package of a Go name; `None` for names of other languages. `name` is
/// demangled, without hashes; `scheme` is its mangling.
#[must_use]
pub fn owner(name: &str, scheme: Option<Scheme>) -> Option<Cow<'_, str>> {
    match scheme {
        Some(Scheme::RustV0 | Scheme::RustLegacy) => crate_of(name).map(Cow::Borrowed),
        Some(_) => None,
        None => go::package(name).or_else(|| go::type_package(name)),
    }
}

/// The first crate in a path: that of the type for `<T as Trait>::f`, which mostly has the code.
fn crate_of(name: &str) -> Option<&str> {
    let start = name.find(|letter: char| letter.is_alphabetic() || letter == '_')?;
    let rest = name.get(start..)?;
    let rest =
        ["dyn ", "mut ", "const "].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
    // A path goes on behind its crate; `i32` does not.
    rest.get(end..)?.starts_with("::").then(|| rest.get(..end))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rust_name_begins_with_its_crate() {
        for (name, expected) in [
            ("core::fmt::write", Some("core")),
            ("<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop", Some("alloc")),
            ("<&mut serde_json::Value as core::fmt::Debug>::fmt", Some("serde_json")),
            ("<dyn core::any::Any>::is", Some("core")),
            ("<i32 as core::fmt::Display>::fmt", None),
            ("main", None),
        ] {
            assert_eq!(owner(name, Some(Scheme::RustV0)).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn a_go_name_begins_with_its_package() {
        for (name, expected) in [
            ("main.main", Some("main")),
            ("net/http.(*Server).Serve", Some("net/http")),
            ("a.b/c/v2.F[go.shape.struct { x/y.T }]", Some("a.b/c/v2")),
            ("gopkg.in/yaml%2ev3.Marshal", Some("gopkg.in/yaml.v3")),
            ("memcpy", None),
            (".hidden", None),
        ] {
            assert_eq!(owner(name, None).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn other_languages_have_no_packages() {
        assert_eq!(owner("std::string::size() const", Some(Scheme::Itanium)), None);
    }
}
