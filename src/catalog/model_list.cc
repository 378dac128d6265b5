#include "catalog/model_list.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "catalog/model_facts.h"
#include "json/padded.h"

namespace penstock::catalog {

namespace {

constexpr std::size_t kMostModels = 5000;  // the largest aggregators list some hundreds
constexpr std::size_t kMostId = 200;       // bytes; a name that a client may ask for has 256, with the provider's before it
constexpr std::size_t kMostName = 100;

/// One row, and whether the server has the model in memory.
struct Row {
  Model model;
  bool loaded = false;
};

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= kMostId && std::ranges::all_of(id, [](unsigned char c) { return c > ' ' && c < 127; });
}

/// Google's `name` is a path, Ollama's is the id, LM Studio's newer list has a `key`; with an `id`, `name` is for people.
std::string id_of(const json::Value& row) {
  if (row.is_string()) return row.text();
  for (const auto* key : {"id", "key", "name", "model"}) {
    const auto value = row.find(key);
    if (!value || !value->is_string()) continue;
    std::string id = value->text();
    return id.starts_with("models/") ? id.substr(7) : id;
  }
  return {};
}

std::string display_name(const json::Value& row, const std::string& id) {
  for (const auto* key : {"display_name", "displayName", "name"}) {
    const auto value = row.find(key);
    std::string name = value ? printable(trim(value->text())) : "";
    if (name.size() > kMostName) name = valid_utf8(name.substr(0, kMostName));
    if (!name.empty() && name != "models/" + id) return name;
  }
  return id;
}

/// Nothing for what one cannot talk to.
std::optional<Row> read_row(const json::Value& value) {
  Row row;
  Model& model = row.model;
  model.id = id_of(value);
  if (!is_id(model.id) || !can_chat(value, model.id)) return std::nullopt;
  model.display_name = display_name(value, model.id);
  model.window = window_of(value);
  model.max_output = max_output_of(value);
  if (model.window != 0) model.max_output = std::min(model.max_output, model.window);
  model.price = price_of(value);
  model.vision = sees_images(value).value_or(model.vision);
  row.loaded = is_loaded(value);
  return row;
}

/// llama.cpp gives its models under `models` too, with fewer facts.
std::optional<json::Value> list_in(const json::Value& root) {
  if (root.is_array()) return root;
  for (const auto* key : {"data", "models"})
    if (const auto list = root.find(key); list && list->is_array()) return list;
  return std::nullopt;
}

std::string encoded(std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (kPlain.contains(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%' + to_hex(std::span(&byte, 1));
    }
  }
  return out;
}

/// Anthropic's cursor, Google's token, OpenRouter's link. Only a path of the same host is taken from a link: a key goes with it.
std::string next_page(const json::Value& root) {
  const auto has_more = root.find("has_more");
  if (has_more && has_more->boolean().value_or(false))
    if (const auto last = root.find("last_id"); last && last->is_string()) return "after_id=" + encoded(last->text());
  if (const auto token = root.find("nextPageToken"); token && token->is_string() && !token->raw_text().empty())
    return "pageToken=" + encoded(token->text());
  const auto link = find_path(root, "links.next");
  const std::string path = link ? link->text() : "";
  const bool clean = std::ranges::all_of(path, [](unsigned char c) { return c > ' ' && c < 127; });
  return path.starts_with('/') && !path.starts_with("//") && clean ? path : "";
}

}  // namespace

Result<ModelPage> parse_model_list(std::string_view json) {
  const json::Padded padded(json);
  json::Document document;
  const auto wrong = [](std::string message) { return fail(provider_error(ErrorKind::protocol, std::move(message))); };
  if (!document.index(padded.text())) return wrong("the answer is no JSON");
  const auto list = list_in(document.root());
  if (!list) return wrong("the answer holds no list of models");
  std::vector<Row> rows;
  std::unordered_set<std::string> seen;
  for (const auto value : list->elements()) {
    if (rows.size() == kMostModels) break;
    auto row = read_row(value);
    if (row && seen.insert(row->model.id).second) rows.push_back(std::move(*row));
  }
  ModelPage page;
  for (const bool loaded : {true, false})
    for (auto& row : rows)
      if (row.loaded == loaded) page.models.push_back(std::move(row.model));
  page.next = next_page(document.root());
  return page;
}

}  // namespace penstock::catalog
