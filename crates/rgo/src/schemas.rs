//! The JSON schemas of all reports, by name. They come from the types of the reports.

use anyhow::Result;
use serde_json::{Value, json};

use crate::app::message;
use crate::app::schema::Named;
use crate::app::terminal;
use crate::{build, strip, symbols, version_m};

/// All schemas, the most asked for first.
fn all() -> impl Iterator<Item = Named> {
    let others =
        [strip::schema(), version_m::schema(), version_m::line_schema(), message::schema()];
    build::schemas().into_iter().chain(others).chain(symbols::schemas())
}

/// The names of all schemas.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().map(|(name, _)| name)
}

/// Shorter names of a schema: those of `rgo.build/1` are `rgo.build` and `build`.
pub(crate) fn short(name: &'static str) -> impl Iterator<Item = &'static str> {
    let unversioned = name.split_once('/').map(|(name, _)| name);
    unversioned.into_iter().chain(unversioned.and_then(|name| name.strip_prefix("rgo.")))
}

/// The schema of this name, which may be a shorter one.
#[must_use]
pub fn of(name: &str) -> Option<Value> {
    let is_it = |known| known == name || short(known).any(|short| short == name);
    let (name, generate) = all().find(|(known, _)| is_it(known))?;
    let mut schema = generate().to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), json!(name));
        // Every report names its schema, but for lines: of ndjson, and of messages.
        if ![
            version_m::LINE,
            symbols::list::LINE,
            symbols::size::LINE,
            symbols::diff::LINE,
            symbols::symbolize::LINE,
            message::MESSAGE,
        ]
        .contains(&name)
            && let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut)
        {
            properties.insert("schema".to_owned(), json!({"const": name}));
            let required = object.entry("required").or_insert_with(|| json!([]));
            required.as_array_mut().into_iter().for_each(|names| names.insert(0, json!("schema")));
        }
    }
    Some(schema)
}

/// Prints the schema of a name; without one, all names.
///
/// # Errors
/// If stdout cannot be written.
pub(crate) fn print(name: Option<&str>) -> Result<()> {
    let text = match name.and_then(of) {
        Some(schema) => serde_json::to_string_pretty(&schema)?,
        None => names().collect::<Vec<_>>().join("\n"),
    };
    terminal::write((text + "\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_has_a_short_name() {
        for name in names() {
            assert_eq!(of(name).expect(name)["title"], name);
        }
        assert_eq!(of("build"), of("rgo.build/1"));
        assert_eq!(of("rgo.build"), of("rgo.build/1"));
        assert_eq!(of("version-m.line"), of(version_m::LINE));
        assert_eq!(of("rgo"), None);
    }
}
