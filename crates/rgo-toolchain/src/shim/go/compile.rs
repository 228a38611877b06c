//! Compiles C and C++ for cgo: zig's compiler, and repairs of the objects that it writes.

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::system::Os;

use super::super::args;
use super::super::error::ShimError;
use super::super::zig_call::run_zig;
use super::super::{Recipe, zig_macho};
use super::coff_object::without_code_view;
use super::link_line::is_compilation;

/// Runs a call of the compiler that compiles something, and may link too.
pub(super) fn compile(
    recipe: &Recipe,
    compiler: &'static str,
    mut args: Vec<String>,
) -> Result<i32, ShimError> {
    let objects = zig_macho::compiled(&args);
    match recipe.os {
        // Last, so that the user's folders take precedence.
        Os::Darwin if !is_compilation(&args) => args.extend(args::folders(&recipe.sdks)),
        Os::Windows if wants_dwarf(&args) => args.insert(0, DWARF.to_owned()),
        _ => {}
    }
    let code = run_zig(recipe, compiler, args, false)?;
    if code == 0 {
        objects.iter().try_for_each(|path| mend(recipe.os, path))?;
    }
    Ok(code)
}

/// The debug data for Windows: Go's own have this form, and debuggers of Go read no other. clang's default for this
/// system is CodeView.
const DWARF: &str = "-gdwarf-4";

/// Whether to ask for DWARF: the call makes an object with debug data, whose form it does not choose. cgo chooses
/// DWARF 2 for the objects whose types it reads.
fn wants_dwarf(args: &[String]) -> bool {
    let forms = ["-gdwarf", "-gcodeview", "-ggdb", "-glldb"];
    let has_form = args.iter().any(|arg| forms.iter().any(|form| arg.starts_with(form)));
    let level = args.iter().rev().find(|arg| {
        matches!(arg.as_str(), "-g" | "-g0" | "-g1" | "-g2" | "-g3" | "-gline-tables-only")
    });
    let makes_object = args.iter().any(|arg| arg == "-c");
    makes_object && !has_form && level.is_some_and(|level| level != "-g0")
}

/// Changes an object file that a linker would link wrongly, or that differs from one call to the next.
fn mend(os: Os, path: &Utf8PathBuf) -> Result<(), ShimError> {
    let change = match os {
        Os::Darwin => zig_macho::mended,
        Os::Windows => without_code_view,
        _ => return Ok(()),
    };
    // Skips pipes, terminals and `/dev/null`.
    let path: &Utf8Path = path;
    if path.is_file()
        && let Ok(data) = std::fs::read(path)
        && let Some(mended) = change(&data)
    {
        std::fs::write(path, mended).map_err(ShimError::Write)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_for_windows_have_dwarf_unless_the_call_decides() {
        for (line, expected) in [
            ("-g -O2 -c a.c", true),
            ("-g0 -g -c a.c", true),
            ("-g -g0 -c a.c", false),
            ("-O2 -c a.c", false),
            ("-g -gdwarf-2 -c -xc -", false),
            ("-g -gcodeview -c a.c", false),
            ("-g a.c -o a.exe", false),
            ("-g -E a.c", false),
        ] {
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(wants_dwarf(&args), expected, "{line}");
        }
    }
}
