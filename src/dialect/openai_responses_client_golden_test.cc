// tests/golden/responses_client: requests/ holds Responses requests with the bodies that an Anthropic provider gets, answers/ holds streams
// and whole answers of such a provider with the events and the response that the client gets. Each stream is also fed cut at every byte,
// and byte by byte. PENSTOCK_REFRESH_GOLDEN=1 writes the outputs anew.
#include <gtest/gtest.h>

#include "base/text.h"
#include "dialect/adapt.h"
#include "dialect/golden_for_test.h"
#include "dialect/openai_errors.h"
#include "dialect/responses_client_for_test.h"
#include "dialect/responses_stream_check_for_test.h"
#include "dialect/strict_api_for_test.h"
#include "json/patch.h"

namespace penstock::dialect {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(PENSTOCK_SOURCE_DIR) / "tests/golden/responses_client";

/// What a third party objects to once the strict quirks have run over the body.
std::string objection_to(const json::Document& body) {
  json::Patch patch(body);
  apply(strict(), body, {.provider = "zai", .model = "", .max_output = 0, .codec = &client_codec(), .facts = nullptr}, patch);
  const Parsed adapted(patch.text());
  return StrictApi::objection(adapted.root());
}

void check_request(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const Parsed file(golden::read(path));
  const auto model = file.root().find("model")->text();
  const auto made = responses_for_anthropic(file.root().find("input")->raw(), {.model = model, .max_output = 0});
  ASSERT_EQ(made.error, "");
  const Parsed result(made.body);
  EXPECT_EQ(objection_to(result.document), "");
  std::string dropped;
  for (const auto& name : made.dropped) dropped += (dropped.empty() ? "" : ", ") + json_quote(name);
  dropped = "[" + dropped + "]";
  if (golden::refreshing()) {
    json::Patch patch(file.document);
    patch.replace(*file.root().find("output"), golden::pretty(result.root(), 2));
    patch.replace(*file.root().find("dropped"), dropped);
    std::ofstream(path) << patch.text();
    return;
  }
  EXPECT_EQ(golden::pretty(result.root(), 2), golden::pretty(*file.root().find("output"), 2));
  EXPECT_EQ(dropped, golden::flat(*file.root().find("dropped")));
}

/// A file of answers/: lines about it, the client's request where it matters, the provider's bytes, then what the client gets as a stream,
/// and as a whole answer. In these our encrypted contents stand open, with `'` for `"`.
struct AnswerFile {
  explicit AnswerFile(const std::string& text)
      : head(text.substr(0, text.find("--- "))),
        request(golden::part(text, "client's request")),
        stream(golden::part(text, "provider's stream")),
        answer(golden::part(text, "provider's answer")),
        events(golden::part(text, "client's stream")),
        response(golden::part(text, "client's answer")) {}
  std::string head, request, stream, answer, events, response;

  [[nodiscard]] ResponsesEcho echo() const { return request.empty() ? ResponsesEcho() : echo_of(request); }
  [[nodiscard]] AnthropicAnswerOptions options() const {
    if (!head.contains("third party")) return {.codec = nullptr, .provider = "anthropic"};
    return {.codec = &client_codec(), .provider = "zai"};
  }
  void feed(llm::EventSink& sink, const std::vector<std::size_t>& cuts = {}) const {
    answer.empty() ? feed_anthropic_stream(stream, cuts, options(), sink) : feed_anthropic_answer(answer, options(), sink);
  }
};

/// The whole answer, or the error in its place.
std::string response_of(const AnswerFile& file) {
  OpenAiResponsesWholeWriter writer(client_frame(), file.echo());
  file.feed(writer);
  const Parsed body(writer.failure() ? openai_error_body(client_error_of(*writer.failure())) : writer.body());
  return with_open_reasoning(golden::pretty(body.root(), 0)) + "\n";
}

std::string events_of(const AnswerFile& file, const std::vector<std::size_t>& cuts = {}) {
  std::string out;
  OpenAiResponsesStreamWriter writer(client_frame(), out, file.echo());
  file.feed(writer, cuts);
  return out;
}

void check_cuts(const AnswerFile& file, const std::string& events) {
  std::vector<std::size_t> everywhere;
  for (std::size_t at = 1; at < file.stream.size(); ++at) {
    ASSERT_EQ(events_of(file, {at}), events) << "cut at " << at;
    everywhere.push_back(at);
  }
  EXPECT_EQ(events_of(file, everywhere), events) << "byte by byte";
}

void check_answer(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const AnswerFile file(golden::read(path));
  const auto events = events_of(file), response = response_of(file);
  EXPECT_EQ(ResponsesStreamCheck::objection(events), "");
  if (golden::refreshing()) {
    std::ofstream out(path);
    out << file.head;
    if (!file.request.empty()) out << "--- client's request\n" << file.request;
    out << (file.answer.empty() ? "--- provider's stream\n" : "--- provider's answer\n") << file.stream << file.answer;
    out << "--- client's stream\n" << with_open_reasoning(events) << "--- client's answer\n" << response;
    return;
  }
  EXPECT_EQ(with_open_reasoning(events), file.events);
  EXPECT_EQ(response, file.response);
  check_cuts(file, events);
}

TEST(ResponsesClientGolden, Requests) {
  const auto files = golden::files_in(kFolder / "requests");
  for (const auto& path : files) check_request(path);
  EXPECT_GE(files.size(), 14U);
}

TEST(ResponsesClientGolden, Answers) {
  const auto files = golden::files_in(kFolder / "answers");
  for (const auto& path : files) check_answer(path);
  EXPECT_GE(files.size(), 20U);
}

}  // namespace
}  // namespace penstock::dialect
