//! Reads the values of attributes.

use syn::{Expr, ExprLit, Lit, Meta};

/// The text in `key = "text"`.
pub(super) fn text_of(meta: &Meta, key: &str) -> Option<String> {
    match meta {
        Meta::NameValue(pair) if pair.path.is_ident(key) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}
