//! Checks the processor levels (`GOAMD64`, `GOARM` …) of the environment. Go accepts some that do
//! not exist, builds for the oldest processor, and records the level all the same.
//! (`internal/buildcfg/cfg.go` of Go)

use super::error::GoError;

/// A variable with the levels of one processor.
struct Level {
    variable: &'static str,
    arch: &'static str,
    /// The levels in words, for messages.
    known: &'static str,
    is_known: fn(&str) -> bool,
}

const LEVELS: [Level; 10] = [
    Level { variable: "GOAMD64", arch: "amd64", known: "v1, v2, v3, v4", is_known: is_amd64 },
    Level {
        variable: "GOARM64",
        arch: "arm64",
        known: "v8.0 to v8.9 and v9.0 to v9.5, with ,lse and ,crypto",
        is_known: is_arm64,
    },
    Level {
        variable: "GOARM",
        arch: "arm",
        known: "5, 6, 7, with ,softfloat or ,hardfloat",
        is_known: is_arm,
    },
    Level {
        variable: "GO386",
        arch: "386",
        known: "sse2, softfloat",
        is_known: |it| ["sse2", "softfloat"].contains(&it),
    },
    Level { variable: "GOMIPS", arch: "mips", known: FLOATS, is_known: is_float },
    Level { variable: "GOMIPS", arch: "mipsle", known: FLOATS, is_known: is_float },
    Level { variable: "GOMIPS64", arch: "mips64", known: FLOATS, is_known: is_float },
    Level { variable: "GOMIPS64", arch: "mips64le", known: FLOATS, is_known: is_float },
    Level { variable: "GOPPC64", arch: "ppc64", known: POWERS, is_known: is_power },
    Level { variable: "GOPPC64", arch: "ppc64le", known: POWERS, is_known: is_power },
];

const FLOATS: &str = "hardfloat, softfloat";
const POWERS: &str = "power8, power9, power10";

/// Checks the level of a processor. `variable` gives the value of a variable; an empty one means
/// Go's default. Levels of processors that newer versions of Go add are Go's to check.
///
/// # Errors
/// [`GoError::Level`].
pub fn check(arch: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<(), GoError> {
    for level in LEVELS.iter().filter(|level| level.arch == arch) {
        let value = variable(level.variable).filter(|value| !value.is_empty());
        if let Some(value) = value.filter(|value| !(level.is_known)(value)) {
            return Err(GoError::Level { variable: level.variable, value, known: level.known });
        }
    }
    Ok(())
}

/// The variable with the level of a processor, if it has one.
#[must_use]
pub fn variable(arch: &str) -> Option<&'static str> {
    LEVELS.iter().find(|level| level.arch == arch).map(|level| level.variable)
}

fn is_amd64(level: &str) -> bool {
    ["v1", "v2", "v3", "v4"].contains(&level)
}

fn is_arm64(level: &str) -> bool {
    let mut parts = level.split(',');
    let version = parts.next().unwrap_or_default();
    let known = |major: &str, last: u8| {
        let minor = version.strip_prefix(major).and_then(|minor| minor.parse::<u8>().ok());
        minor.is_some_and(|minor| minor <= last)
    };
    (known("v8.", 9) || known("v9.", 5)) && parts.all(|it| ["lse", "crypto"].contains(&it))
}

fn is_arm(level: &str) -> bool {
    let (version, float) = level.split_once(',').unwrap_or((level, "hardfloat"));
    ["5", "6", "7"].contains(&version) && is_float(float)
}

fn is_float(level: &str) -> bool {
    ["hardfloat", "softfloat"].contains(&level)
}

fn is_power(level: &str) -> bool {
    ["power8", "power9", "power10"].contains(&level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_that_do_not_exist_are_refused() {
        for (arch, name, value, is_known) in [
            ("amd64", "GOAMD64", "v3", true),
            ("amd64", "GOAMD64", "", true),
            ("amd64", "GOAMD64", "v9", false),
            ("amd64", "GOAMD64", "3", false),
            ("arm64", "GOAMD64", "v9", true),
            ("arm64", "GOARM64", "v9.5,lse,crypto", true),
            ("arm64", "GOARM64", "v7", false),
            ("arm64", "GOARM64", "v9.6", false),
            ("arm64", "GOARM64", "v8.0,sve", false),
            ("arm", "GOARM", "7,softfloat", true),
            ("arm", "GOARM", "8", false),
            ("386", "GO386", "387", false),
            ("mips64le", "GOMIPS64", "softfloat", true),
            ("ppc64le", "GOPPC64", "power7", false),
            ("riscv64", "GORISCV64", "whatever", true),
        ] {
            let of = |asked: &str| (asked == name).then(|| value.to_owned());
            assert_eq!(check(arch, &of).is_ok(), is_known, "{name}={value} for {arch}");
        }
    }
}
