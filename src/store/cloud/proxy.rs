//! For tests of the stores: a proxy between client and server that answers some requests in its own way.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// A request as received.
pub(crate) struct Request {
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Whether method, path or headers contain this text.
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.head.contains(text)
    }
}

/// The requests so far.
#[derive(Default)]
pub(crate) struct Seen(HashMap<(String, Vec<u8>), usize>);

impl Seen {
    /// How often this request came before, so that a test can fail it as often as its client retries.
    pub(crate) fn times(&mut self, request: &Request) -> usize {
        // Dates, signatures and attempt numbers change from one attempt to the next.
        let first =
            |line: &&str| line.contains("HTTP/1.1") || line.starts_with("range:") || line.starts_with("x-amz-target:");
        let what: String = request.head.lines().filter(first).collect();
        let times = self.0.entry((what, request.body.clone())).or_default();
        *times += 1;
        *times - 1
    }
}

/// What happens to a request.
pub(crate) enum Fate {
    /// Pass it to the server and its answer back.
    Pass,
    /// Cut the connection before the server gets it.
    Drop,
    /// Pass it to the server, then lose the answer.
    Lose,
    /// Pass back only the first bytes of the answer.
    Cut(usize),
    /// Answer with this status and body.
    Answer(u16, String),
}

/// Decides what happens to a request; gets the number of requests before it.
type Judge = dyn FnMut(usize, &Request) -> Fate + Send;

/// Starts the proxy, which serves until the tests end. Returns its URL.
pub(crate) fn proxy(server: &str, judge: impl FnMut(usize, &Request) -> Fate + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = server.trim_start_matches("http://").to_string();
    let judge: Arc<Mutex<Box<Judge>>> = Arc::new(Mutex::new(Box::new(judge)));
    let count = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (server, judge, count) = (server.clone(), judge.clone(), count.clone());
            std::thread::spawn(move || {
                // A client that disconnects does not fail the test.
                let _ = serve(client, &server, |request| judge.lock().unwrap()(count.fetch_add(1, SeqCst), request));
            });
        }
    });
    url
}

/// Serves one request per connection; the answer closes the connection.
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

/// The server named by an environment variable. Continuous integration sets all of them.
pub(crate) fn server(variable: &str) -> Option<String> {
    let named = std::env::var(variable).ok().filter(|url| !url.is_empty());
    assert!(named.is_some() || std::env::var("CI").is_err(), "{variable} names no server");
    named
}
