// Whatever a client may send to Anthropic, a provider that knows only the API of 2023 accepts what comes out, under any quirks beyond the
// strict ones.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "base/text.h"
#include "dialect/adapt_for_test.h"
#include "dialect/strict_api_for_test.h"

namespace penstock::dialect {
namespace {

/// Makes requests like Claude Code's, with everything in them that may go wrong elsewhere.
class RequestMaker {
 public:
  explicit RequestMaker(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_); }
  bool one_in(std::size_t n) { return below(n) == 0; }

  std::string make() {
    std::string out = R"({"model":"claude-x","max_tokens":)" + one_of({"32000", "4096", "1000", "1025"});
    out += R"(,"messages":[)" + messages() + "]";
    out += maybe(R"(,"stream":true)") + maybe(",\"system\":" + system()) + maybe(R"(,"metadata":{"user_id":"{\"session_id\":\"s\"}"})");
    out += maybe(R"(,"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]})");
    out += maybe(",\"output_config\":" + one_of({R"({"effort":"high"})", R"({"effort":"max","format":{"type":"json_schema"}})", "{}"}));
    out +=
        maybe(",\"thinking\":" + one_of({R"({"type":"adaptive"})", R"({"type":"adaptive","display":"omitted"})", R"({"type":"disabled"})",
                                         R"({"type":"enabled","budget_tokens":31999})", R"({"type":"between_tools"})"}));
    out += maybe(",\"tools\":" + tools()) +
           maybe(R"(,"tool_choice":)" + one_of({R"({"type":"auto"})", R"({"type":"tool","name":"web_search"})"}));
    out += maybe(R"(,"temperature":1,"top_p":0.9,"top_k":5,"stop_sequences":["a","b","c"])");
    return out + maybe(R"(,"speed":"fast","service_tier":"auto","cache_control":{"type":"ephemeral"})") + "}";
  }

  std::string one_of(const std::vector<std::string>& choices) { return choices[below(choices.size())]; }

 private:
  std::string maybe(const std::string& text) { return one_in(2) ? text : ""; }
  std::string cache() { return one_in(3) ? R"(,"cache_control":{"type":"ephemeral","ttl":"1h"})" : ""; }
  std::string words() {
    return one_of({"Hello", "a\\n\\\"b\\\"", "", " ", "x-anthropic-billing-header: y", "long " + std::string(300, 'x')});
  }
  std::string text() { return R"({"type":"text","text":")" + words() + "\"" + cache() + maybe(R"(,"citations":null)") + "}"; }

  std::string system() {
    if (one_in(3)) return "\"" + one_of({"x-anthropic-billing-header: v;\\nYou", "You", ""}) + "\"";
    return R"([{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.328; cc_entrypoint=cli;"},)" + text() + "," + text() + "]";
  }

  std::string tools() {
    return "[" +
           list({R"({"name":"Read","description":"d","input_schema":{"$schema":"s","type":"object"},"defer_loading":true)" + cache() + "}",
                 R"({"type":"custom","name":"Bash","input_schema":{"type":"object"},"strict":true})",
                 R"({"type":"web_search_20250305","name":"web_search","max_uses":8})", R"({"type":"bash_20250124","name":"bash"})",
                 R"({"type":"advisor_20260301","name":"advisor"})"}) +
           "]";
  }

  /// Some of these, in order, with commas.
  std::string list(const std::vector<std::string>& choices) {
    std::string out;
    for (const auto& choice : choices)
      if (one_in(2)) out += (out.empty() ? "" : ",") + choice;
    return out;
  }

  std::string thought() {
    const auto signature = one_of({tag_of("zai", "own"), tag_of("zai", ""), tag_of("kimi", "x"), "\"EqoB\"", "\"\""});
    return one_of({R"({"type":"thinking","thinking":"h","signature":)" + signature + "}", R"({"type":"redacted_thinking","data":"x"})"});
  }

  std::string media() {
    return one_of(
        {R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"})" + cache() + "}",
         R"({"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"d"},"citations":{"enabled":true}})",
         R"({"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"r"}]})"});
  }

  void add(std::string& out, const std::string& item) { out += (out.empty() || item.empty() ? "" : ",") + item; }

  std::string assistant(std::vector<std::string>& calls) {
    std::string blocks;
    if (one_in(2)) add(blocks, thought());
    if (one_in(2)) add(blocks, text());
    if (one_in(6))
      add(blocks,
          R"({"type":"server_tool_use","id":"srv","name":"web_search","input":{}},{"type":"web_search_tool_result","content":[{"url":"u"}]})");
    if (one_in(8)) add(blocks, R"({"type":"compaction","content":"c"})");
    for (auto more = one_in(2) ? below(3) : 0; more > 0; --more) {
      calls.push_back("toolu_" + std::to_string(++ids_));
      add(blocks, R"({"type":"tool_use","id":")" + calls.back() +
                      R"(","name":"Read","input":{"cache_control":1},"caller":{"type":"direct"})" + cache() + "}");
    }
    if (calls.empty() && one_in(4)) return R"({"role":"assistant","content":")" + words() + "\"}";
    return R"({"role":"assistant","content":[)" + blocks + "]}";
  }

  std::string result(const std::string& id) {
    const auto content =
        one_of({"\"r\"", "\"\"", "[]", "[" + text() + "," + media() + "]", R"([{"type":"tool_reference","tool_name":"n"}])"});
    return R"({"type":"tool_result","tool_use_id":")" + id + R"(","content":)" + content + maybe(R"(,"is_error":true)") + cache() + "}";
  }

  std::string system_turn() {
    return one_of({R"({"role":"system","content":"note"})", R"({"role":"system","content":""})",
                   R"({"role":"system","content":[{"type":"text","text":"n","cache_control":{}},{"type":"tool_addition"}],"clear_at":1})"});
  }

  std::string user(const std::vector<std::string>& calls) {
    std::string blocks;
    for (const auto& call : calls) add(blocks, result(call));
    if (calls.empty() && one_in(2)) return R"({"role":"user","content":")" + words() + "\"}";
    if (calls.empty() || one_in(2)) add(blocks, text());
    if (one_in(4)) add(blocks, media());
    return R"({"role":"user","content":[)" + blocks + "]}";
  }

  std::string messages() {
    std::string out = user({});
    for (auto rounds = below(5); rounds > 0; --rounds) {
      std::vector<std::string> calls;
      if (one_in(3)) add(out, system_turn());
      add(out, assistant(calls));
      if (one_in(3)) add(out, system_turn());
      add(out, user(calls));
      if (calls.empty() && one_in(4)) add(out, user({}));
    }
    if (one_in(3)) add(out, system_turn());
    return out;
  }

  std::mt19937 engine_;
  int ids_ = 0;
};

/// Values that a strict provider may have beside its base.
const std::vector<std::pair<std::string, std::vector<std::string>>> kStrictChoices{
    {"thinking", {"keep", "drop", "inject_empty"}},
    {"thinking_mode", {"enabled_only", "drop", "force_enabled"}},
    {"metadata", {"hash", "strip"}},
    {"images", {"keep", "placeholder"}},
    {"documents", {"keep", "placeholder"}},
    {"temperature", {"keep", "strip", "0..1", "(0..1]"}},
    {"top_p", {"keep", "strip"}},
    {"top_k", {"keep", "strip"}},
    {"stop_sequences", {"keep", "strip", "max:1"}},
    {"tool_choice", {"keep", "auto_only", "strip", "auto_when_thinking"}},
    {"max_tokens_limit", {"none", "2000", "900"}},
    {"tool_results", {"keep", "merge"}},
    {"schema", {"keep", "clean"}},
};

TEST(AdaptProperty, AStrictProviderAcceptsEverything) {
  json::Document document;
  for (unsigned seed = 0; seed < 6000; ++seed) {
    RequestMaker maker(seed);
    Named named;
    for (const auto& [name, values] : kStrictChoices)
      if (maker.one_in(3)) named[name] = maker.one_of(values);
    const auto body = maker.make();
    const auto quirks = parse_quirks(named, strict());
    ASSERT_TRUE(quirks);
    const json::Padded after(adapted(*quirks, body, "glm", maker.one_in(2) ? 8000 : 0));
    ASSERT_TRUE(document.index(after.text()));
    ASSERT_EQ(StrictApi::objection(document.root()), "") << "seed " << seed << "\n" << body << "\n" << after.text();
  }
}

TEST(AdaptProperty, TheStrictProviderDoesObject) {
  json::Document document;
  std::size_t refused = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    const json::Padded body(RequestMaker(seed).make());
    ASSERT_TRUE(document.index(body.text()));
    refused += !StrictApi::objection(document.root()).empty();
  }
  EXPECT_GT(refused, 190U) << "a checker that accepts everything checks nothing";
}

TEST(AdaptProperty, AnyQuirksLeaveJson) {
  const std::map<std::string_view, std::string> samples{{"LEVELS", "low,max"}, {"LIST", "a"},      {"A..B", "0..1"},
                                                        {"(A..B]", "(0..1]"},  {"max:N", "max:1"}, {"N", "2000"}};
  for (unsigned seed = 0; seed < 3000; ++seed) {
    RequestMaker maker(seed);
    Named named;
    for (const auto& row : quirk_names()) {
      const auto words = split(row.values, '|');
      const auto word = words[maker.below(words.size())];
      const auto sample = samples.find(word);
      if (maker.one_in(3)) named[std::string(row.name)] = sample == samples.end() ? std::string(word) : sample->second;
    }
    const auto quirks = parse_quirks(named, maker.one_in(2) ? strict() : transparent());
    ASSERT_TRUE(quirks);
    adapted(*quirks, maker.make(), "m");  // which checks that it is JSON
  }
}

TEST(AdaptProperty, AnthropicsBodiesAreUntouched) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    const auto body = RequestMaker(seed).make();
    if (!body.contains(kTagPrefix)) EXPECT_EQ(adapted(transparent(), body, "claude-x"), body) << seed;
  }
}

}  // namespace
}  // namespace penstock::dialect
