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
#include "dialect/api.h"
#include "dialect/chat_quirks.h"
#include "dialect/long_texts.h"
#include "dialect/quirks.h"
#include "dialect/schema_cache.h"
#include "dialect/search_turns.h"
#include "dialect/signature.h"
#include "json/scan.h"
#include "llm/facts.h"
#include "llm/stream.h"
#include "wire/sse.h"

namespace penstock::dialect {

/// The facts of a client's body; see anthropic_request.h, openai_chat_facts.h and openai_responses_facts.h.
Result<llm::Facts> inspect_as(Api client, const json::Document& body);

/// What a translation needs to know of the provider. Views and pointers outlive it.
struct TranslationContext {
  Api client = Api::anthropic, provider = Api::anthropic;
  std::string_view provider_name, model;
  std::uint64_t max_output = 0;           // tokens; 0: unknown
  const SignatureCodec* codec = nullptr;  // for reasoning that goes round
  bool transparent = false;               // Anthropic itself: its signatures stay as they are
  const Quirks* quirks = nullptr;         // of a provider with the Anthropic dialect
  const ChatQuirks* chat = nullptr;       // of one with any other
  SchemaCache* schemas = nullptr;         // the worker's; may be null
  bool repaired = false;                  // its quirks changed after a refusal: they count where bytes would pass as they are, too
  llm::ByteRange subagent_tag;            // of the body's facts: not for the provider
  bool marked = true;                     // of the same (tagged_blocks): it may hold what only we can read
  /// The provider searches the web by itself.
  [[nodiscard]] bool provider_searches() const {
    return provider == Api::anthropic ? quirks->server_tools != ServerTools::strip : chat->web_search != ChatQuirks::WebSearch::none;
  }
};

/// For one request, on one thread. Where the client wants Anthropic's web search of a provider that has none, the model is offered a
/// function in its place, and one answer of the client's is made of several of the provider's:
///
///   request(); begin_answer(); <relay>
///   while (wants_search()) { while (auto query = next_query()) answer_query(<outcome>); if (!goes_on()) break; request_again(); <relay> }
class Translation {
 public:
  explicit Translation(const TranslationContext& context);
  ~Translation();
  Translation(const Translation&) = delete;
  Translation& operator=(const Translation&) = delete;

  /// Both speak the same: all bytes pass, but for the model's name in the request, and reasoning there that only we can read.
  [[nodiscard]] bool passes() const { return context_.client == context_.provider && !search_ && !context_.repaired; }
  /// The provider's body for the client's, which stays while this may ask again. Fails with the client's fault. `apart`, of that body's
  /// text, may get long texts that are then missing in what is returned; null: everything is in it.
  Result<std::string> request(const json::Document& body, LongTexts* apart = nullptr);
  /// Fields of the client's that the provider's dialect has no place for.
  [[nodiscard]] const std::vector<std::string>& dropped() const { return dropped_; }
  /// The gateway searches for this request, so that the provider may be asked more than once.
  [[nodiscard]] bool searches() const { return search_.has_value(); }

  /// To be called when the provider begins to answer. `stream`: the client wants events. `frame` counts the first time only. `reshape`: the
  /// provider sends events where a whole answer was asked for, or the reverse, so that bytes cannot pass as they are.
  void begin_answer(AnswerFrame frame, bool stream, ErrorContext errors, bool reshape = false);
  /// Which answer of the provider's it is, from 1.
  [[nodiscard]] unsigned turn() const;
  /// The provider's events, and the end of its bytes.
  void take(const wire::Event& event);
  void finish();
  /// The provider's answer in one piece.
  void take_whole(const json::Document& body);

  /// What there is for the client since the last call: events of a stream. The view lasts until the next call of anything here.
  [[nodiscard]] std::string_view events();
  /// The answer in one piece, once it is done.
  [[nodiscard]] std::string whole() const;
  /// The provider's answer is over.
  [[nodiscard]] bool done() const;
  /// The provider has said why it ends, and only its usage may be to come: one that stays silent now is not waited for long.
  [[nodiscard]] bool ending() const;
  /// A content block went out.
  [[nodiscard]] bool content_begun() const;
  /// The answer failed; in a stream the client has been told already.
  [[nodiscard]] const std::optional<llm::Failed>& failure() const;
  /// The failure is not the provider's word, but what was found in its answer: where bytes pass, no client knows of it yet.
  [[nodiscard]] bool found_fault() const;
  [[nodiscard]] llm::Usage usage() const;
  [[nodiscard]] std::string_view stop_reason() const;

  /// The provider's answer is over, and its model waits for searches; see SearchWatch.
  [[nodiscard]] bool wants_search() const;
  [[nodiscard]] const SearchTool& search_tool() const { return *search_; }
  std::optional<std::string_view> next_query();
  void answer_query(const SearchOutcome& outcome);
  /// All searches are answered and the model is to be asked again; otherwise the answer has been ended.
  bool goes_on();
  [[nodiscard]] std::string request_again();

 private:
  struct Answer;
  struct Asked;
  Result<llm::Request> read(const json::Document& body);
  Result<std::string> write(LongTexts* apart);
  TranslationContext context_;
  std::vector<std::string> dropped_;
  std::unique_ptr<Asked> asked_;
  std::optional<SearchTool> search_;
  std::unique_ptr<Answer> answer_;
};

}  // namespace penstock::dialect
