//! Removes credentials from URLs, commands and other programs' output before rgo records, prints or
//! logs them. Everybody can read a shipped program and the log of a public build.
//!
//! ```text
//! https://user:TOKEN@host/path      https://host/path
//! https://TOKEN@host/path           https://host/path
//! ssh://git@host/path               the same: a login, and no secret
//! https://host/path?token=TOKEN     https://host/path?token=***
//! registries.corp.token="TOKEN"     registries.corp.token=***
//! the value of CARGO_REGISTRY_TOKEN ***
//! ```

use std::collections::BTreeSet;
use std::sync::OnceLock;

/// The replacement for a secret.
const HIDDEN: &str = "***";
/// A variable is secret if its name contains one of these words.
const WORDS: [&str; 9] = [
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "CREDENTIAL",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
];
/// A variable is also secret if its name ends in one of these.
const ENDS: [&str; 4] = ["_PAT", "_PASS", "_AUTH", "_KEY"];
/// Shorter values are not replaced: they occur in other words by chance.
const SHORTEST: usize = 8;
/// Hosts with public projects, whose names reveal nothing.
const PUBLIC_HOSTS: [&str; 5] =
    ["github.com", "gitlab.com", "codeberg.org", "bitbucket.org", "git.sr.ht"];

/// Removes credentials from a text: those in URLs and settings, and the values of this process's
/// secret variables.
#[must_use]
pub fn hidden(text: &str) -> String {
    static VALUES: OnceLock<BTreeSet<String>> = OnceLock::new();
    let values = VALUES.get_or_init(|| {
        let variables = std::env::vars_os();
        // The value of a variable that only ends like one occurs everywhere, as in
        // `CACHE_KEY=linux-amd64`.
        let secret = variables.filter(|(name, _)| {
            let name = name.to_string_lossy().to_ascii_uppercase();
            is_secret(&name) && WORDS.iter().any(|word| name.contains(word))
        });
        let values = secret.filter_map(|(_, value)| value.into_string().ok());
        values.filter(|value| value.len() >= SHORTEST).collect()
    });
    without(text, values)
}

/// Whether a variable of this name holds a secret.
#[must_use]
pub fn is_secret(variable: &str) -> bool {
    let name = variable.to_ascii_uppercase();
    // Variables with these endings name a program or a file that holds the secret.
    let is_place = ["_PATH", "_FILE", "_PROVIDER", "_PROVIDERS", "_URL"];
    let is_named = WORDS.iter().any(|word| name.contains(word))
        || ENDS.iter().any(|end| name.ends_with(end))
        || name == "AUTH";
    is_named && !is_place.iter().any(|end| name.ends_with(end))
}

fn without(text: &str, values: &BTreeSet<String>) -> String {
    let mut text = without_credentials(text);
    for value in values {
        if text.contains(value.as_str()) {
            text = text.replace(value.as_str(), HIDDEN);
        }
    }
    text
}

/// Removes the credentials in URLs, and the tokens in settings.
#[must_use]
pub fn without_credentials(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        plain.push_str(before);
        let is_ssh = before.trim_end_matches("://").ends_with("ssh");
        let end = after.find(|letter: char| is_end(letter) || "/?#".contains(letter));
        let (authority, path) = after.split_at(end.unwrap_or(after.len()));
        let host = match authority.rsplit_once('@') {
            Some((login, host)) if is_ssh => {
                plain.push_str(login.split(':').next().unwrap_or(login));
                plain.push('@');
                host
            }
            Some((_, host)) => host,
            None => authority,
        };
        plain.push_str(host);
        let end = path.find(is_end).unwrap_or(path.len());
        let (path, after) = path.split_at(end);
        plain.push_str(&without_parameters(path));
        rest = after;
    }
    plain.push_str(rest);
    without_variables(&without_settings(&plain))
}

/// Removes the value from `NAME=value`, as shells and cargo print variables, if the name is secret.
/// Names in code are not in capitals, and stay unchanged.
fn without_variables(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let (before, after) = rest.split_at(at + 1);
        plain.push_str(before);
        rest = after;
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let name = before.trim_end_matches('=').rsplit(|letter| !is_part(letter)).next();
        let name = name.unwrap_or_default();
        let is_variable = name.len() > 2 && !name.contains(|it: char| it.is_ascii_lowercase());
        if !is_variable || !is_secret(name) || rest.starts_with(HIDDEN) {
            continue;
        }
        let quote = rest.chars().next().filter(|letter| "\"'".contains(*letter));
        let end = match quote {
            Some(quote) => rest.get(1..).and_then(|it| it.find(quote)).map(|end| end + 2),
            None => rest.find(is_end),
        };
        let end = end.unwrap_or(rest.len());
        if end > 0 {
            plain.push_str(HIDDEN);
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

/// Removes the value from a setting for `--config`, except from settings that only control the
/// compilation. Any other may be secret.
#[must_use]
pub fn setting(text: &str) -> String {
    const PLAIN: [&str; 6] = ["profile.", "build.", "target.", "term.", "unstable.", "resolver."];
    match text.split_once('=') {
        Some((key, _)) if !PLAIN.iter().any(|plain| key.trim_start().starts_with(plain)) => {
            format!("{key}={HIDDEN}")
        }
        _ => text.to_owned(),
    }
}

/// Whether a character ends a URL within a text.
fn is_end(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || "\"'`<>()[]{}|,;\\".contains(letter)
}

/// A path and query without the values of secret parameters.
fn without_parameters(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let parameters = query.split('&').map(|parameter| match parameter.split_once('=') {
        Some((name, _)) if is_secret(name) || name.eq_ignore_ascii_case("key") => {
            format!("{name}={HIDDEN}")
        }
        _ => parameter.to_owned(),
    });
    format!("{path}?{}", parameters.collect::<Vec<_>>().join("&"))
}

/// Removes the value from `registries.NAME.token = "…"`, as cargo's `--config` takes it.
fn without_settings(text: &str) -> String {
    const NAMES: [&str; 5] = [".token", ".secret-key", ".password", "{token", "{secret-key"];
    let Some((at, name)) =
        NAMES.iter().filter_map(|name| Some((text.find(name)?, *name))).min_by_key(|found| found.0)
    else {
        return text.to_owned();
    };
    let (before, after) = text.split_at(at + name.len());
    let value = after.trim_start();
    let Some(value) = value.strip_prefix('=').map(str::trim_start) else {
        return before.to_owned() + &without_settings(after);
    };
    let quote = value.chars().next().filter(|letter| "\"'".contains(*letter));
    let rest = match quote {
        Some(quote) => value.get(1..).and_then(|value| value.split_once(quote)).map(|it| it.1),
        None => value.find(is_end).and_then(|end| value.get(end..)),
    };
    format!("{before}={HIDDEN}{}", without_settings(rest.unwrap_or_default()))
}

/// Whether a URL's host is a public one.
#[must_use]
pub fn is_public(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let is = |public: &str| {
        host == public || host.strip_suffix(public).is_some_and(|it| it.ends_with('.'))
    };
    PUBLIC_HOSTS.iter().any(|public| is(public))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_left_out() {
        for (text, plain) in [
            ("https://u:TOKEN@host.invalid/d", "https://host.invalid/d"),
            ("https://TOKEN@host/d#abc", "https://host/d#abc"),
            ("git+https://u:p%40@host/d?branch=b#1", "git+https://host/d?branch=b#1"),
            ("sparse+https://u:TOKEN@host/index/", "sparse+https://host/index/"),
            ("Updating `https://u:TOKEN@host/d` (1)", "Updating `https://host/d` (1)"),
            ("ssh://git@host/d", "ssh://git@host/d"),
            ("ssh://git:TOKEN@host/d", "ssh://git@host/d"),
            ("http://u:TOKEN@proxy:8080", "http://proxy:8080"),
            ("https://host/x?access_token=TOKEN&a=b c", "https://host/x?access_token=***&a=b c"),
            ("https://host/user@name", "https://host/user@name"),
            ("two: https://a:TOKEN@b, http://TOKEN@c", "two: https://b, http://c"),
            (
                r#"--config registries.corp.token="TOKEN" -v"#,
                "--config registries.corp.token=*** -v",
            ),
            ("--config 'registry.token=\"TOKEN\"'", "--config 'registry.token=***'"),
            ("a.token b.token = TOKEN", "a.token b.token=***"),
            ("MY_TOKEN=TOKEN cargo build", "MY_TOKEN=*** cargo build"),
            ("API_KEY='TOKEN x' A=b", "API_KEY=*** A=b"),
            ("let token = lexer.next(); token=1", "let token = lexer.next(); token=1"),
            ("mail me@host", "mail me@host"),
            ("://@", "://"),
            ("", ""),
        ] {
            assert_eq!(without_credentials(text), plain, "{text}");
        }
    }

    #[test]
    fn values_of_secret_variables_are_left_out() {
        for (name, expected) in [
            ("CARGO_REGISTRIES_CORP_TOKEN", true),
            ("CARGO_REGISTRY_TOKEN", true),
            ("GITHUB_TOKEN", true),
            ("DB_PASSWORD", true),
            ("CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS", false),
            ("TOKEN_FILE", false),
            ("PATH", false),
            ("AWS_ACCESS_KEY_ID", true),
            ("DEPLOY_PAT", true),
            ("SSH_AUTH_SOCK", false),
            ("CARGO_PKG_AUTHORS", false),
        ] {
            assert_eq!(is_secret(name), expected, "{name}");
        }
        let values = BTreeSet::from(["abcdefgh".to_owned()]);
        assert_eq!(without("is abcdefgh here", &values), "is *** here");
    }

    #[test]
    fn settings_are_named_and_not_told() {
        for (text, shown) in [
            ("http.proxy=\"u:TOKEN@proxy:8080\"", "http.proxy=***"),
            ("env.X={value=\"TOKEN\",force=true}", "env.X=***"),
            ("profile.release.lto=true", "profile.release.lto=true"),
            ("/path/of/config.toml", "/path/of/config.toml"),
        ] {
            assert_eq!(setting(text), shown);
        }
    }

    #[test]
    fn hosts_that_everybody_knows() {
        for (url, expected) in [
            ("https://github.com/a/b#1", true),
            ("ssh://git@github.com/a/b", true),
            ("https://raw.github.com/a/b", true),
            ("https://github.com.corp.example/a", false),
            ("https://git.corp.example/github.com", false),
            ("file:///srv/git", false),
        ] {
            assert_eq!(is_public(url), expected, "{url}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_login_survives(
            before in "[a-z \"'(]{0,8}",
            login in "[a-zA-Z0-9%._~:-]{1,16}",
            after in "[a-z/?=&# ]{0,12}",
        ) {
            let text = format!("{before}https://{login}@host{after}");
            let plain = without_credentials(&text);
            let logged_in = format!("{login}@");
            proptest::prop_assert!(!plain.contains(&logged_in));
            proptest::prop_assert_eq!(without_credentials(&plain), plain);
        }
    }
}
