// What the answer to a Responses client has to know of its request: how the client calls its tools, and the fields that an answer repeats.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace penstock::dialect {

/// A tool in the client's words. To a provider every one of them is a function.
struct ResponsesTool {
  /// custom: a free text as input. search: the client looks up tools of its own that it has not sent yet. local_shell: commands.
  enum class Form : std::uint8_t { function, custom, search, local_shell };
  Form form = Form::function;
  std::string space, name;  // namespace, and the name in it; insides of JSON strings
};

/// The tools of one request, by the names that a provider gets: those of a namespace are `namespace__name`, but for the namespace
/// `functions`, which is the model's own. All names are insides of JSON strings.
class ResponsesTools {
 public:
  /// The provider's name for a tool, whether it is here or not.
  [[nodiscard]] std::string provider_name(std::string_view space, std::string_view name) const;
  /// False: it is here already.
  bool add(ResponsesTool tool);
  /// Null for a name that the client did not give.
  [[nodiscard]] const ResponsesTool* find(std::string_view provider_name) const;

 private:
  std::map<std::string, ResponsesTool, std::less<>> by_name_;
};

/// The same JSON on one line, as the data of an event must be. Line breaks in it can only be white space.
[[nodiscard]] std::string on_one_line(std::string_view json);

struct ResponsesEcho {
  ResponsesTools tools;
  /// Members of the response object, a comma before each, in the order of the API.
  std::string fields =
      R"(,"max_output_tokens":null,"metadata":{},"parallel_tool_calls":true,"prompt_cache_key":null,"reasoning":{"effort":null,"summary":null},)"
      R"("safety_identifier":null,"temperature":null,"text":{"format":{"type":"text"}},"tool_choice":"auto","top_p":null,"user":null)";
};

}  // namespace penstock::dialect
