#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "config/load.h"

namespace penstock::config {
namespace {

std::expected<Config, std::vector<Fault>> parsed(const std::string& providers) {
  return parse("providers:\n" + providers, "f",
               {.environment = [](const std::string& name) -> std::optional<std::string> {
                  if (name == "KEY") return "sk-1";
                  if (name == "EMPTY") return "";
                  return std::nullopt;
                },
                .catalog_names = {"anthropic", "deepseek", "zai"}});
}

/// The only provider of `providers`.
Provider one(const std::string& providers) {
  const auto config = parsed(providers);
  EXPECT_TRUE(config) << to_text(config.error().front());
  return config ? config->providers.at(0) : Provider{};
}

std::string faults_of(const std::string& providers) {
  const auto config = parsed(providers);
  if (config) return "no fault";
  std::string lines;
  for (const Fault& fault : config.error()) lines += (lines.empty() ? "" : "\n") + to_text(fault);
  return lines;
}

TEST(ProviderPart, ACatalogueNameNeedsNoMore) {
  for (const auto* text : {"  deepseek:\n", "  deepseek: {}\n"}) {
    const auto provider = one(text);
    EXPECT_EQ(provider.catalog, "deepseek");
    EXPECT_EQ(provider.base_url + provider.dialect + provider.auth, "") << "what is empty is the catalogue's";
    EXPECT_TRUE(provider.enabled);
    EXPECT_FALSE(provider.api_key);
  }
}

TEST(ProviderPart, AnotherNameMayStandOnACatalogueRow) {
  EXPECT_EQ(one("  claude: { catalog: anthropic }\n").catalog, "anthropic");
  EXPECT_EQ(faults_of("  claude: { catalog: antropic }\n"),
            "f:2:22: the catalogue has no provider \"antropic\"; did you mean \"anthropic\"?");
}

TEST(ProviderPart, AnUnknownNameIsSpelledOut) {
  const auto provider = one("  mine: { base_url: 'http://h:1/v1/', api_key: k }\n");
  EXPECT_EQ(provider.base_url, "http://h:1");
  EXPECT_EQ(provider.dialect, "anthropic");
  EXPECT_EQ(provider.auth, "x-api-key");
  EXPECT_EQ(one("  mine: { base_url: http://h }\n").auth, "") << "a key may be stored";
  EXPECT_EQ(faults_of("  mine: {}\n"), "f:2:3: provider \"mine\" is not in the catalogue and has no base_url; add base_url");
  EXPECT_EQ(faults_of("  mine:\n    base_url: h:1\n"),
            "f:3:15: \"providers.mine.base_url\": not a URL; write http://host:port or https://host/path");
  EXPECT_EQ(faults_of("  'my provider': { base_url: http://h }\n"),
            "f:2:3: provider \"my provider\" is not a name for a provider; use letters, digits, \"-\", \"_\" and \".\", beginning with a "
            "letter or digit");
  for (const auto* name : {"-rf", ".x"})
    EXPECT_TRUE(faults_of("  " + std::string(name) + ": { base_url: http://h }\n").contains("beginning with a letter or digit")) << name;
}

TEST(ProviderPart, AUrlHoldsNoPasswordAndNoQuery) {
  EXPECT_EQ(faults_of("  mine: { base_url: 'https://user:hunter2@h' }\n"),
            "f:2:21: \"providers.mine.base_url\": remove user and password from the URL; a key goes into api_key");
  EXPECT_EQ(faults_of("  mine: { base_url: 'https://h/?key=hunter2' }\n"),
            "f:2:21: \"providers.mine.base_url\": remove the query or fragment (? or #) from the URL");
}

TEST(ProviderPart, AKeyWhoseVariableIsUnsetIsNoKey) {
  EXPECT_EQ(one("  zai: { api_key: ${KEY} }\n").api_key->reveal(), "sk-1");
  for (const auto* text :
       {"  zai: { api_key: ${NOPE} }\n", "  zai: { api_key: os.environ/NOPE }\n", "  zai: { api_key: 'sk-${NOPE}' }\n"}) {
    const auto provider = one(text);
    EXPECT_FALSE(provider.api_key) << text;
    EXPECT_EQ(provider.unset_variables, std::vector<std::string>{"NOPE"}) << text;
  }
  EXPECT_FALSE(one("  zai: { api_key: ${EMPTY} }\n").api_key);
  EXPECT_FALSE(one("  zai: { api_key: '' }\n").api_key);
}

TEST(ProviderPart, AKeyThatNoHeaderCanCarryIsAFaultThatHidesIt) {
  EXPECT_EQ(faults_of("  zai: { api_key: 'hunter two' }\n"),
            "f:2:19: \"providers.zai.api_key\": holds a space, a control or a non-ASCII character, which no header can carry");
}

TEST(ProviderPart, CredentialsRotateOrPassThrough) {
  const auto rotating = one("  anthropic: { credentials: { pool: [ ${KEY}, ${NOPE}, other ], cooldown: 5s } }\n");
  EXPECT_TRUE(rotating.has_credentials);
  EXPECT_EQ(rotating.credentials.mode, CredentialMode::rotate);
  ASSERT_EQ(rotating.credentials.pool.size(), 2U);
  EXPECT_EQ(rotating.credentials.pool[1].key.reveal(), "other");
  EXPECT_EQ(rotating.credentials.cooldown, Milliseconds{5000});
  EXPECT_EQ(rotating.unset_variables, std::vector<std::string>{"NOPE"});
  EXPECT_EQ(one("  anthropic: { credentials: { mode: passthrough } }\n").credentials.mode, CredentialMode::passthrough);
}

TEST(ProviderPart, CredentialsThatContradictThemselves) {
  EXPECT_EQ(faults_of("  zai: { credentials: { mode: rotate } }\n"),
            "f:2:23: \"credentials\" has no pool; add one, or write mode: passthrough");
  EXPECT_EQ(faults_of("  zai: { credentials: { pool: [] } }\n"),
            "f:2:23: \"credentials\" has no pool; add one, or write mode: passthrough");
  EXPECT_EQ(faults_of("  zai: { credentials: { mode: passthrough, pool: [k] } }\n"),
            "f:2:44: mode: passthrough uses the client's credential; remove the pool");
  EXPECT_EQ(faults_of("  zai: { api_key: k, credentials: { pool: [k] } }\n"), "f:2:10: give api_key or credentials.pool, not both");
  EXPECT_EQ(faults_of("  zai: { credentials: { mode: rotat } }\n"),
            "f:2:31: \"providers.zai.credentials.mode\": \"rotat\" is not known here; write rotate or passthrough");
}

TEST(ProviderPart, AuthIsAWordOrAHeader) {
  EXPECT_EQ(one("  zai: { auth: bearer }\n").auth, "bearer");
  const auto own = one("  zai: { auth: { header: X-Goog-Api-Key } }\n");
  EXPECT_EQ(own.auth, "header");
  EXPECT_EQ(own.auth_header, "x-goog-api-key");
  EXPECT_EQ(faults_of("  zai: { auth: basic }\n"),
            "f:2:16: \"providers.zai.auth\": \"basic\" is not known here; write x-api-key, bearer or none");
  EXPECT_EQ(faults_of("  zai: { auth: {} }\n"), "f:2:16: \"auth\" names no header; write { header: NAME }");
  EXPECT_EQ(faults_of("  zai: { auth: { header: Host } }\n"), "f:2:26: the header \"Host\" is set by Penstock itself; remove it");
}

TEST(ProviderPart, ModelsAreIdsOrFacts) {
  const auto provider =
      one("  zai:\n"
          "    models:\n"
          "      - plain\n"
          "      - { id: full, display_name: Full, window: 10, max_output: 5, vision: false, price: { input: 2, output: 3.5, cache_read: "
          "0.1 },\n"
          "          quirks: { effort: [low, high] } }\n");
  ASSERT_EQ(provider.models.size(), 2U);
  EXPECT_EQ(provider.models[0].id, "plain");
  EXPECT_FALSE(provider.models[0].price || provider.models[0].vision || provider.models[0].window);
  const auto& full = provider.models[1];
  EXPECT_EQ(full.display_name, "Full");
  EXPECT_EQ(full.max_output, 5U);
  EXPECT_EQ(full.vision, false);
  EXPECT_DOUBLE_EQ(full.price->output, 3.5);
  EXPECT_DOUBLE_EQ(full.price->cache_read, 0.1);
  EXPECT_DOUBLE_EQ(full.price->cache_write, 2) << "the input price";
  EXPECT_EQ(full.quirks.at("effort"), "low,high");
}

TEST(ProviderPart, FaultyModels) {
  EXPECT_EQ(faults_of("  zai: { models: [ { window: 1 } ] }\n"), "f:2:20: a model of provider \"zai\" has no id; add one");
  EXPECT_EQ(faults_of("  zai: { models: [ a, { id: a } ] }\n"), "f:2:23: model \"a\" of provider \"zai\" is given twice");
  EXPECT_EQ(faults_of("  zai: { models: [ { id: a, price: { input: -1 } } ] }\n"),
            "f:2:45: \"providers.zai.models.price.input\": \"-1\" is not a number such as 0.25 (0 to 100000)");
  EXPECT_EQ(faults_of("  zai: { models: [ { id: a, quirks: { thinkin: drop } } ] }\n"),
            "f:2:39: unknown key \"thinkin\" in \"providers.zai.models.quirks\"; did you mean \"thinking\"?");
}

TEST(ProviderPart, QuirksAreWordsOrLists) {
  const auto provider = one(
      "  zai: { quirks: { effort: 'low, high', betas: [a-1, b-2], stop_sequences: 'max:5', no_images: false, temperature: '(0..1]' } }\n");
  const std::map<std::string, std::string> expected{
      {"effort", "low,high"}, {"betas", "a-1,b-2"}, {"stop_sequences", "max:5"}, {"images", "keep"}, {"temperature", "(0..1]"}};
  EXPECT_EQ(provider.quirks, expected);
  EXPECT_EQ(faults_of("  zai: { quirks: { thinking: dorp } }\n"),
            "f:2:30: \"providers.zai.quirks.thinking\": \"dorp\" is not known here; write keep, drop or inject_empty");
}

TEST(ProviderPart, HeadersAreSafe) {
  EXPECT_EQ(one("  zai: { headers: { X-Team: blue, x-key: ${KEY} } }\n").headers,
            (std::map<std::string, std::string>{{"x-team", "blue"}, {"x-key", "sk-1"}}));
  EXPECT_EQ(faults_of("  zai: { headers: { 'x team': a } }\n"), "f:2:21: \"x team\" is not a header name");
  EXPECT_EQ(faults_of("  zai: { headers: { x-a: \"b\\r\\nx-evil: 1\" } }\n"),
            "f:2:26: \"providers.zai.headers.x-a\": holds a control character");
  EXPECT_EQ(faults_of("  zai: { headers: { x-a: ${NOPE} } }\n"),
            "f:2:26: \"providers.zai.headers.x-a\": the variable NOPE is not set; set it, or write ${NOPE:-default}");
  EXPECT_EQ(faults_of("  zai: { headers: { Authorization: a } }\n"),
            "f:2:21: the header \"Authorization\" carries the credential; use api_key and auth instead");
}

TEST(ProviderPart, KeysOfAPoolMayHaveWeights) {
  const auto credentials =
      one("  zai: { credentials: { pool: [ a, { key: b, weight: 3 }, { key: ${NOPE} }, { key: c } ], rotation: weighted, "
          "cooldown: 5s, max_inflight: 2 } }\n")
          .credentials;
  ASSERT_EQ(credentials.pool.size(), 3U) << "a key without a value is left out";
  EXPECT_EQ(credentials.pool[0].weight, 1U);
  EXPECT_EQ(credentials.pool[1].key.reveal(), "b");
  EXPECT_EQ(credentials.pool[1].weight, 3U);
  EXPECT_EQ(credentials.rotation, "weighted");
  EXPECT_EQ(credentials.cooldown, Milliseconds{5000});
  EXPECT_EQ(credentials.max_inflight, 2U);
  EXPECT_EQ(faults_of("  zai: { credentials: { pool: [ { weight: 2 } ] } }\n"),
            "f:2:33: a key of the pool has no \"key\"; add key: ${VARIABLE}");
  EXPECT_NE(
      faults_of("  zai: { credentials: { pool: [ a ], rotation: any } }\n").find("write round_robin, least_used, weighted or remaining"),
      std::string::npos);
}

TEST(ProviderPart, LimitsAndHealthChecks) {
  const auto plain = one("  zai: { api_key: k }\n");
  EXPECT_EQ(plain.max_inflight, 0U);
  EXPECT_FALSE(plain.health_check);
  const auto provider = one("  zai: { max_inflight: 8, queue: { length: 0, wait: 1s }, health_check: { path: /v1/models } }\n");
  EXPECT_EQ(provider.max_inflight, 8U);
  EXPECT_EQ(provider.queue.length, 0U);
  EXPECT_EQ(provider.queue.wait, Milliseconds{1000});
  EXPECT_EQ(provider.health_check->path, "/v1/models");
  EXPECT_EQ(provider.health_check->every, Milliseconds{30'000});
  EXPECT_EQ(faults_of("  zai: { health_check: { every: 5s } }\n"), "f:2:24: \"health_check\" has no path; add one, such as /v1/models");
  EXPECT_EQ(faults_of("  zai: { health_check: { path: v1 } }\n"),
            "f:2:32: \"v1\" is no path; begin with / and use no spaces, such as /v1/models");
}

TEST(ProviderPart, TheRest) {
  const auto provider =
      one("  zai: { enabled: no, count_tokens: true, proxy: none, ca_file: /dev/null, timeouts: { connect: 1s, idle: 2m } }\n");
  EXPECT_FALSE(provider.enabled);
  EXPECT_EQ(provider.count_tokens, true);
  EXPECT_EQ(provider.proxy, "none");
  EXPECT_EQ(provider.ca_file, "/dev/null");
  EXPECT_EQ(provider.timeouts.connect, Milliseconds{1000});
  EXPECT_EQ(provider.timeouts.idle, Milliseconds{120'000});
  EXPECT_FALSE(provider.timeouts.total || provider.timeouts.first_byte);
  EXPECT_EQ(faults_of("  zai: { ca_file: /nope }\n"), "f:2:19: cannot read \"/nope\": No such file or directory");
  EXPECT_EQ(faults_of("  zai: { timeouts: { idle: 0s } }\n"),
            "f:2:28: \"providers.zai.timeouts.idle\": \"0s\" is out of range (1ms to 1d)");
}

TEST(ProviderPart, AnOwnServerOfGooglesDialectGetsItsKeyAsGoogleDoes) {
  const auto own = one("  own: { base_url: http://h, dialect: gemini, api_key: k }\n");
  EXPECT_EQ(own.auth + " " + own.auth_header, "header x-goog-api-key");
  const auto told = one("  own: { base_url: http://h, dialect: gemini, api_key: k, auth: bearer }\n");
  EXPECT_EQ(told.auth + " " + told.auth_header, "bearer ");
}

TEST(ProviderPart, ADialectIsOneThatTheRowHas) {
  const auto faults = [](const std::string& entry) {
    const auto config = parse("providers: { deepseek: { " + entry + " } }\n", "f",
                              {.environment = [](const std::string&) { return std::nullopt; },
                               .catalog_names = {"deepseek"},
                               .catalog_dialects = {{"deepseek", {"anthropic", "openai-chat"}}}});
    return config ? "no fault" : to_text(config.error().front());
  };
  EXPECT_EQ(faults("dialect: gemini"),
            "f:1:35: \"deepseek\" does not speak gemini; it has anthropic, openai-chat. Give base_url for a server that does");
  EXPECT_EQ(faults("dialect: openai-chat"), "no fault");
  EXPECT_EQ(faults("dialect: gemini, base_url: http://h"), "no fault");
}

}  // namespace
}  // namespace penstock::config
