//! Work on all cores, where there is enough of it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};

/// How many units or services make it worth to start threads.
pub const MANY: usize = 200;
/// How many shares each thread gets on average: those that are done early take from the others.
const SHARES: usize = 4;

static CORES: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from));

/// What each item becomes, in their order; on several threads if `many`.
pub(crate) fn map<T: Sync, R: Send>(many: bool, items: &[T], each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if !many || *CORES < 2 {
        return items.iter().map(each).collect();
    }
    let shares: Vec<&[T]> = items.chunks(items.len().div_ceil(*CORES * SHARES).max(1)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done: Vec<(usize, Vec<R>)> = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(share) = shares.get(at) else { return done };
            done.push((at, share.iter().map(&each).collect()));
        }
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..*CORES).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        done.extend(others.into_iter().flat_map(result));
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().flat_map(|(_, share)| share).collect()
}

/// Does both; at the same time if there is `much` to do.
pub fn both<A: Send, B>(much: bool, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    if !much || *CORES < 2 {
        return (one(), other());
    }
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (result(one), other)
    })
}

/// What a thread came to; a panic goes on here.
fn result<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::{both, map};

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
