// The search server is asked over real sockets: what is sent, and what comes of every kind of answer.
#include "gateway/search_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/gateway/scripted_provider.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Hits = Result<std::vector<dialect::SearchHit>>;

SearchBackend backend_at(std::uint16_t port, SearchApi api = SearchApi::searxng, std::string_view key = "") {
  SearchBackend backend;
  backend.api = api;
  backend.origin = {.host = "127.0.0.1", .port = port, .tls = false, .ca_file = {}, .proxy = {}, .key = {}};
  backend.origin.key = backend.origin.name();
  backend.host = "127.0.0.1:" + std::to_string(port);
  backend.key = Secret(std::string(key));
  return backend;
}

/// A worker that searches, one query behind the other.
class Searcher {
 public:
  Searcher() { worker_.run(); }
  ~Searcher() {
    std::promise<void> closed;
    worker_.post([&] {
      pool_.reset();
      closed.set_value();
    });
    closed.get_future().wait();
    worker_.stop();
  }
  Searcher(const Searcher&) = delete;
  Searcher& operator=(const Searcher&) = delete;

  std::future<Hits> begin(const SearchBackend& backend, std::string_view query) {
    done_ = {};
    worker_.post([&, query] { net::start(worker_.executor(), run(backend, query)); });
    return done_.get_future();
  }
  Hits ask(const SearchBackend& backend, std::string_view query = "q") { return begin(backend, query).get(); }
  void cancel() {
    worker_.post([this] { cancel_.request(); });
  }

 private:
  net::Task<> run(const SearchBackend& backend, std::string_view query) {
    if (!pool_) pool_ = std::make_unique<net::ConnectionPool>(worker_);
    auto hits = co_await search(worker_, *pool_, backend, query, cancel_);
    done_.set_value(std::move(hits));
  }
  net::Worker worker_{0};
  std::unique_ptr<net::ConnectionPool> pool_;
  net::Cancel cancel_;
  std::promise<Hits> done_;
};

constexpr std::string_view kResults = R"({"results":[{"url":"https://a.example/","title":"A","content":"said"}]})";

TEST(SearchBackend, AsksSearxng) {
  ScriptedProvider server(whole_answer(kResults));
  Searcher searcher;
  const auto hits = searcher.ask(backend_at(server.port()), "who & what ä?");
  ASSERT_TRUE(hits) << hits.error().message;
  ASSERT_EQ(hits->size(), 1U);
  EXPECT_EQ(hits->front().title, "A");
  const auto seen = server.seen().at(0);
  EXPECT_THAT(seen.head, StartsWith("GET /search?q=who%20%26%20what%20%C3%A4%3F&format=json HTTP/1.1\r\n"));
  EXPECT_EQ(seen.field("host"), "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_FALSE(seen.has_field("authorization"));
}

TEST(SearchBackend, AsksBrave) {
  ScriptedProvider server(whole_answer(R"({"web":{"results":[{"url":"https://b.example/","title":"B"}]}})"));
  Searcher searcher;
  const auto hits = searcher.ask(backend_at(server.port(), SearchApi::brave, "BSA-1"));
  ASSERT_TRUE(hits) << hits.error().message;
  EXPECT_EQ(hits->front().title, "B");
  const auto seen = server.seen().at(0);
  EXPECT_THAT(seen.head, StartsWith("GET /res/v1/web/search?q=q&count=20&text_decorations=false HTTP/1.1\r\n"));
  EXPECT_EQ(seen.field("x-subscription-token"), "BSA-1");
}

TEST(SearchBackend, ASearxngBehindATokenGetsIt) {
  auto backend = backend_at(1, SearchApi::searxng, "t");
  backend.path = "/searx";
  EXPECT_THAT(search_head(backend, "q"), StartsWith("GET /searx/search?q=q&format=json HTTP/1.1\r\n"));
  EXPECT_THAT(search_head(backend, "q"), HasSubstr("\r\nauthorization: Bearer t\r\n"));
}

TEST(SearchBackend, ConnectionsAreUsedAgainAndDeadOnesReplaced) {
  ScriptedProvider server([](Visit& visit) {
    if (!visit.request()) return;
    visit.send(whole_answer(kResults));
    if (visit.number() > 0) return void(visit.request() && visit.send(whole_answer(kResults)));
    if (visit.request()) visit.close();  // asked again, says nothing
  });
  Searcher searcher;
  const auto backend = backend_at(server.port());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(searcher.ask(backend)) << i;
  EXPECT_EQ(server.connections(), 2U);
}

TEST(SearchBackend, ARedirectIsNotFollowedWithTheKey) {
  ScriptedProvider elsewhere(whole_answer(kResults));
  ScriptedProvider server(whole_answer("", 302, "location: " + elsewhere.url() + "/\r\n"));
  Searcher searcher;
  const auto hits = searcher.ask(backend_at(server.port(), SearchApi::brave, "BSA-1"));
  ASSERT_FALSE(hits);
  EXPECT_THAT(hits.error().message, HasSubstr("sends on to " + elsewhere.url()));
  EXPECT_EQ(elsewhere.connections(), 0U);
}

TEST(SearchBackend, AnAnswerWithoutEndIsCutOff) {
  ScriptedProvider server([](Visit& visit) {
    visit.request();
    visit.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    const auto piece = chunk(std::string(60'000, 'x'));
    while (visit.send(piece)) {
    }
  });
  Searcher searcher;
  const auto hits = searcher.ask(backend_at(server.port()));
  ASSERT_FALSE(hits);
  EXPECT_EQ(hits.error().kind, ErrorKind::too_large);
}

TEST(SearchBackend, AServerThatIsNotThereIsAnError) {
  std::uint16_t port = 0;
  {
    const ScriptedProvider gone(whole_answer(""));
    port = gone.port();
  }
  Searcher searcher;
  const auto hits = searcher.ask(backend_at(port));
  ASSERT_FALSE(hits);
  EXPECT_EQ(hits.error().kind, ErrorKind::connection);
  EXPECT_THAT(hits.error().message, StartsWith("the search server 127.0.0.1:" + std::to_string(port) + " (web_search.url)"));
}

TEST(SearchBackend, AClientThatLeavesEndsTheSearch) {
  Gate asked;
  ScriptedProvider server([&](Visit& visit) {
    visit.request();
    asked.open();
    visit.gateway_leaves();
  });
  Searcher searcher;
  const auto backend = backend_at(server.port());
  auto hits = searcher.begin(backend, "q");
  ASSERT_TRUE(asked.wait());
  searcher.cancel();
  EXPECT_EQ(hits.get().error().kind, ErrorKind::cancelled);
}

TEST(SearchBackend, AKeyInTheServersWordsIsHidden) {
  ScriptedProvider server(whole_answer(R"({"error":{"message":"the token BSA-0123456789 is invalid"}})", 401));
  Searcher searcher;
  const auto hits = searcher.ask(backend_at(server.port(), SearchApi::brave, "BSA-0123456789"));
  ASSERT_FALSE(hits);
  EXPECT_THAT(hits.error().message, HasSubstr("is invalid"));
  EXPECT_THAT(hits.error().message, Not(HasSubstr("BSA-0123456789")));
}

TEST(SearchBackend, Outcomes) {
  SearchBackend backend;
  backend.max_results = 1;
  const dialect::SearchTool tool{.name = "web_search", .max_uses = 1, .allowed = {}, .blocked = {"a.example"}, .location = {}};
  const auto good =
      outcome_of(backend, tool,
                 std::vector<dialect::SearchHit>{
                     {"A", "https://a.example/", "", ""}, {"B", "https://b.example/", "", ""}, {"C", "https://c.example/", "", ""}});
  ASSERT_EQ(good.hits.size(), 1U);
  EXPECT_EQ(good.hits.front().title, "B");
  const auto failed = [&](ErrorKind kind) { return outcome_of(backend, tool, fail(provider_error(kind, "m"))); };
  EXPECT_EQ(failed(ErrorKind::rate_limited).error_code, "too_many_requests");
  EXPECT_EQ(failed(ErrorKind::rate_limited).advice, "");
  EXPECT_EQ(failed(ErrorKind::timeout).error_code, "unavailable");
  EXPECT_EQ(failed(ErrorKind::timeout).advice, "") << "the next one may be quicker";
  EXPECT_EQ(failed(ErrorKind::connection).advice, "Web search failed: m.") << "nobody else tells the user that the server is not there";
  EXPECT_EQ(failed(ErrorKind::authentication).advice, "Web search failed: m.");
}

}  // namespace
}  // namespace penstock::gateway
