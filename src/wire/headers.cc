#include "wire/headers.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/text.h"
#include "wire/bytes.h"

namespace penstock::wire {
namespace {

/// A few field names. Most names asked for are not in it, and one look at the length says so.
template <std::size_t N>
class NameSet {
 public:
  constexpr explicit NameSet(const std::array<std::string_view, N>& names) : names_(names) {
    for (const auto name : names_) lengths_ |= 1ULL << name.size();
  }
  [[nodiscard]] bool contains(std::string_view name) const {
    if (name.size() >= 64 || ((lengths_ >> name.size()) & 1) == 0) return false;
    return std::ranges::any_of(names_, [&](auto known) { return known.size() == name.size() && equals_ignoring_case(known, name); });
  }

 private:
  std::array<std::string_view, N> names_;
  std::uint64_t lengths_ = 0;
};

constexpr NameSet<8> kHopByHop({"connection", "keep-alive", "te", "trailer", "trailers", "transfer-encoding", "upgrade", "http2-settings"});
constexpr NameSet<6> kCredentials({"authorization", "x-api-key", "cookie", "x-penstock-key", "x-litellm-api-key", "proxy-authorization"});
constexpr NameSet<4> kRewritten({"host", "content-length", "expect", "accept-encoding"});

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

bool is_hop_by_hop(std::string_view name) {
  return kHopByHop.contains(name) || (name.size() > 6 && name[5] == '-' && starts_with_ignoring_case(name, "proxy-"));
}

bool names_fields_in_connection(const std::vector<Field>& fields) {
  return std::ranges::any_of(fields, [](const Field& field) {
    return equals_ignoring_case(field.name, "connection") && !equals_ignoring_case(field.value, "keep-alive") &&
           !equals_ignoring_case(field.value, "close");
  });
}

bool is_named_in_connection(const std::vector<Field>& fields, std::string_view name) {
  constexpr std::string_view kConnection = "connection";
  return std::ranges::any_of(fields, [&](const Field& field) {
    return field.name.size() == kConnection.size() && equals_ignoring_case(field.name, kConnection) && list_has(field.value, name);
  });
}

bool is_client_credential(std::string_view name) { return kCredentials.contains(name); }

bool is_rewritten(std::string_view name) { return kRewritten.contains(name); }

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is_byte(c, kTokenByte); });
}

bool list_has(std::string_view list, std::string_view member) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (equals_ignoring_case(without_blanks(list.substr(0, comma)), member)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace penstock::wire
