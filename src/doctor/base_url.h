// The usual mistakes in a base URL, and keys that do not belong to the host behind it. Pure.
#pragma once

#include <string_view>

#include "doctor/inputs.h"
#include "doctor/row.h"

namespace penstock::doctor {

/// Everything that is wrong with where this provider's requests go; nothing when all is well. Facts: wire-reference 4.0, 4.6, 4.7.
Rows base_url_traps(const Patient& patient, const catalog::Catalog& catalog);

/// The same for ANTHROPIC_BASE_URL as Claude Code has it, which adds /v1/messages to whatever stands there. `key` is what it would show.
Rows client_url_traps(std::string_view url, std::string_view key);

/// The URL leads to this machine.
[[nodiscard]] bool is_loopback_host(std::string_view host);

}  // namespace penstock::doctor
