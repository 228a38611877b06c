//! Reads from the headers of a format which bytes of a file are what: [`Space`].

mod coff;
mod elf;
mod macho;
mod pe;

use object::File;
use rgo_binary::Image;

use super::SizeError;
use super::space::{Space, SpaceBuilder};

/// The parts of an image.
///
/// # Errors
/// If the headers contradict themselves.
pub(super) fn space(image: &Image<'_>) -> Result<Space, SizeError> {
    let data = image.data();
    let mut builder = SpaceBuilder::new(data.len() as u64);
    match image.object() {
        File::Elf32(file) => elf::read(file, &mut builder),
        File::Elf64(file) => elf::read(file, &mut builder),
        File::MachO32(file) => macho::read(file, &mut builder),
        File::MachO64(file) => macho::read(file, &mut builder),
        File::Pe32(file) => pe::read(file, &mut builder),
        File::Pe64(file) => pe::read(file, &mut builder),
        File::Coff(file) => coff::read(file, data, &mut builder),
        File::CoffBig(file) => coff::read(file, data, &mut builder),
        _ => Err(SizeError::Format),
    }?;
    Ok(builder.finish(data))
}
