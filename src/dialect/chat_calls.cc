#include "dialect/chat_calls.h"

#include <algorithm>

#include "base/text.h"

namespace penstock::dialect {

namespace {

llm::Text text_member(json::Value object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is_string() ? llm::Text{value->raw_text()} : llm::Text{};
}

}  // namespace

CallFragment read_call_fragment(json::Value element) {
  CallFragment out;
  if (const auto index = element.find("index")) out.index = index->integer();
  out.id = text_member(element, "id");
  if (const auto extra = element.find("extra_content"); extra && extra->is_object()) out.extra = {extra->raw()};
  const auto function = element.find("function");
  const auto body = function && function->is_object() ? *function : element;  // the older function_call has no envelope
  out.name = text_member(body, "name");
  const auto arguments = body.find("arguments");
  if (arguments && arguments->is_string()) out.arguments = arguments->raw_text();
  if (arguments && arguments->is_object()) out.object = json_escape(arguments->raw());
  return out;
}

ChatCalls::Call* ChatCalls::candidate(const CallFragment& fragment) {
  const auto newest = [&](const auto& calls, const auto& name) -> Call* {
    const auto found = calls.find(name);
    return found == calls.end() ? nullptr : &calls_[found->second];
  };
  if (fragment.index) return newest(by_index_, *fragment.index);
  if (!fragment.id.empty()) return newest(by_id_, std::string(fragment.id.written));
  return calls_.empty() ? nullptr : &calls_.back();
}

bool ChatCalls::continues(const Call& call, const CallFragment& fragment) const {
  const bool named = !fragment.name.empty();
  // Two elements of one list are two calls.
  if (call.chunk == chunk_ && (named || !fragment.index)) return false;
  if (!fragment.id.empty() && !call.id.empty() && fragment.id.written != call.id) return !named;  // ids that change inside a call are known
  if (!fragment.id.empty() && !call.id.empty()) return true;
  if (named && !call.name.empty() && fragment.name.written != call.name) return false;
  return !(named && (call.scan.complete() || call.is_empty));
}

ChatCalls::Call& ChatCalls::call_of(const CallFragment& fragment, bool whole) {
  Call* call = whole ? nullptr : candidate(fragment);
  if (call == nullptr || !continues(*call, fragment)) {
    call = &calls_.emplace_back();
    call->place = calls_.size() - 1;
    call->index = fragment.index;
    if (call->index) by_index_[*call->index] = call->place;
  }
  call->chunk = chunk_;
  // Later fragments may repeat both, or hold empty ones.
  if (call->id.empty() && !fragment.id.empty()) {
    call->id = fragment.id.written;
    auto& place = by_id_.try_emplace(call->id, call->place).first->second;
    place = std::max(place, call->place);
  }
  if (call->name.empty()) call->name = fragment.name.written;
  return *call;
}

std::string_view ChatCalls::new_arguments(Call& call, const CallFragment& fragment) {
  const auto written = fragment.object.empty() ? fragment.arguments : std::string_view(fragment.object);
  if (written.empty() || call.scan.complete()) return {};
  if (!call.scan.begun() && (written == "{}" || written == "null")) {
    call.is_empty = true;
    return {};
  }
  call.is_empty = false;
  call.scan.feed(written);
  return written;
}

bool ChatCalls::has_nameless() const {
  return std::ranges::any_of(calls_, [](const Call& call) { return !call.opened && !call.waiting.empty(); });
}

}  // namespace penstock::dialect
