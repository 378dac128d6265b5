#include "app/status.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/background.h"
#include "app/state_dir.h"
#include "base/text.h"
#include "config/values.h"
#include "json/padded.h"
#include "net/fetch.h"

namespace penstock::app {

namespace {

using State = GatewayStatus::State;

constexpr std::chrono::seconds kPatience{3};

/// What /health said, in its own words and of its providers.
void read_health(std::string_view body, GatewayStatus& status) {
  const json::Padded copy(body);
  json::Document document;
  if (!document.index(copy.text())) return;
  if (const auto word = document.root().find("status")) status.health = word->text();
  const auto providers = document.root().find("providers");
  if (!providers) return;
  for (const auto member : providers->members()) {
    const auto text = [&member](std::string_view field) {
      const auto found = member.value.find(field);
      return found ? found->text() : "";
    };
    const auto present = member.value.find("key_present");
    const auto seconds = member.value.find("rests_seconds");
    status.providers.push_back({member.key.text(), text("upstream"), text("key_source"), present && present->boolean().value_or(false),
                                text("state"), text("rests_until"), seconds ? seconds->integer().value_or(0) : 0, text("last_trouble")});
  }
}

void ask_health(const StatusQuestion& question, GatewayStatus& status) {
  net::FetchRequest request;
  request.url = status.running->url + "/health";
  request.ca_file = question.ca_file;
  request.patience = kPatience;
  if (!question.token.empty()) request.headers.emplace_back("x-api-key", question.token.reveal());
  const auto answer = net::fetch(request);
  status.state = State::running;
  if (answer) return read_health(answer->body, status);
  // Its certificate need not be for the loopback address: that alone does not make it down.
  if (request.url.starts_with("http:")) status.state = State::silent;
  status.problem = fmt::format("it does not answer at {}: {}", request.url, answer.error().message);
}

void look_at_ports(const StatusQuestion& question, GatewayStatus& status) {
  for (const auto& address : question.listen) {
    if (address.port == 0) continue;
    status.holder = net::port_holder(address.host, address.port);
    if (!status.holder) continue;
    status.state = State::port_taken;
    status.address = config::to_text(address);
    status.problem = fmt::format("{} is taken by {}; stop that, or choose another address with penstock start --listen", status.address,
                                 net::to_text(*status.holder));
    return;
  }
}

std::int64_t uptime(const Running& running, std::int64_t now) { return std::max<std::int64_t>(now - running.started, 0); }

std::string details(const Running& running, std::int64_t now) {
  std::string out = fmt::format("process:       {}, for {}{}\n", running.pid, duration_text(uptime(running, now)),
                                running.service.empty() ? "" : ", by " + running.service);
  for (const auto& url : running.urls) out += fmt::format("listening on:  {}\n", url);
  return out + fmt::format("configuration: {}\n", running.config_path.empty() ? "none (found credentials only)" : running.config_path);
}

std::string log_of(const Running& running) {
  if (!running.log_file.empty()) return running.log_file;
  return running.service == "systemd" ? "journalctl --user -u penstock" : "its standard error";
}

std::string running_json(const Running& running) {
  std::string urls;
  for (const auto& url : running.urls) urls += (urls.empty() ? "" : ",") + json_quote(url);
  return fmt::format(R"(,"url":{},"urls":[{}],"version":{},"config":{},"log":{},"service":{},"started":{})", json_quote(running.url), urls,
                     json_quote(running.version), json_quote(running.config_path), json_quote(running.log_file),
                     json_quote(running.service), running.started);
}

std::string first_line(const GatewayStatus& status) {
  switch (status.state) {
    case State::running:
    case State::silent:
      return fmt::format("penstock {} {} at {}\n", status.running->version, status.up() ? "is running" : "runs, but does not answer,",
                         status.running->url);
    case State::died: return "penstock is not running: it ended without a word (killed, or the machine went down)\n";
    default: return "penstock is not running\n";
  }
}

/// Why it would not be asked now; empty when it would be, or when its line tells already that it has no key.
std::string state_line(const GatewayStatus::Provider& provider) {
  if (provider.state.empty() || provider.state == "ready" || provider.state == "no_key") return {};
  std::string out = fmt::format("  {:<14} {}", "", printable(provider.state));
  if (!provider.rests_until.empty()) out += ", back in " + duration_text(provider.seconds);
  if (!provider.last_trouble.empty()) out += "; last trouble: " + printable(provider.last_trouble);
  return out + "\n";
}

std::string provider_lines(const GatewayStatus::Provider& provider) {
  return fmt::format("  {:<14} {:<48} {}\n{}", printable(provider.name), printable(provider.upstream),
                     !provider.key_present         ? "no key"
                     : provider.key_source.empty() ? "ready"
                                                   : "key from " + printable(provider.key_source),
                     state_line(provider));
}

std::string text_or_null(const std::string& text) { return text.empty() ? "null" : json_quote(text); }

std::string providers_json(const GatewayStatus& status) {
  std::string out;
  for (const auto& one : status.providers)
    out += fmt::format(
        R"({}{}:{{"upstream":{},"key_present":{},"key_source":{},"state":{},"rests_until":{},"rests_seconds":{},"last_trouble":{}}})",
        out.empty() ? "" : ",", json_quote(one.name), json_quote(one.upstream), one.key_present, json_quote(one.key_source),
        text_or_null(one.state), text_or_null(one.rests_until), one.rests_until.empty() ? "null" : fmt::to_string(one.seconds),
        text_or_null(one.last_trouble));
  return out;
}

}  // namespace

std::string_view name(State state) {
  switch (state) {
    case State::running: return "running";
    case State::silent: return "not answering";
    case State::stopped: return "stopped";
    case State::died: return "died";
    case State::port_taken: return "port taken";
  }
  return "";
}

std::string duration_text(std::int64_t seconds) {
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86400, seconds / 3600 % 24);
}

Result<GatewayStatus> gather_status(const StatusQuestion& question) {
  const auto folder = state_dir(question.environment);
  TRY(auto running, find_running(question.environment));
  TRY(const Sighting seen, look_for_gateway(folder));
  GatewayStatus status;
  status.draining = std::max(seen.draining, 0);
  if (running) {
    status.running = std::move(*running);
    ask_health(question, status);
    return status;
  }
  if (auto last = running_from(seen.text)) {
    status.state = State::died;
    status.running = std::move(*last);
    status.problem = "mend: penstock start";
  }
  look_at_ports(question, status);
  return status;
}

std::string to_text(const GatewayStatus& status, std::int64_t now) {
  std::string out = first_line(status);
  if (status.alive()) out += details(*status.running, now);
  if (status.running) out += fmt::format("log:           {}\n", log_of(*status.running));
  if (status.draining > 0) out += fmt::format("process {} takes no new requests and ends when those it has are done\n", status.draining);
  if (!status.health.empty()) out += fmt::format("health:        {}\n", printable(status.health));
  if (!status.providers.empty()) out += "providers:\n";
  for (const auto& provider : status.providers) out += provider_lines(provider);
  if (!status.problem.empty()) out += status.problem + "\n";
  return out;
}

std::string to_json(const GatewayStatus& status, std::int64_t now) {
  std::string out = fmt::format(R"({{"up":{},"state":"{}")", status.up(), name(status.state));
  if (status.running) out += running_json(*status.running);
  if (status.alive()) out += fmt::format(R"(,"pid":{},"uptime_seconds":{})", status.running->pid, uptime(*status.running, now));
  if (status.draining > 0) out += fmt::format(R"(,"draining_pid":{})", status.draining);
  if (!status.health.empty()) out += fmt::format(R"(,"health":{})", json_quote(status.health));
  if (status.holder)
    out += fmt::format(R"(,"port":{{"address":{},"pid":{},"program":{}}})", json_quote(status.address), status.holder->pid,
                       json_quote(status.holder->name));
  if (!status.problem.empty()) out += fmt::format(R"(,"problem":{})", json_quote(status.problem));
  return out + fmt::format(R"(,"providers":{{{}}}}})", providers_json(status)) + "\n";
}

}  // namespace penstock::app
