// Between a provider's events and a client: lets only a legal sequence out, whatever comes in.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "json/padded.h"
#include "json/scan.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// Follows a tool call's arguments as they come in, escaped pieces of any length, and says when the JSON value is complete.
class ArgumentScan {
 public:
  void feed(std::string_view written);
  /// An object or array was opened and closed again.
  [[nodiscard]] bool complete() const { return depth_ == 0 && begun_; }
  [[nodiscard]] bool begun() const { return begun_; }

 private:
  void escape(char c);  // behind a backslash of the string that holds the arguments
  void digit(char c);   // of a \u escape
  void take(char c);    // one character of the arguments' own text
  unsigned depth_ = 0;
  unsigned digits_ = 0, point_ = 0;  // hexadecimal digits of a \u escape that are still to come, and those that came
  bool begun_ = false;
  bool outer_escape_ = false;  // behind a backslash of the string that holds the arguments
  bool in_string_ = false, inner_escape_ = false;
};

/// What comes out: Begin, then blocks with keys 0, 1, 2, … of which one is open at a time (Open, its Deltas, Cites and a Seal, Close),
/// Count, and one End; or Failed at any point, after which nothing comes. Blocks that interleave are put one behind the other: the first
/// streams, later ones wait until it is done. A text without a word is left out, as is a thinking block without words and seal. A tool call
/// without an id gets one, empty arguments become {}; brackets that close once too often are left out, arguments that are cut get what
/// closes them, and those that cannot be mended end the answer with Failed, unless the answer was cut at max_tokens, where they mean
/// nothing anyway. A stop reason that contradicts the blocks is set right. For one answer, on one thread.
class StreamGuard : public llm::EventSink {
 public:
  /// What is kept of an answer, in bytes: blocks that wait because of an interleaved one, the arguments of open calls, and the ids of all.
  /// Beyond it the answer fails.
  static constexpr std::size_t kMostKept = 64U << 20;
  /// Blocks that may be open at a time; beyond it the answer fails.
  static constexpr std::size_t kMostOpen = 2048;

  /// `id_seed` begins the ids of calls that have none: unique for the answer.
  StreamGuard(llm::EventSink& out, std::string id_seed) : out_(out), id_seed_(std::move(id_seed)) {}

  void take(const llm::Event& event) override;
  /// The provider's bytes have ended. Without an End or Failed before, the answer fails.
  void finish();
  /// End or Failed went out.
  [[nodiscard]] bool done() const { return done_; }
  /// The Failed was not the provider's: it is the guard that found the answer at fault.
  [[nodiscard]] bool found_fault() const { return found_fault_; }
  /// A content block went out: the client has seen something of the answer.
  [[nodiscard]] bool content_begun() const { return next_index_ > 0; }
  [[nodiscard]] const llm::Usage& usage() const { return usage_; }
  [[nodiscard]] llm::StopReason stop_reason() const { return reason_; }

 private:
  struct Block {
    std::uint32_t key = 0;
    llm::BlockKind kind = llm::BlockKind::text;
    std::string id, name, raw, waiting, seal, arguments;
    std::vector<std::string> cites;
    ArgumentScan scan;
    bool opened = false;   // to the client
    bool closed = false;   // the provider said so
    std::size_t kept = 0;  // bytes of it that count
  };

  void on(const llm::Begin& begin);
  void on(const llm::Open& open);
  void on(const llm::Delta& delta);
  void on(const llm::Seal& seal);
  void on(const llm::Cite& cite);
  void on(const llm::Close& close);
  void on(const llm::Count& count) { usage_ = count.usage; }
  void on(const llm::End& end);
  void on(const llm::Failed& failed);

  void begin();
  Block* find(std::uint32_t key);
  Block* find_or_add(std::uint32_t key, llm::BlockKind kind);
  static bool take_arguments(Block& block, llm::Text text);
  void add(llm::Open open);
  void advance();
  [[nodiscard]] bool may_give_way(const Block& block) const;
  void start(Block& block);
  void ensure_open(Block& block);
  void emit_waiting(Block& block);
  void emit_close(Block& block, bool cut);
  bool complete_arguments(Block& block);
  void keep(Block& block, std::size_t bytes);
  void pop();
  void fail(std::string message, int status = 500);
  void emit(const llm::Event& event) { out_.take(event); }

  llm::EventSink& out_;
  std::string id_seed_;
  std::deque<Block> blocks_;  // the first is open to the client, the others wait
  std::set<std::string> ids_;
  std::unordered_map<std::uint32_t, llm::BlockKind> seen_;  // the last closed block of each key, in case that more comes for one
  std::size_t kept_ = 0;
  std::uint32_t next_index_ = 0;
  unsigned made_ids_ = 0;
  bool begun_ = false, done_ = false, called_ = false, found_fault_ = false;
  llm::Usage usage_;
  llm::StopReason reason_ = llm::StopReason::none;
};

}  // namespace penstock::dialect
