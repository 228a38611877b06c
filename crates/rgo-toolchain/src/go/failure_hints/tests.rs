//! Tests of hints, on output that Go 1.26 printed, or zig.

use super::*;

const DYNAMIC: Context<'_> = Context { toolchain: "linux-amd64", cgo: true, offline: false };

/// Checks that the first hint for each output has these words.
#[track_caller]
fn check(context: &Context<'_>, cases: &[(&str, &str)]) {
    for (output, expected) in cases {
        let found = hints(output, context);
        let first = found.first().map_or("", String::as_str);
        assert!(first.contains(expected), "{output} -> {found:?}");
        assert!(!first.contains(['{', '}']) && !first.contains("  "), "{first}");
    }
}

#[test]
fn modules_that_do_not_fit() {
    check(
        &DYNAMIC,
        &[
            (
                "m.go:2:8: missing go.sum entry for module providing package rsc.io/quote (imported by \
                 example.com/p); to add:\n\tgo get example.com/p\n",
                "`go mod tidy`",
            ),
            (
                "go: rsc.io/quote@v1.5.2: missing go.sum entry for go.mod file; to add it:\n",
                "commit go.sum",
            ),
            (
                "m.go:2:8: no required module provides package rsc.io/quote; to add it:\n\tgo get rsc.io/quote\n",
                "`go get rsc.io/quote`",
            ),
            ("go: updates to go.mod needed; to update it:\n\tgo mod tidy\n", "`go mod tidy`"),
            (
                "go: updates to go.mod needed, disabled by -mod=readonly; to update it:\n",
                "go mod tidy",
            ),
            ("go: errors parsing go.mod:\ngo.mod:3: unknown directive: foo\n", "correct go.mod"),
            (
                "m.go:2:8: rsc.io/quote@v1.5.2: replacement directory ../qq does not exist\n",
                "the folder ../qq,",
            ),
        ],
    );
}

#[test]
fn modules_that_are_not_reached_or_not_listed() {
    check(
        &DYNAMIC,
        &[
            (
                "verifying rsc.io/quote@v1.5.2: checksum mismatch\n\tdownloaded: h1:a=\n\tgo.sum:     h1:b=\n\n\
                 SECURITY ERROR\n",
                "go clean -modcache",
            ),
            (
                "go: M@V: verifying module: M@V: initializing sumdb.Client: checking tree#1: Get \"u\": dial tcp\n",
                "GONOSUMDB",
            ),
            ("m.go:2:8: module lookup disabled by GOPROXY=off\n", "GOPROXY=off forbids"),
            (
                "m.go:2:8: cannot find module providing package a/b: import lookup disabled by -mod=vendor\n",
                "go mod vendor",
            ),
            (
                "go: inconsistent vendoring in /p:\n\trsc.io/quote@v1.5.2: is explicitly required in go.mod, but not \
                 marked as explicit in vendor/modules.txt\n",
                "`go mod vendor`",
            ),
            (
                "current directory is contained in a module that is not one of the workspace modules listed in \
                 go.work. You can add the module to the workspace using:\n\tgo work use .\n",
                "`go work use .`",
            ),
            (
                "go: -mod may only be set to readonly or vendor when in workspace mode, but it is set to \"mod\"\n",
                "GOWORK=off",
            ),
            ("reading u/@v/list: 403 Forbidden\n\tserver response: no\n", "GOPRIVATE"),
            (
                "go: a@v1: Get \"u\": dial tcp 127.0.0.1:9: connect: connection refused\n",
                "GOPROXY and",
            ),
            (
                "go: go.mod file not found in current directory or any parent directory; see 'go help modules'\n",
                "go mod init",
            ),
        ],
    );
    let offline = Context { offline: true, ..DYNAMIC };
    check(&offline, &[("m.go:2:8: module lookup disabled by GOPROXY=off\n", "without --offline")]);
}

#[test]
fn go_itself_and_its_environment() {
    check(
        &DYNAMIC,
        &[
            (
                "go: go.mod requires go >= 1.99 (running go 1.26.8; GOTOOLCHAIN=local)\n",
                "install Go 1.99 or",
            ),
            (
                "go: downloading go1.99.0 (linux/amd64)\ngo: download go1.99.0 for linux/amd64: toolchain not \
                 available\n",
                "newer Go (go1.99.0)",
            ),
            ("go: cannot find \"go1.99.0\" in PATH\n", "`auto` or `local`"),
            ("go: invalid GOTOOLCHAIN \"foo\"\n", "such as go1.26.8"),
            (
                "./g.go:2:8: type parameter requires go1.18 or later (-lang was set to go1.17; check go.mod)\n",
                "go mod edit -go=VERSION",
            ),
            (
                "build cache is disabled by GOCACHE=off, but required as of Go 1.12\n",
                "unset GOCACHE",
            ),
            (
                "build cache is required, but could not be located: GOCACHE is not an absolute path\n",
                "absolute path",
            ),
            ("copying a to b: write b: no space left on device\n", "go clean -cache"),
            (
                "error obtaining VCS status: exit status 128\n\tUse -buildvcs=false to disable VCS stamping.\n",
                "safe.directory",
            ),
            ("go: parsing $GOFLAGS: unknown flag -nosuch\n", "correct GOFLAGS"),
            (
                "# p\nflag provided but not defined: -nosuch\nusage: link [options] main.o\n",
                "-nosuch:",
            ),
            (
                "main.n: cannot set with -X: not a var of type string (type:int)\n",
                "-X sets strings",
            ),
            ("go: unsupported GOOS/GOARCH pair linux/x64\n", "go tool dist list"),
            ("go: invalid GOARM64: must start with v8.{0-9} or v9.{0-5}\n", "v8.0 to v8.9"),
            ("go: unknown GOEXPERIMENT such\n", "goexperiment"),
        ],
    );
}

#[test]
fn c_of_a_package() {
    check(
        &DYNAMIC,
        &[
            ("# p\n./m.go:2:11: fatal error: 'nosuch.h' file not found\n", "header nosuch.h is"),
            (
                "# p\n./m.go:2:11: fatal error: nosuch.h: No such file or directory\n",
                "header nosuch.h is",
            ),
            ("a.c:1:10: fatal error: 'windows.h' file not found\n", "`#ifdef _WIN32`, or put it"),
            ("a.c:1:10: fatal error: 'omp.h' file not found\n", "this is OpenMP"),
            (
                "a.c:1:10: fatal error: 'sanitizer/asan_interface.h' file not found\n",
                "-asan and -msan",
            ),
            (
                "a.go:3:9: error: call to undeclared function 'getrandom'; ISO C99 and later do not support\n",
                "--glibc 2.25",
            ),
            ("ld.lld: error: undefined symbol: getrandom\n>>> referenced by x\n", "--glibc 2.25"),
            (
                "ld.lld: error: undefined symbol: nosuch\n>>> referenced by cgo-gcc-prolog:56\n",
                "nosuch is",
            ),
            ("m.cgo2.c:48: undefined reference to `nosuch'\n", "nosuch is not in the C library"),
            (
                "error: unable to find dynamic system library 'z' using strategy 'paths_first'\n",
                "library z",
            ),
            ("/usr/bin/ld: cannot find -lnosuch: No such file or directory\n", "library nosuch"),
        ],
    );
}

#[test]
fn c_that_go_or_the_target_does_not_allow() {
    check(
        &DYNAMIC,
        &[
            (
                "error: libc of the specified target requires dynamic linking\n",
                "linux-amd64/static",
            ),
            ("net(.text): relocation target getaddrinfo not defined\n", "netgo,osusergo"),
            ("# runtime/cgo\ncgo: C compiler \"gcc\" not found: exec: \"gcc\": x\n", "unset CC"),
            (
                "package p: C source files not allowed when not using cgo or SWIG: x.c\n",
                "or move x.c",
            ),
            (
                "p: invalid flag in #cgo LDFLAGS: -specs=x (see https://go.dev/s/invalidflag)\n",
                "_ALLOW",
            ),
            ("p: exec: \"pkg-config\": executable file not found in $PATH\n", "install pkg-config"),
            (
                "# p\n# [pkg-config --cflags  -- q]\nPackage q was not found in the pkg-config search path.\n",
                ".pc file of q is",
            ),
            (
                "package p: build constraints exclude all Go files in /p\n",
                "other systems or other tags",
            ),
        ],
    );
    let darwin = Context { toolchain: "darwin-arm64", ..DYNAMIC };
    check(
        &darwin,
        &[
            (
                "error: unable to find framework 'AppKit'. searched paths:  none\n",
                "AppKit is a framework",
            ),
            ("error: undefined symbol: _NSApp\n", "`#cgo darwin LDFLAGS: -framework AppKit`"),
            ("a.m:1:9: fatal error: 'Cocoa/Cocoa.h' file not found\n", "SDKROOT"),
            ("a.c:1:10: fatal error: 'sys/epoll.h' file not found\n", "name_linux.go"),
        ],
    );
    let without = Context { cgo: false, ..DYNAMIC };
    let output = "package p: build constraints exclude all Go files in /p\n";
    check(&without, &[(output, "CGO_ENABLED=1 if it has")]);
    let is_static = Context { toolchain: "linux-amd64-static", ..DYNAMIC };
    let output = "ld.lld: error: undefined symbol: getrandom\n";
    check(&is_static, &[(output, "not in the C library of linux-amd64-static")]);
    let output = "a.c:37644:42: error: use of undeclared identifier 'pread64'\n";
    check(&is_static, &[(output, "-D_LARGEFILE64_SOURCE")]);
}

#[test]
fn kinds_of_builds_and_packages() {
    check(
        &DYNAMIC,
        &[
            ("go: -race requires cgo; enable cgo by setting CGO_ENABLED=1\n", "this needs C"),
            ("-race is not supported on windows/arm64\n", "or -race"),
            ("-msan is not supported on windows/amd64\n", "or -msan"),
            ("-asan is not supported on darwin/arm64\n", "or -asan"),
            ("go: may not use -race and -msan simultaneously\n", "one of them"),
            ("-buildmode=plugin not supported on windows/amd64\n", "names the systems"),
            (
                "-buildmode=c-shared requires external (cgo) linking, but cgo is not enabled\n",
                "mode needs C",
            ),
            ("-buildmode=c-shared requires exactly one main package\n", "./cmd/NAME"),
            ("buildmode=foo not supported\n", "foo is none"),
            (
                "package p\n\timports p/a from m.go\n\timports p from a.go: import cycle not allowed\n",
                "into a third",
            ),
            (
                "package p\n\tm.go:2:8: use of internal package internal/abi not allowed\n",
                "internal/abi is",
            ),
            ("found packages main (a.go) and other (b.go) in /t\n", "one package"),
            (
                "# p\nruntime.main_main·f: function main is undeclared in the main package\n",
                "`func main()`",
            ),
            ("m.go:3:12: pattern dist/*: no matching files found\n", "`//go:embed dist/*`"),
            (
                "package p\nm.go:2:8: package nosuch/x is not in std (/go/src/nosuch/x)\n",
                "nosuch/x: a",
            ),
            ("no Go files in /p/e\n", "./... takes all"),
        ],
    );
}

#[test]
fn what_is_not_known_and_what_only_warns_has_no_hint() {
    for output in [
        "",
        "# p\n./a.go:4:13: cannot use \"s\" (untyped string constant) as int value\n",
        "a.c:1:1: warning: undefined symbol: x\n",
        "a.c:3:1: warning: call to undeclared function 'getrandom'\n",
    ] {
        assert!(hints(output, &DYNAMIC).is_empty(), "{output}");
    }
}

#[test]
fn one_failure_has_few_hints_and_each_once() {
    let all: String = ROWS.iter().flat_map(|row| row.words).flat_map(|it| [*it, "\n"]).collect();
    assert_eq!(hints(&all, &DYNAMIC).len(), MOST);
    let line = "m.go:2:8: no required module provides package a/b; to add it:\n";
    assert_eq!(hints(&line.repeat(3), &DYNAMIC).len(), 1);
}

#[test]
fn each_row_can_be_met() {
    for row in ROWS {
        assert!(!row.words.is_empty() && !row.hint.is_empty());
        assert_eq!(row.hint.contains("{name}"), !row.before_name.is_empty(), "{}", row.hint);
    }
}
