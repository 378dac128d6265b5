// tests/golden/openai_client: requests/ holds Chat Completions requests with the bodies that an Anthropic provider gets, answers/ holds
// streams and whole answers of such a provider with the chunks and the completion that the client gets. Each stream is also fed cut at
// every byte, and byte by byte. PENSTOCK_REFRESH_GOLDEN=1 writes the outputs anew.
#include <gtest/gtest.h>

#include "dialect/golden_for_test.h"
#include "dialect/openai_client_for_test.h"
#include "dialect/openai_errors.h"

namespace penstock::dialect {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(PENSTOCK_SOURCE_DIR) / "tests/golden/openai_client";

void check_request(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const Parsed file(golden::read(path));
  const auto limit = file.root().find("max_output");
  const auto model = file.root().find("model")->text();
  const AnthropicOptions options{.model = model, .max_output = limit ? static_cast<std::uint64_t>(limit->integer().value_or(0)) : 0};
  const auto made = written_for_anthropic(file.root().find("input")->raw(), options);
  ASSERT_EQ(made.error, "");
  const Parsed result(made.body);
  EXPECT_EQ(objection_to(result.document), "");
  golden::check_output(path, file.document, result.root(), made.dropped);
}

/// A file of answers/: lines about it, then the provider's bytes, then what the client gets as a stream, and as a whole answer.
struct AnswerFile {
  explicit AnswerFile(const std::string& text)
      : head(text.substr(0, text.find("--- "))),
        input(golden::part(text, "provider's stream") + golden::part(text, "provider's answer")),
        chunks(golden::part(text, "client's stream")),
        completion(golden::part(text, "client's answer")),
        whole(text.contains("--- provider's answer\n")) {}
  std::string head, input, chunks, completion;
  bool whole;
};

AnthropicAnswerOptions options_of(const AnswerFile& file) {
  if (!file.head.contains("third party")) return {.codec = nullptr, .provider = "anthropic"};
  return {.codec = &client_codec(), .provider = "zai"};
}

/// The whole answer, or the error in its place.
std::string completion_of(const AnswerFile& file) {
  OpenAiChatWholeWriter writer(client_frame());
  if (file.whole)
    feed_anthropic_answer(file.input, options_of(file), writer);
  else
    feed_anthropic_stream(file.input, {}, options_of(file), writer);
  const Parsed body(writer.failure() ? openai_error_body(client_error_of(*writer.failure())) : writer.body());
  return golden::pretty(body.root(), 0) + "\n";
}

std::string chunks_of(const AnswerFile& file, const std::vector<std::size_t>& cuts = {}) {
  std::string out;
  OpenAiChatStreamWriter writer(client_frame(), out);
  if (file.whole)
    feed_anthropic_answer(file.input, options_of(file), writer);
  else
    feed_anthropic_stream(file.input, cuts, options_of(file), writer);
  return out;
}

void check_answer(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const AnswerFile file(golden::read(path));
  const auto chunks = chunks_of(file), completion = completion_of(file);
  if (golden::refreshing()) {
    std::ofstream(path) << file.head << (file.whole ? "--- provider's answer\n" : "--- provider's stream\n") << file.input
                        << "--- client's stream\n"
                        << chunks << "--- client's answer\n"
                        << completion;
    return;
  }
  EXPECT_EQ(chunks, file.chunks);
  EXPECT_EQ(completion, file.completion);
  if (!file.whole && chunks == file.chunks)
    golden::check_cuts(file.input.size(), chunks, [&](const auto& cuts) { return chunks_of(file, cuts); });
}

TEST(OpenAiClientGolden, Requests) {
  const auto files = golden::files_in(kFolder / "requests");
  for (const auto& path : files) check_request(path);
  EXPECT_GE(files.size(), 14U);
}

TEST(OpenAiClientGolden, Answers) {
  const auto files = golden::files_in(kFolder / "answers");
  for (const auto& path : files) check_answer(path);
  EXPECT_GE(files.size(), 16U);
}

}  // namespace
}  // namespace penstock::dialect
