//! Links one Rust source file for toolchains, through the shim and with the standard library that rgo finds or builds:
//! the whole of this crate's machinery without cargo's around it.
//!
//! `cargo run -p rgo-toolchain --example link -- FILE.rs OUT-FOLDER TARGET…`

use std::process::ExitCode;

use rgo_toolchain::{cache::Cache, cargo::compiler, exec, shim, std_lib, target_spec, zig};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let mut args = std::env::args();
    let argv0 = args.next().unwrap_or_default();
    let args: Vec<String> = args.collect();
    if let Some(call) = shim::invoked_as(&argv0, &args) {
        return shim::run(call);
    }
    match build(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn build(args: &[String]) -> Result<()> {
    let [file, out, targets @ ..] = args else {
        return Err("usage: link FILE.rs OUT-FOLDER TARGET…".into());
    };
    let env = |name: &str| std::env::var(name).ok();
    let names: Vec<String> =
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    let cache = Cache::open(&env)?;
    let _in_use = cache.in_use()?;
    let here = camino::Utf8PathBuf::try_from(std::env::current_dir()?)?;
    let compiler = compiler::discover(None, &here, &env, &cache)?;
    let zig = zig::discover(&cache, &env, false, &mut |e| eprintln!("{e}"))?;
    eprintln!(
        "{} ({}), zig {} ({})",
        compiler.version.line, compiler.choice, zig.version, zig.found
    );
    for chosen in target_spec::resolve(targets, None, &compiler.version.host)? {
        let toolchain = chosen.toolchain;
        let recipe =
            shim::Recipe::new(toolchain, None, &zig, &compiler.version.release, &cache, &|name| {
                std::env::var(name).ok()
            })
            .ok_or_else(|| format!("zig does not link {}", toolchain.name))?;
        let tools = recipe.install(&cache, &exec::own_executable()?)?;
        let plan = std_lib::plan(&compiler, toolchain, &cache, false)?;
        let sought = std_lib::StdRequest {
            compiler: &compiler,
            toolchain,
            tools: Some(&tools),
            cache: &cache,
            offline: false,
            env: &env,
            names: &names,
        };
        let std_lib = std_lib::ensure(plan, &sought, &mut |e| eprintln!("{e}"))?;
        let folder = here.join(out).join(&toolchain.name);
        std::fs::create_dir_all(&folder)?;
        let mut rustc = exec::Cmd::new(compiler.rustc.clone())
            .args([file.as_str(), "--edition=2024", "-O", "--target", toolchain.triple.as_str()])
            .args(["--out-dir", folder.as_str()])
            .arg(format!("-Clinker={}", tools.linker))
            .args(toolchain.rustflags.iter().cloned())
            .envs(tools.env.iter().cloned());
        if let Some(sysroot) = std_lib.sysroot {
            rustc = rustc.arg(format!("--sysroot={sysroot}"));
        }
        match rustc.run()? {
            0 => eprintln!("{}: std {}, in {folder}", toolchain.name, std_lib.origin),
            code => return Err(rustc.failed(code, b"").into()),
        }
    }
    Ok(())
}
