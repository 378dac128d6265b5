// What the tests of quirks share: a body, some named quirks, and what a provider `zai` would get.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

#include "dialect/adapt.h"
#include "json/padded.h"

namespace penstock::dialect {

using Named = std::map<std::string, std::string>;

inline const SignatureCodec& test_codec() {
  static const SignatureCodec codec(SignatureCodec::Key{3});
  return codec;
}

/// A quoted signature as the client got it from `provider`.
inline std::string tag_of(std::string_view provider, std::string_view original) { return '"' + test_codec().tag(provider, original) + '"'; }

/// `body` after the quirks; it must be JSON again.
inline std::string adapted(const Quirks& quirks, std::string_view body, std::string_view model = "", std::uint64_t max_output = 0) {
  const json::Padded text(body);
  json::Document document;
  EXPECT_TRUE(document.index(text.text())) << body;
  json::Patch patch(document);
  apply(quirks, document, {.provider = "zai", .model = model, .max_output = max_output, .codec = &test_codec(), .facts = nullptr}, patch);
  auto result = patch.text();
  const json::Padded again(result);
  EXPECT_TRUE(document.index(again.text())) << result;
  return result;
}

/// Quirks over a base that changes nothing else.
inline std::string adapted(const Named& named, std::string_view body) {
  const auto quirks = parse_quirks(named, transparent());
  EXPECT_TRUE(quirks) << quirks.error().message;
  return quirks ? adapted(*quirks, body) : "";
}

/// The same for a third party.
inline std::string adapted_for_others(const Named& named, std::string_view body) {
  auto base = transparent();
  base.third_party = true;
  const auto quirks = parse_quirks(named, base);
  EXPECT_TRUE(quirks) << quirks.error().message;
  return quirks ? adapted(*quirks, body) : "";
}

/// One line of a table of cases.
struct Case {
  Named quirks;
  std::string before, after;
};

/// A body whose only message holds these blocks, as the assistant's or the user's.
inline std::string assistant(std::string_view blocks) {
  return R"({"messages":[{"role":"assistant","content":[)" + std::string(blocks) + "]}]}";
}
inline std::string user(std::string_view blocks) { return R"({"messages":[{"role":"user","content":[)" + std::string(blocks) + "]}]}"; }

}  // namespace penstock::dialect
