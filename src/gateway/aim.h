// The request made ready for one target and one credential of its provider.
#pragma once

#include <span>

#include "gateway/learned.h"
#include "gateway/work.h"
#include "json/scan.h"
#include "policy/repair.h"

namespace penstock::gateway {

/// Sets the record's target, credential and quirks, and work.request. `document` is the worker's; it is indexed anew when it is not the
/// body's any more. `repairs`: what the target refused of this request so far. Fails with the client's fault, where the request cannot be
/// said in the provider's dialect.
Status aim(Work& work, json::Document& document, const config::Target& target, const Credential& credential,
           std::span<const policy::Repair> repairs);

/// The endpoint of a target's provider that suits this client; null: there is no such provider.
[[nodiscard]] const Upstream* endpoint_of(const Work& work, const config::Target& target);

/// Whether the client's own credential goes to this provider: by the configuration, by the request's word (x-penstock-credential-mode), or
/// because there is no other.
[[nodiscard]] bool passes_credential(const Work& work, const Upstream& upstream);

}  // namespace penstock::gateway
