#include "wire/bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::wire {
namespace {

/// Every byte at every place of a run that is long enough for blocks and a rest.
TEST(Bytes, TheEndOfATokenIsFoundByEveryByteAtEveryPlace) {
  constexpr std::size_t kLength = 37;
  for (int byte = 0; byte < 256; ++byte)
    for (std::size_t at = 0; at < kLength; ++at) {
      std::string text(kLength, 'x');
      text[at] = static_cast<char>(byte);
      const bool token = is_byte(static_cast<char>(byte), kTokenByte);
      const char* end = text.data() + text.size();
      EXPECT_EQ(find_token_end(text.data(), end), token ? end : text.data() + at) << byte << " at " << at;
    }
}

TEST(Bytes, UnusualBytesOfATokenDoNotEndIt) {
  const std::string text = "!#$%&'*+-.^_`|~09azAZ: value";
  EXPECT_EQ(find_token_end(text.data(), text.data() + text.size()), text.data() + text.find(':'));
}

}  // namespace
}  // namespace penstock::wire
