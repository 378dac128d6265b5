#include "gateway/aim.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "gateway/authenticate.h"
#include "wire/headers.h"

namespace penstock::gateway {

namespace {

/// Names joined with commas. They come from the client: what is no plain name is left out, and so is what is too much.
std::string fit_for_header(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 200;
  std::string out;
  for (const auto& name : names) {
    const bool plain = !name.empty() && std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("_.-[]").contains(c);
    });
    if (plain && out.size() + name.size() < kMost) out += (out.empty() ? "" : ",") + name;
  }
  return out;
}

/// The target's quirks, laid over with repairs; the record points at them.
void set_quirks(Work& work, std::span<const policy::Repair> repairs) {
  Record& record = work.record;
  record.quirks = &record.upstream->quirks_for(record.model_id);
  record.chat = &record.upstream->chat_for(record.model_id);
  if (repairs.empty()) return;
  // Each by itself: what was learned of the provider's endpoint with another dialect may have no meaning here.
  work.repaired_quirks = *record.quirks;
  work.repaired_chat = *record.chat;
  const bool anthropic = record.upstream->api == dialect::Api::anthropic;
  for (const auto& repair : repairs) {
    const std::map<std::string, std::string> named{{repair.quirk, repair.value}};
    if (anthropic)
      work.repaired_quirks = dialect::parse_quirks(named, work.repaired_quirks).value_or(work.repaired_quirks);
    else
      work.repaired_chat = dialect::parse_chat_quirks(named, work.repaired_chat).value_or(work.repaired_chat);
  }
  record.quirks = &work.repaired_quirks;
  record.chat = &work.repaired_chat;
}

/// The model's limit, and that of its provider; 0: none is known.
std::uint64_t max_output(const Record& record) {
  const std::uint64_t own = record.model ? record.model->max_output : 0;
  const std::uint64_t limit = record.chat->max_tokens_limit;
  return own == 0 || (limit != 0 && limit < own) ? limit : own;
}

dialect::TranslationContext translation_context(const Record& record, const Snapshot& snapshot, bool repaired) {
  const Upstream& upstream = *record.upstream;
  dialect::TranslationContext context;
  context.client = record.client;
  context.provider = upstream.api;
  context.provider_name = upstream.name;
  context.model = record.model_id;
  context.max_output = max_output(record);
  context.codec = snapshot.signatures.get();
  context.transparent = upstream.transparent;
  context.quirks = record.quirks;
  context.chat = record.chat;
  context.repaired = repaired;
  context.marked = record.facts.tagged_blocks != 0;
  context.subagent_tag = record.facts.subagent_tag;
  return context;
}

/// Anthropic's dialect on both sides is patched in place, unless the gateway must search the web in the provider's stead.
bool needs_translation(const Record& record, const dialect::TranslationContext& context) {
  if (context.client != dialect::Api::anthropic || context.provider != dialect::Api::anthropic) return true;
  return record.facts.web_search && record.operation == Operation::messages && !context.provider_searches();
}

/// What the client asks for with the headers x-penstock-credential-mode or x-claude-token-mode.
std::string_view asked_mode(const Work& work) {
  for (const char* name : {"x-penstock-credential-mode", "x-claude-token-mode"})
    if (const auto* field = wire::find(work.exchange.head().fields, name)) return trim(field->value);
  return {};
}

/// The client shows a credential that is not one of our tokens.
bool shows_credential(const Work& work) {
  return std::ranges::any_of(work.exchange.head().fields, [&](const wire::Field& field) {
    const bool carries = equals_ignoring_case(field.name, "authorization") || equals_ignoring_case(field.name, "x-api-key");
    return carries && !field.value.empty() && !is_client_token(bearer_of(field.value), work.snapshot);
  });
}

}  // namespace

const Upstream* endpoint_of(const Work& work, const config::Target& target) {
  const Upstream* provider = work.snapshot.find(target.provider);
  return provider ? &provider->speaking(work.record.client) : nullptr;
}

bool passes_credential(const Work& work, const Upstream& upstream) {
  if (!upstream.transparent && !upstream.passthrough) return false;
  const auto asked = asked_mode(work);
  // Only Anthropic's own users have a credential of their own to show.
  if (upstream.transparent && asked == "passthrough") return true;
  if (upstream.passthrough) return asked != "rotate" || !upstream.has_key();
  return upstream.transparent && upstream.auth != AuthScheme::none && !upstream.has_key() && shows_credential(work);
}

Status aim(Work& work, json::Document& document, const config::Target& target, const Credential& credential,
           std::span<const policy::Repair> repairs) {
  Record& record = work.record;
  if (!work.indexed) TRY_STATUS(document.index(work.body));
  work.indexed = true;
  record.upstream = endpoint_of(work, target);
  if (!record.upstream) return fail(internal_error("the route leads to a provider that is not there: " + target.provider));
  record.model_id = target.model;
  record.model = record.upstream->find(target.model);
  record.chosen = &credential;
  record.token = nullptr;
  record.passthrough = passes_credential(work, *record.upstream);
  record.provider_request_id.clear();
  record.dropped.clear();
  set_quirks(work, repairs);
  work.translation.reset();
  auto context = translation_context(record, work.snapshot, !repairs.empty());
  if (!needs_translation(record, context)) {
    work.request = adapt(work.exchange.head(), work.query, document, record, work.snapshot);
  } else if (record.operation == Operation::messages) {
    context.schemas = work.schemas;
    work.translation = std::make_unique<dialect::Translation>(context);
    TRY(work.request, adapt_translated(work.exchange.head(), document, record, work.snapshot, *work.translation));
    record.dropped = fit_for_header(work.translation->dropped());
  }
  return {};
}

}  // namespace penstock::gateway
