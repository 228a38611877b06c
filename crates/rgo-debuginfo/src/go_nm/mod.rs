//! Lists symbols as `go tool nm` does, byte for byte: which symbols there are, their letters and sizes, and
//! their order (Go, `cmd/internal/objfile`, `cmd/nm`).
//!
//! ```text
//!          letter                                     size                    name
//! ELF      section's flags; lower case if local       the table's             as it is
//! Mach-O   segment and section; U for no section      up to the next symbol   `_` before a name with a dot goes
//! PE       section's flags; C absolute                up to the next symbol   as it is
//! Go       kind; lower case if static; U from others  the object's            `<1>` behind a static one
//! ```

mod objects;
mod order;
mod read;

use std::borrow::Cow;
use std::cmp::Reverse;

pub use objects::symbols_of_object;
pub use read::symbols;

/// A symbol, as Go's tool has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoSymbol<'a> {
    /// Its name.
    pub name: Cow<'a, [u8]>,
    /// Its address.
    pub address: u64,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its letter.
    pub letter: char,
}

/// The order of a list (`-sort`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GoOrder {
    /// By address.
    Address,
    /// By name.
    #[default]
    Name,
    /// As Go's tool reads them: by address too, but equal ones in another order.
    None,
    /// The largest first.
    Size,
}

/// Sorts symbols, which come in the order of their table.
pub fn sort(symbols: &mut [GoSymbol<'_>], by: GoOrder) {
    order::sort(symbols, |one, other| one.address.cmp(&other.address));
    match by {
        GoOrder::None => {}
        GoOrder::Address => order::sort(symbols, |one, other| one.address.cmp(&other.address)),
        GoOrder::Name => order::sort(symbols, |one, other| one.name.cmp(&other.name)),
        GoOrder::Size => {
            order::sort(symbols, |one, other| {
                Reverse(one.size_bytes).cmp(&Reverse(other.size_bytes))
            });
        }
    }
}

/// Appends the line of a symbol; `prefix` names its file, where there are several.
pub fn write(symbol: &GoSymbol<'_>, prefix: &[u8], with_size: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(prefix);
    let address = match symbol.letter {
        'U' => String::new(),
        _ => format!("{:x}", symbol.address),
    };
    out.extend_from_slice(format!("{address:>8}").as_bytes());
    if with_size {
        out.extend_from_slice(format!(" {:>10}", symbol.size_bytes.cast_signed()).as_bytes());
    }
    out.extend_from_slice(&[b' ', symbol.letter as u8, b' ']);
    out.extend_from_slice(&symbol.name);
    out.push(b'\n');
}
