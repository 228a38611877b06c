//! The commands of go as data: `-n` prints them, the build runs them, the tests compare them.

use std::collections::BTreeMap;

use camino::Utf8Path;
use rgo_binary::system::Os;

use super::cgo::Cgo;
use super::compiler::Go;
use super::flags::{self, LinkFlags};
use super::options::GoOptions;
use crate::exec::Cmd;
use crate::request::{DebugInfo, Request, VcsWish};
use crate::toolchain::{Libc, Toolchain};

/// The parts that all go commands of a build share.
#[derive(Clone, Copy, Debug)]
pub struct GoCall<'a> {
    /// go.
    pub go: &'a Go,
    /// The user's request to any builder.
    pub request: &'a Request,
    /// The user's options for go.
    pub options: &'a GoOptions,
    /// The variables of `--env`, filled in.
    pub env: &'a [(String, String)],
    /// Whether the project has its dependencies in `vendor`, which go then uses by default.
    pub is_vendored: bool,
}

/// The settings of one target.
#[derive(Clone, Debug)]
pub struct GoSettings {
    /// The toolchain.
    pub toolchain: &'static Toolchain,
    /// How C code is compiled.
    pub cgo: Cgo,
    /// The variables for its C compiler.
    pub env: BTreeMap<String, String>,
    /// Flags for the linker that only this target needs.
    pub link: LinkFlags,
}

impl<'a> GoCall<'a> {
    /// The call as the user wrote it: before the commit is known, from which templates of variables are filled in.
    #[must_use]
    pub fn unfilled(
        go: &'a Go,
        request: &'a Request,
        options: &'a GoOptions,
        is_vendored: bool,
    ) -> Self {
        Self { go, request, options, env: &request.env, is_vendored }
    }

    /// `go list` for a target, up to its patterns.
    #[must_use]
    pub fn list(&self, toolchain: &Toolchain, cgo: bool) -> Cmd {
        let cmd = self.command(toolchain, cgo, "list");
        cmd.args(self.shared_flags()).args(self.options.go_flags.clone())
    }

    /// `go build` for a target. `output` is a file, or a folder with a slash at its end. `None` if
    /// go could not read the flags for the linker.
    #[must_use]
    pub fn build(&self, settings: &GoSettings, output: &str, packages: &[String]) -> Option<Cmd> {
        let mut user = self.options.go_flags.clone();
        let mut cmd = self.command(settings.toolchain, settings.cgo != Cgo::Off, "build");
        cmd = cmd.envs(settings.env.clone()).args(["-o", output]).args(self.shared_flags());
        if !self.keeps_paths() {
            cmd = cmd.arg("-trimpath");
        }
        cmd = cmd.args(self.mode_flags());
        cmd = cmd.args(vcs_flag(self.request.vcs));
        cmd = cmd.args(self.request.jobs.iter().flat_map(|jobs| ["-p", jobs]));
        if self.request.verbose > 0 {
            cmd = cmd.arg("-v");
        }
        if self.request.debug {
            cmd = self.with_debug(cmd);
        }
        if let Some(value) = self.link_flags(settings, &mut user)? {
            cmd = cmd.arg(format!("-ldflags={value}"));
        }
        Some(cmd.args(user).arg("--").args(packages.to_vec()))
    }

    fn command(&self, toolchain: &Toolchain, cgo: bool, verb: &str) -> Cmd {
        let mut cmd = self.go.command(&self.request.folder).arg(verb);
        cmd = cmd.envs(self.env.iter().cloned());
        cmd = cmd.env("GOOS", toolchain.os.name()).env("GOARCH", toolchain.arch.name());
        cmd = cmd.env("CGO_ENABLED", if cgo { "1" } else { "0" });
        if self.request.is_offline() {
            // A private module is fetched from its repository, whatever GOPROXY says.
            cmd = cmd.env("GOPROXY", "off").env("GOVCS", "*:off");
        }
        cmd
    }

    /// Flags that decide the packages and their files.
    fn shared_flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        if (self.request.locked || self.request.frozen) && !self.is_vendored {
            flags.push("-mod=readonly".to_owned());
        }
        if !self.options.tags.is_empty() {
            flags.push(format!("-tags={}", self.options.tags.join(",")));
        }
        if self.options.race {
            flags.push("-race".to_owned());
        }
        flags
    }

    fn mode_flags(&self) -> Vec<String> {
        let mode = self.options.mode.map(|mode| format!("-buildmode={}", mode.name()));
        let pgo = self.options.pgo.as_ref().map(|profile| format!("-pgo={profile}"));
        mode.into_iter().chain(pgo).collect()
    }

    /// Whether paths of this machine stay: for a debugger, or as the user wants it.
    #[must_use]
    pub fn keeps_paths(&self) -> bool {
        self.request.keeps_paths || self.request.debug
    }

    /// No optimization and no inlining, of C neither.
    fn with_debug(&self, cmd: Cmd) -> Cmd {
        let cmd = cmd.arg("-gcflags=all=-N -l");
        ["CGO_CFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS"].iter().fold(cmd, |cmd, name| {
            let user = self.variable(name).unwrap_or_default();
            cmd.env(*name, format!("{user} -O0 -g").trim_start())
        })
    }

    /// A variable that the user set: by `--env`, in the environment or by `go env -w`.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        let given =
            self.env.iter().rev().find(|(of, _)| of == name).map(|(_, value)| value.clone());
        let is_set = || crate::environment::env(name).filter(|value| !value.is_empty());
        given.or_else(is_set)
    }

    /// `GOFLAGS` with which a plain `go build` builds as [`Self::build`] does: the environment's own
    /// flags, and those that this call needs. The inner `None` if it needs none, the outer one if go
    /// could not read them.
    #[allow(clippy::option_option)]
    #[must_use]
    pub fn go_flags(&self, settings: &GoSettings) -> Option<Option<String>> {
        let mut flags = flags::split(self.go.setting("GOFLAGS").unwrap_or_default())?;
        let mut ours: Vec<String> = self.shared_flags();
        ours.extend(self.mode_flags());
        if let Some(value) = self.link_flags(settings, &mut Vec::new())? {
            flags::take(&mut flags, "ldflags");
            ours.push(format!("-ldflags={value}"));
        }
        if ours.is_empty() {
            return Some(None);
        }
        flags.extend(ours);
        flags::join(&flags).map(Some)
    }

    /// What makes Go's own linker link C code too, if the user wants that.
    #[must_use]
    pub fn internal_linking(&self) -> Option<&'static str> {
        let flags = self.user_link_flags(&mut self.options.go_flags.clone())?;
        let external = || self.variable("GO_EXTLINK_ENABLED");
        match flags.last("linkmode") {
            Some("internal") => Some("-linkmode=internal"),
            None | Some("auto") if external().is_some_and(|value| value == "0") => {
                Some("GO_EXTLINK_ENABLED=0")
            }
            _ => None,
        }
    }

    /// The user's flags for the linker, which leave `user`. `None` for flags that go cannot read.
    fn user_link_flags(&self, user: &mut Vec<String>) -> Option<LinkFlags> {
        let mut environment = flags::split(self.go.setting("GOFLAGS").unwrap_or_default())?;
        let mut all = LinkFlags::default();
        let of_environment = flags::take(&mut environment, "ldflags");
        let of_call = flags::take(user, "ldflags");
        for value in if of_call.is_empty() { of_environment } else { of_call } {
            all.add(&value)?;
        }
        Some(all)
    }

    /// The value of `-ldflags`: the user's flags, which leave `user`, and rgo's. The outer `None` is
    /// for flags that go cannot read.
    #[allow(clippy::option_option)]
    fn link_flags(&self, settings: &GoSettings, user: &mut Vec<String>) -> Option<Option<String>> {
        let mut ours = settings.link.clone();
        if self.request.debug_info == Some(DebugInfo::None) {
            ours.words.push("-w".to_owned());
        }
        if settings.cgo == Cgo::Zig && is_static(settings.toolchain) {
            ours.words.extend(["-linkmode", "external"].map(str::to_owned));
            ours.external.push("-static".to_owned());
        }
        if ours == LinkFlags::default() {
            return Some(None);
        }
        // go takes the last `-ldflags` alone, so rgo's includes the user's.
        let mut all = self.user_link_flags(user)?;
        all.words.extend(ours.words);
        all.external.extend(ours.external);
        all.value().map(Some)
    }
}

/// Whether programs for a toolchain have their C library linked in.
fn is_static(toolchain: &Toolchain) -> bool {
    toolchain.is(Os::Linux) && toolchain.libc == [Libc::Static]
}

fn vcs_flag(wish: VcsWish) -> Option<&'static str> {
    match wish {
        VcsWish::Auto => None,
        VcsWish::Require => Some("-buildvcs=true"),
        VcsWish::Off => Some("-buildvcs=false"),
    }
}

/// Whether a module has its dependencies in `vendor`.
#[must_use]
pub fn is_vendored(project: &Utf8Path) -> bool {
    project.join("vendor/modules.txt").is_file()
}
