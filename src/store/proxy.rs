//! For tests: a server between a store and its server, which answers some requests in a way of its own.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// A request, as it came.
pub(super) struct Request {
    head: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// Whether the method, path or headers hold this text.
    pub(super) fn says(&self, text: &str) -> bool {
        self.head.contains(text)
    }
}

/// Which requests came before.
#[derive(Default)]
pub(super) struct Seen(HashMap<(String, Vec<u8>), usize>);

impl Seen {
    /// How often this request came before, so that each one can fail as often as its client tries again.
    pub(super) fn times(&mut self, request: &Request) -> usize {
        // Dates, signatures and numbers of attempts change from one attempt to the next.
        let first =
            |line: &&str| line.contains("HTTP/1.1") || line.starts_with("range:") || line.starts_with("x-amz-target:");
        let what: String = request.head.lines().filter(first).collect();
        let times = self.0.entry((what, request.body.clone())).or_default();
        *times += 1;
        *times - 1
    }
}

/// What becomes of a request.
pub(super) enum Fate {
    /// The server answers it.
    Pass,
    /// The connection is cut before the server hears of it.
    Drop,
    /// The server does it, but its answer is lost.
    Lose,
    /// Only the first bytes of the answer arrive.
    Cut(usize),
    /// An answer of the proxy's own: status and body.
    Answer(u16, String),
}

/// Decides the fate of a request; called with the number of requests before it.
type Judge = dyn FnMut(usize, &Request) -> Fate + Send;

/// Serves until the tests end. Returns its URL.
pub(super) fn proxy(server: &str, judge: impl FnMut(usize, &Request) -> Fate + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = server.trim_start_matches("http://").to_string();
    let judge: Arc<Mutex<Box<Judge>>> = Arc::new(Mutex::new(Box::new(judge)));
    let count = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (server, judge, count) = (server.clone(), judge.clone(), count.clone());
            std::thread::spawn(move || {
                // A client that goes away is no failure of the test.
                let _ = serve(client, &server, |request| judge.lock().unwrap()(count.fetch_add(1, SeqCst), request));
            });
        }
    });
    url
}

/// One request per connection: the answer says that the connection ends.
fn serve(mut client: TcpStream, server: &str, judge: impl FnOnce(&Request) -> Fate) -> io::Result<()> {
    let request = receive(&client)?;
    match judge(&request) {
        Fate::Drop => {}
        Fate::Pass => client.write_all(&forward(&request, server)?)?,
        Fate::Lose => drop(forward(&request, server)?),
        Fate::Cut(n) => client.write_all(forward(&request, server)?.get(..n).unwrap_or_default())?,
        Fate::Answer(status, body) => write!(
            client,
            "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-type: application/x-amz-json-1.0\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )?,
    }
    client.flush()
}

fn receive(client: &TcpStream) -> io::Result<Request> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        if line == "\r\n" {
            break;
        }
        if !lower.starts_with("connection:") {
            head += &line;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Request { head, body })
}

fn forward(request: &Request, server: &str) -> io::Result<Vec<u8>> {
    let mut upstream = TcpStream::connect(server)?;
    upstream.write_all(request.head.as_bytes())?;
    upstream.write_all(b"connection: close\r\n\r\n")?;
    upstream.write_all(&request.body)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// The server that a variable of the environment names. Continuous integration has all of them.
pub(super) fn server(variable: &str) -> Option<String> {
    let named = std::env::var(variable).ok().filter(|url| !url.is_empty());
    assert!(named.is_some() || std::env::var("CI").is_err(), "{variable} names no server");
    named
}
