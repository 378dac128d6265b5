// What the tests of Responses clients share: requests as an Anthropic provider gets them, and answers as the client does.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "dialect/openai_client_for_test.h"
#include "dialect/openai_responses_answer_writer.h"
#include "dialect/openai_responses_request_reader.h"
#include "dialect/responses_reasoning.h"

namespace penstock::dialect {

/// "own:TEXT:SEAL" or "sealed:DATA" (whole strings) stand for the encrypted content that the client was given.
inline std::string with_own_reasoning(std::string text) {
  const auto replace = [&](std::string_view mark, const auto& made) {
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
      const auto begin = at + mark.size(), end = text.find('"', begin);
      text.replace(at, end + 1 - at, json_quote(made(text.substr(begin, end - begin))));
    }
  };
  replace("\"own:", [](const std::string& inside) {
    const auto colon = inside.rfind(':');
    return close_reasoning(inside.substr(0, colon), inside.substr(colon + 1), false);
  });
  replace("\"sealed:", [](const std::string& inside) { return close_reasoning("", inside, true); });
  return text;
}

/// What an Anthropic provider gets for a Responses request, or the message of the error.
inline WrittenForAnthropic responses_for_anthropic(std::string_view body, const AnthropicOptions& options) {
  const Parsed parsed(with_own_reasoning(std::string(body)));
  auto request = read_openai_responses_request(parsed.document);
  if (!request) return {{}, request.error().message, {}};
  WrittenForAnthropic out{{}, {}, request->dropped};
  out.body = write_anthropic_request(*request, options, out.dropped);
  const Parsed again(out.body);
  return out;
}

/// What the writer has to know of a request.
inline ResponsesEcho echo_of(std::string_view request) {
  const Parsed parsed(request);
  ResponsesEcho echo;
  EXPECT_TRUE(read_openai_responses_request(parsed.document, &echo));
  return echo;
}

/// Encrypted contents of ours, as a reader of a test wants them: opened.
inline std::string with_open_reasoning(std::string text) {
  for (auto at = text.find(kOwnReasoning); at != std::string::npos; at = text.find(kOwnReasoning, at)) {
    const auto end = text.find('"', at);
    const auto from = at + kOwnReasoning.size();
    const auto block = from_base64url(text.substr(from, end - from));
    if (!block) return "encrypted content that does not open: " + text.substr(at, end - at);
    auto plain = "OWN " + *block;
    for (auto& c : plain)
      if (c == '"') c = '\'';
    text.replace(at, end - at, plain);
  }
  return text;
}

}  // namespace penstock::dialect
