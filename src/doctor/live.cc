#include "doctor/live.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "base/text.h"
#include "doctor/base_url.h"
#include "json/padded.h"
#include "wire/sse.h"

namespace penstock::doctor {

namespace {

constexpr std::int64_t kNumber = 4711;  // what the tool is to be called with
constexpr std::size_t kMostWords = 300;

/// A red square of 32 by 32 pixels: some providers refuse images of one pixel.
constexpr std::string_view kRedSquare =
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAJ0lEQVR42u3NsQkAAAjAsP7/tF7hIASyp6lTCQQCgUAgEAgEgi/BAjLD/C5w/SM9AAAAAElFTkSuQmCC";

// What each question adds to model, max_tokens and messages. An answer of a model that always thinks needs room for its thoughts.
constexpr std::string_view kTool =
    R"(,"tools":[{"name":"record_number","description":"Records a number.","input_schema":{"type":"object","properties":{"number":)"
    R"({"type":"integer","description":"The number to record."}},"required":["number"]}}],"tool_choice":{"type":"any"})";

std::string with_text(std::string_view text) { return json_quote(text); }

std::string image_content() {
  return fmt::format(R"([{{"type":"image","source":{{"type":"base64","media_type":"image/png","data":"{}"}}}},)"
                     R"({{"type":"text","text":"Which colour is this square? One word."}}])",
                     kRedSquare);
}

/// One row a question; indexed by LiveCheck.
struct Question {
  std::string_view name;
  unsigned max_tokens;  // 0: the field is not sent
  std::string (*content)();
  std::string_view more;
};
constexpr std::array<Question, kLiveChecks.size()> kQuestions{{
    {"plain", 512, [] { return with_text("Say the word pong."); }, ""},
    {"stream", 512, [] { return with_text("Say the word pong."); }, R"(,"stream":true)"},
    {"tools", 1024, [] { return with_text(fmt::format("Record the number {}.", kNumber)); }, kTool},
    {"thinking", 4096, [] { return with_text("How many prime numbers lie between 80 and 120? Think first, then give the number."); },
     R"(,"thinking":{"type":"adaptive"})"},
    {"image", 512, image_content, ""},
    {"count", 0, [] { return with_text("Say the word pong."); }, ""},
}};
const Question& question(LiveCheck check) { return kQuestions[static_cast<std::size_t>(check)]; }

std::string shortened(std::string text) {
  if (text.size() > kMostWords) text = valid_utf8(text.substr(0, kMostWords)) + "…";
  return text;
}

/// The message of an error body; the body itself where it is none.
std::string error_text(std::string_view body) {
  const json::Padded padded(body);
  json::Document document;
  if (document.index(padded.text()))
    if (const auto error = document.root().find("error"))
      if (const auto message = error->find("message")) return shortened(message->text());
  return shortened(valid_utf8(trim(body)));
}

/// Local servers that call tools only when they were started for it, and how (wire-reference 4.7).
struct ToolSwitch {
  std::string_view server, mend;
};
constexpr std::array<ToolSwitch, 4> kToolSwitches{{
    {"llamacpp", "start llama-server with --jinja; without it the model never hears of the tools"},
    {"vllm", "start vLLM with --enable-auto-tool-choice and --tool-call-parser"},
    {"ollama", "choose a model that can call tools: ollama show MODEL lists its capabilities"},
    {"lmstudio", "choose a model that LM Studio marks as able to use tools"},
}};
constexpr std::string_view kAnyLocal = "a llama-server needs --jinja to call tools, vLLM --enable-auto-tool-choice and --tool-call-parser";

/// How to make this provider call tools; empty when nothing is known.
std::string tool_mend(const Patient& patient, std::string_view words) {
  // llama.cpp's own words, in its versions: "tools param requires --jinja flag", "Unsupported param: tools".
  if (words.contains("--jinja") || words.contains("Unsupported param: tools")) return std::string(kToolSwitches[0].mend);
  if (words.contains("--enable-auto-tool-choice")) return std::string(kToolSwitches[1].mend);
  for (const auto& one : kToolSwitches)
    if (patient.row && patient.row->name == one.server) return std::string(one.mend);
  return patient.upstream.local || is_loopback_host(patient.upstream.origin.host) ? std::string(kAnyLocal)
                                                                                  : "choose another model of this provider";
}

Row failed(const Subject& subject, LiveCheck check, int status, std::string words) {
  std::string mend =
      check == LiveCheck::tools && (words.contains("tool") || words.contains("jinja")) ? tool_mend(*subject.patient, words) : "";
  return fault(fmt::format("{}: {}", status, words), std::move(mend));
}

/// The content blocks of a message, seen at once.
struct Answer {
  bool text = false, thinking = false;
  std::string words;
  std::optional<std::string> tool;  // the name of the tool that was called
  std::optional<std::int64_t> number;
};

Answer read_answer(const json::Value& message) {
  Answer answer;
  const auto content = message.find("content");
  if (!content) return answer;
  for (const auto block : content->elements()) {
    const auto type = block.find("type");
    if (!type) continue;
    if (type->equals("thinking") || type->equals("redacted_thinking")) answer.thinking = true;
    if (const auto text = block.find("text"); text && type->equals("text")) {
      answer.text = true;
      answer.words += text->text();
    }
    if (!type->equals("tool_use")) continue;
    const auto name = block.find("name"), input = block.find("input");
    answer.tool = name ? name->text() : "";
    const auto number = input ? input->find("number") : std::nullopt;
    if (number) answer.number = number->integer();
  }
  return answer;
}

Row judge_plain(const Answer& answer) {
  if (answer.text) return ok("answered");
  return answer.thinking ? ok("answered with thoughts only") : fault("the answer is empty", "try another model of this provider");
}

Row judge_tools(const Subject& subject, const Answer& answer) {
  const auto mend = [&] { return tool_mend(*subject.patient, answer.words); };
  if (!answer.tool) return fault("plain text came back instead of a tool call: " + shortened(answer.words), mend());
  if (*answer.tool != "record_number") return fault("a tool was called that does not exist: " + shortened(*answer.tool), mend());
  if (answer.number == kNumber) return ok("called with the right input");
  return fault(answer.number ? "the tool was called with another number" : "the tool was called without its input", mend());
}

Row judge_thinking(const Answer& answer) {
  if (answer.thinking) return ok("thought first");
  return warning("answered without a block of thinking", "the model may have found it too easy, or cannot think aloud");
}

Row judge_image(const Answer& answer) {
  if (contains_ignoring_case(answer.words, "red")) return ok("saw the colour");
  if (answer.words.empty()) return judge_plain(answer);
  return warning("did not name the colour of a red square: " + shortened(answer.words),
                 "this model may not see images; say so with vision: false, and they become a line of text");
}

Row judge_count(const Patient& patient, const json::Value& root) {
  const auto count = root.find("input_tokens");
  const auto tokens = count ? count->integer() : std::nullopt;
  if (!tokens || *tokens <= 0) return fault("the answer holds no input_tokens", "");
  return ok(fmt::format("{} tokens, {}", *tokens, patient.upstream.counts_tokens ? "counted there" : "estimated here"));
}

Row judge_whole(const Subject& subject, LiveCheck check, std::string_view body) {
  const json::Padded padded(body);
  json::Document document;
  if (!document.index(padded.text())) return fault("the answer is no JSON", "");
  if (check == LiveCheck::count) return judge_count(*subject.patient, document.root());
  const Answer answer = read_answer(document.root());
  switch (check) {
    case LiveCheck::tools: return judge_tools(subject, answer);
    case LiveCheck::thinking: return judge_thinking(answer);
    case LiveCheck::image: return judge_image(answer);
    default: return judge_plain(answer);
  }
}

/// What went over a stream.
struct Events {
  std::string first, last, error;
  std::size_t deltas = 0;
};

Events read_events(std::string_view body) {
  Events events;
  json::Document document;
  json::Padded padded;
  const auto use = [&](const wire::Event& event) {
    if (event.comment_only) return;
    padded.assign(event.data);
    const auto type = document.index(padded.text()) ? document.root().find("type") : std::nullopt;
    events.last = type ? type->text() : "no JSON";
    if (events.first.empty()) events.first = events.last;
    if (events.last == "content_block_delta") ++events.deltas;
    if (events.last == "error" && events.error.empty()) events.error = error_text(event.data);
  };
  wire::EventScanner scanner;
  scanner.feed(body, use);
  if (wire::Event rest; scanner.finish(rest)) use(rest);
  return events;
}

Row judge_stream(const net::Fetched& answer) {
  if (!answer.header("content-type").starts_with("text/event-stream")) return fault("the answer is no stream", "");
  const Events events = read_events(answer.body);
  if (!events.error.empty()) return fault("the stream broke off: " + events.error, "");
  if (events.first != "message_start") return fault("the stream begins with " + shortened(events.first), "");
  if (events.last != "message_stop") return fault("the stream ends with " + shortened(events.last), "");
  if (events.deltas == 0) return fault("the stream has no content", "try another model of this provider");
  return ok(fmt::format("{} pieces", events.deltas));
}

}  // namespace

std::string_view name(LiveCheck check) { return question(check).name; }

std::string why_not(const Subject& subject) {
  const auto& up = subject.patient->upstream;
  if (up.passthrough) return "it gets the client's own credential, and there is none here";
  if (!up.has_credential()) return "it has no credential";
  if (subject.model.empty()) return "no model is known; name one with --model";
  return {};
}

std::string why_not(const Subject& subject, LiveCheck check) {
  const auto& up = subject.patient->upstream;
  const bool anthropic = up.dialect == "anthropic";
  const auto& quirks = up.quirks_for(subject.model);
  const auto* model = up.find(subject.model);
  const auto images = anthropic ? quirks.images : up.chat_for(subject.model).images;
  const bool no_images = images == dialect::Media::placeholder || (model && !model->vision);
  if (check == LiveCheck::image && no_images) return "not supported, as the catalogue has it";
  if (check == LiveCheck::thinking && quirks.thinking_mode == dialect::ThinkingMode::drop) return "not supported, as the catalogue has it";
  return {};
}

std::string live_path(const Subject& subject, LiveCheck check) {
  return fmt::format("/to/{}/v1/messages{}", subject.patient->upstream.name, check == LiveCheck::count ? "/count_tokens" : "");
}

std::string live_body(const Subject& subject, LiveCheck check) {
  const auto& asked = question(check);
  const std::string limit = asked.max_tokens == 0 ? "" : fmt::format(R"(,"max_tokens":{})", asked.max_tokens);
  return fmt::format(R"({{"model":{}{},"messages":[{{"role":"user","content":{}}}]{}}})", json_quote(subject.model), limit, asked.content(),
                     asked.more);
}

Row judge(const Subject& subject, LiveCheck check, const net::Fetched& answer) {
  if (answer.status != 200) return failed(subject, check, answer.status, error_text(answer.body));
  return check == LiveCheck::stream ? judge_stream(answer) : judge_whole(subject, check, answer.body);
}

}  // namespace penstock::doctor
