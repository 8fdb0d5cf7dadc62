//! How long the steps of a cell took: shown by `:timing`, saved by `run --timings`.

use serde_json::Value;
use std::time::Duration;

/// How long each step of a cell took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// Cutting the cell and writing its crate.
    pub parse: Duration,
    /// rustc without its linker; types of new variables come out of it too.
    pub compile: Duration,
    /// The linker.
    pub link: Duration,
    /// Loading the library into the process of the cells.
    pub load: Duration,
    /// The cell itself.
    pub run: Duration,
    /// Calls of rustc: more than one when variables are moved.
    pub builds: u32,
}

impl Timings {
    /// All steps.
    pub fn total(&self) -> Duration {
        self.parse + self.compile + self.link + self.load + self.run
    }

    /// Seconds by step.
    pub fn to_json(&self) -> Value {
        let Timings { parse, compile, link, load, run, builds } = self;
        serde_json::json!({
            "parse": parse.as_secs_f64(), "compile": compile.as_secs_f64(), "link": link.as_secs_f64(),
            "load": load.as_secs_f64(), "run": run.as_secs_f64(), "builds": builds,
        })
    }
}

impl std::fmt::Display for Timings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
        let Timings { parse, compile, link, load, run, builds } = *self;
        write!(
            formatter,
            "parse {:.1} ms, compile {:.1} ms (types included; {builds} build{}), link {:.1} ms, load {:.1} ms, run {:.1} ms",
            ms(parse),
            ms(compile),
            if builds == 1 { "" } else { "s" },
            ms(link),
            ms(load),
            ms(run)
        )
    }
}
