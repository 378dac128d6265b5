// Events for tests: written down, a line each, and checked for being in an order that a client takes.
#pragma once

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "dialect/arguments.h"
#include "llm/stream.h"

namespace penstock::dialect {

inline std::string_view word_of(llm::BlockKind kind) {
  constexpr std::array<std::string_view, 5> kWords{"text", "thinking", "sealed_thinking", "tool_call", "other"};
  return kWords[static_cast<std::size_t>(kind)];
}

inline std::string_view word_of(llm::StopReason reason) {
  constexpr std::array<std::string_view, 8> kWords{"none",     "end_turn", "max_tokens", "stop_sequence",
                                                   "tool_use", "refusal",  "pause_turn", "context_window"};
  return kWords[static_cast<std::size_t>(reason)];
}

/// Writes events down. Deltas of one block that follow each other become one line, so that the cut of a text does not show.
class EventRecorder : public llm::EventSink {
 public:
  void take(const llm::Event& event) override {
    std::visit([this](const auto& one) { on(one); }, event);
  }
  [[nodiscard]] std::string text() const { return text_ + pending(); }

 private:
  void line(const std::string& line) {
    text_ += pending();
    delta_.clear();
    text_ += line + "\n";
  }
  [[nodiscard]] std::string pending() const { return delta_.empty() ? "" : "delta " + std::to_string(key_) + " " + delta_ + "\n"; }
  static std::string join(std::string_view a, std::string_view b) { return std::string(a) + (b.empty() ? "" : " " + std::string(b)); }

  void on(const llm::Begin& one) { line(join(join("begin", one.id.written), one.model.written)); }
  void on(const llm::Open& one) {
    line(join(join(join("open " + std::to_string(one.key) + " " + std::string(word_of(one.kind)), one.id.written), one.name.written),
              one.raw.raw));
  }
  void on(const llm::Delta& one) {
    if (!delta_.empty() && key_ != one.key) line("");
    key_ = one.key;
    delta_ += one.text.written;
  }
  void on(const llm::Seal& one) { line(join("seal " + std::to_string(one.key), one.signature.written)); }
  void on(const llm::Cite& one) { line("cite " + std::to_string(one.key) + " " + std::string(one.citation.raw)); }
  void on(const llm::Close& one) { line("close " + std::to_string(one.key)); }
  void on(const llm::Count& one) {
    const auto& usage = one.usage;
    line("count input " + std::to_string(usage.input) + " output " + std::to_string(usage.output) + " read " +
         std::to_string(usage.cache_read) + " write " + std::to_string(usage.cache_write) + " thinking " + std::to_string(usage.thinking));
  }
  void on(const llm::End& one) { line(join("end " + std::string(word_of(one.reason)), one.stop_sequence.written)); }
  void on(const llm::Failed& one) { line("failed " + std::to_string(one.status) + " " + join(one.type, one.message)); }

  std::string text_, delta_;
  std::uint32_t key_ = 0;
};

/// Says what is wrong with a sequence, from the promise in stream_guard.h alone; "" as long as nothing is.
class LegalityChecker : public llm::EventSink {
 public:
  void take(const llm::Event& event) override {
    if (!objection_.empty()) return;
    if (over_) return object("an event behind the end");
    if (!begun_ && !std::holds_alternative<llm::Begin>(event) && !std::holds_alternative<llm::Failed>(event)) return object("no Begin");
    if (counted_ && !std::holds_alternative<llm::End>(event) && !std::holds_alternative<llm::Failed>(event)) return object("behind Count");
    std::visit([this](const auto& one) { on(one); }, event);
  }
  [[nodiscard]] const std::string& objection() const { return objection_; }
  [[nodiscard]] bool over() const { return over_; }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  void object(std::string what) { objection_ = std::move(what); }
  bool is_open(std::uint32_t key) {
    if (open_ && key + 1 == next_) return true;
    object("a piece of a block that is not open: " + std::to_string(key));
    return false;
  }

  void on(const llm::Begin&) {
    if (begun_) object("two of Begin");
    begun_ = true;
  }
  void on(const llm::Open& one) {
    if (open_) return object("a block is open");
    if (one.key != next_++) return object("keys do not rise by one");
    open_ = true;
    kind_ = one.kind;
    said_ = sealed_ = false;
    arguments_.clear();
    if (kind_ != llm::BlockKind::tool_call) return;
    ++calls_;
    if (one.id.empty() || !ids_.insert(std::string(one.id.written)).second) object("an id that is missing or used twice");
  }
  void on(const llm::Delta& one) {
    if (!is_open(one.key)) return;
    if (one.text.empty()) return object("an empty Delta");
    if (sealed_) return object("a Delta behind the Seal");
    if (kind_ == llm::BlockKind::sealed_thinking) return object("sealed thinking has no text");
    said_ = true;
    arguments_ += one.text.written;
  }
  void on(const llm::Seal& one) {
    if (!is_open(one.key)) return;
    if (kind_ != llm::BlockKind::thinking && kind_ != llm::BlockKind::sealed_thinking) return object("a Seal on no thinking");
    if (sealed_) return object("two Seals");
    sealed_ = said_ = true;
  }
  void on(const llm::Cite& one) {
    if (!is_open(one.key)) return;
    if (kind_ != llm::BlockKind::text) return object("a Cite on no text");
    said_ = true;
  }
  void on(const llm::Close& one) {
    if (!is_open(one.key)) return;
    open_ = false;
    const bool prose = kind_ == llm::BlockKind::text || kind_ == llm::BlockKind::thinking;
    if (prose && !said_) return object("a block without words");
    if (kind_ == llm::BlockKind::tool_call && !is_json_object(unescape(arguments_))) broken_ = arguments_;
  }
  void on(const llm::Count&) {
    if (open_) return object("Count while a block is open");
    counted_ = true;
  }
  void on(const llm::End& one) {
    using llm::StopReason;
    over_ = true;
    if (open_) return object("a block is open at the end");
    if (!counted_) return object("no Count before the end");
    if (one.reason == StopReason::none) return object("no reason");
    if (one.reason == StopReason::tool_use && calls_ == 0) return object("tool_use without a call");
    if (one.reason == StopReason::end_turn && calls_ > 0) return object("end_turn with a call");
    const bool cut = one.reason == StopReason::max_tokens || one.reason == StopReason::context_window;
    if (!broken_.empty() && !cut) object("arguments that are no object: " + broken_);
  }
  void on(const llm::Failed&) { over_ = failed_ = true; }

  std::string objection_, arguments_, broken_;
  std::set<std::string> ids_;
  llm::BlockKind kind_ = llm::BlockKind::text;
  std::uint32_t next_ = 0;
  unsigned calls_ = 0;
  bool begun_ = false, open_ = false, said_ = false, sealed_ = false, counted_ = false, over_ = false, failed_ = false;
};

/// Hands each event to two sinks.
class TwoSinks : public llm::EventSink {
 public:
  TwoSinks(llm::EventSink& first, llm::EventSink& second) : first_(first), second_(second) {}
  void take(const llm::Event& event) override {
    first_.take(event);
    second_.take(event);
  }

 private:
  llm::EventSink& first_;
  llm::EventSink& second_;
};

}  // namespace penstock::dialect
