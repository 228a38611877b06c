//! The JSON schemas of all reports, by name. They come from the types of the reports.

use anyhow::Result;
use serde_json::{Value, json};

use crate::app::error::Usage;
use crate::app::schema::Named;
use crate::app::terminal;
use crate::{build, strip, version_m};

/// All schemas, the most asked for first.
fn all() -> impl Iterator<Item = Named> {
    let others = [strip::schema(), version_m::schema(), version_m::line_schema()];
    build::schemas().into_iter().chain(others)
}

/// The names of all schemas.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().map(|(name, _)| name)
}

/// The schema of this name; `build` is short for `rgo.build/1`.
#[must_use]
pub fn of(name: &str) -> Option<Value> {
    let short = |known: &str| {
        let (known, _) = known.strip_prefix("rgo.")?.split_once('/')?;
        Some(known == name)
    };
    let is_it = |known: &str| known == name || short(known) == Some(true);
    let (name, generate) = all().find(|(known, _)| is_it(known))?;
    let mut schema = generate().to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), json!(name));
        // Every report names its schema, but for a line of ndjson, which is one image.
        if name != version_m::LINE
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
/// [`Usage`] for an unknown name, and if stdout cannot be written.
pub(crate) fn print(words: &[String]) -> Result<()> {
    let names: Vec<String> = names().map(str::to_owned).collect();
    match words {
        [] => terminal::write((names.join("\n") + "\n").as_bytes()),
        [name] if let Some(schema) = of(name) => {
            terminal::write((serde_json::to_string_pretty(&schema)? + "\n").as_bytes())
        }
        [name, ..] => Err(Usage::new(format!("there is no schema `{name}`"))
            .hint(format!("there are: {}", names.join(", ")))
            .into()),
    }
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
        assert_eq!(of("version-m.line"), of(version_m::LINE));
        assert_eq!(of("rgo.build"), None);
    }
}
