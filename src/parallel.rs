//! Tasks → their results, run concurrently on threads outside rayon's pool. Used by `input`, `clean`, `mart` and `pipeline`; `join` and
//! `lock` everywhere.
//!
//! These tasks wait for polars. A rayon worker that waits starts another task on its own stack: the first task then waits for both, and a
//! processor may idle. When a rayon worker calls these functions, they fall back to rayon: if every worker waited here, none would be
//! left to run the sorts that the threads started.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Scope, ScopedJoinHandle};

use rayon::prelude::*;

use crate::error::Result;

/// Whether rayon has only one thread; then no other thread is started either.
pub(crate) fn is_alone() -> bool {
    rayon::current_num_threads() == 1
}

/// Runs `a` and `b` concurrently and returns both results.
pub(crate) fn both<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    if rayon::current_thread_index().is_some() {
        return rayon::join(a, b);
    }
    if is_alone() {
        return (a(), b());
    }
    thread::scope(|scope| {
        let a = scope.spawn(a);
        let b = b();
        (join(a), b)
    })
}

/// A task that runs beside the calling thread; with a single thread, it runs when its result is asked for.
pub(crate) enum Beside<'scope, T> {
    Begun(ScopedJoinHandle<'scope, T>),
    Waiting(Box<dyn FnOnce() -> T + Send + 'scope>),
}

/// Starts a task beside the calling thread. Wait for it only with [`Beside::join`].
pub(crate) fn beside<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Beside<'scope, T> {
    if is_alone() { Beside::Waiting(Box::new(work)) } else { Beside::Begun(scope.spawn(work)) }
}

impl<T> Beside<'_, T> {
    pub(crate) fn join(self) -> T {
        match self {
            Beside::Begun(thread) => join(thread),
            Beside::Waiting(work) => work(),
        }
    }
}

/// Applies `make` to all items on as many threads as rayon has and returns the results in the order of the items. After a failure no
/// further item is started.
///
/// # Errors
/// The first error in the order of the items, among those that occurred.
pub(crate) fn map<T: Send, U: Send>(
    items: impl IntoIterator<Item = T>,
    make: impl Fn(T) -> Result<U> + Sync,
) -> Result<Vec<U>> {
    if rayon::current_thread_index().is_some() {
        return items.into_iter().collect::<Vec<T>>().into_par_iter().with_max_len(1).map(&make).collect();
    }
    map_on(rayon::current_num_threads(), items, make)
}

/// [`map`] on `max_threads` threads, for tasks that wait for a server or a disk. Must not be called from a rayon worker.
///
/// # Errors
/// As [`map`].
pub(crate) fn map_on<T: Send, U: Send>(
    max_threads: usize,
    items: impl IntoIterator<Item = T>,
    make: impl Fn(T) -> Result<U> + Sync,
) -> Result<Vec<U>> {
    let items: Vec<T> = items.into_iter().collect();
    let threads = max_threads.min(items.len());
    let queue = Mutex::new(items.into_iter().enumerate());
    let work = || {
        let mut results = Vec::new();
        loop {
            let next = lock(&queue).next();
            let Some((index, item)) = next else { return results };
            let value = make(item);
            if value.is_err() {
                lock(&queue).by_ref().for_each(drop);
            }
            results.push((index, value));
        }
    };
    let mut results: Vec<(usize, Result<U>)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut results = work();
        results.extend(others.into_iter().flat_map(join));
        results
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, value)| value).collect()
}

/// Waits for a thread and resumes its panic, if it panicked.
pub(crate) fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Locks a mutex, even if it is poisoned: a panic ends the run, so that the guarded value no longer matters.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::error::Error;

    #[test]
    fn what_is_made_keeps_the_order_of_the_items() {
        let results = map(0..100, |item| Ok(item * 2)).unwrap();
        assert_eq!(results, (0..100).map(|item| item * 2).collect::<Vec<_>>());
        assert!(map(Vec::<u8>::new(), Ok).unwrap().is_empty());
    }

    #[test]
    fn after_a_failure_nothing_is_begun() {
        let started = AtomicUsize::new(0);
        let fail = |item: usize| {
            started.fetch_add(1, Ordering::SeqCst);
            if item < 1_000 { Err::<(), _>(Error::input(item.to_string())) } else { Ok(()) }
        };
        assert_eq!(map(0..100_000, fail).unwrap_err().to_string(), "0");
        assert!(started.into_inner() < 1_000);
    }

    #[test]
    fn workers_of_rayon_do_not_wait_for_each_other() {
        let sort = |seed: u32| {
            let mut numbers: Vec<u32> = (0..10_000).map(|n: u32| n.wrapping_mul(seed)).collect();
            numbers.par_sort_unstable();
            Ok(numbers.len())
        };
        let inner = |_| both(|| map(0..8, sort), || map(8..16, sort)).0.map(|results| results.len());
        let results: Vec<usize> = (0..64).into_par_iter().with_max_len(1).map(inner).collect::<Result<_>>().unwrap();
        assert_eq!(results, [8; 64]);
    }

    // rayon's number of threads is global to the process; a worker of a pool of one thread stands in for a process with one.
    #[test]
    fn one_thread_does_all_by_itself() {
        let (me, pool) = (thread::current().id(), rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap());
        let results = map_on(1, 0..10, |_| Ok(thread::current().id())).unwrap();
        assert_eq!(results, [me; 10]);
        pool.install(|| {
            let (worker, id) = (thread::current().id(), || thread::current().id());
            assert!(is_alone());
            assert_eq!(both(id, || both(id, id)), (worker, (worker, worker)));
            assert_eq!(map(0..10, |_| Ok(id())).unwrap(), [worker; 10]);
            assert_eq!(thread::scope(|scope| beside(scope, id).join()), worker);
        });
    }

    #[test]
    fn both_are_done_at_once() {
        let meet = Barrier::new(2);
        let (a, b) = both(|| meet.wait().is_leader(), || meet.wait().is_leader());
        assert!(a != b);
    }
}
