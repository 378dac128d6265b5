#include "policy/model_name.h"

#include "base/text.h"

namespace penstock::policy {

namespace {

constexpr std::string_view kMillion = "[1m]";

/// The name without its first prefix, if it has one and something remains.
std::optional<std::string_view> without_prefix(std::string_view name) {
  for (const auto prefix : kPickerPrefixes)
    if (name.size() > prefix.size() && name.starts_with(prefix)) return name.substr(prefix.size());
  return std::nullopt;
}

}  // namespace

bool has_million(std::string_view name) {
  return name.size() >= kMillion.size() && equals_ignoring_case(name.substr(name.size() - kMillion.size()), kMillion);
}

std::string_view without_million(std::string_view name) {
  while (has_million(name)) name.remove_suffix(kMillion.size());
  return name;
}

Spellings::Spellings(std::string_view asked) : names_{asked} {
  for (auto shorter = without_prefix(asked); shorter && count_ <= kMostPrefixes; shorter = without_prefix(*shorter))
    names_[count_++] = *shorter;
}

std::optional<std::string_view> star_in(std::string_view pattern, std::string_view name) {
  if (has_million(name) && !has_million(pattern)) return std::nullopt;
  if (pattern.contains('*')) return glob_star(pattern, name);
  if (pattern == name) return name.substr(0, 0);
  return std::nullopt;
}

std::string filled(std::string_view model, std::string_view star) {
  std::string out(model);
  if (const auto at = out.find('*'); at != std::string::npos) out.replace(at, 1, star);
  return out;
}

std::optional<std::pair<std::string_view, std::string_view>> parted(std::string_view name) {
  const auto at = name.find_first_of("/,");
  if (at == std::string_view::npos) return std::nullopt;
  const auto provider = trim(name.substr(0, at)), model = trim(name.substr(at + 1));
  if (provider.empty() || model.empty()) return std::nullopt;
  return std::pair(provider, model);
}

}  // namespace penstock::policy
