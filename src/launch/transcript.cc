#include "launch/transcript.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

namespace penstock::launch {

namespace {

constexpr std::size_t kPiece = 256 * 1024;
constexpr std::int64_t kMostTokens = 1'000'000'000'000;  // of one answer; millions of such add up without an overflow

std::uint64_t count(const json::Value& usage, std::string_view key) {
  const auto value = usage.find(key);
  const auto number = value ? value->integer() : std::nullopt;
  return number && *number > 0 ? static_cast<std::uint64_t>(std::min(*number, kMostTokens)) : 0;
}

Spent spent_by(const json::Value& message, const json::Value& usage) {
  Spent spent;
  if (const auto model = message.find("model")) spent.model = model->text();
  spent.usage.input = count(usage, "input_tokens");
  spent.usage.output = count(usage, "output_tokens");
  spent.usage.cache_read = count(usage, "cache_read_input_tokens");
  spent.usage.cache_write = count(usage, "cache_creation_input_tokens");
  if (const auto parts = usage.find("cache_creation"))
    spent.cache_write_hour = std::min(count(*parts, "ephemeral_1h_input_tokens"), spent.usage.cache_write);
  return spent;
}

/// memmem, because a search that stops at each quotation mark is slow in JSON.
bool holds(std::string_view line, std::string_view word) { return ::memmem(line.data(), line.size(), word.data(), word.size()) != nullptr; }

/// What tells one answer from another: some providers give every answer the same id, but no two requests of the gateway share theirs.
std::string identity(const json::Value& line, const json::Value& message) {
  const auto id = message.find("id");
  const auto request = line.find("requestId");
  return (id ? id->text() : "") + '\n' + (request ? request->text() : "");
}

void add(Spent& sum, const Spent& one) {
  sum.usage.input += one.usage.input;
  sum.usage.output += one.usage.output;
  sum.usage.cache_read += one.usage.cache_read;
  sum.usage.cache_write += one.usage.cache_write;
  sum.cache_write_hour += one.cache_write_hour;
}

}  // namespace

void Transcript::read(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    read_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// Most lines are what the user or a tool said; they are never parsed.
void Transcript::read_line(std::string_view line) {
  if (!holds(line, "\"usage\"") || !holds(line, "\"assistant\"") || !document_.index(line)) return;
  const auto root = document_.root();
  const auto type = root.find("type"), message = root.find("message");
  const auto usage = message ? message->find("usage") : std::nullopt;
  if (!type || !type->equals("assistant") || !usage || !usage->is_object()) return;
  const auto id = identity(root, *message);
  const auto [at, is_new] = by_id_.try_emplace(id, answers_.size());
  if (is_new || id == "\n")
    answers_.push_back(spent_by(*message, *usage));
  else
    answers_[at->second] = spent_by(*message, *usage);
}

std::vector<Spent> Transcript::spent() const {
  std::vector<Spent> models;
  for (const auto& answer : answers_) {
    if (answer.usage.prompt() + answer.usage.output == 0) continue;
    auto model = std::ranges::find(models, answer.model, &Spent::model);
    if (model == models.end()) model = models.insert(model, Spent{answer.model, {}, 0});
    add(*model, answer);
  }
  return models;
}

void Transcript::read_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return;
  struct stat status{};
  if (::fstat(file, &status) == 0 && S_ISREG(status.st_mode)) read_descriptor(file);
  ::close(file);
}

/// A buffer that stays in the processor's cache is several times faster to fill than memory for the whole file. It grows for a long line.
void Transcript::read_descriptor(int file) {
  buffer_.resize(std::max(buffer_.size(), kPiece + json::kPadding));
  std::size_t have = 0;
  for (;;) {
    const auto got = ::read(file, buffer_.data() + have, buffer_.size() - json::kPadding - have);
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
    const std::string_view text(buffer_.data(), have);
    const auto whole = text.rfind('\n') + 1;  // 0 without a line break
    read(text.substr(0, whole));
    have -= whole;
    std::memmove(buffer_.data(), buffer_.data() + whole, have);
    if (have * 2 > buffer_.size()) buffer_.resize(buffer_.size() * 2);
  }
  read({buffer_.data(), have});
}

std::vector<std::string> transcript_files(const std::string& transcript) {
  std::vector<std::string> files{transcript};
  constexpr std::string_view kExtension = ".jsonl";
  if (!transcript.ends_with(kExtension)) return files;
  const auto folder = std::filesystem::path(transcript.substr(0, transcript.size() - kExtension.size())) / "subagents";
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == kExtension) files.push_back(at->path().string());
  return files;
}

}  // namespace penstock::launch
