//! Debug data from servers of debuginfod, which `--fetch` asks by build ID.

use std::fs;

use super::{Build, Lines, store};
use crate::end_to_end::debug_data::build_id;
use crate::support::server::{Served, Server};
use crate::support::{Outcome, can, not_tested, tool};

/// A program whose companion servers may have, and that of another build.
struct Fetched {
    program: Build,
    id: String,
    companion: Vec<u8>,
    other_id: String,
    other: Vec<u8>,
}

impl Fetched {
    fn new(name: &str) -> Option<Self> {
        if !can("curl") {
            not_tested("debug data from servers; there is no curl");
            return None;
        }
        let builds = Build::two(name, &["-Wl,--build-id=sha1"])?;
        let [(id, companion), (other_id, other)] = builds.each_ref().map(|build| {
            let (id, folder) = (build_id(&build.program), build.folder.join("debug"));
            build.split(&folder);
            (id.clone(), fs::read(store(&folder, &id)).expect("a companion"))
        });
        let [program, _] = builds;
        Some(Self { program, id, companion, other_id, other })
    }

    /// The path by which servers are asked.
    fn path(&self) -> String {
        format!("/buildid/{}/debuginfo", self.id)
    }

    /// A server that answers with this, or has nothing.
    fn server(&self, content: Option<&[u8]>) -> Server {
        let server = Server::start();
        let files = content.map(|content| (self.path(), content.to_vec())).into_iter().collect();
        server.serve(Served { files, ..Served::default() });
        server
    }

    fn fetch(&self, urls: &[&str]) -> Outcome {
        let mut command = tool("rgo-symbols");
        command.args(["symbolize", "--debug-dir", "nowhere", "--fetch", "-e"]);
        command.arg(&self.program.program).arg(&self.program.address);
        command.env("DEBUGINFOD_URLS", urls.join(" ")).env_remove("http_proxy");
        command.env("DEBUGINFOD_CACHE_PATH", self.program.folder.join("cache"));
        Outcome::of(&mut command).ended(0)
    }
}

fn url(server: &Server) -> String {
    format!("http://{}", server.address)
}

#[test]
fn a_server_is_asked_once() {
    let Some(fetched) = Fetched::new("companion-fetched") else { return };
    let server = fetched.server(Some(&fetched.companion));
    // Without the flag nobody is asked.
    fetched.program.symbolize(&[]).has_no_line();
    assert!(server.asked().is_empty());

    fetched.fetch(&[&url(&server)]).has_line();
    assert_eq!(server.asked(), [fetched.path()]);
    fetched.fetch(&[&url(&server)]).has_line();
    assert_eq!(server.asked().len(), 1, "what was fetched is kept");

    // Something else is in its place: the server is asked again.
    let kept = fetched.program.folder.join("cache").join(&fetched.id).join("debuginfo");
    fs::write(&kept, &fetched.other).expect("written");
    fetched.fetch(&[&url(&server)]).has_line();
    assert_eq!(fs::read(&kept).expect("a file"), fetched.companion);
}

#[test]
fn an_answer_of_another_build_is_refused() {
    let Some(fetched) = Fetched::new("companion-refused") else { return };
    let wrong = fetched.server(Some(&fetched.other));
    let garbage = fetched.server(Some(b"<html>sorry</html>"));
    let nothing = fetched.server(None);
    let Fetched { id, other_id, .. } = &fetched;
    let mismatch = format!("the answer belongs to another image: build ID {other_id} is not {id}");
    fetched
        .fetch(&[&url(&wrong)])
        .has_no_line()
        .says(&format!("{}: {mismatch}", url(&wrong)))
        .says("its companion with the build ID ");
    fetched.fetch(&[&url(&garbage)]).has_no_line().says("the answer is no binary");
    fetched.fetch(&[&url(&nothing)]).has_no_line().says("404");
    // A port on which nothing listens any more.
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("is bound"))
    };
    fetched.fetch(&[&gone]).has_no_line().says(&format!("{gone}: "));
    fetched.fetch(&[]).has_no_line().says("DEBUGINFOD_URLS names no server");

    // No wrong answer was kept, and the next server is asked.
    let right = fetched.server(Some(&fetched.companion));
    fetched.fetch(&[&gone, &url(&wrong), &url(&nothing), &url(&right)]).has_line();
    assert_eq!(right.asked(), [fetched.path()]);
}
