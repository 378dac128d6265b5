// tests/golden/openai_chat: requests/ holds Anthropic requests with the bodies that a provider of this dialect gets, answers/ holds streams
// and whole answers of such providers with the events that they mean. Each stream is also fed cut at every byte, and byte by byte.
// PENSTOCK_REFRESH_GOLDEN=1 writes the outputs anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/text.h"
#include "dialect/chat_for_test.h"
#include "json/patch.h"

namespace penstock::dialect {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(PENSTOCK_SOURCE_DIR) / "tests/golden/openai_chat";

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

/// What fits on a line stands on a line.
std::string pretty(json::Value value, std::size_t indent, std::size_t line) {
  if (!value.is_array() && !value.is_object()) return std::string(value.raw());
  const bool breaks = indent + 2 < line;
  const auto margin = breaks ? "\n" + std::string(indent + 2, ' ') : std::string();
  std::string out, flat;
  const auto add = [&](const std::string& name, json::Value inner) {
    flat += (flat.empty() ? "" : ", ") + name + pretty(inner, 0, 0);
    if (breaks) out += (out.empty() ? "" : ",") + margin + name + pretty(inner, indent + 2, line);
  };
  for (const auto& [key, inner] : value.members()) add(std::string(key.raw()) + ": ", inner);
  for (const auto& inner : value.elements()) add("", inner);
  const bool list = value.is_array();
  if (!breaks || flat.size() + indent < line) return (list ? "[" : "{") + flat + (list ? "]" : "}");
  return (list ? "[" : "{") + out + "\n" + std::string(indent, ' ') + (list ? "]" : "}");
}

constexpr std::size_t kLine = 130;

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + json_quote(word);
  return "[" + out + "]";
}

void check_request(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const json::Padded text(read(path));
  json::Document file, result;
  const auto status = file.index(text.text());
  ASSERT_TRUE(status) << status.error().message;
  const auto root = file.root();
  NamedQuirks named;
  for (const auto& [key, value] : root.find("quirks")->members()) named[key.text()] = value.text();
  const auto limit = root.find("max_output");
  const auto written = written_request(root.find("input")->raw(), chat_quirks(named), root.find("model")->text(),
                                       limit ? static_cast<std::uint64_t>(limit->integer().value_or(0)) : 0);
  const json::Padded body(written.body);
  ASSERT_TRUE(result.index(body.text()));
  if (refreshing()) {
    json::Patch patch(file);
    patch.replace(*root.find("output"), pretty(result.root(), 2, kLine));
    patch.replace(*root.find("dropped"), list_of(written.dropped));
    std::ofstream(path) << patch.text();
    return;
  }
  EXPECT_EQ(pretty(result.root(), 0, kLine), pretty(*root.find("output"), 0, kLine));
  EXPECT_EQ(list_of(written.dropped), pretty(*root.find("dropped"), 0, kLine));
}

/// A file of answers/: lines about it, then `--- stream` or `--- whole` and the bytes, then `--- events` and what they mean.
struct AnswerFile {
  std::string head, input, events;
  bool whole = false;
};

AnswerFile split_file(const std::string& text) {
  AnswerFile out;
  const auto stream = text.find("--- stream\n"), whole = text.find("--- whole\n"), events = text.find("--- events\n");
  out.whole = whole != std::string::npos;
  const auto begin = out.whole ? whole : stream;
  out.head = text.substr(0, begin);
  const auto input = text.find('\n', begin) + 1;
  out.input = text.substr(input, events - input);
  out.events = text.substr(events + std::string_view("--- events\n").size());
  return out;
}

OpenAiChatAnswerOptions options_of(std::string_view head) {
  auto options = answer_options();
  if (head.contains("cached_in_prompt: false")) options.cached_in_prompt = false;
  if (head.contains("searches: the mill")) options.search_query = "the mill";
  if (head.contains("think_tags: never")) options.think_tags = ChatQuirks::ThinkTags::never;
  return options;
}

void check_cuts(const AnswerFile& file, const OpenAiChatAnswerOptions& options) {
  std::vector<std::size_t> everywhere;
  for (std::size_t at = 1; at < file.input.size(); ++at) {
    ASSERT_EQ(events_of_stream(file.input, options, {at}), file.events) << "cut at " << at;
    everywhere.push_back(at);
  }
  EXPECT_EQ(events_of_stream(file.input, options, everywhere), file.events) << "byte by byte";
}

void check_answer(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const auto file = split_file(read(path));
  const auto options = options_of(file.head);
  const auto events = file.whole ? events_of_answer(file.input, options) : events_of_stream(file.input, options);
  if (refreshing()) {
    std::ofstream(path) << file.head << (file.whole ? "--- whole\n" : "--- stream\n") << file.input << "--- events\n" << events;
    return;
  }
  EXPECT_EQ(events, file.events);
  if (!file.whole && events == file.events) check_cuts(file, options);
}

TEST(OpenAiChatGolden, Requests) {
  const auto files = files_in("requests");
  for (const auto& path : files) check_request(path);
  EXPECT_GE(files.size(), 12U);
}

TEST(OpenAiChatGolden, Answers) {
  const auto files = files_in("answers");
  for (const auto& path : files) check_answer(path);
  EXPECT_GE(files.size(), 30U);
}

}  // namespace
}  // namespace penstock::dialect
