//! Demangles the names on its standard input, one a line; with `--time`, measures that instead.
//! A name that has no demangled form is printed as it is.

use std::io::{Read, Write};
use std::time::Instant;

use rgo_debuginfo::demangle::{Demangler, Limits, NameStyle};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |flag: &str| arguments.iter().any(|it| it == flag);
    let style = if has("--people") { NameStyle::People } else { NameStyle::Llvm };
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    let names: Vec<&[u8]> =
        input.split(|byte| *byte == b'\n').filter(|it| !it.is_empty()).collect();
    let mut demangler = Demangler::new(Limits::default());
    if has("--time") {
        return time(&mut demangler, &names, style);
    }
    let mut text = Vec::new();
    for name in names {
        match demangler.demangle(name, style, &mut text) {
            Err(error) if has("--why") => write!(text, "{error:?}")?,
            Err(_) => text.extend_from_slice(name),
            Ok(_) => {}
        }
        text.push(b'\n');
    }
    std::io::stdout().write_all(&text)
}

/// Prints the time for a name: for each thousand names the shortest of ten rounds, since other
/// programs take time too.
fn time(demangler: &mut Demangler, names: &[&[u8]], style: NameStyle) -> std::io::Result<()> {
    let mut text = Vec::new();
    let (mut nanoseconds, mut bytes, mut demangled) = (0, 0, 0);
    for names in names.chunks(1000) {
        let round = || {
            let start = Instant::now();
            let (mut bytes, mut demangled) = (0, 0);
            for name in names {
                text.clear();
                demangled += usize::from(demangler.demangle(name, style, &mut text).is_ok());
                bytes += text.len();
            }
            (start.elapsed().as_nanos(), bytes, demangled)
        };
        let best = std::iter::repeat_with(round).take(10).min().unwrap_or_default();
        (nanoseconds, bytes, demangled) =
            (nanoseconds + best.0, bytes + best.1, demangled + best.2);
    }
    let mean = nanoseconds as f64 / names.len() as f64;
    println!("{mean:.0} ns a name; {demangled} of {} names, {bytes} bytes", names.len());
    Ok(())
}
