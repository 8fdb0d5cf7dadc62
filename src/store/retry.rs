//! Retries after failures that may pass: a dropped connection, an overloaded server, throttling. MySQL and
//! PostgreSQL use the loop; S3 and DynamoDB leave it to their clients, which take its numbers (`cloud`).
//!
//! Not the crate `backon`: of what is here, it would replace the loop of [`Backoff::run`], but not tell how often it tried.

use std::thread::sleep;
use std::time::Duration;

use super::interface::TakeFrame;
use crate::error::Error;

/// Why an attempt failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// A retry may succeed.
    Passing(Error),
    /// A retry would fail again.
    Final(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Final(error)
    }
}

/// Number of attempts and waits between them: each wait is twice the previous one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    /// Attempts in all, the first included.
    pub(super) attempts: u32,
    /// The first wait.
    pub(super) first: Duration,
}

impl Default for Backoff {
    /// Five attempts within three seconds of waiting: enough for a server to restart.
    fn default() -> Self {
        Backoff { attempts: 5, first: Duration::from_millis(200) }
    }
}

impl Backoff {
    /// The wait after the `attempt`-th attempt, counted from 1.
    pub(super) fn wait(self, attempt: u32) -> Duration {
        self.first * 2u32.saturating_pow(attempt.saturating_sub(1))
    }

    /// Calls `attempt` until it succeeds, fails for good, or has used all attempts. Each call must start from scratch: work of an
    /// earlier call must not count twice.
    pub(super) fn run<T>(self, mut attempt: impl FnMut() -> Result<T, Failure>) -> Result<T, Error> {
        for n in 1.. {
            match attempt() {
                Ok(value) => return Ok(value),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing(error)) if n >= self.attempts => return Err(error.after(n)),
                Err(Failure::Passing(_)) => sleep(self.wait(n)),
            }
        }
        unreachable!("the last attempt returns")
    }

    /// The same for an attempt that passes rows to `take`. Rows cannot be taken back, so a failure after the first rows is final.
    pub(super) fn run_passing_rows(
        self,
        take: &mut TakeFrame<'_>,
        mut attempt: impl FnMut(&mut TakeFrame<'_>) -> Result<bool, Failure>,
    ) -> Result<bool, Error> {
        self.run(|| {
            let mut has_passed_rows = false;
            let attempted = attempt(&mut |rows| {
                has_passed_rows = true;
                take(rows)
            });
            attempted.map_err(|failure| match failure {
                Failure::Passing(error) if has_passed_rows => Failure::Final(error),
                other => other,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Backoff = Backoff { attempts: 3, first: Duration::ZERO };

    fn passing() -> Failure {
        Failure::Passing(Error::store("mysql://db", "the connection was lost"))
    }

    #[test]
    fn what_passes_is_tried_again_and_counted() {
        let mut calls = 0;
        let result = QUICK.run(|| {
            calls += 1;
            if calls < 3 { Err(passing()) } else { Ok(calls) }
        });
        assert_eq!(result.unwrap(), 3);
        let error = QUICK.run(|| Err::<(), _>(passing())).unwrap_err();
        assert_eq!(error.to_string(), "mysql://db: the connection was lost (tried 3 times)");
    }

    #[test]
    fn what_is_final_is_not_tried_again() {
        let mut calls = 0;
        let result: Result<(), _> = QUICK.run(|| {
            calls += 1;
            Err(Failure::Final(Error::input("wrong password")))
        });
        assert!(result.is_err() && calls == 1);
    }

    #[test]
    fn rows_that_are_handed_on_are_not_handed_on_again() {
        let (mut calls, mut rows) = (0, 0);
        let mut take = |_| {
            rows += 1;
            Ok(())
        };
        let result = QUICK.run_passing_rows(&mut take, |take| {
            calls += 1;
            if calls < 2 {
                return Err(passing());
            }
            take(polars::prelude::DataFrame::empty())?;
            Err(passing())
        });
        assert_eq!(result.unwrap_err().to_string(), "mysql://db: the connection was lost");
        assert_eq!((calls, rows), (2, 1));
    }

    #[test]
    fn waits_double() {
        let waits: Vec<u128> = (1..5).map(|n| Backoff::default().wait(n).as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1600]);
    }
}
