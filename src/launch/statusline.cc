#include "launch/statusline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "json/padded.h"

namespace penstock::launch {

namespace {

constexpr std::string_view kBold = "1", kCyan = "36", kGreen = "32", kYellow = "33", kRed = "31";
constexpr double kFilling = 60, kNearlyFull = 85;  // percent; Claude Code compacts not far above

std::optional<json::Value> at(std::optional<json::Value> value, std::initializer_list<std::string_view> path) {
  for (const auto key : path) value = value ? value->find(key) : std::nullopt;
  return value;
}

std::string text(const std::optional<json::Value>& value) { return value ? value->text() : ""; }

std::uint64_t count(const std::optional<json::Value>& value) {
  const auto number = value ? value->number() : std::nullopt;
  return number && *number > 0 && *number < 1e15 ? static_cast<std::uint64_t>(*number) : 0;
}

/// Claude Code's percentage, or the same from its counts.
std::optional<double> used_percent(const json::Value& window, const llm::Usage& last) {
  if (const auto told = at(window, {"used_percentage"}); told && told->number()) return *told->number();
  const auto size = count(at(window, {"context_window_size"}));
  if (size == 0 || last.prompt() == 0) return std::nullopt;
  return 100.0 * static_cast<double>(last.prompt()) / static_cast<double>(size);
}

/// Wide enough for any count of tokens at any price.
using Nano = __int128;

/// Where writing to the cache costs extra, an hour in it costs twice the input price (wire-reference 4.1).
Nano nano_cost(const Spent& spent, const catalog::Price& price) {
  const auto cost = [](std::uint64_t tokens, Nano per_thousand) { return static_cast<Nano>(tokens) * per_thousand / 1000; };
  const Nano hour = price.cache_write > price.input ? 2 * static_cast<Nano>(price.input) : price.cache_write;
  const auto short_lived = spent.usage.cache_write - std::min(spent.cache_write_hour, spent.usage.cache_write);
  return cost(spent.usage.input, price.input) + cost(spent.usage.output, price.output) + cost(spent.usage.cache_read, price.cache_read) +
         cost(spent.cache_write_hour, hour) + cost(short_lived, price.cache_write);
}

std::string dollars(std::int64_t nano) {
  const double amount = static_cast<double>(nano) / 1e9;
  return amount < 1 ? fmt::format("${:.3f}", amount) : fmt::format("${:.2f}", amount);
}

/// The parts of the line, separated.
class Line {
 public:
  explicit Line(bool colour) : colour_(colour) {}
  void add(std::string_view what, std::string_view colour = {}) {
    const auto shown = printable(what);  // names come from outside
    if (shown.empty()) return;
    if (!text_.empty()) text_ += " · ";
    text_ += colour_ && !colour.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", colour, shown) : shown;
  }
  std::string take() { return std::move(text_); }

 private:
  bool colour_;
  std::string text_;
};

std::string model_name(const Session& session, const std::optional<NamedModel>& named) {
  if (named) return named->display_name.empty() ? named->model : named->display_name;
  return session.model_name.empty() ? session.model_id : session.model_name;
}

}  // namespace

std::optional<Session> read_session(std::string_view input) {
  const json::Padded padded(input);
  json::Document document;
  if (!document.index(padded.text()) || !document.root().is_object()) return std::nullopt;
  const auto root = document.root();
  Session session;
  session.model_id = text(at(root, {"model", "id"}));
  session.model_name = text(at(root, {"model", "display_name"}));
  session.transcript = text(at(root, {"transcript_path"}));
  const auto window = at(root, {"context_window"});
  if (!window) return session;
  session.last.input = count(at(window, {"current_usage", "input_tokens"}));
  session.last.output = count(at(window, {"current_usage", "output_tokens"}));
  session.last.cache_read = count(at(window, {"current_usage", "cache_read_input_tokens"}));
  session.last.cache_write = count(at(window, {"current_usage", "cache_creation_input_tokens"}));
  session.used = used_percent(*window, session.last);
  return session;
}

std::optional<std::int64_t> cost_of(const std::vector<Spent>& spent, const FindModel& find) {
  Nano sum = 0;
  for (const auto& one : spent) {
    const auto named = find(one.model);
    if (!named || !named->price.known) return std::nullopt;
    sum += nano_cost(one, named->price);
  }
  if (spent.empty()) return std::nullopt;
  return static_cast<std::int64_t>(std::min<Nano>(sum, std::numeric_limits<std::int64_t>::max()));
}

std::optional<unsigned> cache_hits(const std::vector<Spent>& spent, const llm::Usage& last) {
  std::uint64_t prompts = 0, hits = 0;
  for (const auto& one : spent) {
    prompts += one.usage.prompt();
    hits += one.usage.cache_read;
  }
  if (prompts == 0) {
    prompts = last.prompt();
    hits = last.cache_read;
  }
  if (prompts == 0) return std::nullopt;
  return static_cast<unsigned>(100.0 * static_cast<double>(std::min(hits, prompts)) / static_cast<double>(prompts) + 0.5);
}

std::string status_line(const Session& session, const std::vector<Spent>& spent, const FindModel& find, const Look& look) {
  const auto named = session.model_id.empty() ? std::nullopt : find(session.model_id);
  Line line(look.colour);
  line.add(model_name(session, named), kBold);
  line.add(named ? named->provider : look.provider, kCyan);
  if (const auto cost = cost_of(spent, find)) line.add(dollars(*cost));
  if (const auto hits = cache_hits(spent, session.last)) line.add(fmt::format("cache {}%", *hits));
  if (session.used && std::isfinite(*session.used)) {
    const double used = std::clamp(*session.used, 0.0, 999.0);
    line.add(fmt::format("context {:.0f}%", used), used < kFilling ? kGreen : used < kNearlyFull ? kYellow : kRed);
  }
  return line.take();
}

}  // namespace penstock::launch
