// tests/golden/responses_client: requests/ holds Responses requests with the bodies that an Anthropic provider gets, answers/ holds streams
// and whole answers of such a provider with the events and the response that the client gets. Each stream is also fed cut at every byte,
// and byte by byte. PENSTOCK_REFRESH_GOLDEN=1 writes the outputs anew.
#include <gtest/gtest.h>

#include "dialect/golden_for_test.h"
#include "dialect/openai_errors.h"
#include "dialect/responses_client_for_test.h"
#include "dialect/responses_stream_check_for_test.h"

namespace penstock::dialect {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(PENSTOCK_SOURCE_DIR) / "tests/golden/responses_client";

void check_request(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const Parsed file(golden::read(path));
  const auto model = file.root().find("model")->text();
  const auto made = responses_for_anthropic(file.root().find("input")->raw(), {.model = model, .max_output = 0});
  ASSERT_EQ(made.error, "");
  const Parsed result(made.body);
  EXPECT_EQ(objection_to(result.document), "");
  golden::check_output(path, file.document, result.root(), made.dropped);
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
  golden::check_cuts(file.stream.size(), events, [&](const auto& cuts) { return events_of(file, cuts); });
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
