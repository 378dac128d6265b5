// How a search is asked for is in tests/golden/openai_chat/requests/web_search_*, what answers say of it in answers/search_*.
#include "dialect/chat_search.h"

#include <gtest/gtest.h>

#include "dialect/chat_for_test.h"

namespace penstock::dialect {
namespace {

ChatQuirks searching(const std::string& way) { return chat_quirks({{"web_search", way}}); }

TEST(ChatSearch, WhichProvidersSearch) {
  for (const auto* way : {"plugins", "web_search_options", "zai"}) EXPECT_TRUE(chat_searches(searching(way))) << way;
  // A native tool is something that other dialects have.
  for (const auto* way : {"none", "tool"}) EXPECT_FALSE(chat_searches(searching(way))) << way;
}

constexpr std::string_view kRequest =
    R"({"max_tokens":1,"messages":[{"role":"user","content":"q"}],"tools":[{"type":"web_search_20250305","name":"web_search")";

TEST(ChatSearch, NothingIsAskedForWithoutTheTool) {
  const auto body = written_request(R"({"max_tokens":1,"messages":[{"role":"user","content":"q"}]})", searching("plugins")).body;
  EXPECT_FALSE(body.contains("plugins"));
}

TEST(ChatSearch, AProviderWithoutOneDropsTheTool) {
  const auto written = written_request(std::string(kRequest) + "}]}", searching("tool"));
  EXPECT_FALSE(written.body.contains("tools"));
  EXPECT_EQ(written.dropped, std::vector<std::string>{"tools.web_search_20250305"});
}

TEST(ChatSearch, WithoutWishesLittleIsSaid) {
  const auto body = [](const std::string& way) { return written_request(std::string(kRequest) + "}]}", searching(way)).body; };
  EXPECT_TRUE(body("plugins").contains(R"("plugins":[{"id":"web","max_results":5}])"));
  EXPECT_TRUE(body("web_search_options").contains(R"("web_search_options":{})"));
  EXPECT_TRUE(body("zai").contains(R"("tools":[{"type":"web_search","web_search":{"enable":true,"search_result":true}}])"));
  EXPECT_FALSE(body("zai").contains("tool_choice"));
}

TEST(ChatSearch, BlockedDomainsAreTold) {
  const auto body = written_request(std::string(kRequest) + R"(,"blocked_domains":["a.example","b \"x\""]}]})", searching("plugins")).body;
  EXPECT_TRUE(body.contains(R"("exclude_domains":["a.example","b \"x\""])")) << body;
}

TEST(ChatSearch, PagesAreBoundedAndTakenOnce) {
  ChatSearches searches("q");
  const json::Padded text(R"({"web_search":[{"link":"https://a.example/","title":")" + std::string(9000, 'x') +
                          R"("},{"link":"https://a.example/"},{"link":"ftp://b"},7]})");
  json::Document document;
  ASSERT_TRUE(document.index(text.text()));
  searches.add_pages(document.root());
  searches.add_pages(document.root());
  EventRecorder recorder;
  searches.emit(recorder, 3, "id/1");
  EXPECT_FALSE(searches.has_pages());
  const auto events = recorder.text();
  EXPECT_TRUE(events.starts_with(R"(open 3 other {"type":"server_tool_use","id":"srvtoolu_id_1_1")")) << events;
  EXPECT_EQ(events.find("a.example"), events.rfind("a.example"));
  EXPECT_LT(events.size(), 1200U);
}

}  // namespace
}  // namespace penstock::dialect
