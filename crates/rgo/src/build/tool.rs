//! What every tool answers of its command line, for rgo-build.

use camino::{Utf8Path, Utf8PathBuf};

use super::args::{Build, BuildArgs, CacheArgs, CacheCommand, Other};
use super::{schemas, shell};
use crate::app::args::{CommonArgs, Tool};
use crate::app::call_files::CallFiles;
use crate::app::reports::{FormatArg, ReportArgs};

impl Tool for Build {
    fn common(&self) -> &CommonArgs {
        &self.common
    }

    fn files(&self) -> CallFiles {
        let inputs = match &self.command {
            None => project_files(&self.build),
            Some(Other::Env(args)) => project_files(&args.build),
            Some(Other::Stamp(args)) => {
                [Some(&args.file), args.output.as_ref()].into_iter().flatten().cloned().collect()
            }
            Some(Other::Targets(_) | Other::Doctor(_) | Other::Cache(_)) => Vec::new(),
        };
        let inputs = inputs.into_iter().map(Utf8PathBuf::into_std_path_buf);
        CallFiles {
            inputs: inputs.chain(self.gate.policy.iter().cloned()).collect(),
            reports: self.report().to_files.paths().chain(self.common.log_file.clone()).collect(),
        }
    }

    fn answer_wrong_usage(words: &[String]) {
        if words.iter().skip(1).any(|word| word == "env") {
            shell::print_failure();
        }
    }

    fn schemas() -> Vec<&'static str> {
        schemas().map(|(name, _)| name).into()
    }
}

impl Build {
    fn report(&self) -> &ReportArgs<FormatArg> {
        match &self.command {
            None => &self.build.report,
            Some(Other::Stamp(args)) => &args.report,
            Some(Other::Targets(args)) => &args.report,
            Some(Other::Env(args)) => &args.build.report,
            Some(Other::Doctor(args)) => &args.report,
            Some(Other::Cache(CacheArgs { command, report })) => match command {
                Some(CacheCommand::Ls { report } | CacheCommand::Prune { report, .. }) => report,
                None => report,
            },
        }
    }
}

/// The files of the project that the call leads to.
fn project_files(args: &BuildArgs) -> Vec<Utf8PathBuf> {
    let folder = args.directory.as_deref().unwrap_or(Utf8Path::new(""));
    let manifest = args.manifest_path.as_deref().unwrap_or(Utf8Path::new("Cargo.toml"));
    let manifest = folder.join(manifest);
    let lock = manifest.with_file_name("Cargo.lock");
    let others = [&args.info_plist, &args.entitlements].into_iter().flatten();
    others.map(|path| folder.join(path)).chain([manifest, lock]).collect()
}
