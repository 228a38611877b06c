//! Numbers for names, so that millions of parts can share them.

use hashbrown::HashMap;

/// Names by their numbers, each once.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    names: Vec<String>,
    known: HashMap<String, u32>,
}

impl Labels {
    /// The number of a name.
    pub(crate) fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.known.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.known.insert(name.to_owned(), number);
        number
    }

    /// The names, by their numbers.
    pub(crate) fn into_names(self) -> Vec<String> {
        self.names
    }
}
