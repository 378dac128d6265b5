#include "catalog/list_file.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <iterator>
#include <optional>

#include "base/text.h"
#include "json/padded.h"

namespace penstock::catalog {

namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kMostSeconds = 253'402'300'799;  // the year 9999 ends

/// What is not known is left out.
void write_model(std::string& out, const Model& model) {
  const auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"id":{})", json_quote(model.id));
  if (model.display_name != model.id) fmt::format_to(to, R"(,"name":{})", json_quote(model.display_name));
  if (model.window != 0) fmt::format_to(to, R"(,"window":{})", model.window);
  if (model.max_output != 0) fmt::format_to(to, R"(,"max_output":{})", model.max_output);
  if (!model.vision) out += R"(,"vision":false)";
  const Price& price = model.price;
  if (price.known) fmt::format_to(to, R"(,"price":[{},{},{},{}])", price.input, price.output, price.cache_read, price.cache_write);
  out += '}';
}

std::string text_of(const json::Value& object, std::string_view key) {
  const auto value = object.find(key);
  return value ? value->text() : "";
}

/// 0 for what is not there, or negative.
std::uint64_t count_of(const json::Value& object, std::string_view key) {
  const auto value = object.find(key);
  const auto number = value ? value->integer().value_or(0) : 0;
  return number > 0 ? static_cast<std::uint64_t>(number) : 0;
}

Price price_of(const json::Value& model) {
  const auto list = model.find("price");
  std::array<std::int64_t, 4> units{};
  std::size_t count = 0;
  if (list)
    for (const auto value : list->elements())
      if (const auto number = value.integer(); number && *number >= 0 && count < units.size()) units[count++] = *number;
  if (count != units.size()) return {};
  return {units[0], units[1], units[2], units[3], true};
}

Model read_model(const json::Value& value, const std::string& day) {
  Model model;
  model.id = text_of(value, "id");
  model.display_name = text_of(value, "name");
  if (model.display_name.empty()) model.display_name = model.id;
  model.window = count_of(value, "window");
  model.max_output = count_of(value, "max_output");
  if (const auto vision = value.find("vision")) model.vision = vision->boolean().value_or(true);
  model.price = price_of(value);
  model.source = "the provider";
  model.date = day;
  return model;
}

}  // namespace

std::string to_text(const ProviderList& list) {
  std::string out = fmt::format(R"({{"penstock_models":{},"provider":{},"base_url":{},"asked":{},"models":[)", kVersion,
                                json_quote(list.provider), json_quote(list.base_url), list.asked);
  for (const auto& model : list.models) {
    out += &model == list.models.data() ? "\n" : ",\n";
    write_model(out, model);
  }
  return out + "\n]}\n";
}

Result<ProviderList> read_list(std::string_view text) {
  const json::Padded padded(text);
  json::Document document;
  if (!document.index(padded.text())) return fail(config_error("it is torn, or no JSON"));
  const auto root = document.root();
  const auto version = root.find("penstock_models");
  if (!version || version->integer() != kVersion) return fail(config_error("it is not a list of models that this version wrote"));
  ProviderList list{text_of(root, "provider"), text_of(root, "base_url"), static_cast<std::int64_t>(count_of(root, "asked")), {}};
  const auto models = root.find("models");
  if (list.provider.empty() || list.asked > kMostSeconds || !models || !models->is_array())
    return fail(config_error("it is not a list of models"));
  const std::string day = day_of(list.asked);
  for (const auto value : models->elements())
    if (auto model = read_model(value, day); !model.id.empty()) list.models.push_back(std::move(model));
  return list;
}

std::string day_of(std::int64_t unix_seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(time)};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

}  // namespace penstock::catalog
