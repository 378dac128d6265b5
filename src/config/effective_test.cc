#include "config/effective.h"

#include <gtest/gtest.h>

#include <string>

#include "config/load.h"

namespace penstock::config {
namespace {

Config parsed(std::string_view text) {
  const auto config =
      parse(text, "f", {.environment = [](const std::string&) { return std::nullopt; }, .catalog_names = {"anthropic", "zai"}});
  EXPECT_TRUE(config) << to_text(config.error().front());
  return config.value_or(Config{});
}

TEST(Effective, SpellsOutTheDefaults) {
  EXPECT_EQ(effective(Config{}),
            "server:\n"
            "  listen: [\"127.0.0.1:4100\"]\n"
            "  workers: auto\n"
            "  max_inflight: 1024\n"
            "  max_body: 67108864\n"
            "  drain: 30s\n"
            "auth:\n"
            "  tokens: []\n"
            "retry: { attempts: 2, backoff: 500ms, max_backoff: 8s, deadline: 600s }\n"
            "cooldown: { failures: 3, for: 30s }\n"
            "affinity: session\n"
            "answers: { model: auto }\n"
            "picker: [\"*\"]\n"
            "credentials: files\n"
            "log: { level: info, format: text }\n");
}

TEST(Effective, ComesBackAsTheSameConfiguration) {
  const std::string text = effective(parsed(R"(
server: { listen: [":1", "[::1]:2"], workers: 2, drain: 1500ms, hosts: [gw.example.org] }
providers:
  mine:
    base_url: http://h:1
    auth: { header: x-k }
    models: [ a, { id: b, display_name: "B $${x}", window: 9, max_output: 8, vision: false, price: { input: 0.0036, output: 1 },
                   quirks: { effort: [low, max] } } ]
    quirks: { thinking: drop, stop_sequences: "max:5" }
    headers: { x-team: "blue: #1" }
    timeouts: { connect: 1s, first_byte: 2s, idle: 3s, total: 4s }
    ca_file: /dev/null
    proxy: none
    count_tokens: false
    enabled: false
    max_inflight: 4
    queue: { length: 7, wait: 1500ms }
    health_check: { path: /v1/models, every: 1m }
  claude: { catalog: anthropic, credentials: { mode: passthrough } }
models:
  - { name: glm, display_name: GLM, to: zai/glm-5.3 }
  - { match: "anthropic/*", balance: weighted, to: [ { target: "claude/*", weight: 3 }, mine/a ] }
default_model: glm
answers: { model: asked }
picker: [ "glm*", x ]
credentials: keyring
log: { level: warn, format: json }
)"));
  EXPECT_EQ(effective(parsed(text)), text);
  for (const auto* part :
       {"listen: [\"127.0.0.1:1\", \"[::1]:2\"]", "drain: 1500ms", "auth: { header: \"x-k\" }", "input: 0.0036", "\"B $${x}\"",
        "effort: \"low,max\"", "total: 4s", "mode: passthrough", "weight: 3", "default_model: \"glm\"", "model: asked", "max_inflight: 4",
        "queue: { length: 7, wait: 1500ms }", "every: 60s }", "credentials: keyring", "format: json", "enabled: false"})
    EXPECT_TRUE(text.contains(part)) << part << "\n" << text;
}

TEST(Effective, RoutingComesBackTheSame) {
  const std::string text = effective(parsed(R"(
providers: { mine: { base_url: "http://h:1" } }
models:
  - { name: glm, to: zai/glm-5.3 }
  - { match: "anthropic/*", to: mine/a }
routes:
  thinking: glm
  long_context: { over: 90000, to: [ mine/a, glm ] }
  background: { to: mine/b, models: "*haiku*" }
fallbacks: { on_error: { glm: [ mine/a ], "*": mine/b }, on_refusal: { "anthropic/*": glm } }
retry: { attempts: 4, backoff: 100ms, max_backoff: 3s, deadline: 2m }
cooldown: { failures: 1, for: 1500ms }
affinity: none
hedge: { background: 2500ms }
share: { background: yes }
)"));
  EXPECT_EQ(effective(parsed(text)), text);
  for (const auto* part :
       {"routes:\n  thinking: { to: [\"glm\"] }\n  long_context: { to: [\"mine/a\", \"glm\"], over: 90000 }\n  background:",
        "models: [\"*haiku*\"]", "\"*\": [\"mine/b\"]", "on_refusal:\n    \"anthropic/*\": [\"glm\"]", "deadline: 120s", "affinity: none",
        "hedge: { background: 2500ms }", "share: { background: on }"})
    EXPECT_TRUE(text.contains(part)) << part << "\n" << text;
}

TEST(Effective, NeverShowsASecret) {
  const std::string text = effective(parsed(R"(
auth: { tokens: [ hunter2-token-abcdefgh-1234 ] }
providers:
  zai: { api_key: hunter2-short, proxy: "http://u:hunter2@p:1", headers: { x-api-token: hunter2-header } }
  anthropic: { credentials: { pool: [ hunter2-pool-abcdefgh-5678, { key: hunter2-pool-abcdefgh-9abc, weight: 3 } ] } }
profiles:
  heavy: { models: { main: zai/glm }, env: { DB_PASSWD: hunter2-db, DSN: "pg://hunter2", LEVEL: "3" } }
)"));
  EXPECT_FALSE(text.contains("hunter2")) << text;
  EXPECT_TRUE(text.contains("\"LEVEL\": \"3\"")) << text;
  EXPECT_TRUE(text.contains("tokens: [\"…1234\"]")) << text;
  EXPECT_TRUE(text.contains("pool: [\"…5678\", { key: \"…9abc\", weight: 3 }]")) << text;
  EXPECT_TRUE(text.contains("proxy: \"http://…@p:1\"")) << text;
}

}  // namespace
}  // namespace penstock::config
