//! Private registries, repositories and mirrors: a build gets at them, and no password and no
//! private host is in what it makes, prints or logs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::support::corpus::corpus_archive;
use crate::support::server::{Served, Server};
use crate::support::{Outcome, Project, can, native, not_tested, tool, write};

const GIT_TOKEN: &str = "GITSECRET11111111";
const REGISTRY_TOKEN: &str = "REGISTRYSECRET2222";
const PROXY_TOKEN: &str = "PROXYSECRET333333";
const INDEX_TOKEN: &str = "INDEXSECRET4444444";
const PIP_TOKEN: &str = "PIPSECRET55555555";
const VARIABLE_TOKEN: &str = "VARIABLESECRET666";
const ARGUMENT_TOKEN: &str = "ARGUMENTSECRET777";
const TOKENS: [&str; 7] = [
    GIT_TOKEN,
    REGISTRY_TOKEN,
    PROXY_TOKEN,
    INDEX_TOKEN,
    PIP_TOKEN,
    VARIABLE_TOKEN,
    ARGUMENT_TOKEN,
];
const HOST: &str = "git.intranet.invalid";

/// A registry, which is also the proxy before it, with one package.
struct Sources {
    server: Server,
    temp: tempfile::TempDir,
}

impl Sources {
    fn new() -> Self {
        let temp = tempfile::tempdir().expect("a folder");
        let server = Server::start();
        let package = packaged(&temp.path().join("package"));
        let sum = hex::encode(Sha256::digest(&package));
        let line = format!(
            r#"{{"name":"from-registry","vers":"1.0.0","deps":[],"cksum":"{sum}","features":{{}},"yanked":false}}"#
        );
        let config = format!(
            r#"{{"dl":"http://{}/dl/{{crate}}/{{version}}","auth-required":true}}"#,
            server.address
        );
        server.serve(Served {
            files: [
                ("/index/config.json".to_owned(), config.into_bytes()),
                ("/index/fr/om/from-registry".to_owned(), line.into_bytes()),
                ("/dl/from-registry/1.0.0".to_owned(), package),
            ]
            .into(),
            password: Some(("authorization", REGISTRY_TOKEN.to_owned())),
        });
        let repository = temp.path().join("repository");
        write(&repository.join("Cargo.toml"), &manifest("from-git", ""));
        write(&repository.join("src/lib.rs"), PANICS);
        commit(&repository);
        Self { server, temp }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// A project that takes a package from each.
    fn project(&self, git: &str) -> Project {
        let folder = self.path("project");
        let dependencies = format!(
            "from-git = {{ git = \"{git}\" }}\n\
             from-registry = {{ version = \"1\", registry = \"corp\" }}\n"
        );
        let manifest = manifest("app", &dependencies).replace("[lib]\n", "");
        write(&folder.join("Cargo.toml"), &manifest);
        write(
            &folder.join("src/main.rs"),
            "fn main() { println!(\"{}\", from_git::answer(1) + from_registry::answer(1)); }\n",
        );
        let config = format!(
            "[net]\ngit-fetch-with-cli = true\n\
             [registries.corp]\nindex = \"sparse+http://{INDEX_TOKEN}@{}/index/\"\n\
             credential-provider = \"cargo:token\"\n\
             [http]\nproxy = \"http://u:{PROXY_TOKEN}@{}\"\n\
             [env]\nAPI_TOKEN = \"{VARIABLE_TOKEN}\"\n",
            self.server.address, self.server.address
        );
        write(&folder.join(".cargo/config.toml"), &config);
        Project::at(&folder, "unused").with_output(&self.path("target"), &self.path("dist"))
    }

    /// What a user of private sources has in the environment.
    fn surround<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let git = self.path("gitconfig");
        let text = format!(
            "[url \"file://{}\"]\n\tinsteadOf = https://u:{GIT_TOKEN}@{HOST}/d\n[user]\n\tname = a\n\temail = a@b\n",
            self.path("repository").display()
        );
        write(&git, &text);
        command
            .env("GIT_CONFIG_GLOBAL", git)
            .env("CARGO_HOME", self.path("cargo-home"))
            .env("CARGO_REGISTRIES_CORP_TOKEN", REGISTRY_TOKEN)
    }
}

/// A library whose paths are in the program, for its panic.
const PANICS: &str = "#[inline(never)]\npub fn answer(number: usize) -> usize {\n    \
                      [1, 2][number] + std::env::args().count().checked_mul(2).unwrap()\n}\n";

fn manifest(name: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[lib]\n\
         [workspace]\n[dependencies]\n{dependencies}"
    )
}

/// A package as registries have it.
fn packaged(folder: &Path) -> Vec<u8> {
    let inside = folder.join("from-registry-1.0.0");
    write(&inside.join("Cargo.toml"), &manifest("from-registry", "").replace("[workspace]\n", ""));
    write(&inside.join("src/lib.rs"), PANICS);
    let archive = folder.join("package.crate");
    let mut tar = native("tar");
    tar.args(["--use-compress-program=gzip", "-C"]).arg(folder).arg("-cf").arg(&archive);
    Outcome::of(tar.arg("from-registry-1.0.0")).ended(0);
    fs::read(archive).expect("is there")
}

fn commit(folder: &Path) {
    for args in [&["init", "-q", "-b", "main"][..], &["add", "."], &["commit", "-q", "-m", "x"]] {
        let mut git = native("git");
        git.arg("-C").arg(folder).args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(args);
        Outcome::of(git.env("GIT_CONFIG_GLOBAL", "/dev/null")).ended(0);
    }
}

#[track_caller]
fn tells_nothing(text: &[u8], what: &str, secrets: &[&str]) {
    for secret in secrets {
        let found = text.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{secret} is in {what}: {}", String::from_utf8_lossy(text));
    }
}

#[track_caller]
fn files_tell_nothing(folder: &Path, secrets: &[&str]) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files_tell_nothing(&path, secrets);
        } else {
            let bytes = fs::read(&path).expect("read");
            for secret in secrets {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} is in {}", path.display());
            }
        }
    }
}

#[test]
fn no_password_and_no_private_host_is_in_what_a_build_makes_or_says() {
    let sources = Sources::new();
    let project = sources.project(&format!("https://u:{GIT_TOKEN}@{HOST}/d"));
    let address = sources.server.address.clone();
    let hosts = [HOST, address.as_str(), "127.0.0.1"];
    for (extra, format) in [
        (&["-x", "-v", "--explain-rebuild"][..], "json"),
        (&["-x"], "text"),
        (&["-x", "-vv", "-a"], "text"),
        (&["--dry-run"], "text"),
    ] {
        let mut command = tool("rgo-build");
        command.arg("-C").arg(&project.folder).arg("-o").arg(&project.output);
        command.args(["--format", format, "--target", "linux/amd64,windows/amd64"]).args(extra);
        command.env("CARGO_TARGET_DIR", &project.target);
        let argument =
            format!("registries.other.index=\"sparse+https://u:{ARGUMENT_TOKEN}@{HOST}/\"");
        command.args(["--config", &argument]).args(["--env", &format!("A_TOKEN={ARGUMENT_TOKEN}")]);
        let outcome = Outcome::of(sources.surround(&mut command)).ended(0);
        tells_nothing(outcome.stdout.as_bytes(), "stdout", &TOKENS);
        tells_nothing(outcome.stderr.as_bytes(), "stderr", &TOKENS);
    }
    let asked = sources.server.asked();
    assert!(asked.iter().any(|path| path == "/dl/from-registry/1.0.0"), "{asked:?}");
    files_tell_nothing(&project.output, &[&TOKENS[..], &hosts].concat());

    let program = project.output.join("linux-amd64/app");
    for format in ["text", "json", "cyclonedx"] {
        let mut inspect = tool("rgo-version-m");
        let said = Outcome::of(inspect.args(["--format", format]).arg(&program)).ended(0);
        tells_nothing(said.stdout.as_bytes(), format, &[&TOKENS[..], &hosts].concat());
    }
    let mut inspect = tool("rgo-version-m");
    let said = Outcome::of(inspect.arg(&program)).ended(0).stdout;
    for words in ["from-git", "from-registry", "git#"] {
        assert!(said.contains(words), "{said}");
    }

    // On demand the hosts are named, and no password with them.
    let mut command = project.command(["--target", "linux/amd64", "--record-sources"]);
    Outcome::of(sources.surround(&mut command)).ended(0);
    files_tell_nothing(&project.output.join("linux-amd64"), &TOKENS);
    let mut inspect = tool("rgo-version-m");
    let said = Outcome::of(inspect.arg(&program)).ended(0).stdout;
    assert!(said.contains(HOST) && said.contains(&address), "{said}");
}

#[test]
fn no_password_is_in_the_words_of_a_failure() {
    let sources = Sources::new();
    let project = sources.project(&format!("https://u:{GIT_TOKEN}@{HOST}/none"));
    for args in [&[][..], &["-v"], &["-x"]] {
        let mut command = project.command(["--target", "linux/amd64"]);
        command.args(args).env("GIT_TERMINAL_PROMPT", "0");
        let outcome = Outcome::of(sources.surround(&mut command));
        assert_ne!(outcome.code, Some(0));
        tells_nothing(outcome.stdout.as_bytes(), "stdout", &TOKENS);
        tells_nothing(outcome.stderr.as_bytes(), "stderr", &TOKENS);
    }
}

/// A repository that is reached by ssh: what would go over the network is run here.
#[test]
#[cfg(unix)]
fn git_over_ssh() {
    use std::os::unix::fs::PermissionsExt;
    let sources = Sources::new();
    let ssh = sources.path("ssh");
    write(&ssh, "#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\nexec sh -c \"$1\"\n");
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).expect("is ours");
    let url = format!("ssh://git@{HOST}{}", sources.path("repository").display());
    let project = sources.project(&url);
    let mut command = project.command(["--target", "linux/amd64"]);
    command.env("GIT_SSH_COMMAND", &ssh);
    Outcome::of(sources.surround(&mut command)).ended(0);
    files_tell_nothing(&project.output, &[HOST]);
}

/// zig comes from the index that pip is told to use, and from no other.
#[test]
#[cfg(target_os = "linux")]
fn zig_comes_from_a_mirror() {
    let Some(wheel) = wheel() else { return };
    let server = Server::start();
    let name = wheel.file_name().expect("a name").to_str().expect("UTF-8").to_owned();
    let content = fs::read(&wheel).expect("read");
    let page = format!("<html><body><a href=\"/files/{name}\">{name}</a></body></html>");
    server.serve(Served {
        files: [
            ("/simple/ziglang/".to_owned(), page.into_bytes()),
            (format!("/files/{name}"), content),
        ]
        .into(),
        password: None,
    });
    let temp = tempfile::tempdir().expect("a folder");
    let project = Project::copy("sample");
    let bin = without_zig(temp.path());
    for (port, works) in [("1", false), (server.address.rsplit(':').next().expect("a port"), true)]
    {
        let mut command = project.command(["--target", "linux/amd64", "-x"]);
        command
            .env("RGO_CACHE", temp.path().join("cache"))
            .env("PATH", &bin)
            .env("PIP_CONFIG_FILE", "/dev/null")
            .env("PIP_RETRIES", "0")
            .env("PIP_INDEX_URL", format!("http://u:{PIP_TOKEN}@127.0.0.1:{port}/simple"));
        let outcome = Outcome::of(&mut command);
        assert_eq!(outcome.code == Some(0), works, "{}", outcome.stderr);
        tells_nothing(outcome.stderr.as_bytes(), "stderr", &TOKENS);
    }
    assert!(server.asked().contains(&format!("/files/{name}")));

    // With a zig of the user's, nothing is asked for.
    let mut command = project.command(["--target", "linux/amd64", "--offline"]);
    command
        .env("RGO_CACHE", temp.path().join("another"))
        .env("RGO_ZIG", temp.path().join("cache").join(ZIG))
        .env("HTTPS_PROXY", "http://127.0.0.1:1");
    Outcome::of(&mut command).ended(0);
}

/// A PATH on which no Python has zig.
#[cfg(target_os = "linux")]
fn without_zig(temp: &Path) -> String {
    use std::os::unix::fs::PermissionsExt;
    let bin = temp.join("bin");
    let path = std::env::var("PATH").expect("is set");
    let found = path.split(':').map(|folder| Path::new(folder).join("python3"));
    let python = found.into_iter().find(|python| python.is_file()).expect("a Python");
    let script = format!(
        "#!/bin/sh\ncase \"$2\" in *ziglang*) exit 1;; esac\nexec {} \"$@\"\n",
        python.display()
    );
    for name in ["python3", "python"] {
        write(&bin.join(name), &script);
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(bin.join(name), executable).expect("is ours");
    }
    format!("{}:{path}", bin.display())
}

pub(crate) const ZIG: &str = "zig/0.15.2-x86_64-linux/ziglang/zig";

/// The package with zig, as published.
fn wheel() -> Option<PathBuf> {
    if !can("python3") {
        not_tested("zig from a mirror; there is no python3");
        return None;
    }
    corpus_archive("ziglang-")
}
