// An answer in the gateway's vocabulary, written for a client of Responses: as its stream of events, or as one response
// (wire-reference 3.8, 3.11).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/anthropic_answer_writer.h"
#include "dialect/responses_echo.h"
#include "dialect/responses_items.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// Keeps a silent stream alive; every client passes over comments.
inline constexpr std::string_view kResponsesPing = ": ping\n\n";

/// Takes a legal sequence (stream_guard.h) and appends Server-Sent Events to `out`. Successive texts are one message; a thinking block is a
/// reasoning item with its text as the summary and the whole block as encrypted content, whether the client asked for it or not, since
/// nothing is stored; a provider's web search is a web_search_call, and its citations are annotations. Other server tools have no place.
/// An item ends when the next one begins or the answer ends: only then is it known whether it was cut.
class OpenAiResponsesStreamWriter : public llm::EventSink {
 public:
  OpenAiResponsesStreamWriter(AnswerFrame frame, std::string& out, ResponsesEcho echo = {})
      : frame_(std::move(frame)), echo_(std::move(echo)), out_(out) {}
  void take(const llm::Event& event) override;
  /// The response object, as the last event had it.
  [[nodiscard]] const std::string& response() const { return response_; }

 private:
  enum class Kind : std::uint8_t { none, message, reasoning, call, search };
  /// What is open to the client. Texts are insides of JSON strings.
  struct Item {
    Kind kind = Kind::none;
    std::string id, text;
    bool part_open = false;         // of a reasoning item: its summary
    bool sealed = false;            // a reasoning item without words
    std::string seal;               // of a reasoning item
    std::string annotations;        // of a message: elements of the list
    std::uint64_t annotated = 0;    // how many they are
    std::uint64_t characters = 0;   // of the message so far
    std::uint64_t block_begin = 0;  // where its last text block begins, in characters
    ResponsesCall call;
    std::string query;  // of a search
    std::string_view search_status = "completed";
  };

  void on(const llm::Begin& begin);
  void on(const llm::Open& open);
  void on(const llm::Delta& delta);
  void on(const llm::Seal& seal) { item_.seal = seal.signature.written; }
  void on(const llm::Cite& cite) { cites_.emplace_back(cite.citation.raw); }
  void on(const llm::Close& close);
  void on(const llm::Count& count) { usage_ = count.usage; }
  void on(const llm::End& end);
  void on(const llm::Failed& failed);

  void open_message();
  void open_reasoning_item(bool sealed);
  void open_call(const llm::Open& open);
  void open_other(std::string_view block);
  void open_item(Kind kind, std::string_view prefix);
  void close_search_call();
  void close_item(std::string_view status);
  void end_message(std::string_view status);
  void end_reasoning();
  void end_call(std::string_view status);
  void annotate(std::string_view citation);

  void begin_event(std::string_view type);
  template <typename... Parts>
  void item_event(std::string_view type, const Parts&... parts);
  void item_added(std::string_view item);
  void item_done(std::string item);
  void response_event(std::string_view type);
  void make_response(std::string_view status, std::string_view incomplete, std::string_view error);

  AnswerFrame frame_;
  ResponsesEcho echo_;
  std::string& out_;
  std::string id_, model_;  // id_: without a prefix
  std::string output_;      // finished items, with commas between
  std::uint64_t items_ = 0, sequence_ = 0;
  Item item_;
  llm::BlockKind block_ = llm::BlockKind::text;
  bool search_input_ = false;  // what comes is the input of the search that is open
  std::vector<std::string> cites_;
  llm::Usage usage_;
  bool counted_ = false;
  std::string response_;
};

/// Takes the same sequence and makes one response of it. After End, body() is the response; after Failed, failure() is set.
class OpenAiResponsesWholeWriter : public llm::EventSink {
 public:
  explicit OpenAiResponsesWholeWriter(AnswerFrame frame, ResponsesEcho echo = {}) : stream_(std::move(frame), events_, std::move(echo)) {}
  OpenAiResponsesWholeWriter(const OpenAiResponsesWholeWriter&) = delete;
  OpenAiResponsesWholeWriter& operator=(const OpenAiResponsesWholeWriter&) = delete;
  void take(const llm::Event& event) override;
  [[nodiscard]] std::string body() const { return stream_.response(); }
  [[nodiscard]] const std::optional<llm::Failed>& failure() const { return failure_; }

 private:
  std::string events_;  // nobody reads them
  OpenAiResponsesStreamWriter stream_;
  std::optional<llm::Failed> failure_;
};

}  // namespace penstock::dialect
