#include "importing/import.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/plain_file.h"
#include "base/text.h"
#include "importing/dotenv_text.h"
#include "importing/tools.h"

namespace penstock::importing {

namespace {

constexpr std::size_t kMaxBytes = 4 << 20;
constexpr std::string_view kSqlite = "SQLite format 3";
constexpr std::string_view kTable = "ROUTING_TABLE";

Result<std::string> read_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return fail(config_error(path.string() + ": there is no such file"));
  TRY(auto text, read_plain_file(path.string(), kMaxBytes));
  if (!text) return fail(config_error(path.string() + ": it may not be read"));
  return std::move(*text);
}

Result<std::string> read_if_there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error) ? read_file(path) : Result<std::string>("");
}

/// The variant's folder, whichever of its files was named.
Result<Source> read_variant(const std::filesystem::path& path) {
  std::error_code error;
  auto folder = path;
  if (!std::filesystem::is_directory(path, error)) {
    TRY(const auto named, read_file(path));  // says why it cannot be read
    folder = path.filename() == "settings.json" ? path.parent_path() / ".." : path.parent_path();
  }
  Source source{path.filename().empty() ? path.parent_path().filename().string() : path.filename().string(), {}, {}};
  TRY(source.text, read_if_there(folder / "variant.json"));
  TRY(source.settings, read_if_there(path.filename() == "settings.json" ? path : folder / "config" / "settings.json"));
  if (source.text.empty() && source.settings.empty())
    return fail(
        config_error(path.string() + ": there is neither variant.json nor config/settings.json; a variant lies in ~/.cc-mirror/NAME"));
  return source;
}

/// The dictionary behind `ROUTING_TABLE = ` or `ROUTING_TABLE: … = `; empty when there is none.
std::string_view routing_table(std::string_view text) {
  const auto at = text.find(kTable);
  const auto equals = at == std::string_view::npos ? at : text.find_first_of("=\n", at);
  if (equals == std::string_view::npos || text[equals] != '=') return {};
  const auto start = text.find('{', equals);
  int depth = 0;
  char quote = '\0';
  for (auto i = start; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == '\\') ++i;
      if (c == quote) quote = '\0';
    } else if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return text.substr(start, i + 1 - start);
    }
  }
  return {};
}

Result<Imported> from_dotenv(const Source& source, const catalog::Catalog& catalog, Options options) {
  if (const auto table = routing_table(source.text); !table.empty()) {
    TRY(auto root, parse_json5(table, Comments::hash));
    return import_routing_table(root, source.name, catalog, options);
  }
  TRY(auto root, parse_dotenv(source.text));
  return import_dotenv(root, source.name, catalog, options);
}

Result<Imported> from_ccr(const Source& source, const catalog::Catalog& catalog, Options options) {
  if (source.text.starts_with(kSqlite))
    return fail(config_error("this is version 3's database; take the configuration out of it first: sqlite3 " + source.name +
                             R"( "SELECT value_json FROM app_config WHERE key = 'default'" > ccr.json, then import ccr.json)"));
  TRY(auto root, parse_json5(source.text));
  return import_ccr(root, source.name, catalog, options);
}

Result<Imported> from_variant(const Source& source, const catalog::Catalog& catalog, Options options) {
  Value root;
  root.kind = Value::Kind::map;
  for (const auto& [name, text] : {std::pair{"variant", &source.text}, {"settings", &source.settings}}) {
    if (trim(*text).empty()) continue;
    TRY(auto part, parse_json5(*text));
    root.keys.emplace_back(name);
    root.items.push_back(std::move(part));
  }
  name_paths(root);
  return import_cc_mirror(root, source.name, catalog, options);
}

}  // namespace

std::optional<Tool> tool_named(std::string_view name) {
  if (name == "litellm") return Tool::litellm;
  if (name == "ccr") return Tool::ccr;
  if (name == "cc-mirror") return Tool::cc_mirror;
  if (name == "dotenv") return Tool::dotenv;
  return std::nullopt;
}

Result<Source> read_source(Tool tool, const std::string& path) {
  if (tool == Tool::cc_mirror) return read_variant(path);
  TRY(auto text, read_file(path));
  return Source{std::filesystem::path(path).filename().string(), std::move(text), {}};
}

Status write_output(const std::string& path, std::string_view text, bool replace) {
  const std::string written = replace ? fmt::format("{}.{}.new", path, ::getpid()) : path;
  const auto fault = [&](int error) {
    const char* mend = error == EEXIST ? "; --force replaces it" : "";
    return fail(config_error(fmt::format("{}: {}{}", path, std::strerror(error), mend)));
  };
  const int file = ::open(written.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return fault(errno);
  int error = 0;
  while (!text.empty() && error == 0) {
    const auto count = ::write(file, text.data(), text.size());
    if (count >= 0) text.remove_prefix(static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) error = errno;
  }
  if (::close(file) != 0 && error == 0) error = errno;
  if (error == 0 && replace && ::rename(written.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return {};
  ::unlink(written.c_str());
  return fault(error);
}

Result<Imported> import_source(Tool tool, const Source& source, const catalog::Catalog& catalog, Options options) {
  switch (tool) {
    case Tool::ccr: return from_ccr(source, catalog, options);
    case Tool::cc_mirror: return from_variant(source, catalog, options);
    case Tool::dotenv: return from_dotenv(source, catalog, options);
    case Tool::litellm: break;
  }
  TRY(auto root, parse_yaml(source.text));
  return import_litellm(root, source.name, catalog, options);
}

}  // namespace penstock::importing
