// What an attempt that came to nothing says: to the policy, and to the client when nobody else answers.
#include "gateway/setback.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using testing::HasSubstr;
using testing::StartsWith;

Record record_of(const Upstream& upstream) {
  Record record;
  record.upstream = &upstream;
  return record;
}

TEST(Setback, a_broken_answer_keeps_what_broke_it) {
  const auto setback = broken({ErrorKind::timeout, Fault::provider, "too slow"});
  ASSERT_TRUE(setback.why);
  EXPECT_EQ(setback.why->kind, ErrorKind::timeout);
  EXPECT_EQ(setback.status, 0) << "there was none";
  EXPECT_EQ(setback.error.status, 504);
  EXPECT_EQ(setback.error.message, "too slow");
}

TEST(Setback, a_refusal_has_a_status_and_no_fault_of_the_connection) {
  const auto setback = declined(400, {413, "request_too_large", "too long", {}, {}}, Setback::Inside::error);
  EXPECT_FALSE(setback.why);
  EXPECT_EQ(setback.status, 400);
  EXPECT_EQ(setback.inside, Setback::Inside::error);
  EXPECT_EQ(setback.error.status, 413);
  EXPECT_EQ(declined(400, {}).inside, Setback::Inside::none);
}

TEST(Setback, who_did_not_answer_is_named_and_at_fault) {
  Upstream upstream;
  upstream.name = "zai";
  const auto setback = unanswered(internal_error("cannot connect"), record_of(upstream));
  EXPECT_EQ(setback.why->fault, Fault::provider);
  EXPECT_EQ(setback.why->message, "cannot connect (zai)");
  EXPECT_EQ(setback.error.message, "cannot connect (zai)");
  EXPECT_EQ(unanswered({ErrorKind::connection, Fault::us, "reset"}, record_of(upstream)).error.status, 529) << "the client tries again";
}

TEST(Setback, a_login_that_is_over_is_for_its_user_to_mend) {
  Upstream upstream;
  upstream.name = "zai";
  const auto setback = unanswered({ErrorKind::authentication, Fault::us, "log in: penstock login zai"}, record_of(upstream));
  EXPECT_EQ(setback.error.status, 502);
  EXPECT_EQ(setback.error.type, "api_error");
  EXPECT_EQ(setback.error.message, "log in: penstock login zai") << "the words as they are";
  EXPECT_EQ(setback.error.should_retry, false) << "nobody else can";
  EXPECT_EQ(setback.why->kind, ErrorKind::authentication);
}

// ---- what the client sees, when nobody else answers

TEST(setback_show, anthropics_own_error_passes_as_it_came) {
  constexpr auto kError = R"({"type":"error","error":{"type":"invalid_request_error","message":"own words"},"more":1})";
  ScriptedProvider provider(whole_answer(kError, 400, "x-should-retry: false\r\n"));
  TestGateway gateway(anthropic_at(provider.url()));
  for (const bool stream : {false, true}) {
    RawClient client(gateway.port());
    const auto reply = client.ask(post("/v1/messages", message_body("claude-sonnet-5", stream)));
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.body, kError);
  }
  EXPECT_THAT(gateway.log(), HasSubstr("the provider answered 400"));
}

TEST(setback_show, an_error_has_no_place_in_a_stream_that_pings_have_begun) {
  Gate pinged;
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request() || !pinged.wait()) return;
    visit.send(whole_answer(R"({"type":"error","error":{"type":"invalid_request_error","message":"own words"}})", 400));
  });
  GatewayOptions options;
  options.adjust = [](Snapshot& snapshot) { snapshot.ping_after = std::chrono::milliseconds(30); };
  TestGateway gateway(anthropic_at(provider.url()), options);
  RawClient client(gateway.port());
  client.send(post("/v1/messages", message_body("claude-sonnet-5", true)));
  EXPECT_EQ(client.head().status, 200);
  EXPECT_THAT(client.until("event: ping"), HasSubstr("event: ping"));
  pinged.open();
  const auto rest = client.until("own words");
  EXPECT_THAT(rest, HasSubstr("event: error\ndata: {\"type\":\"error\""));
  EXPECT_THAT(rest, HasSubstr("own words"));
}

}  // namespace
}  // namespace penstock::gateway
