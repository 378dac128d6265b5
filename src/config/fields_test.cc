#include "config/fields.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "config/check.h"
#include "config/config.h"
#include "config/load.h"

namespace penstock::config {
namespace {

std::string default_of(std::string_view path) {
  for (const Field& field : fields())
    if (field.path == path) return std::string(field.fallback);
  return "no such key";
}

TEST(Fields, EachKeyHasHelpAndStandsOnce) {
  std::set<std::string_view> paths;
  for (const Field& field : fields()) {
    EXPECT_TRUE(paths.insert(field.path).second) << field.path;
    EXPECT_TRUE(field.help.ends_with('.')) << field.path;
    EXPECT_EQ(field.help.find('|'), std::string_view::npos) << field.path << ": a bar would end the table cell";
  }
}

TEST(Fields, DefaultsPassTheirOwnCheck) {
  for (const Field& field : fields()) {
    // A phrase such as `as the catalogue says` is no value.
    if (field.fallback.empty() || field.fallback.contains(' ') || field.fallback == "none" || field.type == Type::proxy) continue;
    EXPECT_EQ(value_fault(field, field.fallback), "") << field.path;
  }
}

TEST(Fields, EveryKeyHasAPlaceInTheSchema) {
  for (const Field& field : fields()) {
    if (field.path.starts_with('@')) continue;
    EXPECT_NE(schema().below(field.path.substr(0, field.path.find_first_of(".["))), nullptr) << field.path;
  }
}

TEST(Fields, SchemaFollowsGroupsItemsAndAnyKeys) {
  const Schema* provider = schema().below("providers")->below("whatever");
  ASSERT_NE(provider, nullptr);
  EXPECT_EQ(provider->below("quirks")->below("thinking")->field->path, "@quirk.thinking");
  EXPECT_EQ(provider->below("models")->item->below("quirks")->below("effort")->field->path, "@quirk.effort");
  EXPECT_EQ(provider->below("quirks")->below("thinkng"), nullptr);
  EXPECT_EQ(schema().below("@quirk"), nullptr);
  EXPECT_TRUE(schema().below("server")->below("listen")->takes_list());
  EXPECT_TRUE(schema().below("server")->below("listen")->takes_scalar());
  EXPECT_FALSE(schema().below("server")->takes_scalar());
}

TEST(Fields, TheTableTellsTheDefaultsOfConfig) {
  const std::string text =
      "server:\n  listen: " + default_of("server.listen") + "\n  workers: " + default_of("server.workers") +
      "\n  max_inflight: " + default_of("server.max_inflight") + "\n  max_body: " + default_of("server.max_body") +
      "\n  drain: " + default_of("server.drain") + "\nanswers: { model: " + default_of("answers.model") + " }\npicker: \"" +
      default_of("picker") + "\"\nlog: { level: " + default_of("log.level") + ", format: " + default_of("log.format") + " }\n" +
      "providers: { p: { base_url: http://h, credentials: { pool: [k], mode: " + default_of("providers.*.credentials.mode") +
      ", rotation: " + default_of("providers.*.credentials.rotation") + ", cooldown: " + default_of("providers.*.credentials.cooldown") +
      " }, queue: { length: " + default_of("providers.*.queue.length") + ", wait: " + default_of("providers.*.queue.wait") +
      " }, health_check: { path: /x, every: " + default_of("providers.*.health_check.every") + " } } }\n" +
      "routes: { long_context: { to: p/x, over: " + default_of("@route.over") + " } }\n" +
      "models: [ { name: m, to: p/x, balance: " + default_of("models[].balance") + " } ]\n";
  const auto config = parse(text, "f", {.environment = [](const std::string&) { return std::nullopt; }, .catalog_names = {}});
  ASSERT_TRUE(config) << to_text(config.error().front());
  const Config plain;
  EXPECT_EQ(config->server.listen, plain.server.listen);
  EXPECT_EQ(config->server.workers, plain.server.workers);
  EXPECT_EQ(config->server.max_inflight, plain.server.max_inflight);
  EXPECT_EQ(config->server.max_body, plain.server.max_body);
  EXPECT_EQ(config->server.drain, plain.server.drain);
  EXPECT_EQ(config->answers_model, plain.answers_model);
  EXPECT_EQ(config->picker, plain.picker);
  EXPECT_EQ(config->log.level, plain.log.level);
  EXPECT_EQ(config->log.format, plain.log.format);
  EXPECT_EQ(config->providers[0].credentials.mode, Credentials{}.mode);
  EXPECT_EQ(config->providers[0].credentials.cooldown, Credentials{}.cooldown);
  EXPECT_EQ(config->providers[0].credentials.rotation, Credentials{}.rotation);
  EXPECT_EQ(config->providers[0].queue.length, Queue{}.length);
  EXPECT_EQ(config->providers[0].queue.wait, Queue{}.wait);
  EXPECT_EQ(config->providers[0].health_check->every, HealthCheck{}.every);
  EXPECT_EQ(config->routes[0].over, KindRoute{}.over);
  EXPECT_EQ(config->models[0].balance, ModelRule{}.balance);
}

TEST(Fields, TheTableTellsTheDefaultsOfAttempts) {
  const std::string text = "retry: { attempts: " + default_of("retry.attempts") + ", backoff: " + default_of("retry.backoff") +
                           ", max_backoff: " + default_of("retry.max_backoff") + ", deadline: " + default_of("retry.deadline") +
                           " }\ncooldown: { failures: " + default_of("cooldown.failures") + ", for: " + default_of("cooldown.for") +
                           " }\naffinity: " + default_of("affinity") + "\n";
  const auto config = parse(text, "f", {.environment = [](const std::string&) { return std::nullopt; }, .catalog_names = {}});
  ASSERT_TRUE(config) << to_text(config.error().front());
  const Config plain;
  EXPECT_EQ(config->retry.attempts, plain.retry.attempts);
  EXPECT_EQ(config->retry.backoff, plain.retry.backoff);
  EXPECT_EQ(config->retry.max_backoff, plain.retry.max_backoff);
  EXPECT_EQ(config->retry.deadline, plain.retry.deadline);
  EXPECT_EQ(config->cooldown.failures, plain.cooldown.failures);
  EXPECT_EQ(config->cooldown.rest, plain.cooldown.rest);
  EXPECT_EQ(config->affinity, plain.affinity);
}

}  // namespace
}  // namespace penstock::config
