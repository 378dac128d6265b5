#include "catalog/rows.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::catalog {
namespace {

/// Without the line, where there is one.
std::string words_of(const Error& fault) {
  const auto& message = fault.message;
  return message.starts_with("line ") ? message.substr(message.find(": ") + 2) : message;
}

std::string provider_fault(std::string_view yaml) {
  const auto rows = read_providers(yaml);
  return rows ? "no fault" : words_of(rows.error());
}

std::string model_fault(std::string_view yaml) {
  const auto blocks = read_models(yaml);
  return blocks ? "no fault" : words_of(blocks.error());
}

TEST(Rows, AFaultNamesTheLineOfItsRow) {
  EXPECT_EQ(read_providers("# mine\nx: { base_url: https://h }\ny:\n  colour: red\n").error().message,
            "line 3: catalogue row \"y\": has an unknown key \"colour\"");
  EXPECT_EQ(read_models("x:\n  - { id: m, widow: 3 }\n").error().message,
            "line 1: catalogue row \"x\": model \"m\" has an unknown key \"widow\"");
}

TEST(Rows, PricesAreExact) {
  EXPECT_EQ(parse_price("1").value(), 1'000'000);
  EXPECT_EQ(parse_price("0.0036").value(), 3600);
  EXPECT_EQ(parse_price("0.435").value(), 435'000);
  EXPECT_EQ(parse_price("12.5").value(), 12'500'000);
  EXPECT_EQ(parse_price("0.000001").value(), 1);
  EXPECT_EQ(parse_price("0").value(), 0);
  for (const auto* text : {"", ".", ".5", "1.", "-1", "1e3", "0.0000001", "1,5", "1.2.3", "x", "99999999999999999999"})
    EXPECT_FALSE(parse_price(text)) << text;
}

TEST(Rows, AProviderIsReadWhole) {
  const auto rows = read_providers(R"(
x:
  display_name: The X
  base_url: https://h/p
  dialect: openai-chat
  auth: header
  auth_header: x-k
  env: [A, B]
  key_files: [.XAZ1.api.key]
  local: true
  aggregator: true
  count_tokens: true
  headers: { a: b }
  quirks: { effort: [low, high], images: keep }
  model_quirks: { "m-*": { images: placeholder } }
  source: DOC:x
  date: 2026-11-20
)");
  ASSERT_TRUE(rows) << rows.error().message;
  const Provider& row = rows->at(0);
  EXPECT_EQ(row.name, "x");
  EXPECT_EQ(row.display_name, "The X");
  EXPECT_EQ(row.dialect, "openai-chat");
  EXPECT_EQ(row.auth_header, "x-k");
  EXPECT_EQ(row.env, (std::vector<std::string>{"A", "B"}));
  EXPECT_TRUE(row.local && row.aggregator && row.count_tokens);
  EXPECT_EQ(row.headers.at("a"), "b");
  EXPECT_EQ(row.quirks.at("effort"), "low,high");
  EXPECT_EQ(row.model_quirks.at(0).second.at("images"), "placeholder");
  EXPECT_EQ(row.source + row.date, "DOC:x2026-11-20");
}

constexpr std::string_view kOAuth = R"(
x:
  base_url: https://h
  oauth:
    client_id: c
    device_authorization_url: https://a/device
    token_url: http://127.0.0.1:1/token
    scope: s
    host_env: [H, I]
    credentials_file: .x/login.json
)";

TEST(Rows, ALoginIsReadWhole) {
  const auto rows = read_providers(kOAuth);
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->at(0).oauth, (OAuth{"c", "https://a/device", "http://127.0.0.1:1/token", "s", {"H", "I"}, ".x/login.json"}));
  EXPECT_FALSE(read_providers("x: { base_url: https://h }")->at(0).oauth);
}

TEST(Rows, ALoginsFaultsNameTheRow) {
  const auto fault_with = [](std::string_view from, std::string_view to) {
    std::string yaml(kOAuth);
    yaml.replace(yaml.find(from), from.size(), to);
    return provider_fault(yaml);
  };
  const std::string row = "catalogue row \"x\": key \"oauth\": ";
  EXPECT_EQ(fault_with("client_id: c", "scope: t"), row + "has the key \"scope\" twice");
  EXPECT_EQ(fault_with("client_id: c", "client_id: ''"), row + "needs client_id");
  EXPECT_EQ(fault_with("scope: s", "secret: s"), row + "has an unknown key \"secret\"");
  for (const auto* url : {"http://a/device", "a/device", "ftp://a", "http://127.0.0.1.evil/device", "http://u@localhost/"})
    EXPECT_EQ(fault_with("https://a/device", url),
              row + "needs device_authorization_url and token_url with https (http only to this machine)");
  for (const auto* path : {"/etc/x.json", "../x.json", ".x/login"})
    EXPECT_EQ(fault_with(".x/login.json", path), row + "needs a credentials_file below the home folder that ends in .json");
  EXPECT_EQ(provider_fault("x: { base_url: https://h, oauth: yes }"), row + "must be a map");
}

TEST(Rows, EndpointsAreReadWhole) {
  const auto rows = read_providers(R"(
x:
  base_url: https://h
  apis:
    openai-chat:
      base_url: https://h/chat
      auth: header
      auth_header: x-k
      opt_in: true
      quirks: { efforts: [low, high] }
      model_quirks: { "m-*": { images: placeholder } }
      source: DOC:x
      date: 2026-11-20
    openai-responses: { base_url: https://h }
    gemini: { base_url: https://g }
)");
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->at(0).apis.size(), 3U);
  const Endpoint& chat = *rows->at(0).find_api("openai-chat");
  EXPECT_EQ(chat.base_url + " " + chat.auth + " " + chat.auth_header + " " + chat.source + " " + chat.date,
            "https://h/chat header x-k DOC:x 2026-11-20");
  EXPECT_TRUE(chat.opt_in);
  EXPECT_EQ(chat.quirks.at("efforts"), "low,high");
  EXPECT_EQ(chat.quirks_by_pattern("m-1").at("images"), "placeholder");
  EXPECT_TRUE(chat.quirks_by_pattern("n").empty());
  EXPECT_EQ(rows->at(0).find_api("openai-responses")->auth, "bearer") << "as the API's vendor takes it";
  EXPECT_EQ(rows->at(0).find_api("gemini")->auth_header, "x-goog-api-key");
  EXPECT_FALSE(rows->at(0).find_api("gemini")->opt_in);
}

TEST(Rows, EndpointsFaultsNameTheRow) {
  const auto fault = [](std::string_view apis) { return provider_fault("x: { base_url: https://h, apis: " + std::string(apis) + " }"); };
  const std::string row = "catalogue row \"x\": ", key = row + "key \"apis\": ";
  EXPECT_EQ(fault("[a]"), key + "must be a map from dialects to endpoints");
  EXPECT_EQ(fault("{ openai: { base_url: https://h } }"), key + "\"openai\" is no dialect");
  EXPECT_EQ(fault("{ gemini: x }"), key + "\"gemini\" must be a map");
  EXPECT_EQ(fault("{ gemini: { base_url: https://h, env: [A] } }"), key + "\"gemini\" has an unknown key \"env\"");
  EXPECT_EQ(fault("{ gemini: { base_url: https://h, auth: basic } }"), key + "\"gemini\" key \"auth\": does not know the word \"basic\"");
  EXPECT_EQ(fault("{ gemini: { auth: bearer } }"), key + "\"gemini\" has no base_url with http or https");
  EXPECT_EQ(fault("{ gemini: { base_url: https://h/v1 } }"), key + "\"gemini\" has a base_url that ends in / or /v1; take that off");
  EXPECT_EQ(fault("{ gemini: { base_url: https://h, auth: header } }"), key + "\"gemini\" needs auth_header exactly when auth is header");
  EXPECT_EQ(fault("{ gemini: { base_url: https://h }, gemini: { base_url: https://h } }"), key + "\"gemini\" is given twice");
  EXPECT_EQ(fault("{ anthropic: { base_url: https://h } }"),
            row + "has an endpoint for \"anthropic\" among its apis, which is its own dialect");
  EXPECT_EQ(provider_fault("x: { display_name: X, apis: { gemini: { base_url: https://h } } }"),
            row + "has no base_url with http or https");
  EXPECT_EQ(provider_fault("x: { apis: { gemini: { base_url: https://h } } }"), "no fault") << "for a row that another file has";
}

TEST(Rows, ABrandIsAColour) {
  EXPECT_EQ(read_providers("x: { base_url: https://h, brand: '#4d6bfe' }")->front().brand, "#4d6bfe");
  for (const auto* text : {"blue", "'#4d6bf'", "'#4d6bfg'", "'#4D6BFE'", "'#4d6bfe0'"})
    EXPECT_EQ(provider_fault(std::string("x: { base_url: https://h, brand: ") + text + " }"),
              "catalogue row \"x\": key \"brand\": must be a colour such as \"#4d6bfe\"");
}

TEST(Rows, AModelIsReadWhole) {
  const auto blocks = read_models(
      "x:\n  - { id: m, window: 10, max_output: 5, price: { input: 2, output: 3, cache_read: 0.5 }, vision: false, quirks: { a: b } }\n  - "
      "{ id: n }\n");
  ASSERT_TRUE(blocks) << blocks.error().message;
  const Model& model = blocks->at(0).second.at(0);
  EXPECT_EQ(model.display_name, "m");
  EXPECT_EQ(model.window, 10U);
  EXPECT_EQ(model.max_output, 5U);
  EXPECT_TRUE(model.price.known);
  EXPECT_EQ(model.price.cache_read, 500'000);
  EXPECT_EQ(model.price.cache_write, model.price.input) << "not given: the input price";
  EXPECT_FALSE(model.vision);
  EXPECT_FALSE(blocks->at(0).second.at(1).price.known);
}

TEST(Rows, FaultsNameTheRow) {
  EXPECT_EQ(provider_fault("x: { base_url: https://h, colour: red }"), "catalogue row \"x\": has an unknown key \"colour\"");
  EXPECT_EQ(provider_fault("x: { base_url: https://h, auth: basic }"),
            "catalogue row \"x\": key \"auth\": does not know the word \"basic\"");
  EXPECT_EQ(provider_fault("x: { base_url: https://h, local: maybe }"), "catalogue row \"x\": key \"local\": must be true or false");
  EXPECT_EQ(provider_fault("x: { base_url: https://h, env: A }"), "catalogue row \"x\": key \"env\": must be a list");
  EXPECT_EQ(provider_fault("x: { display_name: X }"), "catalogue row \"x\": has no base_url with http or https");
  EXPECT_EQ(provider_fault("x: { base_url: https://h/v1 }"), "catalogue row \"x\": has a base_url that ends in / or /v1; take that off");
  EXPECT_EQ(provider_fault("x: { base_url: https://h, auth: header }"),
            "catalogue row \"x\": needs auth_header exactly when auth is header");
  EXPECT_EQ(provider_fault("x: [a]"), "catalogue row \"x\": must be a map");
  EXPECT_EQ(provider_fault("x: { base_url: https://h }\nx: { base_url: https://h }"), "catalogue row \"x\" is given twice");
  EXPECT_EQ(provider_fault("x: { base_url: https://h, base_url: https://i }"), "catalogue row \"x\": has the key \"base_url\" twice");
  EXPECT_EQ(model_fault("x: { id: m }"), "catalogue row \"x\": must be a list of models");
  EXPECT_EQ(model_fault("x: [ { window: 1 } ]"), "catalogue row \"x\": model number 1 has no id");
  EXPECT_EQ(model_fault("x: [ { id: m }, { id: m } ]"), "catalogue row \"x\": model \"m\" is given twice");
  EXPECT_EQ(model_fault("x: [ { id: m, window: 1M } ]"), "catalogue row \"x\": model \"m\" key \"window\": must be a whole number");
  EXPECT_EQ(model_fault("x: [ { id: m, price: { input: 0.0000001 } } ]"),
            "catalogue row \"x\": model \"m\" key \"price\": key \"input\": \"0.0000001\" is not a price such as 0.25, in dollars per "
            "million tokens with at most six decimals");
  EXPECT_EQ(model_fault("- a"), "the catalogue must be a map from names to rows");
}

TEST(Rows, BadYamlIsAFaultAndNoException) {
  for (const auto* text : {"x: [", "x: *y", "a: b: c", "? [a] : b", "x: &x [*x]", "x: { quirks: &q { a: *q } }"}) {
    EXPECT_NE(provider_fault(text), "no fault") << text;
    EXPECT_NE(model_fault(text), "no fault") << text;
  }
  EXPECT_EQ(provider_fault(""), "no fault");
  EXPECT_EQ(model_fault("# nothing\n"), "no fault");
}

TEST(Rows, AListOfModelsHasAPathOfItsHost) {
  const auto rows = read_providers("a: { base_url: 'https://a.example', models_path: '/api/v0/models?detailed=true' }");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->front().models_path, "/api/v0/models?detailed=true");
  for (const auto* path : {"models", "https://b.example/models", "'/a b'", "''"})
    EXPECT_FALSE(read_providers(std::string("a: { base_url: 'https://a.example', models_path: ") + path + " }")) << path;
}

}  // namespace
}  // namespace penstock::catalog
