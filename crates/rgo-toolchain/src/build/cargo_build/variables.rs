//! Makes the variables with which another program that runs cargo compiles and links as this build
//! does.

use std::collections::BTreeMap;

use super::CargoBuild;
use super::link_preparer::LinkPreparer;
use crate::build::error::BuildError;
use crate::build::plan::Plan;
use crate::build::tool_types::BuildTarget;
use crate::cargo::rustflags;
use crate::shim;

impl CargoBuild {
    /// The variables for all targets of a plan, whose targets must be prepared.
    ///
    /// # Errors
    /// [`BuildError::TwoValues`] if two targets need different values of one variable.
    pub(in crate::build) fn variables(
        &self,
        preparer: &LinkPreparer<'_>,
        plan: &Plan<Self>,
    ) -> Result<BTreeMap<String, String>, BuildError> {
        let mut variables = BTreeMap::new();
        for target in &plan.targets {
            let mut flags = self.flags(target.toolchain(), &target.link)?;
            flags.ours.extend(self.options.rustc_flags.iter().cloned());
            let replaced = self.configuration.flags_replaced;
            let invocations = rustflags::invocations(&[flags], replaced, &|_, _| false);
            let mut env = target.link.env.clone();
            env.extend(invocations.into_iter().flat_map(|invocation| invocation.env));
            // The recipe of this run is removed at its end; the cache's stays.
            env.extend(preparer.lasting(&target.link));
            env.extend(preparer.python_library(target.toolchain()));
            env.remove(shim::PATH_REMAPS);
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
