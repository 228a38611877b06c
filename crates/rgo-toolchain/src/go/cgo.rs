//! Decides for each target whether Go's C code (cgo) is compiled, and by which compiler. Without
//! cgo a package with C code is either missing or a stub that fails when it runs, and go says
//! nothing of it.

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::system::Os;

use super::error::GoError;
use super::options::{GoMode, GoOptions};
use super::packages::GoPackage;
use super::platforms;
use crate::toolchain::{Libc, Toolchain};

/// How the C code of a target is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cgo {
    /// Not at all.
    Off,
    /// By zig.
    Zig,
    /// By the compiler that the user's environment names.
    Own,
}

/// The user's value of `CGO_ENABLED`, and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CgoWish {
    /// None: as the packages need it.
    None,
    /// From the environment or from `go env -w`.
    Environment(bool),
    /// From `--env`.
    Flag(bool),
}

/// The parts of a call on which cgo depends.
#[derive(Clone, Copy, Debug)]
pub struct CgoCall<'a> {
    /// The options.
    pub options: &'a GoOptions,
    /// `CGO_ENABLED`.
    pub wish: CgoWish,
    /// Whether the environment names a C compiler that counts.
    pub has_own_compiler: bool,
}

/// How a target gets another C compiler than zig.
const OWN: &str = "name a compiler by CC and the target by GOOS and GOARCH";

impl CgoCall<'_> {
    /// Decides how the C code of a target is compiled.
    ///
    /// # Errors
    /// [`GoError::NeedsCgo`] if packages need C and cannot have it, [`GoError::Refused`] if an
    /// option needs it.
    pub fn decide(&self, target: &Toolchain, packages: &[GoPackage]) -> Result<Cgo, GoError> {
        let needing: Vec<String> =
            packages.iter().filter(|it| it.needs_cgo()).map(|it| it.import_path.clone()).collect();
        let option = self.option_with_c(target);
        let is_wanted = match self.wish {
            CgoWish::None => !needing.is_empty() || option.is_some(),
            CgoWish::Environment(wanted) | CgoWish::Flag(wanted) => wanted,
        };
        let compiler = match (self.has_own_compiler, &target.zig) {
            (true, _) => Some(Cgo::Own),
            (false, Some(_)) => Some(Cgo::Zig),
            (false, None) => None,
        };
        if let Some(compiler) = compiler.filter(|_| is_wanted) {
            return Ok(compiler);
        }
        let can_have_cgo = compiler.is_some();
        if let Some(option) = option {
            let (why, hint) = match can_have_cgo {
                true => ("and CGO_ENABLED=0 turns it off", "leave one of them out".to_owned()),
                false => (
                    "and rgo-build has no C compiler for this target",
                    format!("choose another target, or {OWN}"),
                ),
            };
            let what = format!("{option} needs cgo, {why}");
            return Err(GoError::Refused { target: target.name.clone(), what, hint });
        }
        if is_wanted && self.wish != CgoWish::None {
            return Err(GoError::Refused {
                target: target.name.clone(),
                what: "CGO_ENABLED=1, and rgo-build has no C compiler for this target".to_owned(),
                hint: format!("leave CGO_ENABLED out, or {OWN}"),
            });
        }
        // A flag in this call says that the variant without C will do.
        if needing.is_empty() || self.wish == CgoWish::Flag(false) {
            return Ok(Cgo::Off);
        }
        Err(GoError::NeedsCgo {
            target: target.name.clone(),
            packages: needing,
            why: if can_have_cgo {
                "the environment has CGO_ENABLED=0".to_owned()
            } else {
                "rgo-build has no C compiler for this target".to_owned()
            },
            can_have_cgo,
        })
    }

    /// An option or a platform with which Go links only by a C compiler.
    fn option_with_c(&self, target: &Toolchain) -> Option<String> {
        let mode = self.options.mode.unwrap_or(GoMode::Exe);
        if mode.is_library() {
            return Some(format!("--buildmode {}", mode.name()));
        }
        // Go's own linker makes a PIE that names a loader, which a static program must not.
        if mode == GoMode::Pie
            && target.is(Os::Linux)
            && target.libc == [Libc::Static]
            && target.zig.is_some()
        {
            return Some("a static --buildmode pie".to_owned());
        }
        if self.options.race && !target.is(Os::Darwin) {
            return Some("--race".to_owned());
        }
        let is_linked_by_c = platforms::is_linked_by_c_compiler(target);
        is_linked_by_c.then(|| format!("linking for {}", target.spec()))
    }
}

/// The folders and files outside of a package's own folder that its C code is compiled and linked
/// with. go does not notice when their content changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CgoInputs {
    /// Folders with headers.
    pub headers: Vec<Utf8PathBuf>,
    /// Folders with libraries.
    pub libraries: Vec<Utf8PathBuf>,
    /// Files that are linked.
    pub files: Vec<Utf8PathBuf>,
}

impl CgoInputs {
    /// Those that the flags of a package name.
    pub fn add_package(&mut self, package: &GoPackage) {
        let flags = [
            &package.cgo_cflags,
            &package.cgo_cppflags,
            &package.cgo_cxxflags,
            &package.cgo_ldflags,
        ];
        for flag in flags {
            self.add(flag, &package.dir);
        }
        // go hashes the files of the package's own folder itself.
        self.headers.retain(|folder| *folder != package.dir);
    }

    /// Those that flags name. Relative paths count from `folder`.
    pub fn add(&mut self, flags: &[String], folder: &Utf8Path) {
        let mut flags = flags.iter();
        while let Some(flag) = flags.next() {
            let mut value = |name: &str| {
                let rest = flag.strip_prefix(name)?;
                let path = if rest.is_empty() { flags.next()?.as_str() } else { rest };
                Some(folder.join(path))
            };
            if let Some(path) =
                ["-isystem", "-iquote", "-idirafter", "-I"].iter().find_map(|it| value(it))
            {
                push(&mut self.headers, path);
            } else if let Some(path) = ["-L", "-F"].iter().find_map(|it| value(it)) {
                push(&mut self.libraries, path);
            } else if !flag.starts_with('-') {
                push(&mut self.files, folder.join(flag));
            }
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn push(list: &mut Vec<Utf8PathBuf>, path: Utf8PathBuf) {
    if !list.contains(&path) {
        list.push(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::go::platforms::Platform;
    use crate::toolchain::by_name;

    fn package(path: &str, has_c: bool) -> GoPackage {
        let cgo_files = if has_c { vec!["c.go".to_owned()] } else { Vec::new() };
        GoPackage {
            import_path: path.into(),
            dir: "/m/p".into(),
            cgo_files,
            ..GoPackage::default()
        }
    }

    fn decide(target: &str, wish: CgoWish, mode: GoMode, has_c: bool, own: bool) -> String {
        let options = GoOptions { mode: Some(mode), ..GoOptions::default() };
        let call = CgoCall { options: &options, wish, has_own_compiler: own };
        let (os, arch) = target.split_once('-').expect("a pair");
        let platform = Platform { os: os.into(), arch: arch.into() };
        let made = by_name(target).or_else(|| platforms::toolchain(&platform));
        match call.decide(made.expect("a toolchain"), &[package("a.b/c", has_c)]) {
            Ok(cgo) => format!("{cgo:?}"),
            Err(error) => format!("{error}; {}", error.hint().unwrap_or_default()),
        }
    }

    #[test]
    fn cgo_is_on_where_it_is_needed() {
        use CgoWish::{Environment, Flag, None};
        use GoMode::{CShared, Exe, Pie};
        for (target, wish, mode, has_c, own, expected) in [
            ("linux-arm64", None, Exe, false, false, "Off"),
            ("linux-arm64", None, Exe, true, false, "Zig"),
            ("linux-amd64", None, Exe, true, true, "Own"),
            ("linux-arm64", Environment(true), Exe, false, false, "Zig"),
            ("linux-arm64", Environment(false), Exe, false, false, "Off"),
            (
                "linux-arm64",
                Environment(false),
                Exe,
                true,
                false,
                "built without cgo, which a.b/c needs; the environment",
            ),
            ("linux-arm64", Flag(false), Exe, true, false, "Off"),
            (
                "linux-arm64",
                Flag(false),
                CShared,
                false,
                false,
                "--buildmode c-shared needs cgo, and CGO_ENABLED=0",
            ),
            ("linux-arm64", None, CShared, false, false, "Zig"),
            ("linux-arm64", None, Pie, false, false, "Off"),
            ("linux-arm64-static", None, Pie, false, false, "Zig"),
            ("linux-riscv64", None, Exe, false, false, "Off"),
            ("linux-riscv64", Flag(true), Exe, false, false, "has no C compiler for this target"),
            ("linux-riscv64", None, Exe, true, false, "a.b/c needs; rgo-build has no C compiler"),
            ("linux-riscv64", None, CShared, false, false, "has no C compiler for this target"),
            ("android-arm64", None, Exe, false, false, "Off"),
            ("android-amd64", None, Exe, false, true, "Own"),
            (
                "android-amd64",
                None,
                Exe,
                false,
                false,
                "linking for android/amd64 needs cgo, and rgo-build has no C compiler for this target; choose \
                 another target, or name a compiler by CC",
            ),
            ("ios-arm64", Flag(true), Exe, true, false, "linking for ios/arm64 needs cgo"),
            ("ios-arm64", Flag(false), Exe, false, true, "and CGO_ENABLED=0 turns it off"),
        ] {
            let found = decide(target, wish, mode, has_c, own);
            assert!(found.contains(expected), "{target} {wish:?} {mode:?} {has_c}: {found}");
        }
    }

    #[test]
    fn inputs_outside_of_the_package_are_found() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let package = GoPackage {
            cgo_cflags: words("-I/m/p -I /m/p/inc -DX -O2 -isystem /sys -I/m/p/inc"),
            cgo_ldflags: words("-L/m/lib -lz -framework Security /m/p/own.a -lm"),
            ..package("a.b/c", true)
        };
        let mut inputs = CgoInputs::default();
        inputs.add_package(&package);
        assert_eq!(inputs.headers, ["/m/p/inc", "/sys"]);
        assert_eq!(inputs.libraries, ["/m/lib"]);
        assert!(inputs.files.contains(&"/m/p/own.a".into()), "{inputs:?}");
    }
}
