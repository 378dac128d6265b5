// Schemas that were cleaned before. A client sends the same tools with each request of a session, and cleaning them is the dearest part of
// writing a request.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "dialect/schema_cleaner.h"

namespace penstock::dialect {

/// What clean_schema made of a text: the same in, the same out. One for each worker, on its thread. Bounded: where it would hold too much,
/// it begins anew.
class SchemaCache {
 public:
  static constexpr std::size_t kMostBytes = 4U << 20;  // of texts, as written and as cleaned
  static constexpr std::size_t kMostEntries = 4096;
  static constexpr std::size_t kMostAlike = 16;       // of one hash
  static constexpr std::size_t kLongest = 64U << 10;  // of one schema, both texts together; a longer one is cleaned each time

  /// clean_schema(written, dialect, budget), from memory where it is known. What cleaning takes is taken off the budget in either case.
  [[nodiscard]] CleanSchema clean(std::string_view written, SchemaDialect dialect, SchemaBudget& budget);

  [[nodiscard]] std::size_t entries() const { return entries_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    CleanSchema schema;
    std::size_t bytes = 0, work = 0;  // of the budget
  };
  /// Of both ends: most schemas of one length differ there, and the whole texts are compared in any case.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const;
  };
  using Entries = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;
  void keep(Entries& known, std::string_view written, Entry entry);

  std::array<Entries, kSchemaDialects.size()> known_;  // of each dialect, by what was written
  std::size_t entries_ = 0, bytes_ = 0;
};

/// The same; `cache` may be null.
[[nodiscard]] inline CleanSchema clean_schema(std::string_view written, SchemaDialect dialect, SchemaBudget& budget, SchemaCache* cache) {
  return cache == nullptr ? clean_schema(written, dialect, budget) : cache->clean(written, dialect, budget);
}

}  // namespace penstock::dialect
