//! Health checks in Compose's form.

use super::reader::{Reader, scalar};
use crate::diagnostic::{Diagnostic, Level, input};
use crate::model::{Health, HealthTest, Text};
use crate::platform::attributes;
use crate::syntax::yaml::Node;

impl Reader {
    pub fn health(&mut self, node: &Node) -> Option<Health> {
        let mut health = Health::default();
        for entry in self.entries(node, "healthcheck") {
            let node = &entry.value;
            match entry.key.as_str() {
                "test" => health.test = self.health_test(node),
                "interval" => health.interval = self.parsed(node, "interval"),
                "timeout" => health.timeout = self.parsed(node, "timeout"),
                "retries" => health.retries = self.simple(node, "retries", "a whole number"),
                "start_period" => health.start_period = self.parsed(node, "start_period"),
                "start_interval" => health.start_interval = self.parsed(node, "start_interval"),
                "disable" => {
                    if self.boolean(node, "disable").is_some_and(|it| it.value) {
                        health.test = Some(HealthTest::Disabled);
                    }
                }
                key if key.starts_with("x-") => {}
                _ => self.unknown(entry, "`healthcheck`", &attributes::below("services.*.healthcheck")),
            }
        }
        Some(health)
    }

    fn health_test(&mut self, node: &Node) -> Option<HealthTest> {
        if scalar(node).is_some() {
            return self.text(node, "test").map(HealthTest::Shell);
        }
        // Compose takes an empty list for no check of its own.
        if self.lenient && matches!(&node.kind, crate::syntax::yaml::Kind::Sequence(items) if items.is_empty()) {
            return None;
        }
        let mut words: Vec<Text> = self.items(node, "test").iter().filter_map(|item| self.text(item, "test")).collect();
        let first = if words.is_empty() { None } else { Some(words.remove(0)) };
        match (first.as_ref().map(|word| word.value.as_str()), words.len()) {
            (Some("NONE"), 0) => Some(HealthTest::Disabled),
            (Some("CMD"), 1..) => Some(HealthTest::Exec(words)),
            (Some("CMD-SHELL"), 1) => words.pop().map(HealthTest::Shell),
            (Some("CMD-SHELL"), 2..) if self.lenient => {
                let message =
                    "CMD-SHELL takes one line: Docker runs the first word alone, and gives the others to the shell";
                let found = Diagnostic::new(&input::INVALID_VALUE, node.span, message).severity(Level::Warning);
                let help = "What helps: the whole line in one pair of quotes, or `CMD` in place of `CMD-SHELL`.";
                self.diagnostics.push(found.help(help));
                // As Docker does: `sh -c WORD` with the rest behind it.
                let shell = ["/bin/sh", "-c"].map(|word| Text::implied(word.to_owned(), node.span));
                Some(HealthTest::Exec(shell.into_iter().chain(words).collect()))
            }
            _ => {
                self.invalid(node.span, "test must be a line, or a list that begins with CMD, CMD-SHELL or NONE");
                None
            }
        }
    }
}
