//! Writes the object file that `rgo-build` adds to a link, to look at it or to link it by hand:
//!
//! ```text
//! cargo run -p rgo-binary --example note_object -- elf|macho|pe amd64|arm64 OUT
//! ```

use rgo_binary::edit::{NoteObject, note_object};
use rgo_binary::{Arch, Format};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [format, arch, output] = arguments.as_slice() else {
        return Err("usage: note_object elf|macho|pe amd64|arm64 OUT".into());
    };
    let format = match format.as_str() {
        "elf" => Format::Elf,
        "macho" => Format::MachO,
        "pe" => Format::Pe,
        other => return Err(format!("no such format: {other}").into()),
    };
    let arch = match arch.as_str() {
        "amd64" => Arch::Amd64,
        "arm64" => Arch::Arm64,
        other => return Err(format!("no such architecture: {other}").into()),
    };
    let spec =
        NoteObject { format, arch: &arch, capacity_note: 256, capacity_audit: 128, text: "" };
    std::fs::write(output, note_object(&spec)?)?;
    Ok(())
}
