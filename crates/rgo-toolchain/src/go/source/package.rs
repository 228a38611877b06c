//! The names of a package, and which of them `-X` can set.

use std::collections::BTreeMap;

use super::declarations::{self, Declaration, File};
use super::reason::{NotSettable, Place, Reason};
use super::scope::Scope;

/// A package: what it declares, and what `-X` can set of it.
#[derive(Clone, Debug, Default)]
pub struct Package {
    name: Option<String>,
    unreadable: Option<Place>,
    names: BTreeMap<String, Declared>,
}

/// A variable that `-X` can set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub place: Place,
}

#[derive(Clone, Debug)]
struct Declared {
    variable: Variable,
    judgement: Result<(), Reason>,
}

impl Package {
    /// Reads the files of a package, each with its name for messages and its text: those that Go
    /// compiles for the target, which `go list` gives as `GoFiles` and `CgoFiles`. Text that is not
    /// Go is skipped; see [`Package::unreadable`]. Takes time in proportion to the texts' length.
    ///
    /// ```
    /// use rgo_toolchain::go::source::Package;
    ///
    /// let text = "package main\nvar version = \"dev\"\nvar started = time.Now().String()\n";
    /// let package = Package::read([("main.go", text)]);
    /// assert!(package.lookup("version").is_ok());
    /// let error = package.lookup("started").unwrap_err();
    /// assert!(error.to_string().contains("when the program starts"));
    /// ```
    #[must_use]
    pub fn read<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let read = |(name, text)| (name, declarations::read(text));
        let files: Vec<(&str, File<'t>)> = files.into_iter().map(read).collect();
        let mut scope = Scope::default();
        for named in files.iter().flat_map(|(_, file)| &file.declarations) {
            scope.add(named.name, &named.declaration);
        }
        let mut package = Self::default();
        for (file_name, file) in &files {
            let place = |line| Place { file: (*file_name).to_owned(), line };
            if let (None, Some(line)) = (&package.unreadable, file.unreadable) {
                package.unreadable = Some(place(line));
            }
            if let (None, Some(name)) = (&package.name, file.package) {
                package.name = Some(name.to_owned());
            }
            for named in &file.declarations {
                let name = named.name.to_owned();
                let variable = Variable { name: name.clone(), place: place(named.line) };
                let judgement = match &named.declaration {
                    Declaration::Variable(value) => scope.judge(value),
                    Declaration::Constant(_) => Err(Reason::Constant),
                    Declaration::Function => Err(Reason::Function),
                    Declaration::Type | Declaration::Alias(_) => Err(Reason::Type),
                };
                package.names.entry(name).or_insert(Declared { variable, judgement });
            }
        }
        package
    }

    /// The name in the package clause: `main` for a program. `-X` names a program's variables by
    /// `main`, and those of other packages by their import paths.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The first place that could not be read. Go reports it in a build; until then names may seem
    /// to be missing.
    #[must_use]
    pub fn unreadable(&self) -> Option<&Place> {
        self.unreadable.as_ref()
    }

    /// The variable of this name, if `-X` can set it.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn lookup(&self, name: &str) -> Result<&Variable, NotSettable> {
        let not = |place, reason| NotSettable { name: name.to_owned(), place, reason };
        let Some(declared) = self.names.get(name) else {
            return Err(not(None, Reason::Missing(self.nearest(name))));
        };
        match &declared.judgement {
            Ok(()) => Ok(&declared.variable),
            Err(reason) => Err(not(Some(declared.variable.place.clone()), reason.clone())),
        }
    }

    /// The names of all variables that `-X` can set, sorted.
    #[must_use]
    pub fn settable(&self) -> Vec<&str> {
        let settable = self.names.iter().filter(|(_, declared)| declared.judgement.is_ok());
        settable.map(|(name, _)| name.as_str()).collect()
    }

    /// All of [`Package::settable`]; the name nearest to this one comes first.
    fn nearest(&self, name: &str) -> Vec<String> {
        let mut names = self.settable();
        let places = names.iter().enumerate().map(|(at, name)| (*name, at));
        if let Some(at) = rgo_report::nearest(name, places) {
            names[..=at].rotate_right(1);
        }
        names.into_iter().map(str::to_owned).collect()
    }
}
