#include "dialect/gemini_grounding.h"

#include <optional>

#include "dialect/digest.h"

namespace penstock::dialect {

namespace {

using json::Value;

constexpr std::size_t kIdDigits = 24;
/// Words of citations, in all: each may name every page, and is told with each.
constexpr std::size_t kMostCited = 1U << 20;

std::string text_of(Value object, std::string_view name) {
  const auto value = object.find(name);
  return value ? value->text() : std::string();
}

template <typename Use>
void each_of(Value object, std::string_view name, Use&& use) {
  if (const auto list = object.find(name))
    for (const auto element : list->elements()) use(element);
}

}  // namespace

void GeminiGrounding::take(Value metadata) {
  std::string queries;
  each_of(metadata, "webSearchQueries", [&](Value query) { queries += (queries.empty() ? "" : "; ") + query.text(); });
  if (!queries.empty()) queries_ = std::move(queries);
  const auto chunks = metadata.find("groundingChunks");
  if (!chunks || chunks->is_empty()) return;
  hits_.clear();
  citations_.clear();
  std::size_t cited = 0;
  for (const auto chunk : chunks->elements()) {
    // A chunk that is no web page keeps its place: supports name chunks by number.
    const auto web = chunk.find("web");
    hits_.push_back(web ? SearchHit{.title = text_of(*web, "title"), .url = text_of(*web, "uri")} : SearchHit{});
  }
  each_of(metadata, "groundingSupports", [&](Value support) {
    const auto segment = support.find("segment");
    const auto words = segment ? text_of(*segment, "text") : std::string();
    each_of(support, "groundingChunkIndices", [&](Value index) {
      const auto at = static_cast<std::size_t>(index.integer().value_or(-1));
      if (at >= hits_.size() || (cited += words.size() + 1) > kMostCited) return;
      citations_.push_back({at, words});
      hits_[at].text += (hits_[at].text.empty() ? "" : "\n") + words;
    });
  });
}

void GeminiGrounding::emit(llm::EventSink& out, std::uint32_t key, std::string_view seed, std::string_view wanted) const {
  std::vector<SearchHit> pages;
  for (const auto& hit : hits_)
    if (!hit.url.empty()) pages.push_back(hit);
  const auto id = "srvtoolu_" + sha256_hex(std::string(seed) + queries_).substr(0, kIdDigits);
  emit_search(out, key, id, queries_.empty() ? wanted : queries_, pages);
}

void GeminiGrounding::cite(llm::EventSink& out, std::uint32_t key) const {
  for (const auto& [at, words] : citations_) {
    const auto& hit = hits_[at];
    if (hit.url.empty()) continue;
    const auto citation = search_citation(hit.url, hit.title, words);
    out.take(llm::Cite{key, {citation}});
  }
}

}  // namespace penstock::dialect
