//! Work on all cores, where there is enough of it.

use std::sync::LazyLock;
use std::thread;

use rayon::ThreadPoolBuilder;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

/// How many units, services or connections make it worth to start threads.
pub const MANY: usize = 200;

/// In how many pieces work is shared, at least.
const PIECES: usize = 128;

/// Whether there are threads that share the work. They stay: each has memory of its own, which another would have to get
/// anew. The thread that asks first is one of them, so with one core there would be nobody for those who ask later.
static SHARED: LazyLock<bool> = LazyLock::new(|| {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let shared = cores > 1 && ThreadPoolBuilder::new().num_threads(cores).use_current_thread().build_global().is_ok();
    // Linux often leaves new threads on the core of the one that made them until that one gives way: a millisecond and more.
    thread::yield_now();
    shared
});

/// What each item becomes, in their order; on several threads if `many`.
pub fn map<T: Sync, R: Send>(many: bool, items: &[T], each: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    if !many || !*SHARED {
        return items.iter().map(each).collect();
    }
    // In small pieces: items differ, and whoever is done first takes what another has not begun.
    items.par_iter().with_max_len((items.len() / PIECES).max(1)).map(each).collect()
}

/// Does something beside what comes next, where there is a thread for it: for what is done anyway when it is first asked
/// for, since nobody is told when it is done. It may come to be done by this thread, where that waits for others.
pub fn beside(work: impl FnOnce() + Send + 'static) {
    if *SHARED {
        rayon::spawn(work);
    }
}

/// Does both; at the same time if there is `much` to do.
pub fn both<A: Send, B>(much: bool, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    if !much || !*SHARED {
        return (one(), other());
    }
    let mut done = None;
    let other = rayon::in_place_scope(|scope| {
        scope.spawn(|_| done = Some(one()));
        other()
    });
    match done {
        Some(done) => (done, other),
        None => unreachable!("a scope ends when everything in it is done"),
    }
}

#[cfg(test)]
mod tests {
    use super::{both, map};

    #[test]
    fn what_is_done_beside_is_done_or_left() {
        let (done, told) = std::sync::mpsc::channel();
        super::beside(move || {
            let _ = done.send(());
        });
        // With one core it is left: then nobody is there to tell.
        assert_eq!(told.recv().is_ok(), *super::SHARED);
    }

    #[test]
    fn results_stand_in_the_order_of_what_they_are_of() {
        let items: Vec<usize> = (0..1_003).collect();
        let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
        for many in [false, true] {
            assert_eq!(map(many, &items, |item| item * 2), doubled);
            assert!(map(many, &[0; 0], |item: &i32| *item).is_empty());
            assert_eq!(both(many, || 1, || 2), (1, 2));
        }
    }
}
