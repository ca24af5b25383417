#![no_main]

use std::ops::Range;

use libfuzzer_sys::fuzz_target;
use quadgen::syntax::interpolation::{Fault, Variables, replace};

struct Lengths<'a>(&'a str);

impl Variables for Lengths<'_> {
    fn value(&mut self, name: &str) -> Option<String> {
        (name.len() % 3 != 0).then(|| name.repeat(name.len() % 5))
    }

    fn unset(&mut self, _: &str, range: Range<usize>) {
        assert!(self.0.get(range).is_some());
    }
}

fuzz_target!(|text: &str| {
    match replace(text, &mut Lengths(text)) {
        Err(Fault::Invalid(range) | Fault::TooLarge(range) | Fault::Required { range, .. }) => {
            assert!(text.get(range).is_some());
        }
        Ok(None) => assert!(!text.contains('$')),
        Ok(Some(_)) => {}
    }
});
