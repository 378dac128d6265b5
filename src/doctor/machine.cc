// This machine: the port that the gateway wants, and Claude Code.
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/descriptor.h"
#include "base/text.h"
#include "config/values.h"
#include "doctor/checks.h"
#include "json/padded.h"

namespace penstock::doctor {

namespace {

/// Why nobody can listen there now, as errno has it; 0 when somebody can.
int why_taken(const config::ListenAddress& address) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) != 0) return EADDRNOTAVAIL;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  for (const auto* at = found; at; at = at->ai_next) {
    const Descriptor socket(::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol));
    if (!socket) continue;
    const int yes = 1;  // as the gateway does it: connections that are closing do not count
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(socket.get(), at->ai_addr, at->ai_addrlen) != 0) return errno;
  }
  return 0;
}

/// GET /health has two members that nobody else's has (interface.md).
bool is_ours(const net::Fetched& answer) {
  const json::Padded body(answer.body);
  json::Document document;
  return document.index(body.text()) && document.root().find("status") && document.root().find("providers");
}

Row taken(const Inputs& inputs, const config::ListenAddress& address) {
  const auto& tls = inputs.config.server.tls;
  const std::string where = config::to_text(address);
  net::FetchRequest request;
  const bool any = address.host == "0.0.0.0" || address.host == "::";
  request.url = fmt::format("{}://{}/health", tls ? "https" : "http",
                            any ? config::to_text(config::ListenAddress{"127.0.0.1", address.port}) : where);
  request.ca_file = tls ? tls->cert : "";
  request.patience = std::chrono::seconds(3);
  const auto answer = inputs.fetch(request);
  if (answer && is_ours(*answer)) return ok(where + ": a gateway of ours answers");
  if (!answer && answer.error().message.contains("certificate"))
    return skipped(where + " is taken, by us or another: its certificate cannot be verified from here");
  return fault(where + " is taken by another program",
               fmt::format("end that one (ss -ltnp 'sport = :{}' names it), or change server.listen", address.port));
}

Row port_row(const Inputs& inputs, const config::ListenAddress& address) {
  const std::string where = config::to_text(address);
  if (address.port == 0) return skipped(where + ": the system chooses the port");
  const int why = why_taken(address);
  if (why == 0) return ok(where + " is free");
  if (why == EADDRINUSE) return taken(inputs, address);
  return fault(fmt::format("{}: {}", where, std::strerror(why)),
               why == EACCES ? "choose a port above 1023 in server.listen" : "give an address of this machine in server.listen");
}

}  // namespace

Rows check_port(const Evidence& evidence) {
  Rows rows;
  for (const auto& address : evidence.inputs.config.server.listen) rows.push_back(port_row(evidence.inputs, address));
  return rows;
}

Rows check_claude(const Evidence& evidence) {
  const auto& path = evidence.inputs.claude;
  if (!path) return {warning(path.error().message, "only penstock run needs it")};
  const auto ran = evidence.inputs.run({*path, "--version"});
  const std::string mend = "install it again: npm install -g @anthropic-ai/claude-code";
  if (!ran) return {fault(ran.error().message, mend)};
  if (ran->code != 0) return {fault(fmt::format("{} --version ends with {}", *path, ran->code), mend)};
  return {ok(fmt::format("{} at {}", trim(std::string_view(ran->out).substr(0, ran->out.find('\n'))), *path))};
}

}  // namespace penstock::doctor
