#include "dialect/schema_cache.h"

#include <utility>

namespace penstock::dialect {

namespace {

/// Real schemas take some ten thousand steps. One that came near a limit (clean_schema() has one of its own, above this) may come out
/// otherwise with another budget.
constexpr std::size_t kMostWork = 1'000'000;

constexpr std::size_t kHashed = 128;  // bytes of each end

}  // namespace

std::size_t SchemaCache::Hash::operator()(std::string_view text) const {
  const std::hash<std::string_view> hash;
  if (text.size() <= 2 * kHashed) return hash(text);
  return text.size() + hash(text.substr(0, kHashed)) + 31 * hash(text.substr(text.size() - kHashed));
}

CleanSchema SchemaCache::clean(std::string_view written, SchemaDialect dialect, SchemaBudget& budget) {
  auto& known = known_[static_cast<std::size_t>(dialect)];
  const auto found = known.find(written);
  // Where the budget might run out on the way, the schema has to be cleaned to see what fits.
  if (found != known.end() && found->second.work < budget.work && found->second.schema.text.size() < budget.bytes) {
    budget.bytes -= found->second.bytes;
    budget.work -= found->second.work;
    return found->second.schema;
  }
  const auto before = budget;
  auto schema = clean_schema(written, dialect, budget);
  Entry entry{schema, before.bytes - budget.bytes, before.work - budget.work};
  if (found == known.end() && !budget.is_spent() && entry.work <= kMostWork) keep(known, written, std::move(entry));
  return schema;
}

void SchemaCache::keep(Entries& known, std::string_view written, Entry entry) {
  const auto size = written.size() + entry.schema.text.size();
  if (size > kLongest) return;
  // Texts made to meet in one place would make each look-up long.
  if (!known.empty() && known.bucket_size(known.bucket(std::string(written))) >= kMostAlike) return;
  if (entries_ == kMostEntries || bytes_ + size > kMostBytes) {
    for (auto& each : known_) each.clear();
    entries_ = bytes_ = 0;
  }
  known.emplace(written, std::move(entry));
  ++entries_;
  bytes_ += size;
}

}  // namespace penstock::dialect
