//! Provisions zig on a machine without one: pip downloads the pinned wheel of the Python package,
//! and rgo checks its hash and unpacks it into the cache.

use std::fs;
use std::io::{self, Read as _};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{Zig, ZigError, ZigOrigin};
use crate::cache::{self, Cache};
use crate::event::Event;
use crate::exec::{self, Cmd, ExecError};
use crate::toolchain;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    pub(super) version: semver::Version,
    pub(super) minimum: semver::Version,
    /// The newest glibc that it can link for.
    pub(super) glibc: String,
    wheel: Vec<Wheel>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wheel {
    host: String,
    platform: String,
    file: String,
    sha256: String,
}

/// The largest size of the unpacked package, in bytes; version 0.15.2 has 340 million.
const MAX_UNPACKED: u64 = 2 << 30;
const MAX_FILES: usize = 100_000;

pub(super) fn pin() -> Pin {
    // The file is part of this program; the tests below read it.
    let text = toolchain::data_file(toolchain::ZIG_PIN).expect("the pin is embedded");
    toml::from_str(text).expect("the pin is well-formed")
}

/// The place of the pinned zig, whether rgo has fetched it or not.
pub(super) struct Place {
    pin: Pin,
    /// The folder with the unpacked package.
    pub(super) folder: Utf8PathBuf,
    staging: Utf8PathBuf,
}

impl Place {
    pub(super) fn new(cache: &Cache) -> Self {
        let pin = pin();
        let (zig, name) = (cache.folder("zig"), format!("{}-{}", pin.version, host()));
        Self { folder: zig.join(&name), staging: zig.join(format!(".tmp-{name}")), pin }
    }

    pub(super) fn program(&self) -> Utf8PathBuf {
        self.folder.join(format!("ziglang/zig{}", std::env::consts::EXE_SUFFIX))
    }

    /// zig as it will be after rgo has fetched it.
    pub(super) fn zig(&self) -> Zig {
        Zig {
            program: self.program(),
            args: Vec::new(),
            version: self.pin.version.clone(),
            lib_dir: self.folder.join("ziglang/lib"),
            found: ZigOrigin::Provisioned,
        }
    }

    fn wheel(&self) -> Result<&Wheel, ZigError> {
        let mut wheels = self.pin.wheel.iter();
        wheels.find(|wheel| wheel.host == host()).ok_or_else(|| ZigError::NoWheel { host: host() })
    }

    /// The command that fetches the package.
    pub(super) fn command(&self) -> Result<Cmd, ZigError> {
        let python = exec::find_program("python3")
            .or_else(|| exec::find_program("python"))
            .ok_or_else(|| self.fail("there is no python3 to run pip with".into()))?;
        Ok(Cmd::new(python)
            .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .args(["--only-binary=:all:", "--platform", &self.wheel()?.platform])
            .args(["-d", self.staging.as_str()])
            .arg(format!("ziglang=={}", self.pin.version)))
    }

    fn fail(&self, why: String) -> ZigError {
        ZigError::Fetch { why, pin: self.pin.version.clone() }
    }

    /// Fetches zig, unless it exists.
    pub(super) fn provision(
        &self,
        cache: &Cache,
        on: &mut dyn FnMut(Event),
    ) -> Result<(), ZigError> {
        let name = format!("zig/{}-{}", self.pin.version, host());
        let _guard =
            cache.lock(&name, &mut || on(Event::Waiting { what: "zig to be fetched".into() }))?;
        if !self.program().is_file() {
            on(Event::FetchingZig { version: self.pin.version.to_string() });
            // This process holds the lock, so any content is from a process that was killed.
            cache::remove(&self.staging)?;
            cache::make_folder(&self.staging)?;
            let done = self.fetch(on).and_then(|unpacked| {
                cache::remove(&self.folder)?;
                Ok(fs::rename(unpacked, &self.folder)?)
            });
            cache::remove(&self.staging)?;
            done?;
        }
        cache.touch(&self.folder);
        Ok(())
    }

    /// Fetches, checks and unpacks the package. Returns the folder.
    fn fetch(&self, on: &mut dyn FnMut(Event)) -> Result<Utf8PathBuf, ZigError> {
        let wheel = self.wheel()?;
        let cmd = self.command()?;
        on(Event::Running(cmd.clone()));
        cmd.capture().map_err(|e: ExecError| self.fail(e.to_string()))?;
        let path = self.staging.join(&wheel.file);
        let file = fs::File::open(&path)
            .map_err(|e| self.fail(format!("pip brought no {}: {e}", wheel.file)))?;
        let found = sha256(file)?;
        if found != wheel.sha256 {
            return Err(ZigError::Hash {
                file: wheel.file.clone(),
                found,
                expected: wheel.sha256.clone(),
            });
        }
        let unpacked = self.staging.join("unpacked");
        unpack(&path, &unpacked)
            .map_err(|source| ZigError::Unpack { file: wheel.file.clone(), source })?;
        Ok(unpacked)
    }
}

fn host() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

fn sha256(mut file: fs::File) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(hex::encode(hasher.finalize()));
        }
        hasher.update(buffer.get(..n).unwrap_or_default());
    }
}

/// Unpacks a wheel, which is a ZIP archive. Enforces limits, and writes nothing outside `to`.
fn unpack(wheel: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
    let file = fs::File::open(wheel)?;
    let mut archive = zip::ZipArchive::new(io::BufReader::new(file))?;
    if archive.len() > MAX_FILES {
        let why = format!("it has {} files, more than {MAX_FILES}", archive.len());
        return Err(io::Error::other(why));
    }
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        let mut member = archive.by_index(index)?;
        let name = member.enclosed_name().ok_or_else(|| {
            io::Error::other(format!("a member's name leads outside: {}", member.name()))
        })?;
        let path = to.as_std_path().join(name);
        if member.is_dir() {
            fs::create_dir_all(&path)?;
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut out = fs::File::create(&path)?;
        let copied = io::copy(&mut (&mut member).take(left), &mut out)?;
        left -= copied;
        if left == 0 {
            return Err(io::Error::other(format!("it unpacks to more than {MAX_UNPACKED} bytes")));
        }
        #[cfg(unix)]
        if let Some(mode) = member.unix_mode() {
            use std::os::unix::fs::PermissionsExt;
            out.set_permissions(fs::Permissions::from_mode(mode & 0o755))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_pin_is_whole() {
        let pin = pin();
        assert!(pin.minimum <= pin.version);
        assert_eq!(pin.wheel.len(), 6);
        for wheel in &pin.wheel {
            assert_eq!((wheel.sha256.len(), wheel.file.ends_with(".whl")), (64, true));
            assert!(
                wheel.file.contains(&pin.version.to_string())
                    && wheel.file.contains(&wheel.platform)
            );
        }
    }

    #[test]
    fn a_wheel_that_leads_outside_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        for (name, good) in [("ziglang/zig", true), ("../evil", false)] {
            let path = root.join("w.whl");
            let mut writer = zip::ZipWriter::new(fs::File::create(&path).unwrap());
            writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(b"zig").unwrap();
            writer.finish().unwrap();
            assert_eq!(unpack(&path, &root.join("out")).is_ok(), good, "{name}");
        }
        assert!(root.join("out/ziglang/zig").is_file());
        assert!(!root.join("evil").exists());
        fs::write(root.join("w.whl"), "PK").unwrap();
        assert!(unpack(&root.join("w.whl"), &root.join("out")).is_err());
    }
}
