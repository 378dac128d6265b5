// Responses clients on Anthropic providers, both ways. A request that reads must become a body that is JSON, and one that a strict third
// party takes once the quirks have run over it. An answer, in any bytes and any cut, must become events that a client can read, and mean
// the same in every cut.
//
// The first byte of the input says what the rest is: `{` a request, anything else a provider's stream.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "dialect/adapt.h"
#include "dialect/anthropic_answer_reader.h"
#include "dialect/anthropic_request_writer.h"
#include "dialect/openai_responses_answer_writer.h"
#include "dialect/openai_responses_facts.h"
#include "dialect/openai_responses_request_reader.h"
#include "dialect/responses_stream_check_for_test.h"
#include "dialect/stream_guard.h"
#include "dialect/strict_api_for_test.h"
#include "json/padded.h"
#include "json/patch.h"

namespace {

namespace json = penstock::json;
using namespace penstock::dialect;

const SignatureCodec& codec() {
  static const SignatureCodec made(SignatureCodec::Key{1});
  return made;
}

/// A client with a tool of each form.
const ResponsesEcho& echo() {
  static const ResponsesEcho made = [] {
    ResponsesEcho each;
    each.tools.add({ResponsesTool::Form::custom, "", "apply_patch"});
    each.tools.add({ResponsesTool::Form::search, "", "tool_search"});
    each.tools.add({ResponsesTool::Form::local_shell, "", "local_shell"});
    each.tools.add({ResponsesTool::Form::function, "n", "f"});
    return each;
  }();
  return made;
}

void check_body(const std::string& body) {
  const json::Padded text(body);
  json::Document document;
  if (!document.index(text.text())) std::abort();
  json::Patch patch(document);
  apply(strict(), document, {.provider = "p", .model = "m", .max_output = 0, .codec = &codec(), .facts = nullptr}, patch);
  const json::Padded adapted(patch.text());
  json::Document result;
  if (!result.index(adapted.text())) std::abort();
  // What the client says of its tools, texts and fields is its own affair; the order of the turns is ours.
  const auto objection = StrictApi::objection(result.root());
  for (const std::string_view ours :
       {"message", "tool_use", "tool_result", "user: empty", "assistant: empty", "content block", "the first", "text: "})
    if (objection.starts_with(ours)) std::abort();
}

void read_request(std::string_view bytes) {
  const json::Padded text(bytes);
  json::Document document;
  if (!document.index(text.text()) || !inspect_openai_responses(document)) return;
  ResponsesEcho heard;
  const auto request = read_openai_responses_request(document, &heard);
  if (!request) return;
  if (heard.fields.find('\n') != std::string::npos) std::abort();
  for (const std::string_view model : {"claude-opus-5-5", "claude-sonnet-4-5", "glm-5.3"}) {
    std::vector<std::string> dropped;
    check_body(write_anthropic_request(*request, {.model = model, .max_output = 64000, .formats = model != "glm-5.3"}, dropped));
  }
}

std::string events_of(std::string_view bytes, std::size_t step) {
  std::string out;
  OpenAiResponsesStreamWriter writer({.id = "msg_1", .model = "m"}, out, echo());
  StreamGuard guard(writer, "toolu_");
  AnthropicStreamReader reader({.codec = &codec(), .provider = "p"}, guard);
  penstock::wire::EventScanner scanner;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const std::string piece(bytes.substr(at, step));
    scanner.feed(piece, [&](const penstock::wire::Event& event) { reader.take(event); });
  }
  penstock::wire::Event last;
  if (scanner.finish(last)) reader.take(last);
  reader.finish();
  guard.finish();
  return out;
}

void read_stream(std::string_view bytes) {
  const auto whole = events_of(bytes, bytes.size() + 1);
  if (whole != events_of(bytes, 1) || whole != events_of(bytes, 7)) std::abort();
  if (!ResponsesStreamCheck::objection(whole).empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  bytes.starts_with('{') ? read_request(bytes) : read_stream(bytes);
  return 0;
}
