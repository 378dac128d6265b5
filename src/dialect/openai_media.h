// Images and files as OpenAI's APIs carry them: addresses, and bytes in data URLs (RFC 2397).
#pragma once

#include <expected>
#include <string_view>

#include "json/scan.h"
#include "llm/request.h"

namespace penstock::dialect {

/// A part, or what is wrong with it.
using MediaPart = std::expected<llm::Part, std::string_view>;

/// An image by its address or its bytes; the bytes of a PDF are a document. `request` keeps what must be written anew.
[[nodiscard]] MediaPart read_image_url(json::Value url, llm::Text detail, llm::CacheMark cache, llm::Request& request);

/// A file's bytes: a data URL, or plain base64, which is taken for a PDF. Images and texts become what they are.
[[nodiscard]] MediaPart read_file_data(json::Value data, llm::Text name, llm::CacheMark cache, llm::Request& request);

}  // namespace penstock::dialect
