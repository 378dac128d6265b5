// An answer in the gateway's vocabulary, written for a client of Chat Completions: as its stream of chunks, or as one completion
// (wire-reference 3.2, 3.8).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialect/anthropic_answer_writer.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// The `format` of the reasoning_details that we write. A client that returns its messages as it got them returns the seals of its thinking
/// blocks with them, and they are restored (openai_chat_history_reader.h); what has another format is somebody else's.
inline constexpr std::string_view kReasoningFormat = "penstock-v1";

/// Keeps a silent stream alive; every client passes over comments.
inline constexpr std::string_view kOpenAiPing = ": ping\n\n";

/// The word of the API for a stop reason.
[[nodiscard]] std::string_view openai_finish_reason(llm::StopReason reason);

/// The thinking blocks of one answer that carry a seal, as reasoning_details. Each is complete with its text, and all are given out at
/// once: some clients keep only the last list that they see, others put lists together.
class SealedReasoning {
 public:
  void open(llm::BlockKind kind);
  void add_text(std::string_view written) { text_ += written; }
  void seal(std::string_view written) { seal_ = written; }
  void close();
  /// The elements of the list, without brackets; empty: no block had a seal.
  [[nodiscard]] const std::string& entries() const { return entries_; }

 private:
  llm::BlockKind kind_ = llm::BlockKind::text;
  std::string text_, seal_, entries_;
  unsigned count_ = 0;
};

/// Takes a legal sequence (stream_guard.h) and appends Server-Sent Events to `out`. Server tools and citations have no place in a chunk and
/// are left out.
class OpenAiChatStreamWriter : public llm::EventSink {
 public:
  OpenAiChatStreamWriter(AnswerFrame frame, std::string& out) : frame_(std::move(frame)), out_(out) {}
  void take(const llm::Event& event) override;

 private:
  void on(const llm::Begin& begin);
  void on(const llm::Open& open);
  void on(const llm::Delta& delta);
  void on(const llm::Seal& seal) { reasoning_.seal(seal.signature.written); }
  void on(const llm::Cite&) {}
  void on(const llm::Close&) { reasoning_.close(); }
  void on(const llm::Count& count) { usage_ = count.usage; }
  void on(const llm::End& end);
  void on(const llm::Failed& failed);

  AnswerFrame frame_;
  std::string& out_;
  std::string head_;  // what every chunk begins with, up to its choices
  SealedReasoning reasoning_;
  llm::BlockKind kind_ = llm::BlockKind::text;
  std::uint32_t calls_ = 0;
  llm::Usage usage_;
};

/// Takes the same sequence and makes one completion of it. After End, body() is the completion; after Failed, failure() is set.
class OpenAiChatWholeWriter : public llm::EventSink {
 public:
  explicit OpenAiChatWholeWriter(AnswerFrame frame) : frame_(std::move(frame)) {}
  void take(const llm::Event& event) override;
  [[nodiscard]] std::string body() const;
  [[nodiscard]] const std::optional<llm::Failed>& failure() const { return failure_; }

 private:
  void on(const llm::Begin& begin);
  void on(const llm::Open& open);
  void on(const llm::Delta& delta);
  void on(const llm::Seal& seal) { reasoning_.seal(seal.signature.written); }
  void on(const llm::Cite&) {}
  void on(const llm::Close&);
  void on(const llm::Count& count) { usage_ = count.usage; }
  void on(const llm::End& end) { reason_ = end.reason; }
  void on(const llm::Failed& failed) { failure_ = failed; }

  AnswerFrame frame_;
  std::string id_, model_, text_, thoughts_, calls_;
  SealedReasoning reasoning_;
  llm::BlockKind kind_ = llm::BlockKind::text;
  llm::StopReason reason_ = llm::StopReason::end_turn;
  llm::Usage usage_;
  std::optional<llm::Failed> failure_;
};

}  // namespace penstock::dialect
