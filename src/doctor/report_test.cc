#include "doctor/report.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace penstock::doctor {
namespace {

Row in(Row row, std::string check) {
  row.check = std::move(check);
  return row;
}

Report sample() {
  Report report;
  report.checks = {in(ok("penstock.yaml"), "configuration"), in(fault("no key", "penstock keys set zai", "zai"), "credentials"),
                   in(skipped("two\nlines"), "clock")};
  LiveRow live{"zai", "glm-5.3", {}, std::chrono::milliseconds(431)};
  live.results = {in(ok("answered", "zai"), "plain"),
                  in(ok("9 pieces", "zai"), "stream"),
                  in(fault("no call", "choose", "zai"), "tools"),
                  in(warning("no thought", "-", "zai"), "thinking"),
                  in(skipped("not supported", "zai"), "image"),
                  in(ok("14 tokens", "zai"), "count")};
  report.live.push_back(live);
  return report;
}

TEST(report, for_a_person) {
  EXPECT_EQ(to_text(sample(), false), R"(ok       configuration       penstock.yaml
fault    credentials    zai  no key
                             mend: penstock keys set zai
skipped  clock               two
                             lines

provider  model    plain     stream    tools     thinking  image     count     first byte
zai       glm-5.3  ok        ok        fault     warning   -         ok        431 ms
  zai tools: no call
    mend: choose
  zai thinking: no thought
    mend: -
  zai image: not supported

2 faults, 1 warning
)");
}

TEST(report, in_colour_differs_in_escapes_only) {
  std::string text = to_text(sample(), true);
  EXPECT_TRUE(text.contains("\x1b[31mfault  \x1b[0m"));
  for (auto at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b')) text.erase(at, text.find('m', at) - at + 1);
  EXPECT_EQ(text, to_text(sample(), false));
}

TEST(report, a_providers_words_do_not_act_on_the_terminal) {
  Report report;
  report.checks = {in(fault("\x1b]0;x\x07 \x1b[2J\r\nfault", "a\u009bb\n", "p"), "reach")};
  LiveRow live{"p", "m\x1b[31m\u202e", {}, {}};
  for (const auto check : kLiveChecks) live.results.push_back(in(fault("no\r\nfault x", "-", "p"), std::string(name(check))));
  report.live.push_back(live);
  const auto text = to_text(report, false);
  EXPECT_EQ(text, printable_lines(text));
  EXPECT_TRUE(text.contains("\ufffd]0;x\ufffd \ufffd[2J \n  ")) << text;
  EXPECT_FALSE(text.contains("\nfault x")) << "a line of its own begins with a verdict";
  EXPECT_TRUE(text.contains("m\ufffd[31m\ufffd")) << text;
}

TEST(report, one_reason_is_told_once) {
  Report report;
  LiveRow live{"p", "m", {}, {}};
  for (const auto check : kLiveChecks) live.results.push_back(in(skipped("it has no credential", "p"), std::string(name(check))));
  report.live.push_back(live);
  const auto text = to_text(report, false);
  EXPECT_EQ(text.find("it has no credential"), text.rfind("it has no credential"));
}

TEST(report, for_a_script) {
  Report report;
  report.checks = {in(fault("a \"b\"\n", "do", "p"), "port")};
  EXPECT_EQ(
      to_json(report),
      R"({"checks":[{"check":"port","provider":"p","verdict":"fault","seen":"a \"b\"\n","mend":"do"}],"live":[],"faults":1,"warnings":0})");
  const auto json = to_json(sample());
  EXPECT_TRUE(json.contains(R"("live":[{"provider":"zai","model":"glm-5.3","first_byte_ms":431,"results":[{"check":"plain")"));
  EXPECT_TRUE(json.ends_with(R"("faults":2,"warnings":1})"));
}

}  // namespace
}  // namespace penstock::doctor
