// Streams through the gateway: whatever the provider does to them, the client's end well, and no byte is lost or changed on the way.
#include "gateway/relay_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kUntilClose = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

/// How a provider may leave in the middle.
enum class Cut { chunks_then_close, chunks_then_reset, chunks_end_too_early, until_close };
constexpr Cut kCuts[] = {Cut::chunks_then_close, Cut::chunks_then_reset, Cut::chunks_end_too_early, Cut::until_close};

void send_cut(Visit& visit, std::string_view part, Cut cut) {
  visit.send(std::string(cut == Cut::until_close ? kUntilClose : kStreamHead) +
             (cut == Cut::until_close || part.empty() ? std::string(part) : chunk(part)));
  if (cut == Cut::chunks_end_too_early) visit.send(kStreamEnd);
}

void leave(Visit& visit, Cut cut) { cut == Cut::chunks_then_reset ? visit.reset() : visit.close(); }

/// The events that a client got, but for the last one, are the first ones of the provider's.
bool is_beginning(const std::string& body) {
  auto got = events_of(body);
  const auto all = events_of(joined(kMessageEvents));
  if (got.empty() || got.size() > all.size() + 1) return false;
  if (got.back().name == "error") got.pop_back();
  return std::equal(got.begin(), got.end(), all.begin());
}

/// An error as a status, or a stream that ends well and begins as the provider's did.
void expect_well_ended(const Reply& reply) {
  ASSERT_TRUE(reply.whole) << reply.fault;
  if (reply.status == 200) {
    EXPECT_TRUE(ends_well(reply.body)) << reply.body;
    EXPECT_TRUE(is_beginning(reply.body)) << reply.body;
  } else {
    EXPECT_THAT(reply.body, StartsWith(R"({"type":"error","error":{"type":")")) << reply.status;
  }
}

/// A provider whose answer is set for each request, behind a gateway and one client connection.
class CutStream : public testing::TestWithParam<bool> {
 protected:
  std::string part_;
  Cut cut_ = Cut::chunks_then_close;
  ScriptedProvider provider_{[this](Visit& visit) {
    while (visit.request()) {
      send_cut(visit, part_, cut_);
      return leave(visit, cut_);
    }
  }};
  TestGateway gateway_{GetParam() ? anthropic_at(provider_.url()) : third_party_at(provider_.url())};
  RawClient client_{gateway_.port()};

  Reply ask(std::string_view part, Cut cut) {
    part_ = part;
    cut_ = cut;
    return client_.ask(post("/v1/messages", message_body(GetParam() ? "claude-sonnet-5" : "m", true)));
  }
};

INSTANTIATE_TEST_SUITE_P(gateway, CutStream, testing::Bool(), [](const auto& info) { return info.param ? "anthropic" : "third_party"; });

TEST_P(CutStream, at_every_event_ends_in_an_error) {
  for (const Cut cut : kCuts) {
    std::string part;
    for (std::size_t count = 0; count + 1 < kMessageEvents.size(); part += kMessageEvents[count++]) {
      SCOPED_TRACE(testing::Message() << "cut " << static_cast<int>(cut) << " after " << count << " events");
      const auto reply = ask(part, cut);
      expect_well_ended(reply);
      // A reset may overtake what was sent before it; nothing else may take an event away.
      if (count <= 1) EXPECT_GE(reply.status, 500) << "no content has gone out";
      if (count <= 1 || cut == Cut::chunks_then_reset) continue;
      EXPECT_THAT(names_of(events_of(reply.body)), EndsWith(" error"));
      EXPECT_THAT(reply.body, StartsWith(part));
    }
  }
}

TEST_P(CutStream, at_every_byte_ends_well) {
  const std::string all = joined(kMessageEvents);
  for (const Cut cut : {Cut::until_close, Cut::chunks_end_too_early, Cut::chunks_then_close}) {
    for (std::size_t at = 1; at < all.size(); at += cut == Cut::until_close ? 1 : 5) {
      SCOPED_TRACE(testing::Message() << "cut " << static_cast<int>(cut) << " at " << at);
      expect_well_ended(ask(all.substr(0, at), cut));
      if (HasFailure()) return;
    }
  }
}

TEST_P(CutStream, after_message_stop_is_no_cut) {
  for (const Cut cut : kCuts) {
    if (cut == Cut::chunks_then_reset) continue;
    EXPECT_EQ(ask(joined(kMessageEvents), cut).body, joined(kMessageEvents));
  }
}

TEST_P(CutStream, a_last_event_without_its_empty_line_is_completed) {
  const std::string all = joined(kMessageEvents);
  for (const std::size_t missing : {1U, 2U}) {
    const auto reply = ask(all.substr(0, all.size() - missing), Cut::until_close);
    EXPECT_TRUE(reply.whole);
    EXPECT_THAT(names_of(events_of(reply.body)), EndsWith("message_stop")) << reply.body;
  }
}

TEST(gateway_stream, cut_into_two_reads_at_every_byte_it_stays_the_same) {
  const std::string all = joined(kMessageEvents);
  std::size_t at = 0;
  TestGateway* running = nullptr;
  ScriptedProvider provider([&](Visit& visit) {
    while (visit.request()) {
      visit.send(kStreamHead);
      visit.send(chunk(std::string_view(all).substr(0, at)));
      running->settle();  // the gateway has read it
      visit.send(chunk(std::string_view(all).substr(at)) + std::string(kStreamEnd));
    }
  });
  TestGateway gateway(third_party_at(provider.url()));
  running = &gateway;
  RawClient client(gateway.port());
  for (at = 1; at < all.size(); ++at) {
    const auto reply = client.ask(post("/v1/messages", message_body("m", true)));
    ASSERT_TRUE(reply.whole) << reply.fault;
    ASSERT_EQ(reply.body, all) << "cut at " << at;
  }
  EXPECT_EQ(provider.connections(), 1U) << "a stream that ended well leaves its connection for the next";
}

GatewayOptions with_pings_after(std::chrono::milliseconds time) {
  GatewayOptions options;
  options.adjust = [time](Snapshot& snapshot) { snapshot.ping_after = time; };
  return options;
}

TEST(gateway_stream, pings_before_the_head_before_the_body_and_in_the_middle) {
  Gate pinged[3];
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    pinged[0].wait();
    visit.send(kStreamHead);
    pinged[1].wait();
    visit.send(chunk(joined({kMessageEvents.begin(), kMessageEvents.begin() + 2})));
    pinged[2].wait();
    visit.send(chunk(joined({kMessageEvents.begin() + 2, kMessageEvents.end()})) + std::string(kStreamEnd));
  });
  TestGateway gateway(anthropic_at(provider.url()), with_pings_after(std::chrono::milliseconds(30)));
  RawClient client(gateway.port());
  client.send(post("/v1/messages", message_body("claude-sonnet-5", true)));
  EXPECT_EQ(client.head().field("content-type"), "text/event-stream; charset=utf-8");
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_THAT(client.until("event: ping\ndata: {\"type\": \"ping\"}\n\n"), HasSubstr("event: ping")) << turn;
    pinged[turn].open();
    if (turn == 1) EXPECT_THAT(client.until("message_start\""), HasSubstr("event: message_start"));
  }
  EXPECT_THAT(client.until("0\r\n\r\n"), HasSubstr("event: message_stop"));
}

TEST(gateway_stream, an_error_after_a_ping_is_an_event) {
  Gate pinged;
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    pinged.wait();
    visit.send(whole_answer(R"({"type":"error","error":{"type":"overloaded_error","message":"busy"}})", 529));
  });
  TestGateway gateway(anthropic_at(provider.url()), with_pings_after(std::chrono::milliseconds(20)));
  RawClient client(gateway.port());
  client.send(post("/v1/messages", message_body("claude-sonnet-5", true)));
  client.until("ping\"}\n\n");
  pinged.open();
  const auto rest = client.until("0\r\n\r\n");
  EXPECT_THAT(rest, HasSubstr("event: error\ndata: "));
  EXPECT_THAT(rest, HasSubstr(R"("type":"overloaded_error")"));
}

TEST(gateway_stream, silence_in_the_middle_ends_in_an_error) {
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    visit.send(kStreamHead);
    visit.send(chunk(joined({kMessageEvents.begin(), kMessageEvents.begin() + 2})));
    visit.gateway_leaves();
  });
  GatewayOptions options;
  options.adjust = [](Snapshot& snapshot) { snapshot.upstreams.front().idle_timeout = std::chrono::milliseconds(50); };
  TestGateway gateway(anthropic_at(provider.url()), options);
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages", message_body("claude-sonnet-5", true)));
  expect_well_ended(reply);
  EXPECT_EQ(names_of(events_of(reply.body)), "message_start content_block_start error");
  EXPECT_THAT(reply.body, HasSubstr("timeout_error"));
}

TEST(gateway_stream, before_the_first_content_a_failure_has_a_status) {
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    visit.send(kStreamHead);
    visit.send(chunk(kMessageEvents[0]));
    visit.close();
  });
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages", message_body("claude-sonnet-5", true)));
  EXPECT_EQ(reply.status, 529);
  EXPECT_THAT(reply.body, Not(HasSubstr("message_start")));
}

TEST(gateway_stream, silence_before_the_body_ends_in_an_error) {
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    visit.send(kStreamHead);
    visit.gateway_leaves();
  });
  GatewayOptions options;
  options.adjust = [](Snapshot& snapshot) { snapshot.upstreams.front().first_byte_timeout = std::chrono::milliseconds(50); };
  TestGateway gateway(anthropic_at(provider.url()), options);
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages", message_body("claude-sonnet-5", true)));
  EXPECT_EQ(reply.status, 504);
  EXPECT_THAT(reply.body, HasSubstr("timeout_error"));
}

TEST(gateway_stream, malformed_chunks_before_the_first_event_are_an_error_at_once) {
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    visit.send(kStreamHead);
    visit.send("zz\r\n");
    visit.gateway_leaves();
  });
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages", message_body("claude-sonnet-5", true)));
  EXPECT_EQ(reply.status, 502) << reply.fault;
  EXPECT_THAT(reply.body, HasSubstr("api_error"));
}

TEST(gateway_stream, an_error_event_of_a_third_party_is_translated) {
  ScriptedProvider provider(std::string(kStreamHead) + chunk(joined({kMessageEvents.begin(), kMessageEvents.begin() + 2})) +
                            chunk("event: error\ndata: {\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow down\"}}\n\n") +
                            std::string(kStreamEnd));
  TestGateway gateway(third_party_at(provider.url()));
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages", message_body("m", true)));
  // The events of one read: content and failure come together, and nothing of it has gone out yet.
  EXPECT_EQ(reply.status, 429) << reply.body;
  EXPECT_THAT(reply.body, StartsWith(R"({"type":"error","error":{"type":"rate_limit_error","message":)"));
}

TEST(gateway_stream, behind_content_an_error_event_of_a_third_party_is_translated) {
  Gate seen;
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    visit.send(std::string(kStreamHead) + chunk(joined({kMessageEvents.begin(), kMessageEvents.begin() + 2})));
    seen.wait();
    visit.send(chunk("event: error\ndata: {\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow down\"}}\n\n") +
               std::string(kStreamEnd));
  });
  TestGateway gateway(third_party_at(provider.url()));
  RawClient client(gateway.port());
  client.send(post("/v1/messages", message_body("m", true)));
  client.until("content_block_start");
  seen.open();
  EXPECT_THAT(client.until("0\r\n\r\n"), HasSubstr(R"(event: error
data: {"type":"error","error":{"type":"rate_limit_error","message":)"));
}

TEST(gateway_stream, an_answer_that_is_json_becomes_a_stream) {
  ScriptedProvider provider(whole_answer(kMessage));
  TestGateway gateway(third_party_at(provider.url()));
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages", message_body("m", true)));
  EXPECT_EQ(reply.field("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_TRUE(ends_well(reply.body));
  EXPECT_EQ(names_of(events_of(reply.body)),
            "message_start content_block_start content_block_delta content_block_stop message_delta message_stop");
  EXPECT_THAT(reply.body, HasSubstr(R"("text":"Hi there")"));
}

TEST(gateway_stream, events_under_a_wrong_content_type_are_relayed) {
  ScriptedProvider provider("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n" +
                            chunk(joined(kMessageEvents)) + std::string(kStreamEnd));
  TestGateway gateway(third_party_at(provider.url()));
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages", message_body("m", true)));
  EXPECT_EQ(reply.field("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_EQ(reply.body, joined(kMessageEvents));
}

TEST(gateway_stream, an_http_1_0_client_reads_until_the_end) {
  ScriptedProvider provider(answer_messages);
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  const auto body = message_body("claude-sonnet-5", true);
  client.send("POST /v1/messages HTTP/1.0\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  const auto reply = client.reply();
  EXPECT_TRUE(reply.whole) << reply.fault;
  EXPECT_FALSE(reply.has_field("transfer-encoding"));
  EXPECT_EQ(reply.body, joined(kMessageEvents));
}

TEST(gateway_stream, a_provider_that_keeps_its_body_open_after_message_stop) {
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    visit.send(std::string(kStreamHead) + chunk(joined(kMessageEvents)));
    visit.gateway_leaves();
  });
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  for (int turn = 0; turn < 2; ++turn)
    EXPECT_EQ(client.ask(post("/v1/messages", message_body("claude-sonnet-5", true))).body, joined(kMessageEvents));
  EXPECT_EQ(provider.connections(), 2U) << "such a connection cannot serve again";
}

TEST(gateway_stream, requests_that_come_while_a_stream_runs_wait_their_turn) {
  Gate sent;
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    visit.send(std::string(kStreamHead) + chunk(kMessageEvents[0]));
    sent.wait();
    visit.send(chunk(joined({kMessageEvents.begin() + 1, kMessageEvents.end()})) + std::string(kStreamEnd));
    answer_messages(visit);
  });
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  const auto whole = post("/v1/messages", message_body("claude-sonnet-5", false));
  const auto large = post("/v1/messages", message_body("claude-sonnet-5", false, R"(, "x": ")" + std::string(300'000, 'x') + '"'));
  client.send(post("/v1/messages", message_body("claude-sonnet-5", true)) + whole);  // with it
  EXPECT_TRUE(provider.wait_for_requests(1));
  client.send(get("/livez") + whole.substr(0, 70));  // and while it runs
  gateway.settle();
  sent.open();
  EXPECT_EQ(client.reply().body, joined(kMessageEvents));
  EXPECT_EQ(client.reply().body, kMessage);
  EXPECT_EQ(client.reply().status, 200);
  EXPECT_EQ(client.ask(whole.substr(70) + large).body, kMessage);
  EXPECT_EQ(client.reply().body, kMessage);
  EXPECT_EQ(provider.seen().size(), 4U);
}

TEST(gateway_stream, a_client_that_takes_nothing_for_long_is_given_up) {
  Gate left;
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    visit.send(kStreamHead);
    const std::string one = chunk("event: ping\ndata: " + std::string(60'000, ' ') + "{}\n\n");
    while (visit.send(one)) {
    }
    left.open();
  });
  GatewayOptions options;
  options.limits.write = std::chrono::milliseconds(100);
  TestGateway gateway(anthropic_at(provider.url()), options);
  RawClient client(gateway.port());
  client.socket().shrink_receive_buffer();
  client.send(post("/v1/messages", message_body("claude-sonnet-5", true)));
  EXPECT_TRUE(left.wait());
  EXPECT_TRUE(eventually([&] { return gateway.inflight() == 0; }));
  EXPECT_THAT(gateway.log(), HasSubstr("outcome=\"client left\""));
}

}  // namespace
}  // namespace penstock::gateway
