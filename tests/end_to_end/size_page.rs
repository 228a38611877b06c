//! The page of sizes in a browser: it shows what its address says, and its address says what it shows.

use std::fs;
use std::path::PathBuf;

use rgo::symbols::size::page::{Column, PageData, page};

use crate::support::browser::Browser;
use crate::support::cannot_test;

const SYMBOLS: usize = 200_000;
const PACKAGES: usize = 250;
const READY: &str = "document.body?.dataset.paintedMs !== undefined";

/// A page in a file of its own, and a browser; nothing if there is no browser.
struct Reader {
    browser: Browser,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Reader {
    fn of(data: &PageData) -> Option<Self> {
        let Some(browser) = Browser::start() else {
            cannot_test("the page of sizes in a browser; there is no Chromium");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("page.html");
        fs::write(&file, page(data)).expect("the folder takes a file");
        Some(Self { browser, file, _folder: folder })
    }

    /// Loads the page at a fragment.
    fn load(&mut self, fragment: &str) {
        self.browser.open(&self.file, fragment, READY);
    }

    fn fragment(&mut self) -> String {
        self.browser.text("location.hash")
    }

    /// A number that the page tells about itself.
    fn number(&mut self, name: &str) -> usize {
        self.browser.text(&format!("document.body.dataset.{name}")).parse().expect("a number")
    }

    fn first_row(&mut self) -> String {
        self.browser.text("document.querySelector('#rows a').textContent")
    }

    /// Holds that nothing went wrong, and that the page asked for nothing but itself.
    fn check(&self) {
        assert_eq!(self.browser.errors, Vec::<String>::new());
        let others = self
            .browser
            .requests
            .iter()
            .filter(|url| !url.starts_with("file:") && *url != "about:blank");
        assert_eq!(others.count(), 0, "{:?}", self.browser.requests);
    }
}

/// Symbols of 100 to 399 bytes, and more in the first packages; each seventh of them zeroed.
fn large() -> PageData {
    let packages: Vec<String> =
        (0..PACKAGES).map(|package| format!("package_{package:03}")).collect();
    let package_of = |part: usize| packages[part % PACKAGES].as_str();
    let symbols: Vec<String> = (0..SYMBOLS)
        .map(|part| format!("{}::module::Type<T>::function_{part:06}", package_of(part)))
        .collect();
    let is_zeroed = |part: usize| part.is_multiple_of(7);
    let section_of = |part: usize| if is_zeroed(part) { ".bss" } else { ".text" };
    let bytes = |part: usize| (100 + part % 300 + 5_000 / (1 + part % PACKAGES)) as u64;
    let part_memory_bytes: Vec<u64> = (0..SYMBOLS).map(bytes).collect();
    let part_file_bytes: Vec<u64> =
        (0..SYMBOLS).map(|part| if is_zeroed(part) { 0 } else { bytes(part) }).collect();
    PageData {
        title: "app".to_owned(),
        format: "ELF amd64".to_owned(),
        tool: "rgo-symbols".to_owned(),
        file_bytes: part_file_bytes.iter().sum(),
        memory_bytes: part_memory_bytes.iter().sum(),
        columns: vec![
            Column::new("package", (0..SYMBOLS).map(|part| Some(package_of(part)))),
            Column::new("section", (0..SYMBOLS).map(|part| Some(section_of(part)))),
            Column::new("symbol", symbols.iter().map(|name| Some(name.as_str()))),
        ],
        part_file_bytes,
        part_memory_bytes,
        first_view: vec!["package".to_owned(), "symbol".to_owned()],
    }
}

#[test]
fn shows_200_000_symbols_and_keeps_its_place_in_the_address() {
    let Some(mut reader) = Reader::of(&large()) else { return };
    reader.load("");
    eprintln!("first paint after {} ms", reader.number("paintedMs"));
    assert_eq!((reader.number("level"), reader.number("rows")), (0, PACKAGES));
    assert_eq!(reader.first_row(), "package_000");
    assert!(reader.number("boxes") > PACKAGES);

    // The table opens a package; back leaves it. Of 800 rows only those in sight are there.
    reader.browser.click("#rows a");
    reader.browser.wait_for("document.body.dataset.level === '1'");
    assert_eq!(reader.fragment(), "#at=package_000");
    assert_eq!(reader.number("rows"), SYMBOLS / PACKAGES);
    assert!(reader.browser.value("document.querySelectorAll('#rows .row').length < 100") == true);
    reader.browser.value("history.back()");
    reader.browser.wait_for("document.body.dataset.level === '0'");

    // So do a click into the drawing, and the keyboard.
    reader.browser.click("#canvas");
    reader.browser.wait_for("document.body.dataset.level !== '0'");
    assert!(reader.fragment().starts_with("#at=package_"), "{}", reader.fragment());
    reader.load("");
    reader.browser.value("document.querySelector('#canvas').focus()");
    for key in ["ArrowRight", "ArrowRight", "Enter"] {
        reader.browser.press(key);
    }
    assert_eq!(reader.fragment(), "#at=package_001");
    reader.browser.press("Backspace");
    assert_eq!(reader.number("level"), 0);
    reader.check();
}

#[test]
fn searches_sorts_and_regroups() {
    let Some(mut reader) = Reader::of(&large()) else { return };
    reader.load("");
    let in_file = reader.number("shownBytes");
    reader.browser.click("input[value=memory]");
    assert_eq!(reader.fragment(), "#bytes=memory");
    assert!(reader.number("shownBytes") > in_file);

    reader.browser.click("#q");
    reader.browser.type_text("section:.bss function_0001");
    reader.browser.wait_for("location.hash.includes('q=')");
    assert_eq!(reader.fragment(), "#q=section:.bss+function_0001&bytes=memory");
    reader.browser.click("input[value=symbols]");
    assert_eq!(reader.number("rows"), 14, "000105, 000112, … 000196");
    reader.browser.click("[data-sort=name] button");
    assert_eq!(reader.first_row(), "package_105::module::Type<T>::function_000105");

    // The same address, in another window.
    let fragment = reader.fragment();
    assert_eq!(fragment, "#q=section:.bss+function_0001&bytes=memory&list=symbols&sort=name");
    reader.load(&fragment);
    assert_eq!(reader.number("rows"), 14);
    assert_eq!(reader.first_row(), "package_105::module::Type<T>::function_000105");
    assert_eq!(
        reader.browser.text("document.querySelector('#q').value"),
        "section:.bss function_0001"
    );

    // A name in quotation marks is the whole name, and colons within names are none of a key.
    reader.load("#q=package:%22package_00%22");
    assert_eq!(reader.number("rows"), 0);
    reader.load("#q=package:package_00+module::type");
    assert_eq!(reader.number("rows"), 10);
    reader.load("#by=section,package,symbol&at=.text/package_007&view=icicle");
    assert_eq!(
        (reader.number("level"), reader.browser.text("document.body.dataset.view").as_str()),
        (2, "icicle")
    );
    reader.load("#by=nonsense&at=gone/away&sort=%&view=");
    assert_eq!(
        (reader.number("level"), reader.number("rows")),
        (0, PACKAGES),
        "what is wrong is as at first"
    );
    reader.check();
}

#[test]
fn hostile_names_are_text() {
    let names = [
        "<img src=x onerror=alert(1)>",
        "</script><script>document.title = 'taken'</script>",
        "a/b&c=d,e%f#g",
    ];
    let data = PageData {
        title: "<b>app</b>".to_owned(),
        columns: vec![
            Column::new("package", names.map(Some)),
            Column::new("symbol", names.map(Some)),
        ],
        part_file_bytes: vec![3, 2, 1],
        part_memory_bytes: vec![3, 2, 1],
        first_view: vec!["package".to_owned(), "symbol".to_owned()],
        ..PageData::default()
    };
    let Some(mut reader) = Reader::of(&data) else { return };
    reader.load("");
    assert_eq!(reader.browser.text("document.title"), "<b>app</b>");
    assert_eq!(reader.first_row(), names[0]);
    assert_eq!(
        reader.browser.value("document.querySelectorAll('img, script:not([type]), b').length"),
        0
    );
    let last = "document.querySelector('#all-rows').lastChild.querySelector('a')";
    reader.browser.value(&format!("{last}.click()"));
    reader.browser.wait_for("document.body.dataset.level === '1'");
    let fragment = reader.fragment();
    reader.load(&fragment);
    assert_eq!(reader.first_row(), names[2], "{fragment}");
    reader.check();

    let refused = reader.browser.text(
        "new Promise(resolve => {
           addEventListener('securitypolicyviolation', event => resolve(event.effectiveDirective));
           fetch('https://localhost/').catch(() => {});
         })",
    );
    assert_eq!(refused, "connect-src");
}
