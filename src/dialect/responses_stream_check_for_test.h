// Says whether a stream of Responses events is one that clients take: written from what the openai SDK demands of it, and codex reads.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/padded.h"
#include "json/scan.h"
#include "wire/sse.h"

namespace penstock::dialect {

class ResponsesStreamCheck {
 public:
  /// What is wrong with the whole stream, or "".
  static std::string objection(std::string_view stream) {
    ResponsesStreamCheck check;
    wire::EventScanner scanner;
    const std::string copy(stream);
    scanner.feed(copy, [&](const wire::Event& event) { check.take(event); });
    check.expect(scanner.held() == 0, "bytes behind the last event");
    check.expect(check.over_, "no end");
    return check.objection_;
  }

 private:
  void refuse(std::string why) {
    if (objection_.empty()) objection_ = std::move(why);
  }
  void expect(bool good, const std::string& why) {
    if (!good) refuse(type_ + ": " + why);
  }
  static std::string text(const std::optional<json::Value>& holder, std::string_view name) {
    const auto value = holder ? holder->find(name) : std::nullopt;
    return value ? value->text() : "";
  }
  /// As it stands between the quotes: a character that two deltas share has no text of its own in either.
  static std::string written(json::Value holder, std::string_view name) {
    const auto value = holder.find(name);
    return std::string(value && value->is_string() ? value->raw_text() : "");
  }
  static std::int64_t number(json::Value holder, std::string_view name) {
    const auto value = holder.find(name);
    return value ? value->integer().value_or(-1) : -1;
  }

  void take(const wire::Event& event) {
    const json::Padded padded(event.data);
    json::Document document;
    if (!document.index(padded.text())) return refuse("no JSON: " + std::string(event.data));
    const auto root = document.root();
    type_ = text(root, "type");
    expect(type_ == event.name, "another name than the event: " + std::string(event.name));
    expect(number(root, "sequence_number") == sequence_++, "sequence_number");
    if (over_) return expect(failing_ && type_ == "response.failed", "an event behind the end");
    if (type_ == "error") return error(root);
    if (const auto response = root.find("response")) return whole(*response);
    expect(!id_.empty(), "before response.created");
    item_event(root);
  }

  void error(json::Value root) {
    over_ = failing_ = true;
    expect(root.find("error") && !text(root.find("error"), "message").empty(), "an error without a message");
  }

  void whole(json::Value response) {
    if (type_ == "response.created") id_ = text(response, "id");
    expect(!id_.empty() && text(response, "id") == id_, "the id changes");
    for (const auto* field : {"object", "created_at", "error", "incomplete_details", "instructions", "metadata", "model", "output",
                              "parallel_tool_calls", "temperature", "tool_choice", "tools", "top_p", "status", "usage"})
      expect(response.find(field).has_value(), std::string("no ") + field);
    if (type_ == "response.created" || type_ == "response.in_progress") return;
    over_ = true;
    expect(type_ == "response.completed" || type_ == "response.incomplete", "not known");
    expect("response." + text(response, "status") == type_, "status " + text(response, "status"));
    expect(open_.empty(), "an item is open at the end");
    expect(response.find("usage")->is_object() && number(*response.find("usage"), "total_tokens") >= 0, "no usage");
    std::size_t at = 0;
    for (const auto item : response.find("output")->elements()) {
      expect(at < done_.size() && done_[at] == item.raw(), "output differs from the items");
      ++at;
    }
    expect(at == done_.size(), "output lacks items");
  }

  void item_event(json::Value root) {
    const auto index = number(root, "output_index");
    if (type_ == "response.output_item.added") {
      expect(open_.empty(), "while another item is open");
      expect(index == static_cast<std::int64_t>(done_.size()), "output_index");
      open_ = text(root.find("item"), "id");
      kind_ = text(root.find("item"), "type");
      expect(!open_.empty(), "no id");
      pieces_.clear();
      return;
    }
    expect(!open_.empty() && index == static_cast<std::int64_t>(done_.size()), "of no open item");
    if (type_ == "response.output_item.done") return item_done(*root.find("item"));
    expect(text(root, "item_id") == open_, "item_id");
    piece(root);
  }

  void item_done(json::Value item) {
    expect(text(item, "id") == open_ && text(item, "type") == kind_, "another item than was added");
    if (kind_ == "function_call") expect(written(item, "arguments") == pieces_, "arguments");
    if (kind_ == "custom_tool_call") expect(written(item, "input") == pieces_, "input");
    done_.emplace_back(item.raw());
    open_.clear();
  }

  /// Deltas add up to what `done` says.
  void piece(json::Value root) {
    if (type_.ends_with(".delta")) pieces_ += written(root, "delta");
    for (const auto* field : {"text", "arguments", "input"})
      if (type_.ends_with(".done") && root.find(field)) expect(written(root, field) == pieces_, "not what the deltas said");
    if (type_.starts_with("response.output_text")) expect(kind_ == "message", "in an item of the type " + kind_);
    if (type_.starts_with("response.output_text.d")) expect(root.find("logprobs").has_value(), "no logprobs");
    if (type_.starts_with("response.reasoning_summary")) expect(kind_ == "reasoning", "in an item of the type " + kind_);
    if (type_.starts_with("response.function_call")) expect(kind_ == "function_call", "in an item of the type " + kind_);
    if (type_.starts_with("response.custom_tool")) expect(kind_ == "custom_tool_call", "in an item of the type " + kind_);
  }

  std::string objection_, type_, id_, open_, kind_, pieces_;
  std::vector<std::string> done_;
  std::int64_t sequence_ = 0;
  bool over_ = false, failing_ = false;
};

}  // namespace penstock::dialect
