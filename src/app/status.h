// How the gateway in the background is: for `penstock status`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/running.h"
#include "base/secret.h"
#include "config/load.h"
#include "net/port_holder.h"

namespace penstock::app {

struct StatusQuestion {
  config::Environment environment = config::process_environment();
  Secret token;                               // shown to the gateway, which else tells nothing of its providers
  std::string ca_file;                        // vouches for a gateway that speaks TLS
  std::vector<config::ListenAddress> listen;  // where it would listen, when none runs
};

struct GatewayStatus {
  enum class State : std::uint8_t {
    running,
    silent,  // it runs and does not answer
    stopped,
    died,       // without a word: its file is there, it is not
    port_taken  // it does not run, and could not
  } state = State::stopped;
  std::optional<Running> running;  // of `died`: what it said of itself
  int draining = 0;                // the process that still ends its requests
  std::string health;              // what /health said: "ok", "degraded"
  std::string problem;             // one sentence, with the mend
  struct Provider {
    std::string name, upstream, key_source;
    bool key_present = false;
    std::string state;         // as /health names it: "ready", "cooling", …; empty: the gateway is an older one
    std::string rests_until;   // a date; empty: it does not rest, or no time ends that
    std::int64_t seconds = 0;  // until then
    std::string last_trouble;  // empty: none
  };
  std::vector<Provider> providers;
  std::optional<net::PortHolder> holder;  // of `port_taken`
  std::string address;                    // likewise
  [[nodiscard]] bool up() const { return state == State::running; }
  [[nodiscard]] bool alive() const { return up() || state == State::silent; }
};

/// Looks, and asks the gateway at /health. Fails when the state folder cannot be read.
Result<GatewayStatus> gather_status(const StatusQuestion& question);

/// For people, and for scripts; `now` in seconds since 1970.
std::string to_text(const GatewayStatus& status, std::int64_t now);
std::string to_json(const GatewayStatus& status, std::int64_t now);
std::string_view name(GatewayStatus::State state);

/// "3 s", "5 min", "2 h 10 min", "4 d 3 h".
std::string duration_text(std::int64_t seconds);

}  // namespace penstock::app
