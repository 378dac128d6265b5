// OpenAI's Responses API as a provider's dialect. The first byte says what the rest is:
//   s  a stream: in any cut the same events, and behind the guard a legal sequence (checked by the tests' own checker)
//   w  a whole answer: a legal sequence
//   r  an Anthropic request: what is written is JSON, each call has its output behind it, and reasoning stands before what it led to
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/anthropic_request_reader.h"
#include "dialect/events_for_test.h"
#include "dialect/openai_responses_answer_reader.h"
#include "dialect/openai_responses_request_writer.h"
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
  OpenAiResponsesStreamReader reader(answer_options(), reading.guard);
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
  read_openai_responses_answer(document, answer_options(), reading.guard);
  (void)reading.end();
}

/// Behind the calls of a turn stand their outputs, in their order, and nothing else does; reasoning is never the last of a turn.
void check_order(json::Value input) {
  std::vector<std::string> waiting;
  bool answering = false, reasoned = false;
  for (const auto item : input.elements()) {
    const auto type = item.find("type")->text();
    const bool assistants = type == "reasoning" || type == "function_call" || (type == "message" && item.find("role")->equals("assistant"));
    require(!reasoned || assistants);
    reasoned = type == "reasoning";
    if (type == "function_call_output") {
      answering = true;
      require(!waiting.empty() && item.find("call_id")->raw_text() == waiting.front());
      waiting.erase(waiting.begin());
      continue;
    }
    require(!answering || waiting.empty());
    answering = false;
    require(assistants || waiting.empty());
    if (type == "function_call") waiting.emplace_back(item.find("call_id")->raw_text());
  }
  require(waiting.empty() && !reasoned);
}

/// Quirks that reach most of the writer, chosen by one byte.
ChatQuirks quirks_of(std::uint8_t choice) {
  ChatQuirks quirks;
  quirks.reasoning = static_cast<ChatQuirks::Reasoning>(choice % 2);
  quirks.schema = static_cast<SchemaDialect>(choice % 5);
  quirks.strict_tools = static_cast<Keep>(choice / 2 % 2);
  quirks.tool_images = static_cast<ChatQuirks::ToolImages>(choice / 3 % 2);
  quirks.documents = static_cast<ChatQuirks::Documents>(choice % 3);
  quirks.json_schema = static_cast<ChatQuirks::JsonSchema>(choice / 2 % 3);
  quirks.system_turns = static_cast<SystemTurns>(choice / 5 % 2);
  quirks.tool_ids = static_cast<CallIdForm>(choice / 7 % 3);
  quirks.web_search = choice % 4 == 0 ? ChatQuirks::WebSearch::tool : ChatQuirks::WebSearch::none;
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
  ToolNames names;
  std::vector<std::string> dropped;
  const OpenAiChatOptions options{.model = "m", .provider = "p", .codec = &codec(), .quirks = &quirks, .names = &names};
  const json::Padded body(write_openai_responses_request(*request, options, dropped));
  json::Document written;
  require(written.index(body.text()).has_value() && !json::check_escapes(body.text()));
  check_order(*written.root().find("input"));
  require(std::set(dropped.begin(), dropped.end()).size() == dropped.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 's': require(read_stream(rest, 0) == read_stream(rest, static_cast<std::uint32_t>(size) * 2654435761U | 1U)); break;
    case 'w': try_whole(rest); break;
    case 'r': try_request(rest); break;
    default: break;
  }
  return 0;
}
