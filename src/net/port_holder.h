// Which program listens on a port that we would like to have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::net {

struct PortHolder {
  int pid = 0;       // 0: not to be seen, because it is another user's (or in another container)
  std::string name;  // the program's
};

/// Nothing when nobody listens there, or where the system does not tell (it is Linux' /proc that is asked). `address` is numeric, or
/// `localhost`. Reads a few hundred small files: for error texts and for `penstock status`.
std::optional<PortHolder> port_holder(const std::string& address, std::uint16_t port);

/// "NAME (process PID)", fit for a terminal; "another program" for one that is not to be seen.
std::string to_text(const PortHolder& holder);

/// The socket numbers of the listeners in `table` (the text of /proc/net/tcp or tcp6) that keep others from `address` and `port`. Pure.
std::vector<std::string> listening_sockets(std::string_view table, const std::string& address, std::uint16_t port);

}  // namespace penstock::net
