//! Makes JSON schemas of the types of reports.

use rgo_report::Report;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

/// The name of a schema, and the schema.
pub(crate) type Named = (&'static str, fn() -> Schema);

/// The schema of a report, with its name.
pub(crate) const fn of_report<R: Report + JsonSchema>() -> Named {
    (R::SCHEMA, generate::<R>)
}

/// The schema of what serializes to JSON.
pub(crate) fn generate<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}
