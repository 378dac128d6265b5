// The built-in provider: an Anthropic-dialect server that answers without a model. For a first try, a demo, and people who write clients.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/scan.h"
#include "net/http_server.h"

namespace penstock::mock {

/// One answer, worked out before it is sent. Pure.
struct Script {
  int status = 200;
  std::string body;                 // of a whole answer or an error
  std::vector<std::string> events;  // of a stream
  bool cut = false;                 // the connection ends before the last event
};

/// Model names say what happens: `echo` says the last user text again; `thinking` thinks first; `tool` calls the first tool that the
/// request offers, and once it has a result says that; `error-529` (any status) fails; `overflow` finds the prompt too long; `cut` breaks
/// off. Anything else echoes.
Script answer(const json::Document& request);

/// Serves POST /v1/messages and /v1/messages/count_tokens with answer().
class MockProvider : public net::Service {
 public:
  net::Task<> serve(net::Exchange& exchange) override;
  void refused(int /*status*/, std::string_view /*why*/) override {}
  [[nodiscard]] bool draining() const override { return false; }

 private:
  json::Document document_;
};

}  // namespace penstock::mock
