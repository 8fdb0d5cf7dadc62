//! A proxy to a server that breaks connections on purpose, as networks do.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

pub struct Proxy {
    pub port: u16,
    cuts: Arc<AtomicU32>,
}

impl Proxy {
    /// Forwards to `target`; cuts the first `cuts` connections that have sent more than `bytes`.
    pub fn new(target: u16, bytes: usize, cuts: u32) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let left = Arc::new(AtomicU32::new(cuts));
        let cuts = left.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                let (to_server, to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || hand_on(server, to_client, || usize::MAX, || false));
                let left = left.clone();
                let cut = move || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
                thread::spawn(move || hand_on(client, to_server, || bytes, cut));
            }
        });
        Proxy { port, cuts }
    }

    /// Number of cuts still to come.
    pub fn cuts_left(&self) -> u32 {
        self.cuts.load(Ordering::SeqCst)
    }
}

fn hand_on(mut from: TcpStream, mut to: TcpStream, limit: impl Fn() -> usize, cut: impl Fn() -> bool) {
    let mut buffer = [0; 16_384];
    let (mut sent, mut spared) = (0, false);
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        sent += n;
        if sent > limit() && !spared {
            if cut() {
                break;
            }
            spared = true;
        }
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
