//! Translates the command line of Microsoft's `rc` and LLVM's `llvm-rc` for `zig rc`. Pure.
//!
//! ```text
//! rc /nologo /dA=1 /I inc /fo app.res app.rc         /nologo /d A=1 /i inc … -- app.rc app.res
//! llvm-rc -no-preprocess /C 65001 -fo app.o -- /app.rc
//! ```
//!
//! An option begins with `/`, `-` or `--` and ignores case. Its value is joined to it or is the
//! next word. zig takes the same options, but it takes a path that begins with `/` for an option.

use camino::Utf8Path;

use super::{Form, ResourceCall, ResourceJob};

/// Options with a value. The longest come first, because some begin alike.
const VALUES: [&str; 8] = ["fo", "ln", "sl", "d", "u", "i", "l", "c"];
/// Options without a value.
const FLAGS: [&str; 7] = ["nologo", "v", "w", "y", "n", "a", "r"];

/// The text that `/?` prints after the version.
const HELP: &str = "
Usage: rc [OPTION]... [--] SCRIPT
Makes a .res file of a Windows resource script, by zig's resource compiler; a COFF object if the
file to make is called .o, .obj, .lib or .a.

  /fo FILE          what to make
  /i DIR            where included files and icons are looked for
  /d NAME[=VALUE]   a name for the preprocessor
  /u NAME           none of it
  /c NUMBER         code page of the script
  /l HEX, /ln NAME  language of the resources
  /n /sl PERCENT    NUL behind strings; how long a string may be
  /x                without the folders in INCLUDE
  /no-preprocess    the script is preprocessed
  /v /w /y          more words; less about code pages and control IDs
  /nologo /a /r     nothing";

/// Parses a command line. `version` is the text for `--version`; `exists` tells whether a file
/// exists.
///
/// # Errors
/// A message that names the option that rgo cannot translate.
pub(super) fn read(
    args: &[String],
    version: &str,
    exists: &dyn Fn(&Utf8Path) -> bool,
) -> Result<ResourceCall, String> {
    let mut job = ResourceJob::default();
    let mut words = args.iter().map(String::as_str);
    let mut are_files = false;
    while let Some(arg) = words.next() {
        // A path may look like an option: `/data/app.rc`.
        let is_path =
            arg.starts_with('/') && arg.len() > 1 && arg[1..].contains('/') && exists(arg.into());
        let option = ["--", "-", "/"].iter().find_map(|prefix| arg.strip_prefix(prefix));
        let option = match option {
            _ if are_files || is_path => None,
            Some("") if arg == "--" => {
                are_files = true;
                continue;
            }
            option => option,
        };
        let Some(option) = option else {
            if job.input.replace(arg.to_owned()).is_some() {
                return Err(format!("`{arg}` is a second script"));
            }
            continue;
        };
        let lower = option.to_ascii_lowercase();
        match lower.as_str() {
            "?" | "h" | "help" => return Ok(ResourceCall::Answer(format!("{version}{HELP}"))),
            "version" => return Ok(ResourceCall::Answer(version.to_owned())),
            "x" => job.ignores_include = true,
            "no-preprocess" | ":no-preprocess" => job.is_preprocessed = true,
            flag if FLAGS.contains(&flag) => job.options.push(format!("/{flag}")),
            _ => {
                let name = VALUES.into_iter().find(|name| lower.starts_with(name));
                let name = name.ok_or_else(|| format!("zig's resource compiler has no `{arg}`"))?;
                let joined = option.get(name.len()..).unwrap_or_default();
                let value = if joined.is_empty() { words.next() } else { Some(joined) };
                follow(&mut job, name, value.ok_or_else(|| format!("`{arg}` has no value"))?)?;
            }
        }
    }
    let form = |file: &Utf8Path| match file.extension() {
        Some("o" | "obj" | "lib" | "a") => Form::Coff,
        _ => Form::Res,
    };
    if job.output.is_none() {
        let beside = |input: &String| Utf8Path::new(input).with_extension("res").into_string();
        job.output = job.input.as_ref().map(beside);
    }
    job.output_form = job.output.as_deref().map(|file| form(Utf8Path::new(file)));
    if job.is_preprocessed || job.input.as_deref().is_some_and(|it| !it.ends_with(".res")) {
        job.input_form = Some(Form::Rc);
    }
    job.checked().map(ResourceCall::Compile)
}

fn follow(job: &mut ResourceJob, name: &str, value: &str) -> Result<(), String> {
    match name {
        "fo" => job.output = Some(value.to_owned()),
        "c" => {
            let number = value.parse();
            job.code_page = Some(number.map_err(|_| format!("`/c {value}` is no number"))?);
        }
        _ => job.option(&format!("/{name}"), value),
    }
    Ok(())
}

/// Converts the line markers of GNU's and LLVM's preprocessors to those of rc. By these the
/// compiler recognizes C code from a header, and skips it.
///
/// ```text
/// # 12 "winver.h" 2 3    →    #line 12 "winver.h"
/// ```
pub(super) fn with_line_marks(text: &[u8]) -> Vec<u8> {
    let mut marked = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let rest =
            line.strip_prefix(b"# ").filter(|rest| rest.first().is_some_and(u8::is_ascii_digit));
        let Some(rest) = rest else {
            marked.extend(line);
            continue;
        };
        // Flags follow the file name.
        let end = rest.iter().rposition(|byte| *byte == b'"').map_or(rest.len(), |at| at + 1);
        marked.extend(b"#line ");
        marked.extend(rest.get(..end).unwrap_or(rest).trim_ascii_end());
        marked.push(b'\n');
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(line: &str) -> Result<Vec<String>, String> {
        let args = shell_words::split(line).expect("splits");
        let exists = |path: &Utf8Path| path == "/data/a.rc";
        read(&args, "rc 1", &exists).map(|call| match call {
            ResourceCall::Answer(text) => text.lines().take(1).map(str::to_owned).collect(),
            ResourceCall::Compile(job) => job.zig("x86_64", None, job.input.as_deref()),
        })
    }

    #[test]
    fn command_lines_in_zigs_words() {
        let res = "rc /:auto-includes gnu /:input-format rc /:output-format res";
        let coff = "rc /:auto-includes gnu /:input-format rc /:output-format coff /:target x86_64";
        for (line, expected) in [
            ("a.rc", format!("{res} -- a.rc a.res")),
            ("sub/a.rc", format!("{res} -- sub/a.rc sub/a.res")),
            ("/fo b.res a.rc", format!("{res} -- a.rc b.res")),
            ("-fob.res a.rc", format!("{res} -- a.rc b.res")),
            ("/FO a.obj a.rc", format!("{coff} -- a.rc a.obj")),
            ("-fo a.lib -C 65001 -- /x.rc", format!("{coff} /c 65001 -- /x.rc a.lib")),
            ("/nologo /v /r a.rc", format!("{res} /nologo /v /r -- a.rc a.res")),
            (
                "/dA=1 /d B /uC /I x -iy a.rc",
                format!("{res} /d A=1 /d B /u C /i x /i y -- a.rc a.res"),
            ),
            (
                "/l409 /ln en-us --l 407 a.rc",
                format!("{res} /l 409 /ln en-us /l 407 -- a.rc a.res"),
            ),
            ("/x a.rc", format!("{} -- a.rc a.res", res.replace("rc /:auto", "rc /x /:auto"))),
            ("/data/a.rc", format!("{res} -- /data/a.rc /data/a.res")),
            ("/fo /data/a.o /data/a.rc", format!("{coff} -- /data/a.rc /data/a.o")),
            (
                "-no-preprocess a.rc",
                format!("{} -- a.rc a.res", res.replace("rc /:auto", "rc /:no-preprocess /:auto")),
            ),
            ("-V /?", "rc 1".to_owned()),
            ("--version", "rc 1".to_owned()),
        ] {
            let words = shell_words::split(&expected).expect("splits");
            let said = said(line).unwrap_or_else(|why| panic!("{line}: {why}"));
            assert_eq!(said.join(" "), words.join(" "), "{line}");
        }
    }

    #[test]
    fn what_zig_cannot_follow_is_refused_by_name() {
        for (line, words) in [
            ("", "input"),
            ("a.rc b.rc", "`b.rc`"),
            ("/fm a.rc", "`/fm`"),
            ("/g1 a.rc", "`/g1`"),
            ("a.rc /fo", "`/fo`"),
            ("/c utf8 a.rc", "`/c utf8`"),
            ("/tmp/none.rc", "`/tmp/none.rc`"),
            ("/fo b.res a.res", "res"),
        ] {
            let why = said(line).expect_err(line);
            assert!(why.contains(words), "{line}: {why}");
        }
    }

    #[test]
    fn marks_of_lines_become_rcs() {
        let text =
            "# 1 \"a \\\"b.rc\" 2 3\n#pragma x\n# 7\n1 ICON \"# 1\"\n#  5 \"x\"\n# 12 \"w.h\"";
        let expected = "#line 1 \"a \\\"b.rc\"\n#pragma x\n#line 7\n1 ICON \"# 1\"\n#  5 \"x\"\n#line 12 \"w.h\"\n";
        assert_eq!(String::from_utf8_lossy(&with_line_marks(text.as_bytes())), expected);
    }

    proptest! {
        #[test]
        fn any_command_line_is_answered(args in prop::collection::vec("[-/]{0,2}[a-z?:./]{0,8}|ü|/ü/", 0..6)) {
            let _ = read(&args, "", &|_| true);
        }

        #[test]
        fn any_text_is_marked(text in "[# 0-9\"\na]{0,40}") {
            let _ = with_line_marks(text.as_bytes());
        }
    }
}
