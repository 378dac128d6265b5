// What passes by when an Anthropic-dialect provider answers: usage, outcome, and the few bytes that must change on the way to the client.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/signature.h"
#include "json/padded.h"
#include "json/patch.h"
#include "llm/usage.h"
#include "wire/sse.h"

namespace penstock::dialect {

/// Listens to one answer, streamed or whole. For one thread.
class StreamTap {
 public:
  struct Options {
    const SignatureCodec* codec = nullptr;  // tags thinking blocks; null: leaves them as they are (Anthropic itself). Outlives the tap
    std::string provider;                   // whose blocks they are
    std::string answer_model;               // the model's name in the answer; empty: as the provider says (`answers: asked`)
    json::Document* scratch =
        nullptr;  // to index events with; only used inside calls, so taps of one thread may share it. Null: one of its own
  };
  /// An error that came inside a stream, or the whole answer being one.
  struct Failure {
    std::string type, message;  // either may be empty
  };

  explicit StreamTap(Options options);

  /// Takes note of an event. Returns the bytes to send in place of `event.raw`, or nothing: relay it as it is. The common events (deltas,
  /// pings) are never parsed. An event without a name gets its data's type for one, since clients skip nameless events.
  std::optional<std::string> rewrite(const wire::Event& event);
  /// The same for a whole answer; true when `body` was changed. What is no JSON stays.
  bool rewrite_whole(std::string& body);

  [[nodiscard]] const llm::Usage& usage() const { return usage_; }
  [[nodiscard]] const std::string& stop_reason() const { return stop_reason_; }  // empty: none yet
  [[nodiscard]] const std::string& model() const { return model_; }              // as the provider names it
  [[nodiscard]] bool content_begun() const { return content_begun_; }            // a content block was opened
  [[nodiscard]] bool finished() const { return finished_; }                      // message_stop was seen, or a whole message
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }

 private:
  /// A thinking block that is not closed yet.
  struct OpenBlock {
    std::int64_t index;
    bool is_signed;
  };
  using Output = std::optional<std::string>;
  Output take(std::string_view type, const wire::Event& event);
  bool index(std::string_view text);
  [[nodiscard]] bool names_error() const;
  Output message_start(const wire::Event& event);
  Output block_start(const wire::Event& event);
  Output block_delta(const wire::Event& event);
  Output block_stop(const wire::Event& event);
  void message_delta(const wire::Event& event);
  void note_failure(std::string_view data);
  void note_usage(json::Value holder);
  void name_model(json::Value message, json::Patch& patch);
  bool tag_block(json::Value block, json::Patch& patch) const;
  void tag_whole_block(json::Value block, json::Patch& patch) const;
  bool tag_text(std::optional<json::Value> text, json::Patch& patch) const;
  [[nodiscard]] std::string signature_event(std::int64_t index) const;

  Options options_;
  llm::Usage usage_;
  std::string stop_reason_, model_;
  bool content_begun_ = false, finished_ = false;
  std::optional<Failure> failure_;
  std::vector<OpenBlock> open_;
  json::Padded text_;
  std::unique_ptr<json::Document> own_document_;
  json::Document* document_;
};

}  // namespace penstock::dialect
