//! `strip` for Go's links for darwin. Go takes the names of object files out of the program, once dsymutil has read
//! the debug data by them: `strip -S FILE`, with `-x` too for a program without local symbols. GNU's strip, which
//! most machines have, does not know the format.

use camino::{Utf8Path, Utf8PathBuf};
use rgo_edit::{Discard, Edits, Strip};
use rgo_files::{atomic_file, mmap};

use super::super::error::ShimError;
use crate::causes::with_causes;

/// What a call asks for.
#[derive(Debug, PartialEq, Eq)]
struct Call<'a> {
    strip: Strip,
    discard: Discard,
    files: Vec<&'a Utf8Path>,
}

impl<'a> Call<'a> {
    fn read(args: &'a [String]) -> Result<Self, ShimError> {
        let mut call = Self { strip: Strip::None, discard: Discard::None, files: Vec::new() };
        for arg in args {
            match arg.as_str() {
                "-S" => call.strip = Strip::Debug,
                "-x" => call.discard = Discard::All,
                option if option.starts_with('-') => {
                    let why =
                        format!("strip: this tool serves Go's linker, which passes no {option}");
                    return Err(ShimError::Refused {
                        why,
                        hint: "rgo-strip has all options".into(),
                    });
                }
                file => call.files.push(Utf8Path::new(file)),
            }
        }
        Ok(call)
    }
}

/// Runs a call of `strip`.
pub(super) fn strip(args: &[String]) -> Result<i32, ShimError> {
    let call = Call::read(args)?;
    let edits = Edits { strip: call.strip, discard: call.discard, ..Edits::default() };
    for file in call.files {
        let failed = |why: String| ShimError::Edit { path: file.to_owned(), why };
        let data = mmap::map(file.as_std_path())
            .map_err(|source| ShimError::Read { path: Utf8PathBuf::from(file), source })?;
        let finished = rgo_edit::apply(&data, &edits).map_err(|e| failed(with_causes(&e)))?;
        drop(data);
        atomic_file::write(file, &finished.bytes, Some(file))
            .map_err(|e| failed(with_causes(&e)))?;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gos_two_calls_and_no_others() {
        let read = |line: &str| {
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            Call::read(&args).map(|call| (call.strip, call.discard, call.files.len())).ok()
        };
        assert_eq!(read("-S a.out"), Some((Strip::Debug, Discard::None, 1)));
        assert_eq!(read("-S -x a.out"), Some((Strip::Debug, Discard::All, 1)));
        assert_eq!(read("-u -r a.out"), None);
    }
}
