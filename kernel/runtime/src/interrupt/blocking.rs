//! System calls that wait → they end at an interrupt, when the cell's own thread makes them.
//!
//! std calls again what a signal has broken off. These functions are found before those of the C library. After an interrupt,
//! a sleep is over, and other calls fail with `ECANCELED`: the cell then ends by its `?`, or at its next check.

use super::{is_busy, is_requested};
use crate::threads::is_main;
use libc::{c_char, c_int, c_long, c_void, size_t, sockaddr, socklen_t, ssize_t, timespec};

/// Makes a system call. An interrupt of the cell ends it for good, unless it is this library that waits for the kernel.
#[allow(unsafe_code)]
unsafe fn call(number: c_long, arguments: [usize; 6]) -> c_long {
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the caller vouches for the arguments, as it must for the function of the C library.
    unsafe {
        let result = libc::syscall(number, a, b, c, d, e, f);
        let errno = libc::__errno_location();
        if result == -1 && *errno == libc::EINTR && is_requested() && is_main() && !is_busy() {
            *errno = libc::ECANCELED;
        }
        result
    }
}

macro_rules! waits {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty = $number:ident;)*) => { $(
        #[unsafe(no_mangle)]
        #[allow(unsafe_code)]
        unsafe extern "C" fn $name($($argument: $type),*) -> $result {
            let mut arguments = [0; 6];
            for (place, value) in arguments.iter_mut().zip([$($argument as usize),*]) {
                *place = value;
            }
            // SAFETY: as for the function of the C library.
            unsafe { call(libc::$number, arguments) as $result }
        }
    )* };
}

waits! {
    read(descriptor: c_int, bytes: *mut c_void, count: size_t) -> ssize_t = SYS_read;
    readv(descriptor: c_int, parts: *const libc::iovec, count: c_int) -> ssize_t = SYS_readv;
    accept4(socket: c_int, address: *mut sockaddr, length: *mut socklen_t, flags: c_int) -> c_int = SYS_accept4;
    recvfrom(socket: c_int, bytes: *mut c_void, count: size_t, flags: c_int, address: *mut sockaddr, length: *mut socklen_t) -> ssize_t = SYS_recvfrom;
    recvmsg(socket: c_int, message: *mut libc::msghdr, flags: c_int) -> ssize_t = SYS_recvmsg;
    poll(descriptors: *mut libc::pollfd, count: libc::nfds_t, timeout: c_int) -> c_int = SYS_poll;
    waitid(kind: c_int, id: libc::id_t, info: *mut libc::siginfo_t, options: c_int) -> c_int = SYS_waitid;
}

#[unsafe(no_mangle)]
#[allow(unsafe_code)]
unsafe extern "C" fn recv(socket: c_int, bytes: *mut c_void, count: size_t, flags: c_int) -> ssize_t {
    // SAFETY: as for the function of the C library.
    unsafe { recvfrom(socket, bytes, count, flags, std::ptr::null_mut(), std::ptr::null_mut()) }
}

#[unsafe(no_mangle)]
#[allow(unsafe_code)]
unsafe extern "C" fn waitpid(pid: libc::pid_t, status: *mut c_int, options: c_int) -> libc::pid_t {
    // SAFETY: as for the function of the C library.
    unsafe { call(libc::SYS_wait4, [pid as usize, status as usize, options as usize, 0, 0, 0]) as libc::pid_t }
}

/// Waits for a connection to end. std asks again with `connect` itself after a signal.
#[unsafe(no_mangle)]
#[allow(unsafe_code)]
unsafe extern "C" fn connect(socket: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
    // SAFETY: as for the function of the C library.
    unsafe { call(libc::SYS_connect, [socket as usize, address as usize, length as usize, 0, 0, 0]) as c_int }
}

/// Opens a file: a named pipe waits for its other end.
#[unsafe(no_mangle)]
#[allow(unsafe_code)]
unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
    // SAFETY: as for the function of the C library. Without `O_CREAT` nobody reads the mode.
    unsafe {
        let arguments = [libc::AT_FDCWD as usize, path as usize, flags as usize, mode as usize, 0, 0];
        call(libc::SYS_openat, arguments) as c_int
    }
}

/// Sleeps. The C library returns its error instead of setting it.
#[unsafe(no_mangle)]
#[allow(unsafe_code)]
unsafe extern "C" fn clock_nanosleep(
    clock: libc::clockid_t,
    flags: c_int,
    wanted: *const timespec,
    left: *mut timespec,
) -> c_int {
    // SAFETY: as for the function of the C library.
    unsafe {
        let arguments = [clock as usize, flags as usize, wanted as usize, left as usize, 0, 0];
        match call(libc::SYS_clock_nanosleep, arguments) {
            0 => 0,
            _ if *libc::__errno_location() == libc::ECANCELED => 0,
            _ => *libc::__errno_location(),
        }
    }
}
