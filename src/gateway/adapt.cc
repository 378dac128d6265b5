#include "gateway/adapt.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/append.h"
#include "base/text.h"
#include "dialect/adapt.h"
#include "dialect/gemini_request_writer.h"
#include "gateway/authenticate.h"
#include "wire/headers.h"

namespace penstock::gateway {

namespace {

void add(std::string& head, std::string_view name, std::string_view value) { append(head, name, ": ", value, "\r\n"); }

bool is(const wire::Field& field, std::string_view name) { return equals_ignoring_case(field.name, name); }

bool is_ours(std::string_view name) {
  return starts_with_ignoring_case(name, "x-penstock-") || equals_ignoring_case(name, "x-litellm-api-key");
}

/// The client's own credential passes in passthrough mode, unless it is a token of ours.
bool credential_passes(const wire::Field& field, const Record& record, const Snapshot& snapshot) {
  if (!record.passthrough || is_ours(field.name)) return false;
  if (!is(field, "authorization") && !is(field, "x-api-key")) return false;
  return !is_client_token(bearer_of(field.value), snapshot);
}

/// Fields that pass to Anthropic: all that are not the connection's, the sender's, or a credential.
bool passes_to_anthropic(const wire::Field& field, const Record& record, const Snapshot& snapshot) {
  if (wire::is_client_credential(field.name)) return credential_passes(field, record, snapshot);
  return !wire::is_hop_by_hop(field.name) && !wire::is_rewritten(field.name) && !is_ours(field.name) && !is(field, "origin") &&
         !is(field, "referer");
}

/// The client's betas and the one without which the credential does not work.
void add_betas(std::string& head, const wire::RequestHead& client, const Upstream& upstream) {
  std::string betas;
  if (const auto own = upstream.headers.find("anthropic-beta"); own != upstream.headers.end()) {
    betas = own->second;
  } else {
    for (const auto& field : client.fields)
      if (is(field, "anthropic-beta")) append(betas, betas.empty() ? "" : ",", field.value);
  }
  const auto there = split(betas, ',');
  if (std::ranges::find(there, upstream.credential_beta) == there.end()) betas += (betas.empty() ? "" : ",") + upstream.credential_beta;
  add(head, "anthropic-beta", betas);
}

void add_for_anthropic(std::string& head, const wire::RequestHead& client, const Record& record, const Snapshot& snapshot) {
  const Upstream& upstream = *record.upstream;
  const bool names_more = wire::names_fields_in_connection(client.fields);
  for (const auto& field : client.fields) {
    if (!passes_to_anthropic(field, record, snapshot)) continue;
    if (names_more && wire::is_named_in_connection(client.fields, field.name)) continue;
    if (!upstream.headers.empty() && upstream.headers.contains(to_lower(field.name))) continue;
    if (!upstream.credential_beta.empty() && is(field, "anthropic-beta")) continue;
    add(head, field.name, field.value);
  }
  if (!upstream.credential_beta.empty()) add_betas(head, client, upstream);
}

void add_credential(std::string& head, const Upstream& upstream, const Secret& credential) {
  if (credential.empty()) return;
  switch (upstream.auth) {
    case AuthScheme::x_api_key: return add(head, "x-api-key", credential.reveal());
    case AuthScheme::bearer: return append(head, "authorization: Bearer ", credential.reveal(), "\r\n");
    case AuthScheme::header: return add(head, upstream.auth_header, credential.reveal());
    case AuthScheme::none: return;
  }
}

/// The chosen key; a login's token comes later (show_token).
void add_own_credential(std::string& head, const Record& record) {
  if (!record.passthrough && record.chosen) add_credential(head, *record.upstream, record.chosen->key);
}

void add_for_third_party(std::string& head, const wire::RequestHead& client, const Record& record, const Snapshot& snapshot) {
  const Upstream& upstream = *record.upstream;
  const dialect::Quirks& quirks = *record.quirks;
  const auto overridden = [&](std::string_view name) { return upstream.headers.contains(std::string(name)); };
  if (!overridden("content-type")) add(head, "content-type", "application/json");
  if (!overridden("accept")) add(head, "accept", "application/json, text/event-stream");
  if (!overridden("anthropic-version")) {
    const auto* version = wire::find(client.fields, "anthropic-version");
    add(head, "anthropic-version", version && quirks.version == dialect::Keep::keep ? version->value : "2023-06-01");
  }
  std::string betas;
  for (const auto& field : client.fields) {
    if (is(field, "anthropic-beta")) betas += (betas.empty() ? "" : ",") + std::string(field.value);
    if (is(field, "user-agent") && quirks.user_agent == dialect::Keep::keep && !overridden("user-agent"))
      add(head, "user-agent", field.value);
    if (wire::is_client_credential(field.name) && credential_passes(field, record, snapshot)) add(head, field.name, field.value);
  }
  if (const auto left = dialect::filter_betas(quirks, betas); !left.empty() && !overridden("anthropic-beta"))
    add(head, "anthropic-beta", left);
}

void add_fields(std::string& head, const wire::RequestHead& client, const Record& record, const Snapshot& snapshot) {
  const Upstream& upstream = *record.upstream;
  if (upstream.transparent) {
    add_for_anthropic(head, client, record, snapshot);
  } else {
    add_for_third_party(head, client, record, snapshot);
  }
  for (const auto& [name, value] : upstream.headers)
    if (upstream.credential_beta.empty() || name != "anthropic-beta") add(head, name, value);
  add_own_credential(head, record);
  // The tap reads what passes, so it must not be compressed.
  add(head, "accept-encoding", "identity");
}

}  // namespace

bool shows_token(const Record& record) { return !record.passthrough && record.chosen && record.chosen->token_source; }

std::vector<iovec> Outgoing::pieces() const {
  std::vector<iovec> all;
  all.reserve(body.size() + 3);
  all.push_back({const_cast<char*>(head.data()), head.size()});
  if (!credential.empty()) all.push_back({const_cast<char*>(credential.data()), credential.size()});
  if (!written.empty())
    for (const auto piece : long_texts.pieces(written)) all.push_back({const_cast<char*>(piece.data()), piece.size()});
  for (const auto piece : body) all.push_back({const_cast<char*>(piece.data()), piece.size()});
  return all;
}

Outgoing adapt(const wire::RequestHead& client, std::string_view query, const json::Document& body, const Record& record,
               const Snapshot& snapshot) {
  const Upstream& upstream = *record.upstream;
  Outgoing out;
  out.patch = std::make_unique<json::Patch>(body);
  const dialect::RequestContext context{upstream.name, record.model_id, record.model ? record.model->max_output : 0,
                                        snapshot.signatures.get(), &record.facts};
  dialect::apply(*record.quirks, body, context, *out.patch);
  out.body = out.patch->pieces();
  const auto size =
      std::accumulate(out.body.begin(), out.body.end(), std::size_t{0}, [](std::size_t sum, auto piece) { return sum + piece.size(); });

  out.head.reserve(2048);
  out.head += "POST ";
  out.head += upstream.path;
  out.head += record.operation == Operation::count_tokens ? "/v1/messages/count_tokens" : "/v1/messages";
  if (upstream.transparent) out.head += query;
  out.head += " HTTP/1.1\r\n";
  add(out.head, "host", upstream.host);
  add_fields(out.head, client, record, snapshot);
  append(out.head, "content-length: ", size, shows_token(record) ? "\r\n" : "\r\n\r\n");
  return out;
}

namespace {

/// Who asks is told as it is: Kimi's subscription serves coding agents only. What belongs to OpenAI's API goes where it is spoken.
bool passes_translation(const wire::Field& field, const Upstream& upstream, const Record& record) {
  if (is(field, "user-agent")) return record.quirks->user_agent == dialect::Keep::keep;
  const bool same = upstream.api == record.client && upstream.api != dialect::Api::anthropic;
  return same && (is(field, "openai-beta") || is(field, "session_id") || is(field, "conversation_id") || is(field, "x-session-id"));
}

/// A client's field that a translated request keeps: who asks, where the provider wants to know.
void add_for_translation(std::string& head, const wire::RequestHead& client, const Record& record, const Snapshot& snapshot) {
  const Upstream& upstream = *record.upstream;
  const auto overridden = [&](std::string_view name) { return upstream.headers.contains(std::string(name)); };
  if (!overridden("content-type")) add(head, "content-type", "application/json");
  if (!overridden("accept")) add(head, "accept", record.facts.stream ? "text/event-stream" : "application/json");
  if (upstream.api == dialect::Api::anthropic && !overridden("anthropic-version")) add(head, "anthropic-version", "2023-06-01");
  for (const auto& field : client.fields) {
    if (wire::is_client_credential(field.name) && credential_passes(field, record, snapshot)) add(head, field.name, field.value);
    if (passes_translation(field, upstream, record) && !overridden(to_lower(field.name))) add(head, field.name, field.value);
  }
  if (!upstream.credential_beta.empty()) add(head, "anthropic-beta", upstream.credential_beta);
  for (const auto& [name, value] : upstream.headers)
    if (upstream.credential_beta.empty() || name != "anthropic-beta") add(head, name, value);
  add_own_credential(head, record);
  add(head, "accept-encoding", "identity");
}

std::string path_for(const Upstream& upstream, const Record& record) {
  if (upstream.api == dialect::Api::gemini) return dialect::gemini_path(upstream.path, record.model_id, record.facts.stream);
  return upstream.api_path.empty() ? upstream.path + "/v1/messages" : upstream.api_path;
}

}  // namespace

Result<Outgoing> adapt_translated(const wire::RequestHead& client, const json::Document& body, const Record& record,
                                  const Snapshot& snapshot, dialect::Translation& translation) {
  dialect::LongTexts long_texts(body.text());
  TRY(std::string written, translation.request(body, &long_texts));
  return adapt_written(client, std::move(written), record, snapshot, std::move(long_texts));
}

Outgoing adapt_written(const wire::RequestHead& client, std::string written, const Record& record, const Snapshot& snapshot,
                       dialect::LongTexts long_texts) {
  const Upstream& upstream = *record.upstream;
  Outgoing out;
  out.written = std::move(written);
  out.long_texts = std::move(long_texts);
  append(out.head, "POST ", path_for(upstream, record), " HTTP/1.1\r\n");
  add(out.head, "host", upstream.host);
  add_for_translation(out.head, client, record, snapshot);
  append(out.head, "content-length: ", out.written.size() + out.long_texts.size(), shows_token(record) ? "\r\n" : "\r\n\r\n");
  return out;
}

void show_token(Outgoing& request, const Upstream& upstream, const Secret& token) {
  request.credential.clear();
  add_credential(request.credential, upstream, token);
  request.credential += "\r\n";
}

}  // namespace penstock::gateway
