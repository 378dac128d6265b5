// What a session of Claude Code has used, read from its transcript: one JSON object a line, in ~/.claude/projects.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json/scan.h"
#include "llm/usage.h"

namespace penstock::launch {

/// Tokens of one model.
struct Spent {
  std::string model;  // as the answer named it
  llm::Usage usage;
  std::uint64_t cache_write_hour = 0;  // the part of usage.cache_write that is kept for an hour, which costs more
};

/// Adds up the answers of a session. Read every file of it, in any order.
class Transcript {
 public:
  /// Counts the answers in `text`, which json::kPadding readable bytes must follow. Claude Code writes a line for each block of an answer,
  /// all with the same usage or a growing one: an answer counts once, as its last line has it. Lines that are no JSON are passed over (the
  /// last one may be half written).
  void read(std::string_view text);
  /// The same for a file, piece by piece; one that cannot be read counts as empty.
  void read_file(const std::string& path);
  /// By model, in the order in which they came up. Answers without tokens are left out.
  [[nodiscard]] std::vector<Spent> spent() const;

 private:
  void read_line(std::string_view line);
  void read_descriptor(int file);

  std::vector<Spent> answers_;
  std::unordered_map<std::string, std::size_t> by_id_;  // message and request id -> index in answers_
  json::Document document_;
  std::vector<char> buffer_;  // of read_file
};

/// The files of a session: its own transcript, and those of its subagents beside it (`SESSION/subagents/agent-*.jsonl`, since 2.1.2).
std::vector<std::string> transcript_files(const std::string& transcript);

}  // namespace penstock::launch
