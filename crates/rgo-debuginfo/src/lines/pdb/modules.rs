//! [`PdbModule`]: the object files and libraries that an image was linked from, and what each has in it: the
//! contributions of sections that the linker lists.

use super::super::LineError;
use super::super::budget::Budget;
use super::PdbFile;
use super::dbi::Module;

/// An object file, on its own or from a library.
#[derive(Debug)]
pub(crate) struct PdbModule {
    /// The path of the object file; of one in a library `LIBRARY(OBJECT)`.
    pub(crate) name: String,
    /// The crate that rustc compiled it from.
    pub(crate) package: Option<String>,
    /// Address and size of what it has in the image.
    pub(crate) stretches: Vec<(u64, u64)>,
}

impl PdbFile<'_> {
    /// The modules of an image that is linked for the address `base`.
    ///
    /// # Errors
    /// If the map of addresses is outside the file, or would have more work done than the file is large.
    pub(in super::super) fn modules(&self, base: u64) -> Result<Vec<PdbModule>, LineError> {
        let map = self.address_map()?;
        let budget = Budget::for_bytes(self.byte_count);
        let mut modules: Vec<PdbModule> = self.dbi.modules.iter().map(PdbModule::new).collect();
        for it in &self.dbi.contributions {
            let Some(module) = modules.get_mut(usize::from(it.module)) else { continue };
            let Some(start) = map.address(it.section, it.offset) else { continue };
            map.stretches_in_image(start, it.size, &budget, &mut |address, size| {
                module.stretches.push((base.saturating_add(address.into()), size.into()));
            })?;
        }
        Ok(modules)
    }
}

impl PdbModule {
    fn new(module: &Module) -> Self {
        let [object, library] =
            [&module.name, &module.library].map(|name| String::from_utf8_lossy(name).into_owned());
        let file = file_name(&object);
        let package = crate_of(file).map(str::to_owned);
        let is_alone = library.is_empty() || library == object;
        let name = if is_alone { object } else { format!("{library}({file})") };
        Self { name, package, stretches: Vec::new() }
    }
}

/// The last part of a path of either system.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The crate that an object file of rustc is from: `app-0123.app.4567-cgu.0.rcgu.o`; incremental builds leave out its
/// second part.
fn crate_of(file: &str) -> Option<&str> {
    let parts: Vec<&str> = file.strip_suffix(".rcgu.o")?.split('.').collect();
    let unit = parts.iter().position(|part| part.ends_with("-cgu"));
    let before = unit.and_then(|unit| unit.checked_sub(1)).unwrap_or_default();
    let part = parts.get(before)?;
    // Behind a dash is a hash; names of crates have none.
    Some(part.split('-').next().unwrap_or(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_named_by_its_object_file_and_library() {
        let module = |name: &[u8], library: &[u8]| Module {
            name: name.into(),
            library: library.into(),
            stream: None,
            symbol_bytes: 0,
            old_line_bytes: 0,
            line_bytes: 0,
        };
        for (name, library, shown, package) in [
            (r"C:\a\b.obj", r"C:\a\b.obj", r"C:\a\b.obj", None),
            ("* Linker *", "", "* Linker *", None),
            (r"d:\x\chkstk.obj", r"C:\l\LIBCMT.lib", r"C:\l\LIBCMT.lib(chkstk.obj)", None),
            ("/t/app.app.4567-cgu.0.rcgu.o", "", "/t/app.app.4567-cgu.0.rcgu.o", Some("app")),
            (
                "std-01.std.45-cgu.0.rcgu.o",
                "/l/libstd-01.rlib",
                "/l/libstd-01.rlib(std-01.std.45-cgu.0.rcgu.o)",
                Some("std"),
            ),
            ("app-89.1xyz.0abc.rcgu.o", "", "app-89.1xyz.0abc.rcgu.o", Some("app")),
        ] {
            let found = PdbModule::new(&module(name.as_bytes(), library.as_bytes()));
            assert_eq!((found.name.as_str(), found.package.as_deref()), (shown, package));
        }
    }
}
