#include "json/patch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "json/padded.h"

namespace penstock::json {
namespace {

/// The text after `edit` was applied to it.
std::string patched(std::string_view text, const std::function<void(Value root, Patch& patch)>& edit) {
  const Padded padded(text);
  Document document;
  const auto status = document.index(padded.text());
  EXPECT_TRUE(status) << text;
  Patch patch(document);
  edit(document.root(), patch);
  const auto result = patch.text();
  const Padded again(result);
  EXPECT_TRUE(document.index(again.text())) << result;
  return result;
}

/// Removes the children whose position is in `which`.
std::string without(std::string_view text, const std::vector<std::size_t>& which) {
  return patched(text, [&](Value root, Patch& patch) {
    std::size_t position = 0;
    const auto chosen = [&] { return std::ranges::find(which, position) != which.end(); };
    for (const auto& member : root.members()) {
      if (chosen()) patch.remove(root, member);
      ++position;
    }
    for (const auto& element : root.elements()) {
      if (chosen()) patch.remove(root, element);
      ++position;
    }
  });
}

TEST(Patch, NothingToDoIsOnePiece) {
  const Padded padded("{\"a\":1}");
  Document document;
  ASSERT_TRUE(document.index(padded.text()));
  Patch patch(document);
  EXPECT_TRUE(patch.empty());
  const auto pieces = patch.pieces();
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces[0].data(), padded.text().data()) << "a view, not a copy";
}

TEST(Patch, AReplacedValueLeavesTheRestWhereItIs) {
  const Padded padded(R"({"model": "claude", "rest": [1, 2]})");
  Document document;
  ASSERT_TRUE(document.index(padded.text()));
  Patch patch(document);
  patch.replace(*document.root().find("model"), "\"glm\"");
  EXPECT_FALSE(patch.empty());
  const auto pieces = patch.pieces();
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[0], "{\"model\": ");
  EXPECT_EQ(pieces[1], "\"glm\"");
  EXPECT_EQ(pieces[2].data(), padded.text().data() + padded.text().find(", \"rest\""));
}

TEST(Patch, RemovesAnySubsetOfMembers) {
  constexpr std::string_view kText = R"({"a":1 , "b":2,"c":3})";
  EXPECT_EQ(without(kText, {0}), R"({"b":2,"c":3})");
  EXPECT_EQ(without(kText, {1}), R"({"a":1 , "c":3})");
  EXPECT_EQ(without(kText, {2}), R"({"a":1 , "b":2})");
  EXPECT_EQ(without(kText, {0, 1}), R"({"c":3})");
  EXPECT_EQ(without(kText, {0, 2}), R"({"b":2})");
  EXPECT_EQ(without(kText, {1, 2}), R"({"a":1})");
  EXPECT_EQ(without(kText, {0, 1, 2}), "{}");
}

TEST(Patch, RemovesAnySubsetOfElements) {
  constexpr std::string_view kText = "[ 1, [2] ,3 ]";
  EXPECT_EQ(without(kText, {0}), "[ [2] ,3 ]");
  EXPECT_EQ(without(kText, {1}), "[ 1, 3 ]");
  EXPECT_EQ(without(kText, {2}), "[ 1, [2] ]");
  EXPECT_EQ(without(kText, {0, 1, 2}), "[ ]");
}

TEST(Patch, AddsAtTheEnd) {
  const auto add = [](Value root, Patch& patch) {
    patch.add_member(root, "k\"", "1");
    patch.add_member(root, "l", "[]");
  };
  EXPECT_EQ(patched("{}", add), R"({"k\"":1,"l":[]})");
  EXPECT_EQ(patched(R"({"a":0})", add), R"({"a":0,"k\"":1,"l":[]})");
  EXPECT_EQ(patched("[ ]", [](Value root, Patch& patch) { patch.add_element(root, "1"); }), "[1 ]");
  EXPECT_EQ(patched("[0]", [](Value root, Patch& patch) { patch.add_element(root, "1"); }), "[0,1]");
}

TEST(Patch, AddingAndRemovingAll) {
  EXPECT_EQ(patched(R"({"a":0,"b":1})",
                    [](Value root, Patch& patch) {
                      for (const auto& member : root.members()) patch.remove(root, member);
                      patch.add_member(root, "c", "2");
                    }),
            R"({"c":2})");
}

TEST(Patch, InsertsBefore) {
  const auto before = [](std::size_t place, bool removed) {
    return patched("[1,2]", [&](Value root, Patch& patch) {
      auto element = root.elements().begin();
      for (std::size_t i = 0; i < place; ++i) ++element;
      patch.insert_before(*element, "7,8");
      patch.insert_before(*element, "9");
      if (removed) patch.remove(root, *element);
    });
  };
  EXPECT_EQ(before(0, false), "[7,8,9,1,2]");
  EXPECT_EQ(before(1, false), "[1,7,8,9,2]");
  EXPECT_EQ(before(0, true), "[7,8,9,2]");
  EXPECT_EQ(before(1, true), "[1,7,8,9]");
}

TEST(Patch, InsertsWhereAllWasRemoved) {
  EXPECT_EQ(patched("[1,2]",
                    [](Value root, Patch& patch) {
                      for (const auto element : root.elements()) patch.remove(root, element);
                      patch.insert_before(*root.elements().begin(), "0");
                      patch.add_element(root, "3");
                    }),
            "[0,3]");
}

TEST(Patch, EditsInsideWhatGoesHaveNoEffect) {
  EXPECT_EQ(patched(R"({"a":{"x":[1,2]},"b":{"y":1}})",
                    [](Value root, Patch& patch) {
                      const auto inner = *root.find("a")->find("x");
                      patch.remove(inner, *inner.elements().begin());
                      patch.add_element(inner, "3");
                      patch.replace(*root.find("a"), "null");
                      patch.add_member(*root.find("b"), "z", "1");
                      for (const auto& member : root.members())
                        if (member.key.equals("b")) patch.remove(root, member);
                    }),
            R"({"a":null})");
}

TEST(Patch, TheLastChangeOfAValueCounts) {
  const auto first = [](Value root) { return *root.elements().begin(); };
  EXPECT_EQ(patched("[1,2]",
                    [&](Value root, Patch& patch) {
                      patch.replace(first(root), "8");
                      patch.replace(first(root), "9");
                    }),
            "[9,2]");
  EXPECT_EQ(patched("[1,2]",
                    [&](Value root, Patch& patch) {
                      patch.replace(first(root), "8");
                      patch.remove(root, first(root));
                    }),
            "[2]");
  EXPECT_EQ(patched("[1,2]",
                    [&](Value root, Patch& patch) {
                      patch.remove(root, first(root));
                      patch.replace(first(root), "8");
                    }),
            "[8,2]");
}

TEST(Patch, TheRootCanBeReplaced) {
  EXPECT_EQ(patched(" {\"a\":1} ", [](Value root, Patch& patch) { patch.replace(root, "[]"); }), " [] ");
}

TEST(Patch, OneValueAsEdited) {
  const Padded padded(R"([{"a":[1, 2],"b":0}, 5])");
  Document document;
  ASSERT_TRUE(document.index(padded.text()));
  Patch patch(document);
  const auto root = document.root();
  const auto first = *root.elements().begin();
  EXPECT_EQ(patch.text_of(first), R"({"a":[1, 2],"b":0})");
  patch.remove(*first.find("a"), *first.find("a")->elements().begin());
  patch.insert_before(first, "9");
  patch.remove(root, first);
  patch.add_element(root, "6");
  EXPECT_EQ(patch.text_of(first), R"({"a":[2],"b":0})");
  EXPECT_EQ(patch.text_of(*first.find("b")), "0");
  EXPECT_EQ(patch.text(), "[9,5,6]");
  patch.replace(first, "[]");
  EXPECT_EQ(patch.text_of(first), "[]");
}

// Random documents and edits against a tree that is edited and printed in the plainest way.

struct Node {
  char open = 0;  // '[', '{', or 0: a scalar
  std::string text;
  std::vector<Node> children;
  // What the edits say.
  bool removed = false;
  std::string replaced, inserted;
  std::vector<std::string> appended;
};

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  std::string space() { return std::string(one_in(3) ? below(3) : 0, one_in(2) ? ' ' : '\n'); }

 private:
  std::mt19937 engine_;
};

Node make_node(Random& random, std::size_t depth) {
  constexpr std::array<std::string_view, 6> kScalars{"1", "-2.5e3", "true", "null", "\"a ] , } \\\" b\"", "\"\""};
  Node node;
  if (depth == 0 || random.one_in(3)) {
    node.text = kScalars[random.below(kScalars.size())];
    return node;
  }
  node.open = random.one_in(2) ? '[' : '{';
  for (auto children = random.below(5); children > 0; --children) node.children.push_back(make_node(random, depth - 1));
  return node;
}

void print(const Node& node, Random& random, std::string& out) {
  out += random.space();
  if (node.open == 0) {
    out += node.text;
  } else {
    out += node.open;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (i > 0) out += ',';
      if (node.open == '{') out += random.space() + "\"k" + std::to_string(i) + "\"" + random.space() + ":";
      print(node.children[i], random, out);
    }
    out += random.space();
    out += node.open == '[' ? ']' : '}';
  }
  out += random.space();
}

void edit_child(Random& random, Patch& patch, Node& parent, Value container, Node& child, Value key, Value value) {
  if (random.one_in(6)) {
    child.replaced = "[\"r\"]";
    if (parent.open == '[') child.removed = false;
    patch.replace(value, child.replaced);
  }
  if (random.one_in(4)) {
    child.removed = true;
    parent.open == '[' ? patch.remove(container, value) : patch.remove(container, Member{key, value});
  }
  if (parent.open == '[' && random.one_in(5)) {
    child.inserted = "7,\"i\"";
    patch.insert_before(value, child.inserted);
  }
}

void edit(Random& random, Patch& patch, Node& node, Value value) {
  if (node.open == 0) return;
  auto child = node.children.begin();
  for (const auto& [key, inner] : value.members()) {
    edit_child(random, patch, node, value, *child, key, inner);
    edit(random, patch, *child++, inner);
  }
  for (const auto& inner : value.elements()) {
    edit_child(random, patch, node, value, *child, inner, inner);
    edit(random, patch, *child++, inner);
  }
  for (auto more = random.one_in(4) ? random.below(3) : 0; more > 0; --more) {
    node.appended.emplace_back("{\"n\":0}");
    node.open == '[' ? patch.add_element(value, node.appended.back()) : patch.add_member(value, "add", node.appended.back());
  }
}

/// The edited tree as compact JSON.
std::string expected(const Node& node) {
  if (!node.replaced.empty()) return node.replaced;
  if (node.open == 0) return node.text;
  std::string out;
  const auto item = [&](const std::string& text) {
    if (!out.empty()) out += ',';
    out += text;
  };
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const auto& child = node.children[i];
    if (!child.inserted.empty()) item(child.inserted);
    if (!child.removed) item((node.open == '{' ? "\"k" + std::to_string(i) + "\":" : "") + expected(child));
  }
  for (const auto& text : node.appended) item((node.open == '{' ? "\"add\":" : "") + text);
  return node.open + out + (node.open == '[' ? ']' : '}');
}

std::string compact(Value value) {
  if (!value.is_array() && !value.is_object()) return std::string(value.raw());
  std::string out;
  for (const auto& [key, inner] : value.members()) out += (out.empty() ? "" : ",") + std::string(key.raw()) + ":" + compact(inner);
  for (const auto& inner : value.elements()) out += (out.empty() ? "" : ",") + compact(inner);
  return value.is_array() ? "[" + out + "]" : "{" + out + "}";
}

TEST(Patch, RandomEditsGiveWhatAPlainTreeGives) {
  Document document, again;
  for (unsigned seed = 0; seed < 4000; ++seed) {
    Random random(seed);
    Node tree = make_node(random, 4);
    std::string text;
    print(tree, random, text);
    const Padded padded(text);
    ASSERT_TRUE(document.index(padded.text())) << text;
    Patch patch(document);
    edit(random, patch, tree, document.root());
    const Padded result(patch.text());
    ASSERT_TRUE(again.index(result.text())) << "seed " << seed << "\n" << text << "\n" << result.text();
    ASSERT_EQ(compact(again.root()), expected(tree)) << "seed " << seed << "\n" << text;
  }
}

}  // namespace
}  // namespace penstock::json
