#include "catalog/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "base/text.h"
#include "base/url.h"

namespace penstock::catalog {
namespace {

const Catalog& embedded() {
  static const Catalog catalog = [] {
    auto parsed = builtin();
    EXPECT_TRUE(parsed) << parsed.error().message;
    return parsed.value_or(Catalog{});
  }();
  return catalog;
}

/// What dialect/quirks understands: the words of each quirk as a pattern.
const std::map<std::string, std::string>& known_quirks() {
  static const std::map<std::string, std::string> kQuirks{
      {"system_turns", "keep|to_user"},
      {"cache_control", "keep|strip"},
      {"thinking", "keep|drop|inject_empty"},
      {"thinking_mode", "any|adaptive_only|enabled_only|drop|force_enabled"},
      {"effort", "keep|none|(low|medium|high|xhigh|max)(,(low|medium|high|xhigh|max))*"},
      {"context_management", "keep|strip"},
      {"output_format", "keep|strip"},
      {"metadata", "keep|hash|strip"},
      {"betas", "[a-z0-9,-]+"},
      {"tool_fields", "keep|strip"},
      {"server_tools", "keep|strip|web_search"},
      {"attribution", "keep|strip"},
      {"images", "keep|placeholder"},
      {"documents", "keep|placeholder"},
      {"temperature", "keep|strip|0\\.\\.1|0\\.\\.2|\\(0\\.\\.1\\]"},
      {"top_p", "keep|strip"},
      {"top_k", "keep|strip"},
      {"stop_sequences", "keep|strip|max:[0-9]+"},
      {"tool_choice", "keep|auto_only|strip|auto_when_thinking"},
      {"max_tokens_limit", "none|[0-9]+"},
      {"tool_results", "keep|merge"},
      {"empty_blocks", "keep|strip"},
      {"unknown_fields", "keep|strip"},
      {"version", "keep|2023-06-01"},
      {"schema", "keep|clean"},
      {"user_agent", "keep|drop"},
  };
  return kQuirks;
}

void expect_known(const std::map<std::string, std::string>& quirks, const std::string& row) {
  for (const auto& [name, word] : quirks) {
    const auto known = known_quirks().find(name);
    ASSERT_NE(known, known_quirks().end()) << row << ": " << name;
    EXPECT_TRUE(std::regex_match(word, std::regex(known->second))) << row << ": " << name << ": " << word;
  }
}

TEST(Catalog, HasEveryAnthropicDialectProvider) {
  for (const auto* name : {"anthropic", "deepseek",   "kimi",       "kimi-global", "moonshot",     "moonshot-cn",      "zai",    "zai-cn",
                           "minimax",   "minimax-cn", "openrouter", "dashscope",   "dashscope-cn", "dashscope-coding", "vercel", "nanogpt",
                           "gatewayz",  "mimo",       "ollama",     "vllm",        "llamacpp",     "lmstudio"}) {
    const Provider* provider = embedded().find(name);
    ASSERT_NE(provider, nullptr) << name;
    EXPECT_EQ(provider->dialect, "anthropic") << name;
  }
  EXPECT_EQ(embedded().find("nobody"), nullptr);
  EXPECT_EQ(embedded().names().size(), embedded().providers.size());
  EXPECT_EQ(embedded().names().front(), "anthropic");
}

TEST(Catalog, SaysWhatEachProviderSpeaks) {
  std::map<std::string, std::string> spoken;
  for (const Provider& provider : embedded().providers) spoken[join(provider.dialects(), " ")] += provider.name + " ";
  const std::map<std::string, std::string> expected{
      {"anthropic openai-chat",
       "anthropic deepseek kimi kimi-global moonshot moonshot-cn zai zai-cn minimax minimax-cn dashscope dashscope-cn dashscope-coding "
       "vercel "
       "nanogpt gatewayz mimo llamacpp "},
      {"anthropic openai-chat openai-responses", "openrouter ollama vllm lmstudio "},
      {"openai-responses openai-chat", "openai xai "},
      {"gemini openai-chat", "gemini "},
      {"openai-chat openai-responses", "groq "},
      {"openai-chat", "mistral cerebras together fireworks meta "},
  };
  EXPECT_EQ(spoken, expected);
}

TEST(Catalog, TheTableOfProvidersIsUpToDate) {
  std::ifstream file(std::string(PENSTOCK_SOURCE_DIR) + "/docs/providers.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string page = text.str();
  for (const Provider& provider : embedded().providers) {
    const auto at = page.find("\n| `" + provider.name + "` |");
    ASSERT_NE(at, std::string::npos) << provider.name;
    const std::string line = page.substr(at + 1, page.find('\n', at + 1) - at - 1);
    for (const auto& variable : provider.env) EXPECT_NE(line.find('`' + variable + '`'), std::string::npos) << line;
    std::string spoken = provider.dialect;
    for (const Endpoint& api : provider.apis) spoken += ", " + api.dialect + (api.opt_in ? " *" : "");
    EXPECT_TRUE(line.ends_with("| " + spoken + " |")) << line;
  }
}

/// `dashscope-intl.aliyuncs.com` and `coding.aliyuncs.com` are one company's.
std::string company(std::string_view base_url) {
  const std::string host = parse_url(base_url)->host;
  const auto last = host.rfind('.');
  const auto before = last == std::string::npos ? last : host.rfind('.', last - 1);
  return before == std::string::npos ? host : host.substr(before + 1);
}

TEST(Catalog, AKeyStaysWithItsProvider) {
  for (const Provider& provider : embedded().providers)
    for (const Endpoint& api : provider.apis)
      EXPECT_EQ(company(api.base_url), company(provider.base_url)) << provider.name << ": " << api.dialect;
  EXPECT_NE(company("https://api.z.ai/x"), company("https://z.ai.example/x"));
}

TEST(Catalog, TiersNameModelsThatAreListed) {
  for (const Provider& provider : embedded().providers)
    for (const auto& [tier, model] : provider.tiers) {
      EXPECT_TRUE(tier == "opus" || tier == "sonnet" || tier == "haiku") << provider.name << ": " << tier;
      EXPECT_NE(provider.find(model), nullptr) << provider.name << ": " << model;
    }
}

TEST(Catalog, EveryRowSaysWhereItComesFromAndWhen) {
  const std::regex date("20[0-9]{2}-[01][0-9]-[0-3][0-9]");
  for (const Provider& provider : embedded().providers) {
    EXPECT_FALSE(provider.source.empty()) << provider.name;
    EXPECT_TRUE(std::regex_match(provider.date, date)) << provider.name;
    EXPECT_FALSE(provider.base_url.empty()) << provider.name << ": models without a provider";
    for (const Endpoint& api : provider.apis) {
      EXPECT_FALSE(api.source.empty()) << provider.name << ": " << api.dialect;
      EXPECT_TRUE(std::regex_match(api.date, date)) << provider.name << ": " << api.dialect;
    }
    for (const Model& model : provider.models) {
      EXPECT_FALSE(model.source.empty()) << provider.name << "/" << model.id;
      EXPECT_TRUE(std::regex_match(model.date, date)) << provider.name << "/" << model.id;
    }
  }
}

TEST(Catalog, EveryQuirkIsKnown) {
  for (const Provider& provider : embedded().providers) {
    if (provider.dialect != "anthropic") continue;  // app/build_test.cc has them compiled
    expect_known(provider.quirks, provider.name);
    for (const auto& [pattern, quirks] : provider.model_quirks) expect_known(quirks, provider.name + "/" + pattern);
    for (const Model& model : provider.models) expect_known(model.quirks, provider.name + "/" + model.id);
  }
  EXPECT_TRUE(embedded().find("anthropic")->quirks.empty()) << "Anthropic gets every request unchanged";
}

TEST(Catalog, AModelWithoutVisionGetsNoImages) {
  for (const Provider& provider : embedded().providers)
    for (const Model& model : provider.models)
      EXPECT_EQ(!model.vision,
                provider.quirks_of(model.id).contains("images") && provider.quirks_of(model.id).at("images") == "placeholder")
          << provider.name << "/" << model.id;
}

TEST(Catalog, NoVariableOrKeyFileServesTwoHosts) {
  std::set<std::string> seen;
  for (const Provider& provider : embedded().providers) {
    for (const auto& name : provider.env) EXPECT_TRUE(seen.insert(name).second) << provider.name << ": " << name;
    for (const auto& name : provider.key_files) EXPECT_TRUE(seen.insert(name).second) << provider.name << ": " << name;
    if (provider.local) EXPECT_TRUE(provider.env.empty() && provider.key_files.empty()) << provider.name;
    if (!provider.local) EXPECT_FALSE(provider.env.empty()) << provider.name;
  }
}

TEST(Catalog, KeyFilesFollowTheOlderConvention) {
  for (const Provider& provider : embedded().providers) {
    if (provider.local) continue;
    std::string plain = provider.display_name;
    std::erase_if(plain, [](char c) { return c == ' ' || c == '.'; });
    ASSERT_EQ(provider.key_files.size(), 1U) << provider.name;
    EXPECT_EQ(provider.key_files[0], "." + plain + "AZ1.api.key");
  }
}

TEST(Catalog, ProvidersHaveModelsUnlessTheyTakeAny) {
  for (const Provider& provider : embedded().providers) EXPECT_TRUE(provider.aggregator || !provider.models.empty()) << provider.name;
  EXPECT_EQ(embedded().find("deepseek")->models.front().id, "deepseek-v4-pro");
  EXPECT_EQ(embedded().find("zai")->models.front().id, "glm-5.3");
}

TEST(Catalog, CountTokensIsOnlyClaimedWhereASourceSaysSo) {
  std::set<std::string> with;
  for (const Provider& provider : embedded().providers)
    if (provider.count_tokens) with.insert(provider.name);
  EXPECT_EQ(with, (std::set<std::string>{"anthropic", "deepseek", "zai", "zai-cn", "dashscope", "dashscope-cn", "dashscope-coding", "vllm",
                                         "llamacpp"}));
}

TEST(Catalog, PricesAreExact) {
  const auto price = [](std::string_view provider, std::string_view model) { return embedded().find(provider)->find(model)->price; };
  EXPECT_EQ(price("mimo", "mimo-v2.6-pro").cache_read, 3600);
  EXPECT_EQ(price("mimo", "mimo-v2.6-pro").input, 435'000);
  EXPECT_EQ(price("anthropic", "claude-haiku-5-5").cache_write, 125'000);
  EXPECT_EQ(price("anthropic", "claude-opus-5-5").output, 20'000'000);
  EXPECT_EQ(price("deepseek", "deepseek-v4-pro").cache_read, 44'000);
  EXPECT_EQ(price("deepseek", "deepseek-v4-pro").cache_write, 1'320'000);
  EXPECT_FALSE(price("kimi", "kimi-for-coding").known) << "a subscription";
}

TEST(Catalog, WindowsHoldTheirOutput) {
  for (const Provider& provider : embedded().providers)
    for (const Model& model : provider.models)
      if (model.window != 0) EXPECT_LE(model.max_output, model.window) << provider.name << "/" << model.id;
  EXPECT_EQ(embedded().find("anthropic")->find("claude-sonnet-4-5")->window, 200'000U);
  EXPECT_EQ(embedded().find("anthropic")->find("nope"), nullptr);
}

TEST(Catalog, QuirksComeFromProviderPatternAndModel) {
  const Provider& openrouter = *embedded().find("openrouter");
  EXPECT_EQ(openrouter.quirks_of("anthropic/claude-not-listed").at("cache_control"), "keep");
  EXPECT_TRUE(openrouter.quirks_of("deepseek/deepseek-v4.1-flash").empty());
  EXPECT_EQ(embedded().find("deepseek")->quirks_of("deepseek-flash").at("effort"), "low,high,max") << "the model's own word wins";
  EXPECT_EQ(embedded().find("deepseek")->quirks_of("deepseek-v4-pro").at("effort"), "high,max");
  EXPECT_EQ(embedded().find("moonshot-cn")->quirks_of("kimi-k3").at("thinking_mode"), "force_enabled");
  EXPECT_FALSE(embedded().find("moonshot-cn")->quirks_of("kimi-k2.6").contains("thinking_mode"));
  EXPECT_EQ(embedded().find("zai")->find("glm-5.3")->quirks,
            (std::map<std::string, std::string>{{"images", "placeholder"}, {"thinking_mode", "force_enabled"}}))
      << "a listed model has its patterns' quirks among its own";
}

TEST(Catalog, AUsersRowsReplaceAndModelsMerge) {
  const auto over = parse("zai: { base_url: https://mirror.example.org }\nnew: { base_url: https://new.example.org }\n",
                          "zai:\n  - { id: glm-5.3, window: 7 }\n  - { id: glm-9 }\ndeepseek:\n  - { id: mine }\n");
  ASSERT_TRUE(over) << over.error().message;
  const Catalog merged = merge(embedded(), *over);
  EXPECT_EQ(merged.find("zai")->base_url, "https://mirror.example.org");
  EXPECT_TRUE(merged.find("zai")->quirks.empty()) << "the whole row is replaced";
  EXPECT_EQ(merged.find("zai")->find("glm-5.3")->window, 7U);
  EXPECT_EQ(merged.find("zai")->models.front().id, "glm-5.3") << "the default keeps its place";
  EXPECT_EQ(merged.find("zai")->models.size(), embedded().find("zai")->models.size() + 1);
  EXPECT_EQ(merged.find("deepseek")->base_url, embedded().find("deepseek")->base_url) << "only models were given";
  EXPECT_NE(merged.find("deepseek")->find("mine"), nullptr);
  EXPECT_NE(merged.find("new"), nullptr);
}

TEST(Catalog, EndpointsHaveQuirksOfTheirOwn) {
  const Provider& deepseek = *embedded().find("deepseek");
  const Endpoint* chat = deepseek.find_api("openai-chat");
  ASSERT_NE(chat, nullptr);
  EXPECT_EQ(chat->base_url, "https://api.deepseek.com");
  EXPECT_EQ(chat->auth, "bearer");
  EXPECT_EQ(chat->quirks.at("reasoning_back"), "always");
  EXPECT_EQ(chat->quirks_by_pattern("deepseek-flash").at("efforts"), "low,high,max");
  EXPECT_TRUE(chat->quirks_by_pattern("deepseek-v4-pro").empty()) << "the row's own quirks of models are Anthropic's words";
  EXPECT_EQ(deepseek.find_api("anthropic"), nullptr) << "the main one is not among them";
  EXPECT_EQ(deepseek.main_api().base_url, "https://api.deepseek.com/anthropic");
  EXPECT_EQ(deepseek.main_api().quirks, deepseek.quirks);
}

TEST(Catalog, EndpointsThatOnlyTheConfigurationChooses) {
  std::string opt_in;
  for (const Provider& provider : embedded().providers)
    for (const Endpoint& api : provider.apis)
      if (api.opt_in) opt_in += provider.name + " ";
  EXPECT_EQ(opt_in, "anthropic zai zai-cn ");
}

TEST(Catalog, EndpointsMergeByDialectUnlessTheRowIsReplaced) {
  const auto base = parse(R"(
x:
  base_url: https://h
  quirks: { effort: none }
  apis: { openai-chat: { base_url: https://h/chat }, openai-responses: { base_url: https://h/responses } }
)",
                          "x: [ { id: m } ]");
  const auto merged = [&](std::string_view yaml) {
    const auto over = parse(yaml, "");
    EXPECT_TRUE(over) << over.error().message;
    return merge(*base, *over).providers.front();
  };
  const auto more = merged("x: { apis: { openai-chat: { base_url: https://own }, gemini: { base_url: https://g } } }");
  EXPECT_EQ(more.dialects(), (std::vector<std::string>{"anthropic", "openai-chat", "openai-responses", "gemini"}));
  EXPECT_EQ(more.base_url, "https://h");
  EXPECT_EQ(more.find_api("openai-chat")->base_url, "https://own");
  EXPECT_EQ(more.find_api("openai-responses")->base_url, "https://h/responses");
  EXPECT_EQ(more.models.size(), 1U);
  const auto main = merged("x: { apis: { anthropic: { base_url: https://own } } }");
  EXPECT_EQ(main.base_url, "https://own") << "the main one can be given that way too";
  EXPECT_TRUE(main.quirks.empty());
  EXPECT_EQ(main.apis.size(), 2U);
  EXPECT_TRUE(merged("x: { base_url: https://mirror }").apis.empty()) << "the mirror's key must not go to the old hosts";
}

TEST(Catalog, AFaultyTextIsAnErrorValue) {
  EXPECT_EQ(parse("x: [", "").error().kind, ErrorKind::config);
  EXPECT_EQ(parse("", "x: 3").error().message, "line 1: catalogue row \"x\": must be a list of models");
  EXPECT_TRUE(parse("", "")->providers.empty());
}

}  // namespace
}  // namespace penstock::catalog
