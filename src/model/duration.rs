//! Durations as Compose and Podman write them: `1m30s`, `500ms`, `10s`.

use std::fmt;
use std::str::FromStr;

/// A length of time, in whole microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Duration {
    micros: u64,
}

const UNITS: [(&str, u64); 8] = [
    ("us", 1),
    ("µs", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("m", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
    ("w", 604_800_000_000),
];

impl Duration {
    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Duration { micros: seconds.saturating_mul(1_000_000) }
    }

    /// A span of time as systemd reads it: `90`, `5min`, `1min 30s`; nothing for what it does not know, and for `infinity`.
    pub fn from_systemd(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let mut micros: u64 = 0;
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let (number, behind) = rest.split_at(digits);
            let behind = behind.trim_start();
            let letters = behind.find(|c: char| !c.is_alphabetic()).unwrap_or(behind.len());
            let (unit, next) = behind.split_at(letters);
            let factor = match unit {
                // A number alone is one of seconds.
                "" => 1_000_000,
                "us" | "usec" | "µs" => 1,
                "ms" | "msec" => 1_000,
                "s" | "sec" | "second" | "seconds" => 1_000_000,
                "m" | "min" | "minute" | "minutes" => 60_000_000,
                "h" | "hr" | "hour" | "hours" => 3_600_000_000,
                "d" | "day" | "days" => 86_400_000_000,
                "w" | "week" | "weeks" => 604_800_000_000_u64,
                _ => return None,
            };
            let part = number.parse::<f64>().ok()? * factor as f64;
            if !part.is_finite() || part > 1e17 {
                return None;
            }
            micros = micros.checked_add(part.round() as u64)?;
            rest = next.trim_start();
        }
        Some(Duration { micros })
    }

    /// In seconds, rounded up: what systemd and `--stop-timeout` take.
    pub fn as_seconds(self) -> u64 {
        self.micros.div_ceil(1_000_000)
    }
}

impl FromStr for Duration {
    type Err = String;

    /// Takes numbers with units (`us`, `ms`, `s`, `m`, `h`, `d`, `w`), one after the other; `0` needs none.
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not a duration such as 30s or 1m30s");
        if text == "0" {
            return Ok(Duration::default());
        }
        let mut rest = text;
        let mut micros: u64 = 0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
            let (number, behind) = rest.split_at(digits);
            let letters = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
            let (unit, next) = behind.split_at(letters);
            let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(bad)?;
            let number: f64 = number.parse().map_err(|_| bad())?;
            let part = number * *factor as f64;
            if !part.is_finite() || part > 1e17 {
                return Err(bad());
            }
            micros = micros.checked_add(part.round() as u64).ok_or_else(bad)?;
            rest = next;
        }
        if text.is_empty() { Err(bad()) } else { Ok(Duration { micros }) }
    }
}

impl fmt::Display for Duration {
    /// As Go writes it, which is what Compose and Podman print and read: `1m30s`, `1h0m0s`, `500ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.micros == 0 {
            return f.write_str("0s");
        }
        if self.micros < 1_000_000 {
            let millis = self.micros as f64 / 1_000.0;
            return if self.micros < 1_000 { write!(f, "{}µs", self.micros) } else { write!(f, "{millis}ms") };
        }
        let seconds = (self.micros % 60_000_000) as f64 / 1_000_000.0;
        let minutes = self.micros / 60_000_000;
        match (minutes / 60, minutes % 60) {
            (0, 0) => write!(f, "{seconds}s"),
            (0, minutes) => write!(f, "{minutes}m{seconds}s"),
            (hours, minutes) => write!(f, "{hours}h{minutes}m{seconds}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Duration;

    #[test]
    fn systemd_has_forms_of_its_own() {
        let seconds = |text: &str| Duration::from_systemd(text).map(Duration::as_seconds);
        for (text, expected) in [("90", 90), ("5min", 300), ("1min 30s", 90), ("1h 2", 3602), (" 1.5 ", 2), ("0", 0)] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for bad in ["", "infinity", "5x", "s", "-1", "1e9", "5 # note"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn reads_and_writes_the_forms_of_compose() {
        for (text, shown) in
            [("90s", "1m30s"), ("1m30s", "1m30s"), ("500ms", "500ms"), ("1h", "1h0m0s"), ("0", "0s"), ("1.5s", "1.5s")]
        {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), shown);
        }
        for bad in ["", "s", "10", "5x", "1e9s", "..s", "99999999999999999999h", "-1s"] {
            assert!(bad.parse::<Duration>().is_err(), "{bad}");
        }
    }
}
