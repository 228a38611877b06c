//! The page holds hostile names without obeying them, and allows only what it is made of.

use flate2::read::DeflateDecoder;

use super::*;

fn data(names: &[&str]) -> PageData {
    PageData {
        title: "app".to_owned(),
        columns: vec![Column::new("symbol", names.iter().copied().map(Some))],
        part_file_bytes: vec![1; names.len()],
        part_memory_bytes: vec![1; names.len()],
        first_view: vec!["symbol".to_owned()],
        ..PageData::default()
    }
}

/// The text of the only element that begins so.
fn element<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = page.split_once(start).expect("the element begins");
    rest.split_once(end).expect("the element ends").0
}

const DATA: &str = "<script id=\"data\" type=\"text/plain\">";
const SCRIPT: &str = "<script type=\"module\">";

#[test]
fn hostile_names_stay_data() {
    let names = [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "{data}{script}{style-hash}",
        "a\u{2028}b\u{2029}c",
        "quote \" backslash \\ zero \0",
        "]]> &lt; & é 名",
    ];
    let page = page(&data(&names));
    let packed = BASE64_STANDARD.decode(element(&page, DATA, "</script>")).expect("base64");
    let read: serde_json::Value =
        serde_json::from_reader(DeflateDecoder::new(&*packed)).expect("JSON");
    assert_eq!(read["columns"][0]["names"], serde_json::json!(names));
    assert_eq!(page.matches("</script>").count(), 2, "the data and the script");
}

#[test]
fn the_policy_allows_the_script_and_the_style_alone() {
    let page = page(&data(&["main"]));
    let policy = element(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    let script = hash(element(&page, SCRIPT, "</script>"));
    let style = hash(element(&page, "<style>", "</style>"));
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; form-action 'none'"
        )
    );
}

#[test]
fn nothing_is_fetched_or_made_of_markup() {
    let page = page(&data(&["main"]));
    for word in [
        "http://",
        "https://",
        "url(",
        "@import",
        "innerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(!page.contains(" onclick=") && !page.contains(" style="));
}

#[test]
fn a_part_without_a_value_has_no_name() {
    let column = Column::new("package", [Some(""), None, Some("core")]);
    assert_eq!((column.names, column.values), (vec!["core".to_owned()], vec![-1, -1, 0]));
}
