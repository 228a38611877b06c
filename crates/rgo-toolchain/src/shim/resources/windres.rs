//! Translates the command line of GNU's `windres`, which `llvm-windres` shares, for `zig rc`. Pure.
//!
//! ```text
//! windres -I inc -DA=1 app.rc app.o                 /i inc /d A=1 … -- app.rc app.o
//! windres -c65001 -l 0x409 -i app.rc -o app.res     /c 65001 /l 409 … -- app.rc app.res
//! windres -F pe-aarch64-little -J res -O coff …     /:target aarch64 /:input-format res …
//! ```
//!
//! Options may stand anywhere; `--` ends them. A long option may be shortened to any prefix that no
//! other option shares. The value of a short option is joined to it or is the next word.
//! (`windres(1)` of GNU binutils)

use super::{Form, ResourceCall, ResourceJob};

/// The short name, the long name, and whether a value follows.
type Known = (Option<char>, &'static str, bool);

const OPTIONS: [Known; 18] = [
    (Some('i'), "input", true),
    (Some('o'), "output", true),
    (Some('J'), "input-format", true),
    (Some('O'), "output-format", true),
    (Some('F'), "target", true),
    (Some('I'), "include-dir", true),
    (Some('D'), "define", true),
    (Some('U'), "undefine", true),
    (Some('c'), "codepage", true),
    (Some('l'), "language", true),
    (None, "preprocessor", true),
    (None, "preprocessor-arg", true),
    (Some('r'), "", false),
    (Some('v'), "verbose", false),
    (Some('h'), "help", false),
    (Some('V'), "version", false),
    (None, "use-temp-file", false),
    (None, "no-use-temp-file", false),
];

/// The text that `--help` prints.
const HELP: &str = "\
Usage: windres [OPTION]... [INPUT] [OUTPUT]
Makes a COFF object or a .res file of a Windows resource script, by zig's resource compiler.

  -i, --input FILE           the script, or a .res file
  -o, --output FILE          what to make
  -J, --input-format FORMAT  rc or res
  -O, --output-format FORMAT coff or res
  -F, --target NAME          pe-x86-64, pe-aarch64-little, pe-i386, or a triple
  -I, --include-dir DIR      where included files and icons are looked for
  -D, --define NAME[=VALUE]  a name for the preprocessor
  -U, --undefine NAME        none of it
      --preprocessor-arg ARG -I, -D or -U for the preprocessor
  -c, --codepage NUMBER      code page of the script
  -l, --language HEX         language of the resources
  -v, --verbose              more words
  -V, --version              what this is
  -h, --help                 this text
      @FILE                  options out of a file";

/// Parses a command line. `version` is the text for `--version`.
///
/// # Errors
/// A message that names the option that rgo cannot translate.
pub(super) fn read(args: &[String], version: &str) -> Result<ResourceCall, String> {
    let mut job = ResourceJob { ignores_include: true, ..ResourceJob::default() };
    let mut words = args.iter();
    let mut are_files = false;
    while let Some(arg) = words.next() {
        if are_files || !arg.starts_with('-') || arg == "-" {
            job.file(arg)?;
            continue;
        }
        if arg == "--" {
            are_files = true;
            continue;
        }
        for (name, value) in options(arg, &mut words)? {
            match name {
                "help" => return Ok(ResourceCall::Answer(HELP.to_owned())),
                "version" => return Ok(ResourceCall::Answer(version.to_owned())),
                _ => follow(&mut job, name, value)?,
            }
        }
    }
    job.checked().map(ResourceCall::Compile)
}

/// The options in one argument. One argument can hold several short options without a value.
fn options<'a>(
    arg: &'a str,
    words: &mut std::slice::Iter<'a, String>,
) -> Result<Vec<(&'static str, &'a str)>, String> {
    let mut next = |name: &str| {
        words.next().map(String::as_str).ok_or_else(|| format!("`{name}` has no value"))
    };
    if let Some(long) = arg.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v)));
        let (_, full, takes) = long_option(name)?;
        return Ok(vec![match (takes, value) {
            (true, Some(value)) => (full, value),
            (true, None) => (full, next(arg)?),
            (false, None) => (full, ""),
            (false, Some(_)) => return Err(format!("`--{full}` has no value")),
        }]);
    }
    let mut found = Vec::new();
    let mut rest = arg.get(1..).unwrap_or_default().chars();
    while let Some(letter) = rest.next() {
        let known = OPTIONS.iter().find(|(short, ..)| *short == Some(letter));
        let (_, name, takes) = known.ok_or_else(|| unknown(&format!("-{letter}")))?;
        if *takes {
            let joined = rest.as_str();
            let value = if joined.is_empty() { next(arg)? } else { joined };
            found.push((*name, value));
            break;
        }
        found.push((*name, ""));
    }
    Ok(found)
}

fn long_option(name: &str) -> Result<Known, String> {
    let named = || OPTIONS.into_iter().filter(|(_, long, _)| !long.is_empty());
    if let Some(exact) = named().find(|(_, long, _)| *long == name) {
        return Ok(exact);
    }
    let mut begins = named().filter(|(_, long, _)| long.starts_with(name));
    match (begins.next(), begins.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(unknown(&format!("--{name}"))),
    }
}

fn unknown(option: &str) -> String {
    format!("rgo does not know the option `{option}`")
}

fn follow(job: &mut ResourceJob, name: &str, value: &str) -> Result<(), String> {
    match name {
        "input" => job.input = Some(value.to_owned()),
        "output" => job.output = Some(value.to_owned()),
        "input-format" => job.input_form = Some(form(value, "--input-format")?),
        "output-format" => job.output_form = Some(form(value, "--output-format")?),
        "target" => {
            let known = || format!("`--target {value}` is no processor of Windows that zig knows");
            job.machine = Some(machine(value).ok_or_else(known)?);
        }
        "include-dir" => job.option("/i", value),
        // Makefiles escape quotes for the shell that GNU's windres runs the preprocessor with.
        "define" => job.option("/d", &value.replace("\\\"", "\"")),
        "undefine" => job.option("/u", value),
        "codepage" => {
            let number = match value.strip_prefix("0x") {
                Some(digits) => u16::from_str_radix(digits, 16),
                None => value.parse(),
            };
            let number = number.map_err(|_| format!("`--codepage {value}` is no number"))?;
            job.code_page = Some(number);
        }
        "language" => {
            let digits = value.strip_prefix("0x").unwrap_or(value);
            let number = u16::from_str_radix(digits, 16);
            let number = number.map_err(|_| format!("`--language {value}` is no number"))?;
            job.option("/l", &format!("{number:x}"));
        }
        "preprocessor" => {
            let words = shell_words::split(value).unwrap_or_default();
            // The name of the preprocessor does not matter: zig's does the same.
            words.iter().skip(1).try_for_each(|word| preprocessor_option(job, word))?;
        }
        "preprocessor-arg" => preprocessor_option(job, value)?,
        "verbose" => job.options.push("/v".to_owned()),
        // These make no difference for zig.
        "" | "use-temp-file" | "no-use-temp-file" => {}
        other => return Err(unknown(other)),
    }
    Ok(())
}

fn preprocessor_option(job: &mut ResourceJob, word: &str) -> Result<(), String> {
    const IMPLIED: [&str; 7] = ["-E", "-x", "c", "c-header", "-xc", "-xc-header", "-DRC_INVOKED"];
    if IMPLIED.contains(&word) {
        return Ok(());
    }
    for (option, own) in [("-I", "/i"), ("-D", "/d"), ("-U", "/u")] {
        if let Some(value) = word.strip_prefix(option).filter(|value| !value.is_empty()) {
            job.option(own, value);
            return Ok(());
        }
    }
    Err(format!("zig's preprocessor has nothing for `{word}`; it takes -I, -D and -U"))
}

fn form(value: &str, option: &str) -> Result<Form, String> {
    match value.to_ascii_lowercase().as_str() {
        "rc" => Ok(Form::Rc),
        "res" => Ok(Form::Res),
        "coff" => Ok(Form::Coff),
        _ => Err(format!("`{option} {value}` is not rc, res or coff")),
    }
}

/// The processor in a BFD target or a triple, in zig's notation.
fn machine(target: &str) -> Option<&'static str> {
    let bfd = ["pe-bigobj-", "pei-", "pe-"].iter().find_map(|it| target.strip_prefix(it));
    Some(match bfd {
        Some("x86-64") => "x86_64",
        Some("aarch64" | "aarch64-little") => "aarch64",
        Some("i386") => "x86",
        Some(_) => return None,
        None => match target.split('-').next().unwrap_or_default() {
            "x86_64" | "amd64" => "x86_64",
            "aarch64" | "arm64" => "aarch64",
            "i386" | "i486" | "i586" | "i686" => "x86",
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(line: &str) -> Result<Vec<String>, String> {
        let args = shell_words::split(line).expect("splits");
        read(&args, "windres 1").map(|call| match call {
            ResourceCall::Answer(text) => text.lines().take(1).map(str::to_owned).collect(),
            ResourceCall::Compile(job) => job.zig("default", Some(7), job.input.as_deref()),
        })
    }

    #[test]
    fn command_lines_in_zigs_words() {
        let coff =
            "rc /x /:auto-includes gnu /:input-format rc /:output-format coff /:target default";
        let arm = coff.replace("default", "aarch64");
        let res = "rc /x /:auto-includes gnu /:input-format rc /:output-format res";
        for (line, expected) in [
            ("a.rc a.o", format!("{coff} /c 7 -- a.rc a.o")),
            ("-i a.rc -o a.o", format!("{coff} /c 7 -- a.rc a.o")),
            ("a.rc -o a", format!("{coff} /c 7 -- a.rc a")),
            ("-oa.o -ia.rc -Ocoff", format!("{coff} /c 7 -- a.rc a.o")),
            ("--input=a.rc --output a.lib", format!("{coff} /c 7 -- a.rc a.lib")),
            ("-O coff a.rc a.res", format!("{coff} /c 7 -- a.rc a.res")),
            ("a.rc a.res", format!("{res} /c 7 -- a.rc a.res")),
            ("-O res a.rc a.o", format!("{res} /c 7 -- a.rc a.o")),
            ("a.res a.o", format!("{} -- a.res a.o", coff.replace("format rc", "format res"))),
            ("a.x a.o", format!("{coff} /c 7 -- a.x a.o")),
            ("-J rc a.res a.o", format!("{coff} /c 7 -- a.res a.o")),
            (
                "-Ix -I 'y z' --include-dir=w a.rc a.o",
                format!("{coff} /c 7 /i x /i 'y z' /i w -- a.rc a.o"),
            ),
            (
                "-DA -D B=1 --define 'C=\"x\"' -UD a.rc a.o",
                format!("{coff} /c 7 /d A /d B=1 /d 'C=\"x\"' /u D -- a.rc a.o"),
            ),
            ("-c65001 a.rc a.o", format!("{coff} /c 65001 -- a.rc a.o")),
            ("--codepage=0x4e4 a.rc a.o", format!("{coff} /c 1252 -- a.rc a.o")),
            ("-l 0x0407 a.rc a.o", format!("{coff} /c 7 /l 407 -- a.rc a.o")),
            ("--language=9 a.rc a.o", format!("{coff} /c 7 /l 9 -- a.rc a.o")),
            ("-F pe-aarch64-little a.rc a.o", format!("{arm} /c 7 -- a.rc a.o")),
            ("--target=pe-aarch64 a.rc a.o", format!("{arm} /c 7 -- a.rc a.o")),
            ("--target aarch64-w64-mingw32 a.rc a.o", format!("{arm} /c 7 -- a.rc a.o")),
            (
                "-Fpe-x86-64 a.rc a.o",
                format!("{} /c 7 -- a.rc a.o", coff.replace("default", "x86_64")),
            ),
            ("-Fpei-i386 a.rc a.o", format!("{} /c 7 -- a.rc a.o", coff.replace("default", "x86"))),
            ("-rv --use-temp-file a.rc a.o", format!("{coff} /c 7 /v -- a.rc a.o")),
            (
                "--preprocessor-arg=-Dx --preprocessor-arg -Iy a.rc a.o",
                format!("{coff} /c 7 /d x /i y -- a.rc a.o"),
            ),
            (
                "--preprocessor='gcc -E -x c -DRC_INVOKED -Dz' a.rc a.o",
                format!("{coff} /c 7 /d z -- a.rc a.o"),
            ),
            ("-o a.o -- /x.rc", format!("{coff} /c 7 -- /x.rc a.o")),
        ] {
            let words = said(line).expect(line);
            let expected = shell_words::split(&expected).expect("splits");
            assert_eq!(words.join(" "), expected.join(" "), "{line}");
        }
    }

    #[test]
    fn questions_are_answered_whatever_else_is_asked() {
        for (line, expected) in [
            ("-V /?", "windres 1"),
            ("a.rc --version", "windres 1"),
            ("-h", "Usage: windres [OPTION]... [INPUT] [OUTPUT]"),
        ] {
            assert_eq!(said(line), Ok(vec![expected.to_owned()]), "{line}");
        }
    }

    #[test]
    fn what_zig_cannot_follow_is_refused_by_name() {
        for (line, words) in [
            ("a.rc", "output"),
            ("--in a.rc --output-f=coff a.res", "--in"),
            ("-o a.o", "input"),
            ("a.rc a.o b.o", "`b.o`"),
            ("-O rc a.res a.txt", "rc"),
            ("a.res a.rc", "rc"),
            ("a.exe a.o", "coff"),
            ("-J coff a a.o", "coff"),
            ("a.res b.res", "res"),
            ("-O elf a.rc a.o", "--output-format elf"),
            ("-F pe-arm-wince-little a.rc a.o", "pe-arm-wince-little"),
            ("-F elf64-x86-64 a.rc a.o", "elf64-x86-64"),
            ("--preprocessor-arg=-include --preprocessor-arg=x a.rc a.o", "`-include`"),
            ("-c utf8 a.rc a.o", "--codepage utf8"),
            ("-l en a.rc a.o", "--language en"),
            ("--yydebug a.rc a.o", "--yydebug"),
            ("--o=x a.rc", "--o"),
            ("-q a.rc a.o", "-q"),
            ("--verbose=1 a.rc a.o", "--verbose"),
            ("a.rc a.o -D", "-D"),
        ] {
            let why = said(line).expect_err(line);
            assert!(why.contains(words), "{line}: {why}");
        }
    }

    proptest! {
        #[test]
        fn any_command_line_is_answered(args in prop::collection::vec("-{0,2}[a-zVFIJO=@/.]{0,8}|ü", 0..6)) {
            let _ = read(&args, "");
        }
    }
}
