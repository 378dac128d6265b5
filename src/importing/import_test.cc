#include "importing/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace penstock::importing {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const catalog::Catalog& rows() {
  static const auto catalog = *catalog::builtin();
  return catalog;
}

Imported imported(Tool tool, const std::string& text, Options options = {}) {
  const auto out = import_source(tool, {"f", text, {}}, rows(), options);
  EXPECT_TRUE(out) << out.error().message;
  return out.value_or(Imported{});
}

std::string why(const Imported& imported, const std::string& field) {
  for (const auto& note : imported.notes)
    if (note.field == field) return std::string(name(note.fate)) + ": " + note.why;
  return "no note";
}

TEST(Import, WhatIsNotTheToolsIsRefused) {
  struct Case {
    Tool tool;
    const char *text, *says;
  };
  for (const auto& [tool, text, says] : {
           Case{Tool::litellm, "", "no model_list"},
           Case{Tool::litellm, "just text", "no model_list"},
           Case{Tool::litellm, "model_list: 3", "no model_list"},
           Case{Tool::litellm, "model_list: []", "names no model"},
           Case{Tool::litellm, "model_list: [ { model_name: a } ]", "names no model"},
           Case{Tool::litellm, "model_list: [ { model_name: a, litellm_params: { model: bedrock/x } } ]", "names no model"},
           Case{Tool::litellm, "a: [", "line 1"},
           Case{Tool::ccr, "{}", "no Providers"},
           Case{Tool::ccr, "[]", "no Providers"},
           Case{Tool::ccr, R"({"Providers": []})", "no Providers"},
           Case{Tool::ccr, R"({"Providers": [{"name": "a"}]})", "names none"},
           Case{Tool::ccr, "{\"Providers\": [", "not valid"},
           Case{Tool::ccr, "SQLite format 3\0", "SELECT value_json"},
           Case{Tool::cc_mirror, "{}", "no cc-mirror variant"},
           Case{Tool::cc_mirror, "{", "not valid"},
           Case{Tool::cc_mirror, R"({"provider": "zai", "baseUrl": "no url"})", "ANTHROPIC_BASE_URL"},
           Case{Tool::dotenv, "", "no variable in it is known"},
           Case{Tool::dotenv, "X=1", "no variable in it is known"},
           Case{Tool::dotenv, "no equals sign", "line 1"},
           Case{Tool::dotenv, "BIG_MODEL=m\nOPENAI_BASE_URL=nothing", "OPENAI_BASE_URL"},
           Case{Tool::dotenv, "ROUTING_TABLE = {'a': {}}", "ROUTING_TABLE has no row"},
       }) {
    const auto out = import_source(tool, {"f", text, {}}, rows(), {});
    ASSERT_FALSE(out) << text;
    EXPECT_THAT(out.error().message, HasSubstr(says)) << text;
  }
}

TEST(Import, KeysAreWrittenOnlyWhenWanted) {
  const std::string text = R"({"APIKEY": "tok-1", "PORT": 3456, "HOST": "0.0.0.0",
    "Providers": [{"name": "deepseek", "api_base_url": "https://api.deepseek.com/chat/completions", "api_key": "sk-x", "models": ["deepseek-chat"]}]})";
  const auto without = imported(Tool::ccr, text);
  EXPECT_THAT(without.yaml, Not(HasSubstr("sk-x")));
  EXPECT_THAT(without.yaml, Not(HasSubstr("tok-1")));
  EXPECT_THAT(without.yaml, HasSubstr("listen: 127.0.0.1:3456"));  // never open by accident
  EXPECT_THAT(why(without, "Providers[0].api_key"), HasSubstr("penstock keys set deepseek"));
  const auto with = imported(Tool::ccr, text, {.with_keys = true});
  EXPECT_THAT(with.yaml, HasSubstr("api_key: sk-x"));
  EXPECT_THAT(with.yaml, HasSubstr("tokens: [ tok-1 ]"));
  EXPECT_THAT(with.yaml, HasSubstr("listen: 0.0.0.0:3456"));
}

TEST(Import, ALiteralThatWouldBeReadAsAReferenceIsNoKey) {
  const auto out = imported(Tool::dotenv, "DEEPSEEK_API_KEY=file:/etc/passwd\n", {.with_keys = true});
  EXPECT_THAT(out.yaml, Not(HasSubstr("api_key: \"file")));
  EXPECT_THAT(why(out, "DEEPSEEK_API_KEY"), HasSubstr("no key looks like this"));
}

TEST(Import, ACatalogueNameElsewhereGetsNoCatalogueKey) {
  const auto out = imported(Tool::ccr, R"({"Providers": [{"name": "deepseek", "api_base_url": "https://relay.example/v1/chat/completions",
    "api_key": "$K", "models": ["m"]}], "Router": {"default": "deepseek,m"}})");
  EXPECT_THAT(out.yaml, HasSubstr("deepseek-custom:\n    base_url: https://relay.example\n    dialect: openai-chat"));
  EXPECT_THAT(out.yaml, HasSubstr("default_model: deepseek-custom/m"));
}

TEST(Import, LiteLlmStrategies) {
  const auto balance = [](const std::string& strategy, const std::string& extra) {
    const auto yaml =
        imported(Tool::litellm, "model_list:\n  - { model_name: a, litellm_params: { model: openai/x, api_key: os.environ/A" + extra +
                                    " } }\n  - { model_name: a, litellm_params: { model: openai/x, api_key: os.environ/B } }\n"
                                    "router_settings: { routing_strategy: " +
                                    strategy + " }\n")
            .yaml;
    const auto at = yaml.find("balance: ");
    return at == std::string::npos ? std::string() : yaml.substr(at + 9, yaml.find(',', at) - at - 9);
  };
  EXPECT_EQ(balance("simple-shuffle", ""), "round_robin");
  EXPECT_EQ(balance("simple-shuffle", ", weight: 0.9"), "weighted");
  EXPECT_EQ(balance("simple-shuffle", ", rpm: 9"), "weighted");
  EXPECT_EQ(balance("least-busy", ""), "least_busy");
  EXPECT_EQ(balance("usage-based-routing-v2", ""), "least_busy");
  EXPECT_EQ(balance("latency-based-routing", ", weight: 2"), "fastest");
  EXPECT_EQ(balance("cost-based-routing", ""), "cheapest");
  EXPECT_EQ(balance("simple-shuffle", ", order: 1"), "");
}

TEST(Import, LiteLlmOddValuesDoNotReachTheFile) {
  const auto out = imported(Tool::litellm, R"(
model_list:
  - { model_name: a, litellm_params: { model: openai/x, timeout: -1, weight: much }, model_info: { max_input_tokens: 1.5, input_cost_per_token: -1 } }
router_settings: { num_retries: 99, cooldown_time: forever, fallbacks: [ { a: [ nobody ] }, text ] }
litellm_settings: { max_budget: lots, cache: false, cache_params: { type: local } }
)");
  EXPECT_THAT(out.yaml, HasSubstr("attempts: 20"));
  for (const auto* part : {"timeouts", "window", "price", "fallbacks:", "budgets", "cache", "cooldown"})
    EXPECT_THAT(out.yaml.substr(0, out.yaml.find("# Left out")), Not(HasSubstr(part)));
  EXPECT_THAT(why(out, "router_settings.cooldown_time"), HasSubstr("left out"));
  EXPECT_THAT(why(out, "model_list[0].litellm_params.weight"), HasSubstr("left out"));
  EXPECT_THAT(why(out, "litellm_settings.cache_params"), HasSubstr("cache is off"));
}

TEST(Import, RoutingTableInPython) {
  const auto out = imported(Tool::dotenv,
                            "import os\nROUTING_TABLE = {\n  'claude-opus-': {'upstream': 'https://api.z.ai/api/anthropic',  # }\n"
                            "    'model_id': 'glm-4.7', 'key_env': 'ZAI_API_KEY'},\n}\nprint('x')\n");
  EXPECT_THAT(out.yaml, HasSubstr("{ match: \"*opus*\", to: zai/glm-4.7 }"));
}

class ImportFiles : public testing::Test {
 protected:
  ImportFiles() : folder_(fs::path(testing::TempDir()) / ("import-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_ / "config");
  }
  ~ImportFiles() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string put(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  static std::string read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  fs::path folder_;
};

TEST_F(ImportFiles, AVariantIsItsFolderOrEitherFile) {
  const auto variant = put("variant.json", "{}");
  const auto settings = put("config/settings.json", "{ }");
  for (const auto& path : {folder_.string(), variant, settings}) {
    const auto source = read_source(Tool::cc_mirror, path);
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ(source->text, "{}") << path;
    EXPECT_EQ(source->settings, "{ }") << path;
  }
}

TEST_F(ImportFiles, WhatCannotBeReadIsSaid) {
  EXPECT_THAT(read_source(Tool::litellm, (folder_ / "none").string()).error().message, HasSubstr("none"));
  EXPECT_THAT(read_source(Tool::litellm, folder_.string()).error().message, HasSubstr("not a file"));
  EXPECT_THAT(read_source(Tool::cc_mirror, folder_.string()).error().message, HasSubstr("neither variant.json"));
  EXPECT_FALSE(read_source(Tool::cc_mirror, (folder_ / "none").string()));
  EXPECT_THAT(read_source(Tool::ccr, put("big", std::string(5 << 20, 'x'))).error().message, HasSubstr("larger than 4194304 bytes"));
}

TEST_F(ImportFiles, TheOutputIsPrivateAndNeverReplacedUnasked) {
  const auto path = (folder_ / "out.yaml").string();
  ASSERT_TRUE(write_output(path, "one\n", false));
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto again = write_output(path, "two\n", false);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("--force"));
  EXPECT_EQ(read(path), "one\n");
  fs::permissions(path, fs::perms::all);
  ASSERT_TRUE(write_output(path, "two\n", true));
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(read(path), "two\n");
  EXPECT_FALSE(write_output((folder_ / "none/out").string(), "", false));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2);  // config/ and out.yaml: nothing is left beside
}

TEST(Import, ToolsByName) {
  for (const auto* name : {"litellm", "ccr", "cc-mirror", "dotenv"}) EXPECT_TRUE(tool_named(name)) << name;
  EXPECT_FALSE(tool_named("portkey"));
}

}  // namespace
}  // namespace penstock::importing
