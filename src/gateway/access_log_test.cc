// One line a request, whatever came of it; no secret and no body in any.
#include "gateway/access_log.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/padded.h"
#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const auto line : split(text, '\n')) lines.emplace_back(line);
  return lines;
}

TEST(access_log, a_line_of_words_and_one_of_json) {
  Upstream upstream;
  upstream.name = "zai";
  Record record;
  record.started = net::Clock::now();
  record.request_id = "req_1";
  record.method = "POST";
  record.path = "/v1/messages";
  record.session = "s-1";
  record.facts.model = "glm \"x\"";
  record.upstream = &upstream;
  record.model_id = "glm-5.3";
  record.attempts = 2;
  record.usage = {};
  record.usage.known = true;
  record.usage.input = 7;
  record.usage.output = 3;
  record.stop_reason = "end_turn";
  record.first_byte = record.started + std::chrono::microseconds(1540);
  record.outcome = Outcome::done;
  record.error = "line\nbreak \xff";
  std::string words, json;
  const auto now = record.started + std::chrono::milliseconds(20);
  log_fields(words, record, {200, 10, 20}, false, now);
  EXPECT_EQ(words,
            " id=req_1 status=200 outcome=done method=POST path=/v1/messages session=s-1 asked=\"glm \\\"x\\\"\" provider=zai "
            "model=glm-5.3 attempts=2 in=7 "
            "cache_read=0 cache_write=0 out=3 stop=end_turn first=1.5ms total=20.0ms bytes_in=10 bytes_out=20 error=\"line\\nbreak "
            "\xef\xbf\xbd\"");
  log_fields(json, record, {200, 10, 20}, true, now);
  const json::Padded copy("{\"t\":1" + json + "}");
  json::Document document;
  ASSERT_TRUE(document.index(copy.text())) << json;
  EXPECT_EQ(document.root().find("asked")->text(), "glm \"x\"");
  EXPECT_EQ(document.root().find("status")->integer(), 200);
}

TEST(access_log, values_from_outside_are_bounded) {
  Record record;
  record.error = std::string(5000, 'x');
  std::string line;
  log_fields(line, record, {}, false, net::Clock::now());
  EXPECT_LT(line.size(), 500U);
}

TEST(access_log, every_way_out_writes_a_line) {
  ScriptedProvider provider([](Visit& visit) {
    const auto request = visit.request();
    if (request && request->body.contains("please cut"))
      return visit.send(std::string(kStreamHead) + chunk(kMessageEvents[0]) + chunk(kMessageEvents[1])), void();
    visit.send(stream_answer());
  });
  TestGateway gateway("auth: { tokens: [ our-secret-token-1 ] }\n" + anthropic_at(provider.url()));
  constexpr std::string_view kToken = "x-api-key: our-secret-token-1\r\nx-claude-code-session-id: session-9\r\n";
  const auto ask = [&](const std::string& request) {
    RawClient client(gateway.port());
    return client.ask(request).status;
  };
  const std::string stream = message_body("claude-sonnet-5", true);
  EXPECT_EQ(ask(post("/v1/messages", stream, kToken)), 200);
  EXPECT_EQ(ask(post("/v1/messages", message_body("claude-sonnet-5", true, R"(,"x":"please cut")"), kToken)), 200);
  EXPECT_EQ(ask(post("/v1/messages", stream)), 401);
  EXPECT_EQ(ask(post("/v1/messages", message_body("nobody", true), kToken)), 404);
  EXPECT_EQ(ask(get("/health?key=query-secret", kToken)), 200);
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  const auto log = gateway.log();
  const auto lines = lines_of(log);
  ASSERT_EQ(lines.size(), 6U) << log;
  EXPECT_THAT(
      lines[0],
      MatchesRegex("20[0-9-]+T[0-9:.]+Z id=req_[0-9a-f]+ status=200 outcome=done method=POST path=/v1/messages session=session-9 "
                   "asked=claude-sonnet-5 provider=claude model=claude-sonnet-5 in=7 cache_read=0 cache_write=0 out=3 stop=end_turn "
                   "first=[0-9.]+ms total=[0-9.]+ms bytes_in=[0-9]+ bytes_out=[0-9]+"));
  EXPECT_THAT(lines[1], HasSubstr("outcome=\"provider failed\""));
  EXPECT_THAT(lines[1], HasSubstr("error=\"the provider closed the connection in the middle of its answer\""));
  EXPECT_THAT(lines[2], HasSubstr("status=401 outcome=refused"));
  EXPECT_THAT(lines[3], HasSubstr("status=404 outcome=refused"));
  EXPECT_THAT(lines[4], HasSubstr("status=200 outcome=done method=GET path=/health"));
  EXPECT_THAT(lines[5], HasSubstr("status=400 outcome=refused"));
  for (const auto* secret : {"our-secret", "sk-provider", "query-secret", "hello", "Hi there"}) EXPECT_THAT(log, Not(HasSubstr(secret)));
}

TEST(access_log, lines_come_without_a_stop) {
  TestGateway gateway("log: { format: json }\n" + anthropic_at("http://127.0.0.1:9"));
  RawClient client(gateway.port());
  client.ask(get("/livez"));
  EXPECT_TRUE(eventually([&] { return gateway.log_so_far().ends_with("}\n"); }));
  EXPECT_THAT(gateway.log_so_far(), testing::StartsWith("{\"time\":\"20"));
}

}  // namespace
}  // namespace penstock::gateway
