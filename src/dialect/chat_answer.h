// An answer in Chat Completions, chunk by chunk or whole, as events (wire-reference 3.2, 3.3, 3.7).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialect/anthropic_errors.h"
#include "dialect/chat_calls.h"
#include "dialect/chat_quirks.h"
#include "dialect/chat_search.h"
#include "dialect/chat_thoughts.h"
#include "dialect/signature.h"
#include "dialect/think_tags.h"
#include "dialect/tool_names.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// What a reader has to know, of every translated dialect. Pointers and the context's views must stay while it reads.
struct OpenAiChatAnswerOptions {
  std::string provider;                   // whose reasoning it is
  const SignatureCodec* codec = nullptr;  // tags thinking blocks; null: they stay without
  const ToolNames* names = nullptr;       // from the writer of the request; null: names are the client's
  ChatQuirks::ThinkTags think_tags = ChatQuirks::ThinkTags::leading;
  bool cached_in_prompt = true;
  ErrorContext errors;       // for failures inside a 200
  std::string search_query;  // what the client wants searched for (search_query_of); empty: it did not ask the provider to search
};

/// The state of one answer. The readers of openai_chat_answer_reader.h feed it.
class ChatAnswer {
 public:
  ChatAnswer(OpenAiChatAnswerOptions options, llm::EventSink& out)
      : options_(std::move(options)), out_(out), searches_(options_.search_query) {}

  /// A chunk of a stream, or a whole answer. Its views need to last for the call only.
  void take(json::Value root, bool whole);
  /// The provider said that this is all.
  void done();
  /// Nothing more comes. An answer without a finish reason may be cut anywhere, its calls may be complete or not: StreamGuard tells.
  void bytes_ended();
  /// An error, as a body in any of the shapes that providers use.
  void fail(std::string_view body);
  void fail(int status, std::string type, std::string message);

  /// End or Failed went out.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool finish_known() const { return finish_.has_value(); }

 private:
  void choice(json::Value choice, bool whole);
  void message(json::Value message, bool whole);
  void reasoning(json::Value message);
  void content(json::Value value);
  void content_part(json::Value part);
  void text(std::string_view written);
  void prose(llm::BlockKind kind, std::string_view written);
  void close_prose(bool keeps_details = false);
  void emit_pages();
  void emit_sealed(std::string_view payload);
  void seal(std::uint32_t key, std::string_view payload);
  void call(json::Value element, bool whole);
  void open_call(ChatCalls::Call& call, llm::Json extra);
  void finish(json::Value reason, json::Value choice);
  void count(std::optional<json::Value> usage);
  void bound_kept();
  void end(llm::StopReason reason);

  struct Prose {
    std::uint32_t key;
    llm::BlockKind kind;
  };
  OpenAiChatAnswerOptions options_;
  llm::EventSink& out_;
  ThinkTags tags_;
  ReasoningDetails details_;
  ChatCalls calls_;
  ChatSearches searches_;
  std::optional<Prose> prose_;  // the text or thinking block that is open
  std::string thought_;         // the text of the open thinking block
  std::size_t waiting_ = 0;     // bytes of calls that have no name yet
  std::string id_;              // the answer's
  std::optional<llm::StopReason> finish_;
  std::string stop_sequence_;
  std::uint32_t next_key_ = 0;
  bool begun_ = false, ended_ = false;
  bool answered_ = false;  // a choice was there
  bool reasoned_ = false;  // reasoning came in a field of its own
  bool refused_ = false;
};

}  // namespace penstock::dialect
