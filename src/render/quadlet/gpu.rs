//! Graphics cards: Compose's requests → devices of the Container Device Interface, which is how Podman gives them out.

use super::fit::{Fitted, take};
use crate::model::{Data, Service, Value};
use crate::render::layout::entry;
use crate::render::lost;
use crate::source::Span;

/// Makes devices of `gpus` and of `deploy.resources.reservations.devices`.
pub(super) fn devices(service: &mut Service, fitted: &mut Fitted<'_>) {
    let mut found = Vec::new();
    let mut unknown = Vec::new();
    if let Some((_, value)) = service.attributes.shift_remove("gpus") {
        match &value.data {
            Data::List(requests) => requests.iter().for_each(|it| request(it, &mut found, &mut unknown)),
            _ if value.scalar().as_deref() == Some("all") => found.push(("nvidia.com/gpu=all".to_owned(), value.span)),
            _ => unknown.push(value.span),
        }
    }
    for it in reserved(service) {
        let capabilities = it.get("capabilities").map(Value::texts).unwrap_or_default();
        match it.get("driver").and_then(Value::scalar).as_deref() {
            // Docker's driver `cdi` names devices by what they are called here, too.
            Some("cdi") => {
                let names = it.get("device_ids").map(Value::texts).unwrap_or_default();
                found.extend(names.into_iter().map(|name| (name, it.span)));
            }
            _ if capabilities.iter().any(|it| matches!(it.as_str(), "gpu" | "nvidia")) => {
                request(&it, &mut found, &mut unknown);
            }
            _ => unknown.push(it.span),
        }
    }
    let name = &service.name.value;
    fitted.lost.extend(unknown.into_iter().map(|span| {
        lost(
            span,
            format!(
                "Podman gives out devices by their CDI names, and this request names none: `{name}` goes without them"
            ),
        )
    }));
    let Some(&(_, span)) = found.first() else { return };
    for (device, _) in &found {
        let note = match device.split('=').next() {
            Some("nvidia.com/gpu") => {
                "The host has to describe its GPUs: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml".to_owned()
            }
            Some(kind) => format!("The host has to describe its devices of the kind {kind} below /etc/cdi."),
            None => continue,
        };
        fitted.notes.push(note);
    }
    let items = found.into_iter().map(|(name, span)| Value { span, data: Data::Text(name) });
    let empty = || (span, Value { span, data: Data::List(Vec::new()) });
    let (_, devices) = service.attributes.entry("devices".to_owned()).or_insert_with(empty);
    if let Data::List(devices) = &mut devices.data {
        devices.extend(items);
    }
}

/// Takes the requests for devices out of `deploy`.
fn reserved(service: &mut Service) -> Vec<Value> {
    let deploy = service.attributes.get_mut("deploy").map(|(_, deploy)| deploy);
    let resources = deploy.and_then(|deploy| entry(deploy, "resources"));
    let devices = resources.and_then(|it| entry(it, "reservations")).and_then(|it| take(it, "devices"));
    match devices.map(|devices| devices.data) {
        Some(Data::List(items)) => items,
        _ => Vec::new(),
    }
}

fn request(request: &Value, found: &mut Vec<(String, Span)>, unknown: &mut Vec<Span>) {
    let vendor = match request.get("driver").and_then(Value::scalar).as_deref() {
        None | Some("nvidia" | "") => "nvidia.com/gpu",
        Some("amd") => "amd.com/gpu",
        Some(_) => return unknown.push(request.span),
    };
    let ids = match (request.get("device_ids"), request.get("count").and_then(Value::scalar).as_deref()) {
        (Some(ids), _) => ids.texts(),
        (None, None | Some("all" | "-1")) => vec!["all".to_owned()],
        // Docker gives out the first ones, too.
        (None, Some(count)) => match count.parse::<u8>() {
            Ok(count) => (0..count).map(|id| id.to_string()).collect(),
            Err(_) => return unknown.push(request.span),
        },
    };
    found.extend(ids.into_iter().map(|id| (format!("{vendor}={id}"), request.span)));
}
