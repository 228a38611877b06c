//! The texts of Go's failures, and their hints. More specific rows come first.

/// A failure that Go reports.
pub(super) struct Row {
    /// The output contains all of these.
    pub(super) words: &'static [&'static str],
    /// `{name}` in the hint stands for the word behind these, in the first line with the first words.
    pub(super) before_name: &'static str,
    pub(super) when: When,
    /// The next step. `{target}` stands for the failed toolchain.
    pub(super) hint: &'static str,
}

/// The builds for which a row holds.
#[derive(Clone, Copy)]
pub(super) enum When {
    Always,
    /// rgo forbids the network.
    Offline,
    Online,
    CgoOff,
    CgoOn,
}

const fn row(words: &'static [&'static str], hint: &'static str) -> Row {
    Row { words, before_name: "", when: When::Always, hint }
}

/// A row whose hint has a name, behind its only words.
const fn named(words: &'static [&'static str; 1], hint: &'static str) -> Row {
    Row { words, before_name: words[0], when: When::Always, hint }
}

impl Row {
    const fn after(self, before_name: &'static str) -> Self {
        Self { before_name, ..self }
    }

    const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }
}

const UPDATE_GO: &str = "install Go {name} or newer, or let Go fetch it: GOTOOLCHAIN=auto, with the network. rgo builds with \
                         the Go that is in PATH";
const OTHER_COMPILER: &str = "Go called another C compiler than rgo's: unset CC and CXX, and remove them by `go env -u CC CXX`";
const NO_PAIR: &str = "`go tool dist list` prints the pairs that Go builds for, `rgo-build targets` those that rgo names";

pub(super) const ROWS: &[Row] = &[
    // Modules.
    row(
        &["missing go.sum entry"],
        "run `go mod tidy` in the module's folder, with the network, and commit go.sum",
    ),
    named(
        &["no required module provides package "],
        "run `go get {name}` in the module's folder, and commit go.mod and go.sum",
    ),
    row(&["updates to go.mod needed"], "run `go mod tidy` in the module's folder, and commit go.mod"),
    row(&["errors parsing go.mod:"], "correct go.mod; Go names the line. `go mod edit -fmt` checks it"),
    named(
        &["replacement directory "],
        "go.mod replaces a module by the folder {name}, which is not there: check it out, or run `go mod edit \
         -dropreplace=MODULE`",
    ),
    row(
        &["checksum mismatch"],
        "what was fetched is not what go.sum has. If you trust no mirror in between, run `go clean -modcache` and fetch \
         again (GOPROXY=direct asks the origin); a changed release of your own needs a new version, or GOPRIVATE",
    ),
    row(
        &["initializing sumdb.Client"],
        "the checksum database was not reached: GONOSUMDB=MODULE or GOPRIVATE=MODULE excepts your own modules; behind a \
         proxy, set HTTPS_PROXY",
    ),
    row(
        &["module lookup disabled by GOPROXY=off"],
        "run `go mod download` once with the network, or build without --offline",
    )
    .when(When::Offline),
    row(
        &["module lookup disabled by GOPROXY=off"],
        "GOPROXY=off forbids Go to fetch modules: unset it, or `go env -u GOPROXY`; then run `go mod download`",
    )
    .when(When::Online),
    row(
        &["cannot find module providing package", "-mod=vendor"],
        "run `go mod vendor` in the module's folder, and commit vendor/",
    ),
    row(
        &["inconsistent vendoring in "],
        "run `go mod vendor` (in a workspace `go work vendor`), and commit vendor/; or build with GOFLAGS=-mod=mod, which \
         does not look into vendor/",
    ),
    row(
        &["modules listed in go.work"],
        "run `go work use .` in the module's folder, or build with GOWORK=off",
    ),
    row(
        &["-mod may only be set to readonly or vendor when in workspace mode"],
        "remove -mod from GOFLAGS, or build with GOWORK=off",
    ),
    row(
        &["server response:"],
        "the module proxy refused: GOPRIVATE=MODULE fetches a private module from its origin, with git's credentials",
    ),
    row(
        &["could not read Username for "],
        "git has no credentials for a private module: set up git's credential helper, or let git use ssh \
         (url.insteadOf)",
    ),
    row(
        &[": dial tcp"],
        "the network or the module proxy is not reached: check GOPROXY and HTTPS_PROXY; modules that Go already has \
         are built with --offline",
    ),
    row(
        &["go.mod file not found in current directory or any parent directory"],
        "build in the folder of a module, or make one: `go mod init example.com/name`",
    ),
    // Go itself.
    row(
        &["toolchain not available"],
        "go.mod asks for a newer Go ({name}), and Go may not or cannot fetch it: install it, or build once with the network",
    )
    .after("go: download "),
    named(&["requires go >= "], UPDATE_GO),
    named(&[": golang.org/toolchain@"], "Go could not fetch its toolchain {name}: install it, or set GOTOOLCHAIN=local"),
    row(
        &["go: cannot find ", " in PATH"],
        "GOTOOLCHAIN names a Go that is not installed: set it to `auto` or `local`",
    ),
    row(&["invalid GOTOOLCHAIN"], "GOTOOLCHAIN is `auto`, `local` or a version such as go1.26.8"),
    row(
        &["(-lang was set to ", "check go.mod)"],
        "the line `go` in go.mod is too old for this code: `go mod edit -go=VERSION` raises it",
    ),
    row(&["unknown GOEXPERIMENT"], "this Go does not have the experiment; `go doc internal/goexperiment` lists them"),
    // The environment.
    row(
        &["build cache is disabled by GOCACHE=off"],
        "unset GOCACHE, or set it to a folder; see `go env GOCACHE`",
    ),
    row(
        &["build cache is required, but could not be located"],
        "set GOCACHE to the absolute path of a folder, or HOME",
    ),
    row(
        &["no space left on device"],
        "free some space: `go clean -cache` empties Go's cache; `rgo-build cache ls` shows what rgo itself keeps",
    ),
    row(
        &["error obtaining VCS status"],
        "git cannot read the repository: if another user owns it, run `git config --global --add safe.directory FOLDER`; \
         or build with --vcs off",
    ),
    row(&["go: parsing $GOFLAGS: "], "correct GOFLAGS; `go env GOFLAGS` prints it, `go env -u GOFLAGS` removes it"),
    row(
        &["/link: ", "signal: killed"],
        "the system ended the linker, for want of memory as a rule: build with -j 1, or with -ldflags=-w",
    ),
    named(
        &["flag provided but not defined: "],
        "Go's linker or compiler does not have the flag {name}: `go tool link -help` and `go tool compile -help` list them",
    ),
    row(&["-X flag requires argument of the form"], "write -X IMPORTPATH.NAME=VALUE, such as -X main.version=1.2.3"),
    row(
        &["cannot set with -X: not a var of type string (type:"],
        "-X sets strings alone: declare the variable as `string`",
    ),
    // C.
    row(&["C compiler ", " not found: exec:"], OTHER_COMPILER),
    row(&["gcc_arm64.S: Assembler messages:"], OTHER_COMPILER),
    row(&["unrecognized command-line option ‘-mthreads’"], OTHER_COMPILER),
    row(
        &["/link: ", "running strip failed"],
        "Go called a strip that does not know programs of macOS: build with -ldflags=-w, which needs none",
    ),
    row(
        &["build constraints exclude all Go files in "],
        "the package is in C, or for other systems: build with CGO_ENABLED=1 if it has `import \"C\"`, with its tags \
         (--tags), or leave {target} out",
    )
    .when(When::CgoOff),
    row(
        &["build constraints exclude all Go files in "],
        "the package is for other systems or other tags: add its tags (--tags), or leave {target} out",
    )
    .when(When::CgoOn),
    named(
        &["C source files not allowed when not using cgo or SWIG: "],
        "no Go file of the package has `import \"C\"`: add one, or move {name} out of the folder",
    ),
    row(
        &["invalid flag in #cgo "],
        "Go forbids this flag in source: if you trust the package, allow it by CGO_LDFLAGS_ALLOW or CGO_CFLAGS_ALLOW (a \
         regular expression), or CGO_LDFLAGS and CGO_CFLAGS, which are not checked",
    ),
    row(
        &["exec: \"pkg-config\": executable file not found"],
        "install pkg-config, or name another by PKG_CONFIG",
    ),
    row(
        &["was not found in the pkg-config search path"],
        "the .pc file of {name} is not found: PKG_CONFIG_PATH or PKG_CONFIG_LIBDIR name a folder with .pc files for \
         {target}; those of the host describe the host's libraries",
    )
    .after("Package "),
    row(
        &["libc of the specified target requires dynamic linking"],
        "glibc is not linked statically here: build for {target}/static, which takes musl, without -extldflags=-static",
    ),
    row(
        &["relocation target ", " not defined"],
        "a static program that has C from net or os/user alone: add --tags netgo,osusergo, or `-linkmode external`",
    ),
    row(
        &["Binary was compiled with 'CGO_ENABLED=0'"],
        "the package is a stub without C: build with CGO_ENABLED=1",
    ),
    row(
        &["unsupported linker arg"],
        "zig's linker does not have this option: remove it from #cgo LDFLAGS, CGO_LDFLAGS or -extldflags",
    ),
    // Sanitizers and kinds of builds.
    row(
        &[" requires cgo; enable cgo by setting CGO_ENABLED=1"],
        "this needs C: build with CGO_ENABLED=1",
    ),
    row(&["may not use -race and -"], "build with one of them at a time"),
    row(&["-race is not supported on "], "`go doc cmd/go` lists the systems with -race: leave {target} out, or -race"),
    row(&["-msan is not supported on "], "leave {target} out, or -msan"),
    row(&["-asan is not supported on "], "leave {target} out, or -asan"),
    row(
        &["requires external (cgo) linking, but cgo is not enabled"],
        "this build mode needs C: build with CGO_ENABLED=1, or leave {target} out if rgo-build has no C compiler for it",
    ),
    row(&["-buildmode=", " requires exactly one main package"], "name one package `main`, such as ./cmd/NAME"),
    row(
        &["-buildmode=", " not supported on "],
        "`go help buildmode` names the systems: leave {target} out, or build another kind",
    ),
    row(&["buildmode=", " not supported\n"], "`go help buildmode` lists the kinds; {name} is none").after("buildmode="),
    row(&["unsupported GOOS/GOARCH pair"], NO_PAIR),
    row(&["go: invalid GOAMD64"], "unset GOAMD64, or set it to v1, v2, v3 or v4"),
    row(&["go: invalid GOARM64"], "unset GOARM64, or set it to v8.0 to v8.9 or v9.0 to v9.5"),
    // Packages.
    row(
        &[": no matching files found"],
        "the files for `//go:embed {name}` are not there: make them first, by `go generate` or the build of the web pages; \
         Go takes none that begin with `.` or `_` from a folder, and none outside of the module",
    )
    .after(": pattern "),
    row(
        &[" is not in std ("],
        "Go's library has no package {name}: a module's path begins with a host, such as example.com/{name}",
    )
    .after("package "),
    row(
        &["stat ", ": directory not found"],
        "name a folder of the module, such as ./cmd/NAME; ./... takes all packages",
    ),
    row(&["no Go files in "], "name the package's own folder, such as ./cmd/NAME; ./... takes all"),
    row(&["found packages ", " and "], "a folder has one package, beside its tests: move the files of the others out"),
    row(&["import cycle not allowed"], "move what both packages need into a third, which imports neither"),
    row(
        &["use of internal package ", " not allowed"],
        "{name} is for packages beside its folder `internal` alone: take what its module exports",
    )
    .after("use of internal package "),
    row(
        &["function main is undeclared in the main package"],
        "a program needs `func main()` in package main, in a file that is built for {target}",
    ),
];
