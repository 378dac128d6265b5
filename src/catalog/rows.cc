#include "catalog/rows.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <map>
#include <set>
#include <span>

#include "base/text.h"
#include "base/url.h"

namespace penstock::catalog {

namespace {

using Words = std::map<std::string, std::string>;

/// A key that a row may have, and how its value is put into the row.
template <typename Row>
struct Column {
  std::string_view key;
  Status (*set)(Row& row, const YAML::Node& value);
};

Status wrong(const std::string& message) { return fail(config_error(message)); }

Result<std::string> scalar(const YAML::Node& value) {
  if (!value.IsScalar()) return fail(config_error("must be a single value"));
  return value.Scalar();
}

template <typename Row, std::string Row::* member>
Status set_text(Row& row, const YAML::Node& value) {
  TRY(row.*member, scalar(value));
  return {};
}

template <typename Row, bool Row::* member>
Status set_flag(Row& row, const YAML::Node& value) {
  TRY(const auto text, scalar(value));
  if (text != "true" && text != "false") return wrong("must be true or false");
  row.*member = text == "true";
  return {};
}

template <typename Row, std::uint64_t Row::* member>
Status set_number(Row& row, const YAML::Node& value) {
  TRY(const auto text, scalar(value));
  const auto number = parse_unsigned(text);
  if (!number) return wrong("must be a whole number");
  row.*member = *number;
  return {};
}

template <typename Row, std::int64_t Row::* member>
Status set_price(Row& row, const YAML::Node& value) {
  TRY(const auto text, scalar(value));
  TRY(row.*member, parse_price(text));
  return {};
}

template <typename Row, std::vector<std::string> Row::* member>
Status set_list(Row& row, const YAML::Node& value) {
  if (!value.IsSequence()) return wrong("must be a list");
  for (const auto& item : value) {
    TRY((row.*member).emplace_back(), scalar(item));
  }
  return {};
}

/// A map of words; a list of words becomes one text with commas.
Result<Words> words(const YAML::Node& value) {
  if (!value.IsMap()) return fail(config_error("must be a map"));
  Words out;
  for (const auto& entry : value) {
    TRY(const auto key, scalar(entry.first));
    std::vector<std::string> parts;
    if (!entry.second.IsSequence()) {
      TRY(parts.emplace_back(), scalar(entry.second));
    }
    for (const auto& item : entry.second.IsSequence() ? entry.second : YAML::Node()) {
      TRY(parts.emplace_back(), scalar(item));
    }
    if (!out.emplace(key, join(parts, ",")).second) return fail(config_error(json_quote(key) + " is given twice"));
  }
  return out;
}

template <typename Row, Words Row::* member>
Status set_words(Row& row, const YAML::Node& value) {
  TRY(row.*member, words(value));
  return {};
}

using FourWords = std::array<std::string_view, 4>;
constexpr FourWords kDialects{"anthropic", "openai-chat", "openai-responses", "gemini"};
constexpr FourWords kAuths{"x-api-key", "bearer", "none", "header"};

template <typename Row, std::string Row::* member, const FourWords& allowed>
Status set_word(Row& row, const YAML::Node& value) {
  TRY(const auto text, scalar(value));
  if (std::ranges::find(allowed, text) == allowed.end()) return wrong("does not know the word " + json_quote(text));
  row.*member = text;
  return {};
}

Status set_brand(Provider& row, const YAML::Node& value) {
  TRY(row.brand, scalar(value));
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const bool colour = row.brand.size() == 7 && row.brand.front() == '#' && std::ranges::all_of(row.brand.substr(1), is_digit);
  return colour ? Status{} : wrong("must be a colour such as \"#4d6bfe\"");
}

Status set_models_path(Provider& row, const YAML::Node& value) {
  TRY(row.models_path, scalar(value));
  const bool clean = std::ranges::all_of(row.models_path, [](unsigned char c) { return c > ' ' && c < 127; });
  return row.models_path.starts_with('/') && clean ? Status{} : wrong("must be a path such as /v1/models");
}

template <typename Row>
Status set_model_quirks(Row& row, const YAML::Node& value) {
  if (!value.IsMap()) return wrong("must be a map from patterns to quirks");
  for (const auto& entry : value) {
    TRY(const auto pattern, scalar(entry.first));
    TRY(auto quirks, words(entry.second));
    row.model_quirks.emplace_back(pattern, std::move(quirks));
  }
  return {};
}

/// Fills a row from a map; every key must be a column, and none may come twice.
template <typename Row>
Status fill(Row& row, const YAML::Node& map, std::span<const Column<Row>> columns) {
  if (!map.IsMap()) return wrong("must be a map");
  std::set<std::string> seen;
  for (const auto& entry : map) {
    TRY(const auto key, scalar(entry.first));
    const auto column = std::ranges::find(columns, key, &Column<Row>::key);
    if (column == columns.end()) return wrong("has an unknown key " + json_quote(key));
    if (!seen.insert(key).second) return wrong("has the key " + json_quote(key) + " twice");
    if (auto status = column->set(row, entry.second); !status) return wrong("key " + json_quote(key) + ": " + status.error().message);
  }
  return {};
}

Status set_model_price(Model& row, const YAML::Node& value) {
  static constexpr auto kColumns = std::to_array<Column<Price>>({
      {"input", set_price<Price, &Price::input>},
      {"output", set_price<Price, &Price::output>},
      {"cache_read", set_price<Price, &Price::cache_read>},
      {"cache_write", set_price<Price, &Price::cache_write>},
  });
  constexpr std::int64_t kNotGiven = -1;
  Price price{.cache_read = kNotGiven, .cache_write = kNotGiven, .known = true};
  TRY_STATUS(fill(price, value, std::span<const Column<Price>>(kColumns)));
  if (price.cache_read == kNotGiven) price.cache_read = price.input;
  if (price.cache_write == kNotGiven) price.cache_write = price.input;
  row.price = price;
  return {};
}

bool is_below_home(std::string_view path) { return path.ends_with(".json") && !path.starts_with('/') && !path.contains(".."); }

Status set_oauth(Provider& row, const YAML::Node& value) {
  static constexpr auto kColumns = std::to_array<Column<OAuth>>({
      {"client_id", set_text<OAuth, &OAuth::client_id>},
      {"device_authorization_url", set_text<OAuth, &OAuth::device_authorization_url>},
      {"token_url", set_text<OAuth, &OAuth::token_url>},
      {"scope", set_text<OAuth, &OAuth::scope>},
      {"host_env", set_list<OAuth, &OAuth::host_env>},
      {"credentials_file", set_text<OAuth, &OAuth::credentials_file>},
  });
  OAuth oauth;
  TRY_STATUS(fill(oauth, value, std::span<const Column<OAuth>>(kColumns)));
  if (oauth.client_id.empty()) return wrong("needs client_id");
  if (!is_token_url(oauth.device_authorization_url) || !is_token_url(oauth.token_url))
    return wrong("needs device_authorization_url and token_url with https (http only to this machine)");
  if (!oauth.credentials_file.empty() && !is_below_home(oauth.credentials_file))
    return wrong("needs a credentials_file below the home folder that ends in .json");
  row.oauth = std::move(oauth);
  return {};
}

/// Where requests of one API go; the row or its endpoint.
template <typename Row>
Status check_address(const Row& row) {
  if (!row.base_url.starts_with("http://") && !row.base_url.starts_with("https://")) return wrong("has no base_url with http or https");
  if (row.base_url.ends_with('/') || row.base_url.ends_with("/v1")) return wrong("has a base_url that ends in / or /v1; take that off");
  if ((row.auth == "header") == row.auth_header.empty()) return wrong("needs auth_header exactly when auth is header");
  return {};
}

constexpr auto kEndpointColumns = std::to_array<Column<Endpoint>>({
    {"base_url", set_text<Endpoint, &Endpoint::base_url>},
    {"auth", set_word<Endpoint, &Endpoint::auth, kAuths>},
    {"auth_header", set_text<Endpoint, &Endpoint::auth_header>},
    {"opt_in", set_flag<Endpoint, &Endpoint::opt_in>},
    {"quirks", set_words<Endpoint, &Endpoint::quirks>},
    {"model_quirks", set_model_quirks<Endpoint>},
    {"source", set_text<Endpoint, &Endpoint::source>},
    {"date", set_text<Endpoint, &Endpoint::date>},
});

Result<Endpoint> read_endpoint(const std::string& dialect, const YAML::Node& map) {
  if (std::ranges::find(kDialects, dialect) == kDialects.end()) return fail(config_error("is no dialect"));
  Endpoint api;
  api.dialect = dialect;
  TRY_STATUS(fill(api, map, std::span<const Column<Endpoint>>(kEndpointColumns)));
  api.take_usual_auth();
  TRY_STATUS(check_address(api));
  return api;
}

Status set_apis(Provider& row, const YAML::Node& value) {
  if (!value.IsMap()) return wrong("must be a map from dialects to endpoints");
  for (const auto& entry : value) {
    TRY(const auto dialect, scalar(entry.first));
    if (row.find_api(dialect) != nullptr) return wrong(json_quote(dialect) + " is given twice");
    auto api = read_endpoint(dialect, entry.second);
    if (!api) return wrong(json_quote(dialect) + " " + api.error().message);
    row.apis.push_back(std::move(*api));
  }
  return {};
}

constexpr auto kProviderColumns = std::to_array<Column<Provider>>({
    {"display_name", set_text<Provider, &Provider::display_name>},
    {"brand", set_brand},
    {"base_url", set_text<Provider, &Provider::base_url>},
    {"dialect", set_word<Provider, &Provider::dialect, kDialects>},
    {"auth", set_word<Provider, &Provider::auth, kAuths>},
    {"auth_header", set_text<Provider, &Provider::auth_header>},
    {"env", set_list<Provider, &Provider::env>},
    {"key_files", set_list<Provider, &Provider::key_files>},
    {"oauth", set_oauth},
    {"local", set_flag<Provider, &Provider::local>},
    {"aggregator", set_flag<Provider, &Provider::aggregator>},
    {"count_tokens", set_flag<Provider, &Provider::count_tokens>},
    {"headers", set_words<Provider, &Provider::headers>},
    {"quirks", set_words<Provider, &Provider::quirks>},
    {"model_quirks", set_model_quirks<Provider>},
    {"apis", set_apis},
    {"tiers", set_words<Provider, &Provider::tiers>},
    {"models_path", set_models_path},
    {"source", set_text<Provider, &Provider::source>},
    {"date", set_text<Provider, &Provider::date>},
});

constexpr auto kModelColumns = std::to_array<Column<Model>>({
    {"id", set_text<Model, &Model::id>},
    {"display_name", set_text<Model, &Model::display_name>},
    {"window", set_number<Model, &Model::window>},
    {"max_output", set_number<Model, &Model::max_output>},
    {"price", set_model_price},
    {"vision", set_flag<Model, &Model::vision>},
    {"quirks", set_words<Model, &Model::quirks>},
    {"source", set_text<Model, &Model::source>},
    {"date", set_text<Model, &Model::date>},
});

Result<Provider> read_provider(const std::string& name, const YAML::Node& map) {
  Provider row;
  row.name = row.display_name = name;
  row.dialect = "anthropic";
  row.auth = "x-api-key";
  TRY_STATUS(fill(row, map, std::span<const Column<Provider>>(kProviderColumns)));
  if (map.size() == 1 && !row.apis.empty()) return row;  // for merge(): endpoints of a row that another file has
  TRY_STATUS(check_address(row));
  if (row.find_api(row.dialect) != nullptr)
    return fail(config_error("has an endpoint for " + json_quote(row.dialect) + " among its apis, which is its own dialect"));
  return row;
}

Result<std::vector<Model>> read_block(const YAML::Node& list) {
  if (!list.IsSequence()) return fail(config_error("must be a list of models"));
  std::vector<Model> models;
  for (const auto& item : list) {
    Model model;
    const auto status = fill(model, item, std::span<const Column<Model>>(kModelColumns));
    const std::string place = "model " + (model.id.empty() ? "number " + std::to_string(models.size() + 1) : json_quote(model.id));
    if (!status) return fail(config_error(place + " " + status.error().message));
    if (model.id.empty()) return fail(config_error(place + " has no id"));
    if (std::ranges::find(models, model.id, &Model::id) != models.end()) return fail(config_error(place + " is given twice"));
    if (model.display_name.empty()) model.display_name = model.id;
    models.push_back(std::move(model));
  }
  return models;
}

/// Calls `read` for each entry of the top-level map; an empty text has none. Every exception of the YAML library ends here.
template <typename Read>
Status each_row(std::string_view yaml, Read read) {
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    if (root.IsNull()) return {};
    if (!root.IsMap()) return wrong("the catalogue must be a map from names to rows");
    std::set<std::string> names;
    for (const auto& entry : root) {
      TRY(const auto name, scalar(entry.first));
      const std::string row = "line " + std::to_string(entry.first.Mark().line + 1) + ": catalogue row " + json_quote(name);
      if (!names.insert(name).second) return wrong(row + " is given twice");
      if (auto status = read(name, entry.second); !status) return wrong(row + ": " + status.error().message);
    }
    return {};
  } catch (const std::exception& fault) {
    return wrong(std::string("the catalogue is not valid YAML: ") + fault.what());
  }
}

}  // namespace

Result<std::vector<Provider>> read_providers(std::string_view yaml) {
  std::vector<Provider> rows;
  TRY_STATUS(each_row(yaml, [&](const std::string& name, const YAML::Node& value) -> Status {
    TRY(rows.emplace_back(), read_provider(name, value));
    return {};
  }));
  return rows;
}

Result<ModelBlocks> read_models(std::string_view yaml) {
  ModelBlocks blocks;
  TRY_STATUS(each_row(yaml, [&](const std::string& name, const YAML::Node& value) -> Status {
    TRY(auto models, read_block(value));
    blocks.emplace_back(name, std::move(models));
    return {};
  }));
  return blocks;
}

Result<std::int64_t> parse_price(std::string_view dollars) {
  constexpr std::size_t kDecimals = 6;
  constexpr std::int64_t kPerDollar = 1'000'000;
  const auto point = dollars.find('.');
  const auto decimals = point == std::string_view::npos ? std::string_view{} : dollars.substr(point + 1);
  std::string padded(decimals);
  padded.resize(std::max(padded.size(), kDecimals), '0');
  const auto whole = parse_unsigned(dollars.substr(0, point));
  const auto fraction = parse_unsigned(padded);
  const bool bad_point = point != std::string_view::npos && decimals.empty();
  if (!whole || !fraction || bad_point || decimals.size() > kDecimals || *whole > 1'000'000)
    return fail(
        config_error(json_quote(dollars) + " is not a price such as 0.25, in dollars per million tokens with at most six decimals"));
  return static_cast<std::int64_t>(*whole) * kPerDollar + static_cast<std::int64_t>(*fraction);
}

}  // namespace penstock::catalog
