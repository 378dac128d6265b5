#include "dialect/anthropic_stream.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/text.h"

namespace penstock::dialect {

namespace {

constexpr std::string_view kBlockDelta = "content_block_delta";
constexpr std::string_view kSpace = " \t\r\n";

/// The text of an object's string member, or "".
std::string text_at(json::Value object, std::string_view key) {
  const auto value = object.find(key);
  return value ? value->text() : std::string();
}

/// Usage is cumulative, but some providers send zeros in one of the two places that tell it: the larger number counts.
void raise(std::uint64_t& count, json::Value holder, std::string_view key) {
  const auto value = holder.find(key);
  const auto number = value ? value->integer() : std::nullopt;
  if (number && *number > 0) count = std::max(count, static_cast<std::uint64_t>(*number));
}

bool skip(std::string_view& text, std::string_view word) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

/// The data's type when it comes first, as it does with all known providers; else "".
std::string_view leading_type(std::string_view data) {
  if (!skip(data, "{") || !skip(data, "\"type\"") || !skip(data, ":") || !skip(data, "\"")) return {};
  return data.substr(0, std::min(data.find('"'), data.size()));
}

/// The data on one line: between JSON's tokens a line end is white space, inside strings there is none.
std::string one_line(std::string_view data) {
  std::string line(data);
  std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

/// `event` with other data. All else in its bytes (ids, comments) stays, when the data is one line.
std::string with_data(const wire::Event& event, std::string_view name, const std::string& json) {
  const auto at = event.data.data() - event.raw.data();
  const bool inside = std::less_equal<>()(event.raw.data(), event.data.data()) && at < static_cast<std::ptrdiff_t>(event.raw.size());
  if (!inside || event.name.empty()) return wire::format_event(name, one_line(json));
  std::string bytes(event.raw.substr(0, static_cast<std::size_t>(at)));
  return bytes.append(json).append(event.raw.substr(static_cast<std::size_t>(at) + event.data.size()));
}

}  // namespace

StreamTap::StreamTap(Options options) : options_(std::move(options)), document_(options_.scratch) {
  if (document_) return;
  own_document_ = std::make_unique<json::Document>();
  document_ = own_document_.get();
}

std::optional<std::string> StreamTap::rewrite(const wire::Event& event) {
  if (event.name == kBlockDelta) return open_.empty() ? std::nullopt : block_delta(event);
  if (event.comment_only || event.name == "ping") return std::nullopt;
  if (!event.name.empty()) return take(event.name, event);
  std::string type(leading_type(event.data));
  const bool readable = type.empty() && index(event.data);
  if (readable) type = text_at(document_->root(), "type");
  if (readable && type.empty() && names_error()) type = "error";  // as OpenAI's dialect writes it
  if (type.empty()) return std::nullopt;
  auto output = type == kBlockDelta ? (open_.empty() ? std::nullopt : block_delta(event)) : take(type, event);
  return output ? output : wire::format_event(type, one_line(event.data));
}

StreamTap::Output StreamTap::take(std::string_view type, const wire::Event& event) {
  if (type == "content_block_start") return block_start(event);
  if (type == "content_block_stop") return block_stop(event);
  if (type == "message_start") return message_start(event);
  if (type == "message_delta") message_delta(event);
  if (type == "message_stop") finished_ = true;
  if (type == "error") note_failure(event.data);
  return std::nullopt;
}

/// What was indexed last is an object with an error.
bool StreamTap::names_error() const {
  const auto root = document_->root();
  const auto error = root.is_object() ? root.find("error") : std::nullopt;
  return error && !error->is_null();
}

bool StreamTap::index(std::string_view text) {
  text_.assign(text);
  return document_->index(text_.text()).has_value();
}

StreamTap::Output StreamTap::message_start(const wire::Event& event) {
  if (!index(event.data)) return std::nullopt;
  const auto message = document_->root().find("message");
  if (!message) return std::nullopt;
  json::Patch patch(*document_);
  note_usage(*message);
  name_model(*message, patch);
  if (patch.empty()) return std::nullopt;
  return with_data(event, "message_start", patch.text());
}

StreamTap::Output StreamTap::block_start(const wire::Event& event) {
  content_begun_ = true;
  if (options_.codec == nullptr || !index(event.data)) return std::nullopt;
  const auto block = document_->root().find("content_block");
  if (!block) return std::nullopt;
  json::Patch patch(*document_);
  const bool is_signed = tag_block(*block, patch);
  if (const auto type = block->find("type"); type && type->equals("thinking")) {
    const auto place = document_->root().find("index");
    open_.push_back({place ? place->integer().value_or(0) : 0, is_signed});
  }
  if (patch.empty()) return std::nullopt;
  return with_data(event, "content_block_start", patch.text());
}

/// Called only while a thinking block is open. The word may stand in a thought, too; then the event is parsed in vain.
StreamTap::Output StreamTap::block_delta(const wire::Event& event) {
  if (!event.data.contains("signature_delta") || !index(event.data)) return std::nullopt;
  const auto root = document_->root();
  const auto delta = root.find("delta");
  const auto type = delta ? delta->find("type") : std::nullopt;
  if (!type || !type->equals("signature_delta")) return std::nullopt;
  json::Patch patch(*document_);
  if (!tag_text(delta->find("signature"), patch)) return std::nullopt;
  const auto place = root.find("index");
  for (auto& block : open_)
    if (!place || block.index == place->integer()) block.is_signed = true;
  return with_data(event, kBlockDelta, patch.text());
}

StreamTap::Output StreamTap::block_stop(const wire::Event& event) {
  if (open_.empty() || !index(event.data)) return std::nullopt;
  const auto place = document_->root().find("index");
  const auto number = place ? place->integer().value_or(0) : 0;
  const auto block = std::ranges::find_if(open_, [&](const OpenBlock& open) { return open.index == number; });
  if (block == open_.end()) return std::nullopt;
  const bool is_signed = block->is_signed;
  open_.erase(block);
  if (is_signed) return std::nullopt;
  const auto stop = event.name.empty() ? wire::format_event("content_block_stop", one_line(event.data)) : std::string(event.raw);
  return signature_event(number) + stop;
}

/// Without it the client would send the block back with nothing that says whose it is.
std::string StreamTap::signature_event(std::int64_t index) const {
  return wire::format_event(kBlockDelta, R"({"type":"content_block_delta","index":)" + std::to_string(index) +
                                             R"(,"delta":{"type":"signature_delta","signature":")" +
                                             options_.codec->tag(options_.provider, "") + "\"}}");
}

void StreamTap::message_delta(const wire::Event& event) {
  if (!index(event.data)) return;
  note_usage(document_->root());
  const auto delta = document_->root().find("delta");
  if (auto reason = delta ? text_at(*delta, "stop_reason") : ""; !reason.empty()) stop_reason_ = std::move(reason);
}

void StreamTap::note_failure(std::string_view data) {
  failure_ = Failure{.type = "", .message = std::string(data)};
  if (!index(data)) return;
  const auto root = document_->root();
  const auto error = root.find("error").value_or(root);
  if (error.is_object()) failure_ = Failure{.type = text_at(error, "type"), .message = text_at(error, "message")};
}

void StreamTap::note_usage(json::Value holder) {
  const auto usage = holder.find("usage");
  if (!usage || !usage->is_object()) return;
  usage_.known = true;
  raise(usage_.input, *usage, "input_tokens");
  raise(usage_.output, *usage, "output_tokens");
  raise(usage_.cache_read, *usage, "cache_read_input_tokens");
  raise(usage_.cache_write, *usage, "cache_creation_input_tokens");
  if (const auto details = usage->find("output_tokens_details")) raise(usage_.thinking, *details, "thinking_tokens");
}

void StreamTap::name_model(json::Value message, json::Patch& patch) {
  const auto model = message.find("model");
  if (!model || !model->is_string()) return;
  model_ = model->text();
  if (!options_.answer_model.empty() && model_ != options_.answer_model) patch.replace(*model, json_quote(options_.answer_model));
}

bool StreamTap::tag_text(std::optional<json::Value> text, json::Patch& patch) const {
  if (!text || !text->is_string()) return false;
  patch.replace(*text, json_quote(options_.codec->tag(options_.provider, text->text())));
  return true;
}

/// Tags what a block carries at its start; true when that is its whole signature. An empty one is a promise of more to come.
bool StreamTap::tag_block(json::Value block, json::Patch& patch) const {
  const auto type = block.find("type");
  if (!type) return false;
  if (type->equals("redacted_thinking")) return tag_text(block.find("data"), patch);
  if (!type->equals("thinking")) return false;
  const auto signature = block.find("signature");
  return signature && !signature->equals("") && tag_text(signature, patch);
}

void StreamTap::tag_whole_block(json::Value block, json::Patch& patch) const {
  const auto type = block.find("type");
  if (tag_block(block, patch) || !type || !type->equals("thinking")) return;
  const auto tag = json_quote(options_.codec->tag(options_.provider, ""));
  const auto signature = block.find("signature");
  signature ? patch.replace(*signature, tag) : patch.add_member(block, "signature", tag);
}

bool StreamTap::rewrite_whole(std::string& body) {
  if (!index(body) || !document_->root().is_object()) return false;
  const auto root = document_->root();
  if (const auto error = root.find("error"); error && !error->is_null()) {
    note_failure(body);
    return false;
  }
  json::Patch patch(*document_);
  note_usage(root);
  name_model(root, patch);
  stop_reason_ = text_at(root, "stop_reason");
  const auto content = root.find("content");
  content_begun_ = content && !content->is_empty();
  finished_ = content.has_value();
  if (content && options_.codec != nullptr)
    for (const auto& block : content->elements()) tag_whole_block(block, patch);
  if (patch.empty()) return false;
  body = patch.text();
  return true;
}

}  // namespace penstock::dialect
