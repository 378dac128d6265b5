// An answer in the gateway's vocabulary, written for an Anthropic client: as its event stream, or as one message (wire-reference 1.8, 1.9).
#pragma once

#include <string>
#include <vector>

#include "dialect/anthropic_errors.h"
#include "dialect/signature.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// What an answer says that the events do not.
struct AnswerFrame {
  std::string id;                     // msg_…, when the provider gave none
  std::string model;                  // the name that the answer carries; empty: the provider's
  std::uint64_t estimated_input = 0;  // tokens, for message_start: Claude Code's context meter reads it before the true count is known
  std::string request_id;             // for errors
  std::uint64_t created = 0;          // Unix seconds; OpenAI's answers carry it
  bool stream_usage = true;           // an OpenAI client asked for the chunk with the usage (llm::Request::stream_usage)
};

/// Takes a legal sequence (stream_guard.h) and appends Server-Sent Events to `out`.
class AnthropicStreamWriter : public llm::EventSink {
 public:
  AnthropicStreamWriter(AnswerFrame frame, std::string& out) : frame_(std::move(frame)), out_(out) {}
  void take(const llm::Event& event) override;

 private:
  void on(const llm::Begin& begin);
  void on(const llm::Open& open);
  void on(const llm::Delta& delta);
  void on(const llm::Seal& seal);
  void on(const llm::Cite& cite);
  void on(const llm::Close& close);
  void on(const llm::Count& count) { usage_ = count.usage; }
  void on(const llm::End& end);
  void on(const llm::Failed& failed);

  AnswerFrame frame_;
  std::string& out_;
  llm::BlockKind kind_ = llm::BlockKind::text;
  llm::Usage usage_;
};

/// Takes the same sequence and makes one message of it. After End, body() is the message; after Failed, failure() is set.
class AnthropicWholeWriter : public llm::EventSink {
 public:
  explicit AnthropicWholeWriter(AnswerFrame frame) : frame_(std::move(frame)) {}
  void take(const llm::Event& event) override;
  [[nodiscard]] std::string body() const;
  [[nodiscard]] const std::optional<llm::Failed>& failure() const { return failure_; }

 private:
  void on(const llm::Begin& begin);
  void on(const llm::Open& open);
  void on(const llm::Delta& delta) { text_ += delta.text.written; }
  void on(const llm::Seal& seal) { seal_ = seal.signature.written; }
  void on(const llm::Cite& cite);
  void on(const llm::Close& close);
  void on(const llm::Count& count) { usage_ = count.usage; }
  void on(const llm::End& end);
  void on(const llm::Failed& failed) { failure_ = failed; }

  AnswerFrame frame_;
  std::string id_, model_, content_;
  llm::BlockKind kind_ = llm::BlockKind::text;
  std::string call_id_, call_name_, raw_, text_, seal_, cites_;
  llm::StopReason reason_ = llm::StopReason::end_turn;
  std::string stop_sequence_;
  llm::Usage usage_;
  std::optional<llm::Failed> failure_;
};

/// The word of the API for a stop reason; "" for none.
[[nodiscard]] std::string_view anthropic_stop_reason(llm::StopReason reason);
/// A failure of the provider's in a stream or a whole answer, in the client's terms.
[[nodiscard]] ClientError client_error_of(const llm::Failed& failed);

}  // namespace penstock::dialect
