#include "dialect/anthropic_errors.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "dialect/error_text.h"
#include "json/padded.h"
#include "json/scan.h"

namespace penstock::dialect {
namespace {

constexpr ErrorContext kContext{.provider = "zai",
                                .model = "glm-5.3",
                                .key_variable = "ZAI_API_KEY",
                                .window = 200000,
                                .estimated_input_tokens = 210000,
                                .passthrough_credentials = false};

std::string shown(const ClientError& error) {
  std::string out = std::to_string(error.status) + " " + error.type + " " + error.message;
  if (error.retry_after) out += " | after " + *error.retry_after;
  if (error.should_retry) out += *error.should_retry ? " | retry" : " | stop";
  return out;
}

ClientError translated(int status, std::string_view body, const ErrorContext& context = kContext) {
  return translate({.status = status, .body = body, .content_type = "application/json", .retry_after = {}, .should_retry = {}}, context);
}

struct Row {
  int status;
  std::string provider, body, outcome;
};

std::string with_line_breaks(std::string text) {
  if (text.starts_with('{') || text.starts_with('[') || text.starts_with('"')) return text;
  for (auto at = text.find("\\n"); at != std::string::npos; at = text.find("\\n", at)) text.replace(at, 2, "\n");
  return text;
}

/// The rows of tests/golden/provider_errors.txt; its head says how it is written.
std::vector<Row> golden_rows() {
  std::ifstream file(PENSTOCK_SOURCE_DIR "/tests/golden/provider_errors.txt");
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    Row row{
        .status = static_cast<int>(parse_unsigned(line.substr(0, 3)).value_or(0)), .provider = line.substr(4), .body = {}, .outcome = {}};
    std::getline(file, row.body);
    std::getline(file, row.outcome);
    row.body = row.body == "-" ? "" : with_line_breaks(row.body);
    rows.push_back(std::move(row));
  }
  return rows;
}

TEST(AnthropicErrors, SaysWhatTheGoldenFileSays) {
  std::size_t overflows = 0;
  const auto rows = golden_rows();
  for (const auto& row : rows) {
    const auto fault = row.status == 200 ? fault_in_answer(row.body, "application/json", kContext) : translated(row.status, row.body);
    EXPECT_EQ(fault ? shown(*fault) : "fine", row.outcome) << row.status << " " << row.provider;
    overflows += row.outcome.contains("prompt is too long: ") || row.outcome.contains("exceed context limit: ");
  }
  EXPECT_GE(rows.size(), 110U);
  EXPECT_GE(overflows, 45U);
}

TEST(AnthropicErrors, WithoutNumbersFromAnyoneTheProvidersWordsStay) {
  const ErrorContext nothing{.provider = "x", .model = "m"};
  EXPECT_EQ(translated(400, R"({"error":{"message":"Prompt exceeds max length"}})", nothing).message,
            "prompt is too long: Prompt exceeds max length");
  EXPECT_EQ(translated(400, "", nothing).message, "the provider answered 400 without a message");
}

TEST(AnthropicErrors, AnEstimateBelowTheWindowStillTellsAnExcess) {
  const ErrorContext low{.provider = "x", .model = "m", .window = 1000, .estimated_input_tokens = 700};
  EXPECT_EQ(translated(400, R"({"error":{"message":"Prompt exceeds max length"}})", low).message,
            "prompt is too long: 1001 tokens > 1000 maximum");
  EXPECT_EQ(translated(400, "", low).message, "the provider answered 400 without a message");
}

TEST(AnthropicErrors, TheClientsOwnBadKeyIsTheClientsMatter) {
  auto context = kContext;
  context.passthrough_credentials = true;
  EXPECT_EQ(shown(translated(401, R"({"error":{"message":"bad token"}})", context)), "401 authentication_error bad token");
}

TEST(AnthropicErrors, KeepsTheRetryHeadersWhereTheyMeanSomething) {
  const auto with = [](int status, const char* after, const char* should) {
    return shown(translate({.status = status, .body = "x", .content_type = "", .retry_after = after, .should_retry = should}, kContext));
  };
  EXPECT_EQ(with(429, " 17 ", "true"), "429 rate_limit_error zai: x | after 17 | retry");
  EXPECT_EQ(with(503, "Fri, 20 Nov 2026 10:00:00 GMT", "false"),
            "529 overloaded_error zai: x | after Fri, 20 Nov 2026 10:00:00 GMT | stop");
  EXPECT_EQ(with(400, "17", "maybe"), "400 invalid_request_error x");
  EXPECT_EQ(with(429, "1\r\nx: y", "true"), "429 rate_limit_error zai: x | retry");
  EXPECT_EQ(with(402, "1", "true"), "402 billing_error zai: x | stop");
}

TEST(AnthropicErrors, BoundsTheMessageAndItsBytes) {
  const auto error = translated(400, "a" + std::string(5000, '\xc3') + "\xff");
  EXPECT_LE(error.message.size(), kMaxErrorMessage);
  EXPECT_GT(error.message.size(), kMaxErrorMessage - 10);
  std::string umlauts = "x";
  for (int i = 0; i < 2000; ++i) umlauts += "ü";
  const auto cut = translated(400, umlauts).message;
  EXPECT_LE(cut.size(), kMaxErrorMessage);
  EXPECT_TRUE(cut.ends_with("ü…")) << cut.substr(cut.size() - 10);
  EXPECT_EQ(bounded_text("ab\xff", 100), "ab\xef\xbf\xbd");
  EXPECT_EQ(bounded_text(std::string(100, 'a'), 100), std::string(100, 'a'));
}

TEST(AnthropicErrors, SurvivesDeepAndHugeBodies) {
  const std::string huge = R"({"error":{"message":")" + std::string(2'000'000, 'x') + R"("}})";
  EXPECT_LE(translated(400, huge).message.size(), kMaxErrorMessage);
  std::string nested = "words";
  for (int i = 0; i < 8; ++i) {
    const ClientError wrapped{400, "x", nested, {}, {}};
    nested = error_body(wrapped, "");
  }
  EXPECT_EQ(translated(400, nested).status, 400);
  EXPECT_EQ(translated(400, std::string(100'000, '[')).status, 400);
}

TEST(AnthropicErrors, MapsOurOwnErrors) {
  const auto of = [](ErrorKind kind, Fault fault) {
    const auto error = from_error({kind, fault, "m"});
    return std::to_string(error.status) + " " + error.type;
  };
  EXPECT_EQ(of(ErrorKind::invalid_request, Fault::client), "400 invalid_request_error");
  EXPECT_EQ(of(ErrorKind::authentication, Fault::client), "401 authentication_error");
  EXPECT_EQ(of(ErrorKind::authentication, Fault::provider), "502 api_error");
  EXPECT_EQ(of(ErrorKind::permission, Fault::client), "403 permission_error");
  EXPECT_EQ(of(ErrorKind::not_found, Fault::client), "404 not_found_error");
  EXPECT_EQ(of(ErrorKind::too_large, Fault::client), "413 request_too_large");
  EXPECT_EQ(of(ErrorKind::rate_limited, Fault::us), "429 rate_limit_error");
  EXPECT_EQ(of(ErrorKind::overloaded, Fault::us), "503 overloaded_error");
  EXPECT_EQ(of(ErrorKind::overloaded, Fault::provider), "529 overloaded_error");
  EXPECT_EQ(of(ErrorKind::timeout, Fault::provider), "504 timeout_error");
  EXPECT_EQ(of(ErrorKind::timeout, Fault::client), "408 invalid_request_error");
  EXPECT_EQ(of(ErrorKind::connection, Fault::provider), "529 overloaded_error");
  EXPECT_EQ(of(ErrorKind::protocol, Fault::provider), "502 api_error");
  EXPECT_EQ(of(ErrorKind::protocol, Fault::client), "400 invalid_request_error");
  EXPECT_EQ(of(ErrorKind::cancelled, Fault::us), "503 overloaded_error");
  EXPECT_EQ(of(ErrorKind::config, Fault::us), "500 api_error");
  EXPECT_EQ(of(ErrorKind::internal, Fault::us), "500 api_error");
}

TEST(AnthropicErrors, WritesBodiesAndEvents) {
  const ClientError error{429, "rate_limit_error", "slow \"down\"\n", {}, {}};
  const std::string body = R"({"type":"error","error":{"type":"rate_limit_error","message":"slow \"down\"\n"},"request_id":"req_1"})";
  EXPECT_EQ(error_body(error, "req_1"), body);
  EXPECT_EQ(error_event(error, "req_1"), "event: error\ndata: " + body + "\n\n");
  EXPECT_EQ(error_body(error, ""), R"({"type":"error","error":{"type":"rate_limit_error","message":"slow \"down\"\n"}})");
}

TEST(AnthropicErrors, EveryBodyItWritesIsValidJson) {
  for (const char* hostile : {"\x01\x02", "\xff\xfe", "\"}],", "\\u0000\\", "</script>"}) {
    const json::Padded padded(error_body({500, "api_error", hostile, {}, {}}, hostile));
    json::Document document;
    EXPECT_TRUE(document.index(padded.text())) << padded.text();
  }
}

TEST(AnthropicErrors, ARefusedKeyIsReplacedWhereItWasFound) {
  const auto mend = [](std::string_view source) {
    ErrorContext context = kContext;
    context.key_source = source;
    const auto message = translate({.status = 401, .body = "{}", .content_type = "application/json"}, context).message;
    return message.substr(message.find("Set a valid one"));
  };
  EXPECT_EQ(mend(""), "Set a valid one: penstock keys set zai, or the environment variable ZAI_API_KEY");
  EXPECT_EQ(mend("/home/u/keys/zai"), "Set a valid one: penstock keys set zai, or the environment variable ZAI_API_KEY");
  EXPECT_EQ(mend("configuration"), "Set a valid one in the configuration: providers.zai.api_key");
  EXPECT_EQ(mend("credentials.pool[1]"), "Set a valid one in the configuration: providers.zai.credentials.pool[1]");
  EXPECT_EQ(mend("$ZAI_API_KEY"), "Set a valid one in the environment variable ZAI_API_KEY, and start the gateway again");
}

}  // namespace
}  // namespace penstock::dialect
