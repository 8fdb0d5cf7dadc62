//! Durations of the steps of a cell. `:timing` shows them, `run --timings` saves them.

use serde_json::Value;
use std::time::Duration;

/// Duration of each step of a cell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// Parsing the cell and comparing its items with earlier ones.
    pub parse: Duration,
    /// rustc without the linker. Includes finding the types of new variables.
    pub compile: Duration,
    /// The linker.
    pub link: Duration,
    /// Loading the library into the cell process.
    pub load: Duration,
    /// Running the cell.
    pub run: Duration,
    /// Number of rustc calls. More than one if variables could not be kept, or if the cell has errors.
    pub builds: u32,
}

impl Timings {
    /// Returns the sum of all steps.
    pub fn total(&self) -> Duration {
        self.parse + self.compile + self.link + self.load + self.run
    }

    /// Returns the seconds of each step, and the number of builds.
    pub fn to_json(self) -> Value {
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
