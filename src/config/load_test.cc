#include "config/load.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace penstock::config {
namespace {

using Variables = std::map<std::string, std::string>;

LoadContext context(Variables variables = {}) {
  return {.environment = [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            return found == variables.end() ? std::nullopt : std::optional(found->second);
          },
          .catalog_names = {"anthropic", "deepseek", "kimi", "minimax", "zai"}};
}

/// The faults as a user sees them, one a line; "no fault" without any.
std::string faults_of(std::string_view text, const LoadContext& around = context()) {
  const auto config = parse(text, "f.yaml", around);
  if (config) return "no fault";
  std::string lines;
  for (const Fault& fault : config.error()) lines += (lines.empty() ? "" : "\n") + to_text(fault);
  return lines;
}

/// The warnings as a user sees them, one a line.
std::string warnings_of(std::string_view text, const LoadContext& around = context()) {
  const auto config = parse(text, "f.yaml", around);
  if (!config) return "fault: " + to_text(config.error().front());
  std::string lines;
  for (const auto& warning : config->warnings) lines += (lines.empty() ? "" : "\n") + warning;
  return lines;
}

TEST(Load, WarnsOfWhatIsHardlyMeant) {
  EXPECT_EQ(warnings_of("providers:\n  zai: { api_key: $ZK }\n"),
            "f.yaml:2:19: \"providers.zai.api_key\" is taken as it stands; to read a variable, write ${NAME}");
  EXPECT_EQ(warnings_of("providers: { zai: { api_key: 'a$ZK' } }\nauth: { tokens: [ '$', '$a-b' ] }\n"), "");
  EXPECT_EQ(warnings_of("providers:\n  mock: { base_url: http://h }\n"),
            "f.yaml:2:3: provider \"mock\" takes the place of the built-in mock");
  EXPECT_EQ(warnings_of("providers: { zai: { api_key: ${UNSET} } }\n"), "") << "the provider as a whole says that it has no key";
}

TEST(Load, WarnsOfKeysInAPoolThatDoNothing) {
  const std::string start = "providers: { zai: { credentials: { ";
  EXPECT_EQ(warnings_of(start + "pool: [ ${UNSET}, k ] } } }\n"),
            "f.yaml:1:44: the variable UNSET is not set, so this key is left out of the pool");
  const auto twice = warnings_of(start + "pool: [ sk-same, ${K} ] } } }\n", context({{"K", "sk-same"}}));
  EXPECT_EQ(twice, "f.yaml:1:53: this key stands in the pool twice; remove one");
  EXPECT_EQ(warnings_of(start + "pool: [ { key: a, weight: 2 } ] } } }\n"), "f.yaml:1:54: \"weight\" counts with rotation: weighted alone");
  EXPECT_EQ(warnings_of(start + "rotation: weighted, pool: [ { key: a, weight: 2 }, b ] } } }\n"), "");
}

TEST(Load, WarnsOfRulesThatAreNeverComeTo) {
  const auto rules = [](const std::string& text) { return warnings_of("models:\n" + text); };
  EXPECT_EQ(rules("  - { match: '*', to: zai/x }\n  - { name: fast, to: zai/y }\n"),
            "f.yaml:3:13: \"fast\" is never come to: match \"*\" in line 2 takes it; write this rule before that one");
  EXPECT_EQ(rules("  - { match: 'a-*', to: zai/x }\n  - { match: 'a-b*', to: zai/y }\n"),
            "f.yaml:3:14: \"a-b*\" is never come to: match \"a-*\" in line 2 takes it; write this rule before that one");
  EXPECT_EQ(rules("  - { match: 'a-b*', to: zai/x }\n  - { match: 'a-*', to: zai/y }\n  - { name: b, to: zai/z }\n"), "");
  EXPECT_EQ(rules("  - { match: '*', to: zai/x }\n  - { name: 'b[1m]', to: zai/z }\n"), "") << "which only a pattern with [1m] takes";
  EXPECT_EQ(rules("  - { name: w, to: [ { target: zai/x, weight: 3 } ] }\n"),
            "f.yaml:2:39: \"weight\" counts with balance: weighted alone");
  EXPECT_EQ(rules("  - { name: w, balance: weighted, to: [ { target: zai/x, weight: 3 } ] }\n"), "");
}

struct Case {
  const char* text;
  const char* faults;
};

// One line a fault, exactly as `penstock config check` prints it.
const Case kFaulty[] = {
    {"server:\n  lisen: 127.0.0.1:1\n", "f.yaml:2:3: unknown key \"lisen\" in \"server\"; did you mean \"listen\"?"},
    {"sever: {}\n", "f.yaml:1:1: unknown key \"sever\"; did you mean \"server\"?"},
    {"log: { colour: on }\n", "f.yaml:1:8: unknown key \"colour\" in \"log\"; known here: bodies, format, level"},
    {"server: [a]\n", "f.yaml:1:9: \"server\" must be a map (key: value), not a list"},
    {"server: x\n", "f.yaml:1:9: \"server\" must be a map (key: value), not a single value"},
    {"- a\n", "f.yaml:1:1: the file must be a map (key: value), not a list"},
    {"just words\n", "f.yaml:1:1: the file must be a map (key: value), not a single value"},
    {"server:\n  listen: { host: a }\n", "f.yaml:2:11: \"server.listen\" must be a single value (address) or a list, not a map"},
    {"server:\n  drain: 30\n  workers: 0\n  max_body: 1PB\n  max_inflight: many\n",
     "f.yaml:2:10: \"server.drain\": \"30\" is not a duration; write a whole number and ms, s, m, h or d, such as 30s (0 to 1h)\n"
     "f.yaml:3:12: \"server.workers\": \"0\" is out of range (auto, or 1 to 1024)\n"
     "f.yaml:4:13: \"server.max_body\": \"1PB\" is not a size; write a number of bytes, or one with a unit, such as 64MiB or 10MB (1KiB to "
     "4GiB)\n"
     "f.yaml:5:17: \"server.max_inflight\": \"many\" is not a whole number (1 to 1000000)"},
    {"server:\n  drain: 1s\n  drain: 2s\n", "f.yaml:3:3: key \"drain\" is already given in line 2"},
    {"log:\n  level: loud\n", "f.yaml:2:10: \"log.level\": \"loud\" is not known here; write debug, info, warn or error"},
    {"server: { hosts: [ 'http://gw' ] }\n",
     "f.yaml:1:20: \"server.hosts\": \"http://gw\" is not a host name; write it without scheme and port"},
    {"picker: [ a, , b ]\n", "f.yaml:1:14: an item of \"picker\" is empty; write a value or remove it"},
    {"server:\n  listen: ${PORT}\n", "f.yaml:2:11: \"server.listen\": the variable PORT is not set; set it, or write ${PORT:-default}"},
    {"log: { level: ${L:-loud} }\n", "f.yaml:1:15: \"log.level\": \"loud\" is not known here; write debug, info, warn or error"},
    {"log:\n level: a\n  b: c\n", "f.yaml:3:4: not valid YAML: illegal map value"},
};

TEST(Load, FaultsAreExact) {
  for (const Case& test : kFaulty) EXPECT_EQ(faults_of(test.text), test.faults) << test.text;
}

TEST(Load, EveryFaultIsToldAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(faults_of("default_model: nope\n"
                      "models:\n"
                      "  - { name: a }\n"
                      "providers:\n"
                      "  zay: {}\n"
                      "server: { listen: 0.0.0.0:1, drainn: 3 }\n"),
            "f.yaml:1:16: \"default_model\": no rule of models fits \"nope\"; write a name of models, or provider/model\n"
            "f.yaml:3:5: a rule of \"models\" has no target; add to: provider/model\n"
            "f.yaml:5:3: provider \"zay\" is not in the catalogue and has no base_url; did you mean \"zai\"?\n"
            "f.yaml:6:19: other machines can reach 0.0.0.0:1, but auth.tokens is empty; add a token, or listen on 127.0.0.1\n"
            "f.yaml:6:30: unknown key \"drainn\" in \"server\"; did you mean \"drain\"?");
}

TEST(Load, AnEmptyFileIsTheDefault) {
  for (const auto* text : {"", "# nothing\n", "---\n", "server:\nauth:\nproviders:\nmodels:\n"}) {
    const auto config = parse(text, "f.yaml", context());
    ASSERT_TRUE(config) << text;
    EXPECT_EQ(config->server.listen, Config{}.server.listen);
    EXPECT_TRUE(config->providers.empty());
    EXPECT_EQ(config->path, "f.yaml");
  }
}

/// The example of the interface, whole. Where it shows a form with made-up providers (a/x, b/x), the context knows them.
constexpr std::string_view kExample = R"(server:
  listen: 127.0.0.1:4100        # a list is allowed; a non-loopback address without auth is refused
  tls: { cert: , key: }
  workers: auto                 # one per core
  max_inflight: 1024            # beyond it: 503 overloaded_error at once, with retry-after
  max_body: 64MiB
  drain: 30s
auth:
  tokens: [ ${PENSTOCK_TOKEN} ] # accepted in x-api-key, Authorization: Bearer, x-penstock-key, x-litellm-api-key
providers:
  deepseek: { api_key: ${DEEPSEEK_API_KEY} }        # a catalogue name needs no more
  local-vllm:                                       # anything else is spelled out
    base_url: http://127.0.0.1:8000                 # a trailing /v1 is accepted and normalised
    dialect: anthropic          # anthropic | openai-chat | openai-responses | gemini
    auth: x-api-key             # x-api-key | bearer | none | { header: NAME }
    api_key: ${VLLM_KEY}
    models: [ { id: qwen3-coder, window: 131072, max_output: 32768, price: { input: 0, output: 0 } } ]
    quirks: { thinking: drop, no_images: true }
    headers: { x-team: blue }
    timeouts: { connect: 10s, first_byte: 300s, idle: 300s, total: 3000s }
  claude:
    catalog: anthropic
    credentials: { mode: rotate, pool: [ ${CLAUDE_TOKEN_1}, ${CLAUDE_TOKEN_2} ], cooldown: 60s }   # or mode: passthrough
models:                          # what a client may ask for, first match wins
  - { name: glm, to: zai/glm-5.3 }
  - { name: fast, to: [ zai/glm-5.3-flash, deepseek/deepseek-flash ] }        # in order: the fallback chain
  - { name: spread, balance: weighted, to: [ { target: a/x, weight: 3 }, { target: b/x, weight: 1 } ] }
  - { match: "claude-opus-*", to: deepseek/deepseek-v4-pro }
  - { match: "*haiku*", to: minimax/MiniMax-M3 }
  - { match: "anthropic/*", to: "claude/*" }                                 # the star carries over
default_model: glm               # for a name that nothing matches; without it: 404 not_found_error that lists near names
routes:                          # by kind of request (Claude Code's), before `models`; each may carry `models: [patterns]`
  background: fast
  long_context: { over: 200000, to: gemini/gemini-3.8-flash }
  thinking: ...
  web_search: ...
  images: ...
  subagent: ...
fallbacks: { on_error: { glm: [fast] }, on_context_overflow: { glm: [ gemini/gemini-3.8-flash ] }, on_refusal: {} }
retry: { attempts: 2, backoff: 500ms, max_backoff: 8s }
cooldown: { failures: 3, for: 30s }
affinity: session                # keep a session on one credential and target, so prompt caches stay warm
usage: { store: sqlite, keep: 90d }                    # or postgresql://…
shared_state: none                                     # or redis://…
cache: { mode: off, ttl: 10m, size: 256MiB }
budgets: [ { scope: all, limit: 50 USD, per: day } ]
answers: { model: provider }                           # or asked: the name that the client used
picker: [ "*" ]                                        # which names Claude Code's picker lists
log: { level: info, format: text, bodies: off }
)";

LoadContext example_context() {
  auto around = context({{"PENSTOCK_TOKEN", "client-token"},
                         {"DEEPSEEK_API_KEY", "ds"},
                         {"VLLM_KEY", "vk"},
                         {"CLAUDE_TOKEN_1", "c1"},
                         {"CLAUDE_TOKEN_2", "c2"}});
  around.catalog_names.insert(around.catalog_names.end(), {"a", "b", "gemini"});
  return around;
}

TEST(Load, TheInterfaceExampleHasNoFault) {
  const auto config = parse(kExample, "f.yaml", example_context());
  ASSERT_TRUE(config) << to_text(config.error().front());
  ASSERT_EQ(config->auth_tokens.size(), 1U);
  EXPECT_EQ(config->auth_tokens[0].reveal(), "client-token");
  ASSERT_EQ(config->providers.size(), 3U);
  EXPECT_EQ(config->providers[0].catalog, "deepseek");
  EXPECT_EQ(config->providers[0].api_key->reveal(), "ds");
  EXPECT_EQ(config->providers[1].quirks, (std::map<std::string, std::string>{{"images", "placeholder"}, {"thinking", "drop"}}));
  EXPECT_EQ(config->providers[1].models[0].window, 131072U);
  EXPECT_EQ(config->providers[1].timeouts.total, Milliseconds{3'000'000});
  EXPECT_EQ(config->providers[2].credentials.pool.size(), 2U);
  ASSERT_EQ(config->models.size(), 6U);
  EXPECT_EQ(config->models[2].to[0].weight, 3U);
  EXPECT_EQ(config->models[2].balance, Balance::weighted);
  EXPECT_EQ(config->models[5].to[0].model, "*");
  ASSERT_EQ(config->routes.size(), 2U);
  EXPECT_EQ(config->routes[1].over, 200'000U);
  EXPECT_EQ(config->fallbacks.on_error.at(0).second.at(0), "fast");
  EXPECT_FALSE(config->server.tls);
}

TEST(Load, TheInterfaceExampleWithoutVariablesOnlyLacksItsToken) {
  auto around = example_context();
  around.environment = [](const std::string&) { return std::nullopt; };
  EXPECT_EQ(faults_of(kExample, around),
            "f.yaml:9:13: \"auth.tokens\": the variable PENSTOCK_TOKEN is not set; set it, or remove the token");
}

TEST(Load, AMisspeltLaterKeyIsAFaultToo) {
  EXPECT_EQ(faults_of("retry: { attemps: 2 }\n"), "f.yaml:1:10: unknown key \"attemps\" in \"retry\"; did you mean \"attempts\"?");
  EXPECT_EQ(faults_of("routes: { backgrund: fast }\n"),
            "f.yaml:1:11: unknown key \"backgrund\" in \"routes\"; did you mean \"background\"?");
  EXPECT_EQ(faults_of("routes: { images: { to: mock/echo, modls: x } }\n"),
            "f.yaml:1:36: unknown key \"modls\" in \"routes.images\"; did you mean \"models\"?");
  EXPECT_EQ(faults_of("budgets: [ { per: year } ]\n"),
            "f.yaml:1:19: \"budgets.per\": \"year\" is not known here; write hour, day, week or month");
}

TEST(Load, HostileTextsNeverThrow) {
  for (const auto* text : {"\xef\xbb\xbf", "%YAML 9.0\n---\na: 1", "? : ?", "\"", "'", "{{{{", "]]", "a: |9\n x", "\t", ": :", "!!", "&",
                           "*", "- - - -", "providers: { ? [a] : b }"})
    EXPECT_NO_THROW(static_cast<void>(parse(text, "f.yaml", context()))) << text;
}

TEST(Load, FaultsPrintTheirPlace) {
  EXPECT_EQ(to_text(Fault{"f", 3, 4, "message"}), "f:3:4: message");
  EXPECT_EQ(to_text(Fault{"f", 0, 0, "message"}), "f: message");
}

/// A folder of its own, and the working directory meanwhile.
class Files : public ::testing::Test {
 protected:
  Files() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    std::filesystem::current_path(folder_);
  }
  ~Files() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }
  std::string write(const std::string& name, const std::string& content = "") {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
    return path.string();
  }
  std::filesystem::path before_ = std::filesystem::current_path(), folder_;
};

TEST_F(Files, LoadReadsAFile) {
  const auto path = write("a.yaml", "server: { listen: ':4200' }\n");
  EXPECT_EQ(load(path, context())->server.listen[0].port, 4200);
  EXPECT_TRUE(load(write("empty.yaml"), context()));
}

TEST_F(Files, LoadSaysWhyItCannot) {
  EXPECT_EQ(to_text(load("nope.yaml", context()).error().at(0)), "nope.yaml: cannot be read: No such file or directory");
  EXPECT_EQ(to_text(load(folder_.string(), context()).error().at(0)), folder_.string() + ": cannot be read: Is a directory");
}

TEST_F(Files, TheFirstFileThatExistsIsFound) {
  const auto home = (folder_ / "home").string(), xdg = (folder_ / "xdg").string();
  Variables variables{{"HOME", home}};
  const auto found = [&](const std::string& given = "") { return find_file(given, context(variables).environment); };
  const auto in_home = write("home/.config/penstock/penstock.yaml");
  EXPECT_EQ(found(), in_home);
  variables["XDG_CONFIG_HOME"] = "relative/is/ignored";
  EXPECT_EQ(found(), in_home);
  variables["XDG_CONFIG_HOME"] = xdg;
  EXPECT_NE(found(), in_home);
  const auto in_xdg = write("xdg/penstock/penstock.yaml");
  EXPECT_EQ(found(), in_xdg);
  write("penstock.yaml");
  EXPECT_EQ(found(), "./penstock.yaml");
  variables["PENSTOCK_CONFIG"] = "/named/but/missing.yaml";
  EXPECT_EQ(found(), "/named/but/missing.yaml") << "a file that was named must not be passed over";
  EXPECT_EQ(found("given.yaml"), "given.yaml");
}

TEST(Load, TheProcessEnvironmentIsReadable) {
  EXPECT_TRUE(process_environment()("PATH"));
  EXPECT_FALSE(process_environment()("PENSTOCK_NO_SUCH_VARIABLE"));
}

}  // namespace
}  // namespace penstock::config
