#include "net/port_holder.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"

namespace penstock::net {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListening = "0A";

/// An address as IPv6 has it; IPv4 within ::ffff:0:0/96.
using Address = std::array<unsigned char, 16>;

Address mapped(const unsigned char* four) {
  Address out{};
  out[10] = out[11] = 0xff;
  std::copy_n(four, 4, out.begin() + 12);
  return out;
}

bool is_any(const Address& address) {
  constexpr unsigned char kNone[4] = {};
  return address == Address{} || address == mapped(kNone);
}

std::optional<Address> parse_address(const std::string& text) {
  unsigned char bytes[16];
  if (::inet_pton(AF_INET, text == "localhost" ? "127.0.0.1" : text.c_str(), bytes) == 1) return mapped(bytes);
  if (::inet_pton(AF_INET6, text.c_str(), bytes) != 1) return std::nullopt;
  Address out;
  std::copy_n(bytes, 16, out.begin());
  return out;
}

/// The kernel prints an address as words of the machine's own byte order.
std::optional<Address> parse_hex(std::string_view hex) {
  if (hex.size() != 8 && hex.size() != 32) return std::nullopt;
  Address bytes{};
  for (std::size_t at = 0; at < hex.size(); at += 8) {
    std::uint32_t word = 0;
    std::from_chars(hex.data() + at, hex.data() + at + 8, word, 16);
    std::memcpy(bytes.data() + at / 2, &word, sizeof word);
  }
  return hex.size() == 8 ? mapped(bytes.data()) : bytes;
}

/// "0100007F:1004" of a listener keeps others from what they want.
bool collides(std::string_view local, const Address& wanted, std::uint16_t port) {
  const auto colon = local.find(':');
  if (colon == std::string_view::npos) return false;
  std::uint16_t theirs = 0;
  std::from_chars(local.data() + colon + 1, local.data() + local.size(), theirs, 16);
  const auto address = parse_hex(local.substr(0, colon));
  return theirs == port && address && (*address == wanted || is_any(*address) || is_any(wanted));
}

std::string read(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

bool has_open(const fs::path& process, const std::vector<std::string>& sockets) {
  std::error_code error;
  for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end; entry.increment(error)) {
    std::error_code gone;
    const auto target = fs::read_symlink(entry->path(), gone).string();
    if (!gone && std::ranges::any_of(sockets, [&](const auto& socket) { return target == "socket:[" + socket + "]"; })) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> listening_sockets(std::string_view table, const std::string& address, std::uint16_t port) {
  const auto wanted = parse_address(address);
  std::vector<std::string> sockets;
  if (!wanted) return sockets;
  for (const auto line : split(table, '\n')) {
    const auto fields = split(line, ' ');  // number, local, remote, state, queues, timer, retransmits, user, timeout, inode
    if (fields.size() > 9 && fields[3] == kListening && collides(fields[1], *wanted, port)) sockets.emplace_back(fields[9]);
  }
  return sockets;
}

std::optional<PortHolder> port_holder(const std::string& address, std::uint16_t port) {
  auto sockets = listening_sockets(read("/proc/net/tcp"), address, port);
  std::ranges::copy(listening_sockets(read("/proc/net/tcp6"), address, port), std::back_inserter(sockets));
  if (sockets.empty()) return std::nullopt;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const auto pid = parse_unsigned(entry->path().filename().string());
    if (pid && has_open(entry->path(), sockets)) return PortHolder{static_cast<int>(*pid), std::string(trim(read(entry->path() / "comm")))};
  }
  return PortHolder{};
}

std::string to_text(const PortHolder& holder) {
  if (holder.pid == 0) return "another program";
  return fmt::format("{} (process {})", holder.name.empty() ? "another program" : printable(holder.name), holder.pid);
}

}  // namespace penstock::net
