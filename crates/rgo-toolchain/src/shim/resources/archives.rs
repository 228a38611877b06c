//! Finds Windows resources in archives. The crate `winres` puts them there, and rustc puts those of
//! a package's own library into its `.rlib`. A linker takes from an archive only members that
//! define a missing symbol, and a resource defines none: icon and version would silently get lost.
//! So the shim links these members as objects.

use camino::Utf8Path;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection};
use rgo_files::mmap;

use crate::shim::search;

/// The suffixes of the archive members that rustc itself writes.
const OF_RUSTC: [&str; 2] = [".rcgu.o", ".rmeta"];

/// The resource objects in the archives that a link for Windows names, each once. Of Rust's
/// libraries this reads only the package's own, `own_library`: a program must not get the version
/// resource of a dependency.
pub(in crate::shim) fn objects(args: &[String], own_library: Option<&str>) -> Vec<Vec<u8>> {
    let mut objects: Vec<Vec<u8>> = Vec::new();
    for input in search::inputs(args) {
        // The linker already takes all members of a whole archive.
        if input.is_whole || !counts(&input.path, own_library) {
            continue;
        }
        // The linker reports unreadable files.
        let Ok(content) = mmap::map(input.path.as_std_path()) else { continue };
        for object in of_archive(&content) {
            if !objects.iter().any(|known| known == object) {
                objects.push(object.to_vec());
            }
        }
    }
    objects
}

/// Whether the resources in this archive belong to the linked file. rustc names a library
/// `lib<crate>-<hash>.rlib`.
fn counts(archive: &Utf8Path, own_library: Option<&str>) -> bool {
    match archive.extension() {
        Some("a" | "lib") => true,
        Some("rlib") => own_library.is_some_and(|own| {
            let stem = archive.file_stem().unwrap_or_default();
            let name = stem.rsplit_once('-').map_or(stem, |(name, _)| name);
            name.strip_prefix("lib") == Some(own)
        }),
        _ => false,
    }
}

/// The members of an archive that contain nothing but resources. Skips unreadable members.
fn of_archive(content: &[u8]) -> Vec<&[u8]> {
    let Ok(archive) = ArchiveFile::parse(content) else { return Vec::new() };
    let members = archive.members().flatten();
    let members = members
        .filter(|member| !OF_RUSTC.iter().any(|end| member.name().ends_with(end.as_bytes())));
    members.filter_map(|it| it.data(content).ok()).filter(|data| is_resource(data)).collect()
}

fn is_resource(data: &[u8]) -> bool {
    let Ok(object::File::Coff(file)) = object::File::parse(data) else { return false };
    let mut sections = file.sections().peekable();
    sections.peek().is_some()
        && sections.all(|section| section.name().is_ok_and(|name| name.starts_with(".rsrc")))
}

#[cfg(test)]
mod tests {
    use object::write::Object;
    use object::{Architecture, BinaryFormat, Endianness, SectionKind};

    use super::*;

    fn coff(section: &str) -> Vec<u8> {
        let mut object = Object::new(BinaryFormat::Coff, Architecture::X86_64, Endianness::Little);
        let id = object.add_section(Vec::new(), section.into(), SectionKind::ReadOnlyData);
        object.set_section_data(id, vec![1; 8], 1);
        object.write().expect("an object")
    }

    fn archive(members: &[&[u8]]) -> Vec<u8> {
        let mut archive = b"!<arch>\n".to_vec();
        for member in members {
            archive.extend(format!("{:<48}{:<10}`\n", "a.o/", member.len()).into_bytes());
            archive.extend(*member);
            archive.resize(archive.len().next_multiple_of(2), b'\n');
        }
        archive
    }

    #[test]
    fn members_that_are_resources_are_taken() {
        let (resource, code) = (coff(".rsrc$01"), coff(".text"));
        for (members, count) in [
            (&[&*resource][..], 1),
            (&[&*resource, &*code, b"text"], 1),
            (&[&*resource, &*resource], 2),
            (&[&*code], 0),
            (&[b"text"], 0),
            (&[], 0),
        ] {
            assert_eq!(of_archive(&archive(members)).len(), count);
        }
        assert!(of_archive(b"no archive").is_empty());
    }

    #[test]
    fn a_damaged_archive_has_none_or_whole_members() {
        let whole = archive(&[&coff(".rsrc$01")]);
        for length in 0..whole.len() {
            assert!(of_archive(&whole[..length]).len() <= 1);
        }
    }

    #[test]
    fn archives_are_found_as_linkers_find_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Utf8Path::from_path(folder.path()).expect("UTF-8");
        for (name, section) in [
            ("libresource.a", ".rsrc$01"),
            ("other.lib", ".rsrc$02"),
            ("libmine-0f.rlib", ".rsrc$03"),
        ] {
            std::fs::write(place.join(name), archive(&[&coff(section)])).expect("written");
        }
        let (folder, file) = (format!("-L{place}"), place.join("other.lib").into_string());
        let rlib = place.join("libmine-0f.rlib").into_string();
        for (args, count) in [
            (vec![&*folder, "-lresource"], 1),
            (vec!["-L", place.as_str(), "-l", "resource"], 1),
            (vec![&*folder, "-lresource", "-lother", "-lnone"], 2),
            (vec![&*folder, "-lresource", &*rlib, "-lresource"], 2),
            // The linker takes the whole archive.
            (vec![&*folder, "-Wl,--whole-archive", "-lresource", "-Wl,--no-whole-archive"], 0),
            (vec![&*folder, "-Wl,--whole-archive", "-Wl,--no-whole-archive", "-lresource"], 1),
            (
                vec![
                    &*folder,
                    "-lresource",
                    "-Wl,--whole-archive",
                    "-lresource",
                    "-Wl,--no-whole-archive",
                ],
                0,
            ),
            (vec![&*file], 1),
            (vec!["-lresource", "x.a", "-o"], 0),
        ] {
            let args: Vec<String> = args.into_iter().map(str::to_owned).collect();
            assert_eq!(objects(&args, Some("mine")).len(), count, "{args:?}");
        }
        // The resources of a dependency do not belong to the program.
        for other in [None, Some("min"), Some("mine_0f")] {
            assert!(objects(&[place.join("libmine-0f.rlib").into_string()], other).is_empty());
        }
    }
}
