//! Makes the variables with which another program that runs go compiles and links C code as this
//! build does.

use std::collections::BTreeMap;

use super::GoBuild;
use crate::build::error::BuildError;
use crate::build::plan::Plan;
use crate::build::tool_types::BuildTarget;
use crate::go::cgo::Cgo;
use crate::go::error::GoError;

impl GoBuild {
    /// The variables for the only target of a plan.
    ///
    /// # Errors
    /// [`BuildError::TwoValues`] if two targets need different values of one variable, and
    /// [`GoError::Refused`] if go could not read the flags.
    pub(in crate::build) fn variables(
        &self,
        plan: &Plan<Self>,
    ) -> Result<BTreeMap<String, String>, BuildError> {
        let mut variables = BTreeMap::new();
        for target in &plan.targets {
            let toolchain = target.toolchain();
            let cgo = if target.settings.cgo == Cgo::Off { "0" } else { "1" };
            let own = [("GOOS", toolchain.os.name()), ("GOARCH", toolchain.arch.name())];
            let mut env = target.settings.env.clone();
            env.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
            env.insert("CGO_ENABLED".to_owned(), cgo.to_owned());
            let flags = self.call().go_flags(&target.settings);
            let flags = flags.ok_or_else(|| GoError::unreadable_flags(toolchain))?;
            env.extend(flags.map(|flags| ("GOFLAGS".to_owned(), flags)));
            for (name, value) in env {
                let before = variables.insert(name.clone(), value.clone());
                if before.is_some_and(|other| other != value) {
                    return Err(BuildError::TwoValues { name });
                }
            }
        }
        Ok(variables)
    }
}
