// The framing corpus through real sockets: requests to the server alone, requests to a whole gateway, and responses from a provider.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "framing/cases.h"
#include "gateway/echo_server.h"
#include "gateway/fixture.h"
#include "gateway/raw_client.h"
#include "gateway/scripted_provider.h"
#include "json/padded.h"

namespace penstock::tests {
namespace {

using testing::StartsWith;

std::vector<FramingCase> cases(const char* file, CaseKind kind) {
  auto loaded = load_cases(std::string(PENSTOCK_SOURCE_DIR "/tests/framing/") + file, kind);
  EXPECT_TRUE(loaded) << loaded.error().message;
  return loaded.value_or(std::vector<FramingCase>{});
}

bool is_json(std::string_view text) {
  const json::Padded copy(text);
  json::Document document;
  return document.index(copy.text()).has_value();
}

/// Reads answers until the connection says no more.
std::vector<Reply> all_replies(RawClient& client, const FramingCase& sent) {
  std::vector<Reply> replies;
  for (;;) {
    const bool to_head = replies.size() < sent.messages.size() && sent.messages[replies.size()].method == "HEAD";
    auto reply = client.reply(to_head);
    if (!reply.whole && reply.fault == "no answer") return replies;
    replies.push_back(std::move(reply));
    if (!replies.back().whole) return replies;
  }
}

TEST(framing_sockets, requests_to_the_server) {
  EchoServer server;
  for (const auto& one : cases("requests.cases", CaseKind::requests)) {
    SCOPED_TRACE(fmt::format("case {} at line {}", one.name, one.line));
    server.service().forget();
    RawClient client(server.port());
    client.send(one.bytes);
    client.socket().shutdown_write();
    const auto replies = all_replies(client, one);
    std::vector<Heard> wanted;
    for (const auto& message : one.messages) wanted.push_back({message.method, message.target, message.body});
    EXPECT_EQ(server.service().heard(), wanted);
    ASSERT_EQ(replies.size(), one.messages.size() + (one.ending == Ending::refused ? 1 : 0));
    for (std::size_t i = 0; i < replies.size(); ++i) {
      EXPECT_TRUE(replies[i].whole) << replies[i].fault;
      const bool refusal = i == one.messages.size();
      EXPECT_EQ(replies[i].status, refusal ? one.refused_with : 200);
      EXPECT_EQ(replies[i].keep_alive, !refusal && one.messages[i].keep_alive) << replies[i].head;
    }
    if (HasFailure()) return;
  }
}

TEST(framing_sockets, requests_to_the_gateway_reach_no_provider_by_accident) {
  ScriptedProvider provider(whole_answer(kMessage));
  TestGateway gateway("server: { hosts: [a, b, evil] }\n" + anthropic_at(provider.url()));
  for (auto& one : cases("requests.cases", CaseKind::requests)) {
    SCOPED_TRACE(fmt::format("case {} at line {}", one.name, one.line));
    // The body is only looked at where messages are asked for.
    if (one.bytes.starts_with("POST / ")) one.bytes.replace(0, 7, "POST /v1/messages ");
    RawClient client(gateway.port());
    client.send(one.bytes);
    if (one.ending == Ending::more) client.socket().shutdown_write();
    std::size_t count = 0;
    Reply reply;
    do {
      if (count == one.messages.size() && one.ending != Ending::refused) break;
      reply = client.reply(count < one.messages.size() && one.messages[count].method == "HEAD");
      ASSERT_TRUE(reply.whole) << reply.fault << " after " << count << " answers";
      ++count;
    } while (reply.keep_alive);
    // A page does not read a body, so its connection may end earlier than in the corpus; but never with another outcome.
    if (count == one.messages.size() + 1) EXPECT_EQ(reply.status, one.refused_with);
    if (one.ending == Ending::refused && count <= one.messages.size()) EXPECT_FALSE(reply.keep_alive);
    if (one.ending == Ending::refused || one.ending == Ending::more) EXPECT_TRUE(client.closed());
    if (HasFailure()) return;
  }
  EXPECT_EQ(provider.connections(), 0U);
}

std::string in_chunks(std::string_view body, std::size_t size, std::string_view extension = "") {
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += size) {
    const auto part = body.substr(at, size);
    out += fmt::format("{:x}{}\r\n{}\r\n", part.size(), extension, part);
  }
  return out;
}

TEST(framing_sockets, however_it_is_framed_the_provider_gets_the_body_that_the_client_sent) {
  ScriptedProvider provider(whole_answer(kMessage));
  TestGateway gateway(anthropic_at(provider.url()));
  const std::string body = message_body("claude-sonnet-5", false, R"(, "x" : "\u00e9 GET /evil HTTP/1.1\r\n\r\n 0\r\n\r\n ")");
  const std::string head = "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\n", chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  const std::vector<std::string> framed = {
      head + fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body),
      head + fmt::format("content-LENGTH:\t 000{} \r\n\r\n{}", body.size(), body),
      head + fmt::format("Expect: 100-continue\r\nContent-Length: {}\r\n\r\n{}", body.size(), body),
      head + fmt::format("Connection: Content-Length\r\nContent-Length: {}\r\n\r\n{}", body.size(), body),
      chunked + in_chunks(body, body.size()) + "0\r\n\r\n",
      chunked + in_chunks(body, 1) + "0\r\n\r\n",
      chunked + in_chunks(body, 7, ";name=\"value;\"") + "0;last\r\n\r\n",
      chunked + in_chunks(body, 50) + "000\r\nX-Sum: 12\r\nX-Empty:\r\n\r\n",
  };
  RawClient client(gateway.port());
  for (const auto& request : framed) {
    const auto reply = client.ask(request);
    ASSERT_EQ(reply.status, 200) << request << reply.fault << reply.body;
    const auto seen = provider.seen();
    EXPECT_EQ(seen.back().body, body) << request;
    EXPECT_EQ(seen.back().field("content-length"), std::to_string(body.size()));
    EXPECT_FALSE(seen.back().has_field("transfer-encoding") || seen.back().has_field("expect") || seen.back().has_field("connection"));
  }
  EXPECT_EQ(provider.seen().size(), framed.size());
  EXPECT_EQ(provider.connections(), 1U);
}

TEST(framing_sockets, a_body_in_any_two_reads) {
  EchoServer server;
  const std::string request =
      "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\na\r\n0123456789\r\n0\r\nT: u\r\n\r\n";
  RawClient client(server.port());
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    client.send(request.substr(0, cut));
    const auto reply = client.ask(request.substr(cut));
    ASSERT_EQ(reply.body, "POST /x 13") << cut << reply.fault;
  }
  for (const auto& heard : server.service().heard()) ASSERT_EQ(heard.body, "abc0123456789");
}

/// What a provider does with one case, and then.
struct ResponseTrial {
  bool transparent, stream, stays_open;
};

class Responses : public testing::TestWithParam<ResponseTrial> {
 protected:
  /// The connection can serve again: one final answer, and nothing behind it.
  static bool is_reusable(const FramingCase& one) {
    int answers = 0;
    for (const auto& message : one.messages) answers += message.status >= 200;
    return one.ending == Ending::clean && answers == 1 && one.messages.back().keep_alive;
  }
  void check(const FramingCase& one);
  void expect_well_formed(const Reply& reply, const FramingCase& one);
};

INSTANTIATE_TEST_SUITE_P(framing_sockets, Responses,
                         testing::Values(ResponseTrial{true, false, false}, ResponseTrial{true, true, false},
                                         ResponseTrial{false, false, false}, ResponseTrial{false, true, false},
                                         ResponseTrial{true, false, true}, ResponseTrial{true, true, true},
                                         ResponseTrial{false, true, true}),
                         [](const auto& info) {
                           return fmt::format("{}_{}_{}", info.param.transparent ? "anthropic" : "third_party",
                                              info.param.stream ? "stream" : "whole", info.param.stays_open ? "stays" : "closes");
                         });

void Responses::expect_well_formed(const Reply& reply, const FramingCase& one) {
  ASSERT_TRUE(reply.whole) << reply.fault;
  if (reply.status == 200) {
    if (GetParam().stream) EXPECT_TRUE(ends_well(reply.body)) << reply.body;
    return;
  }
  const bool passed =
      GetParam().transparent && one.ending != Ending::more && !one.messages.empty() && reply.body == one.messages.front().body;
  EXPECT_TRUE(passed || (reply.body.starts_with(R"({"type":"error","error":{"type":")") && is_json(reply.body)))
      << reply.status << reply.body;
  EXPECT_GE(reply.status, 400);
}

void Responses::check(const FramingCase& one) {
  bool first = true;
  ScriptedProvider provider([&](Visit& visit) {
    while (visit.request()) {
      if (!std::exchange(first, false)) {
        visit.send(GetParam().stream ? stream_answer() : whole_answer(kMessage));
        continue;
      }
      visit.send(one.bytes);
      if (!GetParam().stays_open) return;
    }
  });
  TestGateway gateway(GetParam().transparent ? anthropic_at(provider.url()) : third_party_at(provider.url()));
  const auto request = post("/v1/messages", message_body(GetParam().transparent ? "claude-sonnet-5" : "m", GetParam().stream));
  RawClient client(gateway.port());
  const auto reply = client.ask(request);
  expect_well_formed(reply, one);
  EXPECT_TRUE(client.unread().empty()) << client.unread();
  if (!reply.keep_alive) return;
  const auto next = client.ask(request);
  EXPECT_EQ(next.body, GetParam().stream ? joined(kMessageEvents) : kMessage) << next.fault;
  // No case holds a whole stream, so a stream is given up; before its first content that is an error with a status.
  const bool events =
      !one.messages.empty() && (one.messages.front().body.starts_with("data:") || one.messages.front().body.starts_with("event:"));
  const bool broken_stream = GetParam().stream && (reply.status == 200 || events);
  const bool reused = GetParam().stays_open && is_reusable(one) && !broken_stream;
  EXPECT_EQ(provider.connections(), reused ? 1U : 2U);
}

TEST_P(Responses, are_understood_or_refused_and_never_mixed_up) {
  for (const auto& one : cases("responses.cases", CaseKind::responses)) {
    const bool ends_with_the_connection = one.ending == Ending::more || (!one.messages.empty() && !one.messages.back().keep_alive);
    if (GetParam().stays_open && ends_with_the_connection) continue;
    SCOPED_TRACE(fmt::format("case {} at line {}", one.name, one.line));
    check(one);
  }
}

}  // namespace
}  // namespace penstock::tests
