//! Finds the DLLs that a wine has: its own, which lie beside its libraries, and those of the
//! prefix, which is the disk of its Windows. This module looks for the files, because wine itself
//! would first create a prefix.

use camino::{Utf8Path, Utf8PathBuf};

use crate::cache::Env;

/// Whether a wine has a DLL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Has {
    /// The DLL exists.
    Yes,
    /// Neither wine's own DLLs nor the prefix have it.
    No,
    /// rgo does not find wine's own DLLs.
    Unknown,
}

/// Whether the wine of this program has a DLL for a processor, which `cpu` gives in Rust's
/// notation. `program` has no symbolic links.
pub(crate) fn has(
    program: &Utf8Path,
    cpu: &str,
    dll: &str,
    env: Env<'_>,
    exists: &dyn Fn(&Utf8Path) -> bool,
) -> Has {
    let prefix = env("WINEPREFIX")
        .filter(|prefix| !prefix.is_empty())
        .map(Utf8PathBuf::from)
        .or_else(|| Some(Utf8Path::new(&env("HOME")?).join(".wine")));
    if prefix.is_some_and(|prefix| exists(&prefix.join("drive_c/windows/system32").join(dll))) {
        return Has::Yes;
    }
    let own: Vec<Utf8PathBuf> = folders(program, cpu, env)
        .into_iter()
        // Every wine has this DLL.
        .filter(|folder| exists(&folder.join("kernel32.dll")))
        .collect();
    match own.iter().any(|folder| exists(&folder.join(dll))) {
        true => Has::Yes,
        false if own.is_empty() => Has::Unknown,
        false => Has::No,
    }
}

/// The possible folders of wine's own DLLs. Distributions and WineHQ use different places below the
/// installation folder of the program.
fn folders(program: &Utf8Path, cpu: &str, env: Env<'_>) -> Vec<Utf8PathBuf> {
    let windows = format!("{cpu}-windows");
    let below = [
        windows.clone(),
        format!("wine/{windows}"),
        format!("lib/wine/{windows}"),
        format!("lib64/wine/{windows}"),
        format!("lib/{cpu}-linux-gnu/wine/{windows}"),
    ];
    let paths = env("WINEDLLPATH").unwrap_or_default();
    let named =
        paths.split(':').filter(|path| !path.is_empty()).map(|p| Utf8Path::new(p).join(&windows));
    let around =
        program.ancestors().skip(1).flat_map(|folder| below.iter().map(|b| folder.join(b)));
    named.chain(around).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dll_is_wines_own_or_in_the_prefix() {
        let debian = "/usr/lib/x86_64-linux-gnu/wine/x86_64-windows";
        let winehq = "/opt/wine-stable/lib64/wine/x86_64-windows";
        let at = |folder: &str, dll: &str| format!("{folder}/{dll}");
        for (program, files, variables, expected) in [
            ("/usr/lib/wine/wine64", vec![at(debian, "kernel32.dll")], &[][..], Has::No),
            (
                "/usr/lib/wine/wine64",
                vec![at(debian, "kernel32.dll"), at(debian, "b.dll")],
                &[],
                Has::Yes,
            ),
            ("/opt/wine-stable/bin/wine64", vec![at(winehq, "kernel32.dll")], &[], Has::No),
            ("/opt/wine-stable/bin/wine64", vec![], &[], Has::Unknown),
            (
                "/usr/lib/wine/wine64",
                vec![at(debian, "kernel32.dll"), "/p/drive_c/windows/system32/b.dll".into()],
                &[("WINEPREFIX", "/p"), ("HOME", "/h")],
                Has::Yes,
            ),
            (
                "/usr/lib/wine/wine64",
                vec![at(debian, "kernel32.dll"), "/h/.wine/drive_c/windows/system32/b.dll".into()],
                &[("WINEPREFIX", ""), ("HOME", "/h")],
                Has::Yes,
            ),
            (
                "/x/wine64",
                vec![at("/d/x86_64-windows", "kernel32.dll")],
                &[("WINEDLLPATH", "/c:/d")],
                Has::No,
            ),
        ] {
            let env = |name: &str| {
                variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
            };
            let exists = |path: &Utf8Path| files.iter().any(|file| path == file.as_str());
            let found = has(program.into(), "x86_64", "b.dll", &env, &exists);
            assert_eq!(found, expected, "{program} {files:?} {variables:?}");
        }
    }
}
