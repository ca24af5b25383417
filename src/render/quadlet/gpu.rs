//! Graphics cards: Compose's requests → devices of the Container Device Interface, which is how Podman gives them out.

use super::Context;
use super::unit::Unit;
use crate::model::{Data, Service, Value};
use crate::source::Span;

/// `gpus: all`, or a list of requests.
pub(super) fn gpus(context: &mut Context<'_>, service: &Service, value: &Value, unit: &mut Unit) {
    match &value.data {
        Data::List(requests) => requests.iter().for_each(|it| request(context, service, it, unit)),
        _ if value.scalar().as_deref() == Some("all") => device(context, "nvidia.com/gpu=all", unit),
        _ => lose(context, value.span, service),
    }
}

/// `deploy.resources.reservations.devices`: a list of requests, each for what a driver offers.
pub(super) fn reservations(context: &mut Context<'_>, service: &Service, value: &Value, unit: &mut Unit) {
    let Data::List(requests) = &value.data else { return lose(context, value.span, service) };
    for it in requests {
        let capabilities = it.get("capabilities").map(Value::texts).unwrap_or_default();
        let driver = it.get("driver").and_then(Value::scalar);
        match driver.as_deref() {
            // Docker's driver `cdi` names devices by what they are called here, too.
            Some("cdi") => match it.get("device_ids").map(Value::texts) {
                Some(devices) => devices.iter().for_each(|name| device(context, name, unit)),
                None => lose(context, it.span, service),
            },
            _ if capabilities.iter().any(|it| matches!(it.as_str(), "gpu" | "nvidia")) => {
                request(context, service, it, unit);
            }
            _ => lose(context, it.span, service),
        }
    }
}

fn request(context: &mut Context<'_>, service: &Service, request: &Value, unit: &mut Unit) {
    let vendor = match request.get("driver").and_then(Value::scalar).as_deref() {
        None | Some("nvidia" | "") => "nvidia.com/gpu",
        Some("amd") => "amd.com/gpu",
        Some(_) => return lose(context, request.span, service),
    };
    if let Some(ids) = request.get("device_ids") {
        return ids.texts().iter().for_each(|id| device(context, &format!("{vendor}={id}"), unit));
    }
    match request.get("count").and_then(Value::scalar).as_deref() {
        None | Some("all" | "-1") => device(context, &format!("{vendor}=all"), unit),
        // Docker gives out the first ones, too.
        Some(count) => match count.parse::<u8>() {
            Ok(count) => (0..count).for_each(|id| device(context, &format!("{vendor}={id}"), unit)),
            Err(_) => lose(context, request.span, service),
        },
    }
}

fn device(context: &mut Context<'_>, name: &str, unit: &mut Unit) {
    unit.own("AddDevice", name);
    let note = match name.split('=').next() {
        Some("nvidia.com/gpu") => {
            "The host has to describe its GPUs: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml".to_owned()
        }
        Some(kind) => format!("The host has to describe its devices of the kind {kind} below /etc/cdi."),
        None => return,
    };
    if !context.notes.contains(&note) {
        context.notes.push(note);
    }
}

fn lose(context: &mut Context<'_>, span: Span, service: &Service) {
    let name = &service.name.value;
    context.lose(
        span,
        format!("Podman gives out devices by their CDI names, and this request names none: `{name}` goes without them"),
    );
}
