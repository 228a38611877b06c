//! Demangles Rust names in the mangling v0 as LLVM prints them
//! (<https://rust-lang.github.io/rfcs/2603-rust-symbol-name-mangling-v0.html>).
//!
//! ```text
//! <symbol>  ::= _R <path> [<path>] [. <suffix>]       the second: the instantiating crate
//! <path>    ::= C <identifier>                        crate
//!           ::= M <impl> <type>                       <type>
//!           ::= X <impl> <type> <path>                <type as trait>
//!           ::= Y <type> <path>                       <type as trait>
//!           ::= N <namespace> <path> <identifier>     path::name, path::{closure#0}
//!           ::= I <path> <generic>* E                 path::<generics>
//!           ::= B <base 62>                           the path at an earlier position
//! <impl>    ::= [s <base 62>] <path>                  not printed
//! <generic> ::= L <base 62> | K <const> | <type>
//! <type>    ::= <basic> | <path> | B <base 62>
//!           ::= A <type> <const> | S <type> | T <type>* E
//!           ::= R | Q [L <base 62>] <type> | P | O <type>
//!           ::= F [<binder>] [U] [K <abi>] <type>* E <type>
//!           ::= D [<binder>] (<path> (p <name> <type>)*)* E L <base 62>
//! <binder>  ::= G <base 62>
//! <const>   ::= <basic> [n] <hex digits> _ | p | B <base 62>
//! <identifier> ::= [s <base 62>] [u] <decimal> [_] <bytes>    u: Punycode
//! <base 62> ::= _ | <0-9a-zA-Z>+ _                    0, or the digits' value + 1
//! ```
//!
//! A production returns `None` if the name breaks the grammar or a limit.

mod constants;
mod scan;
mod types;

use super::super::limits::Budget;
use super::super::{DemangleError, Limits};

/// The deepest nesting that LLVM demangles.
const DEEPEST: u32 = 500;

/// Appends the demangled form of a name that starts with `_R`.
///
/// # Errors
/// If the name breaks the grammar or the limits. `out` can end with a part of it then.
pub(in super::super) fn append(
    name: &[u8],
    limits: &Limits,
    out: &mut Vec<u8>,
) -> Result<(), DemangleError> {
    let body = name.get(2..).unwrap_or_default();
    let dot = body.iter().position(|byte| *byte == b'.').unwrap_or(body.len());
    let (body, suffix) = body.split_at(dot);
    let budget = Budget::new(&Limits { depth: limits.depth.min(DEEPEST), ..*limits });
    let end = out.len().saturating_add(limits.output_bytes);
    let mut printer = Printer { body, at: 0, is_silent: false, lifetimes: 0, budget, end, out };
    let result = printer.symbol(suffix);
    if printer.out.len() > end {
        return Err(DemangleError::TooLong);
    }
    match result {
        Some(()) => Ok(()),
        None if printer.budget.is_over() => Err(DemangleError::TooMuchWork),
        None => Err(DemangleError::Malformed),
    }
}

/// The crate that compiled a generic or inlined function of another crate, if the name that starts with `_R` has it.
pub(in super::super) fn instantiating_crate(name: &[u8], limits: &Limits) -> Option<String> {
    let body = name.get(2..).unwrap_or_default();
    let body = body.get(..body.iter().position(|byte| *byte == b'.').unwrap_or(body.len()))?;
    let budget = Budget::new(&Limits { depth: limits.depth.min(DEEPEST), ..*limits });
    let mut text = Vec::new();
    let end = limits.output_bytes;
    let mut reader =
        Printer { body, at: 0, is_silent: true, lifetimes: 0, budget, end, out: &mut text };
    reader.path(Within::Value, false)?;
    if reader.at == body.len() {
        return None;
    }
    reader.is_silent = false;
    reader.path(Within::Value, false)?;
    String::from_utf8(text).ok()
}

struct Identifier<'a> {
    name: &'a [u8],
    is_punycode: bool,
}

/// Whether the path is within a type, where `::` before generics is left out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Value,
    Type,
}

struct Printer<'a, 'o> {
    /// The name without `_R` and suffix.
    body: &'a [u8],
    at: usize,
    /// Whether nothing is printed, and no reference is followed.
    is_silent: bool,
    /// The lifetimes that the binders around the position introduce.
    lifetimes: u64,
    budget: Budget,
    end: usize,
    out: &'o mut Vec<u8>,
}

impl<'a> Printer<'a, '_> {
    fn symbol(&mut self, suffix: &[u8]) -> Option<()> {
        self.path(Within::Value, false)?;
        if self.at != self.body.len() {
            self.is_silent = true;
            self.path(Within::Value, false)?;
            self.is_silent = false;
        }
        if self.at != self.body.len() {
            return None;
        }
        if !suffix.is_empty() {
            self.print(" (");
            self.print_bytes(suffix);
            self.print(")");
        }
        Some(())
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.out.len() > self.end || !self.budget.enter() {
            return None;
        }
        let result = read(self);
        self.budget.leave();
        result
    }

    /// Prints a path. With `stays_open`, leaves out the `>` behind its generics; returns whether
    /// it did.
    fn path(&mut self, within: Within, stays_open: bool) -> Option<bool> {
        self.nested(|it| match it.next()? {
            b'C' => {
                it.disambiguator()?;
                let name = it.identifier()?;
                it.print_identifier(&name)?;
                Some(false)
            }
            b'M' => {
                it.impl_path(within)?;
                it.print("<");
                it.kind()?;
                it.print(">");
                Some(false)
            }
            b'X' => {
                it.impl_path(within)?;
                it.as_trait()
            }
            b'Y' => it.as_trait(),
            b'N' => it.nested_path(within),
            b'I' => it.generics(within, stays_open),
            b'B' => Some(it.back(|it| it.path(within, stays_open))?.unwrap_or(false)),
            _ => None,
        })
    }

    fn impl_path(&mut self, within: Within) -> Option<()> {
        let is_silent = std::mem::replace(&mut self.is_silent, true);
        self.disambiguator()?;
        self.path(within, false)?;
        self.is_silent = is_silent;
        Some(())
    }

    fn as_trait(&mut self) -> Option<bool> {
        self.print("<");
        self.kind()?;
        self.print(" as ");
        self.path(Within::Type, false)?;
        self.print(">");
        Some(false)
    }

    fn nested_path(&mut self, within: Within) -> Option<bool> {
        let namespace = self.next().filter(u8::is_ascii_alphabetic)?;
        self.path(within, false)?;
        let number = self.disambiguator()?;
        let name = self.identifier()?;
        if namespace.is_ascii_lowercase() {
            if !name.name.is_empty() {
                self.print("::");
                self.print_identifier(&name)?;
            }
            return Some(false);
        }
        self.print("::{");
        match namespace {
            b'C' => self.print("closure"),
            b'S' => self.print("shim"),
            other => self.print_bytes(&[other]),
        }
        if !name.name.is_empty() {
            self.print(":");
            self.print_identifier(&name)?;
        }
        self.print("#");
        self.print_number(number);
        self.print("}");
        Some(false)
    }

    fn generics(&mut self, within: Within, stays_open: bool) -> Option<bool> {
        self.path(within, false)?;
        if within == Within::Value {
            self.print("::");
        }
        self.print("<");
        self.list(", ", Self::generic)?;
        if !stays_open {
            self.print(">");
        }
        Some(stays_open)
    }

    /// Prints items up to `E`, and returns their number.
    fn list(
        &mut self,
        separator: &str,
        mut item: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<usize> {
        let mut count = 0;
        while !self.eat(b'E') {
            if count > 0 {
                self.print(separator);
            }
            item(self)?;
            count += 1;
        }
        Some(count)
    }

    fn generic(&mut self) -> Option<()> {
        if self.eat(b'L') {
            let lifetime = self.base_62()?;
            return self.print_lifetime(lifetime);
        }
        if self.eat(b'K') { self.constant() } else { self.kind() }
    }
}
