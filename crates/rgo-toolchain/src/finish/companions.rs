//! Makes the files beside a finished file: its import library and header, its debug data, and
//! scripts that tell a debugger where its sources are. All companions are prepared first and put in
//! place only when the file itself is ready, so that a failure leaves the old files unchanged.

use std::fs;
use std::io::{self, Write};

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::debug::build_id::identities;
use rgo_binary::{DebugLevel, Format, Image, Limits};
use rgo_files::{atomic_file, dsym_bundle, mmap, replace_dir};

use super::{FinishError, Job, Result};
use crate::checks::leaks::{self, Leak};
use crate::checks::{Finding, Level};
use crate::exec::{self, Cmd};
use crate::output_kind::OutputKind;
use crate::path_remap::PathRemap;
use crate::request::StripMode;

/// Companions that are prepared and not yet in place.
#[derive(Debug, Default)]
pub(super) struct Companions {
    files: Vec<File>,
    bundle: Option<Bundle>,
    /// Name and CRC of the debug data, for formats whose programs record them.
    pub debuglink: Option<(String, u32)>,
}

#[derive(Debug)]
struct File {
    path: Utf8PathBuf,
    bytes: Vec<u8>,
    /// Whether it names this machine's folders on purpose.
    maps_paths: bool,
}

/// A bundle in a temporary folder, not yet in place.
#[derive(Debug)]
struct Bundle {
    path: Utf8PathBuf,
    made: Utf8PathBuf,
    /// Removes the temporary folder on drop.
    _folder: tempfile::TempDir,
}

impl Companions {
    /// Prepares all companions for the file of `job`, whose linked bytes are `data`.
    ///
    /// # Errors
    /// If a file cannot be read, or debug data cannot be split off.
    pub(super) fn prepare(job: &Job<'_>, data: &[u8]) -> Result<Self> {
        let mut companions = Self::default();
        let folder = job.output.parent().unwrap_or(Utf8Path::new("."));
        for from in job.beside.iter().filter(|from| ships(from, job.strip)) {
            let bytes = read(from)?;
            companions.add(folder.join(from.file_name().unwrap_or_default()), bytes);
        }
        // A static library keeps its debug data, because it is still to be linked.
        if job.strip == StripMode::Split && job.kind != OutputKind::Staticlib {
            companions.split(job, data)?;
            for (debugger, text) in source_maps(job.path_remaps) {
                companions.files.push(File {
                    path: folder.join(format!("source-map.{debugger}")),
                    bytes: text.into_bytes(),
                    maps_paths: true,
                });
            }
        }
        Ok(companions)
    }

    fn add(&mut self, path: Utf8PathBuf, bytes: Vec<u8>) {
        self.files.push(File { path, bytes, maps_paths: false });
    }

    /// Prepares the companion with the debug data. An ELF program will record its name and CRC;
    /// debuggers find the others by UUID or by name.
    fn split(&mut self, job: &Job<'_>, data: &[u8]) -> Result<()> {
        let image = Image::parse(data, &Limits::default()).map_err(FinishError::Split)?;
        let format = image.format();
        if format == Format::MachO {
            // Go puts the DWARF into the program; that of other compilers stays in object files.
            let level = image.debug_data().map_err(FinishError::Split)?.level;
            let has_own = matches!(level, DebugLevel::Lines | DebugLevel::Full);
            self.bundle = Some(if has_own { own_dsym(job, data)? } else { dsym(job)? });
            return Ok(());
        }
        let companion = rgo_edit::only_keep_debug(data).map_err(FinishError::Split)?;
        let path = Utf8PathBuf::from(format!("{}.debug", job.output));
        if format == Format::Elf {
            let name = path.file_name().unwrap_or_default().to_owned();
            self.debuglink = Some((name, rgo_edit::debuglink_crc(&companion)));
        }
        self.add(path, companion.to_vec());
        Ok(())
    }

    /// Finds paths of the building machine in the companions.
    ///
    /// # Errors
    /// If a file of a bundle cannot be read.
    pub(super) fn leaks(&self, remaps: &[PathRemap]) -> Result<Vec<Leak>> {
        let mut found = Vec::new();
        for file in self.files.iter().filter(|file| !file.maps_paths) {
            found.extend(leaks::find(&file.path, &file.bytes, remaps));
        }
        if let Some(bundle) = &self.bundle {
            for entry in walkdir::WalkDir::new(&bundle.made).sort_by_file_name() {
                // The text of this error includes its cause.
                let entry = entry.map_err(|error| FinishError::Read {
                    path: bundle.made.clone(),
                    source: io::Error::from(error),
                })?;
                if let Some(path) = Utf8Path::from_path(entry.path()).filter(|path| path.is_file())
                {
                    let bytes = read(path)?;
                    let inside = path.strip_prefix(&bundle.made).unwrap_or(path);
                    found.extend(leaks::find(&bundle.path.join(inside), &bytes, remaps));
                }
            }
        }
        Ok(found)
    }

    /// Warns of debug data beside `output` that an older build made: it does not match the program,
    /// whose bytes are `finished`, unless both have one build ID.
    #[must_use]
    pub(super) fn older(&self, output: &Utf8Path, finished: &[u8]) -> Vec<Finding> {
        let ours = self.files.iter().map(|file| &file.path);
        let ours: Vec<_> = ours.chain(self.bundle.iter().map(|bundle| &bundle.path)).collect();
        let names = ["debug", "dSYM"].map(|kind| Utf8PathBuf::from(format!("{output}.{kind}")));
        let left = names.iter().filter(|path| path.exists() && !ours.contains(path));
        left.filter(|path| !is_of_one_build(path, finished))
            .map(|path| Finding {
                level: Level::Warning,
                text: format!(
                    "{path} is of an older build and does not match: rm -r {}",
                    exec::quoted(path.as_str())
                ),
            })
            .collect()
    }

    /// Puts the companions in place, and returns their paths.
    ///
    /// # Errors
    /// If one of them cannot be written.
    pub(super) fn place(self) -> Result<Vec<Utf8PathBuf>> {
        let mut placed = Vec::new();
        for file in self.files {
            atomic_file::write(&file.path, &file.bytes, None)?;
            placed.push(file.path);
        }
        if let Some(bundle) = self.bundle {
            replace_dir(&bundle.path, &bundle.made)?;
            placed.push(bundle.path);
        }
        Ok(placed)
    }
}

/// Whether debug data and a program have the same build ID or UUID.
fn is_of_one_build(debug: &Utf8Path, program: &[u8]) -> bool {
    let id = |bytes: &[u8]| {
        let image = Image::parse(bytes, &Limits::default()).ok()?;
        let identities = identities(&image).ok()?;
        identities.gnu_build_id.or(identities.uuid)
    };
    let file = match debug.join("Contents/Resources/DWARF").read_dir_utf8() {
        Ok(mut bundle) => bundle.find_map(|entry| Some(entry.ok()?.into_path())),
        Err(_) => Some(debug.to_owned()),
    };
    let content = file.and_then(|file| mmap::map(file.as_std_path()).ok());
    content.and_then(|bytes| id(&bytes)).is_some_and(|other| id(program) == Some(other))
}

/// Whether a companion ships. A PDB is debug data, so it ships only where debug data does.
fn ships(path: &Utf8Path, strip: StripMode) -> bool {
    path.extension() != Some("pdb") || matches!(strip, StripMode::None | StripMode::Split)
}

fn read(path: &Utf8Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|source| FinishError::Read { path: path.to_owned(), source })
}

/// Makes the dSYM bundle from the DWARF in the program itself.
fn own_dsym(job: &Job<'_>, data: &[u8]) -> Result<Bundle> {
    let companion = rgo_edit::only_keep_debug(data).map_err(FinishError::Split)?;
    let (temporary, made) = temporary_bundle(job)?;
    let inside = dsym_bundle::inside(job.output.file_name().unwrap_or_default());
    let filled = dsym_bundle::fill(made.as_std_path(), &inside, |mut file| {
        companion.chunks().try_for_each(|chunk| file.write_all(chunk))
    });
    filled.map_err(|source| FinishError::Folder { path: made.clone(), source })?;
    Ok(Bundle { path: Utf8PathBuf::from(format!("{}.dSYM", job.output)), made, _folder: temporary })
}

/// A temporary folder beside the result, and the bundle's path in it.
fn temporary_bundle(job: &Job<'_>) -> Result<(tempfile::TempDir, Utf8PathBuf)> {
    let folder = job.output.parent().unwrap_or(Utf8Path::new("."));
    let failed = |source| FinishError::Folder { path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    let temporary = tempfile::Builder::new().prefix(".rgo-").tempdir_in(folder);
    let temporary =
        temporary.map_err(|source| FinishError::Folder { path: folder.join(".rgo-*"), source })?;
    let made = exec::utf8(temporary.path().join("x.dSYM")).map_err(failed)?;
    Ok((temporary, made))
}

/// Makes the dSYM bundle now: on darwin the DWARF is in the object files, which may be gone later.
fn dsym(job: &Job<'_>) -> Result<Bundle> {
    let dsymutil = job.dsymutil.ok_or(FinishError::NoDsymutil)?;
    let (temporary, made) = temporary_bundle(job)?;
    let cmd = Cmd::new(dsymutil).args(["-o", made.as_str(), job.linked.as_str()]);
    cmd.capture().map_err(FinishError::Dsymutil)?;
    Ok(Bundle { path: Utf8PathBuf::from(format!("{}.dSYM", job.output)), made, _folder: temporary })
}

/// Scripts that make gdb and lldb find sources whose paths were remapped, one for each. None if no
/// paths were remapped.
fn source_maps(path_remaps: &[PathRemap]) -> Vec<(&'static str, String)> {
    if path_remaps.is_empty() {
        return Vec::new();
    }
    let script = |command: &str| {
        let lines = path_remaps
            .iter()
            .map(|t| format!("{command} {} {}\n", quoted(&t.to), quoted(&t.from)));
        lines.collect()
    };
    vec![
        ("gdb", script("set substitute-path")),
        ("lldb", script("settings append target.source-map")),
    ]
}

/// Quotes a word for both debuggers.
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pdb_ships_where_debug_data_does() {
        for (strip, shipped) in [
            (StripMode::None, true),
            (StripMode::Split, true),
            (StripMode::Debug, false),
            (StripMode::All, false),
        ] {
            assert_eq!(ships("t/app.pdb".into(), strip), shipped, "{strip:?}");
            assert!(ships("t/app.dll.lib".into(), strip), "{strip:?}");
        }
    }

    #[test]
    fn debuggers_are_told_every_folder_in_quotes() {
        let remap =
            |what, from: &str, to: &str| PathRemap { what, from: from.into(), to: to.into() };
        let maps = source_maps(&[
            remap("workspace", r#"C:\my "own" app"#, "/rgo/src"),
            remap("cargo home", "/home/me/.cargo", "/rgo/cargo"),
        ]);
        assert_eq!(
            maps,
            [
                (
                    "gdb",
                    concat!(
                        r#"set substitute-path "/rgo/src" "C:\\my \"own\" app""#,
                        "\n",
                        r#"set substitute-path "/rgo/cargo" "/home/me/.cargo""#,
                        "\n"
                    )
                    .to_owned()
                ),
                (
                    "lldb",
                    concat!(
                        r#"settings append target.source-map "/rgo/src" "C:\\my \"own\" app""#,
                        "\n",
                        r#"settings append target.source-map "/rgo/cargo" "/home/me/.cargo""#,
                        "\n"
                    )
                    .to_owned()
                ),
            ]
        );
        assert_eq!(source_maps(&[]), []);
    }

    #[test]
    fn what_is_beside_is_searched_and_placed_only_when_told() {
        let guard = tempfile::tempdir().expect("a temporary folder");
        let root = Utf8Path::from_path(guard.path()).expect("UTF-8");
        let made = root.join("made/x.dSYM");
        fs::create_dir_all(made.join("Contents")).expect("creates");
        fs::write(made.join("Contents/app"), "/proj/src/main.rs").expect("writes");
        let out = root.join("dist");
        let mut companions = Companions {
            bundle: Some(Bundle {
                path: out.join("app.dSYM"),
                made,
                _folder: tempfile::tempdir().expect("a temporary folder"),
            }),
            ..Companions::default()
        };
        companions.add(out.join("app.h"), b"/* made in /proj/include */".to_vec());
        companions.files.push(File {
            path: out.join("source-map.gdb"),
            bytes: b"/proj".to_vec(),
            maps_paths: true,
        });
        let remaps = [PathRemap { what: "workspace", from: "/proj".into(), to: "/rgo/src".into() }];
        fs::create_dir_all(out.join("app.dSYM")).expect("creates");
        fs::write(out.join("source-map.lldb"), "").expect("writes");
        assert!(companions.older(&out.join("app"), &[]).is_empty(), "it will be replaced");
        let older = Companions::default().older(&out.join("app"), &[]);
        let command = format!(": rm -r {out}/app.dSYM");
        assert!(older.len() == 1 && older[0].text.ends_with(&command), "{older:?}");
        fs::remove_dir_all(&out).expect("removes");
        let leaks = companions.leaks(&remaps).expect("all can be read");
        let files: Vec<&str> = leaks.iter().map(|leak| leak.file.as_str()).collect();
        assert_eq!(files, [out.join("app.h").as_str(), out.join("app.dSYM/Contents/app").as_str()]);
        assert!(!out.exists(), "nothing is in place before it is told");
        let placed = companions.place().expect("can be placed");
        assert_eq!(placed.len(), 3);
        assert!(placed.iter().all(|path| path.exists()), "{placed:?}");
    }
}
