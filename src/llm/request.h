// A request in the gateway's own vocabulary, as rich as the Anthropic Messages API. A client's dialect reads into it, a provider's writes
// from it. Texts are not copied and not decoded: they are views of the client's body, or of what the request itself keeps.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace penstock::llm {

/// A text as it stands between the quotes of a JSON string, escapes as written: it moves from one JSON body to another as it is.
struct Text {
  std::string_view written;
  [[nodiscard]] bool empty() const { return written.empty(); }
  bool operator==(const Text&) const = default;
};

/// One JSON value as it was written. Empty: there is none.
struct Json {
  std::string_view raw;
  [[nodiscard]] bool empty() const { return raw.empty(); }
  bool operator==(const Json&) const = default;
};

/// `cache_control`: what stands up to here may be kept by the provider.
enum class CacheMark : std::uint8_t { none, ephemeral, one_hour };

/// Where an image's or a document's bytes are.
struct Media {
  enum class From : std::uint8_t { base64, url, text, file };
  From from = From::base64;
  Text type;  // media type (base64 and text); may be empty for a URL
  Text data;  // base64, the URL, the text, or the file's id
};

struct TextPart {
  Text text;
  CacheMark cache = CacheMark::none;
};
struct ImagePart {
  Media media;
  Text detail;  // OpenAI's low, high, auto; empty: not said
  CacheMark cache = CacheMark::none;
};
struct DocumentPart {
  Media media;
  Text title, context;
  CacheMark cache = CacheMark::none;
};
/// Reasoning of the model's earlier turns.
struct ThinkingPart {
  Text text;            // empty when it is sealed
  Text signature;       // of whom made it, or our tag (dialect/signature.h)
  bool sealed = false;  // redacted_thinking: `signature` holds its data
};
struct ToolCall {
  Text id, name;
  Json input;  // an object; empty: {}
  CacheMark cache = CacheMark::none;
};
struct Part;
struct ToolResult {
  Text id;  // of the call
  std::vector<Part> parts;
  bool is_error = false;
  CacheMark cache = CacheMark::none;
};
/// A block without a counterpart elsewhere: server tools and their results, and what is newer than this program.
struct OtherPart {
  Text type;
  Json raw;
};
struct Part {
  std::variant<TextPart, ImagePart, DocumentPart, ThinkingPart, ToolCall, ToolResult, OtherPart> is;
};

enum class Role : std::uint8_t { user, assistant, system };
struct Message {
  Role role = Role::user;
  std::vector<Part> parts;
};

struct Tool {
  Text name, description;
  Json schema;  // of a function's input; empty: none given
  std::optional<bool> strict;
  CacheMark cache = CacheMark::none;
  Text type;  // of a server tool, such as web_search_20250305; empty: a function
  Json raw;   // of a server tool, whole
};

struct ToolChoice {
  enum class Kind : std::uint8_t { absent, automatic, any, named, none };
  Kind kind = Kind::absent;
  Text name;                     // with named
  std::optional<bool> parallel;  // false: one call at a time
};

/// What the model is to spend on reasoning.
struct Reasoning {
  enum class Mode : std::uint8_t { absent, off, budget, adaptive };
  Mode mode = Mode::absent;
  std::uint64_t budget = 0;  // tokens, with Mode::budget
  std::string effort;        // none minimal low medium high xhigh max, or what else was written; empty: not said
};

/// The shape that the answer's text must have.
struct AnswerFormat {
  enum class Kind : std::uint8_t { text, json_object, json_schema };
  Kind kind = Kind::text;
  Text name;    // empty: none given
  Json schema;  // with json_schema
  std::optional<bool> strict;
};

struct Request {
  Request() = default;
  Request(Request&&) = default;
  Request& operator=(Request&&) = default;

  std::vector<Part> system;
  std::vector<Message> messages;
  std::vector<Tool> tools;
  ToolChoice tool_choice;
  std::optional<std::uint64_t> max_tokens;
  std::optional<double> temperature, top_p;
  std::optional<std::uint64_t> top_k;
  std::vector<Text> stop;
  Reasoning reasoning;
  AnswerFormat format;
  Text user;     // who the client says its user is
  Text session;  // a key for the provider's prompt cache
  Text service_tier;
  bool stream = false;
  bool stream_usage = true;  // an OpenAI client may not want the usage chunk

  /// Fields of the client's that have no place here, by name; named in the log, and to the client in debug mode.
  std::vector<std::string> dropped;

  /// A view of bytes that the request keeps from now on.
  std::string_view keep(std::string bytes) { return kept_.emplace_back(std::move(bytes)); }

 private:
  std::deque<std::string> kept_;
};

}  // namespace penstock::llm
