//! Text that the cells print → messages on the socket, in the order of the prints and with the cell of each.
//!
//! std prints through the C library's `write`. The one here is found before it, and sends what goes to the standard output
//! and error of this process. Programs that a cell starts write to the pipes behind them, as ever.

use super::print;
use libc::{c_int, c_void, iovec, size_t, ssize_t};
use std::sync::OnceLock;

/// The files behind descriptors 1 and 2 at the start. A cell may put others there.
static PIPES: OnceLock<[Option<(u64, u64)>; 2]> = OnceLock::new();

/// Remembers what the standard streams are. Until then, prints go there.
pub(super) fn begin() {
    let _ = PIPES.set([file_of(1), file_of(2)]);
}

#[allow(unsafe_code)]
fn file_of(descriptor: c_int) -> Option<(u64, u64)> {
    // SAFETY: zeroed is a valid `stat`, which the call fills.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        (libc::fstat(descriptor, &mut stat) == 0).then_some((stat.st_dev, stat.st_ino))
    }
}

/// Returns whether a descriptor is a standard stream of the notebook.
fn is_stream(descriptor: c_int) -> bool {
    matches!(descriptor, 1 | 2)
        && PIPES
            .get()
            .is_some_and(|pipes| pipes[descriptor as usize - 1].is_some_and(|it| file_of(descriptor) == Some(it)))
}

#[unsafe(no_mangle)]
#[allow(unsafe_code)]
unsafe extern "C" fn write(descriptor: c_int, bytes: *const c_void, count: size_t) -> ssize_t {
    // SAFETY: the caller vouches for its buffer, as it must for the function of the C library.
    unsafe {
        if count > 0 && is_stream(descriptor) && print(descriptor == 2, std::slice::from_raw_parts(bytes.cast(), count))
        {
            return count as ssize_t;
        }
        libc::syscall(libc::SYS_write, descriptor, bytes, count) as ssize_t
    }
}

#[unsafe(no_mangle)]
#[allow(unsafe_code)]
unsafe extern "C" fn writev(descriptor: c_int, parts: *const iovec, count: c_int) -> ssize_t {
    // SAFETY: as for `write`.
    unsafe {
        if count > 0 && is_stream(descriptor) {
            let parts = std::slice::from_raw_parts(parts, count as usize).iter().filter(|part| part.iov_len > 0);
            let bytes: Vec<u8> = parts
                .flat_map(|part| std::slice::from_raw_parts(part.iov_base.cast::<u8>(), part.iov_len))
                .copied()
                .collect();
            if print(descriptor == 2, &bytes) {
                return bytes.len() as ssize_t;
            }
        }
        libc::syscall(libc::SYS_writev, descriptor, parts, count) as ssize_t
    }
}
