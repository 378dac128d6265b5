#include "launch/selection.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "app/build.h"

namespace penstock::launch {
namespace {

using testing::HasSubstr;

constexpr std::string_view kConfig = R"(
providers:
  deepseek: { api_key: k }
  zai: { api_key: k }
  openrouter: { api_key: k }
  anthropic: { api_key: k }
  kimi: { api_key: "" }
  local: { base_url: "http://127.0.0.1:8000" }
models:
  - { name: glm, to: zai/glm-5.3 }
  - { name: "odd:name/x", to: zai/glm-5.3 }
profiles:
  heavy: { models: { main: zai/glm-5.3, haiku: deepseek/deepseek-flash, subagent: glm } }
  light: { provider: deepseek }
  lost: { provider: local }
)";

class Select : public testing::Test {
 protected:
  Select() {
    const auto catalog = catalog::builtin().value();
    const config::LoadContext context{[](const std::string&) { return std::nullopt; }, catalog.names()};
    const auto parsed = config::parse(kConfig, "f.yaml", context);
    config_ = parsed ? *parsed : config::Config{};
    EXPECT_TRUE(parsed) << (parsed ? "" : to_text(parsed.error().front()));
    app::Ingredients ingredients{&catalog, {}, nullptr, 0};
    ingredients.places.environment = context.environment;
    snapshot_ = app::build_snapshot(config_, ingredients).value().snapshot;
  }

  /// "path | main opus sonnet haiku subagent | window", or the error.
  std::string shown(const std::string& name, const std::string& model = "") {
    const auto made = select({name, model}, config_, *snapshot_);
    if (!made) return "error: " + made.error().message;
    const auto& m = made->models;
    return fmt::format("{} | {} {} {} {} {} | {}", made->path, m.main, m.opus, m.sonnet, m.haiku, m.subagent, made->window);
  }

  config::Config config_;
  std::shared_ptr<const gateway::Snapshot> snapshot_;
};

struct Case {
  const char *name, *model, *shown;
};

const Case kCases[] = {
    {"deepseek", "", "/to/deepseek | deepseek-v4-pro deepseek-v4-pro deepseek-v4-pro deepseek-flash deepseek-v4-pro | 1000000"},
    {"deepseek", "deepseek-v4-flash",
     "/to/deepseek | deepseek-v4-flash deepseek-v4-flash deepseek-v4-flash deepseek-flash deepseek-v4-flash | 1000000"},
    {"openrouter", "google/gemini-2.5-pro",
     "/to/openrouter | google/gemini-2.5-pro anthropic/claude-opus-5.5 anthropic/claude-sonnet-5.5 anthropic/claude-haiku-5.5 "
     "google/gemini-2.5-pro | 0"},
    {"anthropic", "", "/to/anthropic |      | 0"},  // Claude Code's own names
    {"anthropic", "claude-opus-4-5",
     "/to/anthropic | claude-opus-4-5 claude-opus-5-5 claude-sonnet-5-5 claude-haiku-5-5 claude-opus-4-5 | 200000"},
    {"zai/glm-4.7", "", "/to/zai | glm-4.7 glm-4.7 glm-4.7 glm-5.3-flash glm-4.7 | 204800"},
    {"glm-4.7", "", "/to/zai | glm-4.7 glm-4.7 glm-4.7 glm-5.3-flash glm-4.7 | 204800"},
    {"glm", "", "/to/glm | glm glm glm glm glm | 1000000"},
    {"odd:name/x", "", "/to/odd%3Aname%2Fx | odd:name/x odd:name/x odd:name/x odd:name/x odd:name/x | 1000000"},
    {"heavy", "", "/to/heavy | zai/glm-5.3 zai/glm-5.3 zai/glm-5.3 deepseek/deepseek-flash glm | 1000000"},
    {"heavy", "zai/glm-4.7", "/to/heavy | zai/glm-4.7 zai/glm-5.3 zai/glm-5.3 deepseek/deepseek-flash glm | 204800"},
    {"light", "",
     "/to/light | deepseek/deepseek-v4-pro deepseek/deepseek-v4-pro deepseek/deepseek-v4-pro deepseek/deepseek-flash "
     "deepseek/deepseek-v4-pro "
     "| 1000000"},
    {"local", "qwen3", "/to/local | qwen3 qwen3 qwen3 qwen3 qwen3 | 0"},
};

TEST_F(Select, Cases) {
  for (const auto& [name, model, wanted] : kCases) EXPECT_EQ(shown(name, model), wanted) << name << " " << model;
}

TEST_F(Select, FaultsNameTheMend) {
  EXPECT_THAT(shown("kimi"), HasSubstr("there is no credential for kimi; mend: penstock keys set kimi, or export KIMI_API_KEY"));
  EXPECT_THAT(shown("minimax"), HasSubstr("minimax is not among them; add `minimax: {}` under `providers`"));
  EXPECT_THAT(shown("minimax/MiniMax-M3"), HasSubstr("add `minimax: {}` under `providers`"));
  EXPECT_THAT(shown("deepsek"), HasSubstr("did you mean deepseek"));
  EXPECT_THAT(shown("nothing-like-it"), HasSubstr("no profile, provider or model is called \"nothing-like-it\""));
  EXPECT_THAT(shown("local"), HasSubstr("penstock run local --model NAME"));
  EXPECT_THAT(shown("lost"), HasSubstr("give models.main"));
}

TEST_F(Select, LabelsNameModelAndProvider) {
  const auto made = select({"deepseek", ""}, config_, *snapshot_).value();
  EXPECT_EQ(made.labels.main, "DeepSeek V4 Pro (DeepSeek)");
  EXPECT_EQ(made.labels.haiku, "DeepSeek V4.1 Flash (DeepSeek)");
}

TEST_F(Select, WithoutANameTheDefaultModel) {
  EXPECT_THAT(shown(""), HasSubstr(" | glm glm glm glm glm | 1000000"));
  config_.default_model = "zai/glm-4.7";
  EXPECT_THAT(shown(""), HasSubstr(" | zai/glm-4.7 "));
}

TEST(Selection, TheModelOfASessionAroundIsNoWish) {
  const auto wished = [](std::map<std::string, std::string> values) {
    return wished_model([values](const std::string& name) -> std::optional<std::string> {
      const auto found = values.find(name);
      return found == values.end() ? std::nullopt : std::optional(found->second);
    });
  };
  EXPECT_EQ(wished({}), "");
  EXPECT_EQ(wished({{"ANTHROPIC_MODEL", "glm"}}), "glm");
  EXPECT_EQ(wished({{"ANTHROPIC_MODEL", "glm"}, {"PENSTOCK_MODEL", "glm"}}), "");
  EXPECT_EQ(wished({{"ANTHROPIC_MODEL", "kimi"}, {"PENSTOCK_MODEL", "glm"}}), "kimi");
}

}  // namespace
}  // namespace penstock::launch
