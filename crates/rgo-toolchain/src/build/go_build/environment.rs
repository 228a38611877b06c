//! The settings that the environment already has for go. Without `--target` they are defaults, and
//! the build says so. Beside `--target` some have no effect, and the others hold for all targets.

use crate::environment::env;
use crate::event::{Event, Events};
use crate::go::cgo::CgoWish;
use crate::go::compiler::Go;
use crate::request::Request;
use crate::secrets::hidden;

/// Variables that select a target or its compiler.
const OF_TARGET: [&str; 4] = ["GOOS", "GOARCH", "CC", "CXX"];
/// Variables that change how every target is built.
const OF_ALL: [&str; 10] = [
    "CGO_ENABLED",
    "GOFLAGS",
    "GOEXPERIMENT",
    "GOAMD64",
    "GOARM64",
    "GOARM",
    "GO386",
    "CGO_CFLAGS",
    "CGO_CXXFLAGS",
    "CGO_LDFLAGS",
];

/// The settings of the environment.
pub(super) struct Surroundings {
    /// `GOOS` and `GOARCH`, if one of them is set: the target without `--target`.
    pub target: Option<(String, String)>,
    /// `CC`, if it counts.
    pub own_compiler: Option<String>,
    /// `CGO_ENABLED`.
    pub cgo_wish: CgoWish,
    /// All variables that are set, with their values.
    set: Vec<(&'static str, String)>,
}

impl Surroundings {
    /// Reads the environment, `--env` and the settings of `go env -w`.
    pub(super) fn read(request: &Request, go: &Go) -> Self {
        let given = |name: &str| {
            let mut given = request.env.iter().rev().filter(|(of, _)| of == name);
            given.next().map(|(_, value)| value.clone())
        };
        let is_set = |name: &str| given(name).or_else(|| env(name)).filter(|it| !it.is_empty());
        let names = OF_TARGET.iter().chain(&OF_ALL);
        let set: Vec<_> = names.filter_map(|name| Some((*name, is_set(name)?))).collect();
        let has_target = !request.targets.is_empty();
        let is_foreign = is_set("GOOS").is_some() || is_set("GOARCH").is_some();
        let setting = |name: &str| go.setting(name).unwrap_or_default().to_owned();
        Self {
            target: (is_foreign && !has_target).then(|| (setting("GOOS"), setting("GOARCH"))),
            own_compiler: is_set("CC").filter(|_| !has_target),
            cgo_wish: match (given("CGO_ENABLED"), env("CGO_ENABLED")) {
                (Some(value), _) if !value.is_empty() => CgoWish::Flag(value != "0"),
                (_, Some(value)) if !value.is_empty() => CgoWish::Environment(value != "0"),
                _ => CgoWish::None,
            },
            set,
        }
    }

    /// Says which settings count.
    pub(super) fn tell(&self, request: &Request, on: Events<'_>) {
        if request.targets.is_empty() {
            if !self.set.is_empty() {
                let list = listed(self.set.iter());
                on(Event::Note(format!("from the environment: {list}")));
            }
            return;
        }
        let (of_target, of_all): (Vec<_>, Vec<_>) =
            self.set.iter().partition(|(name, _)| OF_TARGET.contains(name));
        if !of_target.is_empty() {
            let list = listed(of_target.into_iter());
            on(Event::warning(format!("{list}: no effect beside --target")));
        }
        if !of_all.is_empty() {
            let list = listed(of_all.into_iter());
            on(Event::warning(format!("{list}: holds for every target")));
        }
    }
}

fn listed<'s>(set: impl Iterator<Item = &'s (&'static str, String)>) -> String {
    let texts: Vec<String> = set.map(|(name, value)| format!("{name}={value}")).collect();
    hidden(&texts.join(" "))
}
