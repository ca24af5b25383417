//! QG109: an alias that nobody can look up, or that keeps its container from starting.

use super::context::{Context, Need, View, list, seen, why};
use super::mend;
use super::unit_lines::unit_of;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Deploy, Format, Network, NetworkMode, Origin, Service, Spanned, Stack, Text, Unit, UnitText};
use crate::network::Verdict;
use crate::platform::{Known, Question, keys};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG109",
    name: "alias-without-effect",
    summary: "an alias where none can be: on the host's or the default network, in two forms, behind a colon",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("alias_without_effect.md"),
};

/// Aliases of a service that do not count, all for one reason.
struct Useless {
    aliases: Vec<Text>,
    known: Known,
    reason: Reason,
}

enum Reason {
    /// There is no bridge network to have it on: the container does not start.
    NoBridge(Span),
    /// The network is the runtime's default one.
    Default(Span),
    /// The unit also has aliases for all networks.
    OtherForm(Vec<Text>),
    /// A colon stands where a comma belongs.
    Colon(Span),
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for service in context.stack.services.values() {
            for useless in found(view, service) {
                view.report(sink, finding(context, view, service, &useless));
            }
        }
    }
}

/// Whether this rule explains why a need's name does not resolve: it is such an alias.
pub fn explains(view: &View<'_>, need: &Need<'_>) -> bool {
    need.resolution.verdict == Verdict::No
        && found(view, need.target).iter().any(|useless| useless.is_called(&need.connection.name))
}

impl Useless {
    fn is_called(&self, name: &str) -> bool {
        self.aliases.iter().any(|alias| alias.value.eq_ignore_ascii_case(name))
    }
}

fn found(view: &View<'_>, service: &Service) -> Vec<Useless> {
    let wiring = view.wiring;
    let unit = unit_of(wiring.stack, service);
    let mut found = Vec::new();
    let mut add = |aliases: Vec<Text>, question, reason| {
        if aliases.is_empty() {
            return;
        }
        let known = wiring.ask(question);
        if Verdict::from(known.fact.is) == Verdict::No {
            found.push(Useless { aliases, known, reason });
        }
    };
    if let Some(unit) = unit {
        let everywhere = || on_all_networks(view, unit);
        let mut networks = values(unit, "Network");
        networks.retain(|network| network.value.contains(':'));
        let colons = behind_colons(&networks);
        match &service.network_mode {
            // A member of a pod has no network of its own; which keys it may have is another rule's business.
            Some(mode) if matches!(&mode.value, NetworkMode::Service(name) if name.ends_with(".pod")) => {}
            Some(mode) if mode.value == NetworkMode::Bridge => {
                let start = wiring.ask(Question::AliasWithoutNetwork).fact.is;
                if mode.is_implied() && Verdict::from(start) == Verdict::No {
                    add(everywhere(), Question::AliasWithoutNetwork, Reason::NoBridge(mode.span()));
                } else {
                    add(everywhere(), Question::AliasOnDefaultNetwork, Reason::Default(mode.span()));
                }
            }
            Some(mode) if !wiring.attachments(service).any(|_| true) => {
                add(everywhere(), Question::AliasOutsideBridge, Reason::NoBridge(mode.span()));
            }
            _ => {
                let mut lost = on_one_network(&networks);
                if !lost.is_empty() {
                    let everywhere = everywhere();
                    let by_colon = |alias: &Text| colons.iter().any(|(colon, _)| colon.value == alias.value);
                    lost.retain(|alias| !everywhere.is_empty() && !everywhere.contains(alias) && !by_colon(alias));
                    add(lost, Question::BothFormsOfAlias, Reason::OtherForm(everywhere));
                }
            }
        }
        for (alias, colon) in colons {
            add(vec![alias], Question::ColonInNetworkOptions, Reason::Colon(colon));
        }
    }
    for (attachment, network) in wiring.on(service) {
        let (question, reason) = if wiring.is_default(network) {
            (Question::AliasOnDefaultNetwork, Reason::Default(attachment.network.span()))
        } else if is_no_bridge(view, network) {
            (Question::AliasOutsideBridge, Reason::NoBridge(attachment.network.span()))
        } else {
            continue;
        };
        // The same alias may count on another network.
        let elsewhere = |alias: &Text| {
            wiring
                .on(service)
                .filter(|(other, _)| other.network != attachment.network)
                .any(|(other, network)| other.aliases.contains(alias) && !wiring.is_default(network))
        };
        let aliases: Vec<Text> = attachment.aliases.iter().filter(|alias| !elsewhere(alias)).cloned().collect();
        add(aliases, question, reason);
    }
    found
}

/// Whether a network becomes `Network=host` or `Network=none` of a unit.
fn is_no_bridge(view: &View<'_>, network: &Network) -> bool {
    view.wiring.platform.deploy == Deploy::Quadlet && network.external && matches!(network.object(), "host" | "none")
}

/// The values of a key of a unit's own section; an empty one takes back those before it.
fn values<'u>(unit: &'u Unit, key: &'u str) -> Vec<&'u UnitText> {
    let mut found = Vec::new();
    for entry in unit.all(unit.kind.section(), key) {
        if entry.value.value.is_empty() {
            found.clear();
        } else {
            found.push(&entry.value);
        }
    }
    found
}

/// `NetworkAlias=`, and `--network-alias` among the arguments.
fn on_all_networks(view: &View<'_>, unit: &Unit) -> Vec<Text> {
    // A release that does not have the key yet takes no such unit, which QG701 says.
    let known = keys::find(unit.kind.section(), "NetworkAlias");
    let has_key = known.is_some_and(|key| key.since() <= view.wiring.platform.version);
    let lines = values(unit, "NetworkAlias").into_iter().filter(|_| has_key);
    let text = |line: &UnitText| Spanned { value: line.value.to_string(), origin: line.origin };
    let mut found: Vec<Text> = lines.map(text).collect();
    for line in values(unit, "PodmanArgs") {
        let words = shlex::split(&line.value).unwrap_or_default();
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let alias = match word.strip_prefix("--network-alias") {
                Some("") => words.next(),
                Some(rest) => rest.strip_prefix('='),
                None => None,
            };
            found.extend(alias.map(|alias| Spanned { value: alias.to_owned(), origin: line.origin }));
        }
    }
    found
}

/// What stands behind the name of each network: options with where each begins in the value.
fn options(value: &UnitText) -> impl Iterator<Item = (usize, &str)> {
    let (name, options) = value.value.split_once(':').unzip();
    let options = options.into_iter().flat_map(|options: &str| options.split(','));
    options.scan(name.map_or(0, str::len) + 1, |next, option| {
        let at = *next;
        *next += option.len() + 1;
        Some((at, option))
    })
}

/// Each `Network=NAME:alias=ALIAS`.
fn on_one_network(networks: &[&UnitText]) -> Vec<Text> {
    let mut found = Vec::new();
    for value in networks {
        for (at, option) in options(value) {
            if let Some(alias) = option.strip_prefix("alias=") {
                let from = at + "alias=".len();
                found.push(Spanned::written(alias.to_owned(), part(value, from, from + alias.len())));
            }
        }
    }
    found
}

/// Each `alias=ALIAS:KEY=…`, with the place of the colon.
fn behind_colons(networks: &[&UnitText]) -> Vec<(Text, Span)> {
    const KEYS: [&str; 5] = ["ip", "ip6", "mac", "alias", "interface_name"];
    let mut found = Vec::new();
    for value in networks {
        for (at, option) in options(value) {
            let Some((alias, rest)) = option.strip_prefix("alias=").and_then(|rest| rest.split_once(':')) else {
                continue;
            };
            if rest.split_once('=').is_some_and(|(key, _)| KEYS.contains(&key)) {
                let colon = at + "alias=".len() + alias.len();
                let text = Spanned::written(alias.to_owned(), part(value, colon - alias.len(), colon));
                found.push((text, part(value, colon, colon + 1)));
            }
        }
    }
    found
}

/// A part of a value, where the text stands as it is; else its whole place.
fn part(value: &UnitText, from: usize, to: usize) -> Span {
    let span = value.span();
    let plain = (span.end - span.start) as usize == value.value.len();
    if plain { span.part(from, to) } else { span }
}

fn finding(context: &Context<'_>, view: &View<'_>, service: &Service, useless: &Useless) -> Diagnostic {
    let name = &service.name.value;
    let names = list(useless.aliases.iter().map(|alias| &alias.value));
    let one = useless.aliases.len() == 1;
    let (word, verb) = if one { ("alias", "has") } else { ("aliases", "have") };
    let message = match &useless.reason {
        Reason::NoBridge(_) => format!("`{name}` does not start: it has the {word} {names}, and no bridge network"),
        Reason::Default(_) => format!("the {word} {names} of `{name}` {verb} no effect on the default network"),
        Reason::OtherForm(others) => {
            let others = list(others.iter().map(|alias| &alias.value));
            format!("the {word} {names} of `{name}` {verb} no effect beside {others}, which it has on all networks")
        }
        Reason::Colon(_) => {
            format!("the {word} {names} of `{name}` {verb} no effect, nor has what follows: a colon is no comma")
        }
    };
    let needs: Vec<&Need<'_>> = view
        .needs
        .iter()
        .filter(|need| need.looks_up() && need.target.name == service.name)
        .filter(|need| need.resolution.verdict == Verdict::No && useless.is_called(&need.connection.name))
        .collect();
    let stated = needs.iter().any(|need| need.connection.is_stated());
    let refused = matches!(useless.reason, Reason::NoBridge(_));
    let level = if stated || refused { Level::Error } else { Level::Warning };
    let first = useless.aliases.first().map_or(service.span(), Spanned::span);
    let mut finding = Diagnostic::new(&RULE, first, message).severity(level);
    finding = finding.here(if refused { "refused" } else { "nobody finds it by this name" });
    for alias in useless.aliases.iter().skip(1) {
        finding = finding.label(alias.span(), "nor by this");
    }
    let needed = !needs.is_empty();
    for need in needs {
        finding = finding.label(need.connection.span, need.label());
    }
    finding = match &useless.reason {
        Reason::NoBridge(span) => finding.label(*span, "no bridge network"),
        Reason::Default(span) => finding.label(*span, "the default network"),
        Reason::OtherForm(others) => {
            others.iter().fold(finding, |finding, alias| finding.label(alias.span(), "on all networks"))
        }
        Reason::Colon(span) => finding.label(*span, "a comma belongs here"),
    };
    finding =
        finding.help(why(&useless.known)).help(seen(&useless.known, useless.aliases.first().map(|a| a.value.as_str())));
    finding = finding.help(remedy(name, useless));
    if let Reason::Colon(span) = &useless.reason
        && span.end - span.start == 1
    {
        let change = Change::Replace { span: *span, text: ",".to_owned() };
        finding = finding.fix("write a comma", true, vec![change]);
    }
    if let Some((title, safe, changes)) =
        other_form(context, service, useless).filter(|_| is_so(context, service, useless))
    {
        finding = finding.fix(title, safe, changes);
    } else if !needed
        && matches!(useless.reason, Reason::NoBridge(_) | Reason::Default(_))
        && is_so(context, service, useless)
        && let Some(changes) = without(view.wiring.stack, &useless.aliases)
    {
        finding = finding.fix(if one { "leave the alias out" } else { "leave the aliases out" }, true, changes);
    }
    finding.assuming(&useless.known.assumed)
}

/// Whether the aliases do not count on any platform.
fn is_so(context: &Context<'_>, service: &Service, useless: &Useless) -> bool {
    context.views.iter().all(|view| {
        let found = found(view, service);
        useless
            .aliases
            .iter()
            .all(|alias| found.iter().flat_map(|other| &other.aliases).any(|other| other.span() == alias.span()))
    })
}

/// Aliases for one network among those for all of them: the same names in the other form.
fn other_form(context: &Context<'_>, service: &Service, useless: &Useless) -> Option<(String, bool, Vec<Change>)> {
    let Reason::OtherForm(_) = useless.reason else { return None };
    let unit = unit_of(context.stack, service)?;
    // Several lines at one place are one change.
    let [alias] = useless.aliases.as_slice() else { return None };
    let line = mend::line(context, unit, "NetworkAlias", "--network-alias", &alias.value)?;
    let networks: Vec<&UnitText> = values(unit, "Network");
    let (at, value) = networks.iter().find_map(|value| {
        let (at, _) = options(value).find(|(_, option)| option.strip_prefix("alias=") == Some(&alias.value))?;
        Some((at, *value))
    })?;
    let (before, rest) = value.value.split_at_checked(at)?;
    let rest = rest.get("alias=".len() + alias.value.len()..)?;
    // The comma behind it goes, too, or what stands before it.
    let left = match rest.strip_prefix(',') {
        Some(rest) => format!("{before}{rest}"),
        None => before.get(..before.len() - 1)?.to_owned(),
    };
    let changes = vec![mend::swap(value.span(), &value.value, left), line];
    // On several networks it becomes a name on all of them.
    Some((format!("write `NetworkAlias={}`", alias.value), networks.len() == 1, changes))
}

/// Aliases taken away: keys of a unit, or items in YAML. An argument, or an option of a network, stands among others.
fn without(stack: &Stack, aliases: &[Text]) -> Option<Vec<Change>> {
    // Items of one list go one after the other: two edits there would get into each other's way.
    let count = if stack.format == Format::Quadlet { aliases.len() } else { 1 };
    let removed = aliases.iter().take(count).map(|alias| {
        let span = alias.span();
        if stack.format != Format::Quadlet {
            return matches!(alias.origin, Origin::Written(_)).then_some(Change::Remove { span });
        }
        let holds = |own: Span| own.start <= span.start && span.end <= own.end;
        let entry = stack.units.values().flat_map(|unit| &unit.entries).find(|entry| holds(entry.value.span()))?;
        let alone = entry.key.value == "NetworkAlias" && entry.value.value.split_whitespace().count() == 1;
        alone.then_some(Change::Remove { span })
    });
    removed.collect()
}

fn remedy(name: &str, useless: &Useless) -> String {
    match &useless.reason {
        Reason::NoBridge(_) => {
            format!(
                "What helps: leave the alias out, or put `{name}` on a bridge network, where others can look for it."
            )
        }
        Reason::Default(_) => {
            format!(
                "What helps: put `{name}`, and who looks for it, on a network of the stack, and give it the alias there. If \
                 nobody looks for it, leave the alias out."
            )
        }
        Reason::OtherForm(_) => {
            "What helps: one form only: `NetworkAlias=` for names on all networks, or `:alias=` for names on one."
                .to_owned()
        }
        Reason::Colon(_) => "What helps: a comma in place of the colon.".to_owned(),
    }
}
