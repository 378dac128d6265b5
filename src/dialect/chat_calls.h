// Which tool call a fragment of a Chat Completions stream belongs to. The index says so where a provider is correct; many are not
// (wire-reference 3.2, "Rules for the reader").
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "dialect/stream_guard.h"
#include "json/scan.h"
#include "llm/request.h"

namespace penstock::dialect {

/// One element of `tool_calls`, as it came.
struct CallFragment {
  std::optional<std::int64_t> index;
  llm::Text id, name;          // empty: not in this fragment
  std::string_view arguments;  // the inside of a JSON string
  std::string object;          // arguments that came as JSON and not as a string: the same for them
  llm::Json extra;             // extra_content
};
[[nodiscard]] CallFragment read_call_fragment(json::Value element);

/// The calls of one answer.
class ChatCalls {
 public:
  struct Call {
    std::optional<std::int64_t> index;
    std::string id, name;
    std::string waiting;  // arguments that came before the name
    std::uint32_t key = 0;
    bool opened = false;
    bool is_empty = false;  // `{}` came, which stands for no arguments, or for some that follow
    ArgumentScan scan;
    unsigned chunk = 0;     // that spoke of it last
    std::size_t place = 0;  // among all calls
  };

  /// The elements that follow are of another list.
  void next_chunk() { ++chunk_; }
  /// The call that a fragment continues, or a new one; the fragment's id and name are noted, its arguments are not. `whole`: each element
  /// is a call of its own. The reference stays.
  Call& call_of(const CallFragment& fragment, bool whole);
  /// What of a fragment's arguments belongs to the call: nothing once they are complete, since some say everything twice.
  static std::string_view new_arguments(Call& call, const CallFragment& fragment);

  [[nodiscard]] std::size_t size() const { return calls_.size(); }
  /// Arguments came for a call that never got a name.
  [[nodiscard]] bool has_nameless() const;

 private:
  Call* candidate(const CallFragment& fragment);
  [[nodiscard]] bool continues(const Call& call, const CallFragment& fragment) const;
  std::deque<Call> calls_;
  std::unordered_map<std::int64_t, std::size_t> by_index_;  // the newest call with it
  std::unordered_map<std::string, std::size_t> by_id_;
  unsigned chunk_ = 0;
};

}  // namespace penstock::dialect
