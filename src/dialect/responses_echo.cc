#include "dialect/responses_echo.h"

#include <algorithm>

namespace penstock::dialect {

std::string ResponsesTools::provider_name(std::string_view space, std::string_view name) const {
  std::string out;
  if (!space.empty() && space != "functions") out.append(space).append(space.ends_with("__") ? "" : "__");
  out += name;
  // Two ways to the same name are rare, and told apart in the order in which they stand.
  for (auto found = by_name_.find(out); found != by_name_.end(); found = by_name_.find(out)) {
    if (found->second.space == space && found->second.name == name) break;
    out += '_';
  }
  return out;
}

bool ResponsesTools::add(ResponsesTool tool) {
  auto name = provider_name(tool.space, tool.name);
  return by_name_.emplace(std::move(name), std::move(tool)).second;
}

const ResponsesTool* ResponsesTools::find(std::string_view provider_name) const {
  const auto found = by_name_.find(provider_name);
  return found == by_name_.end() ? nullptr : &found->second;
}

std::string on_one_line(std::string_view json) {
  std::string out(json);
  std::ranges::replace_if(out, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return out;
}

}  // namespace penstock::dialect
