// A provider that knows the API of 2023-06-01 as it was at first, and refuses all else. For tests; written from wire-reference 1.4 to 1.7.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "json/scan.h"

namespace penstock::dialect {

class StrictApi {
 public:
  /// What the provider objects to, or "".
  static std::string objection(json::Value request) {
    StrictApi api;
    api.request(request);
    return api.objection_;
  }

 private:
  using Names = std::initializer_list<std::string_view>;

  void refuse(const std::string& why) {
    if (objection_.empty()) objection_ = why;
  }
  void expect(bool good, const std::string& why) {
    if (!good) refuse(why);
  }

  void only(json::Value object, Names known, const std::string& where) {
    expect(object.is_object(), where + ": no object");
    std::set<std::string> seen;
    for (const auto& member : object.members()) {
      const auto key = member.key.text();
      expect(std::ranges::find(known, key) != known.end(), where + "." + key + ": extra inputs are not permitted");
      expect(seen.insert(key).second, where + "." + key + ": twice");
    }
  }

  static std::string word(json::Value object, std::string_view key) {
    const auto value = object.find(key);
    return value ? value->text() : "";
  }

  void words(const std::string& text, const std::string& where) {
    expect(text.find_first_not_of(" \t\r\n") != std::string::npos, where + ": text must not be empty");
  }

  void request(json::Value root) {
    only(root,
         {"model", "max_tokens", "messages", "system", "stream", "stop_sequences", "temperature", "top_p", "top_k", "tools", "tool_choice",
          "thinking", "metadata"},
         "request");
    expect(!word(root, "model").empty(), "model: required");
    const auto limit = root.find("max_tokens");
    max_tokens_ = limit ? limit->integer().value_or(0) : 0;
    expect(max_tokens_ > 0, "max_tokens: required");
    if (const auto field = root.find("system")) system(*field);
    if (const auto field = root.find("tools")) tools(*field);
    if (const auto field = root.find("tool_choice"))
      expect(root.find("tools").has_value() && field->is_object(), "tool_choice: without tools");
    if (const auto field = root.find("thinking")) thinking(*field);
    if (const auto field = root.find("metadata")) {
      only(*field, {"user_id"}, "metadata");
      expect(word(*field, "user_id").size() == 64, "metadata.user_id: not a hash");
    }
    const auto list = root.find("messages");
    expect(list && list->is_array() && !list->is_empty(), "messages: required");
    if (list) messages(*list);
  }

  void system(json::Value field) {
    if (field.is_string()) return words(field.text(), "system");
    expect(field.is_array() && !field.is_empty(), "system: empty");
    for (const auto& block : field.elements()) {
      only(block, {"type", "text"}, "system");
      words(word(block, "text"), "system");
      expect(!word(block, "text").starts_with("x-anthropic"), "system: billing header");
    }
  }

  void tools(json::Value field) {
    expect(field.is_array() && !field.is_empty(), "tools: empty");
    for (const auto& tool : field.elements()) {
      only(tool, {"name", "description", "input_schema", "type"}, "tool");
      expect(!word(tool, "name").empty(), "tool.name: required");
      expect(!tool.find("type") || word(tool, "type") == "custom", "tool.type: unknown");
      const auto schema = tool.find("input_schema");
      expect(schema && word(*schema, "type") == "object", "tool.input_schema.type: must be object");
    }
  }

  void thinking(json::Value field) {
    only(field, {"type", "budget_tokens"}, "thinking");
    if (word(field, "type") == "disabled") return;
    expect(word(field, "type") == "enabled", "thinking.type: unknown");
    const auto budget = field.find("budget_tokens");
    const auto tokens = budget ? budget->integer().value_or(0) : 0;
    expect(tokens >= 1024 && tokens < max_tokens_, "thinking.budget_tokens: out of range");
  }

  void messages(json::Value list) {
    std::vector<std::string> waiting;  // calls that the next message must answer
    bool first = true;
    for (const auto& message : list.elements()) {
      only(message, {"role", "content"}, "message");
      const auto role = word(message, "role");
      expect(role == "user" || role == "assistant", "message.role: " + role);
      expect(!first || role == "user", "the first message must be the user's");
      first = false;
      const auto content = message.find("content");
      if (!content) return refuse("message.content: required");
      expect(waiting.empty() || role == "user", "tool_use without tool_result");
      waiting = role == "user" ? user(*content, waiting) : assistant(*content);
    }
  }

  std::vector<std::string> user(json::Value content, const std::vector<std::string>& waiting) {
    std::vector<std::string> answered;
    if (content.is_string()) words(content.text(), "user");
    expect(content.is_string() || !content.is_empty(), "user: empty");
    bool results = true;
    for (const auto& block : content.elements()) {
      const auto type = word(block, "type");
      if (type == "tool_result") {
        expect(results, "tool_result behind other blocks");
        answered.push_back(word(block, "tool_use_id"));
        result(block);
      } else {
        results = false;
        plain(block, type);
      }
    }
    auto sorted = waiting;
    std::ranges::sort(sorted);
    std::ranges::sort(answered);
    expect(sorted == answered, "tool_use ids and tool_result ids differ");
    return {};
  }

  void result(json::Value block) {
    only(block, {"type", "tool_use_id", "content", "is_error"}, "tool_result");
    const auto content = block.find("content");
    if (!content) return;
    for (const auto& inner : content->elements()) plain(inner, word(inner, "type"));
  }

  void plain(json::Value block, const std::string& type) {
    if (type == "text") {
      only(block, {"type", "text"}, "text");
      return words(word(block, "text"), "text");
    }
    if (type == "image") return only(block, {"type", "source"}, "image");
    if (type == "document") return only(block, {"type", "source", "title", "context"}, "document");
    refuse("content block of type " + type);
  }

  std::vector<std::string> assistant(json::Value content) {
    std::vector<std::string> calls;
    if (content.is_string()) words(content.text(), "assistant");
    expect(content.is_string() || !content.is_empty(), "assistant: empty");
    for (const auto& block : content.elements()) {
      const auto type = word(block, "type");
      if (type == "tool_use") {
        only(block, {"type", "id", "name", "input"}, "tool_use");
        calls.push_back(word(block, "id"));
      } else if (type == "thinking") {
        only(block, {"type", "thinking", "signature"}, "thinking");
        expect(word(block, "signature").starts_with("own") || word(block, "signature").empty(), "invalid signature in thinking block");
      } else {
        plain(block, type);
      }
    }
    return calls;
  }

  std::string objection_;
  std::int64_t max_tokens_ = 0;
};

}  // namespace penstock::dialect
