//! The package of each record of a type: the one that defines the type, else that of what the type is made of.

use hashbrown::HashMap;

use super::record::Record;
use super::table::TypeTable;

/// Types within types that are followed. Types without names are rarely deeper than a few.
const MAX_DEPTH: usize = 64;
/// What the compiler calls the package of types by which it makes one function of several instances of a generic. They
/// belong to no package but to the functions that use them.
const SHAPES: &str = "go.shape";
/// The package of types that the language has.
const OF_LANGUAGE: &str = "runtime";

/// The packages of records.
pub(super) struct Packages<'t, 'm, 'a> {
    pub(super) table: &'t mut TypeTable<'m, 'a>,
    records: &'t [Record],
    by_offset: HashMap<usize, usize>,
    paths: Vec<String>,
    known_paths: HashMap<&'a str, u32>,
    /// What is known of each record; `None` while it is not.
    known: Vec<Option<Option<u32>>>,
}

impl<'t, 'm, 'a> Packages<'t, 'm, 'a> {
    pub(super) fn new(table: &'t mut TypeTable<'m, 'a>, records: &'t [Record]) -> Self {
        let by_offset = records.iter().enumerate().map(|(number, record)| (record.at, number));
        Self {
            table,
            records,
            by_offset: by_offset.collect(),
            paths: Vec::new(),
            known_paths: HashMap::new(),
            known: vec![None; records.len()],
        }
    }

    /// The number of the record at an offset.
    pub(super) fn number_at(&self, offset: usize) -> Option<usize> {
        self.by_offset.get(&offset).copied()
    }

    pub(super) fn record(&self, number: usize) -> Option<&'t Record> {
        self.records.get(number)
    }

    /// The package of a record, if it was asked for before.
    pub(super) fn known(&self, number: usize) -> Option<u32> {
        self.known.get(number).copied().flatten().flatten()
    }

    /// The package of a record.
    pub(super) fn of_record(&mut self, number: usize) -> Option<u32> {
        self.resolve(number, 0)
    }

    pub(super) fn into_paths(self) -> Vec<String> {
        self.paths
    }

    fn resolve(&mut self, number: usize, depth: usize) -> Option<u32> {
        if let Some(known) = self.known.get(number)? {
            return *known;
        }
        let record = self.records.get(number)?;
        // What a type is made of may lead back to it.
        *self.known.get_mut(number)? = Some(None);
        let name = record.package.or_else(|| record.own_package(self.table));
        let path = name.and_then(|name| self.table.name(name)).map(|(path, _)| path);
        let package = match path.filter(|path| !path.is_empty()) {
            Some(SHAPES) => None,
            Some(path) => Some(self.path(path)),
            None if record.is_named => Some(self.path(OF_LANGUAGE)),
            None if depth < MAX_DEPTH => self.of_parts(record, depth),
            None => None,
        };
        *self.known.get_mut(number)? = Some(package);
        package
    }

    /// The package of the first part that has one.
    fn of_parts(&mut self, record: &Record, depth: usize) -> Option<u32> {
        let mut parts = Vec::new();
        record.each_part(self.table, |part| parts.push(part));
        parts.into_iter().find_map(|part| {
            let number = self.number_at(part)?;
            let part = self.records.get(number)?;
            // What is made of the language's types alone is not the runtime's.
            let is_of_language = part.is_named && part.package.is_none();
            if is_of_language { None } else { self.resolve(number, depth + 1) }
        })
    }

    fn path(&mut self, path: &'a str) -> u32 {
        let next = u32::try_from(self.paths.len()).unwrap_or(u32::MAX);
        *self.known_paths.entry(path).or_insert_with(|| {
            self.paths.push(path.to_owned());
            next
        })
    }
}
