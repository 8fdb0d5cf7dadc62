//! Bytes in any encoding that spreadsheets write → UTF-8. Used by `dialect`.

use std::borrow::Cow;
use std::io::{self, Read};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::stream::{Bytes, RereadBytes};
use crate::error::{Error, Result};

/// Bytes that are decoded at once.
const BLOCK: usize = 1 << 16;
/// Bytes at the start of a file that belong to names of columns.
const NAME_BYTES: usize = 16;
/// A file is in another encoding, not damaged, if at least this many bytes are not UTF-8 and they outnumber its UTF-8 characters beyond
/// ASCII by the factor `MIN_RATIO`.
const MIN_INVALID: usize = 3;
const MIN_RATIO: usize = 9;
/// Bytes that Windows-1252 does not define.
const UNDEFINED: [u8; 5] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/// UTF-16, by its byte order mark, or by the first characters without one: names of columns are ASCII, of which every other byte is zero.
pub(crate) fn utf16(head: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let start = &head[..head.len().min(NAME_BYTES) / 2 * 2];
    let zeros = |at: usize, all: bool| start.chunks_exact(2).all(|pair| (pair[at] == 0) == all);
    match head {
        [0xff, 0xfe, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] => Some(UTF_16BE),
        _ if start.is_empty() => None,
        _ if zeros(1, true) && zeros(0, false) => Some(UTF_16LE),
        _ if zeros(0, true) && zeros(1, false) => Some(UTF_16BE),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Encoding {
    /// UTF-8; values with invalid bytes are quarantined one by one.
    Utf8,
    Other(&'static encoding_rs::Encoding),
}

impl Encoding {
    /// Detects UTF-16 by its head, and Windows-1252 by all bytes of a file whose head is not UTF-8.
    pub(crate) fn of(head: &[u8], is_whole_file: bool, reread: &RereadBytes<'_>) -> Result<Encoding> {
        if let Some(utf16) = utf16(head) {
            return Ok(Encoding::Other(utf16));
        }
        // The head may end within a character.
        let is_utf8 = std::str::from_utf8(head).map_or_else(|e| e.error_len().is_none() && !is_whole_file, |_| true);
        if is_utf8 {
            return Ok(Encoding::Utf8);
        }
        let mut count = Utf8Count::default();
        reread(&mut |bytes| count.add_all(bytes).map_err(|e| Error::input(format!("cannot read a file again: {e}"))))?;
        let is_windows_1252 =
            count.invalid >= MIN_INVALID && count.invalid > MIN_RATIO * count.beyond_ascii && !count.has_undefined;
        Ok(if is_windows_1252 { Encoding::Other(WINDOWS_1252) } else { Encoding::Utf8 })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Other(encoding) => encoding.name(),
        }
    }

    /// Decodes bytes to text.
    pub(crate) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Encoding::Utf8 => String::from_utf8_lossy(bytes),
            Encoding::Other(encoding) => encoding.decode_with_bom_removal(bytes).0,
        }
    }
}

/// Number of UTF-8 characters beyond ASCII, and of bytes that are not UTF-8.
#[derive(Default)]
struct Utf8Count {
    beyond_ascii: usize,
    invalid: usize,
    has_undefined: bool,
}

impl Utf8Count {
    fn add_all(&mut self, bytes: &mut dyn Read) -> io::Result<()> {
        let mut block = Vec::new();
        loop {
            let kept = block.len();
            bytes.take(BLOCK as u64).read_to_end(&mut block)?;
            let last = block.len() == kept;
            let incomplete = self.add(&block, last);
            block.drain(..block.len() - incomplete);
            if last {
                return Ok(());
            }
        }
    }

    /// Counts bytes; returns how many at the end may start an incomplete character.
    fn add(&mut self, mut bytes: &[u8], last: bool) -> usize {
        loop {
            let (valid, error) = match std::str::from_utf8(bytes) {
                Ok(_) => (bytes.len(), None),
                Err(e) => (e.valid_up_to(), Some(e.error_len())),
            };
            self.beyond_ascii += bytes[..valid].iter().filter(|byte| **byte >= 0xc0).count();
            bytes = &bytes[valid..];
            match error {
                None => return 0,
                Some(None) if !last => return bytes.len(),
                Some(_) => {
                    self.invalid += 1;
                    self.has_undefined |= UNDEFINED.contains(&bytes[0]);
                    bytes = &bytes[1..];
                }
            }
        }
    }
}

/// Converts the bytes to UTF-8.
pub(crate) fn decoded(bytes: Bytes<'_>, encoding: Encoding) -> Bytes<'_> {
    match encoding {
        Encoding::Utf8 => bytes,
        Encoding::Other(encoding) => {
            let decoder = encoding.new_decoder_with_bom_removal();
            Box::new(Decoded { bytes, decoder, block: vec![0; BLOCK], text: Vec::new(), read: 0, ended: false })
        }
    }
}

struct Decoded<'a> {
    bytes: Bytes<'a>,
    decoder: Decoder,
    block: Vec<u8>,
    text: Vec<u8>,
    /// Bytes of `text` that have been read.
    read: usize,
    ended: bool,
}

impl Read for Decoded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.text.len() && !self.ended {
            let count = self.bytes.read(&mut self.block)?;
            self.ended = count == 0;
            let capacity = self.decoder.max_utf8_buffer_length(count).unwrap_or(4 * BLOCK);
            self.text.resize(capacity, 0);
            let (.., written, _) = self.decoder.decode_to_utf8(&self.block[..count], &mut self.text, self.ended);
            self.text.truncate(written);
            self.read = 0;
        }
        let count = (&self.text[self.read..]).read(buffer)?;
        self.read += count;
        Ok(count)
    }
}
