//! Chooses the compiler for foreign targets. A rustup toolchain is used if it can fetch their
//! standard libraries or has their source. If it has neither and there is no network, set-up uses
//! the distribution's compiler, whose library source is a package.

use std::env;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};

use super::{Setup, doing, done, packages};
use crate::shell::{command, on_path, output, quiet};

/// Triples for which the standard library is needed besides the host's own.
const TRIPLES: [&str; 8] = [
    "aarch64-apple-darwin",
    "aarch64-pc-windows-gnullvm",
    "aarch64-unknown-linux-gnu",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-gnullvm",
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
];

/// How long to remember a failed download before trying again.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// The oldest compiler that rgo-build supports.
const OLDEST: &str = "1.74.0";

pub(super) fn ensure(setup: &mut Setup) -> anyhow::Result<()> {
    oldest(setup);
    let distribution = distribution()?;
    if let Some((cargo, _)) = &distribution {
        // Tests build standard libraries from source with it, whichever compiler builds the rest.
        setup.say("RGO_TEST_SOURCE_CARGO", cargo);
    }
    if let Some(cargo) = env::var("RGO_CARGO").ok().filter(|cargo| !cargo.is_empty()) {
        done("compiler", &format!("{cargo}, as RGO_CARGO says"));
        setup.say("RGO_CARGO", &cargo);
        return Ok(());
    }
    let version = output(command("rustc").arg("-vV"))?;
    let sysroot = output(command("rustc").args(["--print", "sysroot"]))?;
    if complete(Path::new(sysroot.trim())) {
        done("compiler", "rustc on PATH, which has what foreign targets need");
        return Ok(());
    }
    if on_path("rustup") && fetch(setup, &version)? {
        done("compiler", "rustc on PATH, with standard libraries by rustup");
        return Ok(());
    }
    let Some((cargo, rustc)) = distribution else {
        bail!(
            "no standard library for foreign targets, no source to build one from, and no package to get it by\n\
             hint: rustup component add rust-src"
        );
    };
    let version = output(command(&rustc).arg("-V"))?;
    done(
        "compiler",
        &format!(
            "{cargo} ({}): the toolchain on PATH has no standard library for foreign targets and cannot get one",
            version.trim()
        ),
    );
    if rustc != "/usr/bin/rustc" {
        setup.say("RUSTC", &rustc);
    }
    setup.say("RGO_CARGO", &cargo);
    Ok(())
}

/// Finds the oldest supported compiler with its library's source, for the test that builds with it.
/// Without rustup or its network, that test reports that it was skipped.
fn oldest(setup: &mut Setup) {
    if !on_path("rustup") {
        return;
    }
    let which = || output(command("rustup").args(["which", "cargo", "--toolchain", OLDEST]));
    let source = |cargo: &str| {
        let sysroot = Path::new(cargo.trim()).parent().and_then(Path::parent);
        sysroot.is_some_and(|it| it.join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file())
    };
    let cargo = match which() {
        Ok(cargo) if source(&cargo) => Ok(cargo),
        _ => {
            doing("compiler", "asking rustup for the oldest supported compiler");
            let flags = ["--profile", "minimal", "--component", "rust-src", "--no-self-update"];
            quiet(command("rustup").args(["toolchain", "install", OLDEST]).args(flags))
                .and_then(|_| which())
        }
    };
    match cargo {
        Ok(cargo) => setup.say("RGO_TEST_OLDEST_CARGO", cargo.trim()),
        Err(_) => done("compiler", &format!("rustup has no {OLDEST}: it is not tested")),
    }
}

/// Whether a sysroot supports all targets without a download.
fn complete(sysroot: &Path) -> bool {
    let rustlib = sysroot.join("lib/rustlib");
    rustlib.join("src/rust/library/std/Cargo.toml").is_file()
        || TRIPLES.iter().all(|triple| rustlib.join(triple).join("lib").is_dir())
}

/// Makes rustup fetch the standard libraries, or at least their source. Remembers a failure for a
/// day, so that later set-ups do not wait for a missing network.
fn fetch(setup: &Setup, version: &str) -> anyhow::Result<bool> {
    let refused = setup.dir.join("rustup-refused");
    let fresh = |path: &Path| {
        let age = SystemTime::now().duration_since(fs::metadata(path).ok()?.modified().ok()?);
        age.ok().filter(|age| *age < REMEMBERED)
    };
    if fs::read_to_string(&refused).is_ok_and(|of| of == version) && fresh(&refused).is_some() {
        return Ok(false);
    }
    doing("compiler", "asking rustup for standard libraries");
    // rustup lacks gnullvm's standard library for some releases; the source then serves all
    // targets.
    let got = quiet(command("rustup").args(["target", "add"]).args(TRIPLES))
        .or_else(|_| quiet(command("rustup").args(["component", "add", "rust-src"])));
    match got {
        Ok(_) => Ok(true),
        Err(error) => {
            let reason = error.to_string();
            let last = reason.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            done("compiler", &format!("rustup could not: {}", last.trim()));
            fs::write(&refused, version)?;
            Ok(false)
        }
    }
}

/// The distribution's compiler with its library source: cargo and rustc. Debian's compiler for
/// browsers is newer than its default one; Ubuntu has one package per version.
fn distribution() -> anyhow::Result<Option<(String, String)>> {
    if !packages::available() {
        return Ok(None);
    }
    if packages::known("rustc-web") {
        packages::install(&["rustc-web", "cargo-web", "rust-web-src"])?;
        return Ok(Some(("/usr/bin/cargo".to_owned(), "/usr/bin/rustc".to_owned())));
    }
    let newest = packages::newest("rust-1.", "-src", |name| {
        let version = name.strip_prefix("rust-1.")?.strip_suffix("-src")?;
        version.parse::<u32>().ok()
    });
    let version = newest
        .as_deref()
        .and_then(|name| name.strip_prefix("rust-")?.strip_suffix("-src"))
        .context("no package has a Rust compiler with its library source")?;
    let names = ["cargo", "rustc"].map(|name| format!("{name}-{version}"));
    packages::install(&[&names[0], &names[1], &format!("rust-{version}-src")])?;
    let [cargo, rustc] = names.map(|name| format!("/usr/bin/{name}"));
    Ok(Some((cargo, rustc)))
}
