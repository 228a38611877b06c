//! What all tools share, for `rgo help policy|environment|exit-codes`.

use rgo_report::{Column, Document, Table};

use crate::app::policy::facts::vocabulary;

/// The topics, and what each is about.
pub(crate) const TOPICS: [(&str, &str); 3] = [
    ("policy", "what --require and --policy can ask, and how a policy file is written"),
    ("environment", "the environment variables that the tools read"),
    ("exit-codes", "what each exit code means"),
];

/// The environment variables that the tools read: the name, the tools, and the effect.
const VARIABLES: [(&str, &str, &str); 37] = [
    ("NO_COLOR", "all", "no color, unless --color says otherwise"),
    (
        "CLICOLOR_FORCE",
        "all",
        "color into files and pipes too, unless NO_COLOR or --color says otherwise",
    ),
    ("GITHUB_ACTIONS", "all", "if it is true, a policy prints annotations, as with --annotate"),
    (
        "RGO_CACHE",
        "rgo-build",
        "folder for standard libraries, zig and link shims, instead of the user's cache folder",
    ),
    ("RGO_CARGO", "rgo-build", "the cargo to use, if --cargo names none"),
    ("RGO_ZIG", "rgo-build", "the zig to link with, before the one on PATH"),
    ("RGO_GO", "rgo-build", "the go to use, if --go names none"),
    ("PATH", "rgo-build", "where cargo, go, zig, python3, git and runners are found"),
    ("CARGO", "rgo-build", "the cargo to use, if neither --cargo nor RGO_CARGO names one"),
    ("RUSTC", "rgo-build", "the compiler, as cargo reads it"),
    ("RUSTUP_TOOLCHAIN", "rgo-build", "the toolchain, as rustup reads it"),
    (
        "RUSTFLAGS",
        "rgo-build",
        "flags of the compiler for every target; so with CARGO_ENCODED_RUSTFLAGS, CARGO_BUILD_RUSTFLAGS and CARGO_TARGET_<TRIPLE>_RUSTFLAGS",
    ),
    ("RUSTC_WRAPPER", "rgo-build", "a wrapper of the compiler, as cargo reads it"),
    ("CARGO_HOME", "rgo-build", "cargo's folder, whose path is left out of results"),
    ("CARGO_TARGET_DIR", "rgo-build", "where cargo compiles"),
    (
        "CARGO_*",
        "rgo-build",
        "the rest of cargo's configuration keeps its meaning, but for a target's linker",
    ),
    (
        "MACOSX_DEPLOYMENT_TARGET",
        "rgo-build",
        "the oldest macOS of darwin programs, if --macos names none",
    ),
    ("SDKROOT", "rgo-build", "an SDK of Apple's; what it has comes before rgo's own names"),
    (
        "SOURCE_DATE_EPOCH",
        "rgo-build",
        "the time for everything that records one, in seconds since 1970",
    ),
    ("PKG_CONFIG_LIBDIR_<TRIPLE>", "rgo-build", "where pkg-config finds the libraries of a target"),
    ("FC_<TRIPLE>", "rgo-build", "a Fortran compiler for a target; zig has none"),
    (
        "WINDRES, RC",
        "rgo-build",
        "a resource compiler for Windows, instead of zig's; so with _<TRIPLE> behind the name",
    ),
    ("PYO3_CROSS_PYTHON_VERSION", "rgo-build", "the Python that an extension is for"),
    (
        "PYO3_CONFIG_FILE, PYO3_CROSS_LIB_DIR",
        "rgo-build",
        "pyo3's own variables; if set, rgo sets none of them",
    ),
    ("WINEPREFIX, WINEDLLPATH", "rgo-build", "wine's folders, for --run"),
    (
        "XDG_CACHE_HOME, HOME, LOCALAPPDATA",
        "rgo-build",
        "the user's cache folder, if RGO_CACHE names none",
    ),
    (
        "GOOS, GOARCH",
        "rgo-build",
        "the target of a Go module without --target; beside it they have no effect",
    ),
    (
        "CGO_ENABLED",
        "rgo-build",
        "0 builds a Go module without C code, 1 with it, for every target; as --env CGO_ENABLED=0",
    ),
    (
        "CC, CXX",
        "rgo-build",
        "C compilers for this build of a Go module without --target; beside it zig compiles",
    ),
    (
        "CGO_CFLAGS, CGO_CXXFLAGS, CGO_LDFLAGS",
        "rgo-build",
        "flags for the C code of Go modules, for every target",
    ),
    ("GOFLAGS", "rgo-build", "flags of go, for every target; -asan and -msan are refused"),
    (
        "GOAMD64, GOARM64, GOARM, GO386",
        "rgo-build",
        "levels of processors, as go reads them; one that does not exist is refused",
    ),
    ("GOEXPERIMENT", "rgo-build", "Go's experiments, for every target"),
    ("GOTOOLCHAIN", "rgo-build", "the version of Go, as go reads it"),
    ("GOWORK", "rgo-build", "the workspace, as go reads it"),
    (
        "GOPROXY, GOPRIVATE, GOMODCACHE, GOCACHE",
        "rgo-build",
        "where modules come from and where go keeps them and its results, as go reads it; --offline sets GOPROXY=off",
    ),
    ("PIP_*", "rgo-build", "pip's own configuration, with which it fetches zig"),
];

/// The exit codes, and what each means.
const EXIT_CODES: [(&str, &str); 8] = [
    ("0", "done, and all that was required holds; also if the reader of the output stopped early"),
    ("1", "it failed: bad input, a build error, another tool that failed; it goes before 3"),
    ("2", "wrong usage: the call, a requirement or a policy file cannot be understood"),
    ("3", "it worked, and what you asked to hold does not hold, or its answer is unknown"),
    ("129", "stopped by SIGHUP (rgo-build)"),
    ("130", "stopped by SIGINT (rgo-build)"),
    ("143", "stopped by SIGTERM (rgo-build)"),
    ("any", "with rgo-build --run, that of the program"),
];

/// The help on a topic; `None` if there is no such topic.
pub(crate) fn document(topic: &str) -> Option<Document> {
    match topic {
        "policy" => Some(vocabulary().help()),
        "environment" => Some(environment()),
        "exit-codes" => Some(exit_codes()),
        _ => None,
    }
}

fn environment() -> Document {
    let mut table = Table::new(["variable", "read by", "effect"].map(Column::left));
    for (name, tools, effect) in VARIABLES {
        table.row([name.into(), tools.into(), effect.into()]);
    }
    Document::new().table(table)
}

fn exit_codes() -> Document {
    let mut table = Table::new(["code", "meaning"].map(Column::left));
    for (code, meaning) in EXIT_CODES {
        table.row([code.into(), meaning.into()]);
    }
    Document::new().table(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::error::ErrorKind;
    use crate::app::exit::Exit;

    #[test]
    fn every_exit_code_is_explained() {
        let explained =
            |exit: Exit| EXIT_CODES.iter().any(|(code, _)| *code == exit.code().to_string());
        for kind in [ErrorKind::Usage, ErrorKind::Input, ErrorKind::Check, ErrorKind::Internal] {
            assert!(explained(kind.into()), "{kind:?}");
        }
        assert!(explained(Exit::Done));
    }

    #[test]
    fn every_topic_has_its_document() {
        for (topic, _) in TOPICS {
            assert!(document(topic).is_some(), "{topic}");
        }
    }
}
