//! Adds up the sizes of several images: of the members of a static library, or of the files of a release.

use std::cmp::Reverse;

use rgo_debuginfo::sizes::Group;

use super::report::ImageSizes;
use crate::symbols::image_name::ImageName;

/// The sizes of all images as those of one; `None` if there are none.
pub(super) fn total(images: Vec<ImageSizes>) -> Option<ImageSizes> {
    let count = images.len();
    let mut images = images.into_iter();
    let mut total = images.next()?;
    for image in images {
        total.file_bytes += image.file_bytes;
        total.memory_bytes += image.memory_bytes;
        total.unattributed_bytes += image.unattributed_bytes;
        total.groups.extend(image.groups);
        total.debug_files.extend(image.debug_files);
        total.image = common(total.image, &image.image);
    }
    if count > 1 {
        total.groups = merged(total.groups);
    }
    Some(ImageSizes { page: None, ..total })
}

/// What the names of two images have in common.
fn common(one: ImageName, other: &ImageName) -> ImageName {
    let of_both = |one: String, other: &str, else_: &str| {
        if one == other { one } else { else_.to_owned() }
    };
    ImageName {
        file: of_both(one.file, &other.file, "total"),
        member: None,
        slice: None,
        layers: Vec::new(),
        format: of_both(one.format, &other.format, "several formats"),
        arch: of_both(one.arch, &other.arch, "several architectures"),
    }
}

/// Adds up groups of the same name, level by level; the largest come first.
fn merged(mut groups: Vec<Group>) -> Vec<Group> {
    groups.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    let mut merged: Vec<Group> = Vec::new();
    for group in groups {
        match merged.last_mut() {
            Some(last) if last.name == group.name => {
                last.file_bytes += group.file_bytes;
                last.memory_bytes += group.memory_bytes;
                last.groups.extend(group.groups);
            }
            _ => merged.push(group),
        }
    }
    for group in &mut merged {
        group.groups = self::merged(std::mem::take(&mut group.groups));
    }
    merged.sort_by_key(|group| Reverse((group.file_bytes, group.memory_bytes)));
    merged
}

/// Names the groups of a level, which stand for the image.
pub(super) fn name_image(groups: &mut [Group], level: usize, title: &str) {
    for group in groups {
        match level {
            0 => title.clone_into(&mut group.name),
            _ => name_image(&mut group.groups, level - 1, title),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, bytes: u64, groups: Vec<Group>) -> Group {
        Group { name: name.to_owned(), file_bytes: bytes, memory_bytes: 2 * bytes, groups }
    }

    fn image(file: &str, member: &str, groups: Vec<Group>) -> ImageSizes {
        ImageSizes {
            image: ImageName {
                file: file.to_owned(),
                member: Some(member.to_owned()),
                format: "elf".to_owned(),
                ..ImageName::default()
            },
            by: vec!["section", "symbol"],
            file_bytes: groups.iter().map(|group| group.file_bytes).sum(),
            memory_bytes: 0,
            unattributed_bytes: 1,
            groups,
            debug_files: Vec::new(),
            page: None,
        }
    }

    #[test]
    fn groups_of_one_name_are_one() {
        let one = image("lib.a", "one.o", vec![group(".text", 3, vec![group("f", 3, vec![])])]);
        let two = image(
            "lib.a",
            "two.o",
            vec![
                group(".data", 9, vec![group("d", 9, vec![])]),
                group(".text", 4, vec![group("g", 3, vec![]), group("f", 1, vec![])]),
            ],
        );
        let total = total(vec![one, two]).expect("two images");
        assert_eq!((total.file_bytes, total.unattributed_bytes), (16, 2));
        assert_eq!((total.image.file.as_str(), total.image.member), ("lib.a", None));
        let text = group(".text", 7, vec![group("f", 4, vec![]), group("g", 3, vec![])]);
        assert_eq!(total.groups, [group(".data", 9, vec![group("d", 9, vec![])]), text]);
    }

    #[test]
    fn a_total_of_one_is_that_one() {
        let only = total(vec![image("app", "app.o", vec![group("x", 1, vec![])])]).expect("one");
        assert_eq!(only.image.member.as_deref(), Some("app.o"));
        assert!(total(Vec::new()).is_none());
    }

    #[test]
    fn different_files_are_a_total() {
        let two = vec![image("a", "m", vec![]), image("b", "m", vec![])];
        assert_eq!(total(two).expect("two").image.file, "total");
    }
}
