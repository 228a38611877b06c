//! The folder of `--split`, served by the debuginfod that distributions run.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};

use super::{ask, c_line, c_program, split};
use crate::support::{Outcome, native, scratch};

/// A server, ended with the test.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Serves a folder with one file, and waits until it has been looked at.
    fn of(folder: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("is bound").port();
        drop(free);
        let mut command = native("debuginfod");
        command.args(["-d", ":memory:", "-t", "0", "-p", &port.to_string(), "-F"]).arg(folder);
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Self { child: quiet.spawn().expect("debuginfod runs"), port };
        while !server.is_ready() {
            let ended = server.child.try_wait().expect("is ours");
            assert!(ended.is_none(), "debuginfod: {ended:?}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        server
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Whether it has looked at the file, and is busy with none.
    fn is_ready(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let mut text = String::new();
        let asked = stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n");
        if asked.and_then(|()| stream.read_to_string(&mut text)).is_err() {
            return false;
        }
        let says = |line: &str| text.lines().any(|said| said == line);
        says(r#"scanned_files_total{source="file"} 1"#)
            && says(r#"thread_busy{role="scan"} 0"#)
            && says(r#"thread_work_pending{role="scan"} 0"#)
    }
}

#[test]
fn debuginfod_serves_the_folder() {
    let folder = scratch("debug-served");
    let (program, debug) = (folder.join("twice"), folder.join("debug"));
    c_program(&program, &["-Wl,--build-id=sha1"]);
    split(&program, &debug);
    let server = Server::of(&debug);

    let id = crate::end_to_end::debug_data::build_id(&program);
    let mut find = native("debuginfod-find");
    find.args(["debuginfo", &id]).env("DEBUGINFOD_URLS", server.url());
    find.env("DEBUGINFOD_CACHE_PATH", folder.join("cache-of-find"));
    let found = Outcome::of(&mut find).ended(0).stdout;
    let (first, rest) = id.split_at(2);
    let companion = debug.join(".build-id").join(first).join(format!("{rest}.debug"));
    let read = |path: &Path| std::fs::read(path).expect("a file");
    assert!(read(Path::new(found.trim())) == read(&companion), "{found}");

    // gdb is told of the server alone.
    let mut gdb = native("gdb");
    gdb.args(["-nx", "-batch", "-iex", "set debug-file-directory"]);
    gdb.args(["-iex", "set debuginfod enabled on"]);
    gdb.args(["-iex", &format!("set debuginfod urls {}", server.url())]);
    gdb.env("DEBUGINFOD_CACHE_PATH", folder.join("cache-of-gdb"));
    let stop = format!("break twice.c:{}", c_line());
    let said = ask(gdb, &program, &[&stop, "run", "print doubled"]);
    assert!(said.contains("$1 = 42"), "{said}");
}
