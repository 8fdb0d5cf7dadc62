//! Commands of other kernels that this one does not need: one sentence each, so that their notebooks go on.

/// Returns what to say instead of running a command of evcxr.
pub(super) fn instead(name: &str) -> Option<&'static str> {
    Some(match name {
        "fmt" => {
            "values are shown by their `Show`, by `evcxr_display` or by `Debug`; for another form, write `format!(\"{x:#?}\")`"
        }
        "efmt" => "errors that `?` returns are shown by their `Display`",
        "types" => "`:vars` lists the types of all variables, `:type name` shows one",
        "preserve_vars_on_panic" => "variables always survive a panic",
        "sccache" | "cache" => "crates of `:dep` are always cached, for all sessions",
        "clear_cache" => "`pfe-kernel uninstall` of the last kernel removes the cache of `:dep`",
        "linker" => "cells are linked by the compiler's own linker",
        "codegen_backend" => "cells are compiled by LLVM; `:opt` sets how much it optimises",
        "toolchain" => {
            "cells need the toolchain of the kernel: for another one, install a kernel from a manifest with a `rust-toolchain.toml` beside it"
        }
        "offline" => "crates that are cached need no network; for the others, set `CARGO_NET_OFFLINE`",
        "allow_static_linking" => "crates of the kernel are always linked dynamically, those of `:dep` statically",
        "build_env" => {
            "crates of the kernel are built by `pfe-kernel install`: set variables there; `:env` sets those of cells"
        }
        "time_passes" => "`:timing` shows how long each step of a cell takes",
        "internal_debug" | "last_compile_dir" => {
            "each cell is compiled in a temporary folder, which is emptied at once; `:last_error_json` shows what the compiler said"
        }
        "load_config" => {
            "files of `EVCXR_CONFIG_DIR` are read once, before the first cell: restart the kernel to read them again"
        }
        "quit" => "close the notebook, or shut the kernel down in the front end",
        "doc" => "put the cursor on a name and press Shift+Tab, or end a cell with its name",
        _ => return None,
    })
}

/// Returns what to say instead of running a magic of IPython.
pub(super) fn instead_of_magic(name: &str) -> Option<&'static str> {
    Some(match name {
        "time" | "timeit" | "prun" => "`:timing` shows how long each step of a cell takes",
        name if name.starts_with("who") => "`:vars` lists the variables and their types",
        "reset" => "`:clear` forgets variables, functions, types and crates",
        "env" | "set_env" => "`:env KEY=value` sets a variable of the environment",
        "pip" | "conda" | "cargo" | "add" => "`:dep name = \"1\"` adds a crate",
        "matplotlib" | "pylab" => "figures are shown as they are",
        "cd" => "`std::env::set_current_dir` changes the folder",
        "pwd" => "`std::env::current_dir()` is the folder",
        "load" | "run" => "`include!(\"file.rs\")` takes Rust from a file",
        "capture" => "an output that is not wanted can be cleared: `clear_output(false)`",
        "autoreload" | "load_ext" | "reload_ext" | "config" => {
            "this kernel has no extensions; `:reload` builds edited crates again"
        }
        _ => return None,
    })
}
