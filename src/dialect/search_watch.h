// The gateway's own search, on the way of an answer: the model calls the function, the client sees Anthropic's server tool.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/fresh_ids.h"
#include "dialect/search_turns.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// Stands between StreamGuard (a new one for each answer of the provider's) and the client's writer. Several answers of the provider
/// become one of the client's: one Begin, rising keys, the sum of the counts, one End. Calls of the search are held back; when the
/// provider's answer is over they are carried out one by one:
///
///   while (auto query = watch.next_query()) watch.answer(<outcome of a search for *query>);
///   if (watch.goes_on()) { watch.next_turn(request); <ask the provider again> } else watch.end();
///
/// An answer that calls the client's tools too: these calls pass as they come, the searches are carried out behind them, and the answer
/// ends with tool_use; the client's next request brings both back. A call in an answer that was cut, or failed, is not carried out.
/// For one answer to a client, on one thread.
class SearchWatch : public llm::EventSink {
 public:
  /// Answers of the provider's for one of the client's; in the last, further searches are left out.
  static constexpr unsigned kMostTurns = 16;
  /// Turns in which no search could be carried out; then the same.
  static constexpr unsigned kMostBarren = 2;
  static constexpr std::size_t kLongestQuery = 1000;  // bytes
  /// What the model says is kept, to be said again to it; beyond this many bytes the answer fails.
  static constexpr std::size_t kMostKept = 64U << 20;

  SearchWatch(llm::EventSink& out, SearchTool tool) : out_(out), tool_(std::move(tool)) {}

  void take(const llm::Event& event) override;

  /// The provider's answer ended, and the model waits for searches.
  [[nodiscard]] bool wants_search() const { return waiting_; }
  /// The next query for a search engine (engine_query); the client has been told of it. Calls that cannot be carried out are answered
  /// here. Nothing when all are answered. The view lasts until the next call of anything here.
  std::optional<std::string_view> next_query();
  /// What came of it.
  void answer(const SearchOutcome& outcome);

  /// All searches are answered, and the model is to be asked again.
  [[nodiscard]] bool goes_on() const { return waiting_ && !called_client_; }
  /// Adds the turn to the request, and is ready for the provider's next answer.
  void next_turn(llm::Request& request);
  /// Ends an answer that does not go on.
  void end();

  [[nodiscard]] const SearchTool& tool() const { return tool_; }
  /// Of all answers so far.
  [[nodiscard]] const llm::Usage& usage() const { return sum_; }
  /// Searches that were carried out.
  [[nodiscard]] std::uint64_t searches() const { return searches_; }

 private:
  struct Search {
    std::string call_id, block_id;
    std::string query;  // decoded
  };
  void on(const llm::Begin& begin);
  void on(const llm::Open& open);
  void on(const llm::Delta& delta);
  void on(const llm::Seal& seal);
  void on(const llm::Cite& cite);
  void on(const llm::Close& close);
  void on(const llm::Count& count);
  void on(const llm::End& end);
  void on(const llm::Failed& failed);
  [[nodiscard]] std::optional<SearchOutcome> refusal(const Search& search) const;
  void add_search(SaidBlock& call);
  void give(const SearchOutcome& outcome);
  void tell(std::string_view advice);

  llm::EventSink& out_;
  SearchTool tool_;
  std::vector<SaidBlock> said_;
  std::vector<Search> calls_;
  std::vector<SearchResultText> results_;  // of calls_, in order
  FreshIds ids_;
  std::string query_;  // what next_query() gave
  llm::Usage sum_;
  std::uint32_t next_key_ = 0;
  std::uint64_t searches_ = 0;
  std::uint64_t searches_before_ = 0;  // before this turn
  unsigned turns_ = 1, barren_ = 0;
  bool begun_ = false;
  bool held_ = false;           // the open block is a call of the search
  bool called_client_ = false;  // this answer calls a tool of the client's
  bool waiting_ = false;
  bool advised_ = false;
  bool failed_ = false;
  std::size_t kept_ = 0;  // bytes of what was said
};

}  // namespace penstock::dialect
