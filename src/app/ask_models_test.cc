#include "app/ask_models.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace penstock::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

gateway::Upstream upstream(const std::string& dialect, const std::string& host, const std::string& path = "") {
  gateway::Upstream up;
  up.name = "one";
  up.dialect = dialect;
  up.host = up.origin.host = host;
  up.origin.tls = true;
  up.path = path;
  if (dialect == "openai-chat") up.api_path = path + "/v1/chat/completions";
  if (dialect == "openai-responses") up.api_path = path + "/v1/responses";
  up.auth = gateway::AuthScheme::bearer;
  up.key = Secret("sk-secret-0123456789");
  return up;
}

/// A network in which only these URLs exist: a status and a body each.
class AskModelsTest : public testing::Test {
 protected:
  Result<std::vector<catalog::Model>> ask(const gateway::Upstream& up, const catalog::Provider* row = nullptr) {
    ListQuestion question{&up, row, up.key, "http://proxy.example:3128", "none.example"};
    return ask_models(question, [this](const net::FetchRequest& request) -> Result<net::Fetched> {
      asked_.push_back(request);
      if (!unreachable_.empty()) return fail(provider_error(ErrorKind::connection, unreachable_));
      const auto at = answers_.find(request.url);
      net::Fetched fetched;
      fetched.status = at == answers_.end() ? 404 : at->second.first;
      fetched.body = at == answers_.end() ? "<html>" : at->second.second;
      return fetched;
    });
  }
  std::vector<std::string> urls() const {
    std::vector<std::string> all;
    for (const auto& request : asked_) all.push_back(request.url);
    return all;
  }
  static std::string field(const net::FetchRequest& request, std::string_view name) {
    for (const auto& [own, value] : request.headers)
      if (own == name) return value;
    return {};
  }
  std::map<std::string, std::pair<int, std::string>> answers_;
  std::vector<net::FetchRequest> asked_;
  std::string unreachable_;  // why; empty: it is not
};

TEST_F(AskModelsTest, where_lists_are) {
  const auto places = [](const gateway::Upstream& up, const catalog::Provider* row = nullptr) {
    std::vector<std::string> urls;
    for (const auto& place : list_places({&up, row, {}, {}, {}})) urls.push_back(place.url);
    return urls;
  };
  EXPECT_THAT(places(upstream("anthropic", "h", "/coding")), ElementsAre("https://h/coding/v1/models"));
  EXPECT_THAT(places(upstream("anthropic", "h", "/apps/anthropic")),
              ElementsAre("https://h/apps/anthropic/v1/models", "https://h/v1/models"));
  EXPECT_THAT(places(upstream("openai-chat", "h:8000", "/api")), ElementsAre("https://h:8000/api/v1/models"));
  EXPECT_THAT(places(upstream("openai-responses", "h")), ElementsAre("https://h/v1/models"));
  EXPECT_THAT(places(upstream("gemini", "h")), ElementsAre("https://h/v1beta/models?pageSize=1000"));
  auto transparent = upstream("anthropic", "h");
  transparent.transparent = true;
  EXPECT_THAT(places(transparent), ElementsAre("https://h/v1/models?limit=1000"));
  auto several = upstream("anthropic", "h", "/anthropic");
  several.others = {upstream("openai-chat", "h"), upstream("gemini", "g"), upstream("openai-responses", "h")};
  EXPECT_THAT(places(several),
              ElementsAre("https://g/v1beta/models?pageSize=1000", "https://h/v1/models", "https://h/anthropic/v1/models"));
  catalog::Provider row;
  row.base_url = "https://h.example";
  row.models_path = "/api/v0/models";
  EXPECT_THAT(places(upstream("openai-chat", "box:1234"), &row),
              ElementsAre("https://box:1234/api/v0/models", "https://box:1234/v1/models"));
  EXPECT_THAT(places(upstream("openai-chat", "box", "/relay"), &row), ElementsAre("https://box/relay/v1/models")) << "moved elsewhere";
}

TEST_F(AskModelsTest, shows_what_the_gateway_shows) {
  auto up = upstream("anthropic", "h");
  up.auth = gateway::AuthScheme::x_api_key;
  up.headers = {{"x-team", "blue"}, {"user-agent", "mine"}};
  up.origin.ca_file = "/ca.pem";
  answers_["https://h/v1/models"] = {200, R"({"data":[{"id":"a"}]})"};
  ASSERT_TRUE(ask(up));
  ASSERT_EQ(asked_.size(), 1U);
  const auto& request = asked_.front();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(field(request, "x-api-key"), "sk-secret-0123456789");
  EXPECT_EQ(field(request, "authorization"), "");
  EXPECT_EQ(field(request, "anthropic-version"), "2023-06-01");
  EXPECT_EQ(field(request, "x-team"), "blue");
  EXPECT_EQ(field(request, "user-agent"), "mine");
  EXPECT_EQ(request.ca_file, "/ca.pem");
  EXPECT_EQ(request.https_proxy, "http://proxy.example:3128");
  EXPECT_EQ(request.no_proxy, "none.example");
  EXPECT_LE(request.most, 16U << 20);

  asked_.clear();
  up.auth = gateway::AuthScheme::header;
  up.auth_header = "x-goog-api-key";
  ASSERT_TRUE(ask(up));
  EXPECT_EQ(field(asked_.front(), "x-goog-api-key"), "sk-secret-0123456789");
  asked_.clear();
  up.auth = gateway::AuthScheme::bearer;
  up.credential_beta = "oauth-2025-04-20";
  ASSERT_TRUE(ask(up));
  EXPECT_EQ(field(asked_.front(), "authorization"), "Bearer sk-secret-0123456789");
  EXPECT_EQ(field(asked_.front(), "anthropic-beta"), "oauth-2025-04-20");
}

TEST_F(AskModelsTest, every_page_of_each_kind) {
  auto up = upstream("anthropic", "h");
  up.transparent = true;
  answers_["https://h/v1/models?limit=1000"] = {200, R"({"data":[{"id":"a"}],"has_more":true,"last_id":"a"})"};
  answers_["https://h/v1/models?limit=1000&after_id=a"] = {200, R"({"data":[{"id":"a"},{"id":"b"}],"has_more":true,"last_id":"b"})"};
  answers_["https://h/v1/models?limit=1000&after_id=b"] = {200, R"({"data":[{"id":"c"}],"has_more":false,"last_id":"c"})"};
  const auto models = ask(up);
  ASSERT_TRUE(models) << models.error().message;
  EXPECT_EQ(models->size(), 3U);
  EXPECT_EQ(asked_.size(), 3U);

  asked_.clear();
  answers_["https://g/v1/models"] = {200, R"({"data":[{"id":"a"}],"links":{"next":"/v1/models?offset=1"}})"};
  answers_["https://g/v1/models?offset=1"] = {200, R"({"data":[{"id":"b"}],"links":{"next":"/v1/models?offset=1"}})"};
  const auto linked = ask(upstream("openai-chat", "g"));
  ASSERT_TRUE(linked);
  EXPECT_EQ(linked->size(), 2U);
  EXPECT_THAT(urls(), ElementsAre("https://g/v1/models", "https://g/v1/models?offset=1")) << "a page that leads to itself is the last";
}

TEST_F(AskModelsTest, pages_without_an_end_have_one) {
  int count = 0;
  const auto up = upstream("openai-chat", "h");
  const auto models = ask_models({&up, nullptr, up.key, {}, {}}, [&](const auto&) -> Result<net::Fetched> {
    net::Fetched fetched;
    fetched.status = 200;
    fetched.body = fmt::format(R"({{"data":[{{"id":"m{0}"}}],"has_more":true,"last_id":"{0}"}})", ++count);
    return fetched;
  });
  ASSERT_TRUE(models);
  EXPECT_EQ(count, 50);
}

TEST_F(AskModelsTest, a_place_without_a_list_is_passed_over) {
  auto up = upstream("anthropic", "h", "/api/anthropic");
  up.others = {upstream("openai-chat", "h", "/api/paas")};
  answers_["https://h/api/paas/v1/models"] = {200, "<html>not here</html>"};
  answers_["https://h/v1/models"] = {200, R"({"data":[{"id":"glm"}]})"};
  const auto models = ask(up);
  ASSERT_TRUE(models) << models.error().message;
  EXPECT_EQ(models->front().id, "glm");
  EXPECT_EQ(asked_.size(), 3U);
}

TEST_F(AskModelsTest, failures_and_their_mends) {
  struct {
    int status;
    std::string body;
    const char *words, *mend;
  } const cases[] = {
      {401, R"({"error":{"message":"bad key sk-secret-0123456789 given"}})", "bad key … given", "penstock keys set one"},
      {403, R"({"error":"forbidden"})", "(403: forbidden)", "penstock keys set one"},
      {302, "", "redirect (302)", "providers.one.base_url"},
      {404, "", "no list of models (404 at https://h/v1/models)", "providers.one.models"},
      {500, R"({"message":"down\u001b[31m"})", "answers 500: down\xef\xbf\xbd", "try again"},
      {429, "", "answers 429", "try again"},
      {200, "[", "https://h/v1/models: the answer is no JSON", ""},
      {200, R"({"error":{"message":"x"}})", "holds no list of models", ""},
  };
  for (const auto& one : cases) {
    answers_["https://h/v1/models"] = {one.status, one.body};
    const auto models = ask(upstream("openai-chat", "h"));
    ASSERT_FALSE(models) << one.status;
    EXPECT_THAT(models.error().message, HasSubstr(one.words));
    EXPECT_THAT(models.error().message, HasSubstr(one.mend));
    EXPECT_THAT(models.error().message, Not(HasSubstr("secret")));
  }
}

TEST_F(AskModelsTest, a_refused_key_is_replaced_where_it_was_found) {
  const auto up = upstream("openai-chat", "h");
  const auto mend = [&](std::string source) {
    const auto refused = [](const auto&) -> Result<net::Fetched> {
      net::Fetched fetched;
      fetched.status = 401;
      return fetched;
    };
    const auto message = ask_models({&up, nullptr, up.key, {}, {}, std::move(source)}, refused).error().message;
    return message.substr(message.find("mend: ") + 6);
  };
  EXPECT_EQ(mend("configuration"), "another key in the configuration, at providers.one.api_key");
  EXPECT_EQ(mend("credentials.pool[1]"), "another key in the configuration, at providers.one.credentials.pool[1]");
  EXPECT_EQ(mend("$ONE_KEY"), "another key in the variable ONE_KEY");
  EXPECT_EQ(mend("/home/u/keys/one"), "penstock keys set one");
}

TEST_F(AskModelsTest, a_refused_key_is_told_before_a_list_that_is_not_there) {
  auto up = upstream("anthropic", "h", "/anthropic");
  up.others = {upstream("openai-chat", "h")};
  answers_["https://h/anthropic/v1/models"] = {401, ""};
  EXPECT_EQ(ask(up).error().kind, ErrorKind::authentication);
  EXPECT_EQ(asked_.size(), 2U);
}

TEST_F(AskModelsTest, who_cannot_be_reached_is_asked_once) {
  unreachable_ = "cannot connect to h.example:443";
  auto up = upstream("anthropic", "h", "/anthropic");
  EXPECT_THAT(ask(up).error().message, HasSubstr("penstock doctor one"));
  EXPECT_EQ(asked_.size(), 1U);
  up.origin.host = "localhost";
  EXPECT_THAT(ask(up).error().message, HasSubstr("start that server"));
  unreachable_ = "TLS with localhost failed: wrong version number";
  EXPECT_THAT(ask(up).error().message, HasSubstr("penstock doctor one")) << "it runs";
}

}  // namespace
}  // namespace penstock::app
