//! The targets of a Go build: the toolchains of `--target`, and all platforms of Go.

use super::environment::Surroundings;
use crate::build::error::BuildError;
use crate::go::compiler::Go;
use crate::go::error::GoError;
use crate::go::platforms::{self, Platform};
use crate::request::Request;
use crate::target_spec::{self, Chosen, SelectError};
use crate::toolchain;

/// The toolchains to build for: those that the user names, else that of `GOOS` and `GOARCH`, else
/// this machine's.
pub(super) fn chosen(
    request: &Request,
    go: &Go,
    surroundings: &Surroundings,
) -> Result<Vec<Chosen>, BuildError> {
    let specs = match (&surroundings.target, request.targets.as_slice()) {
        (Some((os, arch)), []) => vec![format!("{os}/{arch}")],
        (None, []) => vec!["host".to_owned()],
        (_, given) => given.to_vec(),
    };
    let host = host_triple(go);
    let resolve = |specs: &[String]| target_spec::resolve(specs, request.libc, &host);
    let all = match resolve(&specs) {
        Err(error @ SelectError::Unknown { .. }) => {
            with_platforms(&specs, go, request, &resolve, error)?
        }
        resolved => resolved?,
    };
    if let Some(one) = all.iter().find(|one| one.toolchain.variant.is_some()) {
        return Err(GoError::not_for(one.toolchain).into());
    }
    Ok(all)
}

/// This machine's triple.
pub(super) fn host_triple(go: &Go) -> String {
    let (os, arch) = go.host();
    let known = toolchain::by_name(&format!("{os}-{arch}"));
    known.map_or_else(|| format!("{arch}-{os}"), |it| it.triple.clone())
}

/// Resolves specs of the toolchains of files.
type Resolve<'f> = &'f dyn Fn(&[String]) -> Result<Vec<Chosen>, SelectError>;

/// Resolves specs of which at least one names no toolchain of a file: it may be a platform of Go.
fn with_platforms(
    specs: &[String],
    go: &Go,
    request: &Request,
    resolve: Resolve<'_>,
    error: SelectError,
) -> Result<Vec<Chosen>, BuildError> {
    let platforms = platforms::list(go, &request.folder)?;
    let mut all: Vec<Chosen> = Vec::new();
    for spec in specs.iter().flat_map(|list| list.split(',')) {
        let platform = |it: &&Platform| format!("{}/{}", it.os, it.arch) == spec.trim();
        let known = platforms.iter().find(platform).and_then(platforms::toolchain);
        let found = match known.filter(|it| it.zig.is_none()) {
            Some(toolchain) => {
                vec![Chosen { toolchain, floor: None, is_named: true, names_arch: true }]
            }
            None => match resolve(&[spec.to_owned()]) {
                Err(SelectError::Unknown { .. }) => return Err(error.into()),
                resolved => resolved?,
            },
        };
        for one in found {
            if all.iter().all(|other| other.toolchain.name != one.toolchain.name) {
                all.push(one);
            }
        }
    }
    Ok(all)
}
