//! Why `-X` cannot set a name, in words, with the next step.

use std::fmt;

/// Where a name is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as the caller named it.
    pub file: String,
    /// From 1.
    pub line: u32,
}

/// A name that `-X` cannot set. Its text is a whole sentence without an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSettable {
    /// The name.
    pub name: String,
    /// Where it is declared, if the package has it.
    pub place: Option<Place>,
    /// Why.
    pub reason: Reason,
}

/// Why `-X` cannot set a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The package does not declare it. The names that it could set, the nearest first.
    Missing(Vec<String>),
    /// It is a constant.
    Constant,
    /// It is a function.
    Function,
    /// It is a type.
    Type,
    /// It is a variable of this type, as the source has it.
    OtherType(String),
    /// It is a variable whose value the program computes when it starts, over the value of `-X`.
    Computed(Computed),
}

/// What an initial value is computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Computed {
    /// A call of this function; `func` for one without a name. The compiler may compute it, but that
    /// depends on its flags.
    Call(String),
    /// One call, of this text, with values for several variables.
    Several(String),
    /// Another variable of the package.
    Variable(String),
    /// A name of another package, which may be a constant: this package does not tell.
    OtherPackage(String),
    /// Another expression that is not a constant, or not seen to be one.
    Expression(String),
}

impl NotSettable {
    /// The next step for the user.
    #[must_use]
    pub fn hint(&self) -> String {
        let name = &self.name;
        match &self.reason {
            Reason::Missing(names) if names.is_empty() => {
                format!("declare `var {name} string` in this package, which has no variable for -X")
            }
            Reason::Missing(names) => format!("-X can set: {}", listed(names)),
            Reason::Constant => format!("declare it by `var {name}`, not `const`"),
            Reason::Function | Reason::Type => "declare a variable: `var … string`".to_owned(),
            Reason::OtherType(_) => format!("declare it as `var {name} string`"),
            Reason::Computed(Computed::OtherPackage(of)) => format!(
                "declare it as `var {name} string` or with a text in quotes; if {of} is itself a variable, \
                 set that one"
            ),
            Reason::Computed(Computed::Variable(of)) => {
                format!("set `{of}` instead, or give `{name}` a text in quotes or no value")
            }
            Reason::Computed(_) => format!(
                "declare it as `var {name} string`, and compute the value in `func init` only if it is empty"
            ),
        }
    }
}

/// How many names a hint lists.
const LISTED: usize = 20;

fn listed(names: &[String]) -> String {
    let first = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => first,
        more => format!("{first}, and {more} more"),
    }
}

impl fmt::Display for NotSettable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name)?;
        if let Some(Place { file, line }) = &self.place {
            write!(f, " ({file}:{line})")?;
        }
        match &self.reason {
            Reason::Missing(_) => f.write_str(" is not declared in the package"),
            Reason::Constant => f.write_str(" is a constant, and -X sets variables alone"),
            Reason::Function => f.write_str(" is a function, and -X sets variables alone"),
            Reason::Type => f.write_str(" is a type, and -X sets variables alone"),
            Reason::OtherType(of) => write!(f, " has the type `{of}`, and -X sets strings alone"),
            Reason::Computed(of) => {
                write!(f, " gets its value when the program starts, over the value of -X: {of}")
            }
        }
    }
}

impl fmt::Display for Computed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(of) if of == "func" => f.write_str("a function without a name makes it"),
            Self::Call(of) => write!(f, "`{of}` makes it"),
            Self::Several(of) => write!(f, "`{of}` makes several values"),
            Self::Variable(of) => write!(f, "it is made from the variable `{of}`"),
            Self::OtherPackage(of) => {
                write!(f, "its initial value comes from another package (`{of}`)")
            }
            Self::Expression(of) => write!(f, "`{of}` is not a constant string"),
        }
    }
}

/// A piece of source for a message: in one line, and not long.
pub(super) fn shown(source: &str) -> String {
    const LONGEST: usize = 60;
    // Tables are long: the rest is not looked at.
    let start: String = source.chars().take(4 * LONGEST).collect();
    let line = start.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None if source.len() > start.len() => format!("{line}…"),
        None => line,
    }
}
