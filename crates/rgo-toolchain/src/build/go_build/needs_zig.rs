//! Whether Go builds of a project need zig, for `rgo-build doctor`: Go links programs without C code
//! by itself.

use camino::Utf8Path;

use super::environment::Surroundings;
use crate::go::cgo::{Cgo, CgoCall};
use crate::go::command::GoCall;
use crate::go::compiler::Go;
use crate::go::options::GoOptions;
use crate::go::packages;
use crate::request::Request;
use crate::toolchain::Toolchain;

/// Whether zig compiles the C code of a package of the project for one of the targets. So it does if
/// go cannot say: its answer may need modules that are not fetched. `specs` are the targets as the
/// user names them.
#[must_use]
pub fn needs_zig(
    go: &Go,
    folder: &Utf8Path,
    specs: &[String],
    targets: &[&'static Toolchain],
) -> bool {
    let request = Request {
        folder: folder.to_owned(),
        targets: specs.to_vec(),
        offline: true,
        ..Request::default()
    };
    let options = GoOptions::default();
    let surroundings = Surroundings::read(&request, go);
    let cgo = CgoCall {
        options: &options,
        wish: surroundings.cgo_wish,
        has_own_compiler: surroundings.own_compiler.is_some(),
    };
    let call = GoCall { go, request: &request, options: &options, env: &[], is_vendored: false };
    targets.iter().any(|target| {
        let packages = packages::read(&call.list(target, true), &["./...".to_owned()]);
        packages.map_or(true, |packages| matches!(cgo.decide(target, &packages), Ok(Cgo::Zig)))
    })
}
