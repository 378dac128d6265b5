#include "base/secret.h"

#include <gtest/gtest.h>

#include <sstream>
#include <type_traits>

namespace penstock {
namespace {

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };

static_assert(!Streamable<Secret>, "a secret must not be printable");
static_assert(!std::is_convertible_v<Secret, std::string> && !std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>, "a text becomes a secret only on purpose");

TEST(Secret, ShowsItsTextOnlyWhenAsked) {
  const Secret secret(std::string("sk-0123456789abcdef"));
  EXPECT_EQ(secret.reveal(), "sk-0123456789abcdef");
  EXPECT_EQ(secret.masked(), "…cdef");
  EXPECT_EQ(Secret(std::string("fifteen-letters")).masked(), "…");
  EXPECT_EQ(Secret(std::string("sixteen--letters")).masked(), "…ters");
  EXPECT_EQ(Secret().masked(), "…");
}

TEST(Secret, MatchesItsExactText) {
  const Secret secret(std::string("open sesame"));
  EXPECT_TRUE(secret.matches("open sesame"));
  for (const char* wrong : {"", "open sesam", "open sesame ", "Open sesame", "xpen sesame", "open sesamf", "open sesameopen sesame"})
    EXPECT_FALSE(secret.matches(wrong)) << wrong;
  EXPECT_FALSE(secret.matches(std::string_view("open sesame\0", 12)));
}

TEST(Secret, AnUnsetSecretLetsNobodyIn) {
  EXPECT_FALSE(Secret().matches(""));
  EXPECT_FALSE(Secret().matches("x"));
  EXPECT_FALSE(Secret().matches(std::string_view("\0", 1)));
  EXPECT_TRUE(Secret().empty());
}

TEST(Secret, MovesAndCopies) {
  Secret first(std::string("a key that is longer than a small string"));
  const Secret copy = first;
  Secret moved = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): the move must leave nothing behind
  EXPECT_EQ(moved.reveal(), copy.reveal());
  Secret assigned(std::string("before"));
  assigned = copy;
  EXPECT_EQ(assigned.reveal(), copy.reveal());
  assigned = std::move(moved);
  EXPECT_TRUE(moved.empty());  // NOLINT(bugprone-use-after-move)
  Secret& itself = assigned;
  assigned = itself;
  EXPECT_EQ(assigned.reveal(), copy.reveal());
}

/// A short secret lies inside the object; its bytes must be gone when the object is.
TEST(Secret, WipesItsBytesWhenItDies) {
  alignas(Secret) unsigned char memory[sizeof(Secret)] = {};
  auto* secret = new (memory) Secret(std::string("tell-nobody"));
  const std::string_view bytes(reinterpret_cast<const char*>(memory), sizeof memory);
  ASSERT_TRUE(bytes.contains("tell-nobody"));
  secret->~Secret();
  EXPECT_FALSE(bytes.contains("nobody"));
}

TEST(Secret, WipesTheBytesItMovedAway) {
  Secret first(std::string("tell-nobody"));
  const Secret second = std::move(first);
  const std::string_view left(reinterpret_cast<const char*>(&first), sizeof first);  // NOLINT(bugprone-use-after-move)
  EXPECT_FALSE(left.contains("nobody"));
  EXPECT_EQ(second.reveal(), "tell-nobody");
}

}  // namespace
}  // namespace penstock
