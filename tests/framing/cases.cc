#include "framing/cases.h"

#include <fmt/format.h>

#include <fstream>
#include <set>
#include <sstream>

#include "base/text.h"

namespace penstock::tests {
namespace {

/// Reads escaped bytes from left to right, up to the end or to a closing parenthesis.
class Unescaper {
 public:
  explicit Unescaper(std::string_view text) : rest_(text) {}

  Result<std::string> run(bool nested) {
    std::string out;
    while (!rest_.empty() && !(nested && rest_.front() == ')')) {
      const char c = pop();
      if (c != '\\') {
        out += c;
      } else if (auto status = escape(out); !status) {
        return fail(status.error());
      }
    }
    return out;
  }

 private:
  char pop() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  Status escape(std::string& out) {
    if (rest_.empty()) return fail(config_error("backslash at the end"));
    switch (const char c = pop()) {
      case 'r': out += '\r'; return {};
      case 'n': out += '\n'; return {};
      case 't': out += '\t'; return {};
      case '\\': out += '\\'; return {};
      case 'x': return hex(out);
      case '*': return repeat(out);
      default: return fail(config_error(fmt::format("unknown escape \\{}", c)));
    }
  }

  Status hex(std::string& out) {
    constexpr std::string_view kHex = "0123456789abcdef";
    const auto high = rest_.size() < 2 ? std::string_view::npos : kHex.find(lower(rest_[0]));
    const auto low = rest_.size() < 2 ? std::string_view::npos : kHex.find(lower(rest_[1]));
    if (high == std::string_view::npos || low == std::string_view::npos) return fail(config_error("\\x needs two hexadecimal digits"));
    out += static_cast<char>(high << 4 | low);
    rest_.remove_prefix(2);
    return {};
  }

  /// N(BYTES)
  Status repeat(std::string& out) {
    const auto open = rest_.find('(');
    const auto count = parse_unsigned(rest_.substr(0, open));
    if (open == std::string_view::npos || !count || *count > 1'000'000) return fail(config_error("a repetition is \\*N(BYTES)"));
    rest_.remove_prefix(open + 1);
    TRY(const std::string part, run(true));
    if (rest_.empty()) return fail(config_error("repetition without its closing parenthesis"));
    pop();
    for (std::uint64_t i = 0; i < *count; ++i) out += part;
    return {};
  }

  std::string_view rest_;
};

/// Takes the lines of a file one after the other.
class CaseReader {
 public:
  explicit CaseReader(CaseKind kind) : kind_(kind) {}

  Status line(std::string_view line) {
    ++line_;
    if (line.empty() || line.front() == '#') return {};
    const auto space = std::min(line.find(' '), line.size());
    auto status = directive(line.substr(0, space), line.substr(std::min(space + 1, line.size())));
    if (!status) status.error().message = fmt::format("line {}: {}", line_, status.error().message);
    return status;
  }

  Result<std::vector<FramingCase>> finish() {
    if (auto status = check_last(); !status) return fail(status.error());
    return std::move(cases_);
  }

 private:
  Status directive(std::string_view word, std::string_view rest) {
    if (word == "case") return begin(rest);
    if (cases_.empty()) return fail(config_error("a case begins with `case NAME`"));
    FramingCase& last = cases_.back();
    if (word == "why") return last.why = rest, Status{};
    if (word == "send") return append(rest, last.bytes);
    if (word == "accept") return accept(rest);
    if (word == "body") return last.messages.empty() ? fail(config_error("body without accept")) : append(rest, last.messages.back().body);
    if (word == "refuse") return refuse(rest);
    if (word == "more") return end(Ending::more);
    return fail(config_error(fmt::format("unknown word `{}`", word)));
  }

  Status begin(std::string_view name) {
    TRY_STATUS(check_last());
    if (name.empty() || !names_.emplace(name).second) return fail(config_error(fmt::format("`{}` is no name or stands twice", name)));
    cases_.emplace_back();
    cases_.back().name = name;
    cases_.back().line = line_;
    return {};
  }

  /// A case without bytes, without a reason or without an outcome checks nothing.
  Status check_last() const {
    if (cases_.empty()) return {};
    const FramingCase& last = cases_.back();
    if (!last.bytes.empty() && !last.why.empty() && (!last.messages.empty() || last.ending != Ending::clean)) return {};
    return fail(config_error(fmt::format("case {} lacks bytes, reason or outcome", last.name)));
  }

  static Status append(std::string_view text, std::string& bytes) {
    TRY(const std::string plain, unescape(text));
    bytes += plain;
    return {};
  }

  Status accept(std::string_view text) {
    if (cases_.back().ending != Ending::clean) return fail(config_error("accept after the ending"));
    const auto words = split(text, ' ');
    const std::size_t wanted = kind_ == CaseKind::requests ? 3 : 2;
    if (words.size() != wanted || (words.back() != "open" && words.back() != "close"))
      return fail(config_error("accept needs METHOD TARGET open|close, or STATUS open|close"));
    FramedMessage message;
    message.keep_alive = words.back() == "open";
    if (kind_ == CaseKind::requests) {
      message.method = words[0];
      message.target = words[1];
    } else {
      message.status = static_cast<int>(parse_unsigned(words[0]).value_or(0));
    }
    cases_.back().messages.push_back(std::move(message));
    return {};
  }

  Status refuse(std::string_view text) {
    const auto status = parse_unsigned(text);
    if (kind_ == CaseKind::requests ? !status || *status < 400 || *status > 599 : !text.empty())
      return fail(config_error("refuse needs a status for a request, and none for a response"));
    cases_.back().refused_with = static_cast<int>(status.value_or(0));
    return end(Ending::refused);
  }

  Status end(Ending ending) {
    if (cases_.back().ending != Ending::clean) return fail(config_error("a second ending"));
    cases_.back().ending = ending;
    return {};
  }

  CaseKind kind_;
  int line_ = 0;
  std::vector<FramingCase> cases_;
  std::set<std::string, std::less<>> names_;
};

}  // namespace

Result<std::string> unescape(std::string_view text) { return Unescaper(text).run(false); }

Result<std::vector<FramingCase>> parse_cases(std::string_view text, CaseKind kind) {
  CaseReader reader(kind);
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    TRY_STATUS(reader.line(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.finish();
}

Result<std::vector<FramingCase>> load_cases(const std::string& path, CaseKind kind) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return fail(config_error("cannot read " + path));
  return parse_cases(text.str(), kind);
}

}  // namespace penstock::tests
