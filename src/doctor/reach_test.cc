#include <gmock/gmock.h>

#include "doctor/checks.h"
#include "doctor/inputs_for_test.h"

namespace penstock::doctor {
namespace {

using testing::HasSubstr;

constexpr std::string_view kTwo =
    "providers: { one: { base_url: 'https://one.example/api', api_key: secret-0123456789, proxy: 'http://proxy.example:3128' }, "
    "vllm: {} }";

class Reach : public DoctorTest {
 protected:
  static Result<net::Fetched> answered(int status, std::vector<std::pair<std::string, std::string>> headers = {}) {
    net::Fetched fetched;
    fetched.status = status;
    fetched.headers = std::move(headers);
    fetched.total = std::chrono::milliseconds(12);
    return fetched;
  }
};

TEST_F(Reach, asks_without_a_key_and_through_the_proxy) {
  variables_["HTTPS_PROXY"] = "http://other.example:1";
  inputs(std::string(kTwo));
  answer_ = [](const auto&) { return answered(401); };
  const auto rows = run(check_reachable);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].verdict, Verdict::ok);
  EXPECT_EQ(rows[0].seen, "answers in 12 ms, through the proxy proxy.example:3128");
  ASSERT_EQ(asked_.size(), 2U);
  for (const auto& request : asked_)
    for (const auto& [name, value] : request.headers) EXPECT_THAT(name + value, testing::Not(HasSubstr("secret")));
  const auto one = std::ranges::find(asked_, "https://one.example/api/v1/models", &net::FetchRequest::url);
  ASSERT_NE(one, asked_.end());
  EXPECT_EQ(one->https_proxy, "http://proxy.example:3128");
  const auto other = std::ranges::find(asked_, "http://localhost:8000/v1/models", &net::FetchRequest::url);
  ASSERT_NE(other, asked_.end());
  EXPECT_EQ(other->https_proxy, "http://other.example:1");
}

TEST_F(Reach, answers_that_bode_no_good) {
  inputs("providers: { zai: { api_key: k-0123456789 } }");
  const std::pair<int, Verdict> cases[] = {{200, Verdict::ok},      {401, Verdict::ok},      {404, Verdict::ok},
                                           {301, Verdict::warning}, {503, Verdict::warning}, {308, Verdict::warning}};
  for (const auto& [status, verdict] : cases) {
    answer_ = [status](const auto&) { return answered(status); };
    EXPECT_EQ(only(check_reachable).verdict, verdict) << status;
  }
}

TEST_F(Reach, failures_and_their_mends) {
  struct {
    std::string_view message, mend;
  } const cases[] = {
      {"cannot resolve api.z.ai: Host not found", "spelled right"},
      {"cannot connect to api.z.ai:443: Connection refused", "firewall"},
      {"the certificate of api.z.ai cannot be verified: self-signed certificate", "providers.zai.ca_file"},
      {"TLS with api.z.ai failed: wrong version number", "http://"},
      {"the proxy p:1 refused to connect to api.z.ai (status 407)", "providers.zai.proxy"},
      {"no answer in time", "firewall"},
  };
  inputs("providers: { zai: { api_key: k-0123456789 } }");
  for (const auto& one : cases) {
    answer_ = [&](const auto&) -> Result<net::Fetched> { return fail(provider_error(ErrorKind::connection, std::string(one.message))); };
    const auto row = only(check_reachable);
    EXPECT_EQ(row.verdict, Verdict::fault) << one.message;
    EXPECT_EQ(row.seen, one.message);
    EXPECT_THAT(row.mend, HasSubstr(std::string(one.mend))) << one.message;
  }
}

TEST_F(Reach, a_local_server_is_to_be_started) {
  inputs("providers: { ollama: {} }");
  answer_ = [](const auto&) -> Result<net::Fetched> {
    return fail(provider_error(ErrorKind::connection, "cannot connect to localhost:11434: Connection refused"));
  };
  EXPECT_THAT(only(check_reachable).mend, HasSubstr("start Ollama"));
}

TEST_F(Reach, the_clock) {
  inputs(std::string(kTwo)).now = std::chrono::sys_seconds(std::chrono::seconds(784111777));  // Sun, 06 Nov 1994 08:49:37 GMT
  struct {
    std::string_view one, other, age;
    Verdict verdict;
    std::string_view seen;
  } const cases[] = {
      {"Sun, 06 Nov 1994 08:49:37 GMT", "", "", Verdict::ok, "0 s ahead"},
      {"Sun, 06 Nov 1994 08:54:37 GMT", "", "", Verdict::ok, "300 s behind"},
      {"Sun, 06 Nov 1994 08:54:38 GMT", "", "", Verdict::fault, "301 s behind"},
      {"Sun, 06 Nov 1994 08:44:36 GMT", "", "", Verdict::fault, "301 s ahead"},
      {"Sun, 06 Nov 1994 08:39:37 GMT", "", "600", Verdict::ok, "0 s ahead"},                             // out of a cache
      {"Mon, 07 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:39 GMT", "", Verdict::ok, "2 s behind"},  // theirs is wrong
      {"Mon, 07 Nov 1994 08:49:37 GMT", "Tue, 08 Nov 1994 08:49:37 GMT", "", Verdict::fault, "86400 s behind"},
      {"", "", "", Verdict::skipped, "what time"},
      {"yesterday", "Sun, 06 Nov 1994 08:49:37 CET", "", Verdict::skipped, "what time"},
  };
  for (const auto& one : cases) {
    answer_ = [&](const net::FetchRequest& request) {
      const auto date = request.url.contains("one.example") ? one.one : one.other;
      return answered(200, {{"date", std::string(date)}, {"age", std::string(one.age)}});
    };
    const auto row = only(check_clock);
    EXPECT_EQ(row.verdict, one.verdict) << one.one;
    EXPECT_THAT(row.seen, HasSubstr(std::string(one.seen))) << one.one;
  }
}

TEST_F(Reach, a_search_server_is_asked_for_its_front_page) {
  variables_["HTTPS_PROXY"] = "http://other.example:1";
  inputs("web_search: { url: 'https://searx.example', api_key: secret-0123456789 }");
  answer_ = [](const auto&) { return answered(200); };
  EXPECT_EQ(only(check_search).seen, "the search server answers in 12 ms");
  const auto asked = std::ranges::find_if(asked_, [](const auto& request) { return request.url.starts_with("https://searx.example"); });
  ASSERT_NE(asked, asked_.end());
  EXPECT_EQ(asked->https_proxy, "http://other.example:1");
  for (const auto& [name, value] : asked->headers) EXPECT_THAT(value, testing::Not(HasSubstr("secret")));
  answer_ = [](const auto&) { return answered(502); };
  EXPECT_EQ(only(check_search).verdict, Verdict::warning);
  answer_ = nullptr;
  const auto gone = only(check_search);
  EXPECT_EQ(gone.verdict, Verdict::fault);
  EXPECT_EQ(gone.seen, "the search server: cannot connect");
  EXPECT_THAT(gone.mend, HasSubstr("web_search.url"));
}

TEST_F(Reach, without_a_search_server_nothing_is_said_of_one) {
  inputs("{}");
  EXPECT_TRUE(run(check_search).empty());
}

}  // namespace
}  // namespace penstock::doctor
