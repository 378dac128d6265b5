#include "config/expand.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/text.h"

namespace penstock::config {

namespace {

constexpr std::string_view kFile = "file:";
constexpr std::string_view kLiteLlmVariable = "os.environ/";  // the spelling of LiteLLM's configuration files
constexpr std::size_t kMaxSecretFile = 64 << 10;

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) { return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_'; };
  if (name.empty() || !is_letter(name.front())) return false;
  return std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

/// The value of what stands between `${` and `}`; a missing one is noted in `unset`.
Parsed<std::string> value_of(std::string_view reference, const Environment& environment, std::vector<std::string>& unset) {
  const auto mark = reference.find(":-");
  const std::string name(reference.substr(0, mark));
  if (!is_variable_name(name))
    return std::unexpected("\"${" + json_escape(name) + "}\" does not name a variable; write ${NAME} or ${NAME:-default}");
  const auto value = environment(name);
  if (mark != std::string_view::npos) return value && !value->empty() ? *value : std::string(reference.substr(mark + 2));
  if (!value) unset.push_back(name);
  return value.value_or("");
}

/// An open file that closes itself.
class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string system_message(const std::string& path) { return "cannot read " + shown(path) + ": " + std::strerror(errno); }

Parsed<std::string> read_all(int fd, const std::string& path) {
  std::string text;
  std::array<char, 4096> piece{};
  while (text.size() <= kMaxSecretFile) {
    const auto got = ::read(fd, piece.data(), piece.size());
    if (got < 0) return std::unexpected(system_message(path));
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return std::unexpected(shown(path) + " is too large for a key");
}

Parsed<Expanded> from_variable(std::string_view name_text, const Environment& environment) {
  const std::string name(trim(name_text));
  if (!is_variable_name(name)) return std::unexpected("os.environ/ does not name a variable; write os.environ/NAME");
  const auto value = environment(name);
  if (!value) return Expanded{"", {name}};
  return Expanded{std::string(trim(*value)), {}};
}

Parsed<Expanded> from_file(std::string_view path_text, const Surroundings& around) {
  auto path = expand(path_text, around.environment);
  if (!path) return std::unexpected(path.error());
  if (!path->unset.empty()) return std::unexpected("${" + path->unset.front() + "} is not set, so the file is not known; set it");
  if (path->text.empty()) return std::unexpected("file: names no file; write file:PATH");
  auto text = read_private_file(resolve_path(path->text, around));
  if (!text) return std::unexpected(text.error());
  return Expanded{std::move(*text), {}};
}

}  // namespace

Parsed<Expanded> expand(std::string_view text, const Environment& environment) {
  Expanded out;
  while (!text.empty()) {
    const auto start = text.find("${");
    out.text += text.substr(0, start);
    if (start == std::string_view::npos) break;
    if (start > 0 && text[start - 1] == '$') {  // "$${": the first dollar is in `out` already
      out.text += '{';
      text.remove_prefix(start + 2);
      continue;
    }
    const auto end = text.find('}', start);
    if (end == std::string_view::npos) return std::unexpected("\"${\" is not closed; write ${NAME}, or $${ for the characters themselves");
    const auto reference = text.substr(start + 2, end - start - 2);
    if (reference.contains("${")) return std::unexpected("references do not nest; write ${NAME:-default} with a plain default");
    auto value = value_of(reference, environment, out.unset);
    if (!value) return std::unexpected(value.error());
    out.text += *value;
    text.remove_prefix(end + 1);
  }
  return out;
}

Parsed<Expanded> expand_secret(std::string_view text, const Surroundings& around) {
  text = trim(text);
  if (text.starts_with(kFile)) return from_file(text.substr(kFile.size()), around);
  if (text.starts_with(kLiteLlmVariable)) return from_variable(text.substr(kLiteLlmVariable.size()), around.environment);
  auto expanded = expand(text, around.environment);
  if (expanded) expanded->text = std::string(trim(expanded->text));
  return expanded;
}

std::string resolve_path(std::string_view path, const Surroundings& around) {
  path = trim(path);
  if (path.starts_with("~/")) return around.environment("HOME").value_or("") + std::string(path.substr(1));
  if (path.starts_with('/') || around.folder.empty()) return std::string(path);
  return (std::filesystem::path(around.folder) / path).string();
}

Parsed<std::string> read_private_file(const std::string& path) {
  const Descriptor file(path);
  struct stat facts{};
  if (file.get() < 0 || ::fstat(file.get(), &facts) != 0) return std::unexpected(system_message(path));
  if (!S_ISREG(facts.st_mode)) return std::unexpected(shown(path) + " is not a file");
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) return std::unexpected(shown(path) + " can be read by others; run: chmod 600 " + path);
  auto text = read_all(file.get(), path);
  if (!text) return text;
  const auto content = trim(*text);
  if (content.empty()) return std::unexpected(shown(path) + " is empty");
  return std::string(content);
}

}  // namespace penstock::config
