//! Health checks.

use super::{Duration, Spanned, Text};

/// How a container says whether it is well.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Health {
    /// What is run; nothing where only the times are said and the image brings the check.
    pub test: Option<HealthTest>,
    /// Time between two checks.
    pub interval: Option<Spanned<Duration>>,
    /// How long one may take.
    pub timeout: Option<Spanned<Duration>>,
    /// After how many failures it counts as unhealthy.
    pub retries: Option<Spanned<u32>>,
    /// For how long failures do not count.
    pub start_period: Option<Spanned<Duration>>,
    /// Time between two checks while it starts.
    pub start_interval: Option<Spanned<Duration>>,
}

/// What a health check runs.
#[derive(Clone, PartialEq, Debug)]
pub enum HealthTest {
    /// Nothing: the image's own check is switched off.
    Disabled,
    /// A program with its arguments.
    Exec(Vec<Text>),
    /// A line for the container's shell.
    Shell(Text),
}

impl Health {
    /// The longest time until a container that will be healthy is so, in seconds: the start period and all retries.
    pub fn longest_wait(&self) -> u64 {
        // Compose's and Podman's defaults: every 30 s, 30 s each, three times.
        let seconds = |given: &Option<Spanned<Duration>>, default| given.map_or(default, |d| d.value.as_seconds());
        let round = seconds(&self.interval, 30).saturating_add(seconds(&self.timeout, 30));
        let rounds = u64::from(self.retries.map_or(3, |retries| retries.value));
        seconds(&self.start_period, 0).saturating_add(round.saturating_mul(rounds))
    }
}
