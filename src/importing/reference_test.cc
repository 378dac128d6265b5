#include "importing/reference.h"

#include <gtest/gtest.h>

namespace penstock::importing {
namespace {

std::string spelled(std::string_view text, Spelling spelling) {
  const auto out = to_text(text, spelling);
  return (out.has_reference ? "ref " : "") + out.text;
}

TEST(ImportReference, EachToolHasItsSpelling) {
  EXPECT_EQ(spelled("os.environ/KEY", Spelling::litellm), "ref ${KEY}");
  EXPECT_EQ(spelled("os.environ/not a name", Spelling::litellm), "os.environ/not a name");
  EXPECT_EQ(spelled("os.environ/KEY", Spelling::plain), "os.environ/KEY");
  EXPECT_EQ(spelled("$KEY", Spelling::dollar), "ref ${KEY}");
  EXPECT_EQ(spelled("${Key_1}", Spelling::dollar), "ref ${Key_1}");
  EXPECT_EQ(spelled("http://$HOST/$lower", Spelling::dollar), "ref http://${HOST}/$lower");
  EXPECT_EQ(spelled("$KEY", Spelling::braced), "$KEY");
  EXPECT_EQ(spelled("a${B}c", Spelling::braced), "ref a${B}c");
}

TEST(ImportReference, WhatIsNoReferenceIsProtected) {
  EXPECT_EQ(spelled("${KEY}", Spelling::plain), "$${KEY}");
  EXPECT_EQ(spelled("${not a name}", Spelling::dollar), "$${not a name}");
  EXPECT_EQ(spelled("$${KEY}", Spelling::braced), "$$${KEY}");  // a dollar, then text: a reference cannot follow a dollar
  EXPECT_EQ(spelled("$", Spelling::dollar), "$");
}

TEST(ImportReference, VariablesAndSecrets) {
  EXPECT_EQ(key_variable("my-Provider.2"), "MY_PROVIDER_2_API_KEY");
  EXPECT_EQ(key_variable("1x"), "_1X_API_KEY");
  EXPECT_TRUE(is_variable_name("_A1"));
  EXPECT_FALSE(is_variable_name("1A"));
  EXPECT_FALSE(is_variable_name(""));
  for (const auto* name : {"X-Api-Key", "Cookie", "x-auth", "MY_SECRET", "Token"}) EXPECT_TRUE(sounds_secret(name)) << name;
  EXPECT_FALSE(sounds_secret("x-team"));
}

TEST(ImportReference, Durations) {
  EXPECT_EQ(duration_text(30), "30s");
  EXPECT_EQ(duration_text(0.25), "250ms");
  EXPECT_EQ(duration_text(86'400), "86400s");
  for (const double none : {0.0, -1.0, 0.0001, 86'401.0}) EXPECT_FALSE(duration_text(none)) << none;
}

}  // namespace
}  // namespace penstock::importing
