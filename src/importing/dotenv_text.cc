#include "importing/dotenv_text.h"

#include <algorithm>

#include "base/text.h"
#include "importing/reference.h"

namespace penstock::importing {

namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) { map_.kind = Value::Kind::map; }

  Result<Value> read() {
    while (!rest_.empty()) TRY_STATUS(read_line());
    name_paths(map_);
    return std::move(map_);
  }

 private:
  Status read_line() {
    ++line_;
    const auto end = rest_.find('\n');
    const auto line = trim(rest_.substr(0, end));
    if (line.empty() || line.starts_with('#')) {
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
      return {};
    }
    const auto equals = rest_.find('=');
    auto name = trim(rest_.substr(0, std::min(equals, end)));
    if (name.starts_with("export ")) name = trim(name.substr(7));
    if (equals == std::string_view::npos || equals > end || !is_variable_name(name))
      return fail(config_error("line " + std::to_string(line_) + ": not NAME=value"));
    rest_.remove_prefix(equals + 1);
    store(name, read_value());
    return {};
  }

  std::string read_value() {
    const auto start = std::min(rest_.find_first_not_of(" \t"), rest_.size());
    const char quote = start < rest_.size() ? rest_[start] : '\0';
    if (quote == '"' || quote == '\'') {
      const auto end = closing(start, quote);
      if (end != std::string_view::npos) return read_quoted(start, end, quote);
    }
    const auto end = std::min(rest_.find('\n'), rest_.size());
    auto value = rest_.substr(0, end);
    for (const std::string_view comment : {" #", "\t#"}) value = value.substr(0, value.find(comment));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return std::string(trim(value));
  }

  [[nodiscard]] std::size_t closing(std::size_t start, char quote) const {
    for (auto at = start + 1; at < rest_.size(); ++at) {
      if (rest_[at] == '\\' && quote == '"') {
        ++at;
      } else if (rest_[at] == quote) {
        return at;
      }
    }
    return std::string_view::npos;
  }

  std::string read_quoted(std::size_t start, std::size_t end, char quote) {
    std::string value;
    for (auto at = start + 1; at < end; ++at) {
      if (rest_[at] == '\\' && quote == '"') {
        ++at;
        value += rest_[at] == 'n' ? '\n' : rest_[at];
      } else {
        value += rest_[at];
      }
    }
    line_ += static_cast<std::size_t>(std::ranges::count(rest_.substr(0, end), '\n'));
    const auto next = rest_.find('\n', end);
    rest_.remove_prefix(next == std::string_view::npos ? rest_.size() : next + 1);
    return value;
  }

  void store(std::string_view name, std::string text) {
    Value value;
    value.kind = Value::Kind::scalar;
    value.text = std::move(text);
    if (Value& earlier = map_[name]; earlier.kind != Value::Kind::absent) {
      earlier = std::move(value);
      return;
    }
    map_.keys.emplace_back(name);
    map_.items.push_back(std::move(value));
  }

  std::string_view rest_;
  std::size_t line_ = 0;
  Value map_;
};

}  // namespace

Result<Value> parse_dotenv(std::string_view text) {
  TRY_STATUS(check_text(text));
  if (constexpr std::string_view kMark = "\xef\xbb\xbf"; text.starts_with(kMark)) text.remove_prefix(kMark.size());
  std::string lines(text);
  for (auto at = lines.find("\r\n"); at != std::string::npos; at = lines.find("\r\n", at)) lines.erase(at, 1);
  return Reader(lines).read();
}

}  // namespace penstock::importing
