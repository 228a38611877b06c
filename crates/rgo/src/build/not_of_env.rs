//! The build options that `rgo-build env` does not have.

/// Build options that `env` does not have: they concern the build's results or its run, or the
/// caller passes them to cargo or go itself.
pub(super) const NOT_OF_ENV: [&str; 27] = [
    "bins",
    "all_bins",
    "examples",
    "lib",
    "buildmode",
    "entitlements",
    "release",
    "profile",
    "jobs",
    "cargo_flags",
    "go_flags",
    "env",
    "stamp",
    "debug",
    "debug_info",
    "strip",
    "no_trimpath",
    "record_sources",
    "vcs",
    "output",
    "dry_run",
    "trace",
    "all",
    "work",
    "explain_rebuild",
    "run",
    "args",
];

/// Hides such an option from the help of `env`.
pub(super) fn hide_what_env_has_not(arg: clap::Arg) -> clap::Arg {
    let is_hidden = NOT_OF_ENV.contains(&arg.get_id().as_str());
    if is_hidden { arg.hide(true) } else { arg }
}
