//! Checks that every format is read, and that damaged sizes and offsets do no harm.
//! `tests/go_exact` compares each refusal with Go's own.

use proptest::prelude::*;

use super::samples;
use super::*;

#[test]
fn every_format_is_read() {
    for (name, data) in samples::all() {
        let read = read(&data);
        if name == "fat-twice" {
            assert_eq!(read, Err(Refusal::Format));
            continue;
        }
        // Go reads the header from a place that describes no strings.
        if name.ends_with("misplaced") {
            assert_eq!(read, Err(Refusal::NotGo), "{name}");
            continue;
        }
        let info = read.unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(info.text(), print_of_text(), "{name}");
        assert!(worth_reading(&data[..16]), "{name}");
    }
}

/// Go's output for the samples' text: an empty line follows the replacement.
fn print_of_text() -> Vec<u8> {
    let text = std::str::from_utf8(samples::TEXT).unwrap();
    text.replace("b\tv1.0.0\n=>\t./b\t(devel)\t\n", "b\tv1.0.0\n=>\t./b\t(devel)\t\n\n").into()
}

#[test]
fn bad_lines_are_refused_in_the_words_of_go() {
    let cases: [(&[u8], usize, &str); 13] = [
        (b"mod\ta\n", 1, "expected 2 or 3 columns; got 1"),
        (b"path\ta\ndep\ta\tb\tc\td\n", 2, "expected 2 or 3 columns; got 4"),
        (b"=>\ta\tb\tc\n", 1, "replacement with no module on previous line"),
        (b"mod\ta\tb\n=>\ta\tb\n", 2, "expected 3 columns for replacement; got 2"),
        (b"build\t\n", 1, "build line missing '='"),
        (b"build\t=a\n", 1, "build line with missing key"),
        (b"build\ta\n", 1, "build line missing '=' after key"),
        (b"build\ta b=c\n", 1, "unquoted key \"a b\" must be quoted"),
        (b"build\ta=b \xff\n", 1, "unquoted value \"b \\xff\" must be quoted"),
        (b"build\t\"a=b\n", 1, "invalid quoted key in build line"),
        (b"build\t\"a\"\n", 1, "build line missing '=' after quoted key"),
        (b"build\t`a`'=b\n", 1, "unexpected character after quoted key: '\\''"),
        (b"build\ta=\"b\"c\n", 1, "invalid quoted value in build line"),
    ];
    for (text, line, why) in cases {
        let refusal = read(&samples::with_text(text)).unwrap_err();
        assert_eq!(refusal, Refusal::Text { line, why: why.to_owned() });
    }
}

#[test]
fn words_stay_the_bytes_that_they_are() {
    let cases: [(&[u8], &[u8]); 5] = [
        (b"path\t\xff\n", b"path\t\xff\n"),
        (b"build\ta=\"\\xff\"\n", b"build\ta=\xff\n"),
        (b"build\ta=\"\xff \"\n", "build\ta=\"\u{fffd} \"\n".as_bytes()),
        (b"build\t`a=`=`b\r`\n", b"build\t\"a=\"=b\n"),
        (b"other\tline\n\npath\ta\nunended", b""),
    ];
    for (text, printed) in cases {
        assert_eq!(read(&samples::with_text(text)).unwrap().text(), printed);
    }
}

#[test]
fn lengths_are_uvarints() {
    let cases = [
        (&b"\x05\xff"[..], Some((5, 1))),
        (b"\x80\x01", Some((128, 2))),
        (b"\x80", None),
        (&[0xff; 10], None),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Some((u64::MAX, 10))),
    ];
    for (bytes, value) in cases {
        assert_eq!(uvarint(bytes), value, "{bytes:x?}");
    }
}

proptest! {
    #[test]
    fn damage_is_answered(
        sample in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let samples = samples::all();
        let mut data = samples[sample.index(samples.len())].1.clone();
        for (at, byte) in changes {
            let at = at.index(data.len());
            data[at] = byte;
        }
        let _ = read(&data);
        data.truncate(cut.index(data.len()));
        let _ = read(&data);
    }

    #[test]
    fn every_number_of_a_header_is_answered(
        sample in any::<prop::sample::Index>(),
        at in 0_usize..0x300,
        number in prop::sample::select(vec![0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX]),
    ) {
        let samples = samples::all();
        let mut data = samples[sample.index(samples.len())].1.clone();
        let at = at.min(data.len() - 4) & !3;
        data[at..at + 4].copy_from_slice(&number.to_le_bytes());
        let _ = read(&data);
    }
}
