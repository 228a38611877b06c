//! Joins the pages of several images to one, on which each image is a group.

use std::iter;

use super::page::{Column, PageData};

/// The key of the column that names the image of a part.
const IMAGE: &str = "image";

/// One page of all these parts.
pub(super) fn joined(pages: &[PageData]) -> PageData {
    let titles = pages
        .iter()
        .flat_map(|page| iter::repeat_n(Some(page.title.as_str()), page.part_file_bytes.len()));
    let mut keys: Vec<&str> = Vec::new();
    for column in pages.iter().flat_map(|page| &page.columns) {
        if !keys.contains(&column.key.as_str()) {
            keys.push(&column.key);
        }
    }
    let columns =
        keys.iter().map(|key| Column::new(key, pages.iter().flat_map(|page| names(page, key))));
    let first = pages.first();
    let first_view = first.map(|page| page.first_view.clone()).unwrap_or_default();
    PageData {
        title: format!("{} images", pages.len()),
        format: String::new(),
        tool: first.map(|page| page.tool.clone()).unwrap_or_default(),
        file_bytes: pages.iter().map(|page| page.file_bytes).sum(),
        memory_bytes: pages.iter().map(|page| page.memory_bytes).sum(),
        columns: iter::once(Column::new(IMAGE, titles)).chain(columns).collect(),
        part_file_bytes: pages
            .iter()
            .flat_map(|page| page.part_file_bytes.iter().copied())
            .collect(),
        part_memory_bytes: pages
            .iter()
            .flat_map(|page| page.part_memory_bytes.iter().copied())
            .collect(),
        first_view: iter::once(IMAGE.to_owned()).chain(first_view).collect(),
    }
}

/// What a column says of each part of a page.
fn names<'p>(page: &'p PageData, key: &str) -> Vec<Option<&'p str>> {
    match page.columns.iter().find(|column| column.key == key) {
        Some(Column { names, values, .. }) => {
            let name =
                |value: &i32| usize::try_from(*value).ok().map(|index| names[index].as_str());
            values.iter().map(name).collect()
        }
        None => vec![None; page.part_file_bytes.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(title: &str, column: Column) -> PageData {
        let parts = column.values.len();
        PageData {
            title: title.to_owned(),
            file_bytes: 10,
            memory_bytes: 20,
            first_view: vec![column.key.clone()],
            columns: vec![column],
            part_file_bytes: vec![5; parts],
            part_memory_bytes: vec![7; parts],
            ..PageData::default()
        }
    }

    #[test]
    fn each_part_keeps_its_names_and_has_its_image() {
        let one = page("one", Column::new("package", [Some("core"), None]));
        let two = page("two", Column::new("package", [Some("alloc"), Some("core")]));
        let three = page("three", Column::new("bucket", [Some("mine")]));
        let joined = joined(&[one, two, three]);
        assert_eq!((joined.file_bytes, joined.memory_bytes), (30, 60));
        assert_eq!(joined.part_file_bytes, [5; 5]);
        assert_eq!(joined.part_memory_bytes, [7; 5]);
        assert_eq!(joined.first_view, ["image", "package"]);
        let columns: Vec<_> = joined.columns.iter().map(|column| column.key.as_str()).collect();
        assert_eq!(columns, ["image", "package", "bucket"]);
        assert_eq!(joined.columns[0].names, ["one", "two", "three"]);
        assert_eq!(joined.columns[0].values, [0, 0, 1, 1, 2]);
        assert_eq!(joined.columns[1].names, ["core", "alloc"]);
        assert_eq!(joined.columns[1].values, [0, -1, 1, 0, -1]);
        assert_eq!(joined.columns[2].values, [-1, -1, -1, -1, 0]);
    }
}
