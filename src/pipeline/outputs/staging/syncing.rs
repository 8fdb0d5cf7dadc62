//! Written files → the disk, on a separate thread. Used by `staging`.

use std::fs::File;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use crate::error::{Error, Result};

/// A thread that syncs files, so that the workers that write them need not wait for the disk.
pub(super) struct Syncing {
    /// A file, and its name in messages.
    pub(super) files: Sender<(File, PathBuf)>,
    ended: JoinHandle<Result<()>>,
}

impl Syncing {
    pub(super) fn begin() -> Syncing {
        let (files, written) = channel::<(File, PathBuf)>();
        let sync = move || {
            written.into_iter().try_for_each(|(file, shown)| file.sync_all().map_err(Error::io("write", shown)))
        };
        Syncing { files, ended: thread::spawn(sync) }
    }

    /// Waits until all files are on disk.
    pub(super) fn end(self) -> Result<()> {
        drop(self.files);
        self.ended.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
