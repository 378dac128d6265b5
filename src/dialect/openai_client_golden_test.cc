// tests/golden/openai_client: requests/ holds Chat Completions requests with the bodies that an Anthropic provider gets, answers/ holds
// streams and whole answers of such a provider with the chunks and the completion that the client gets. Each stream is also fed cut at
// every byte, and byte by byte. PENSTOCK_REFRESH_GOLDEN=1 writes the outputs anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/text.h"
#include "dialect/adapt.h"
#include "dialect/openai_client_for_test.h"
#include "dialect/openai_errors.h"
#include "dialect/strict_api_for_test.h"
#include "json/patch.h"

namespace penstock::dialect {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(PENSTOCK_SOURCE_DIR) / "tests/golden/openai_client";

bool refreshing() { return std::getenv("PENSTOCK_REFRESH_GOLDEN") != nullptr; }

std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::set<std::filesystem::path> files_in(std::string_view folder) {
  const std::filesystem::directory_iterator files(kFolder / folder);
  return {begin(files), end(files)};
}

std::string flat(json::Value value) {
  if (!value.is_array() && !value.is_object()) return std::string(value.raw());
  std::string out;
  for (const auto& [key, inner] : value.members()) out += (out.empty() ? "" : ", ") + std::string(key.raw()) + ": " + flat(inner);
  for (const auto& inner : value.elements()) out += (out.empty() ? "" : ", ") + flat(inner);
  return value.is_array() ? "[" + out + "]" : "{" + out + "}";
}

/// What fits on a line stands on a line.
std::string pretty(json::Value value, std::size_t indent) {
  constexpr std::size_t kLine = 130;
  auto line = flat(value);
  if (line.size() + indent <= kLine || (!value.is_array() && !value.is_object())) return line;
  const auto margin = "\n" + std::string(indent + 2, ' ');
  std::string out;
  for (const auto& [key, inner] : value.members())
    out += (out.empty() ? "" : ",") + margin + std::string(key.raw()) + ": " + pretty(inner, indent + 2);
  for (const auto& inner : value.elements()) out += (out.empty() ? "" : ",") + margin + pretty(inner, indent + 2);
  const auto end = "\n" + std::string(indent, ' ');
  return value.is_array() ? "[" + out + end + "]" : "{" + out + end + "}";
}

/// What a third party objects to once the strict quirks have run over the body.
std::string objection_to(const json::Document& body) {
  json::Patch patch(body);
  apply(strict(), body, {.provider = "zai", .model = "", .max_output = 0, .codec = &client_codec(), .facts = nullptr}, patch);
  const Parsed adapted(patch.text());
  return StrictApi::objection(adapted.root());
}

void check_request(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const Parsed file(read(path));
  const auto limit = file.root().find("max_output");
  const auto model = file.root().find("model")->text();
  const AnthropicOptions options{.model = model, .max_output = limit ? static_cast<std::uint64_t>(limit->integer().value_or(0)) : 0};
  const auto made = written_for_anthropic(file.root().find("input")->raw(), options);
  ASSERT_EQ(made.error, "");
  const Parsed result(made.body);
  EXPECT_EQ(objection_to(result.document), "");
  std::string dropped;
  for (const auto& name : made.dropped) dropped += (dropped.empty() ? "" : ", ") + json_quote(name);
  dropped = "[" + dropped + "]";
  if (refreshing()) {
    json::Patch patch(file.document);
    patch.replace(*file.root().find("output"), pretty(result.root(), 2));
    patch.replace(*file.root().find("dropped"), dropped);
    std::ofstream(path) << patch.text();
    return;
  }
  EXPECT_EQ(pretty(result.root(), 2), pretty(*file.root().find("output"), 2));
  EXPECT_EQ(dropped, flat(*file.root().find("dropped")));
}

/// A file of answers/: lines about it, then the provider's bytes, then what the client gets as a stream, and as a whole answer.
struct AnswerFile {
  std::string head, input, chunks, completion;
  bool whole = false;
};

AnswerFile split_file(const std::string& text) {
  AnswerFile out;
  const auto part = [&](std::string_view name, std::string_view next) {
    const auto from = text.find(name);
    if (from == std::string::npos) return std::string();
    const auto begin = from + name.size();
    const auto end = next.empty() ? text.size() : text.find(next, begin);
    return text.substr(begin, end - begin);
  };
  constexpr std::string_view kStream = "--- provider's stream\n", kWhole = "--- provider's answer\n", kChunks = "--- client's stream\n",
                             kCompletion = "--- client's answer\n";
  out.whole = text.contains(kWhole);
  out.head = text.substr(0, text.find("--- "));
  out.input = part(out.whole ? kWhole : kStream, kChunks);
  out.chunks = part(kChunks, kCompletion);
  out.completion = part(kCompletion, "");
  return out;
}

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
  return pretty(body.root(), 0) + "\n";
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

void check_cuts(const AnswerFile& file) {
  std::vector<std::size_t> everywhere;
  for (std::size_t at = 1; at < file.input.size(); ++at) {
    ASSERT_EQ(chunks_of(file, {at}), file.chunks) << "cut at " << at;
    everywhere.push_back(at);
  }
  EXPECT_EQ(chunks_of(file, everywhere), file.chunks) << "byte by byte";
}

void check_answer(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const auto file = split_file(read(path));
  const auto chunks = chunks_of(file), completion = completion_of(file);
  if (refreshing()) {
    std::ofstream(path) << file.head << (file.whole ? "--- provider's answer\n" : "--- provider's stream\n") << file.input
                        << "--- client's stream\n"
                        << chunks << "--- client's answer\n"
                        << completion;
    return;
  }
  EXPECT_EQ(chunks, file.chunks);
  EXPECT_EQ(completion, file.completion);
  if (!file.whole && chunks == file.chunks) check_cuts(file);
}

TEST(OpenAiClientGolden, Requests) {
  const auto files = files_in("requests");
  for (const auto& path : files) check_request(path);
  EXPECT_GE(files.size(), 14U);
}

TEST(OpenAiClientGolden, Answers) {
  const auto files = files_in("answers");
  for (const auto& path : files) check_answer(path);
  EXPECT_GE(files.size(), 16U);
}

}  // namespace
}  // namespace penstock::dialect
