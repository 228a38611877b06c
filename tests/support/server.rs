//! A server for HTTP on this machine that serves files to whoever knows the password, and stands in
//! for a registry, a package index or a proxy.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What it serves, and whom.
#[derive(Clone, Default)]
pub(crate) struct Served {
    /// Contents by path, which begins with `/`.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// A header, in lower case, and the value that a request has to have in it.
    pub(crate) password: Option<(&'static str, String)>,
}

/// A running server. It ends with the test program.
pub(crate) struct Server {
    /// `127.0.0.1:PORT`
    pub(crate) address: String,
    served: Arc<Mutex<Served>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts one that serves nothing yet.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("is bound").to_string();
        let server = Self { address, served: Arc::default(), asked: Arc::default() };
        let (served, asked) = (Arc::clone(&server.served), Arc::clone(&server.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (served, asked) = (Arc::clone(&served), Arc::clone(&asked));
                // One that ends early is the client's affair.
                std::thread::spawn(move || drop(answer(stream, &served, &asked)));
            }
        });
        server
    }

    /// Serves this from now on.
    pub(crate) fn serve(&self, served: Served) {
        *self.served.lock().expect("is sound") = served;
    }

    /// The paths that were served so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("is sound").clone()
    }
}

fn answer(
    mut stream: TcpStream,
    served: &Mutex<Served>,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let target = request.split(' ').nth(1).unwrap_or_default().to_owned();
    // A proxy is asked for the whole URL.
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]).to_owned(),
        None => target,
    };
    let mut headers = BTreeMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let served = served.lock().expect("is sound").clone();
    let may = served.password.iter().all(|(name, value)| headers.get(*name) == Some(value));
    let (status, content) = match served.files.get(&path) {
        _ if !may => ("401 Unauthorized", &b"no"[..]),
        Some(content) => ("200 OK", content.as_slice()),
        None => ("404 Not Found", &b"none"[..]),
    };
    if may && served.files.contains_key(&path) {
        asked.lock().expect("is sound").push(path.clone());
    }
    let kind = if content.starts_with(b"<") { "text/html" } else { "application/octet-stream" };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        content.len()
    )?;
    stream.write_all(content)
}
