//! How the program asks the system for memory. Called first by `main`.

/// Lets glibc keep no more heaps than there are processors. By default it keeps eight for each, one for every thread that allocates,
/// and hands nothing back that lies between two blocks in use: the data part of the real files needs a quarter less memory so.
///
/// Elsewhere than on Linux with glibc it does nothing.
#[allow(unsafe_code)]
pub fn few_heaps() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        /// `M_ARENA_MAX` of `malloc.h`.
        const ARENA_MAX: std::ffi::c_int = -8;
        unsafe extern "C" {
            safe fn mallopt(parameter: std::ffi::c_int, value: std::ffi::c_int) -> std::ffi::c_int;
        }
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        // What it answers tells only whether it knows the parameter; without it there is more memory in use, no harm.
        mallopt(ARENA_MAX, std::ffi::c_int::try_from(processors).unwrap_or(std::ffi::c_int::MAX));
    }
}
