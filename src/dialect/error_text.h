// What a provider's error body says, whatever its shape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::dialect {

/// Longest message that a client is shown, in bytes.
inline constexpr std::size_t kMaxErrorMessage = 2000;

/// The words of an error body. Everything may be empty.
struct ErrorText {
  std::string type;                                    // `rate_limit_error`, `BadRequestError`, `INVALID_ARGUMENT`, …
  std::string code;                                    // `context_length_exceeded`, `1261`, `402`, …; numbers as text
  std::string message;                                 // for a person; valid UTF-8, at most kMaxErrorMessage bytes, never HTML
  bool anthropic = false;                              // {"type":"error","error":{…}}
  bool minimax = false;                                // code and message come from base_resp
  bool html = false;                                   // the message is a page's title
  bool failed = false;                                 // the body says that this is an error, also under status 200
  std::optional<std::uint64_t> prompt_tokens, window;  // llama.cpp gives both as fields
};

/// Reads the shapes of wire-reference 1.10, 3.9 and section 4: Anthropic, OpenAI, Google (also inside an array), FastAPI's `detail`, vLLM's
/// `object: error`, DashScope's `code, message`, MiniMax's `base_resp`, an SSE `data:` line, HTML, plain text.
[[nodiscard]] ErrorText read_error(std::string_view body, std::string_view content_type);

/// The body is a page for a browser.
[[nodiscard]] bool is_html(std::string_view body, std::string_view content_type);

/// Valid UTF-8 of at most `most` bytes, cut between code points.
[[nodiscard]] std::string bounded_text(std::string_view text, std::size_t most = kMaxErrorMessage);

}  // namespace penstock::dialect
