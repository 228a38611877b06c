//! Determines build settings of a Go program that its record leaves out. The Go command records
//! many settings only if they are on. So a setting that is missing was off, if the program's Go
//! version would have recorded it and did not erase it.
//!
//! ```text
//! setting                          recorded                                   since
//! -compiler CGO_ENABLED GOARCH GOOS   always                                  1.18
//! -buildmode                          always                                  1.20
//! -asan -msan -race                   if on                                   1.18
//! -asmflags -gccgoflags -gcflags      if not empty                            1.18
//! -tags GOEXPERIMENT                  if not empty                            1.18
//! -ldflags                            if not empty; not beside -trimpath      1.18
//! CGO_CFLAGS CGO_CPPFLAGS …           with cgo; not beside -trimpath          1.18
//! -trimpath                           if on                                   1.19
//! -pgo                                if there is a profile                   1.21
//! DefaultGODEBUG                      if not empty                            1.21
//! -cover                              if on                                   1.23
//! GOFIPS140                           if not off                              1.24
//! ```
//!
//! (`setBuildInfo` and `setPGOProfilePath` in `cmd/go/internal/load/pkg.go` of Go 1.18 to 1.27. The
//! source of 1.20 mentions `-pgo`, but looks for the profile too late to record it. From 1.18.3 on,
//! Go 1.18 erases beside `-trimpath`, but does not record `-trimpath`.)
//!
//! Settings of version control are not in the table, because `-buildvcs=false` leaves them out as
//! well.

use crate::embedded::build_info::BuildInfo;

/// A setting that the Go command leaves out if it is off.
struct OmittedSetting {
    key: &'static str,
    /// The first minor version of Go 1 that records it.
    since: u32,
    /// Its value if it is left out.
    off: &'static str,
    erased: Erased,
}

/// Whether Go erases a setting that has a value, because it may contain a path.
#[derive(Clone, Copy, PartialEq)]
enum Erased {
    Never,
    /// Erased beside `-trimpath`.
    Trimmed,
    /// Erased beside `-trimpath`; without cgo, the setting has no effect.
    TrimmedWithCgo,
}

const fn setting(
    key: &'static str,
    since: u32,
    off: &'static str,
    erased: Erased,
) -> OmittedSetting {
    OmittedSetting { key, since, off, erased }
}

const SETTINGS: [OmittedSetting; 18] = [
    setting("-asan", 18, "false", Erased::Never),
    setting("-asmflags", 18, "", Erased::Never),
    setting("-cover", 23, "false", Erased::Never),
    setting("-gccgoflags", 18, "", Erased::Never),
    setting("-gcflags", 18, "", Erased::Never),
    setting("-ldflags", 18, "", Erased::Trimmed),
    setting("-msan", 18, "false", Erased::Never),
    setting("-pgo", 21, "off", Erased::Never),
    setting("-race", 18, "false", Erased::Never),
    setting("-tags", 18, "", Erased::Never),
    setting("-trimpath", 19, "false", Erased::Never),
    setting("CGO_CFLAGS", 18, "", Erased::TrimmedWithCgo),
    setting("CGO_CPPFLAGS", 18, "", Erased::TrimmedWithCgo),
    setting("CGO_CXXFLAGS", 18, "", Erased::TrimmedWithCgo),
    setting("CGO_LDFLAGS", 18, "", Erased::TrimmedWithCgo),
    setting("DefaultGODEBUG", 21, "", Erased::Never),
    setting("GOEXPERIMENT", 18, "", Erased::Never),
    setting("GOFIPS140", 24, "off", Erased::Never),
];

/// The value of a setting that is missing in the build information of a Go program.
///
/// # Errors
/// The reason why the value is unknown, to complete "unknown: …".
pub fn left_out(info: &BuildInfo, key: &str) -> Result<&'static str, String> {
    // The Go command always records this setting; other build systems record no settings or only
    // some.
    let Some(compiler) = info.setting("-compiler") else {
        return Err("it has no build settings of the Go command".to_owned());
    };
    let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
        return Err(format!("{key} is not recorded"));
    };
    // gccgo records the version of its library, not that of the Go command, which is at least 1.18.
    let version = if compiler == "gc" { minor_version(&info.toolchain) } else { None };
    if setting.since > version.unwrap_or(18) {
        return Err(format!("Go before 1.{} does not record {key}", setting.since));
    }
    let without_cgo = info.setting("CGO_ENABLED") == Some("0");
    let erased = match setting.erased {
        Erased::Never => false,
        Erased::TrimmedWithCgo if without_cgo => false,
        // Go records `-trimpath` itself only since 1.19.
        _ => version.is_none_or(|minor| minor < 19) || info.setting("-trimpath") == Some("true"),
    };
    if erased {
        return Err(format!("-trimpath may have erased {key}"));
    }
    Ok(setting.off)
}

/// The newest minor version of Go 1 whose features this toolchain surely has: 26 for `go1.26.8`,
/// and also for `go1.27rc1` and `devel go1.27-3f2a91c`, which may lack features of 1.27.
fn minor_version(toolchain: &str) -> Option<u32> {
    let (devel, version) = match toolchain.strip_prefix("devel ") {
        Some(version) => (true, version),
        None => (false, toolchain),
    };
    let rest = version.strip_prefix("go1.")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (minor, rest) = rest.split_at_checked(end)?;
    let early = devel || rest.starts_with("rc") || rest.starts_with("beta");
    minor.parse::<u32>().ok()?.checked_sub(early.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(toolchain: &str, settings: &[(&str, &str)]) -> BuildInfo {
        let settings = settings.iter().map(|(key, value)| ((*key).into(), (*value).into()));
        let toolchain = toolchain.to_owned();
        BuildInfo { toolchain, settings: settings.collect(), ..BuildInfo::default() }
    }

    /// The record of a build without flags.
    fn plain(toolchain: &str) -> BuildInfo {
        info(toolchain, &[("-compiler", "gc"), ("CGO_ENABLED", "1"), ("GOOS", "linux")])
    }

    #[test]
    fn a_setting_that_is_recorded_only_where_it_is_on_is_off_since_go_knows_it() {
        let first = [
            ("-asan", 18, "false"),
            ("-asmflags", 18, ""),
            ("-cover", 23, "false"),
            ("-gccgoflags", 18, ""),
            ("-gcflags", 18, ""),
            ("-ldflags", 19, ""),
            ("-msan", 18, "false"),
            ("-pgo", 21, "off"),
            ("-race", 18, "false"),
            ("-tags", 18, ""),
            ("-trimpath", 19, "false"),
            ("DefaultGODEBUG", 21, ""),
            ("GOEXPERIMENT", 18, ""),
            ("GOFIPS140", 24, "off"),
        ];
        for (key, since, off) in first {
            for minor in 18..30 {
                let found = left_out(&plain(&format!("go1.{minor}.1")), key);
                assert_eq!(found.ok(), (minor >= since).then_some(off), "{key} of Go 1.{minor}");
            }
        }
        let reason = |toolchain, key| left_out(&plain(toolchain), key).expect_err(key);
        assert_eq!(reason("go1.22.12", "-cover"), "Go before 1.23 does not record -cover");
        assert_eq!(reason("go1.18.10", "-ldflags"), "-trimpath may have erased -ldflags");
    }

    #[test]
    fn what_trimpath_erases_and_what_go_never_records_is_unknown() {
        let trimmed = [("-compiler", "gc"), ("-trimpath", "true"), ("CGO_ENABLED", "1")];
        let with_cgo = info("go1.26.8", &trimmed);
        assert_eq!(left_out(&with_cgo, "-race"), Ok("false"));
        for key in ["-ldflags", "CGO_CFLAGS", "CGO_LDFLAGS"] {
            let why = left_out(&with_cgo, key).expect_err(key);
            assert_eq!(why, format!("-trimpath may have erased {key}"));
        }
        // Without cgo, its flags have no effect.
        let trimmed = [("-compiler", "gc"), ("-trimpath", "true"), ("CGO_ENABLED", "0")];
        assert_eq!(left_out(&info("go1.26.8", &trimmed), "CGO_CFLAGS"), Ok(""));
        for key in ["-mod", "-buildvcs", "vcs", "vcs.modified", "GOARM64", "-buildmode", "GOOS"] {
            let why = left_out(&plain("go1.26.8"), key).expect_err(key);
            assert_eq!(why, format!("{key} is not recorded"));
        }
    }

    #[test]
    fn a_record_without_settings_of_the_go_command_says_nothing() {
        for settings in [&[][..], &[("vcs", "git")], &[("CGO_ENABLED", "0")]] {
            let why = left_out(&info("go1.26.8", settings), "-race").expect_err("unknown");
            assert_eq!(why, "it has no build settings of the Go command");
        }
    }

    #[test]
    fn what_comes_before_a_release_and_other_compilers_are_trusted_with_less() {
        for (toolchain, compiler, recorded) in [
            ("go1.23.0", "gc", true),
            ("go1.23rc1", "gc", false),
            ("go1.24rc1", "gc", true),
            ("go1.24beta1", "gc", true),
            ("devel go1.23-3f2a91c Mon Jul 1 2024", "gc", false),
            ("devel go1.25-3f2a91c", "gc", true),
            ("devel +3f2a91c", "gc", false),
            ("go1.26.8-X:nodwarf5", "gc", true),
            ("go1.26.8 X:nodwarf5", "gc", true),
            ("go1.24.4 (Red Hat 1.24.4-1.el9)", "gc", true),
            ("go1.23", "gc", true),
            ("go1.26.8", "gccgo", false),
            ("", "gc", false),
        ] {
            let record = info(toolchain, &[("-compiler", compiler)]);
            assert_eq!(left_out(&record, "-cover").is_ok(), recorded, "{toolchain} {compiler}");
            assert_eq!(left_out(&record, "-race"), Ok("false"), "{toolchain} {compiler}");
        }
    }
}
