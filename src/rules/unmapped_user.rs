//! QG611: a container's user who cannot write to a bind, because the host knows that user by another number.

use super::context::{Context, View};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Mount, MountKind, Service, ServiceKind, Spanned};
use crate::platform::Aspect;
use crate::platform::selinux::is_of_the_system;

pub static RULE: Rule = Rule {
    code: "QG611",
    name: "unmapped-user",
    summary: "rootless, a container of another user than root with a bind that it should be able to write",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("unmapped_user.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    if context.lowest > RULE.level {
        return;
    }
    for view in context.views.iter().filter(|view| view.wiring.platform.rootless) {
        for service in context.stack.services.values().filter(|service| service.kind == ServiceKind::Container) {
            if let Some(finding) = look(view, service) {
                view.report(sink, finding);
            }
        }
    }
}

fn look(view: &View<'_>, service: &Service) -> Option<Diagnostic> {
    let (place, value) = service.attributes.get("user")?;
    let user = value.scalar()?;
    let own = user.split(':').next().unwrap_or("");
    // What only the host knows is not a number.
    if own.is_empty() || own.contains(['%', '$', '{']) || matches!(own, "0" | "root") {
        return None;
    }
    if [service, view.wiring.owner(service)].into_iter().any(is_mapped) {
        return None;
    }
    let binds: Vec<&Spanned<Mount>> = service.mounts.iter().filter(|mount| is_open(&mount.value)).collect();
    let first = binds.first()?;
    let name = &service.name.value;
    let message = format!("user `{own}` of `{name}` may not be able to write `{}`", first.value.target);
    let mut finding = Diagnostic::new(&RULE, *place, message).here("another number on the host");
    for mount in &binds {
        finding = finding.label(mount.span(), "belongs to the host's user");
    }
    let keep = match own.parse::<u32>() {
        Ok(number) => format!("keep-id:uid={number}"),
        Err(_) => "keep-id".to_owned(),
    };
    let assumed: Vec<String> = view.wiring.platform.assumed.get(&Aspect::Rootless).cloned().into_iter().collect();
    Some(
        finding
            .help(
                "Why: rootless, root in the container is the host's user, and every other user of the container is one of the \
                 numbers in /etc/subuid, to whom the host's folders do not belong. What you see: `Permission denied` from the \
                 program, and files of an owner like 100999 on the host."
            )
            .help(format!(
                "What helps: `UserNS={keep}` (`--userns={keep}`), with which that user is the host's; or the option `U` on the \
                 bind, which gives the folder to it; or `podman unshare chown`."
            ))
            .assuming(&assumed),
    )
}

/// Whether somebody says how users are mapped.
fn is_mapped(service: &Service) -> bool {
    let keys =
        ["UserNS", "UIDMap", "GIDMap", "SubUIDMap", "SubGIDMap", "RemapUsers", "RemapUid", "GroupAdd", "PodmanArgs"];
    service.attributes.contains_key("userns_mode")
        || service
            .attributes
            .get("group_add")
            .is_some_and(|(_, value)| value.texts().iter().any(|it| it == "keep-groups"))
        || service.quadlet.iter().any(|entry| keys.contains(&entry.key.value.as_str()))
}

/// Whether a mount is a folder or file of the host that the container should be able to write.
fn is_open(mount: &Mount) -> bool {
    let options = &mount.options;
    let given = options.iter().any(|it| it == "U" || it.starts_with("idmap") || it == "O" || it == "ro");
    mount.kind == MountKind::Bind && !mount.read_only && !given && !is_of_the_system(&mount.source)
}
