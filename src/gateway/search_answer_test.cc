#include "gateway/search_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::gateway {
namespace {

using testing::HasSubstr;

std::string lines(const Result<std::vector<dialect::SearchHit>>& hits) {
  if (!hits) return hits.error().message;
  std::string out;
  for (const auto& [title, url, age, text] : *hits) out += title + "|" + url + "|" + age + "|" + text + "\n";
  return out;
}

TEST(SearchAnswer, Searxng) {
  EXPECT_EQ(lines(read_hits(SearchApi::searxng, R"j({"query":"q","number_of_results":0,"results":[
      {"url":"https://a.example/","title":"A &amp; B","content":"<p>said  \n this</p>","publishedDate":"2026-05-01T00:00:00","engine":"x","score":1.5},
      {"url":"https://b.example/","title":null,"content":null,"publishedDate":null},
      {"title":"no address"}, {"url":"javascript:alert(1)","title":"bad"}, 7],
      "answers":[],"unresponsive_engines":[["google","CAPTCHA"]]})j")),
            "A & B|https://a.example/|2026-05-01|said this\nhttps://b.example/|https://b.example/||\n");
  EXPECT_EQ(lines(read_hits(SearchApi::searxng, R"({"results":[]})")), "");
}

TEST(SearchAnswer, Brave) {
  EXPECT_EQ(lines(read_hits(SearchApi::brave, R"({"type":"search","query":{"original":"q"},"web":{"type":"search","results":[
      {"title":"A","url":"https://a.example/","description":"It&#x27;s <strong>so</strong>.","age":"2 days ago","page_age":"2026-05-01T10:00:00",
       "extra_snippets":["more","and more"]},
      {"title":"B","url":"http://b.example/","description":"","page_age":"2026-05-01T10:00:00"}]}})")),
            "A|https://a.example/|2 days ago|It's so.\nmore\nand more\nB|http://b.example/|2026-05-01|\n");
  EXPECT_EQ(lines(read_hits(SearchApi::brave, R"({"type":"search","query":{"original":"q"}})")), "");
}

TEST(SearchAnswer, NoMoreThanTheLimit) {
  std::string list;
  for (std::size_t i = 0; i < 2 * kMostHits; ++i) list += (i == 0 ? "" : ",") + std::string(R"({"url":"https://a.example","title":"t"})");
  EXPECT_EQ(read_hits(SearchApi::searxng, R"({"results":[)" + list + "]}")->size(), kMostHits);
}

TEST(SearchAnswer, WhatIsNoneIsAFailure) {
  for (const auto* body : {"", "<html>", "[]", "null", "{\"results\":[}", "{}", R"({"results":{}})"})
    EXPECT_FALSE(read_hits(SearchApi::searxng, body)) << body;
  EXPECT_FALSE(read_hits(SearchApi::brave, R"({"results":[]})"));
  EXPECT_THAT(read_hits(SearchApi::searxng, "<html>").error().message, HasSubstr("web_search.url"));
}

TEST(SearchAnswer, RefusalsNameTheMend) {
  const auto refusal = [](SearchApi api, int status, std::string_view body) { return search_refusal(api, status, "", body); };
  EXPECT_THAT(refusal(SearchApi::searxng, 403, "<!doctype html><title>403 Forbidden</title>").message,
              HasSubstr("403: 403 Forbidden; its settings.yml must list json under search.formats"));
  const auto token =
      refusal(SearchApi::brave, 422,
              R"({"error":{"status":422,"code":"SUBSCRIPTION_TOKEN_INVALID","detail":"The provided subscription token is invalid."}})");
  EXPECT_EQ(token.kind, ErrorKind::authentication);
  EXPECT_THAT(token.message, HasSubstr("web_search.api_key"));
  EXPECT_EQ(refusal(SearchApi::brave, 429, "").kind, ErrorKind::rate_limited);
  EXPECT_EQ(refusal(SearchApi::searxng, 503, "").kind, ErrorKind::connection);
  EXPECT_EQ(search_refusal(SearchApi::searxng, 302, "https://other.example/\x1b[1m", "").message,
            "the search server sends on to https://other.example/\xEF\xBF\xBD[1m; set web_search.url in penstock.yaml to where it leads");
}

TEST(SearchAnswer, PlainWords) {
  EXPECT_EQ(plain_words("  a <b>c</b>\n\td  "), "a c d");
  EXPECT_EQ(plain_words("if a < b && c > d"), "if a < b && c > d");
  EXPECT_EQ(plain_words("&lt;b&gt; &#39;x&#x27; &nbsp;&euro; &bogus; &"), "<b> 'x'  &euro; &bogus; &");
  EXPECT_EQ(plain_words("&#228;&#x20AC;&#x1F600;&#xD800;&#1;"), "ä€😀\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD&#1;");
  EXPECT_EQ(plain_words("cut <a href=\"x"), "cut <a href=\"x");
  EXPECT_EQ(plain_words("\xff"), "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace penstock::gateway
