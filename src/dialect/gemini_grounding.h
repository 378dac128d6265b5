// What Google's search found for an answer, in the words in which Claude Code knows web search (web_search.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/web_search.h"
#include "json/scan.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// The `groundingMetadata` of one answer. In a stream it comes near the end, sometimes in several chunks: the last that names pages counts.
/// What a page says is not told, only which of the answer's sentences it bears out: these stand for the page's text.
class GeminiGrounding {
 public:
  void take(json::Value metadata);
  /// No search was made.
  [[nodiscard]] bool empty() const { return queries_.empty() && hits_.empty(); }
  [[nodiscard]] bool has_pages() const { return !hits_.empty(); }
  /// Emits the search as two blocks with the keys `key` and `key + 1`. `seed` (the answer's id) makes the search's own. `wanted`: what was
  /// searched for, where the provider does not say it.
  void emit(llm::EventSink& out, std::uint32_t key, std::string_view seed, std::string_view wanted) const;
  /// Emits the citations of the text block `key`, which is still open.
  void cite(llm::EventSink& out, std::uint32_t key) const;

 private:
  struct Citation {
    std::size_t hit;
    std::string text;
  };
  std::string queries_;
  std::vector<SearchHit> hits_;
  std::vector<Citation> citations_;
};

}  // namespace penstock::dialect
