//! Hostile or damaged files → errors that name the file: catches panics of decoding libraries and limits decompression. Used where
//! files are unpacked and decoded.

use std::cell::Cell;
use std::io::{self, Read};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::error::{Error, Result};

/// Highest accepted compression ratio. Compressed text never reaches it; a file that claims more is refused before it fills memory.
pub(crate) const MAX_COMPRESSION: u64 = 200;

thread_local! {
    /// Whether [`caught`] is running on this thread: its panics are returned, not printed.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls `read`, which decodes the file `place` on this thread, and turns a panic into an error.
///
/// # Errors
/// As `read`; or `read` panics, which means that the file is damaged in a way that its library does not expect.
pub(crate) fn guarded<T>(place: &str, read: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(read).unwrap_or_else(|reason| {
        Err(Error::input(format!("cannot read `{place}`: its decoder gave up: {reason}"))
            .with_hint("the file is damaged; get it again from where it comes from"))
    })
}

/// Returns the result of `call`, or the message of its panic, which is not printed.
fn caught<T>(call: impl FnOnce() -> T) -> std::result::Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.try_with(Cell::get).unwrap_or(false) {
                usual(info);
            }
        }));
    });
    let before = GUARDED.replace(true);
    // Unwind safe: half-finished state is dropped with the file and never read again.
    let result = panic::catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(before);
    result.map_err(|payload| {
        let words = payload.downcast_ref::<&str>().map(ToString::to_string);
        words.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a word".into())
    })
}

/// A reader that turns panics of the decoder inside into `std::io` errors.
pub(crate) struct Guarded<R>(pub(crate) R);

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        caught(|| self.0.read(buffer)).unwrap_or_else(|reason| {
            Err(io::Error::new(io::ErrorKind::InvalidData, format!("its decoder gave up: {reason}")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A decoder that always panics.
    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("index out of bounds")
        }
    }

    #[test]
    fn panics_are_errors_that_name_the_file() {
        let error = guarded("x.parquet", || -> Result<()> { panic!("page {}", 7) }).unwrap_err();
        assert_eq!(error.to_string(), "cannot read `x.parquet`: its decoder gave up: page 7");
        assert_eq!(error.exit_code(), 2);
        let error = Guarded(Broken).read(&mut [0]).unwrap_err();
        assert_eq!(error.to_string(), "its decoder gave up: index out of bounds");
        assert_eq!(guarded("x", || Ok(1)).unwrap(), 1);
    }
}
