//! Converts a call to options once for all files: the mode, the names, the contents of sections to
//! add.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use rgo_edit::{Compression, Discard, SignaturePolicy, Strip};
use rgo_files::output::Output;

use super::apple::AppleOptions;
use super::names::{Names, Reading};
use crate::app::error::Usage;
use crate::strip::args::{CompressionArg, SignArg, StripArgs};

/// The treatment of each file.
#[derive(Debug)]
pub(super) struct StripOptions {
    /// The mode: the parts to remove as a whole.
    pub mode: Strip,
    /// Local symbols to remove besides.
    pub discard: Discard,
    /// How to treat the debug data.
    pub companion: CompanionMode,
    pub keep_symbols: Option<Names>,
    pub drop_symbols: Option<Names>,
    pub keep_sections: Option<Names>,
    pub drop_sections: Option<Names>,
    /// Names and contents of new sections.
    pub added: Vec<(String, Vec<u8>)>,
    /// Names of sections, and the files for their contents.
    pub dumped: Vec<(String, PathBuf)>,
    pub compression: Option<Compression>,
    pub sign: SignaturePolicy,
    /// The request of Apple's flags.
    pub apple: AppleOptions,
    /// Whether members of archives lose their times and owners.
    pub deterministic: bool,
    /// The file for the result; in place if `None`.
    pub output: Option<PathBuf>,
    pub preserve_dates: bool,
    pub dry_run: bool,
    /// Whether to report the edit.
    pub report: bool,
    /// Whether a result or a section goes to stdout.
    pub to_stdout: bool,
    /// Whether to print only errors.
    pub quiet: bool,
}

/// How to keep debug data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CompanionMode {
    /// Nothing.
    None,
    /// The result is the companion.
    Only,
    /// The companion goes into this folder, and the program is stripped.
    Split(PathBuf),
}

impl StripOptions {
    /// Converts the call.
    ///
    /// # Errors
    /// [`Usage`] for an inconsistent call, and if a section's content cannot be read.
    pub(super) fn new(args: &StripArgs) -> Result<Self> {
        one_file_only(args)?;
        let reading = match (args.names.wildcard, args.names.regex) {
            (true, _) => Reading::Wildcard,
            (_, true) => Reading::Regex,
            _ => Reading::Exact,
        };
        // GNU's strip always treats these as patterns; Debian's packaging uses `-R .gnu.lto_*`.
        let of_sections = if args.names.regex { Reading::Regex } else { Reading::Wildcard };
        let dumped = pairs("--dump-section", &args.dump_sections)?;
        let outputs = dumped.iter().map(|(_, file)| file).chain(&args.output);
        let to_stdout = outputs.filter(|path| Output::is_stdout(path)).count();
        if to_stdout > 1 {
            return Err(Usage::new("only one result can go to stdout").into());
        }
        Ok(Self {
            mode: mode(args),
            discard: match (args.mode.discard_all, args.mode.discard_locals) {
                (true, _) => Discard::All,
                (_, true) => Discard::Temporary,
                _ => Discard::None,
            },
            companion: match &args.mode.split {
                Some(folder) => CompanionMode::Split(folder.clone()),
                None if args.mode.only_keep_debug => CompanionMode::Only,
                None => CompanionMode::None,
            },
            keep_symbols: Names::new(&args.names.keep_symbols, reading)?,
            drop_symbols: Names::new(&args.names.strip_symbols, reading)?,
            keep_sections: Names::new(&args.names.keep_sections, of_sections)?,
            drop_sections: Names::new(&args.names.remove_sections, of_sections)?,
            added: added_sections(args)?,
            dumped,
            compression: args.compression.map(|how| match how {
                CompressionArg::Zlib => Compression::Zlib,
                CompressionArg::Zstd => Compression::Zstd,
                CompressionArg::None => Compression::None,
            }),
            sign: signature_policy(args),
            apple: args.apple.as_ref().map(AppleOptions::new).transpose()?.unwrap_or_default(),
            deterministic: args.enable_deterministic_archives,
            to_stdout: to_stdout > 0,
            quiet: args.quiet,
            output: args.output.clone(),
            preserve_dates: args.preserve_dates,
            dry_run: args.dry_run,
            report: args.dry_run
                || args.verbose
                || args.format.is_some()
                || !args.to_files.files.is_empty(),
        })
    }
}

/// The mode. The default removes everything, unless other options already say what to do.
fn mode(args: &StripArgs) -> Strip {
    let mode = &args.mode;
    if mode.strip_all {
        Strip::All
    } else if mode.strip_unneeded {
        Strip::Unneeded
    } else if mode.strip_debug || mode.discard_all {
        Strip::Debug
    } else if mode.split.is_some() {
        // Parts in the companion do not stay in the program, whatever the other options.
        Strip::All
    } else if mode.discard_locals
        || !args.names.strip_symbols.is_empty()
        || !args.add_sections.is_empty()
        || !args.dump_sections.is_empty()
        || args.compression.is_some()
    {
        Strip::None
    } else {
        Strip::All
    }
}

/// The names and contents of `--add-section`.
fn added_sections(args: &StripArgs) -> Result<Vec<(String, Vec<u8>)>> {
    let added = pairs("--add-section", &args.add_sections)?.into_iter().map(|(name, file)| {
        let content = fs::read(&file)
            .with_context(|| format!("reading the section {name} from {}", file.display()))?;
        Ok((name, content))
    });
    added.collect()
}

fn signature_policy(args: &StripArgs) -> SignaturePolicy {
    match args.sign {
        // Apple's strip leaves a void signature for a later signer.
        None if args.apple.is_some() => SignaturePolicy::Renew,
        None | Some(SignArg::Keep) => SignaturePolicy::Keep,
        Some(SignArg::Adhoc) => SignaturePolicy::AdHoc,
        Some(SignArg::None) => SignaturePolicy::None,
    }
}

fn one_file_only(args: &StripArgs) -> Result<()> {
    if args.files.iter().any(|path| path.as_os_str() == "-") {
        return Err(Usage::new("stdin is not stripped: save what it gives to a file first")
            .hint("a file of that name is ./-; `-o -` writes a result to stdout")
            .into());
    }
    if args.files.len() > 1 && args.output.is_some() {
        return Err(Usage::new("-o takes the result of one file")
            .hint("without -o each is stripped in place")
            .into());
    }
    if args.files.len() > 1 && !args.dump_sections.is_empty() {
        return Err(Usage::new("--dump-section takes a section of one file").into());
    }
    Ok(())
}

fn pairs(option: &str, values: &[String]) -> Result<Vec<(String, PathBuf)>> {
    let pair = |value: &String| match value.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(file)))
        }
        _ => Err(Usage::new(format!("{option} {value}: it takes NAME=FILE")).into()),
    };
    values.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[track_caller]
    fn options(args: &[&str]) -> StripOptions {
        let args = ["rgo-strip"].iter().chain(args).chain(&["file"]);
        StripOptions::new(&StripArgs::try_parse_from(args).expect("parses")).expect("makes sense")
    }

    #[test]
    fn modes_are_those_of_other_strips() {
        for (args, mode) in [
            (&[][..], Strip::All),
            (&["-s"], Strip::All),
            (&["-g"], Strip::Debug),
            (&["-S"], Strip::Debug),
            (&["-d"], Strip::Debug),
            (&["--strip-debug"], Strip::Debug),
            (&["--strip-unneeded"], Strip::Unneeded),
            (&["-g", "-s"], Strip::All),
            (&["-s", "-g"], Strip::Debug),
            (&["-g", "-g", "-p", "-p"], Strip::Debug),
            (&["-x"], Strip::Debug),
            (&["-X"], Strip::None),
            (&["-S", "-x"], Strip::Debug),
            (&["--strip-unneeded", "-x"], Strip::Unneeded),
            (&["-R", ".comment"], Strip::All),
            (&["-K", "main"], Strip::All),
            (&["-N", "main"], Strip::None),
            (&["-N", "main", "-s"], Strip::All),
            (&["--sign", "adhoc"], Strip::All),
            (&["--compress-debug", "zlib"], Strip::None),
            (&["--compress-debug-sections=zlib"], Strip::None),
            (&["-D", "-U"], Strip::All),
            (&["--split", "x"], Strip::All),
            (&["--split", "x", "-g"], Strip::Debug),
            (&["--split", "x", "--compress-debug", "zlib"], Strip::All),
            (&["--split", "x", "-N", "main"], Strip::All),
        ] {
            assert_eq!(options(args).mode, mode, "{args:?}");
        }
    }

    #[test]
    fn sections_are_patterns_and_symbols_are_not() {
        let options = options(&["-R", ".gnu.lto_*", "--keep-section=.a?", "-N", "a*"]);
        let has = |names: &Option<Names>, name: &str| {
            names.as_ref().is_some_and(|names| names.has(name.as_bytes()))
        };
        assert!(has(&options.drop_sections, ".gnu.lto_.opts.1"));
        assert!(!has(&options.drop_sections, "x.gnu.lto_"));
        assert!(has(&options.keep_sections, ".ab"));
        assert!(!has(&options.drop_symbols, "ab"));
    }

    #[test]
    fn names_add_up() {
        let options = options(&["-K", "a", "-Kb", "--keep-symbol=c"]);
        let names = options.keep_symbols.expect("were given");
        assert!(["a", "b", "c"].iter().all(|name| names.has(name.as_bytes())));
    }
}
