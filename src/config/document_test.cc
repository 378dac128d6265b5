#include "config/document.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::config {
namespace {

std::string only_fault(std::string_view text) {
  Report report{"f", {}};
  read_yaml(text, report);
  return report.faults.size() == 1 ? to_text(report.faults.front()) : std::to_string(report.faults.size()) + " faults";
}

Node good(std::string_view text) {
  Report report{"f", {}};
  Node node = read_yaml(text, report);
  EXPECT_TRUE(report.faults.empty()) << to_text(report.faults.front());
  return node;
}

TEST(Document, KeepsPlacesAndOrder) {
  const Node root = good("b: 1\na:\n  - x\n  - { c: y }\n");
  ASSERT_TRUE(root.is_map());
  EXPECT_EQ(root.keys[0].text, "b");
  EXPECT_EQ(root.keys[1].at, (Position{2, 1}));
  const auto list = root.list("a");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]->at, (Position{3, 5}));
  EXPECT_EQ(list[1]->scalar("c")->at, (Position{4, 10}));
}

TEST(Document, ReferencesMayStandUnquotedInsideBracketsAndBraces) {
  const Node root = good("a: [ ${X}, ${Y:-1,2[3]{4} ]\nb: { k: ${Z:-http://h:1/?q#f} }\nc: $${D}\n");
  EXPECT_EQ(root.list("a")[0]->text, "${X}");
  EXPECT_EQ(root.list("a")[1]->text, "${Y:-1,2[3]{4}");
  EXPECT_EQ(root.find("b")->scalar("k")->text, "${Z:-http://h:1/?q#f}");
  EXPECT_EQ(root.scalar("c")->text, "$${D}");
}

TEST(Document, NullIsAbsent) {
  const Node root = good("a:\nb: ~\nc: null\nd: ''\n");
  for (const auto* key : {"a", "b", "c", "e"}) EXPECT_TRUE(root.lacks(key) && root.find(key) == nullptr) << key;
  EXPECT_FALSE(root.lacks("d"));
  EXPECT_EQ(good("").kind, Node::Kind::null);
  EXPECT_EQ(good("# nothing\n").kind, Node::Kind::null);
}

TEST(Document, ASingleValueCountsAsAList) {
  const Node root = good("a: x\nb: []\nc: [ , y]\n");
  EXPECT_EQ(root.list("a").size(), 1U);
  EXPECT_TRUE(root.list("b").empty());
  EXPECT_EQ(root.list("c").size(), 1U);
  EXPECT_TRUE(root.has_items("a") && root.has_items("c"));
  EXPECT_FALSE(root.has_items("b") || root.has_items("z"));
}

TEST(Document, FaultsNameTheirPlace) {
  EXPECT_EQ(only_fault("a: [\nb"), "f:2:1: not valid YAML: end of sequence flow not found");
  EXPECT_EQ(only_fault("a: 1\nb: 2\na: 3\n"), "f:3:1: key \"a\" is already given in line 1");
  EXPECT_EQ(only_fault("x: { a: 1, a: 2 }\n"), "f:1:12: key \"a\" is already given in line 1");
  EXPECT_EQ(only_fault("match: *haiku*\n"),
            "f:1:8: not valid YAML: the referenced anchor is not defined; put quotes around a value that starts with \"*\" or \"&\"");
  EXPECT_EQ(only_fault("a: &x 1\n"), "f:1:4: anchors (&name) are not supported; put quotes around a value that starts with \"*\" or \"&\"");
  EXPECT_EQ(only_fault("a: !secret 1\n"), "f:1:4: tags (!secret) are not supported; put quotes around a value that starts with \"!\"");
  EXPECT_EQ(only_fault("a: 1\n---\nb: 1\n"), "f:3:1: a second YAML document; one file holds one configuration");
  EXPECT_EQ(only_fault("[a]: 1\n"), "f:1:1: a key must be a word");
  EXPECT_EQ(only_fault("ab\x01"), "f:1:3: a control character; remove it");
  EXPECT_EQ(only_fault("a: 1\nb: \xff\n"), "f:2:4: not UTF-8; save the file as UTF-8");
  EXPECT_EQ(only_fault(std::string(1 << 21, '#')), "f: the file is larger than 1 MiB");
}

TEST(Document, DepthIsBounded) {
  EXPECT_EQ(only_fault(std::string(33, '[') + std::string(33, ']')), "f:1:33: nested too deeply");
  EXPECT_NE(only_fault(std::string(20'000, '[')), "0 faults");
  EXPECT_NE(only_fault(std::string(20'000, '{')), "0 faults");
}

TEST(Document, ASelfReferenceEndsInAFault) {
  Report report{"f", {}};
  read_yaml("a: &a [*a, *a]\n", report);
  EXPECT_EQ(report.faults.size(), 3U);
}

}  // namespace
}  // namespace penstock::config
