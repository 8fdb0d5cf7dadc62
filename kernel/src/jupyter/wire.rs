//! Reads and builds wire messages. Reads requests leniently: only the header and the JSON must be well formed.

use bytes::Bytes;
use jupyter_protocol::{Header, JupyterMessage, UnknownMessage};
use jupyter_zmq_client::{Connection, RawMessage};
use serde_json::Value;
use zeromq::SocketRecv;

/// A request of a client.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub identities: Vec<Bytes>,
    pub header: Header,
    pub kind: String,
    pub content: Value,
}

/// Waits for the next well-formed request. Returns `None` if the socket has closed. Drops messages with a wrong
/// signature, as the protocol requires.
pub(crate) async fn read<S: SocketRecv>(connection: &mut Connection<S>) -> Option<Request> {
    loop {
        let parts = connection.socket.recv().await.ok()?;
        if let Some(request) = RawMessage::from_multipart(parts, &connection.mac).ok().and_then(Request::parse) {
            return Some(request);
        }
    }
}

impl Request {
    fn parse(raw: RawMessage) -> Option<Request> {
        let header: Header = serde_json::from_slice(raw.jparts.first()?).ok()?;
        let content = serde_json::from_slice(raw.jparts.get(3)?).ok()?;
        Some(Request { identities: raw.zmq_identities, kind: header.msg_type.clone(), header, content })
    }
}

/// Builds a message. A `reply` goes to the client that sent the `parent` request, any other message to all clients.
pub(crate) fn message(kind: &str, content: Value, parent: Option<&Request>, reply: bool) -> JupyterMessage {
    let mut message = JupyterMessage::new(UnknownMessage { msg_type: kind.to_owned(), content }, None);
    message.header.version = "5.4".to_owned();
    message.header.username = "kernel".to_owned();
    message.parent_header = parent.map(|parent| parent.header.clone());
    message.zmq_identities = match parent {
        Some(parent) if reply => parent.identities.clone(),
        // The topic, by which clients may filter.
        _ => vec![Bytes::from(format!("kernel.{kind}"))],
    };
    message
}
