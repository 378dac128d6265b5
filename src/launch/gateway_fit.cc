#include "launch/gateway_fit.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "json/padded.h"
#include "json/scan.h"
#include "net/fetch.h"

namespace penstock::launch {

namespace {

namespace fs = std::filesystem;
constexpr std::chrono::milliseconds kPatience{500};

bool same_file(const std::string& one, const std::string& other) {
  std::error_code error;
  if (one.empty() || other.empty()) return one.empty() && other.empty();
  return fs::equivalent(one, other, error) || fs::absolute(one, error).lexically_normal() == fs::path(other).lexically_normal();
}

std::string called(const std::string& config) { return config.empty() ? "no configuration file" : config; }

}  // namespace

Status same_configuration(const app::Running& running, const Wanted& wanted) {
  if (same_file(wanted.config, running.config_path)) return {};
  // It began without a file, and takes over one that appears where it looks.
  if (running.config_path.empty() && running.config_option.empty() && wanted.found_by_gateway && wanted.config.starts_with('/')) return {};
  std::error_code error;
  const auto mend = wanted.config.empty() ? "add --config " + running.config_path
                                          : "penstock restart --config " + fs::absolute(wanted.config, error).lexically_normal().string();
  return fail(
      config_error(fmt::format("the gateway that runs (process {}) uses {}, and this call {}; mend: {}, or set PENSTOCK_STATE_DIR "
                               "to another folder for a gateway of its own",
                               running.pid, called(running.config_path), called(wanted.config), mend)));
}

Status same_credential(const app::Running& running, const Wanted& wanted, const gateway::Upstream& provider) {
  if (running.fresh || !provider.key_source.starts_with('$')) return {};
  net::FetchRequest request{.url = running.url + "/health", .ca_file = wanted.certificate, .patience = kPatience};
  if (!wanted.token.empty()) request.headers.emplace_back("x-api-key", wanted.token);
  const auto answer = net::fetch(request);
  if (!answer || key_present(answer->body, provider.name).value_or(true)) return {};
  return fail(
      config_error(fmt::format("the gateway that runs (process {}) was started without {}, and has no credential for {}; mend: "
                               "penstock restart",
                               running.pid, provider.key_source.substr(1), provider.name)));
}

std::optional<bool> key_present(std::string_view health, std::string_view provider) {
  const json::Padded copy(health);
  json::Document document;
  if (!document.index(copy.text())) return std::nullopt;
  const auto providers = document.root().find("providers");
  if (!providers) return std::nullopt;
  const auto found = providers->find(provider);
  if (!found) return false;  // off for want of a credential
  const auto present = found->find("key_present");
  return present ? present->boolean() : std::nullopt;
}

}  // namespace penstock::launch
