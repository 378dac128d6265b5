#include "doctor/live.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "doctor/inputs_for_test.h"
#include "json/padded.h"

namespace penstock::doctor {
namespace {

using testing::HasSubstr;

class Live : public DoctorTest {
 protected:
  Subject subject(const std::string& provider, std::string model = "m") {
    auto& made = inputs("providers: { " + provider + " }");
    EXPECT_EQ(made.patients.size(), 1U);
    return {&made.patients.front(), std::move(model)};
  }
  Subject plain() { return subject("p: { base_url: 'https://p.example', auth: none }"); }
  static net::Fetched answer(int status, std::string body, std::string type = "application/json") {
    net::Fetched fetched;
    fetched.status = status;
    fetched.body = std::move(body);
    fetched.headers = {{"content-type", std::move(type)}};
    return fetched;
  }
  static net::Fetched message(std::string_view content) { return answer(200, fmt::format(R"({{"content":[{}]}})", content)); }
  static net::Fetched stream(std::string_view events) {
    std::string body;
    for (const auto event : split(events, ' ')) body += fmt::format("event: {}\ndata: {{\"type\":\"{}\"}}\n\n", event, event);
    return answer(200, body, "text/event-stream; charset=utf-8");
  }
};

constexpr std::string_view kText = R"({"type":"text","text":"pong"})";
constexpr std::string_view kThought = R"({"type":"thinking","thinking":"hm","signature":"s"})";
constexpr std::string_view kCall = R"({"type":"tool_use","id":"t","name":"record_number","input":{"number":4711}})";

TEST_F(Live, questions_are_json_of_the_right_kind) {
  const auto asked = subject("zai: { api_key: k-0123456789 }", "glm \"5\"");
  for (const auto check : kLiveChecks) {
    const json::Padded body(live_body(asked, check));
    json::Document document;
    ASSERT_TRUE(document.index(body.text())) << body.text();
    const auto root = document.root();
    EXPECT_EQ(root.find("model")->text(), "glm \"5\"");
    EXPECT_EQ(root.find("max_tokens").has_value(), check != LiveCheck::count);
    EXPECT_EQ(root.find("stream").has_value(), check == LiveCheck::stream);
    EXPECT_EQ(root.find("tools").has_value(), check == LiveCheck::tools);
    EXPECT_EQ(root.find("thinking").has_value(), check == LiveCheck::thinking);
    EXPECT_EQ(body.text().contains("image/png"), check == LiveCheck::image);
  }
  EXPECT_EQ(live_path(asked, LiveCheck::plain), "/to/zai/v1/messages");
  EXPECT_EQ(live_path(asked, LiveCheck::count), "/to/zai/v1/messages/count_tokens");
}

TEST_F(Live, whole_answers) {
  const auto asked = plain();
  struct {
    LiveCheck check;
    std::string_view content;
    Verdict verdict;
    std::string_view seen;
  } const cases[] = {
      {LiveCheck::plain, kText, Verdict::ok, "answered"},
      {LiveCheck::plain, kThought, Verdict::ok, "thoughts only"},
      {LiveCheck::plain, "", Verdict::fault, "empty"},
      {LiveCheck::tools, kCall, Verdict::ok, "right input"},
      {LiveCheck::tools, kText, Verdict::fault, "plain text came back"},
      {LiveCheck::tools, R"({"type":"tool_use","id":"t","name":"record_number","input":{}})", Verdict::fault, "without its input"},
      {LiveCheck::tools, R"({"type":"tool_use","id":"t","name":"record_number","input":{"number":"4711"}})", Verdict::fault, "without its"},
      {LiveCheck::tools, R"({"type":"tool_use","id":"t","name":"record_number","input":{"number":5}})", Verdict::fault, "another number"},
      {LiveCheck::tools, R"({"type":"tool_use","id":"t","name":"other","input":{"number":4711}})", Verdict::fault, "does not exist"},
      {LiveCheck::thinking, kThought, Verdict::ok, "thought"},
      {LiveCheck::thinking, R"({"type":"redacted_thinking","data":"x"})", Verdict::ok, "thought"},
      {LiveCheck::thinking, kText, Verdict::warning, "without a block of thinking"},
      {LiveCheck::image, R"({"type":"text","text":"It is Red."})", Verdict::ok, "saw"},
      {LiveCheck::image, R"({"type":"text","text":"I cannot see images."})", Verdict::warning, "I cannot see"},
  };
  for (const auto& one : cases) {
    const auto row = judge(asked, one.check, message(one.content));
    EXPECT_EQ(row.verdict, one.verdict) << name(one.check) << ": " << one.content;
    EXPECT_THAT(row.seen, HasSubstr(std::string(one.seen)));
  }
  EXPECT_EQ(judge(asked, LiveCheck::plain, answer(200, "<html>")).verdict, Verdict::fault);
}

TEST_F(Live, counts) {
  const auto asked = plain();
  EXPECT_EQ(judge(asked, LiveCheck::count, answer(200, R"({"input_tokens":14})")).seen, "14 tokens, estimated here");
  EXPECT_EQ(judge(asked, LiveCheck::count, answer(200, R"({"input_tokens":0})")).verdict, Verdict::fault);
  EXPECT_EQ(judge(asked, LiveCheck::count, answer(200, "{}")).verdict, Verdict::fault);
  const auto counting = subject("p: { base_url: 'https://p.example', auth: none, count_tokens: true }");
  EXPECT_EQ(judge(counting, LiveCheck::count, answer(200, R"({"input_tokens":14})")).seen, "14 tokens, counted there");
}

TEST_F(Live, streams) {
  const auto asked = plain();
  const auto seen = [&](const net::Fetched& answer) { return judge(asked, LiveCheck::stream, answer).seen; };
  EXPECT_EQ(seen(stream("message_start content_block_start content_block_delta content_block_delta message_stop")), "2 pieces");
  EXPECT_EQ(judge(asked, LiveCheck::stream, stream("message_start content_block_delta message_stop")).verdict, Verdict::ok);
  EXPECT_THAT(seen(stream("message_start content_block_delta")), HasSubstr("ends with content_block_delta"));
  EXPECT_THAT(seen(stream("ping message_start content_block_delta message_stop")), HasSubstr("begins with ping"));
  EXPECT_THAT(seen(stream("message_start message_stop")), HasSubstr("no content"));
  EXPECT_THAT(seen(message(kText)), HasSubstr("no stream"));
  const auto broken =
      answer(200, "event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"Overloaded\"}}\n\n", "text/event-stream");
  EXPECT_EQ(seen(broken), "the stream broke off: Overloaded");
}

TEST_F(Live, refusals_are_told_in_the_providers_words) {
  const auto asked = plain();
  const auto row = judge(asked, LiveCheck::plain, answer(429, R"({"type":"error","error":{"message":"slow down"}})"));
  EXPECT_EQ(row.verdict, Verdict::fault);
  EXPECT_EQ(row.seen, "429: slow down");
  EXPECT_EQ(judge(asked, LiveCheck::plain, answer(502, "Bad \xff Gateway\n")).seen, "502: Bad \xEF\xBF\xBD Gateway");
  EXPECT_LT(judge(asked, LiveCheck::plain, answer(500, std::string(5000, 'x'))).seen.size(), 400U);
}

TEST_F(Live, a_server_that_calls_no_tools_is_known) {
  struct {
    std::string_view provider;
    int status;
    std::string_view words, mend;
  } const cases[] = {
      {"p: { base_url: 'http://127.0.0.1:1', auth: none }", 500, "tools param requires --jinja flag", "llama-server with --jinja"},
      {"p: { base_url: 'http://127.0.0.1:1', auth: none }", 500, "Unsupported param: tools", "llama-server with --jinja"},
      {"p: { base_url: 'https://p.example', auth: none }", 400, R"(\"auto\" tool choice requires --enable-auto-tool-choice)", "start vLLM"},
      {"p: { base_url: 'http://127.0.0.1:1', auth: none }", 200, "", "a llama-server needs --jinja"},
      {"llamacpp: {}", 200, "", "start llama-server with --jinja"},
      {"vllm: {}", 200, "", "--tool-call-parser"},
      {"ollama: {}", 200, "", "ollama show"},
      {"p: { base_url: 'https://p.example', auth: none }", 200, "", "another model"},
  };
  for (const auto& one : cases) {
    const auto asked = subject(std::string(one.provider));
    const auto got = one.status == 200 ? message(kText) : answer(one.status, fmt::format(R"({{"error":{{"message":"{}"}}}})", one.words));
    const auto row = judge(asked, LiveCheck::tools, got);
    EXPECT_EQ(row.verdict, Verdict::fault) << one.provider;
    EXPECT_THAT(row.mend, HasSubstr(std::string(one.mend))) << one.provider << " " << one.words;
  }
}

TEST_F(Live, what_is_not_asked_at_all) {
  EXPECT_THAT(why_not(subject("zai: {}")), HasSubstr("no credential"));
  EXPECT_THAT(why_not(subject("anthropic: { credentials: { mode: passthrough } }")), HasSubstr("client's own"));
  EXPECT_THAT(why_not(subject("ollama: {}", "")), HasSubstr("--model"));
  EXPECT_EQ(why_not(subject("ollama: {}", "m")), "");
}

TEST_F(Live, what_the_catalogue_says_is_not_there) {
  const auto text_only = subject("zai: { api_key: k-0123456789 }", "glm-5.3");
  EXPECT_THAT(why_not(text_only, LiveCheck::image), HasSubstr("not supported"));
  EXPECT_EQ(why_not(text_only, LiveCheck::thinking), "");
  EXPECT_EQ(why_not(subject("zai: { api_key: k-0123456789 }", "glm-5.3-flash"), LiveCheck::image), "");
  const auto thoughtless = subject("p: { base_url: 'https://p.example', auth: none, quirks: { thinking_mode: drop } }");
  EXPECT_THAT(why_not(thoughtless, LiveCheck::thinking), HasSubstr("not supported"));
  EXPECT_THAT(why_not(subject("cerebras: { api_key: k-0123456789 }", "m"), LiveCheck::image), HasSubstr("not supported"));
  EXPECT_EQ(why_not(subject("groq: { api_key: k-0123456789 }", "qwen/qwen3.8-27b"), LiveCheck::image), "");
}

}  // namespace
}  // namespace penstock::doctor
