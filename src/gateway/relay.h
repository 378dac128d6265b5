// The provider's answer reaches the client: events as they come, whole answers in one piece, errors in the client's words.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "dialect/anthropic_stream.h"
#include "gateway/answer.h"
#include "gateway/setback.h"
#include "net/connection_pool.h"
#include "net/http_client.h"

namespace penstock::gateway {

/// What a relay works with. References live as long as the request's coroutine.
struct Relay {
  net::Worker& worker;
  net::ConnectionPool& pool;
  const Snapshot& snapshot;
  net::Exchange& exchange;
  Answer& answer;
  Record& record;
  net::Cancel& cancel;
  json::Document& scratch;                      // the worker's; only between two suspensions
  double estimated_tokens = 0;                  // of the request's input; 0: not estimated
  dialect::Translation* translation = nullptr;  // where client and provider speak different dialects
  std::function<void()> commit = [] {};         // called when content goes to the client: nobody else is asked from then on
};

/// Nothing: the client has its answer, or has left. A setback: it has seen no content yet.
using Attempted = std::optional<Setback>;

using Provider = std::unique_ptr<net::ClientExchange>;

/// We are stopping, and the request with us.
Error stopping();

/// Relays an answer whose head has been read. Sets the record's usage, outcome and error, unless it was a setback. Gives the connection
/// back when it can serve again.
net::Task<Attempted> relay(Relay& to, Provider provider);

/// What listens to the answer: usage, and signatures tagged when a third party made them.
dialect::StreamTap make_tap(const Relay& to);

/// Makes the translation ready for the answer; only with one. `events`: the provider sends events.
void begin_translation(const Relay& to, bool events);

/// Blots out our credential where a provider's text repeats it: the client must not learn it.
void hide(std::string& text, const Secret& key);

/// Where an error's words come from: the target, its window, how long the prompt was.
dialect::ErrorContext error_context(const Relay& to);

}  // namespace penstock::gateway
