//! Decides which expressions of a package are constant strings, as far as the package alone tells.
//! Only the kinds of values are computed, not the values.
//!
//! Specification: <https://go.dev/ref/spec#Constant_expressions>

use std::collections::HashMap;
use std::rc::Rc;

use super::declarations::{Declaration, Initial, Source, Value};
use super::reason::{Computed, Reason, shown};
use super::token::{Kind, Token};

/// How deep expressions, and constants in each other's values, may nest. Beyond it nothing is known.
const DEEPEST: usize = 100;

/// The declarations of a package by name, with what is already known of their values.
#[derive(Default)]
pub(super) struct Scope<'p, 't> {
    names: HashMap<&'t str, &'p Declaration<'t>>,
    /// By the expression's address.
    known: HashMap<*const Source<'t>, Result<Constant, Fault>>,
    depth: usize,
}

/// The kind of a constant.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Constant {
    /// A string of whatever type the context wants.
    Untyped,
    /// Of the type `string`.
    Text,
    /// Of another type, by its name.
    Other(String),
}

/// Why an expression is no constant string.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Computed(Computed),
    /// Its type is another, and has this text.
    OtherType(String),
    /// None of these; the whole expression is named.
    Unknown,
}

impl<'p, 't> Scope<'p, 't> {
    /// Adds a declaration. Of several with one name, the first counts.
    pub(super) fn add(&mut self, name: &'t str, declaration: &'p Declaration<'t>) {
        self.names.entry(name).or_insert(declaration);
    }

    /// Whether `-X` can set a variable.
    pub(super) fn judge(&mut self, variable: &Value<'t>) -> Result<(), Reason> {
        if let Some(declared) = &variable.declared_type
            && !self.is_string(&declared.tokens)
        {
            return Err(Reason::OtherType(shown(declared.text)));
        }
        let value = match &variable.initial {
            Initial::None => return Ok(()),
            Initial::Several(value) => {
                return Err(Reason::Computed(Computed::Several(shown(value.text))));
            }
            Initial::One(value) => value,
        };
        Err(match self.evaluate(value) {
            Ok(Constant::Untyped | Constant::Text) => return Ok(()),
            Ok(Constant::Other(of)) | Err(Fault::OtherType(of)) => Reason::OtherType(of),
            Err(Fault::Computed(of)) => Reason::Computed(of),
            Err(Fault::Unknown) => Reason::Computed(Computed::Expression(shown(value.text))),
        })
    }

    /// Whether these tokens are `string`, or an alias of it.
    fn is_string(&self, of: &[Token<'t>]) -> bool {
        let mut tokens = of;
        for _ in 0..DEEPEST {
            tokens = match tokens {
                [open, inner @ .., close] if open.is("(") && close.is(")") => inner,
                [name] => match self.names.get(name.text) {
                    None => return name.text == "string",
                    Some(Declaration::Alias(target)) => &target.tokens,
                    Some(_) => return false,
                },
                // An alias with type arguments.
                [name, open, .., close] if open.is("[") && close.is("]") => {
                    std::slice::from_ref(name)
                }
                _ => return false,
            };
        }
        false
    }

    fn evaluate(&mut self, source: &Rc<Source<'t>>) -> Result<Constant, Fault> {
        let key = Rc::as_ptr(source);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        // The answer for a constant that is made from itself.
        self.known.insert(key, Err(Fault::Unknown));
        let mut expression = Expression { scope: self, rest: &source.tokens };
        let found = match expression.sum() {
            Ok(constant) if expression.rest.is_empty() => Ok(constant),
            Ok(_) => Err(Fault::Unknown),
            Err(fault) => Err(fault),
        };
        let found = match found {
            Err(Fault::Unknown) => {
                Err(composite_type(source).map_or(Fault::Unknown, Fault::OtherType))
            }
            found => found,
        };
        self.known.insert(key, found.clone());
        found
    }

    /// The value of a declared constant.
    fn constant(&mut self, name: &str, value: &Value<'t>) -> Result<Constant, Fault> {
        if let Some(declared) = &value.declared_type {
            let is_string = self.is_string(&declared.tokens);
            return Ok(match is_string {
                true => Constant::Text,
                false => Constant::Other(shown(declared.text)),
            });
        }
        let Initial::One(source) = &value.initial else { return Err(Fault::Unknown) };
        self.evaluate(source).map_err(|fault| match fault {
            Fault::Computed(Computed::OtherPackage(_)) | Fault::OtherType(_) => fault,
            // It is a constant, whatever it is made from.
            _ => Fault::Computed(Computed::Expression(name.to_owned())),
        })
    }
}

/// The rest of an expression that is read from left to right.
struct Expression<'s, 'p, 't> {
    scope: &'s mut Scope<'p, 't>,
    rest: &'s [Token<'t>],
}

impl<'t> Expression<'_, '_, 't> {
    fn next(&mut self) -> Option<Token<'t>> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, operator: &str) -> bool {
        let is_next = self.is_next(operator);
        if is_next {
            self.next();
        }
        is_next
    }

    fn is_next(&self, operator: &str) -> bool {
        self.rest.first().is_some_and(|token| token.is(operator))
    }

    /// Reads one level deeper.
    fn deeper(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Constant, Fault>,
    ) -> Result<Constant, Fault> {
        if self.scope.depth >= DEEPEST {
            return Err(Fault::Unknown);
        }
        self.scope.depth += 1;
        let found = read(self);
        self.scope.depth -= 1;
        found
    }

    /// Operands with `+` between them.
    fn sum(&mut self) -> Result<Constant, Fault> {
        let mut sum = self.operand()?;
        while self.take("+") {
            sum = add(sum, self.operand()?);
        }
        Ok(sum)
    }

    fn operand(&mut self) -> Result<Constant, Fault> {
        while self.take("+") || self.take("-") {}
        let token = self.next().ok_or(Fault::Unknown)?;
        let operand = match token.kind {
            Kind::Text => Ok(Constant::Untyped),
            Kind::Rune => Ok(Constant::Other("rune".to_owned())),
            Kind::Integer => Ok(Constant::Other("int".to_owned())),
            Kind::Float => Ok(Constant::Other("float64".to_owned())),
            Kind::Name if token.text == "func" => {
                Err(if self.rest.last().is_some_and(|last| last.is(")")) {
                    Fault::Computed(Computed::Call("func".to_owned()))
                } else {
                    Fault::Unknown
                })
            }
            Kind::Name => self.named(&token),
            Kind::Operator if token.text == "(" => self
                .deeper(Self::sum)
                .and_then(|inner| self.take(")").then_some(inner).ok_or(Fault::Unknown)),
            Kind::Operator | Kind::End => Err(Fault::Unknown),
        }?;
        // A part of a constant is no constant.
        let goes_on = [".", "[", "{", "("].iter().any(|operator| self.is_next(operator));
        if goes_on { Err(Fault::Unknown) } else { Ok(operand) }
    }

    fn named(&mut self, name: &Token<'t>) -> Result<Constant, Fault> {
        let declared = self.scope.names.get(name.text).copied();
        if self.take(".") {
            return Err(self.qualified(name, declared));
        }
        if self.take("(") {
            return self.call(name, declared);
        }
        match declared {
            Some(Declaration::Constant(value)) => {
                self.deeper(|it| it.scope.constant(name.text, value))
            }
            Some(Declaration::Variable(_)) => {
                Err(Fault::Computed(Computed::Variable(name.text.to_owned())))
            }
            Some(Declaration::Function) if self.is_next("[") => {
                Err(Fault::Computed(Computed::Call(name.text.to_owned())))
            }
            Some(Declaration::Function) => Err(Fault::OtherType("func".to_owned())),
            Some(Declaration::Type | Declaration::Alias(_)) => Err(Fault::Unknown),
            None if self.is_next("{") || self.is_next("[") => Err(Fault::Unknown),
            None => match name.text {
                "true" | "false" => Ok(Constant::Other("bool".to_owned())),
                "iota" => Ok(Constant::Other("int".to_owned())),
                "nil" => Err(Fault::Unknown),
                _ if !name.is_identifier() => Err(Fault::Unknown),
                // A package can be imported without its name.
                _ => Err(Fault::Computed(Computed::OtherPackage(name.text.to_owned()))),
            },
        }
    }

    /// `NAME.MEMBER`, which may be of another package, a field or a method.
    fn qualified(&mut self, name: &Token<'t>, declared: Option<&Declaration<'t>>) -> Fault {
        let Some(member) = self.next() else { return Fault::Unknown };
        let text = format!("{}.{}", name.text, member.text);
        let goes_on = [".", "[", "{"].iter().any(|operator| self.is_next(operator));
        Fault::Computed(match declared {
            _ if self.is_next("(") => Computed::Call(text),
            Some(Declaration::Variable(_)) => Computed::Variable(name.text.to_owned()),
            None if !goes_on => Computed::OtherPackage(text),
            _ => return Fault::Unknown,
        })
    }

    /// A call or a conversion, whose bracket is taken.
    fn call(
        &mut self,
        name: &Token<'t>,
        declared: Option<&Declaration<'t>>,
    ) -> Result<Constant, Fault> {
        let text = || name.text.to_owned();
        let of = match declared {
            _ if self.scope.is_string(std::slice::from_ref(name)) => Some(Constant::Text),
            Some(Declaration::Type | Declaration::Alias(_)) => Some(Constant::Other(text())),
            None if BASIC_TYPES.contains(&name.text) => Some(Constant::Other(text())),
            None if matches!(name.text, "min" | "max") => None,
            _ => return Err(Fault::Computed(Computed::Call(text()))),
        };
        let arguments = self.deeper(Self::arguments)?;
        Ok(of.unwrap_or(arguments))
    }

    /// The sum of the arguments of a call, up to its end.
    fn arguments(&mut self) -> Result<Constant, Fault> {
        let mut all = self.sum()?;
        while self.take(",") && !self.is_next(")") {
            all = add(all, self.sum()?);
        }
        self.take(")").then_some(all).ok_or(Fault::Unknown)
    }
}

/// Go's own types of constants, without `string`. A conversion of a constant to one is a constant.
const BASIC_TYPES: [&str; 18] = [
    "bool",
    "byte",
    "complex128",
    "complex64",
    "float32",
    "float64",
    "int",
    "int16",
    "int32",
    "int64",
    "int8",
    "rune",
    "uint",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "uintptr",
];

/// The type of an operation on two constants, of which one at most has another type.
fn add(left: Constant, right: Constant) -> Constant {
    if left == Constant::Untyped { right } else { left }
}

/// The type of a composite or function literal, if the expression is one.
fn composite_type(source: &Source<'_>) -> Option<String> {
    let [head @ .., open, close] = source.tokens.as_slice() else { return None };
    let is_comparison = |token: &Token<'_>| token.is("==") || token.is("!=");
    if !open.is("{") || !close.is("}") || head.iter().any(is_comparison) {
        return None;
    }
    let length = open.offset - head.first()?.offset;
    let text = source.text.get(..length)?.trim();
    Some(match text.strip_prefix('&') {
        Some(of) => format!("*{}", shown(of)),
        None => shown(text),
    })
}
