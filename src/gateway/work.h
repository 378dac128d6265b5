// One model request on its way: what its stages share. Lives in serve_model's coroutine.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "dialect/translation.h"
#include "gateway/adapt.h"
#include "gateway/answer.h"
#include "net/connect.h"
#include "policy/text_features.h"

namespace penstock::gateway {

struct Work {
  Work(net::Exchange& exchange, Record& record, const Snapshot& snapshot, std::string_view query)
      : exchange(exchange), record(record), snapshot(snapshot), query(query), answer(exchange, record, snapshot) {}
  net::Exchange& exchange;
  Record& record;
  const Snapshot& snapshot;
  std::string_view query;
  Answer answer;
  net::Cancel cancel;
  std::uint64_t session = 0;                          // policy::session_key
  std::string_view body;                              // the client's, until content goes to the client
  bool indexed = false;                               // the worker's document is the body's: until the first suspension
  Outgoing request;                                   // what the provider gets
  dialect::SchemaCache* schemas = nullptr;            // the worker's
  std::unique_ptr<dialect::Translation> translation;  // unless both speak Anthropic's dialect, which is patched in place
  dialect::Quirks repaired_quirks;                    // of the target, where it was repaired
  dialect::ChatQuirks repaired_chat;
  std::optional<policy::TextFeatures> features;  // of a request from whose usage the estimator learns

  /// Content goes to the client: the request is not sent again, and its memory can go.
  void release() {
    if (translation && translation->searches()) return;  // it is asked again with what was found
    request = {};
    body = {};
    exchange.release_request();
  }
};

}  // namespace penstock::gateway
