#include "config/fields.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

namespace penstock::config {

namespace {

using enum Type;
constexpr bool kLater = true;

constexpr auto kFields = std::to_array<Field>({
    {"server", section, "", "", "The gateway's own listener and its limits."},
    {"server.listen", address, "127.0.0.1:4100", "",
     "Where to listen; an address or a list. Without a host it is 127.0.0.1. An address that other machines can reach needs auth.tokens."},
    {"server.listen[]", address, "", "", "One address."},
    {"server.tls", section, "", "", "Serve HTTPS. Both files are read again when they change."},
    {"server.tls.cert", path, "", "", "PEM file with the certificate chain."},
    {"server.tls.key", path, "", "", "PEM file with the private key, which others must not be able to read."},
    {"server.workers", integer, "auto", "auto|1..1024", "Worker threads; auto is one for each core that may be used."},
    {"server.max_inflight", integer, "1024", "1..1000000", "Requests at the same time; beyond it a request is refused at once with 503."},
    {"server.max_body", size, "64MiB", "1KiB..4GiB", "Largest request body; beyond it 413."},
    {"server.drain", duration, "30s", "0..1h", "How long running requests may take to end when the gateway stops."},
    {"server.hosts", section, "", "",
     "Further Host names that are ours, such as a reverse proxy's. Only checked when auth.tokens is empty."},
    {"server.hosts[]", text, "", "", "A host name, without a port."},

    {"auth", section, "", "", "Who may use the gateway."},
    {"auth.tokens", token, "", "",
     "Tokens that clients show in x-api-key, Authorization: Bearer, x-penstock-key or x-litellm-api-key. Without any, only this machine is "
     "served."},
    {"auth.tokens[]", token, "", "", "One token. A variable that is not set is a fault: the gateway never opens by accident."},

    {"providers", section, "", "",
     "Providers by name. A name of the catalogue needs no more than a key, and not even that when its usual environment variable is set."},
    {"providers.*", section, "", "", "One provider. Its name may hold letters, digits, `-`, `_` and `.`."},
    {"providers.*.catalog", word, "the name itself", "NAME", "The row of the catalogue that this provider stands on."},
    {"providers.*.enabled", boolean, "true", "", "false takes the provider out of service."},
    {"providers.*.base_url", url, "as the catalogue says", "",
     "http or https, no user, no query. A trailing /, /v1 or /v1/messages is taken off; the path of a call, such as /chat/completions, is "
     "a fault. Required for a name that the catalogue does not "
     "know."},
    {"providers.*.dialect", word, "as the catalogue says, else anthropic", "anthropic|openai-chat|openai-responses|gemini",
     "What the provider speaks to every client. Left out: to each client its own API where the catalogue has it; see docs/providers.md."},
    {"providers.*.auth", word,
     "as the catalogue says, else with a key x-api-key (OpenAI's dialects: bearer; gemini: x-goog-api-key), and none without",
     "x-api-key|bearer|none", "How the key is shown to the provider: a word, or `{ header: NAME }`."},
    {"providers.*.auth.header", text, "", "", "The header that carries the key."},
    {"providers.*.api_key", provider_key, "found in the usual places", "",
     "The key. A variable that is not set means that there is no key, which /health reports."},
    {"providers.*.credentials", section, "", "", "Several keys, or the client's own; instead of api_key."},
    {"providers.*.credentials.mode", word, "rotate", "rotate|passthrough",
     "rotate uses the keys of the pool; passthrough hands on what the client shows."},
    {"providers.*.credentials.pool", section, "", "", "Keys to rotate."},
    {"providers.*.credentials.pool[]", provider_key, "", "", "One key, or a map. One whose variable is not set is left out."},
    {"providers.*.credentials.pool[].key", provider_key, "", "", "The key."},
    {"providers.*.credentials.pool[].weight", integer, "1", "0..1000000",
     "Share of the requests, with rotation: weighted. 0: only when all others rest."},
    {"providers.*.credentials.rotation", word, "round_robin", "round_robin|least_used|weighted|remaining",
     "Which key a new session takes: one by a hash of the session (with affinity: none, in turn), the one with the fewest requests, by "
     "weight, or the one with the most left of its limits."},
    {"providers.*.credentials.cooldown", duration, "60s", "0..1d", "How long a key rests after a 429 that does not say how long."},
    {"providers.*.credentials.max_inflight", integer, "none", "1..1000000",
     "Requests at the same time with one key; beyond it another key is taken, or the request waits in the queue."},
    {"providers.*.models", section, "as the catalogue says", "", "Models to add to the catalogue's, or to override."},
    {"providers.*.models[]", text, "", "", "A model's id alone, or its facts."},
    {"providers.*.models[].id", text, "", "", "The id as the provider spells it. Required."},
    {"providers.*.models[].display_name", text, "the id", "", "The name for a person."},
    {"providers.*.models[].window", integer, "", "1..100000000", "Context window in tokens."},
    {"providers.*.models[].max_output", integer, "", "1..100000000", "Largest answer in tokens."},
    {"providers.*.models[].vision", boolean, "", "", "The model reads images."},
    {"providers.*.models[].price", section, "", "", "US dollars per million tokens."},
    {"providers.*.models[].price.input", number, "0", "0..100000", "Input."},
    {"providers.*.models[].price.output", number, "0", "0..100000", "Output."},
    {"providers.*.models[].price.cache_read", number, "the input price", "0..100000", "Input read from the provider's prompt cache."},
    {"providers.*.models[].price.cache_write", number, "the input price", "0..100000", "Input written to the provider's prompt cache."},
    {"providers.*.models[].quirks", section, "", "", "Quirks of this model, on top of the provider's.", false, "@quirk"},
    {"providers.*.quirks", section, "", "", "What is particular about the provider; see Quirks.", false, "@quirk"},
    {"providers.*.headers", section, "", "", "Headers to add to each request."},
    {"providers.*.headers.*", header, "", "", "A header's value; may be a secret."},
    {"providers.*.timeouts", section, "", "", "How long to wait."},
    {"providers.*.timeouts.connect", duration, "10s", "1ms..1h", "For the connection, TLS included."},
    {"providers.*.timeouts.first_byte", duration, "300s", "1ms..1d", "From the request's end to the answer's first byte."},
    {"providers.*.timeouts.idle", duration, "300s", "1ms..1d", "Between two reads of an answer."},
    {"providers.*.timeouts.total", duration, "none", "1ms..1d",
     "For a whole answer, from its head to its end. A stream is never cut by it."},
    {"providers.*.ca_file", path, "the system's store", "", "PEM file with a private certificate authority."},
    {"providers.*.proxy", proxy, "HTTPS_PROXY and NO_PROXY", "", "http://host:port, or none to connect directly."},
    {"providers.*.max_inflight", integer, "none", "1..1000000",
     "Requests at the same time to one model of the provider; beyond it the next target is taken, or the request waits in the queue."},
    {"providers.*.queue", section, "", "",
     "Requests that wait because of a max_inflight and have nowhere else to go. Sessions take turns."},
    {"providers.*.queue.length", integer, "32", "0..100000", "How many may wait; beyond it a request is refused at once with 529."},
    {"providers.*.queue.wait", duration, "5s", "0..10m", "How long one may wait."},
    {"providers.*.health_check", section, "", "",
     "A request that is made now and then, so that a failing provider is noticed before it is used."},
    {"providers.*.health_check.path", text, "", "", "A GET below base_url, such as /v1/models. Required."},
    {"providers.*.health_check.every", duration, "30s", "1s..1d", "How often."},
    {"providers.*.count_tokens", boolean, "as the catalogue says", "",
     "The provider serves /v1/messages/count_tokens; otherwise tokens are estimated."},

    {"credentials", word, "files", "files|keyring",
     "Where `penstock keys` keeps provider keys: files that only you can read, or the desktop's keyring (through secret-tool of "
     "libsecret-tools), which is then looked into before the files."},

    {"models", section, "", "",
     "What a client may ask for. The first rule that fits decides. provider/model-id always works, with an id that no list has too."},
    {"models[]", section, "", "", "One rule, with exactly one of name and match."},
    {"models[].name", name, "", "", "The exact name."},
    {"models[].match", pattern, "", "", "A pattern in which `*` stands for any run of characters. Put it in quotes."},
    {"models[].to", target, "", "", "Where the request goes: a target, or a list in order of preference. Required."},
    {"models[].to[]", target, "", "", "provider/model-id. A `*` in it takes what the star of `match` stood for."},
    {"models[].to[].target", target, "", "", "provider/model-id."},
    {"models[].to[].weight", integer, "1", "0..1000000", "Share of the requests, with balance: weighted. 0: only when all others rest."},
    {"models[].balance", word, "ordered", "ordered|weighted|round_robin|least_busy|fastest|cheapest",
     "How one of several targets is chosen: the first that works; by weight; in turn; the one with the fewest requests; the one whose "
     "first "
     "byte comes soonest; the one that costs least. A session stays where it is (affinity)."},
    {"models[].display_name", text, "", "", "The name for a person, in a client's model list."},
    {"default_model", name, "none", "",
     "Where a name goes that nothing matches: a name of models or provider/model-id. Without it such a request is a 404."},

    {"routes", section, "", "",
     "Where Claude Code's requests go by their kind, before models is looked at. The first route of the file that fits decides. Under "
     "/to/NAME the path says the target, and routes are not looked at."},
    {"routes.background", name, "", "", "Small requests that Claude Code makes for itself: haiku models, titles, summaries.", false,
     "@route"},
    {"routes.background[]", name, "", "", "One of a chain."},
    {"routes.long_context", name, "", "", "Requests with more input tokens than `over`, as estimated.", false, "@route"},
    {"routes.long_context[]", name, "", "", "One of a chain."},
    {"routes.thinking", name, "", "",
     "Requests that ask for thinking. Claude Code asks for it nearly always; `models` restricts the route.", false, "@route"},
    {"routes.thinking[]", name, "", "", "One of a chain."},
    {"routes.web_search", name, "", "", "Requests with the web search tool.", false, "@route"},
    {"routes.web_search[]", name, "", "", "One of a chain."},
    {"routes.images", name, "", "", "Requests that hold images, earlier turns included.", false, "@route"},
    {"routes.images[]", name, "", "", "One of a chain."},
    {"routes.subagent", name, "", "",
     "Requests of subagents. A prompt that holds `<CCR-SUBAGENT-MODEL>NAME</CCR-SUBAGENT-MODEL>` goes to NAME, before all routes.", false,
     "@route"},
    {"routes.subagent[]", name, "", "", "One of a chain."},
    {"routes.plan_mode", name, "", "", "Requests in plan mode.", false, "@route"},
    {"routes.plan_mode[]", name, "", "", "One of a chain."},
    {"@route.to", name, "", "", "A name of models, or provider/model; or a list in order of preference. Required."},
    {"@route.to[]", name, "", "", "One of a chain."},
    {"@route.over", integer, "200000", "1..100000000", "Of long_context: input tokens above which the route holds."},
    {"@route.models", pattern, "*", "", "Patterns of the model names that the route concerns."},
    {"@route.models[]", pattern, "", "", "One pattern."},

    {"fallbacks", section, "", "",
     "Where a request goes next. Keys are what was asked for: a name, the name or match of a rule, provider/model, or * for all others. "
     "The "
     "first of these that has an entry counts. Fallbacks of fallbacks are not followed."},
    {"fallbacks.on_error", section, "", "", "When all targets of the name fail or rest."},
    {"fallbacks.on_error.*", name, "", "", "Names or targets, in order."},
    {"fallbacks.on_error.*[]", name, "", "", "One of a chain."},
    {"fallbacks.on_context_overflow", section, "", "", "When the request does not fit the model's window."},
    {"fallbacks.on_context_overflow.*", name, "", "", "Names or targets, in order."},
    {"fallbacks.on_context_overflow.*[]", name, "", "", "One of a chain."},
    {"fallbacks.on_refusal", section, "", "", "When the model refuses."},
    {"fallbacks.on_refusal.*", name, "", "", "Names or targets, in order."},
    {"fallbacks.on_refusal.*[]", name, "", "", "One of a chain."},
    {"retry", section, "", "", "Trying the same target again, before the first content of an answer."},
    {"retry.attempts", integer, "2", "1..20", "Attempts for each target, the first included."},
    {"retry.backoff", duration, "500ms", "0..1h", "Pause before the second attempt; it doubles. A provider's retry-after goes before it."},
    {"retry.max_backoff", duration, "8s", "0..1h", "Longest pause."},
    {"retry.deadline", duration, "10m", "1s..1d", "For all attempts of one request together: none begins after it."},
    {"cooldown", section, "", "", "Leaving a failing target alone."},
    {"cooldown.failures", integer, "3", "1..1000", "Failures in a row that start it."},
    {"cooldown.for", duration, "30s", "0..1d", "How long at first; it doubles while the target goes on failing."},
    {"affinity", word, "session", "session|none", "Keep a session on one credential and target, so that prompt caches stay warm."},
    {"hedge", section, "", "", "Asking a second target when the first is silent. It costs more, so it is off."},
    {"hedge.background", duration, "off", "off|10ms..1h", "Of background requests: after that time without an answer."},
    {"share", section, "", "", "One answer for equal requests that are under way at the same time."},
    {"share.background", boolean, "off", "", "Of background requests."},

    {"usage", section, "", "", "The ledger of tokens and cost.", kLater},
    {"usage.store", text, "sqlite", "", "sqlite, or postgresql://….", kLater},
    {"usage.keep", duration, "90d", "0..3650d", "How long rows are kept.", kLater},
    {"shared_state", text, "none", "", "redis://… shares limits between several gateways.", kLater},
    {"cache", section, "", "", "Answers kept for equal requests.", kLater},
    {"cache.mode", word, "off", "off|exact", "Whether answers are kept.", kLater},
    {"cache.ttl", duration, "10m", "1s..365d", "How long an answer is kept.", kLater},
    {"cache.size", size, "256MiB", "1KiB..1024GiB", "Memory for answers.", kLater},
    {"budgets", section, "", "", "Limits on spending.", kLater},
    {"budgets[]", section, "", "", "One budget.", kLater},
    {"budgets[].scope", text, "all", "", "What it concerns: all, or a provider, model or key.", kLater},
    {"budgets[].limit", text, "", "", "The sum, such as 50 USD.", kLater},
    {"budgets[].per", word, "day", "hour|day|week|month", "The period.", kLater},
    {"profiles", section, "", "", "Named set-ups for `penstock run`, also served at /to/NAME."},
    {"profiles.*", section, "", "", "One profile. It needs `provider`, or `models.main`."},
    {"profiles.*.provider", text, "", "", "The provider whose models stand where `models` is silent."},
    {"profiles.*.models", section, "", "", "What Claude Code's kinds of model mean: names that a client may ask for."},
    {"profiles.*.models.main", name, "", "", "The model of the session."},
    {"profiles.*.models.opus", name, "", "", "The alias opus. Default: main."},
    {"profiles.*.models.sonnet", name, "", "", "The alias sonnet. Default: main."},
    {"profiles.*.models.haiku", name, "", "", "The alias haiku, and background requests. Default: main."},
    {"profiles.*.models.subagent", name, "", "", "Subagents. Default: main."},
    {"profiles.*.env", section, "", "", "Further variables for Claude Code; they win over Penstock's own."},
    {"profiles.*.env.*", text, "", "", "One variable."},
    {"profiles.*.args", text, "", "", "Arguments for Claude Code, before those of the command line."},
    {"profiles.*.args[]", text, "", "", "One argument."},
    {"profiles.*.append_system_prompt", path, "", "", "A file whose text is added to the system prompt."},
    {"profiles.*.config_dir", path, "", "", "CLAUDE_CONFIG_DIR. Default: a folder of its own in the state folder."},
    {"profiles.*.claude_version", text, "", "",
     "X.Y.Z, latest or stable: installed from npm into a folder of its own. Default: `claude` of PATH."},
    {"profiles.*.theme", text, "", "", "`brand` (the provider's colours), or the name of a theme that Claude Code knows."},
    {"profiles.*.status_line", boolean, "off", "", "Claude Code shows `penstock statusline`."},
    {"profiles.*.claude_channel", word, "none", "latest|stable",
     "Of a variant: `penstock variant update` moves claude_version to what npm calls by this name then."},
    {"profiles.*.command", path, "none", "", "Of a variant: the command that `penstock variant` made for it."},

    {"answers", section, "", "", "What answers look like."},
    {"answers.model", word, "auto", "auto|provider|asked",
     "The model that an answer names: the provider's own word, or the name that the client asked for. `auto` is `asked` for Claude Code, "
     "which drops the "
     "thinking of an answer that names another model, and `provider` for all others."},
    {"web_search", section, "", "",
     "The search that answers Claude Code's WebSearch for models whose provider has none of its own. Without it such a search is answered "
     "with an error that says what to set here."},
    {"web_search.url", url, "", "",
     "A SearXNG server (its settings must allow the format json), or https://api.search.brave.com, or another server with either API."},
    {"web_search.kind", word, "by the URL", "searxng|brave",
     "Whose API the server has. A host of Brave's has Brave's, all others SearXNG's."},
    {"web_search.api_key", provider_key, "", "",
     "Brave: the subscription token, which it needs. SearXNG: sent as Authorization: Bearer, for a server that asks for it."},
    {"web_search.max_results", integer, "8", "1..20", "Pages that the model gets to read of, for one search."},
    {"picker", pattern, "*", "", "Patterns of the names that Claude Code's picker shows, 60 at most. Other clients are told every name."},
    {"picker[]", pattern, "", "", "One pattern."},
    {"log", section, "", "", "The log on standard error. Keys and bodies are never in it."},
    {"log.level", word, "info", "debug|info|warn|error", "The least level that is written."},
    {"log.format", word, "text", "text|json", "Lines for a person, or one JSON object a line."},
    {"log.bodies", word, "off", "off|on", "Keep request and answer bodies for debugging.", kLater},

    {"@quirk.system_turns", word, "to_user", "keep|to_user", "`role: system` inside messages."},
    {"@quirk.cache_control", word, "strip", "keep|strip|keep_for_claude", "Prompt cache marks. keep_for_claude: Chat Completions only."},
    {"@quirk.thinking", word, "keep", "keep|drop|inject_empty",
     "Thinking blocks in the history: keep the provider's own, drop all, or keep and add an empty one to tool calls that have none."},
    {"@quirk.thinking_mode", word, "enabled_only", "any|adaptive_only|enabled_only|drop|force_enabled",
     "What the `thinking` field may say. Adaptive becomes enabled with a budget by effort where only enabled is known."},
    {"@quirk.effort", words, "none", "keep|none|low|medium|high|xhigh|max",
     "The efforts that output_config.effort may name; others go to the nearest. keep lets all through, none drops the field."},
    {"@quirk.context_management", word, "strip", "keep|strip", "The context_management field."},
    {"@quirk.output_format", word, "strip", "keep|strip", "output_config.format and output_format."},
    {"@quirk.metadata", word, "hash", "keep|hash|strip", "metadata; hash replaces user_id by a digest."},
    {"@quirk.betas", words, "drop", "keep|drop|NAME", "The anthropic-beta header: all, none, or the named ones."},
    {"@quirk.tool_fields", word, "strip", "keep|strip", "Newer fields of tools, such as strict and defer_loading."},
    {"@quirk.server_tools", word, "strip", "keep|strip|web_search", "Tools that the provider runs itself."},
    {"@quirk.attribution", word, "strip", "keep|strip", "Claude Code's billing block at the start of the system prompt."},
    {"@quirk.images", word, "keep", "keep|placeholder", "Image blocks; a placeholder is a line of text."},
    {"@quirk.no_images", boolean, "false", "", "true is the same as images: placeholder."},
    {"@quirk.documents", word, "placeholder", "keep|placeholder|file|text", "Document blocks. file and text: Chat Completions only."},
    {"@quirk.temperature", word, "keep", "keep|strip|0..1|0..2|(0..1]", "temperature; a range moves a value to its nearest end."},
    {"@quirk.top_p", word, "keep", "keep|strip", "top_p."},
    {"@quirk.top_k", word, "keep", "keep|strip", "top_k."},
    {"@quirk.stop_sequences", word, "keep", "keep|strip|max:N", "stop_sequences; at most N of them."},
    {"@quirk.tool_choice", word, "keep", "keep|auto_only|strip|auto_when_thinking", "tool_choice."},
    {"@quirk.max_tokens_limit", word, "none", "none|N", "Upper limit of max_tokens, beside the model's own max_output."},
    {"@quirk.tool_results", word, "keep", "keep|merge", "merge puts the results of one turn into one message."},
    {"@quirk.empty_blocks", word, "strip", "keep|strip", "Empty text blocks."},
    {"@quirk.unknown_fields", word, "strip", "keep|strip", "Top-level fields which the API of 2023 does not have."},
    {"@quirk.version", word, "2023-06-01", "keep|2023-06-01", "The anthropic-version header."},
    {"@quirk.schema", word, "keep", "keep|clean|none|openai|openai_strict|gemini|kimi",
     "JSON schemas of tools; clean takes out what narrow dialects refuse. The others name the part of JSON Schema that a Chat Completions "
     "endpoint knows."},
    {"@quirk.user_agent", word, "keep", "keep|drop", "The client's user-agent header."},
    {"@quirk.max_tokens_field", word, "", "max_tokens|max_completion_tokens", "Chat Completions: The name of the output limit."},
    {"@quirk.reasoning", word, "",
     "none|reasoning_effort|thinking_type|thinking_type_and_effort|enable_thinking|reasoning_object|chat_template_kwargs|groq",
     "Chat Completions: The field that turns thinking on and off."},
    {"@quirk.efforts", text, "", "",
     "Chat Completions: Levels that the model takes, of none,minimal,low,medium,high,xhigh,max; others become the nearest."},
    {"@quirk.thinking_fields", text, "", "", "Chat Completions: What else stands in the object `thinking`, as JSON."},
    {"@quirk.thinking_off", word, "", "say|lowest|omit",
     "Chat Completions: When the client wants no thinking: turn it off, name the lowest level, or say nothing."},
    {"@quirk.reasoning_back", word, "", "never|when_present|always",
     "Chat Completions: The model's earlier reasoning goes back to it; always: an empty text where there is none."},
    {"@quirk.reasoning_field", word, "", "reasoning_content|reasoning|reasoning_details|think_tags",
     "Chat Completions: Where it goes back."},
    {"@quirk.think_tags", word, "", "never|leading",
     "Chat Completions: Reasoning in <think> tags at the start of an answer's text is told from the text."},
    {"@quirk.system_role", word, "", "system|developer", "Chat Completions: The role of the system prompt."},
    {"@quirk.parallel_tools", word, "", "keep|strip", "Chat Completions: Parallel_tool_calls."},
    {"@quirk.strict_tools", word, "", "keep|strip", "Chat Completions: Strict, in tools."},
    {"@quirk.tool_images", word, "", "follow_up|inline",
     "Chat Completions: Images in tool results: in a user message behind the results, or in place."},
    {"@quirk.null_content", word, "", "null|empty", "Chat Completions: The content of an assistant message that only calls tools."},
    {"@quirk.empty_result", text, "", "", "Chat Completions: What stands for an empty tool result."},
    {"@quirk.stream_usage", word, "", "ask|omit", "Chat Completions: Stream_options.include_usage."},
    {"@quirk.cache_key", text, "", "", "Chat Completions: The field for the session's cache key, such as prompt_cache_key."},
    {"@quirk.user", text, "", "", "Chat Completions: The field for a hash of the user's id, such as user or safety_identifier."},
    {"@quirk.json_schema", word, "", "json_schema|json_object|none",
     "Chat Completions: Structured output: by schema, as any JSON with the schema in words, or in words only."},
    {"@quirk.web_search", word, "", "none|tool|plugins|web_search_options|zai",
     "All but Anthropic's dialect: how the provider is asked to search the web by itself."},
    {"@quirk.tool_ids", word, "", "any|mistral9|max40",
     "Chat Completions: The form of tool call ids: any, nine letters and digits, at most 40 characters."},
    {"@quirk.call_signatures", word, "", "keep|google",
     "Chat Completions: Extra_content of calls goes back; google: a call without its thought signature says so in Google's word."},
    {"@quirk.cached_in_prompt", word, "", "true|false", "Chat Completions: Prompt_tokens counts the cached tokens too."},
    {"@quirk.extra", text, "", "", "Chat Completions: Fields that every request carries, as JSON."},
});

/// Splits `a.b[].c` into `a`, `b`, `[]`, `c`.
std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto end = path.starts_with("[]") ? 2 : std::min(path.find_first_of(".["), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
    if (path.starts_with('.')) path.remove_prefix(1);
  }
  return parts;
}

Schema& child(Schema& parent, std::string_view segment) {
  if (segment != "*" && segment != "[]") return parent.named[std::string(segment)];
  auto& slot = segment == "*" ? parent.any_key : parent.item;
  if (!slot) slot = std::make_unique<Schema>();
  return *slot;
}

Schema& place_of(Schema& root, std::string_view path) {
  Schema* node = &root;
  for (const auto segment : segments(path)) node = &child(*node, segment);
  return *node;
}

struct Tree {
  Schema groups, root;

  Tree() {
    for (const Field& field : kFields) place_of(field.path.starts_with('@') ? groups : root, field.path).field = &field;
    for (const Field& field : kFields)
      if (!field.group.empty()) place_of(root, field.path).group = &groups.named.at(std::string(field.group));
  }
};

}  // namespace

std::span<const Field> fields() { return kFields; }

const Schema& schema() {
  static const Tree tree;
  return tree.root;
}

const Schema* Schema::below(std::string_view key) const {
  if (const auto found = named.find(key); found != named.end()) return &found->second;
  if (group != nullptr) return group->below(key);
  return any_key.get();
}

bool Schema::takes_map() const { return !named.empty() || any_key || group != nullptr; }
bool Schema::takes_scalar() const { return field != nullptr && field->type != Type::section; }
bool Schema::takes_list() const { return item || (field != nullptr && field->type == Type::words); }

std::vector<std::string> Schema::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, schema] : named) keys.push_back(key);
  if (group != nullptr)
    for (const auto& [key, schema] : group->named) keys.push_back(key);
  return keys;
}

std::string_view name(Type type) {
  switch (type) {
    case section: return "map";
    case text: return "text";
    case integer: return "whole number";
    case number: return "number";
    case duration: return "duration";
    case size: return "size";
    case boolean: return "true or false";
    case word: return "word";
    case words: return "words";
    case provider_key:
    case token: return "secret";
    case target: return "provider/model";
    case Type::name: return "model name";
    case pattern: return "pattern";
    case address: return "address";
    case url: return "URL";
    case proxy: return "proxy URL";
    case path: return "path";
    case header: return "header value";
    case anything: return "anything";
  }
  return "text";
}

}  // namespace penstock::config
