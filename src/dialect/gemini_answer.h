// An answer of generateContent, chunk by chunk or whole, as events (wire-reference 3.7, 3.12).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "dialect/chat_answer.h"
#include "dialect/gemini_grounding.h"
#include "dialect/gemini_signatures.h"
#include "json/scan.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// The state of one answer. The readers of gemini_answer_reader.h feed it. `errors.model` in the options is the model whose signatures
/// these are.
///
/// A signature goes out as the seal of the thinking block before the part that it came on; where none is open, of one without text. The one
/// that a stream sends behind its last text has nothing to stand before and is let go: a thinking block at the end of an answer makes
/// `claude -p` print nothing, and Google demands signatures back on function calls only.
class GeminiAnswer {
 public:
  GeminiAnswer(OpenAiChatAnswerOptions options, llm::EventSink& out) : options_(std::move(options)), out_(out) {}

  /// A chunk of a stream, a whole answer, or an array of chunks. Its views need to last for the call only.
  void take(json::Value root);
  /// `[DONE]`, which some servers send: an answer with calls, which are whole, then needs no finish reason.
  void said_done();
  /// Nothing more comes. An answer without a finish reason may be cut anywhere: StreamGuard tells.
  void bytes_ended();
  /// The answer was whole.
  void done();
  /// An error, as a body in any of the shapes that providers use.
  void fail(std::string_view body);
  void fail(int status, std::string type, std::string message);

  /// End or Failed went out.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool finish_known() const { return finish_.has_value(); }

 private:
  void chunk(json::Value root);
  void candidate(json::Value candidate);
  void part(json::Value part);
  void text(std::string_view written, std::string_view signature);
  void thought(std::string_view written, std::string_view signature);
  void call(json::Value function, std::string_view signature);
  void search();
  void finish(json::Value reason, json::Value candidate);
  void count(json::Value root);
  void end(llm::StopReason reason);

  void open_prose(llm::BlockKind kind);
  void prose(llm::BlockKind kind, std::string_view written);
  void close_prose();
  void begin_other();
  void begin_signed(std::string payload);
  [[nodiscard]] std::string payload_of(SignedPart part, std::string_view signature) const;
  [[nodiscard]] bool is_open(llm::BlockKind kind) const { return prose_ && prose_->kind == kind; }
  void emit_sealed(std::string_view payload);
  void seal(std::uint32_t key, std::string_view payload);

  struct Prose {
    std::uint32_t key;
    llm::BlockKind kind;
  };
  OpenAiChatAnswerOptions options_;
  llm::EventSink& out_;
  GeminiGrounding grounding_;
  std::set<std::string, std::less<>> call_ids_;
  std::optional<Prose> prose_;  // the text or thinking block that is open
  std::string seal_;            // payload for the open thinking block
  std::string behind_;          // payload of a signature that came behind the open text
  std::string id_;
  std::optional<llm::StopReason> finish_;
  std::uint32_t next_key_ = 0;
  bool begun_ = false, ended_ = false;
  bool answered_ = false;  // a candidate was there, or the word that there is none
  bool called_ = false, searched_ = false;
};

}  // namespace penstock::dialect
