//! Which platforms a stack is looked at on.

use quadgen::diagnostic::Diagnostic;
use quadgen::model::{Format, PlatformSpec, Spanned, Stack, Text, Version};
use quadgen::platform::{Aspect, Platform, parse_spec};
use quadgen::read::topology;

use super::super::Common;
use super::{Input, Session};

/// A stack on the platforms that were asked for.
pub(in crate::cli) struct Target<'a> {
    pub input: &'a Input,
    /// The stack with its platforms; of units one for each release.
    pub parts: Vec<Part<'a>>,
}

/// A stack as it is on some platforms.
pub(in crate::cli) struct Part<'a> {
    pub stack: &'a Stack,
    pub platforms: Vec<Platform>,
}

impl Session {
    /// Each stack with the platforms to look at: those of `--on`, else those of the file, else those of `quadgen.toml`,
    /// else an assumed one.
    pub fn targets(&self, common: &Common) -> Result<Vec<Target<'_>>, Box<Diagnostic>> {
        let mut targets = Vec::new();
        for input in &self.inputs {
            let mut parts = Vec::new();
            for (release, stack) in &input.stacks {
                let mut platforms = self.platforms(input, stack, common)?;
                platforms.retain(|platform| release.is_none_or(|release| release_of(platform) == release));
                parts.push(Part { stack, platforms });
            }
            targets.push(Target { input, parts });
        }
        Ok(targets)
    }

    fn platforms(&self, input: &Input, stack: &Stack, common: &Common) -> Result<Vec<Platform>, Box<Diagnostic>> {
        let mut platforms = Vec::new();
        if common.on.is_empty() {
            let written = stack.platforms.iter();
            // Words that make no platform were reported.
            let specs = written.filter_map(|(name, words)| Some((name.clone(), parse_spec(&words.value).ok()?)));
            platforms.extend(specs.map(|(name, spec)| resolve(&name, spec, stack.format, input.rootful)));
            if stack.platforms.is_empty() {
                platforms.extend(self.unnamed(input.config, stack.format, input.rootful));
            }
        }
        for wanted in &common.on {
            let platform = match stack.platforms.get(wanted) {
                Some(words) => parse_spec(&words.value).ok().map(|spec| (wanted.clone(), spec)),
                None => match self.configs.platform(input.config, wanted) {
                    Some(spec) => Some((wanted.clone(), spec.clone())),
                    None if self.names_platform(wanted) => None,
                    None => Some((wanted.clone(), self.spec(wanted)?)),
                },
            };
            platforms.extend(platform.map(|(name, spec)| resolve(&name, spec, stack.format, input.rootful)));
        }
        Ok(platforms)
    }

    /// The platforms of a stack that names none: those of `quadgen.toml`, else an assumed one.
    fn unnamed(&self, config: Option<usize>, format: Format, rootful: Option<bool>) -> Vec<Platform> {
        match self.configs.get(config).filter(|settings| settings.names_platforms()) {
            Some(settings) => {
                let specs = settings.platforms.iter();
                specs.map(|(name, spec)| resolve(name, spec.clone(), format, rootful)).collect()
            }
            None => vec![assumed(format, rootful)],
        }
    }

    /// The releases of Quadlet to look at, with the names of the platforms that have them.
    pub(super) fn releases(
        &self,
        common: &Common,
        config: Option<usize>,
        rootful: Option<bool>,
    ) -> Vec<(Version, Vec<String>)> {
        let named = common.on.iter().filter_map(|words| {
            let known = self.configs.platform(config, words).cloned();
            Some((words.clone(), known.or_else(|| parse_spec(words).ok())?))
        });
        let mut platforms: Vec<Platform> =
            named.map(|(name, spec)| resolve(&name, spec, Format::Quadlet, rootful)).collect();
        if platforms.is_empty() {
            platforms = self.unnamed(config, Format::Quadlet, rootful);
        }
        let mut releases: Vec<(Version, Vec<String>)> = Vec::new();
        for platform in platforms {
            let release = release_of(&platform);
            match releases.iter_mut().find(|(known, _)| *known == release) {
                Some((_, names)) => names.push(platform.name),
                None => releases.push((release, vec![platform.name])),
            }
        }
        releases
    }

    fn spec(&self, words: &str) -> Result<PlatformSpec, Box<Diagnostic>> {
        parse_spec(words).map_err(|error| {
            let text: Text = Spanned::written(words.to_owned(), self.argument(words));
            let mut names: Vec<&str> =
                self.stacks().flat_map(|stack| stack.platforms.keys().map(String::as_str)).collect();
            names.extend(self.configs.platform_names());
            names.sort_unstable();
            names.dedup();
            let mut found = topology::platform_error(&text, &error);
            if let Some(near) = quadgen::nearest(words, names.iter().copied()) {
                found = found.here(format!("did you mean `{near}`?"));
            }
            Box::new(if names.is_empty() {
                found
            } else {
                found.help(format!("Platforms of the file: {}.", names.join(", ")))
            })
        })
    }
}

/// The platform of a stack that says nothing about it.
fn assumed(format: Format, rootful: Option<bool>) -> Platform {
    let name = if format == Format::Compose { "docker" } else { "podman" };
    resolve(name, PlatformSpec::default(), format, rootful)
}

/// A platform from its words; where they do not say who runs it, the folder of the units does.
fn resolve(name: &str, spec: PlatformSpec, format: Format, rootful: Option<bool>) -> Platform {
    let stated = PlatformSpec { rootless: spec.rootless.or(rootful.map(|rootful| !rootful)), ..spec.clone() };
    let mut platform = Platform::resolve(name, stated, format);
    if let (true, None, Some(rootful)) = (platform.is_podman(), spec.rootless, rootful) {
        let word = if rootful { "rootful" } else { "rootless" };
        platform.assumed.insert(Aspect::Rootless, word.to_owned());
    }
    platform.spec = spec;
    platform
}

/// The release of Quadlet that reads the units for a platform; the newest where that is Docker.
fn release_of(platform: &Platform) -> Version {
    if platform.is_podman() { platform.version } else { Platform::newest_podman() }
}
