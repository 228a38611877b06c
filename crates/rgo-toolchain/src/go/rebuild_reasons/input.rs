//! The lines that Go hashes for an action: which part of a build each is about.
//!
//! Source: `buildActionID`, `linkActionID`, `printLinkerConfig` in Go's `cmd/go/internal/work/exec.go`.

/// What a line is about. Two lines of two builds with the same subject are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject<'l> {
    /// The version of Go, with its experiments.
    Go,
    /// The programs of Go: compiler, assembler, cgo, linker; their flags are apart.
    Tool(&'l str),
    /// The flags of one of these.
    Flags(&'l str),
    /// The module's path and version.
    Module,
    /// The folder, without `-trimpath`.
    Folder,
    /// The `go` line of go.mod.
    Language,
    Trimpath,
    /// Compiler, `CGO_*FLAGS` and `#cgo` lines; the word is `CC`, `CXX` or `FC`.
    CCall(&'l str),
    /// What a compiler says of itself.
    CCompiler(&'l str),
    /// What a program says of its build.
    BuildInfo,
    File(&'l str),
    /// A package that it imports, or that is linked in.
    Package(&'l str),
    /// The ID of the main package.
    Main,
    Profile,
    Cover,
    BuildMode,
    /// A variable such as `GOAMD64`.
    Variable(&'l str),
    /// Another, by its first word.
    Other(&'l str),
}

/// The subjects of a line, each with its value.
pub(super) fn subjects(line: &str) -> Vec<(Subject<'_>, &str)> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let one = |subject| vec![(subject, rest)];
    match word {
        "compile" | "asm" | "link" if !rest.is_empty() => tool(word, rest),
        // What kind of action it is, and which package.
        "compile" | "link" => Vec::new(),
        "import" if rest.starts_with('"') => Vec::new(),
        "import" => name_and_value(rest, ' ', Subject::Package),
        "packagefile" | "packageshlib" => name_and_value(rest, '=', Subject::Package),
        "packagemain" => one(Subject::Main),
        "file" => match rest.rsplit_once(' ') {
            Some((name, hash)) => vec![(Subject::File(name), hash)],
            None => Vec::new(),
        },
        "module" => one(Subject::Module),
        "dir" => one(Subject::Folder),
        "go" => one(Subject::Language),
        "trimpath" => one(Subject::Trimpath),
        "cgo" => one(Subject::Tool("cgo")),
        "linkflags" => one(Subject::Flags("-ldflags")),
        "modinfo" => one(Subject::BuildInfo),
        "pgofile" => one(Subject::Profile),
        "cover" => one(Subject::Cover),
        "buildmode" => one(Subject::BuildMode),
        "CC" | "CXX" | "FC" => vec![(Subject::CCompiler(word), rest)],
        _ if word.starts_with("go1.") || word.starts_with("devel") => vec![(Subject::Go, line)],
        _ => assignment(line).unwrap_or_else(|| one(Subject::Other(word))),
    }
}

/// `compile version go1.26.8 [] ["-N"]`: the program, and the flags.
fn tool<'l>(word: &'l str, rest: &'l str) -> Vec<(Subject<'l>, &'l str)> {
    let at = rest.find('[').unwrap_or(rest.len());
    let (id, flags) = rest.split_at(at);
    let name = match word {
        "compile" => "-gcflags",
        "asm" => "-asmflags",
        _ => "-buildmode, -linkmode or -race",
    };
    vec![(Subject::Tool(word), id.trim_matches([' ', '"'])), (Subject::Flags(name), flags)]
}

fn name_and_value<'l>(
    rest: &'l str,
    between: char,
    subject: fn(&'l str) -> Subject<'l>,
) -> Vec<(Subject<'l>, &'l str)> {
    let (name, value) = rest.split_once(between).unwrap_or((rest, ""));
    vec![(subject(name), value)]
}

/// `NAME=VALUE`.
fn assignment(line: &str) -> Option<Vec<(Subject<'_>, &str)>> {
    let (name, value) = line.split_once('=')?;
    let is_name =
        name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    is_name.then(|| {
        let subject = match name {
            "CC" | "CXX" | "FC" => Subject::CCall(name),
            _ => Subject::Variable(name),
        };
        vec![(subject, value)]
    })
}
