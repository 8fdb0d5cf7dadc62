//! Bytes of a file, read once or twice. Used by the rest of `dialect`.

use std::io::Read;

use crate::error::Result;

/// A stream of bytes.
pub(crate) type Bytes<'a> = Box<dyn Read + 'a>;

/// Reads the bytes of a file again from the start.
pub(crate) type RereadBytes<'a> = dyn Fn(&mut dyn FnMut(&mut dyn Read) -> Result<()>) -> Result<()> + 'a;
