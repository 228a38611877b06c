//! `rgo-version-m`: the facts that programs carry about their own making, in the layout of
//! `go version -m`.

mod facts;
mod files;
mod report;

use std::{fmt, io};

use rayon::prelude::*;
use rgo_binary::{Error, Limits, slices};

use crate::cli::version_m::VersionM;
use crate::exit::Exit;
use crate::output;
use facts::Facts;
use files::Found;
use report::{File, VersionReport};

const HINT: &str = "programs say what they are made of if rgo-build, cargo auditable or Go 1.13 \
                    and later built them, and nobody cut it out";

/// Prints what the files say.
///
/// # Errors
/// If stdout cannot take the answer. A file that cannot be read is told on stderr and shows in
/// the exit code, and the others are answered.
pub fn run(args: VersionM) -> anyhow::Result<Exit> {
    let mut exit = Exit::Done;
    let mut report = VersionReport { files: Vec::new() };
    let found: Vec<Found> = args.files.iter().flat_map(|path| files::find(path)).collect();
    let read: Vec<_> = found.par_iter().map(|found| (found, read(found))).collect();
    for (found, answer) in read {
        match answer {
            Ok(mut files) => report.files.append(&mut files),
            Err(why) if found.named => {
                let name = found.path.display();
                output::error(&anyhow::anyhow!(
                    "{name}: could not read build info from {name}: {why}"
                ));
                if let Some(hint) = why.hint() {
                    output::hint(hint);
                }
                exit = Exit::Failed;
            }
            Err(
                Failure::Nothing | Failure::Image(Error::Unrecognised | Error::Unsupported { .. }),
            ) => {}
            Err(why) => output::warning(&format!("{}: {why}", found.path.display())),
        }
    }
    output::print(&report, args.format)?;
    Ok(exit)
}

/// Why a file has no answer.
#[derive(Debug)]
enum Failure {
    Io(io::Error),
    Image(Error),
    Nothing,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Image(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Image(error) => error.fmt(f),
            Self::Nothing => f.write_str("it carries none"),
        }
    }
}

impl Failure {
    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Nothing => Some(HINT),
            Self::Image(Error::Unrecognised) => {
                Some("only the content counts: is the file whole, and not packed or a script?")
            }
            Self::Image(Error::Malformed { .. }) => {
                Some("the file is damaged, or something edited it: get it again")
            }
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                Some("is the path right? rgo-build puts its results under dist/<toolchain>/")
            }
            Self::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Some("make it readable for this user, with chmod +r or as its owner")
            }
            Self::Image(_) | Self::Io(_) => None,
        }
    }
}

/// The answers of a file: one, or one per slice that says something.
fn read(found: &Found) -> Result<Vec<File>, Failure> {
    if let Some(error) = &found.error {
        return Err(io::Error::new(error.kind(), error.to_string()).into());
    }
    let data = files::map(&found.path)?;
    let limits = Limits::default();
    let slices = slices(&data, &limits)?;
    let fat = slices.len() > 1;
    let mut files = Vec::new();
    for slice in &slices {
        if let Some(facts) = Facts::read(&slice.image)? {
            let slice_name = fat.then(|| slice.arch.to_string());
            files.push(File::new(&found.path, slice_name, &slice.image, facts));
        }
    }
    if files.is_empty() { Err(Failure::Nothing) } else { Ok(files) }
}
