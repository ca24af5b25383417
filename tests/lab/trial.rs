//! Deploys stacks, asks in their containers what is predicted, and compares.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::AddAssign;

use quadgen::network::{Verdict, Wiring};
use quadgen::platform::{Is, Question};

use crate::asked::{Inspected, ask, inspect, ready};
use crate::engine::{Deployment, Lab};
use crate::look::{About, Prediction, predictions};
use crate::machine::Machine;

/// What was tried.
#[derive(Default)]
pub struct Counts {
    /// How many stacks share an alias.
    pub shared: usize,
    containers: usize,
    /// Verdicts that held, by what they are about.
    held: BTreeMap<About, usize>,
    /// Verdicts of `resolves` and `reaches` that are unpredictable, and were seen to be.
    by_chance: usize,
    /// Questions that quadgen leaves open.
    open: usize,
    /// Names that musl did not find once, and found three times after that.
    races: usize,
    /// What was seen otherwise than predicted, for people.
    wrong: String,
}

impl Counts {
    /// Fails where a prediction was wrong, a kind of question was never asked, or too much was left open.
    pub fn check(&self) {
        assert!(self.wrong.is_empty(), "{}", self.wrong);
        let held: usize = self.held.values().sum();
        assert!(self.open * 50 <= held, "{} questions are left open: {self}", self.open);
        self.check_kinds();
    }

    /// Fails where a kind of question was never asked.
    pub fn check_kinds(&self) {
        let kinds = [About::Names, About::OtherNames, About::Addresses, About::Internet, About::Host, About::Ports];
        assert!(kinds.iter().all(|about| self.held.contains_key(about)), "not everything was asked: {self}");
    }

    /// What was seen otherwise than predicted, which is then forgotten.
    pub fn take_wrong(&mut self) -> Option<String> {
        Some(std::mem::take(&mut self.wrong)).filter(|wrong| !wrong.is_empty())
    }

    fn hold(&mut self, one: &Prediction) {
        *self.held.entry(one.about).or_default() += 1;
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.shared += other.shared;
        self.containers += other.containers;
        self.by_chance += other.by_chance;
        self.open += other.open;
        self.races += other.races;
        self.wrong += &other.wrong;
        other.held.into_iter().for_each(|(about, count)| *self.held.entry(about).or_default() += count);
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = |about| self.held.get(&about).copied().unwrap_or_default();
        let pairs = held(About::Names) + held(About::Addresses);
        let all: usize = self.held.values().sum();
        write!(f, "{} containers, {all} verdicts held: ", self.containers)?;
        for (about, word) in [
            (About::Names, "names"),
            (About::OtherNames, "other names"),
            (About::Addresses, "addresses"),
            (About::Internet, "of the internet"),
            (About::Host, "of the host"),
            (About::Ports, "of ports"),
        ] {
            write!(f, "{} {word}, ", held(about))?;
        }
        let share = 100.0 * self.by_chance as f64 / pairs.max(1) as f64;
        write!(f, "{} unpredictable ({share:.2} % of names and addresses), {} left open", self.by_chance, self.open)?;
        if self.races > 0 {
            write!(f, ", {} lost once by musl", self.races)?;
        }
        if self.shared > 0 { write!(f, ", {} stacks share an alias", self.shared) } else { Ok(()) }
    }
}

/// How often what is unpredictable may be started again until it was seen both ways.
const STARTS: usize = 60;

/// Deploys stacks together and asks in them everything that is predicted. `show` tells more of the stack at an index.
pub fn run(lab: Lab, machine: &Machine, all: &[Deployment], show: &dyn Fn(usize) -> String) -> Counts {
    lab.deploy(machine, all);
    look(lab, machine, all, show)
}

/// The same for stacks that run already.
pub fn look(lab: Lab, machine: &Machine, all: &[Deployment], show: &dyn Fn(usize) -> String) -> Counts {
    let wirings: Vec<Wiring> = all.iter().map(|one| Wiring::new(&one.stack, &one.platform)).collect();
    let mut counts = Counts { containers: wirings.iter().map(|w| w.stack.services.len()).sum(), ..Counts::default() };
    let mut wrong: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let told = |inspected: &Inspected| -> Vec<(usize, Prediction)> {
        let each = wirings.iter().enumerate();
        each.flat_map(|(at, wiring)| {
            predictions(wiring, &inspected.addresses(wiring)).into_iter().map(move |one| (at, one))
        })
        .collect()
    };
    let mut inspected = inspect(lab, machine);
    ready(machine, &inspected, &wirings);
    let first = told(&inspected);
    // What is predicted to change from start to start, by its number, with what was seen so far.
    let mut by_chance: BTreeMap<usize, Vec<Verdict>> = BTreeMap::new();
    for (number, answer) in ask(machine, &inspected, first.iter().map(|(_, one)| one).enumerate()) {
        let (stack, one) = &first[number];
        match one.verdict {
            Verdict::Unknown => counts.open += 1,
            Verdict::Unpredictable => _ = by_chance.insert(number, vec![answer.seen]),
            verdict if verdict == answer.seen => counts.hold(one),
            // fact: netavark-old-host-servers. musl now and then takes the answer of the host's server, which a note of
            // `why` tells; it must not happen three times more.
            Verdict::Yes
                if answer.seen == Verdict::Unpredictable
                    && wirings[*stack].ask(Question::HostServersBesideThoseOfNetworks).fact.is == Is::Yes
                    && (0..3).all(|_| {
                        let again = ask(machine, &inspected, std::iter::once((number, one)));
                        again.iter().all(|(_, answer)| answer.seen == Verdict::Yes)
                    }) =>
            {
                counts.hold(one);
                counts.races += 1;
            }
            verdict => {
                let line = format!("{}: predicted {verdict:?}, seen {:?}: {}", one.says, answer.seen, answer.said);
                wrong.entry(*stack).or_default().push(line);
            }
        }
    }
    let both = |seen: &[Verdict]| {
        seen.contains(&Verdict::Unpredictable) || (seen.contains(&Verdict::Yes) && seen.contains(&Verdict::No))
    };
    for _ in 0..STARTS {
        let open: BTreeSet<usize> = by_chance.iter().filter(|(_, seen)| !both(seen)).map(|(at, _)| *at).collect();
        if open.is_empty() {
            break;
        }
        let again: BTreeSet<(usize, &str)> = open
            .iter()
            .flat_map(|number| {
                let (stack, one) = &first[*number];
                let wiring = &wirings[*stack];
                let services = one.decided_by.iter().map(|name| &wiring.stack.services[name]);
                services.map(|service| (*stack, wiring.owner(service).name.value.as_str()))
            })
            .collect();
        lab.restart(machine, again.into_iter().map(|(stack, owner)| (&wirings[stack], owner)));
        inspected = inspect(lab, machine);
        ready(machine, &inspected, &wirings);
        let now = told(&inspected);
        let asked = open.iter().map(|number| (*number, &now[*number].1));
        for (number, answer) in ask(machine, &inspected, asked) {
            by_chance.get_mut(&number).unwrap().push(answer.seen);
        }
    }
    for (number, seen) in by_chance {
        let (stack, one) = &first[number];
        if both(&seen) {
            counts.hold(one);
            counts.by_chance += usize::from(matches!(one.about, About::Names | About::Addresses));
        } else {
            let line = format!("{}: predicted by chance, and {:?} at each of {} starts", one.says, seen[0], seen.len());
            wrong.entry(stack.to_owned()).or_default().push(line);
        }
    }
    if !wrong.is_empty() {
        let mut text =
            format!("{lab}: {} of {} predictions are wrong:\n", wrong.values().flatten().count(), first.len());
        for (stack, mut lines) in wrong {
            lines.sort();
            text += &format!("  {}\n\n{}\n", lines.join("\n  "), show(stack));
        }
        counts.wrong = text;
    }
    counts
}
