//! Archives of nothing but resources, as the crate `winres` makes them. A linker takes of an archive
//! what defines a missing symbol, and a resource defines none: its icon and version would be lost
//! without a word. So the members are linked as objects.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection};

use crate::shim::search;

/// The resource objects in the archives that a link for Windows names.
pub(in crate::shim) fn objects(args: &[String]) -> Vec<Vec<u8>> {
    let folders: Vec<&str> = search::values(args, "-L").collect();
    let named = search::values(args, "-l").filter_map(|name| {
        let names = [format!("lib{name}.a"), format!("{name}.lib")];
        search::find(folders.iter().map(|it| Utf8Path::new(*it)), &names)
    });
    let files = args.iter().map(Utf8PathBuf::from);
    let files =
        files.filter(|path| matches!(path.extension(), Some("a" | "lib")) && path.is_file());
    // What cannot be read the linker names.
    let archives = files.chain(named).filter_map(|path| fs::read(path).ok());
    archives.flat_map(|content| of_archive(&content)).collect()
}

/// The members of an archive; none if one of them is no resource.
fn of_archive(content: &[u8]) -> Vec<Vec<u8>> {
    let Ok(archive) = ArchiveFile::parse(content) else { return Vec::new() };
    let mut objects = Vec::new();
    for member in archive.members() {
        match member.and_then(|member| member.data(content)) {
            Ok(data) if is_resource(data) => objects.push(data.to_vec()),
            _ => return Vec::new(),
        }
    }
    objects
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
    fn members_are_taken_if_all_are_resources() {
        let (resource, code) = (coff(".rsrc$01"), coff(".text"));
        assert_eq!(of_archive(&archive(&[&resource])), std::slice::from_ref(&resource));
        assert_eq!(of_archive(&archive(&[&resource, &resource])).len(), 2);
        for others in [&[&*resource, &*code][..], &[&*code], &[b"text"], &[]] {
            assert!(of_archive(&archive(others)).is_empty());
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
        let content = archive(&[&coff(".rsrc$01")]);
        for name in ["libresource.a", "other.lib"] {
            fs::write(place.join(name), &content).expect("written");
        }
        let (folder, file) = (format!("-L{place}"), place.join("other.lib").into_string());
        for (args, count) in [
            (vec![&*folder, "-lresource"], 1),
            (vec!["-L", place.as_str(), "-l", "resource"], 1),
            (vec![&*folder, "-lresource", "-lother", "-lnone"], 2),
            (vec![&*file], 1),
            (vec!["-lresource", "x.a", "-o"], 0),
        ] {
            let args: Vec<String> = args.into_iter().map(str::to_owned).collect();
            assert_eq!(objects(&args).len(), count, "{args:?}");
        }
    }
}
