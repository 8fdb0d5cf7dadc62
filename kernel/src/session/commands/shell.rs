//! `!line` and `%%bash` → a shell in the folder of the notebook, whose output is that of the cell.

use super::super::events::{Event, Watcher};
use super::super::failure::Failure;
use super::super::pipe::Decoder;
use super::super::state::Session;
use crate::error::{Error, Result};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;

impl Session {
    /// Runs a script. It has no input. An interrupt stops it with all that it started.
    pub(super) fn shell(&self, shell: &str, script: &str, watcher: &mut dyn Watcher) -> Result<Result<(), Failure>> {
        let mut child = Command::new(shell)
            .args(["-c", script])
            .current_dir(&self.working_directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(Error::io("run", shell))?;
        self.stopper.compiler.started(child.id());
        let (sender, texts) = channel();
        let pipes: [(bool, Option<Box<dyn Read + Send>>); 2] = [
            (false, child.stdout.take().map(|it| Box::new(it) as _)),
            (true, child.stderr.take().map(|it| Box::new(it) as _)),
        ];
        for (stderr, pipe) in pipes {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let mut chunk = [0; 1 << 14];
                let Some(mut pipe) = pipe else { return };
                let mut decoder = Decoder::default();
                while let Ok(length @ 1..) = pipe.read(&mut chunk) {
                    let _ = sender.send((stderr, decoder.text(&chunk[..length])));
                }
            });
        }
        drop(sender);
        for (stderr, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            watcher.event(Event::Stream { stderr, text });
        }
        let stopped = self.stopper.compiler.ended();
        let status = child.wait().map_err(Error::io("run", shell))?;
        if stopped {
            return Ok(Err(Failure::new("interrupted", "the program was stopped", &[])));
        }
        if status.success() {
            return Ok(Ok(()));
        }
        Ok(Err(Failure::new("error", &format!("the program failed: {status}"), &[])))
    }
}
