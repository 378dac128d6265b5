#include "doctor/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace penstock::doctor {

namespace {

/// Columns as wide as their widest text.
std::size_t widest(const Rows& rows, std::string Row::* member) {
  std::size_t width = 0;
  for (const auto& row : rows) width = std::max(width, (row.*member).size());
  return width;
}

std::string_view colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok: return "32";
    case Verdict::warning: return "33";
    case Verdict::fault: return "31";
    case Verdict::skipped: return "2";
  }
  return "0";
}

class Text {
 public:
  explicit Text(bool colour) : colour_(colour) {}

  void rows(const Rows& rows) {
    const auto check = widest(rows, &Row::check), provider = widest(rows, &Row::provider);
    for (const auto& row : rows) {
      out_ += fmt::format("{}  {:<{}}  {:<{}}  {}\n", cell(row.verdict, name(row.verdict), 7), printable(row.check), check,
                          printable(row.provider), provider, indented(row.seen, 13 + check + provider));
      mend(row, 13 + check + provider);
    }
  }

  void matrix(const std::vector<LiveRow>& live) {
    std::size_t provider = 8, model = 5;
    for (const auto& row : live) {
      provider = std::max(provider, row.provider.size());
      model = std::max(model, printable(row.model).size());
    }
    out_ += fmt::format("\n{:<{}}  {:<{}}", "provider", provider, "model", model);
    for (const auto check : kLiveChecks) out_ += fmt::format("  {:<8}", name(check));
    out_ += "  first byte\n";
    for (const auto& row : live) {
      out_ += fmt::format("{:<{}}  {:<{}}", printable(row.provider), provider, printable(row.model), model);
      for (const auto& result : row.results) out_ += "  " + cell(result.verdict, mark(result.verdict), 8);
      out_ += row.first_byte.count() == 0 ? "  -\n" : fmt::format("  {} ms\n", row.first_byte.count());
    }
  }

  /// Below the matrix: each thing that is not simply well, once.
  void reasons(const std::vector<LiveRow>& live) {
    for (const auto& row : live) {
      std::string before;
      for (const auto& result : row.results) {
        if (result.verdict == Verdict::ok || result.seen == before) continue;
        before = result.seen;
        out_ += fmt::format("  {} {}: {}\n", printable(row.provider), result.check, indented(result.seen, 4));
        mend(result, 4);
      }
    }
  }

  void summary(const Report& report) {
    const auto faults = count(report, Verdict::fault), warnings = count(report, Verdict::warning);
    out_ += fmt::format("\n{} fault{}, {} warning{}\n", faults, faults == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
  }

  std::string take() { return std::move(out_); }

 private:
  [[nodiscard]] std::string cell(Verdict verdict, std::string_view text, std::size_t width) const {
    const auto padded = fmt::format("{:<{}}", text, width);
    return colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", colour_of(verdict), padded) : padded;
  }
  static std::string_view mark(Verdict verdict) { return verdict == Verdict::skipped ? "-" : name(verdict); }
  void mend(const Row& row, std::size_t indent) {
    if (!row.mend.empty()) out_ += fmt::format("{:{}}mend: {}\n", "", indent, printable(row.mend));
  }
  /// Faults of a configuration come several lines at once.
  static std::string indented(const std::string& text, std::size_t indent) {
    std::string out;
    for (const char c : printable_lines(text)) {
      out += c;
      if (c == '\n') out.append(indent, ' ');
    }
    return out;
  }

  bool colour_;
  std::string out_;
};

std::string row_json(const Row& row) {
  return fmt::format(R"({{"check":{},"provider":{},"verdict":"{}","seen":{},"mend":{}}})", json_quote(row.check), json_quote(row.provider),
                     name(row.verdict), json_quote(valid_utf8(row.seen)), json_quote(row.mend));
}

std::string rows_json(const Rows& rows) {
  std::vector<std::string> parts;
  for (const auto& row : rows) parts.push_back(row_json(row));
  return "[" + join(parts, ",") + "]";
}

std::string live_json(const std::vector<LiveRow>& live) {
  std::vector<std::string> parts;
  for (const auto& row : live)
    parts.push_back(fmt::format(R"({{"provider":{},"model":{},"first_byte_ms":{},"results":{}}})", json_quote(row.provider),
                                json_quote(valid_utf8(row.model)),
                                row.first_byte.count() == 0 ? "null" : std::to_string(row.first_byte.count()), rows_json(row.results)));
  return "[" + join(parts, ",") + "]";
}

}  // namespace

std::size_t count(const Report& report, Verdict verdict) {
  auto sum = std::ranges::count(report.checks, verdict, &Row::verdict);
  for (const auto& row : report.live) sum += std::ranges::count(row.results, verdict, &Row::verdict);
  return static_cast<std::size_t>(sum);
}

std::string to_text(const Report& report, bool colour) {
  Text text(colour);
  text.rows(report.checks);
  if (!report.live.empty()) {
    text.matrix(report.live);
    text.reasons(report.live);
  }
  text.summary(report);
  return text.take();
}

std::string to_json(const Report& report) {
  return fmt::format(R"({{"checks":{},"live":{},"faults":{},"warnings":{}}})", rows_json(report.checks), live_json(report.live),
                     count(report, Verdict::fault), count(report, Verdict::warning));
}

}  // namespace penstock::doctor
