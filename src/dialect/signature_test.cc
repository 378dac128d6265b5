#include "dialect/signature.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::dialect {
namespace {

SignatureCodec::Key key_of(unsigned char fill) {
  SignatureCodec::Key key;
  key.fill(fill);
  return key;
}

TEST(Signature, OpensWhatItTagged) {
  const SignatureCodec codec(key_of(7));
  for (const std::string& original :
       {std::string(), std::string("EqoBCkgIAR=="), std::string("a.b.c"), std::string("\"\\\n\0x", 5), std::string(200'000, 'z')})
    for (const std::string provider : {"zai", "local.vllm", "a-b_c"}) {
      const auto tag = codec.tag(provider, original);
      EXPECT_TRUE(tag.starts_with("ps1." + provider + "."));
      EXPECT_EQ(codec.open(tag), (SignatureCodec::Tagged{provider, original}));
    }
}

TEST(Signature, ATagNeedsNoEscapingInJsonOrHeaders) {
  const auto tag = SignatureCodec(key_of(7)).tag("zai", "\xff\x00\"\\");
  EXPECT_EQ(tag.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."), std::string::npos);
}

TEST(Signature, RefusesEveryAlteration) {
  const SignatureCodec codec(key_of(7));
  const auto tag = codec.tag("zai", "original");
  for (std::size_t i = 0; i < tag.size(); ++i) {
    auto altered = tag;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(codec.open(altered)) << i;
    EXPECT_FALSE(codec.open(tag.substr(0, i))) << i;
  }
  EXPECT_FALSE(codec.open(tag + "A"));
}

TEST(Signature, RefusesWhatItDidNotMake) {
  const SignatureCodec codec(key_of(7));
  EXPECT_FALSE(codec.open(SignatureCodec(key_of(8)).tag("zai", "x")));
  for (const std::string_view text :
       {"", "ps1.", "ps1..", "ps1...", "ps1.zai", "ps1.zai.", "ps1.zai..", "ps1.zai.eA.", "EqoBCkgIARABGAIiQ", "."})
    EXPECT_FALSE(codec.open(text)) << text;
}

TEST(Signature, AnotherProvidersNameDoesNotFit) {
  const SignatureCodec codec(key_of(7));
  auto tag = codec.tag("zai", "x");
  tag.replace(4, 3, "kim");
  EXPECT_FALSE(codec.open(tag));
}

}  // namespace
}  // namespace penstock::dialect
