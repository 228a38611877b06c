//! The command line of `rgo-strip`. Options have the names of GNU's and LLVM's strip, and Apple's
//! flags have their meaning in Apple's strip, so that `STRIP=rgo-strip` works in a build that does
//! not know rgo.

mod apple;
mod dialect;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};
use rgo_binary::FileKind;

use crate::app::args::{CommonArgs, Tool, parse};
use crate::app::call_files::CallFiles;
use crate::app::policy::PolicyArgs;
use crate::app::reports::{FormatArg, ReportFileArgs};
pub use apple::AppleArgs;
use dialect::WordContent;

/// Take debug data and symbols out of programs, or put them into files of their own
///
/// Reads and writes ELF, Mach-O (fat ones too) and PE files for any platform, on any platform, and
/// ELF objects and archives of them (not Mach-O and COFF objects). A file is changed in place, or written to another with -o; it
/// is checked before it is put in place that the result loads what the input loads. Nothing is
/// printed unless asked for.
///
/// What tells a program's origin stays in every mode: the dependency list, rgo's and Go's build
/// information, build-ids and other notes, .comment.
#[derive(Debug, Parser)]
#[command(
    name = "rgo-strip",
    // libtool strips libraries only with a strip whose version has these words.
    version = concat!(env!("CARGO_PKG_VERSION"), " (compatible with GNU strip)"),
    disable_version_flag = true,
    args_override_self = true,
    max_term_width = 100,
    // `dialect` rewrites Apple's flags before clap parses them, so clap's own usage line would show
    // other words.
    override_usage = "rgo-strip [OPTIONS] <FILE>...",
    after_help = "\
Examples:
  rgo-strip app                            take out all that running it does not need
  rgo-strip -g app lib.so                  debug data alone; names of functions stay
  rgo-strip -o app.small app               leave app as it is
  rgo-strip --split debug/ app             strip it; keep what goes where debuggers find it
  rgo-strip --only-keep-debug -o app.debug app
  rgo-strip -n app                         what would go, and how large it is
  rgo-strip -v app                         strip it, and say what a debugger can still do
  rgo-strip -K main -w -K 'plugin_*' app   all symbols but these
  rgo-strip --compress-debug zstd app      debug data made smaller; nothing is taken out

The default is -s. With only -N, --add-section, --dump-section or --compress-debug nothing goes
but what they say. Of several modes the last counts.

Apple's dialect is read if the program is called by a name like arm64-apple-darwin23-strip (apple
or darwin in it, strip at its end), with --dialect apple, or if a flag is there that only Apple's
strip has (-u -r -A -T -i -c -l -arch -toc64 -no_…). In it the flags of one dash are Apple's:
  -u, -r    undefined symbols, and those referenced dynamically, stay: they stay in every mode
  -S        debugging symbols go
  -x        local symbols go
  -X        local symbols that begin with L go
  -N        all symbols go, if dyld binds the image without them
  -T        Swift's symbols go
  -s FILE   symbols listed in FILE stay, and nothing else is exported
  -R FILE   symbols listed in FILE go, and are not exported
  -d FILE   debugging symbols of the source files listed in FILE stay
  -i        symbols that -s and -R list may be missing
  -A        global absolute symbols stay
  -D        archives become deterministic
  -no_uuid, -no_split_info, -no_atom_info
            these load commands go
  -no_code_signature_warning
            say nothing of a signature that is void
  -o FILE   the result goes to FILE
  -v        say what was done
  -         whatever follows is a file
Without -S, -x, -X or -N every symbol goes that dyld does not need. -c, -l, -n, -arch and -toc64 are
not supported: an error says what to use. Where an identity's signature is void, an ad-hoc one takes
its place. `-s FILE` and `-R FILE` that either dialect could mean are an error.

`rgo-strip -vV` says what a report of a fault has to name.

Exit codes: 0 done; 1 a file could not be stripped, and is as it was; 2 wrong usage; 3 stripped, but
a requirement does not hold, or its answer is unknown."
)]
pub struct StripArgs {
    /// Programs, libraries, objects and archives of objects; @LIST for the arguments in LIST
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// What is taken out
    #[command(flatten)]
    pub mode: ModeArgs,
    /// Where the result goes; - is stdout [default: in place]
    #[arg(short, long, value_name = "FILE", help_heading = "Result")]
    pub output: Option<PathBuf>,
    /// Keep the times of the file
    #[arg(short = 'p', long, help_heading = "Result")]
    pub preserve_dates: bool,
    /// What becomes of a code signature [default: keep]
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Result")]
    pub sign: Option<SignArg>,
    /// How debug sections are stored (ELF) [default: as they are]
    #[arg(
        long = "compress-debug",
        visible_alias = "compress-debug-sections",
        value_enum,
        value_name = "HOW",
        help_heading = "Result"
    )]
    pub compression: Option<CompressionArg>,

    /// Names of symbols and sections
    #[command(flatten)]
    pub names: NameArgs,
    /// Add a section with the content of a file (repeatable): ELF does not load it, Mach-O and PE map
    /// it read-only
    #[arg(long = "add-section", value_name = "NAME=FILE", help_heading = "Sections and symbols")]
    pub add_sections: Vec<String>,
    /// Write the content of a section to a file, as it is in the input (repeatable)
    #[arg(long = "dump-section", value_name = "NAME=FILE", help_heading = "Sections and symbols")]
    pub dump_sections: Vec<String>,

    /// Say what would be done, and do nothing
    #[arg(short = 'n', long, help_heading = "Report")]
    pub dry_run: bool,
    /// Say what was done, and what a debugger can do with what is left
    #[arg(short, long, help_heading = "Report")]
    pub verbose: bool,
    /// Say nothing but errors
    #[arg(short, long, conflicts_with_all = ["verbose", "format"], help_heading = "Report")]
    pub quiet: bool,
    /// As -v, rendered in this way
    #[arg(long, value_enum, help_heading = "Report")]
    pub format: Option<FormatArg>,
    /// Its files
    #[command(flatten)]
    pub to_files: ReportFileArgs<FormatArg>,
    /// What has to hold of the results
    #[command(flatten)]
    pub gate: PolicyArgs,
    /// Its messages
    #[command(flatten)]
    pub common: CommonArgs,

    /// Print version
    #[arg(short = 'V', long, action = clap::ArgAction::Version, help_heading = "Report")]
    pub version: Option<bool>,

    /// Whose flags these are: -s, -d, -R and -N mean different things (see below)
    // `dialect` reads it before clap does; this field is for the help.
    #[arg(long, value_enum, value_name = "WHOSE", help_heading = "Report")]
    pub dialect: Option<DialectArg>,
    /// What only Apple's flags ask for; `None` if they are GNU's.
    #[arg(skip)]
    pub apple: Option<AppleArgs>,

    /// Archives: the members' times and owners become 0, their modes 644
    #[arg(
        short = 'D',
        long,
        overrides_with = "disable_deterministic_archives",
        help_heading = "Result"
    )]
    pub enable_deterministic_archives: bool,
    /// Archives: the members' times, owners and modes stay [default]
    #[allow(rustdoc::broken_intra_doc_links)] // This is a text of --help.
    #[arg(
        short = 'U',
        long,
        overrides_with = "enable_deterministic_archives",
        help_heading = "Result"
    )]
    pub disable_deterministic_archives: bool,
}

impl Tool for StripArgs {
    fn common(&self) -> &CommonArgs {
        &self.common
    }

    fn files(&self) -> CallFiles {
        let inputs = [&self.files, &self.gate.policy].into_iter().flatten().chain(&self.output);
        let contents = self.add_sections.iter().chain(&self.dump_sections);
        let contents = contents.filter_map(|pair| Some(PathBuf::from(pair.split_once('=')?.1)));
        let reports = self.to_files.paths().chain(self.common.log_file.clone());
        CallFiles { inputs: inputs.cloned().chain(contents).collect(), reports: reports.collect() }
    }

    fn schemas() -> Vec<&'static str> {
        vec![super::schema().0]
    }

    fn read(args: Vec<OsString>) -> anyhow::Result<Self> {
        let call = dialect::read(args, &look)?;
        Ok(Self { apple: call.apple, ..parse(call.words) })
    }
}

/// Classifies the file that a word of the call names.
fn look(word: &OsStr) -> WordContent {
    // This is enough to recognize a program or a list.
    const START: u64 = 64 << 10;
    // Opening a pipe would wait.
    if !std::fs::metadata(word).is_ok_and(|found| found.is_file()) {
        return WordContent::Nothing;
    }
    let mut start = Vec::new();
    let read = File::open(word).and_then(|file| file.take(START).read_to_end(&mut start));
    match read {
        Err(_) => WordContent::Nothing,
        Ok(_) if FileKind::parse(&start) != FileKind::Other => WordContent::Program,
        Ok(_) if is_list(&start) => WordContent::List,
        Ok(_) => WordContent::Other,
    }
}

/// Whether each line of a text is a symbol or a comment.
fn is_list(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let is_name = |line: &str| {
        let starts = line.starts_with(|it: char| it.is_ascii_alphabetic() || "_.$".contains(it));
        starts && !line.contains(char::is_whitespace)
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut names = lines.filter(|line| !line.starts_with('#')).peekable();
    !text.starts_with("#!") && names.peek().is_some() && names.all(is_name)
}

/// Whose flags a call has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DialectArg {
    /// GNU's and LLVM's
    Gnu,
    /// Apple's
    Apple,
}

/// What is taken out as a whole.
#[derive(Clone, Debug, Default, Args)]
#[allow(clippy::struct_excessive_bools)]
pub struct ModeArgs {
    /// All symbols and debug data, and whatever else is not loaded
    #[arg(short = 's', long, overrides_with_all = MODES, help_heading = "What goes")]
    pub strip_all: bool,
    /// Debug data: what only debuggers read (also -S, -d)
    #[arg(
        short = 'g',
        long,
        short_aliases = ['S', 'd'],
        overrides_with_all = MODES,
        help_heading = "What goes"
    )]
    pub strip_debug: bool,
    /// Debug data, and symbols that neither the loader nor a linker asks for
    #[arg(long, overrides_with_all = MODES, help_heading = "What goes")]
    pub strip_unneeded: bool,
    /// Debug data, and local symbols that no relocation needs
    #[arg(short = 'x', long, help_heading = "What goes")]
    pub discard_all: bool,
    /// Symbols that a compiler made for itself (.L…, L…), if no relocation needs them
    #[arg(short = 'X', long, help_heading = "What goes")]
    pub discard_locals: bool,
    /// Everything but debug data: the result is a companion for debuggers, and no program
    #[arg(
        long,
        overrides_with_all = MODES,
        requires = "output",
        conflicts_with_all = [
            "split", "discard_all", "discard_locals", "keep_symbols", "strip_symbols",
            "keep_sections", "remove_sections", "add_sections", "sign",
        ],
        help_heading = "What goes"
    )]
    pub only_keep_debug: bool,
    /// As the mode says, but what goes is kept in DIR, where debuggers find it: by build-id and
    /// debuglink (ELF, PE), as a dSYM bundle (Mach-O)
    #[arg(long, value_name = "DIR", help_heading = "What goes")]
    pub split: Option<PathBuf>,
}

/// The last of these counts, as in other strips.
const MODES: [&str; 4] = ["strip_all", "strip_debug", "strip_unneeded", "only_keep_debug"];

/// Symbols and sections by name.
#[derive(Clone, Debug, Default, Args)]
pub struct NameArgs {
    /// Keep this symbol, whatever the mode (repeatable)
    #[arg(
        short = 'K',
        long = "keep-symbol",
        value_name = "NAME",
        help_heading = "Sections and symbols"
    )]
    pub keep_symbols: Vec<String>,
    /// Take out this symbol, whatever the mode (repeatable)
    #[arg(
        short = 'N',
        long = "strip-symbol",
        value_name = "NAME",
        help_heading = "Sections and symbols"
    )]
    pub strip_symbols: Vec<String>,
    /// Keep this section, whatever the mode (repeatable; a pattern as with -w)
    #[arg(long = "keep-section", value_name = "NAME", help_heading = "Sections and symbols")]
    pub keep_sections: Vec<String>,
    /// Take out this section too (repeatable; a pattern as with -w); what is loaded cannot go
    #[arg(
        short = 'R',
        long = "remove-section",
        value_name = "NAME",
        help_heading = "Sections and symbols"
    )]
    pub remove_sections: Vec<String>,
    /// Symbols too are patterns: * any text, ? a character, [ab] one of them, !… all but these
    #[allow(rustdoc::broken_intra_doc_links)] // This is a text of --help.
    #[arg(short, long, help_heading = "Sections and symbols")]
    pub wildcard: bool,
    /// Names are regular expressions, which have to fit the whole name
    #[arg(long, conflicts_with = "wildcard", help_heading = "Sections and symbols")]
    pub regex: bool,
}

/// What becomes of a code signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SignArg {
    /// Renew an ad-hoc signature as it was; refuse to void one by an identity
    Keep,
    /// Sign ad hoc (Mach-O), with what the old signature said
    Adhoc,
    /// Take it away
    None,
}

/// How debug sections are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompressionArg {
    /// Compressed with zlib, which all debuggers read
    Zlib,
    /// Compressed with zstd: smaller, for debuggers since 2022
    Zstd,
    /// Not compressed
    None,
}
