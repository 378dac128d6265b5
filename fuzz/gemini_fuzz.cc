// Gemini as a provider's dialect. The first byte says what the rest is:
//   s  a stream: in any cut the same events, and behind the guard a legal sequence (checked by the tests' own checker)
//   w  a whole answer, or an array of chunks: the same
//   r  an Anthropic request: what is written is JSON, turns alternate, and each call has its response
//   e  an error's body: its details are read, and any delay is bounded
//   p  a base path, a line feed and a model: a path of printable ASCII
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "dialect/anthropic_request_reader.h"
#include "dialect/events_for_test.h"
#include "dialect/gemini_answer_reader.h"
#include "dialect/gemini_errors.h"
#include "dialect/gemini_request_writer.h"
#include "dialect/stream_guard.h"
#include "json/bytes.h"
#include "json/padded.h"
#include "wire/sse.h"

namespace {

using namespace penstock;
using namespace penstock::dialect;

void require(bool holds) {
  if (!holds) std::abort();
}

const SignatureCodec& codec() {
  static const SignatureCodec one(SignatureCodec::Key{7});
  return one;
}

OpenAiChatAnswerOptions answer_options() {
  OpenAiChatAnswerOptions options;
  options.provider = "p";
  options.codec = &codec();
  options.errors = {.provider = "p", .model = "m"};
  return options;
}

/// One reading, with what stands behind it.
struct Reading {
  EventRecorder recorder;
  LegalityChecker checker;
  TwoSinks both{recorder, checker};
  StreamGuard guard{both, "call_"};

  std::string end() {
    guard.finish();
    require(checker.objection().empty() && checker.over());
    return recorder.text();
  }
};

std::string read_stream(std::string_view bytes, std::uint32_t seed) {
  Reading reading;
  GeminiStreamReader reader(answer_options(), reading.guard);
  wire::EventScanner scanner;
  const bool whole = seed == 0;
  while (!bytes.empty()) {
    seed = seed * 1664525 + 1013904223;
    const std::string piece(bytes.substr(0, whole ? std::string_view::npos : 1 + (seed >> 28)));
    bytes.remove_prefix(piece.size());
    scanner.feed(piece, [&](const wire::Event& event) { reader.take(event); });
  }
  wire::Event last;
  if (scanner.finish(last)) reader.take(last);
  reader.finish();
  return reading.end();
}

void try_whole(std::string_view text) {
  const json::Padded padded(text);
  json::Document document;
  if (!document.index(padded.text())) return;
  Reading reading;
  read_gemini_answer(document, answer_options(), reading.guard);
  (void)reading.end();
}

std::size_t count_parts(json::Value turn, std::string_view kind) {
  std::size_t count = 0;
  for (const auto part : turn.find("parts")->elements()) count += part.find(kind) ? 1U : 0U;
  return count;
}

/// The user begins, turns alternate, none is empty, and as many responses follow as there were calls.
void check_contents(json::Value contents) {
  bool users = true;
  std::size_t calls = 0;
  for (const auto turn : contents.elements()) {
    require(turn.find("role")->equals(users ? "user" : "model") && !turn.find("parts")->is_empty());
    if (users) require(count_parts(turn, "functionResponse") == calls && count_parts(turn, "functionCall") == 0);
    calls = count_parts(turn, "functionCall");
    users = !users;
  }
  require(calls == 0 && !contents.is_empty());
}

/// Quirks that reach most of the writer, chosen by one byte.
ChatQuirks quirks_of(std::uint8_t choice) {
  ChatQuirks quirks;
  quirks.reasoning = choice % 4 == 0 ? ChatQuirks::Reasoning::none : ChatQuirks::Reasoning::reasoning_effort;
  if (choice % 3 == 0) quirks.efforts.add(EffortLevel::low);
  quirks.thinking_off = static_cast<ChatQuirks::ThinkingOff>(choice % 3);
  quirks.schema = static_cast<SchemaDialect>(choice % 5);
  quirks.tool_images = static_cast<ChatQuirks::ToolImages>(choice % 2);
  quirks.documents = static_cast<ChatQuirks::Documents>(choice / 2 % 3);
  quirks.images = static_cast<Media>(choice / 4 % 2);
  quirks.json_schema = static_cast<ChatQuirks::JsonSchema>(choice / 2 % 3);
  quirks.tool_ids = static_cast<CallIdForm>(choice / 5 % 3);
  quirks.google_signatures = choice % 7 != 0;
  if (choice % 2 == 0) quirks.web_search = ChatQuirks::WebSearch::tool;
  return quirks;
}

void try_request(std::string_view text) {
  if (text.empty()) return;
  const auto quirks = quirks_of(static_cast<std::uint8_t>(text.front()));
  const json::Padded padded(text.substr(1));
  json::Document document;
  // The gateway refuses escapes that JSON does not have before it comes this far.
  if (!document.index(padded.text()) || json::check_escapes(padded.text())) return;
  const auto request = read_anthropic_request(document);
  if (!request) return;
  ToolNames names(ToolNames::Form::gemini);
  std::vector<std::string> dropped;
  const OpenAiChatOptions options{.model = "m", .provider = "p", .codec = &codec(), .quirks = &quirks, .names = &names};
  const json::Padded body(write_gemini_request(*request, options, dropped));
  json::Document written;
  require(written.index(body.text()).has_value() && !json::check_escapes(body.text()));
  check_contents(*written.root().find("contents"));
  require(std::set(dropped.begin(), dropped.end()).size() == dropped.size());
}

void try_path(std::string_view text) {
  const auto line = std::min(text.find('\n'), text.size());
  const auto model = text.substr(std::min(line + 1, text.size()));
  const auto path = gemini_path("/base", model, line % 2 == 0);
  require(std::ranges::all_of(path, [](char c) { return c > 0x20 && c < 0x7f; }));
  (void)gemini_path(text.substr(0, line), model, false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 's': require(read_stream(rest, 0) == read_stream(rest, static_cast<std::uint32_t>(size) * 2654435761U | 1U)); break;
    case 'w': try_whole(rest); break;
    case 'r': try_request(rest); break;
    case 'e': require(read_gemini_details(rest).retry_delay.value_or(0) <= 7U * 24 * 3600); break;
    case 'p': try_path(rest); break;
    default: break;
  }
  return 0;
}
