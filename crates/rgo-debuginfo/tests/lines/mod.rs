//! Frames of small real programs, as llvm-symbolizer prints them, and of damaged ones. `fixtures/lines/make.sh` made
//! the programs.

mod hostile;
mod known;
mod listed;
mod missing;
mod msf;
mod reordered;

use rgo_binary::{Image, Limits};
use rgo_debuginfo::lines::{DebugFiles, Frame};

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../fixtures/lines/", $name)).as_slice()
    };
}
pub(crate) use fixture;

/// An image that lives as long as the tests do: tables borrow from images.
fn image(bytes: &[u8]) -> &'static Image<'static> {
    let bytes: &'static [u8] = bytes.to_vec().leak();
    Box::leak(Box::new(Image::parse(bytes, &Limits::default()).expect("an image")))
}

fn files(bytes: &[u8]) -> DebugFiles<'static> {
    DebugFiles::new(image(bytes)).expect("readable sections")
}

/// `function:file:line:column`, as in the recorded frames.
fn shown(frame: &Frame<'_>) -> String {
    let text = |bytes: &Option<std::borrow::Cow<'_, [u8]>>| {
        bytes.as_ref().map(|it| String::from_utf8_lossy(it).into_owned()).unwrap_or_default()
    };
    let (function, file) = (text(&frame.function), text(&frame.file));
    format!("{function}:{file}:{}:{}", frame.line.unwrap_or(0), frame.column.unwrap_or(0))
}

/// The recorded frames: from each address on those that follow it.
fn recorded(text: &str) -> Vec<(u64, Vec<String>)> {
    let parse = |line: &str| {
        let mut columns = line.split('\t');
        let address = columns.next()?.strip_prefix("0x")?;
        let address = u64::from_str_radix(address, 16).ok()?;
        Some((address, columns.map(str::to_owned).filter(|it| it != "::0:0").collect()))
    };
    text.lines().map(|line| parse(line).expect("a line of frames")).collect()
}
