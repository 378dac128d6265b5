// One request and its answer between a client's dialect and a provider's, which may be the same: the only place that knows which readers
// and writers there are.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/anthropic_answer_writer.h"
#include "dialect/anthropic_errors.h"
#include "dialect/chat_quirks.h"
#include "dialect/quirks.h"
#include "dialect/signature.h"
#include "json/scan.h"
#include "llm/facts.h"
#include "llm/stream.h"
#include "wire/sse.h"

namespace penstock::dialect {

/// The APIs that are spoken.
enum class Api : std::uint8_t { anthropic, openai_chat };
/// By the word of the configuration (anthropic, openai-chat); nothing for one that is not served.
[[nodiscard]] std::optional<Api> parse_api(std::string_view word);

/// The facts of a client's body; see anthropic_request.h and openai_chat_facts.h.
Result<llm::Facts> inspect_as(Api client, const json::Document& body);

/// What a translation needs to know of the provider. Views and pointers outlive it.
struct TranslationContext {
  Api client = Api::anthropic, provider = Api::anthropic;
  std::string_view provider_name, model;
  std::uint64_t max_output = 0;           // tokens; 0: unknown
  const SignatureCodec* codec = nullptr;  // for reasoning that goes round
  bool transparent = false;               // Anthropic itself: its signatures stay as they are
  const Quirks* quirks = nullptr;         // of a provider with the Anthropic dialect
  const ChatQuirks* chat = nullptr;       // of one with Chat Completions
};

/// For one request, on one thread.
class Translation {
 public:
  explicit Translation(const TranslationContext& context);
  ~Translation();
  Translation(const Translation&) = delete;
  Translation& operator=(const Translation&) = delete;

  /// The provider's body for the client's. Fails with the client's fault.
  Result<std::string> request(const json::Document& body);
  /// Fields of the client's that the provider's dialect has no place for.
  [[nodiscard]] const std::vector<std::string>& dropped() const { return dropped_; }

  /// To be called when the provider begins to answer. `stream`: the client wants events.
  void begin_answer(AnswerFrame frame, bool stream, ErrorContext errors);
  /// The provider's events, and the end of its bytes.
  void take(const wire::Event& event);
  void finish();
  /// The provider's answer in one piece.
  void take_whole(const json::Document& body);

  /// What there is for the client since the last call: events of a stream. The view lasts until the next call of anything here.
  [[nodiscard]] std::string_view events();
  /// The answer in one piece, once it is done.
  [[nodiscard]] std::string whole() const;
  [[nodiscard]] bool done() const;
  /// The provider has said why it ends, and only its usage may be to come: one that stays silent now is not waited for long.
  [[nodiscard]] bool ending() const;
  /// The answer failed; in a stream the client has been told already.
  [[nodiscard]] const std::optional<llm::Failed>& failure() const;
  [[nodiscard]] llm::Usage usage() const;
  [[nodiscard]] std::string_view stop_reason() const;

 private:
  struct Answer;
  /// Both speak the same: all bytes pass, but for the model's name in the request.
  [[nodiscard]] bool passes() const;
  TranslationContext context_;
  std::vector<std::string> dropped_;
  struct Names;
  std::unique_ptr<Names> names_;
  bool stream_usage_ = true;
  std::unique_ptr<Answer> answer_;
};

}  // namespace penstock::dialect
