// The parts of an http:// or https:// URL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

struct Url {
  bool tls = false;
  std::string host;  // lower case, without brackets
  std::uint16_t port = 0;
  std::string path;  // from the first slash on, query included; "" without one
  /// The Host field's value: the port only where it is not the scheme's own.
  [[nodiscard]] std::string host_field() const;
};

/// Nothing when it is no such URL. User and password are not accepted.
[[nodiscard]] std::optional<Url> parse_url(std::string_view text);

}  // namespace penstock
