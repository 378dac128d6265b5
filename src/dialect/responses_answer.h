// An answer of the Responses API, event by event or whole, as events (wire-reference 3.7, 3.11; the shapes of its events: OpenAI's
// SDK 7.55).
#pragma once

#include <string>
#include <string_view>

#include "dialect/chat_answer.h"
#include "dialect/responses_blocks.h"
#include "json/scan.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// The state of one answer. The readers of openai_responses_answer_reader.h feed it.
class ResponsesAnswer {
 public:
  ResponsesAnswer(OpenAiChatAnswerOptions options, llm::EventSink& out) : options_(std::move(options)), out_(out), blocks_(options_, out) {}
  ResponsesAnswer(const ResponsesAnswer&) = delete;
  ResponsesAnswer& operator=(const ResponsesAnswer&) = delete;

  /// An event of a stream. `name`: the event field, for one whose data has no type. Views need to last for the call only.
  void take(json::Value event, std::string_view name);
  /// A whole answer, or an error body.
  void take_whole(json::Value response);
  /// `[DONE]`.
  void done();
  /// Nothing more comes. An answer that did not say its end may be cut anywhere, and has none: StreamGuard tells.
  void bytes_ended() {}
  /// An error, as a body in any of the shapes that providers use.
  void fail(std::string_view body);
  void fail(int status, std::string type, std::string message);

  /// End or Failed went out.
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  struct Row;
  static const Row* row_of(std::string_view name);
  void on_begin(json::Value event);
  void on_item_added(json::Value event);
  void on_item_done(json::Value event);
  void on_text(json::Value event);
  void on_text_done(json::Value event);
  void on_refusal(json::Value event);
  void on_refusal_done(json::Value event);
  void on_annotation(json::Value event);
  void on_summary(json::Value event);
  void on_thought(json::Value event);
  void on_arguments(json::Value event);
  void on_arguments_done(json::Value event);
  void on_completed(json::Value event);
  void on_incomplete(json::Value event);
  void on_failed(json::Value event);
  void on_error(json::Value event);

  void begin(json::Value response);
  void finish(json::Value response, std::string_view status);
  void fail_with(std::optional<json::Value> error);
  void end(llm::StopReason reason);

  OpenAiChatAnswerOptions options_;
  llm::EventSink& out_;
  ResponsesBlocks blocks_;
  bool begun_ = false, ended_ = false;
};

}  // namespace penstock::dialect
