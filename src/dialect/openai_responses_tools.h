// The tools of a Responses request, as functions for any provider (wire-reference 3.11).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dialect/responses_echo.h"
#include "json/scan.h"
#include "llm/request.h"

namespace penstock::dialect {

/// A tool of the kind web_search, of any date, that may ask the web. With `external_web_access: false` the client wants an index that only
/// OpenAI has.
[[nodiscard]] bool is_live_web_search(json::Value tool);

/// Reads tools into `request.tools`, wherever the client lists them: in `tools`, in an item additional_tools, or among what its own search
/// found.
class ResponsesToolReader {
 public:
  ResponsesToolReader(llm::Request& request, ResponsesTools& tools) : request_(request), tools_(tools) {}

  /// `path` names the list in messages. What is listed twice is read once. A custom tool becomes a function with the string `input`; its
  /// grammar joins the description. Hosted tools but web_search are named in `dropped`. Fails where a tool has no name.
  Status read(json::Value list, const std::string& path);
  /// `tool_choice`, after all tools.
  void choose(json::Value value);

 private:
  Status read_one(json::Value tool, const std::string& path, std::string_view space, llm::Text about);
  Status read_namespace(json::Value space, const std::string& path);
  void add(ResponsesTool known, llm::Tool tool);
  llm::Tool function_of(json::Value tool, llm::Text about, bool custom);
  void add_shell();
  void add_web_search(json::Value tool);
  void choose_word(std::string_view word);
  void choose_named(json::Value holder);
  void keep_allowed(json::Value list);
  [[nodiscard]] llm::Text provider_name(json::Value holder);
  void drop(std::string name);

  llm::Request& request_;
  ResponsesTools& tools_;
};

}  // namespace penstock::dialect
