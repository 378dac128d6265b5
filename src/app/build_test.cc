#include "app/build.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "credentials/key_store.h"
#include "credentials/stub_keyring_for_test.h"
#include "credentials/token_file.h"

namespace penstock::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What the gateway would have of this configuration and environment.
class BuildTest : public testing::Test {
 protected:
  Built build(const std::string& yaml, std::map<std::string, std::string> variables = {}, std::uint16_t mock_port = 0) {
    const auto variable = [variables](const std::string& name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    const auto config = config::parse(yaml, "t.yaml", {variable, catalog_.names()});
    EXPECT_TRUE(config) << config::to_text(config.error().front());
    auto built = build_snapshot(*config, {&catalog_, {variable, "", "/nowhere"}, nullptr, mock_port});
    EXPECT_TRUE(built) << built.error().message;
    return *built;
  }
  /// Without servers of one's own that nobody configured.
  static std::vector<std::string> names(const Built& built) {
    std::vector<std::string> all;
    for (const auto& upstream : built.snapshot->upstreams)
      if (upstream.visible || !upstream.local) all.push_back(upstream.name);
    return all;
  }
  const catalog::Catalog catalog_ = catalog::builtin().value();
};

TEST_F(BuildTest, without_a_file_every_provider_with_a_key) {
  EXPECT_THAT(names(build("")), IsEmpty());
  EXPECT_THAT(names(build("", {{"ZAI_API_KEY", "k"}, {"DEEPSEEK_API_KEY", "k"}})), ElementsAre("deepseek", "zai"));
  EXPECT_THAT(names(build("", {}, 4000)), ElementsAre("mock"));
}

TEST_F(BuildTest, a_server_of_ones_own_is_reached_by_name_unless_a_file_says_which_providers_there_are) {
  const auto without_file = build("");
  const auto* ollama = without_file.snapshot->find("ollama");
  ASSERT_NE(ollama, nullptr);
  EXPECT_FALSE(ollama->visible);
  EXPECT_TRUE(ollama->has_credential());
  const auto with_file = build("providers: { zai: { api_key: k } }\n");
  EXPECT_EQ(with_file.snapshot->find("ollama"), nullptr);
  EXPECT_THAT(with_file.snapshot->keyless, IsEmpty()) << "a key would help none of those that the file does not list";
}

TEST_F(BuildTest, a_provider_that_is_not_in_service_says_why) {
  const auto why = [](const Built& built, const char* asked) { return built.snapshot->router.route(asked).error().message; };
  const auto listed = build("providers: { deepseek: { api_key: k }, own: { base_url: http://h, enabled: false } }\n");
  EXPECT_EQ(why(listed, "zai/glm-5.3"),
            "model: zai/glm-5.3: the provider zai is not in use, because the configuration lists providers and zai is not among them; add "
            "`zai: {}` under `providers`");
  EXPECT_EQ(why(listed, "own/x"), "model: own/x: the provider own is switched off; remove enabled: false from providers.own");
  EXPECT_THAT(why(listed, "ollama"), HasSubstr("add `ollama: {}` under `providers`"));
  const auto off = build("providers: { zai: { api_key: k, enabled: false } }\nmodels: [ { name: a, to: zai/glm-5.3 } ]\n");
  EXPECT_EQ(why(off, "a"),
            "model: a: the rule 'a' points to zai, and the provider zai is switched off; remove enabled: false from providers.zai");
  EXPECT_THAT(why(build(""), "anthropic/zai/glm-5.3"),
              HasSubstr("there is no key for the provider zai: penstock keys set zai; or set ZAI_API_KEY and start the gateway again"));
}

TEST_F(BuildTest, the_variable_that_the_configuration_names_is_the_one_to_set) {
  const auto variable = [&](const std::string& entry) {
    return build("providers: { zai: { " + entry + " } }\n").snapshot->find("zai")->key_variable;
  };
  EXPECT_EQ(variable("api_key: '${ZK}'"), "ZK");
  EXPECT_EQ(variable("credentials: { pool: [ '${ZK1}', '${ZK2}' ] }"), "ZK1");
  EXPECT_EQ(variable("credentials: { pool: [ '${ZK1}', k ] }"), "ZAI_API_KEY") << "a key is there";
}

TEST_F(BuildTest, anthropics_own_users_need_no_key_of_ours) {
  const auto built = build("providers: { claude: { catalog: anthropic, credentials: { pool: [ '${TOKEN}' ] } }, zai: {} }\n");
  EXPECT_TRUE(built.snapshot->find("claude")->may_serve());
  EXPECT_FALSE(built.snapshot->find("claude")->has_credential());
  EXPECT_FALSE(built.snapshot->find("zai")->may_serve());
}

TEST_F(BuildTest, a_server_of_ones_own_gets_a_stored_key_as_its_dialect_has_it) {
  const std::string start = "providers: { own: { base_url: http://h, api_key: k, dialect: ";
  EXPECT_EQ(build(start + "gemini } }\n").snapshot->find("own")->auth_header, "x-goog-api-key");
  EXPECT_EQ(build(start + "openai-chat } }\n").snapshot->find("own")->auth, gateway::AuthScheme::bearer);
  EXPECT_EQ(build(start + "anthropic } }\n").snapshot->find("own")->auth, gateway::AuthScheme::x_api_key);
}

TEST_F(BuildTest, what_is_hardly_meant_is_warned_of) {
  const auto warnings = [&](const std::string& yaml) { return build(yaml).warnings; };
  const std::string zai = "providers: { zai: { api_key: k } }\nmodels: [ { name: glm, to: zai/glm-5.3 } ]\n";
  EXPECT_THAT(warnings(zai + "fallbacks: { on_error: { glm: zai/glm-4.7, zai/glm-5.3: glm, glm-5.3: glm, '*': glm } }\n"), IsEmpty());
  EXPECT_THAT(warnings(zai + "fallbacks: { on_refusal: { gml: glm } }\n"),
              ElementsAre("fallbacks.on_refusal: nothing is called \"gml\", so this is never used; did you mean \"glm\"?"));
  EXPECT_THAT(warnings(zai + "picker: [ nothing-* ]\n"),
              ElementsAre("picker: no name fits its patterns, so Claude Code's picker stays empty"));
  EXPECT_THAT(warnings("providers: { me: { base_url: 'http://localhost:4100' } }\n"),
              ElementsAre("providers.me: base_url http://localhost:4100 is where this gateway itself listens, so its requests would go in "
                          "circles"));
  EXPECT_THAT(warnings("providers: { me: { base_url: 'http://localhost:4101' }, far: { base_url: 'http://h:4100' } }\n"), IsEmpty());
  EXPECT_THAT(warnings("providers: { zai: { api_key: $ZK } }\n"), ElementsAre(HasSubstr("t.yaml:1:30: ")));
}

TEST_F(BuildTest, every_row_of_the_catalogue_can_be_built) {
  std::string all = "providers:\n";
  for (const auto& row : catalog_.providers) all += "  " + row.name + ": { api_key: k }\n";
  const auto built = build(all);
  for (const auto& row : catalog_.providers) {
    const auto* upstream = built.snapshot->find(row.name);
    ASSERT_NE(upstream, nullptr) << row.name;
    EXPECT_EQ(name(upstream->api), row.dialect);
  }
  EXPECT_EQ(built.snapshot->find("openai")->api_path, "/v1/responses");
  EXPECT_EQ(built.snapshot->find("gemini")->api_path, "") << "it depends on the model";
  EXPECT_EQ(built.snapshot->find("groq")->api_path, "/openai/v1/chat/completions");
  EXPECT_EQ(built.snapshot->find("zai")->api_path, "");
}

TEST_F(BuildTest, every_endpoint_of_the_catalogue_can_be_chosen) {
  for (const auto& row : catalog_.providers)
    for (const auto& dialect : row.dialects()) {
      const auto built = build("providers: { " + row.name + ": { api_key: k, dialect: " + dialect + " } }\n");
      const auto& upstream = built.snapshot->upstreams.front();
      EXPECT_EQ(upstream.dialect, dialect) << row.name;
      EXPECT_EQ(name(upstream.api), dialect) << row.name;
      EXPECT_EQ(upstream.base_url, dialect == row.dialect ? row.base_url : row.find_api(dialect)->base_url);
      EXPECT_THAT(upstream.others, IsEmpty()) << row.name << ": the configuration has chosen";
      EXPECT_EQ(upstream.models.size(), row.models.size());
      EXPECT_EQ(upstream.counts_tokens, dialect == "anthropic" && row.count_tokens) << row.name;
    }
}

using Off = dialect::ChatQuirks::ThinkingOff;
using MaxTokens = dialect::ChatQuirks::MaxTokens;

/// The provider of a file that has no other, as it is for a client that speaks the dialect.
const gateway::Upstream& to(const Built& built, std::string_view client) {
  return built.snapshot->upstreams.front().speaking(*dialect::parse_api(client));
}

TEST_F(BuildTest, a_client_is_served_in_its_own_dialect_where_the_provider_has_it) {
  const auto deepseek = build("providers: { deepseek: { api_key: k, timeouts: { idle: 7s }, headers: { x-a: b } } }\n");
  EXPECT_EQ(&to(deepseek, "anthropic"), deepseek.snapshot->find("deepseek"));
  EXPECT_EQ(&to(deepseek, "openai-responses"), deepseek.snapshot->find("deepseek")) << "which no endpoint speaks";
  const auto& chat = to(deepseek, "openai-chat");
  EXPECT_EQ(chat.dialect + " " + chat.name + " " + chat.host + chat.api_path, "openai-chat deepseek api.deepseek.com/v1/chat/completions");
  EXPECT_EQ(chat.auth, gateway::AuthScheme::bearer);
  EXPECT_EQ(chat.key.reveal(), "k");
  EXPECT_EQ(chat.idle_timeout, std::chrono::seconds(7));
  EXPECT_EQ(chat.headers.at("x-a"), "b");
  EXPECT_FALSE(chat.counts_tokens) << "that is Anthropic's";
  EXPECT_EQ(chat.tier("haiku"), "deepseek-flash");
  EXPECT_THAT(chat.others, IsEmpty());
  const auto ollama = build("providers: { ollama: {} }\n");
  EXPECT_EQ(to(ollama, "openai-responses").api_path, "/v1/responses");
  EXPECT_EQ(to(ollama, "openai-chat").auth, gateway::AuthScheme::none);
}

TEST_F(BuildTest, an_endpoint_has_quirks_of_its_own) {
  const auto deepseek = build("providers: { deepseek: { api_key: k } }\n");
  const auto& main = to(deepseek, "anthropic");
  const auto& chat = to(deepseek, "openai-chat");
  EXPECT_EQ(main.chat, dialect::ChatQuirks());
  EXPECT_EQ(chat.quirks, dialect::strict());
  EXPECT_EQ(chat.chat.reasoning_back, dialect::ChatQuirks::ReasoningBack::always);
  EXPECT_FALSE(chat.chat_for("deepseek-v4-pro").efforts.has(dialect::EffortLevel::low));
  EXPECT_TRUE(chat.chat_for("deepseek-flash").efforts.has(dialect::EffortLevel::low)) << "by pattern";
  EXPECT_EQ(chat.chat_for("deepseek-v4-pro").images, dialect::Media::placeholder) << "the row says that it does not see";
  EXPECT_EQ(chat.find("deepseek-flash")->window, main.find("deepseek-flash")->window);
  const auto openai = build("providers: { openai: { api_key: k } }\n");
  EXPECT_EQ(to(openai, "openai-chat").chat_for("gpt-4.1").max_tokens, MaxTokens::max_tokens);
  EXPECT_EQ(to(openai, "openai-chat").chat_for("gpt-6-sol").max_tokens, MaxTokens::max_completion_tokens);
  EXPECT_EQ(to(openai, "openai-chat").chat.web_search, dialect::ChatQuirks::WebSearch::none);
  EXPECT_EQ(to(openai, "anthropic").chat.web_search, dialect::ChatQuirks::WebSearch::tool);
  EXPECT_TRUE(to(openai, "anthropic").chat_for("gpt-4o").efforts.empty());
  const auto gemini = build("providers: { gemini: { api_key: k } }\n");
  EXPECT_EQ(to(gemini, "anthropic").auth_header, "x-goog-api-key");
  EXPECT_EQ(to(gemini, "openai-chat").auth, gateway::AuthScheme::bearer);
  EXPECT_EQ(to(gemini, "openai-chat").api_path, "/v1beta/openai/chat/completions");
  EXPECT_EQ(to(gemini, "anthropic").chat_for("gemini-2.5-pro").thinking_off, Off::lowest);
  EXPECT_EQ(to(gemini, "anthropic").chat_for("gemini-2.5-flash").thinking_off, Off::say);
}

TEST_F(BuildTest, what_holds_for_one_dialect_leaves_one_endpoint) {
  for (const auto* entry : {"dialect: openai-chat", "dialect: anthropic", "base_url: 'http://127.0.0.1:1'", "quirks: { top_p: strip }",
                            "models: [ { id: m, quirks: { top_p: strip } } ]"}) {
    const auto built = build(std::string("providers: { deepseek: { api_key: k, ") + entry + " } }\n");
    EXPECT_THAT(built.snapshot->upstreams.front().others, IsEmpty()) << entry;
  }
  for (const auto* name : {"anthropic", "zai"})
    EXPECT_THAT(build(std::string("providers: { ") + name + ": { api_key: k } }\n").snapshot->upstreams.front().others, IsEmpty()) << name;
  EXPECT_EQ(build("providers: { deepseek: { api_key: k, models: [ { id: m, window: 9 } ] } }\n").snapshot->upstreams.front().others.size(),
            1U);
}

TEST_F(BuildTest, a_server_of_ones_own_may_stand_on_a_row_in_any_dialect) {
  const auto coding = build("providers: { zai: { api_key: k, base_url: 'https://api.z.ai/api/coding/paas/v4', dialect: openai-chat } }\n");
  EXPECT_EQ(to(coding, "anthropic").api_path, "/api/coding/paas/v4/chat/completions");
  EXPECT_EQ(to(coding, "anthropic").auth, gateway::AuthScheme::bearer);
  EXPECT_EQ(to(coding, "anthropic").chat.web_search, dialect::ChatQuirks::WebSearch::zai) << "the row's endpoint of that dialect";
  const auto other = build("providers: { zai: { api_key: k, base_url: 'http://127.0.0.1:1', dialect: openai-responses } }\n");
  EXPECT_EQ(to(other, "anthropic").api_path, "/v1/responses");
  EXPECT_EQ(to(other, "anthropic").chat, dialect::ChatQuirks()) << "nothing is known of it";
  EXPECT_NE(to(other, "anthropic").find("glm-5.3"), nullptr);
}

TEST_F(BuildTest, a_dialect_that_a_row_has_not_got_is_a_fault_that_lists_those_it_has) {
  const auto none = [](const std::string&) { return std::optional<std::string>(); };
  const auto config = config::parse("providers: { zai: { api_key: k, dialect: gemini } }\n", "t.yaml", {none, catalog_.names()}).value();
  const auto built = build_snapshot(config, {&catalog_, {none, "", "/nowhere"}, nullptr, 0});
  ASSERT_FALSE(built);
  EXPECT_EQ(built.error().kind, ErrorKind::config);
  EXPECT_EQ(built.error().message,
            "providers.zai: Z.ai does not speak the dialect gemini; it has anthropic, openai-chat. Give base_url for a server that does");
}

TEST_F(BuildTest, the_users_quirks_lie_over_the_rows_for_new_models_too) {
  const auto built = build("providers: { zai: { api_key: k, quirks: { temperature: keep }, models: [ { id: new } ] } }\n");
  EXPECT_FALSE(built.snapshot->find("zai")->quirks_for("new").temperature_range) << "not the row's 0..1";
}

TEST_F(BuildTest, a_file_says_which) {
  const auto built = build("providers: { zai: { api_key: k }, deepseek: { enabled: false } }\n", {{"KIMI_API_KEY", "k"}});
  EXPECT_THAT(names(built), ElementsAre("zai"));
  EXPECT_EQ(built.snapshot->upstreams.front().key_source, "configuration");
}

TEST_F(BuildTest, targets_name_providers_too) {
  EXPECT_THAT(names(build("models: [ { name: fast, to: zai/glm-5.3-flash } ]\n")), ElementsAre("zai"));
  EXPECT_THAT(names(build("providers: { zai: { api_key: k } }\ndefault_model: deepseek/deepseek-flash\n")), ElementsAre("zai", "deepseek"));
}

TEST_F(BuildTest, the_mock_hides_beside_others) {
  const auto built = build("providers: { zai: { api_key: k } }\n", {}, 4000);
  EXPECT_THAT(names(built), ElementsAre("zai", "mock"));
  EXPECT_FALSE(built.snapshot->find("mock")->visible);
  EXPECT_EQ(built.snapshot->find("mock")->origin.port, 4000);
  EXPECT_EQ(built.snapshot->find("nobody"), nullptr);
}

TEST_F(BuildTest, keys_from_the_environment_and_none) {
  const auto with = build("providers: { zai: {} }\n", {{"ZAI_API_KEY", "from-environment"}});
  EXPECT_EQ(with.snapshot->upstreams.front().key.reveal(), "from-environment");
  EXPECT_EQ(with.snapshot->upstreams.front().key_source, "$ZAI_API_KEY");
  const auto without = build("providers: { zai: {} }\n");
  EXPECT_FALSE(without.snapshot->upstreams.front().has_credential());
  EXPECT_EQ(without.snapshot->upstreams.front().key_variable, "ZAI_API_KEY");
  const auto own = build("providers: { local: { base_url: 'http://127.0.0.1:1' } }\n");
  EXPECT_EQ(own.snapshot->upstreams.front().auth, gateway::AuthScheme::none) << "a server of one's own needs none";
}

TEST_F(BuildTest, a_claude_subscription_is_a_credential_after_the_key) {
  const std::map<std::string, std::string> both{{"ANTHROPIC_API_KEY", "sk-ant-api"}, {"CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-x"}};
  const auto key = build("", both);
  EXPECT_EQ(key.snapshot->find("anthropic")->auth, gateway::AuthScheme::x_api_key);
  EXPECT_EQ(key.snapshot->find("anthropic")->credential_beta, "");
  const auto token = build("", {{"CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-x"}});
  EXPECT_EQ(token.snapshot->find("anthropic")->auth, gateway::AuthScheme::bearer);
  EXPECT_EQ(token.snapshot->find("anthropic")->credential_beta, "oauth-2025-04-20");
  const auto told = build("providers: { anthropic: { auth: x-api-key } }\n", {{"CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-x"}});
  EXPECT_EQ(told.snapshot->find("anthropic")->auth, gateway::AuthScheme::x_api_key) << "as the file says";
}

TEST_F(BuildTest, a_login_gives_a_source_and_a_key_wins) {
  std::string pattern = (std::filesystem::temp_directory_path() / "penstock-build-XXXXXX").string();
  const std::string home = ::mkdtemp(pattern.data());
  credentials::store_login(home + "/keys/kimi.oauth.json", {Secret("at"), Secret("rt"), 0, 0, "", ""}).value();
  const auto built = [&](const std::string& yaml, const char* key, credentials::Refresher* refresher) {
    const auto variable = [key](const std::string& name) {
      return key && name == "KIMI_API_KEY" ? std::optional<std::string>(key) : std::nullopt;
    };
    const auto config = config::parse(yaml, "t.yaml", {variable, catalog_.names()}).value();
    return build_snapshot(config, {&catalog_, {variable, home, home + "/keys", {}}, nullptr, 0, refresher}).value().snapshot;
  };
  credentials::Refresher refresher({.fetch = [](const net::FetchRequest&) { return fail(internal_error("no network here")); }});
  const auto first = built("", nullptr, &refresher), second = built("", nullptr, &refresher);
  const auto* kimi = first->find("kimi");
  ASSERT_TRUE(kimi && kimi->token_source);
  EXPECT_TRUE(kimi->has_credential());
  EXPECT_TRUE(kimi->key.empty());
  EXPECT_EQ(kimi->key_source, home + "/keys/kimi.oauth.json");
  EXPECT_EQ(kimi->token_source->current()->access.reveal(), "at");
  EXPECT_EQ(second->find("kimi")->token_source, kimi->token_source) << "a reload keeps the source";
  EXPECT_TRUE(built("", nullptr, nullptr)->find("kimi")->has_credential()) << "commands that only look need no thread";
  for (const auto& with_key : {built("", "sk-kimi", &refresher), built("providers: { kimi: { api_key: k } }\n", nullptr, &refresher)}) {
    EXPECT_FALSE(with_key->find("kimi")->token_source);
    EXPECT_FALSE(with_key->find("kimi")->key.empty());
  }
  std::filesystem::remove_all(home);
}

TEST_F(BuildTest, proxies_for_https_alone_and_as_told) {
  const std::map<std::string, std::string> variables{{"HTTPS_PROXY", "http://proxy:3128"}, {"NO_PROXY", "api.z.ai"}};
  const auto proxied = [&](const std::string& entry) {
    const auto built = build("providers: { p: { " + entry + " } }\n", variables);
    return built.snapshot->upstreams.front().origin.proxy ? built.snapshot->upstreams.front().origin.proxy->host : "";
  };
  EXPECT_EQ(proxied("base_url: 'https://a'"), "proxy");
  EXPECT_EQ(proxied("base_url: 'http://a'"), "");
  EXPECT_EQ(proxied("base_url: 'https://api.z.ai'"), "");
  EXPECT_EQ(proxied("base_url: 'https://a', proxy: none"), "");
  EXPECT_EQ(proxied("base_url: 'https://a', proxy: 'http://own:1'"), "own");
}

TEST_F(BuildTest, only_anthropic_itself_is_transparent) {
  const auto built = build(
      "providers: { claude: { catalog: anthropic, api_key: k }, zai: { api_key: k }, anthropic-like: { base_url: 'http://127.0.0.1:1' } "
      "}\n");
  EXPECT_TRUE(built.snapshot->find("claude")->transparent);
  EXPECT_FALSE(built.snapshot->find("zai")->transparent);
  EXPECT_FALSE(built.snapshot->find("anthropic-like")->transparent);
  EXPECT_EQ(built.snapshot->find("claude")->quirks, dialect::transparent());
  const auto layer = build("providers: { anthropic: { api_key: k, dialect: openai-chat } }\n");
  EXPECT_FALSE(layer.snapshot->find("anthropic")->transparent) << "its OpenAI layer is an API like any other";
}

TEST_F(BuildTest, models_of_the_file_lie_over_the_catalogues) {
  const auto built = build("providers: { zai: { api_key: k, models: [ { id: glm-5.3, window: 7 }, { id: new-one, max_output: 9 } ] } }\n");
  const auto* zai = built.snapshot->find("zai");
  ASSERT_TRUE(zai->find("glm-5.3"));
  EXPECT_EQ(zai->find("glm-5.3")->window, 7U);
  EXPECT_GT(zai->find("glm-5.3")->max_output, 0U) << "the rest stays";
  ASSERT_TRUE(zai->find("new-one"));
  EXPECT_EQ(zai->find("new-one")->max_output, 9U);
  EXPECT_GT(zai->models.size(), 2U);
}

TEST_F(BuildTest, a_quirk_that_nobody_knows_names_its_provider) {
  const auto none = [](const std::string&) { return std::optional<std::string>(); };
  auto config = config::parse("providers: { zai: { api_key: k } }\n", "t.yaml", {none, catalog_.names()}).value();
  config.providers.front().quirks["thinkin"] = "drop";
  const auto built = build_snapshot(config, {&catalog_, {none, "", "/nowhere"}, nullptr, 0});
  ASSERT_FALSE(built);
  EXPECT_THAT(built.error().message, HasSubstr("providers.zai: "));
}

/// A configuration over places with a store of their own.
class BuildWithStoreTest : public BuildTest {
 protected:
  BuildWithStoreTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-build-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    places_ = {[](const std::string&) { return std::nullopt; }, folder_, folder_ + "/keys", nullptr};
  }
  ~BuildWithStoreTest() override { std::filesystem::remove_all(folder_); }
  Built build_with(const std::string& yaml) const {
    const auto config = config::parse(yaml, "t.yaml", {places_.environment, catalog_.names()});
    EXPECT_TRUE(config) << config::to_text(config.error().front());
    auto built = build_snapshot(*config, {&catalog_, places_, nullptr, 0});
    EXPECT_TRUE(built) << built.error().message;
    return *built;
  }
  std::string folder_;
  credentials::Places places_;
};

TEST_F(BuildWithStoreTest, a_provider_of_the_file_alone_finds_its_stored_key) {
  const std::string yaml = "providers: { mine: { base_url: 'http://h:1', models: [m] } }";
  const auto without = build_with(yaml);
  EXPECT_EQ(without.snapshot->find("mine")->auth, gateway::AuthScheme::none);
  ASSERT_TRUE(credentials::store_key("mine", Secret("sk-mine"), places_));
  const auto with = build_with(yaml);
  EXPECT_EQ(with.snapshot->find("mine")->key.reveal(), "sk-mine");
  EXPECT_EQ(with.snapshot->find("mine")->auth, gateway::AuthScheme::x_api_key);
}

TEST_F(BuildWithStoreTest, an_entry_under_another_name_takes_its_own_key_first) {
  const std::string yaml = "providers: { work: { catalog: zai }, zai: {} }";
  ASSERT_TRUE(credentials::store_key("zai", Secret("sk-zai"), places_));
  EXPECT_EQ(build_with(yaml).snapshot->find("work")->key.reveal(), "sk-zai");
  ASSERT_TRUE(credentials::store_key("work", Secret("sk-work"), places_));
  EXPECT_EQ(build_with(yaml).snapshot->find("work")->key.reveal(), "sk-work");
  EXPECT_EQ(build_with(yaml).snapshot->find("zai")->key.reveal(), "sk-zai");
}

TEST_F(BuildWithStoreTest, a_keyring_is_asked_for_its_keys) {
  const credentials::StubKeyring stub({{"zai", "sk-ring"}});
  places_.keyring = stub.keyring();
  const auto built = build_with("credentials: keyring");
  ASSERT_NE(built.snapshot->find("zai"), nullptr);
  EXPECT_EQ(built.snapshot->find("zai")->key.reveal(), "sk-ring");
  EXPECT_EQ(built.snapshot->find("zai")->key_source, "keyring");
  EXPECT_THAT(built.warnings, IsEmpty());
}

TEST_F(BuildWithStoreTest, a_keyring_that_is_not_there_is_one_warning) {
  places_.keyring = std::make_shared<credentials::Keyring>("penstock-no-such-program");
  EXPECT_THAT(build_with("credentials: keyring").warnings, ElementsAre(HasSubstr("apt-get install libsecret-tools")));
}

}  // namespace
}  // namespace penstock::app
