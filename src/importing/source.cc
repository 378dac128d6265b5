#include "importing/source.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/text.h"

namespace penstock::importing {

bool Value::filled() const {
  if (is_scalar()) return !text.empty();
  return !items.empty();
}

Value& Value::operator[](std::string_view key) {
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i] == key) return items[i];
  static thread_local Value none;
  none = Value{};
  return none;
}

std::vector<Value*> Value::elements() {
  std::vector<Value*> out;
  if (is_list()) {
    for (Value& item : items) out.push_back(&item);
  } else if (filled()) {
    out.push_back(this);
  }
  return out;
}

std::optional<double> Value::number() const {
  if (!is_scalar()) return std::nullopt;
  const auto plain = trim(text);
  double value = 0;
  const auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (plain.empty() || error != std::errc{} || end != plain.data() + plain.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool Value::is_true() const {
  if (!is_scalar()) return false;
  constexpr std::array<std::string_view, 4> kWords{"true", "yes", "1", "on"};
  return std::ranges::any_of(kWords, [&](auto word) { return equals_ignoring_case(trim(text), word); });
}

std::string Value::take() {
  if (!is_scalar()) return {};
  carry();
  return text;
}

void Value::carry() {
  if (kind != Kind::absent && fate == Fate::unread) fate = Fate::carried;
}

void Value::change(const std::string& reason) {
  if (kind == Kind::absent || fate == Fate::left_out) return;
  fate = Fate::changed;
  if (!why.contains(reason)) why += (why.empty() ? "" : "; ") + reason;
}

void Value::leave(const std::string& reason) {
  if (kind == Kind::absent) return;
  fate = Fate::left_out;
  why = reason;
}

Status check_text(std::string_view text) {
  constexpr std::size_t kMaxBytes = 4 << 20;
  const auto control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f; };
  if (text.size() > kMaxBytes) return fail(config_error("the file is larger than 4 MiB"));
  if (valid_utf8(text) != text) return fail(config_error("the file is not UTF-8"));
  const auto bad = std::ranges::find_if(text, control);
  if (bad == text.end()) return {};
  return fail(config_error("line " + std::to_string(std::ranges::count(text.begin(), bad, '\n') + 1) +
                           ": a control character; is this a text file?"));
}

void name_paths(Value& root) {
  for (std::size_t i = 0; i < root.items.size(); ++i) {
    Value& item = root.items[i];
    if (root.is_map()) {
      item.path = root.path.empty() ? root.keys[i] : root.path + "." + root.keys[i];
    } else {
      item.path = root.path + "[" + std::to_string(i) + "]";
    }
    name_paths(item);
  }
}

}  // namespace penstock::importing
