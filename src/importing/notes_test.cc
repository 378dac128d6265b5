#include "importing/notes.h"

#include <gtest/gtest.h>

#include <array>

namespace penstock::importing {
namespace {

constexpr auto kReasons = std::to_array<Reason>({{"b.*", "because"}});

Value tree() { return *parse_yaml("a: 1\nb: { c: 2, d: 3 }\ne: { f: [ 4 ] }\nempty: { }\nnone:\nblank: ''\n"); }

std::string one_line(const std::vector<Note>& notes) {
  std::string out;
  for (const auto& note : notes) out += note.field + " " + std::string(name(note.fate)) + ";";
  return out;
}

TEST(ImportNotes, WhatNobodyReadIsLeftOut) {
  const auto notes = collect(tree(), kReasons);
  EXPECT_EQ(one_line(notes), "a left out;b.c left out;b.d left out;e left out;");
  EXPECT_EQ(notes[1].why, "because");
  EXPECT_FALSE(notes[0].why.empty());
}

TEST(ImportNotes, MarksDecide) {
  auto root = tree();
  EXPECT_EQ(root["a"].take(), "1");
  root["b"]["c"].change("differs");
  root["e"].leave("not here");
  EXPECT_EQ(one_line(collect(root, kReasons)), "a carried;b.c changed;b.d left out;e left out;");
}

TEST(ImportNotes, AStrongerMarkStays) {
  auto root = tree();
  root["a"].leave("no");
  root["a"].carry();
  root["a"].change("maybe");
  root["b"]["c"].change("one");
  root["b"]["c"].change("two");
  root["b"]["c"].carry();
  const auto notes = collect(root, {});
  EXPECT_EQ(notes[0].fate, Fate::left_out);
  EXPECT_EQ(notes[0].why, "no");
  EXPECT_EQ(notes[1].why, "one; two");
}

TEST(ImportNotes, MarksOnAnAbsentValueHaveNoEffect) {
  auto root = tree();
  root["nothing"].leave("no");
  root["nothing"]["below"].carry();
  EXPECT_EQ(root["other"].fate, Fate::unread);
  EXPECT_EQ(collect(root, {}).size(), 3U);  // a, b and e: each untouched
}

TEST(ImportNotes, TextIsAligned) {
  auto root = tree();
  root["a"].carry();
  root["b"].change("differs");
  EXPECT_EQ(to_text(collect(root, kReasons)),
            "  left out  e  Penstock has nothing that corresponds to it\n"
            "  changed   b  differs\n"
            "  1 carried over as they are\n");
}

TEST(ImportNotes, Json) {
  const std::array<Note, 2> notes{Note{"a\"b", Fate::changed, "x\ny"}, Note{"c", Fate::carried, ""}};
  EXPECT_EQ(to_json(notes), R"([{"field":"a\"b","fate":"changed","why":"x\ny"},{"field":"c","fate":"carried","why":""}])");
  EXPECT_EQ(to_json({}), "[]");
}

}  // namespace
}  // namespace penstock::importing
