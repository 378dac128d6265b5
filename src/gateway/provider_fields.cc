#include "gateway/provider_fields.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/append.h"
#include "base/text.h"
#include "wire/headers.h"

namespace penstock::gateway {

namespace {

constexpr std::array<std::string_view, 9> kStay = {
    "content-length", "content-type",  "set-cookie",       "alt-svc",          "strict-transport-security",
    "request-id",     "cache-control", "content-encoding", "x-accel-buffering"};

constexpr std::array<std::string_view, 4> kLimits = {"anthropic-ratelimit-", "anthropic-priority-", "x-ratelimit-", "ratelimit"};

bool stays(const wire::Field& field, bool passthrough) {
  if (std::ranges::any_of(kStay, [&](auto name) { return equals_ignoring_case(field.name, name); })) return true;
  if (starts_with_ignoring_case(field.name, "x-penstock-")) return true;
  if (!passthrough && std::ranges::any_of(kLimits, [&](auto prefix) { return starts_with_ignoring_case(field.name, prefix); })) return true;
  return wire::is_hop_by_hop(field.name);
}

}  // namespace

std::string provider_fields(const wire::ResponseHead& head, bool passthrough, bool with_content_type) {
  const bool names_more = wire::names_fields_in_connection(head.fields);
  std::string lines;
  lines.reserve(512);
  for (const auto& field : head.fields) {
    if (!(with_content_type && equals_ignoring_case(field.name, "content-type")) && stays(field, passthrough)) continue;
    if (names_more && wire::is_named_in_connection(head.fields, field.name)) continue;
    const auto name = lines.size();
    append(lines, field.name, ": ", field.value, "\r\n");
    for (char& c : std::span(lines).subspan(name, field.name.size())) c = lower(c);
  }
  return lines;
}

}  // namespace penstock::gateway
