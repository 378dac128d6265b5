// Which of our routes a request line names (interface.md, HTTP).
#pragma once

#include <string>
#include <string_view>

namespace penstock::gateway {

enum class Page : unsigned char {
  messages,
  chat_completions,
  responses,
  count_tokens,  // POST
  models,
  model,
  root,
  hello,
  health,
  livez,
  readyz,
  targets,  // GET and HEAD
  wrong_method,
  unknown,
};

/// A request line, understood. Views into the target.
struct RequestTarget {
  Page page = Page::unknown;
  std::string path_target;  // NAME of /to/NAME/…, percent-decoded
  std::string model;        // with Page::model: the id, percent-decoded
  std::string_view path;    // without query, for the log
  std::string_view allow;   // with Page::wrong_method: what would do
};

/// Queries are ignored (`?beta=true`, `?limit=1000`); an absolute target's scheme and authority too.
RequestTarget understand(std::string_view method, std::string_view target);

}  // namespace penstock::gateway
