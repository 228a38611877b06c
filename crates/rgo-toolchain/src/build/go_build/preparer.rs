//! Prepares what go needs for a target: zig, and the C compiler that go runs. First it finds out
//! what is needed and changes nothing, because a dry run stops there; then it installs it.

use std::sync::Arc;

use camino::Utf8PathBuf;
use rgo_binary::system::Os;
use semver::Version;

use super::target::GoTarget;
use super::{Candidate, GoBuild, cgo_inputs};
use crate::build::context::Context;
use crate::build::error::BuildError;
use crate::build::tool::Prepare;
use crate::build::zig_finder::ZigFinder;
use crate::environment::env;
use crate::event::Events;
use crate::exec::{self, Cmd};
use crate::finish::FinishError;
use crate::go::cgo::Cgo;
use crate::go::command::GoSettings;
use crate::go::flags::LinkFlags;
use crate::go::options::GoMode;
use crate::request::{DebugInfo, StripMode};
use crate::shim::{self, Recipe};
use crate::zig::{Zig, ZigError};

/// The version of rustc by which `cargo_zigbuild` decides what to pass to zig: a new one.
const RUSTC: Version = Version::new(1, 90, 0);

/// Finds what the targets need, and installs it.
pub struct GoPreparer<'a> {
    build: &'a GoBuild,
    own: Utf8PathBuf,
    zig: ZigFinder<'a>,
}

impl<'a> GoPreparer<'a> {
    /// Does no work yet.
    ///
    /// # Errors
    /// If the system does not report the path of this program.
    pub(super) fn new(build: &'a GoBuild) -> Result<Self, BuildError> {
        let own = exec::own_executable();
        let own = own.map_err(BuildError::io("finding rgo-build's own path"))?;
        let Context { cache, request, .. } = &build.context;
        Ok(Self { build, own, zig: ZigFinder::new(cache, request.is_offline()) })
    }

    /// The command that fetches zig, if a target needs it and it is not installed.
    pub(super) fn fetch(&self) -> Option<Cmd> {
        self.zig.fetch()
    }

    /// A target with all that go needs for it. Changes nothing.
    ///
    /// # Errors
    /// If something is not available; the error says what, and how to get it.
    pub(super) fn target(&self, candidate: &Candidate) -> Result<GoTarget, BuildError> {
        let Candidate { toolchain, floor, cgo, packages, outputs, slots } = candidate;
        let mut settings = GoSettings {
            toolchain,
            cgo: *cgo,
            env: std::collections::BTreeMap::new(),
            link: LinkFlags::default(),
        };
        let mut target_recipe = None;
        let mut zig_version = None;
        if *cgo == Cgo::Zig {
            let zig = self.zig.zig()?;
            let recipe = self.recipe(candidate, zig);
            if let Some(recipe) = &recipe {
                self.add_compiler(&mut settings, recipe, candidate)?;
            }
            zig_version = Some(zig.version.to_string());
            target_recipe = recipe;
        }
        let link_with = cgo_inputs::libraries(packages);
        slots.iter().for_each(|slot| slot.add_to(&mut settings.link));
        Ok(GoTarget {
            settings,
            floor: floor.clone(),
            outputs: outputs.clone(),
            mode: self.build.options.mode.unwrap_or(GoMode::Exe),
            slots: slots.clone(),
            recipe: target_recipe,
            zig_version,
            link_with,
        })
    }

    fn recipe(&self, candidate: &Candidate, zig: &Zig) -> Option<Recipe> {
        let Candidate { toolchain, floor, .. } = candidate;
        Recipe::new(toolchain, floor.as_ref(), zig, &RUSTC, &self.build.context.cache, &env)
    }

    /// Adds zig as the C compiler.
    fn add_compiler(
        &self,
        settings: &mut GoSettings,
        recipe: &Recipe,
        candidate: &Candidate,
    ) -> Result<(), BuildError> {
        let tools = recipe.go_tools(&self.build.context.cache, &self.own);
        let call = self.build.call();
        let path = call.variable("PATH").unwrap_or_default();
        let folders = std::iter::once(tools.folder.clone().into_std_path_buf());
        let folders = std::env::join_paths(folders.chain(std::env::split_paths(&path)));
        let path = folders.ok().and_then(|path| path.into_string().ok()).unwrap_or_default();
        let env = &mut settings.env;
        env.extend(tools.env);
        env.insert("PATH".to_owned(), path);
        env.insert("AR".to_owned(), "ar".to_owned());
        // The host's .pc files describe the host's libraries.
        if call.variable("PKG_CONFIG_LIBDIR").is_none() {
            env.insert(
                "PKG_CONFIG_LIBDIR".to_owned(),
                tools.folder.join("pkg-config").into_string(),
            );
        }
        let inputs = cgo_inputs::hash(&candidate.packages, &call);
        env.extend(inputs.map(|hash| (shim::go::INPUTS.to_owned(), hash)));
        if candidate.toolchain.is(Os::Darwin) && self.build.context.dsymutil.is_none() {
            if self.needs_dwarf() {
                return Err(FinishError::NoDsymutil.into());
            }
            settings.link.words.push("-w".to_owned());
        }
        Ok(())
    }

    /// Whether the call asks for debug data, rather than keeping it by default.
    fn needs_dwarf(&self) -> bool {
        let Context { request, strip, .. } = &self.build.context;
        request.debug || *strip == StripMode::Split || request.debug_info == Some(DebugInfo::Full)
    }
}

impl Prepare<GoTarget> for GoPreparer<'_> {
    fn fetch_zig(&self, on: Events<'_>) -> Result<bool, Arc<ZigError>> {
        self.zig.fetch_zig(on)
    }

    fn get_ready(&self, target: &GoTarget, _: Events<'_>) -> Result<bool, BuildError> {
        if let Some(recipe) = &target.recipe {
            recipe.install_go(&self.build.context.cache, &self.own)?;
        }
        Ok(true)
    }
}
