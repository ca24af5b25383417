//! `quadgen why`: can a service resolve and reach another, the internet or a program on the host, and why?

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use quadgen::diagnostic::{Diagnostic, Sink, input};
use quadgen::model::{Connection, Endpoint, HostService, Service, Stack, Target as Goal, Witness};
use quadgen::network::{DOCKER_NAME, Matrix, PODMAN_NAME, Verdict, Wiring};
use quadgen::platform::Platform;
use quadgen::report::{Format, Report, Summary};
use quadgen::rules::{self, Context};
use quadgen::source::Span;

mod says;

use says::Says;

use super::session::{Session, Wants};
use super::{CLEAN, Common, FAILED, FOUND, output};

#[derive(Args)]
pub(super) struct Options {
    /// The stack's file or folder (here if left out), who connects, and whom to: a service or another of its names,
    /// with a port or without, `internet`, or `host.NAME`
    #[arg(value_name = "WORD", num_args = 1.., required = true)]
    words: Vec<String>,
    #[command(flatten)]
    common: Common,
}

/// What somebody asks.
struct Question<'a> {
    from: &'a Service,
    to: Asked<'a>,
    /// Where the target stands on the command line.
    span: Span,
}

enum Asked<'a> {
    Service { service: &'a Service, name: String, port: Option<u16> },
    Host { host: &'a HostService, used: Used<'a> },
    Internet,
}

/// How a service names a program on the host.
#[derive(Clone, Copy)]
enum Used<'a> {
    /// By `connects` or a template: quadgen writes what it takes.
    Declared,
    /// By a name of the host in a value, and by nothing else.
    Alias(&'a Endpoint),
    /// Not at all.
    No,
}

/// The answer on one platform.
struct Answer {
    verdict: Verdict,
    /// Sentences, then findings.
    body: String,
}

pub(super) fn run(options: &Options) -> u8 {
    let (path, from, to) = match options.words.as_slice() {
        [from, to] => (None, from, to),
        [path, from, to] => (Some(PathBuf::from(path)), from, to),
        _ => {
            output::err(
                "error: give FROM and TO, and before them a PATH if it is not here\n\n\
                 Usage: quadgen why [OPTIONS] [PATH] <FROM> <TO[:PORT]>\n",
            );
            return FAILED;
        }
    };
    let mut session = Session::new(Wants { samples: true, ..Wants::default() });
    session.read(path.as_slice(), &options.common);
    let mut text = String::new();
    let mut all_yes = true;
    if session.is_complete() {
        match answers(&session, options, from, to) {
            Ok(found) => {
                for (platforms, Answer { verdict, body }) in found {
                    all_yes &= verdict == Verdict::Yes;
                    let word = match verdict {
                        Verdict::Yes => "yes",
                        Verdict::No => "no",
                        Verdict::Unpredictable => "sometimes: it changes from start to start",
                        Verdict::Unknown => "nobody knows",
                    };
                    let _ = writeln!(text, "{}: {word}", platforms.join(", "));
                    let _ = writeln!(text, "{body}");
                }
            }
            Err(finding) => session.fail(*finding),
        }
    }
    if text.is_empty() {
        output::failure(&mut session, options.common.color);
        return FAILED;
    }
    match output::out(&format!("{}\n", text.trim_end())) {
        false => FAILED,
        true if all_yes => CLEAN,
        true => FOUND,
    }
}

/// The answer for each platform; platforms with the same answer stand together.
fn answers(
    session: &Session,
    options: &Options,
    from: &str,
    to: &str,
) -> Result<Vec<(Vec<String>, Answer)>, Box<Diagnostic>> {
    let fail = |word: &str, message: String, help: String| {
        Box::new(Diagnostic::new(&input::COULD_NOT_RUN, session.argument(word), message).help(help))
    };
    let targets = session.targets(&options.common)?;
    let target = match targets.as_slice() {
        [target] => target,
        [] => return Err(fail(from, "there is no stack to ask about".to_owned(), "Name its file.".to_owned())),
        several => {
            let names: Vec<&str> = several.iter().map(|target| target.input.label.as_str()).collect();
            let help = format!("Choose with --stack: {}.", names.join(", "));
            return Err(fail(from, "the question is about one stack, and here are several".to_owned(), help));
        }
    };
    let mut found: Vec<(Vec<String>, Answer)> = Vec::new();
    let parts = target.parts.iter().flat_map(|part| part.platforms.iter().map(move |platform| (part.stack, platform)));
    for (stack, platform) in parts {
        let wiring = Wiring::new(stack, platform);
        let question = question(session, &wiring, from, to)?;
        let asked = asked(stack, &question);
        let answer = answer(session, options, &asked, platform, &question);
        let name = format!("{} ({})", platform.name, platform.describe());
        match found.iter_mut().find(|(_, known)| known.verdict == answer.verdict && known.body == answer.body) {
            Some((platforms, _)) => platforms.push(name),
            None => found.push((vec![name], answer)),
        }
    }
    if found.is_empty() {
        let help = "Choose another with --on.".to_owned();
        return Err(fail(from, format!("`{}` has no such platform", target.input.label), help));
    }
    Ok(found)
}

fn question<'a>(session: &Session, wiring: &Wiring<'a>, from: &str, to: &str) -> Result<Question<'a>, Box<Diagnostic>> {
    let stack = wiring.stack;
    let span = session.argument(to);
    let nothing = |word: &str, what: &str, known: Vec<&str>| {
        let finding =
            Diagnostic::new(&input::COULD_NOT_RUN, session.argument(word), format!("there is no {what} `{word}`"));
        Box::new(match quadgen::nearest(word, known.iter().copied()) {
            Some(near) => finding.here(format!("did you mean `{near}`?")),
            None => finding.help(format!("There is: {}.", known.join(", "))),
        })
    };
    let services = || stack.services.keys().map(String::as_str).collect::<Vec<_>>();
    let from = stack.services.get(from).ok_or_else(|| nothing(from, "service", services()))?;
    if to == "host" {
        let finding = Diagnostic::new(&input::COULD_NOT_RUN, span, "which program on the host?");
        let names: Vec<String> = stack.host_services.keys().map(|name| format!("host.{name}")).collect();
        let help = if names.is_empty() {
            "Declare it under `host_services`, and ask for host.NAME.".to_owned()
        } else {
            format!("There is: {}.", names.join(", "))
        };
        return Err(Box::new(finding.help(help)));
    }
    if to == "internet" || to.starts_with("internet:") {
        return Ok(Question { from, to: Asked::Internet, span });
    }
    if let Some(name) = to.strip_prefix("host.") {
        // Its port is what `host_services` says.
        let name = name.split(':').next().unwrap_or(name);
        let hosts = stack.host_services.keys().map(|name| format!("host.{name}")).collect::<Vec<_>>();
        let host = stack.host_services.get(name);
        let host = host.ok_or_else(|| nothing(to, "host service", hosts.iter().map(String::as_str).collect()))?;
        let declared = wiring.host_uses(wiring.owner(from)).iter().any(|used| used.name == host.name);
        let port = host.port.map(|port| port.value);
        let alias = from.endpoints.iter().find(|endpoint| {
            let is_name = [DOCKER_NAME, PODMAN_NAME].iter().any(|name| endpoint.host.eq_ignore_ascii_case(name));
            is_name && port.is_some() && endpoint.port == port
        });
        let (used, span) = match alias {
            _ if declared => (Used::Declared, span),
            Some(endpoint) => (Used::Alias(endpoint), endpoint.host_span),
            None => (Used::No, span),
        };
        return Ok(Question { from, to: Asked::Host { host, used }, span });
    }
    let (name, port) = match to.rsplit_once(':').map(|(name, port)| (name, port.parse::<u16>())) {
        Some((name, Ok(port))) if port > 0 => (name, Some(port)),
        Some(_) => {
            let message = format!("what follows the colon in `{to}` is not a port from 1 to 65535");
            return Err(Box::new(Diagnostic::new(&input::COULD_NOT_RUN, span, message)));
        }
        None => (to, None),
    };
    // A service can also be asked for by any name that it answers to.
    let known_as = |service: &&Service| wiring.names(service).iter().any(|known| known.text == name);
    let service = stack.services.get(name).or_else(|| stack.services.values().find(known_as));
    let service = service.ok_or_else(|| {
        let mut known = services();
        known.push("internet");
        nothing(name, "service", known)
    })?;
    Ok(Question { from, to: Asked::Service { service, name: name.to_owned(), port }, span })
}

/// The stack with the connection in question.
fn asked(stack: &Stack, question: &Question<'_>) -> Stack {
    let (to, name, port) = match &question.to {
        Asked::Service { service, name, port } => (Goal::Service(service.name.value.clone()), name.clone(), *port),
        Asked::Host { used: Used::Alias(_), .. } | Asked::Internet => return stack.clone(),
        Asked::Host { host, .. } => (Goal::Host(host.name.value.clone()), format!("host.{}", host.name.value), None),
    };
    let mut asked = stack.clone();
    if let Some(service) = asked.services.get_mut(&question.from.name.value) {
        let connection = Connection { to, name, port, witness: Witness::Asked, span: question.span };
        service.connections.insert(0, connection);
    }
    asked
}

fn answer(session: &Session, options: &Options, stack: &Stack, platform: &Platform, question: &Question<'_>) -> Answer {
    let wirings = [Wiring::new(stack, platform)];
    let [wiring] = &wirings;
    let Some(from) = stack.services.get(&question.from.name.value) else {
        return Answer { verdict: Verdict::Unknown, body: String::new() };
    };
    let mut says = Says { session, wiring, lines: Vec::new() };
    let verdict = match &question.to {
        Asked::Internet => says.internet(from),
        Asked::Host { host, used } => match used {
            Used::Declared => says.host(from, &wiring.host_way(from, host), host),
            Used::Alias(endpoint) => {
                let place = says.at(endpoint.span);
                says.say(format!("`{}` names it as `{}` ({place}).", from.name.value, endpoint.host));
                says.host(from, &wiring.alias_way(from, &endpoint.host, host), host)
            }
            Used::No => {
                let (client, program) = (&from.name.value, &host.name.value);
                says.say(format!("`{client}` does not name it. If it says `{{{{ host.{program}.url }}}}`:"));
                says.host(from, &wiring.host_way(from, host), host)
            }
        },
        Asked::Service { service, name, port } => says.service(from, service, name, *port),
    };
    let mut body: String = says.lines.iter().map(|line| quadgen::report::wrap(&format!("  {line}")) + "\n").collect();
    if verdict != Verdict::Yes {
        // What blocks it the rules explain, with every place that plays a part.
        let mut sink = Sink::default();
        rules::check(&Context::new(stack, &wirings), &mut sink);
        let about = |finding: &Diagnostic| finding.labels.iter().any(|label| label.span == question.span);
        let mut findings: Vec<Diagnostic> = sink.finish(&session.sources).into_iter().filter(about).collect();
        for finding in &mut findings {
            finding.platforms.clear();
            finding.help.iter_mut().for_each(|help| help.platforms.clear());
        }
        let summary = Summary::default();
        let report = Report { sources: &session.sources, findings: &findings, summary: &summary };
        if findings.is_empty() && verdict != Verdict::Unknown {
            body.extend(
                reason(wiring, from, question).map(|why| quadgen::report::wrap(&format!("  Why: {why}.")) + "\n"),
            );
        }
        if !findings.is_empty() {
            body.push('\n');
            body.push_str(&report.write_quiet(Format::Full, output::colour(options.common.color, false)));
        }
    }
    Answer { verdict, body }
}

/// Why a connection does not work of which no rule speaks.
fn reason(wiring: &Wiring<'_>, from: &Service, question: &Question<'_>) -> Option<String> {
    let Asked::Service { service, name, .. } = &question.to else { return None };
    let at = |service: &Service| wiring.stack.services.get_index_of(&service.name.value);
    let mut why = None;
    let visited: Result<(), std::convert::Infallible> = Matrix::new(wiring).between(at(from)?, at(service)?, |pair| {
        if pair.name.eq_ignore_ascii_case(name) {
            why = Some(pair.why.to_owned());
        }
        Ok(())
    });
    let Ok(()) = visited;
    why
}
