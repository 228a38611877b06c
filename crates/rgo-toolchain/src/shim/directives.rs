//! Linker options inside object files for Windows: the section `.drectve` holds options in the
//! syntax of Microsoft's linker, separated by spaces (PE/COFF specification, "The .drectve
//! Section"). rgo needs the exports among them to check a DLL.
//!
//! ```text
//! -export:add    -export:"count,DATA"    /EXPORT:name=internal,@7,NONAME
//! ```

use std::collections::BTreeSet;
use std::fs;

use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection};

use super::search;

/// The names that the inputs of a link export, from all members of an archive.
pub(super) fn exports(args: &[String]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for input in search::inputs(args) {
        // The linker has already reported unreadable files.
        let Ok(content) = fs::read(&input.path) else { continue };
        match ArchiveFile::parse(&*content) {
            Ok(archive) => {
                let members = archive.members().flatten();
                names.extend(members.filter_map(|it| it.data(&*content).ok()).flat_map(of_object));
            }
            Err(_) => names.extend(of_object(&content)),
        }
    }
    names
}

/// The names that an object file exports.
fn of_object(content: &[u8]) -> Vec<String> {
    let Ok(object::File::Coff(file)) = object::File::parse(content) else { return Vec::new() };
    let directives = file.sections().filter(|it| it.name() == Ok(".drectve"));
    let texts = directives.filter_map(|section| section.data().ok());
    texts.flat_map(|text| of_text(&String::from_utf8_lossy(text))).collect()
}

/// The names that the options of a section export.
fn of_text(text: &str) -> Vec<String> {
    let is_space = |letter: char| letter.is_ascii_whitespace() || letter == '\0';
    let words = text.split(is_space).map(|word| word.replace('"', ""));
    let names = words.filter_map(|word| {
        let option = word.strip_prefix(['-', '/'])?;
        let (name, value) = option.split_once(':')?;
        let exported = value.split([',', '=']).next().filter(|name| !name.is_empty())?;
        name.eq_ignore_ascii_case("export").then(|| exported.to_owned())
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use object::write::Object;
    use object::{Architecture, BinaryFormat, Endianness, SectionKind};

    use super::*;

    #[test]
    fn options_of_an_object_name_what_it_exports() {
        for (text, expected) in [
            (" -export:add -export:\"count,DATA\" -aligncomm:\"x\",4", &["add", "count"][..]),
            ("/EXPORT:name=internal,@7,NONAME\0\0", &["name"]),
            ("/DEFAULTLIB:uuid.lib -export: export:no", &[]),
            ("", &[]),
        ] {
            assert_eq!(of_text(text), expected, "{text}");
        }
    }

    #[test]
    fn objects_and_archives_are_read_and_damage_is_no_export() {
        let mut object = Object::new(BinaryFormat::Coff, Architecture::Aarch64, Endianness::Little);
        let id = object.add_section(Vec::new(), b".drectve".to_vec(), SectionKind::Linker);
        object.set_section_data(id, b" -export:add".to_vec(), 1);
        let object = object.write().expect("an object");
        let archive = format!("!<arch>\n{:<48}{:<10}`\n", "a.o/", object.len()).into_bytes();
        let archive = [archive, object.clone()].concat();
        let folder = tempfile::tempdir().expect("a folder");
        for (name, content) in [("a.o", &object), ("libb.a", &archive)] {
            let path = folder.path().join(name);
            let args = [path.to_str().expect("UTF-8").to_owned()];
            for length in 0..=content.len() {
                fs::write(&path, &content[..length]).expect("written");
                let names = exports(&args);
                assert!(names.is_empty() || names.contains("add"), "{name} {length}");
            }
            assert_eq!(exports(&args), BTreeSet::from(["add".to_owned()]), "{name}");
        }
    }
}
