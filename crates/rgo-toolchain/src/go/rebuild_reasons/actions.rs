//! Reads the JSON of `go build -debug-actiongraph=FILE`: an array of actions.
//!
//! ```text
//! { "Mode": "build", "Package": "example.com/a", "ActionID": "RKQMHS7anT7mzZ9FvKV2", "Cmd": [ … ], … }
//! ```
//!
//! `Cmd` is null for an action whose result was in the cache, and for one that runs nothing.

use serde::Deserialize;

/// A compilation or a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The import path.
    pub package: String,
    /// A link, not a compilation.
    pub is_link: bool,
    /// The ID: 20 characters of base64url.
    pub id: String,
    /// Whether it ran in this build.
    pub ran: bool,
}

impl Action {
    /// Its name in the log of hashes.
    pub(super) fn hash_name(&self) -> String {
        format!("{} {}", if self.is_link { "link" } else { "build" }, self.package)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    #[serde(default)]
    mode: String,
    #[serde(default)]
    package: String,
    #[serde(default, rename = "ActionID")]
    action_id: String,
    #[serde(default)]
    cmd: Option<Vec<String>>,
}

/// The compilations and links of an action graph. Other actions, such as the parts of a compilation,
/// are left out.
///
/// # Errors
/// If it is not an action graph.
pub fn read_actions(json: &str) -> Result<Vec<Action>, serde_json::Error> {
    let written: Vec<Written> = serde_json::from_str(json)?;
    let action = |one: Written| {
        let is_link = match one.mode.as_str() {
            "build" => false,
            "link" => true,
            _ => return None,
        };
        let ran = one.cmd.is_some_and(|commands| !commands.is_empty());
        (!one.package.is_empty() && !one.action_id.is_empty()).then_some(Action {
            package: one.package,
            is_link,
            id: one.action_id,
            ran,
        })
    };
    Ok(written.into_iter().filter_map(action).collect())
}
