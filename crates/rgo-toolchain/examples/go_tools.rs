//! Installs the C tools of Go's cgo for one target, and prints the environment in which `go build` uses them:
//!
//! ```sh
//! env=$(cargo run -p rgo-toolchain --example go_tools -- linux/arm64)
//! (eval "$env"; go build -trimpath .)
//! ```

use std::process::ExitCode;

use rgo_toolchain::{cache::Cache, exec, shim, target_spec, zig};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let mut args = std::env::args();
    let argv0 = args.next().unwrap_or_default();
    let args: Vec<String> = args.collect();
    if let Some(call) = shim::invoked_as(&argv0, &args) {
        return shim::run(call);
    }
    match install(&args) {
        Ok(lines) => {
            println!("{}", lines.join("\n"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn install(args: &[String]) -> Result<Vec<String>> {
    let env = |name: &str| std::env::var(name).ok();
    let cache = Cache::open(&env)?;
    let zig = zig::discover(&cache, &env, false, &mut |event| eprintln!("{event}"))?;
    let chosen = target_spec::resolve(args, None, "x86_64-unknown-linux-gnu")?;
    let [target] = &chosen[..] else { return Err("usage: go_tools TARGET".into()) };
    let toolchain = target.toolchain;
    // Go programs contain nothing of rustc.
    let rustc = semver::Version::new(1, 90, 0);
    let recipe = shim::Recipe::new(toolchain, None, &zig, &rustc, &cache, &env)
        .ok_or_else(|| format!("zig does not link {}", toolchain.name))?;
    let tools = recipe.install_go(&cache, &exec::own_executable()?)?;
    let mut lines = vec![
        format!("export PATH={}:\"$PATH\"", shell_words::quote(tools.folder.as_str())),
        format!("export CGO_ENABLED=1 GOOS={} GOARCH={}", toolchain.os, toolchain.arch),
    ];
    let variables = tools.env.iter();
    lines.extend(
        variables.map(|(name, value)| format!("export {name}={}", shell_words::quote(value))),
    );
    Ok(lines)
}
