//! From what the user wrote after `--target` to toolchains.
//!
//! A spec is `os/arch[/libc]`, a toolchain's name, a Rust triple, `host` or `all`; several may stand in one argument,
//! separated by commas. Pure: which triple is the host's is told by the caller.

use crate::target::{self, Libc, Toolchain};

/// What a spec is when it names no toolchain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// Nothing has this name.
    #[error("unknown target `{spec}`\nhint: {hint}")]
    Unknown {
        /// What the user wrote.
        spec: String,
        /// The nearest name, or how to list all.
        hint: String,
    },
    /// The platform has no such C library.
    #[error(
        "`{spec}` with a {libc} C library can't be built: {why}\nhint: leave `{libc}` out for {spec}"
    )]
    Refused {
        /// What the user wrote.
        spec: String,
        /// The value asked for.
        libc: Libc,
        /// The reason, from the toolchain's file.
        why: String,
    },
    /// The target itself says one libc and `--libc` the other.
    #[error(
        "`{spec}` names the {} C library and --libc says {libc}\nhint: leave one of them out", .own
    )]
    Contradiction {
        /// What the user wrote.
        spec: String,
        /// The libc of the toolchain that the spec names.
        own: Libc,
        /// The value of `--libc`.
        libc: Libc,
    },
    /// An empty element.
    #[error(
        "empty target in `{list}`\nhint: separate targets by one comma, as in `linux/amd64,darwin/arm64`"
    )]
    Empty {
        /// The argument.
        list: String,
    },
}

/// Resolves every spec, in the order given and each toolchain once; without any it is the host's.
///
/// # Errors
/// See [`SelectError`].
pub fn resolve(
    specs: &[String],
    libc: Option<Libc>,
    host_triple: &str,
) -> Result<Vec<&'static Toolchain>, SelectError> {
    let host = ["host".to_owned()];
    let specs = if specs.is_empty() { &host[..] } else { specs };
    let mut chosen: Vec<&'static Toolchain> = Vec::new();
    for list in specs {
        for spec in list.split(',').map(str::trim) {
            if spec.is_empty() {
                return Err(SelectError::Empty { list: list.clone() });
            }
            for toolchain in resolve_one(spec, libc, host_triple)? {
                if !chosen.iter().any(|t| t.name == toolchain.name) {
                    chosen.push(toolchain);
                }
            }
        }
    }
    Ok(chosen)
}

fn resolve_one(
    spec: &str,
    libc: Option<Libc>,
    host_triple: &str,
) -> Result<Vec<&'static Toolchain>, SelectError> {
    match spec {
        // `all --libc static` is all that can be static: what has no such C library was not asked for by name.
        "all" => Ok(target::all()
            .iter()
            .filter(|t| t.all && libc.is_none_or(|libc| t.libc.contains(&libc)))
            .collect()),
        "host" => {
            let own = host_toolchain(host_triple).ok_or_else(|| SelectError::Unknown {
                spec: format!("host ({host_triple})"),
                hint: "this host has no toolchain of its own; name a target, `rgo-build targets` lists them".into(),
            })?;
            match libc {
                Some(libc) if !own.libc.contains(&libc) => {
                    pick(spec, &own.os, &own.arch, &own.variant, libc)
                }
                _ => Ok(vec![own]),
            }
        }
        _ => named(spec, libc),
    }
}

/// A toolchain's name (with slashes or hyphens), `os/arch/libc`, or a triple.
fn named(spec: &str, libc: Option<Libc>) -> Result<Vec<&'static Toolchain>, SelectError> {
    let flat = spec.replace('/', "-");
    let by_name = target::by_name(&flat);
    if let (Some(toolchain), Some(libc)) = (by_name, libc)
        && flat == format!("{}-{}", toolchain.os, toolchain.arch)
        && !toolchain.libc.contains(&libc)
    {
        // The name leaves the libc open, so --libc decides.
        return pick(spec, &toolchain.os, &toolchain.arch, &None, libc);
    }
    if let Some(toolchain) = by_name.or_else(|| target::by_triple(spec)) {
        return agree(spec, toolchain, libc);
    }
    // `linux/amd64/dynamic`: a libc that the name of the toolchain leaves unsaid.
    if let Some((rest, last)) = flat.rsplit_once('-')
        && let Ok(said) = last.parse::<Libc>()
        && let Some(toolchain) = target::by_name(rest)
    {
        let found = pick(spec, &toolchain.os, &toolchain.arch, &toolchain.variant, said)?;
        return match (found.first(), libc) {
            (Some(one), Some(_)) => agree(spec, one, libc),
            _ => Ok(found),
        };
    }
    Err(SelectError::Unknown { spec: spec.to_owned(), hint: nearest(spec) })
}

fn agree(
    spec: &str,
    toolchain: &'static Toolchain,
    libc: Option<Libc>,
) -> Result<Vec<&'static Toolchain>, SelectError> {
    match libc {
        Some(libc) if !toolchain.libc.contains(&libc) => match toolchain.refusal(libc) {
            Some(why) => {
                Err(SelectError::Refused { spec: spec.to_owned(), libc, why: why.to_owned() })
            }
            None => Err(SelectError::Contradiction {
                spec: spec.to_owned(),
                own: toolchain.libc.first().copied().unwrap_or(Libc::Dynamic),
                libc,
            }),
        },
        _ => Ok(vec![toolchain]),
    }
}

/// The toolchain for this system that has the libc asked for.
fn pick(
    spec: &str,
    os: &str,
    arch: &str,
    variant: &Option<String>,
    libc: Libc,
) -> Result<Vec<&'static Toolchain>, SelectError> {
    let mut same =
        target::all().iter().filter(|t| t.os == os && t.arch == arch && t.variant == *variant);
    if let Some(found) = same.clone().find(|t| t.libc.contains(&libc)) {
        return Ok(vec![found]);
    }
    match same.find_map(|t| t.refusal(libc)) {
        Some(why) => Err(SelectError::Refused {
            spec: spec.trim_end_matches(&format!("/{libc}")).to_owned(),
            libc,
            why: why.to_owned(),
        }),
        None => Err(SelectError::Unknown { spec: spec.to_owned(), hint: nearest(spec) }),
    }
}

/// The toolchain of the machine we run on: by its triple, else by its system and processor.
pub fn host_toolchain(host_triple: &str) -> Option<&'static Toolchain> {
    target::by_triple(host_triple).or_else(|| {
        let arch = match host_triple.split('-').next()? {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            _ => return None,
        };
        let os = ["linux", "darwin", "windows"].into_iter().find(|os| host_triple.contains(os))?;
        target::by_name(&format!("{os}-{arch}"))
    })
}

fn nearest(spec: &str) -> String {
    let mut names = vec!["host".to_owned(), "all".to_owned()];
    for t in target::all() {
        names.extend([t.name.clone(), t.name.replace('-', "/"), t.spec(), t.triple.clone()]);
    }
    let best = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&name, spec), name))
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
    match best {
        Some((score, name)) if score > 0.7 => {
            format!("did you mean `{name}`? `rgo-build targets` lists all")
        }
        _ => "`rgo-build targets` lists all".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINUX: &str = "x86_64-unknown-linux-gnu";

    fn names(spec: &str, libc: Option<Libc>, host: &str) -> Result<String, SelectError> {
        let specs = if spec.is_empty() { vec![] } else { vec![spec.to_owned()] };
        Ok(resolve(&specs, libc, host)?
            .iter()
            .map(|t| t.name.as_str())
            .collect::<Vec<_>>()
            .join(" "))
    }

    #[test]
    fn specs() {
        use Libc::{Dynamic, Static};
        let table = [
            ("", None, LINUX, "linux-amd64"),
            ("", Some(Static), LINUX, "linux-amd64-static"),
            ("host", None, "aarch64-apple-darwin", "darwin-arm64"),
            ("host", None, "x86_64-pc-windows-msvc", "windows-amd64-msvc"),
            ("host", Some(Static), "x86_64-pc-windows-msvc", "windows-amd64-msvc-static"),
            ("host", None, "x86_64-pc-windows-gnu", "windows-amd64"),
            ("host", None, "aarch64-unknown-linux-musl", "linux-arm64-static"),
            ("linux/amd64", None, LINUX, "linux-amd64"),
            ("linux/amd64", Some(Static), LINUX, "linux-amd64-static"),
            ("linux-amd64", Some(Static), LINUX, "linux-amd64-static"),
            ("linux/amd64/static", None, LINUX, "linux-amd64-static"),
            ("linux/amd64/static", Some(Static), LINUX, "linux-amd64-static"),
            ("linux/amd64/dynamic", None, LINUX, "linux-amd64"),
            ("linux/amd64/dynamic", Some(Dynamic), LINUX, "linux-amd64"),
            ("windows/amd64", Some(Static), LINUX, "windows-amd64"),
            ("windows/amd64/static", None, LINUX, "windows-amd64"),
            ("windows/amd64/dynamic", None, LINUX, "windows-amd64"),
            ("windows/amd64/msvc", None, LINUX, "windows-amd64-msvc"),
            ("windows/arm64/msvc-static", None, LINUX, "windows-arm64-msvc-static"),
            ("darwin/arm64/dynamic", None, LINUX, "darwin-arm64"),
            ("aarch64-unknown-linux-musl", None, LINUX, "linux-arm64-static"),
            ("x86_64-pc-windows-gnullvm", None, LINUX, "windows-amd64"),
            ("linux/arm64,darwin/arm64, linux/arm64", None, LINUX, "linux-arm64 darwin-arm64"),
            (
                "all",
                Some(Static),
                LINUX,
                "linux-amd64-static linux-arm64-static windows-amd64 windows-arm64",
            ),
        ];
        for (spec, libc, host, expected) in table {
            assert_eq!(names(spec, libc, host).as_deref(), Ok(expected), "{spec} {libc:?}");
        }
        assert_eq!(names("all", None, LINUX).unwrap().split(' ').count(), 8);
    }

    #[test]
    fn refusals() {
        let table = [
            ("linux/amd46", None, "did you mean `linux/amd64`"),
            ("darwin/arm64", Some(Libc::Static), "libSystem is always loaded"),
            ("darwin/arm64/static", None, "libSystem is always loaded"),
            ("aarch64-apple-darwin", Some(Libc::Static), "libSystem is always loaded"),
            ("linux/amd64/static", Some(Libc::Dynamic), "--libc says dynamic"),
            ("x86_64-unknown-linux-gnu", Some(Libc::Static), "--libc says static"),
            ("windos/amd64", None, "did you mean `windows/amd64`"),
            ("linux/amd64,,darwin/arm64", None, "empty target"),
            ("zzz", None, "hint: `rgo-build targets`"),
        ];
        for (spec, libc, words) in table {
            let error = names(spec, libc, LINUX).unwrap_err().to_string();
            assert!(error.contains(words), "{spec}: {error}");
        }
        assert!(names("host", None, "s390x-unknown-linux-gnu").is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_an_answer_or_an_error(spec in "[a-z0-9/,-]{0,24}", host in "[a-z0-9-]{0,12}") {
            if let Ok(found) = names(&spec, None, &host) {
                prop_assert!(!found.is_empty());
            }
        }
    }
}
