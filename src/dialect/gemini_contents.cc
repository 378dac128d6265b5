#include "dialect/gemini_contents.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "base/append.h"
#include "base/text.h"
#include "dialect/chat_parts.h"
#include "dialect/gemini_media.h"
#include "dialect/gemini_signatures.h"
#include "dialect/match_results.h"

namespace penstock::dialect {

namespace {

using llm::Message;
using llm::Part;
using llm::Role;

constexpr std::string_view kUser = "user", kModel = "model";
/// Google's word for a call that another model made, where its own signature is demanded (wire-reference 3.12).
constexpr std::string_view kNoSignature = "skip_thought_signature_validator";
// All of these stand inside JSON strings.
constexpr std::string_view kReminder = "<system-reminder>\\n", kReminderEnd = "\\n</system-reminder>";
constexpr std::string_view kNoResult = "[no result]", kNothing = "(no content)", kSeeBelow = "[see below]";

/// One call of a model's turn, and what answers it.
struct Call {
  const llm::ToolCall* call = nullptr;
  const llm::ToolResult* result = nullptr;
};

/// An image or document that a result holds, and of which tool.
struct Shown {
  std::string_view tool;
  const Part* part = nullptr;
};

class ContentsWriter {
 public:
  ContentsWriter(const OpenAiChatOptions& options, std::vector<std::string>& dropped, std::string& out)
      : options_(options), quirks_(*options.quirks), out_(out), words_(quirks_, dropped), media_(quirks_, words_, dropped) {}

  void write(const llm::Request& request) {
    out_ += R"("contents":[)";
    std::span<const Message> rest = request.messages;
    while (!rest.empty()) rest = write_round(rest);
    if (role_.empty()) write_text(kUser, kNothing);  // nobody answers a request without a question
    close();
    out_ += ']';
  }

 private:
  // --- turns: parts of one role that follow each other are one

  /// What has to be written before a part of that role.
  void begin(std::string_view role) {
    if (role == role_) return void(out_ += ',');
    if (role_.empty() && role == kModel) write_text(kUser, kNothing);  // the user speaks first
    close();
    append(out_, out_.back() == '[' ? "" : ",", R"({"role":")", role, R"(","parts":[)");
    role_ = role;
  }
  void close() {
    if (!role_.empty()) out_ += "]}";
  }

  void write_text(std::string_view role, std::string_view text, std::string_view before = {}, std::string_view after = {}) {
    if (text.empty()) return;
    begin(role);
    append(out_, R"({"text":")", before);
    append_text(out_, text, options_.long_texts);
    append(out_, after, "\"}");
  }

  /// The assistant's turns that come now, as one, and all that answers them. What is left behind them.
  std::span<const Message> write_round(std::span<const Message> messages) {
    const auto is_assistant = [](const Message& message) { return message.role == Role::assistant; };
    const auto answers = std::ranges::find_if_not(messages, is_assistant);
    const auto next = std::find_if(answers, messages.end(), is_assistant);
    auto calls = write_model({messages.begin(), answers});
    const std::span<const Message> behind(answers, next);
    const auto matched = match_results(behind, calls);
    for (const auto& call : calls) write_response(call);
    write_shown();
    for (const auto& message : behind) write_user(message, matched);
    return {next, messages.end()};
  }

  // --- the model's turn

  std::vector<Call> write_model(std::span<const Message> messages) {
    std::vector<Call> calls;
    waiting_.reset();
    for (const auto& message : messages)
      for (const auto& part : message.parts) {
        if (const auto* block = std::get_if<llm::ThinkingPart>(&part.is)) write_thought(*block);
        if (const auto* text = std::get_if<llm::TextPart>(&part.is)) write_model_text(text->text.written);
        if (const auto* other = std::get_if<llm::OtherPart>(&part.is)) write_text(kModel, words_.words_of(*other));
        if (const auto* call = std::get_if<llm::ToolCall>(&part.is)) {
          write_call(*call, calls.empty());
          calls.push_back({call, nullptr});
        }
      }
    return calls;
  }

  /// Thoughts themselves are summaries and need not go back; signatures do.
  void write_thought(const llm::ThinkingPart& block) {
    auto signature = open_signature(block, options_.provider, options_.model, options_.codec);
    if (!signature) return;
    if (signature->part == SignedPart::call || signature->part == SignedPart::text) return void(waiting_ = std::move(signature));
    begin(kModel);
    const bool thought = signature->part == SignedPart::thought;
    append(out_, R"({"text":")", thought ? block.text.written : std::string_view(), '"', thought ? R"(,"thought":true)" : "");
    close_part(signature->written);
  }

  /// The signature that waits for such a part; "" without one.
  std::string take_signature(SignedPart part) {
    const auto waiting = std::exchange(waiting_, std::nullopt);
    return waiting && waiting->part == part ? waiting->written : std::string();
  }

  void close_part(std::string_view signature) {
    if (!signature.empty()) append(out_, R"(,"thoughtSignature":")", signature, '"');
    out_ += '}';
  }

  void write_model_text(std::string_view text) {
    if (text.empty()) return;
    begin(kModel);
    out_ += R"({"text":")";
    append_text(out_, text, options_.long_texts);
    out_ += '"';
    close_part(take_signature(SignedPart::text));
  }

  void write_call(const llm::ToolCall& call, bool first) {
    begin(kModel);
    append(out_, R"({"functionCall":{"id":")", id_of(call.id), R"(","name":")", options_.names->to_provider(call.name.written),
           R"(","args":)", call.input.raw.starts_with('{') ? call.input.raw : "{}", '}');
    auto signature = take_signature(SignedPart::call);
    if (signature.empty() && first && quirks_.google_signatures) signature = kNoSignature;
    close_part(signature);
  }

  [[nodiscard]] std::string id_of(llm::Text id) const { return call_id_in_form(id.written, quirks_.tool_ids); }

  // --- function responses

  /// `response` is an object: `output` and `error` are the names that Google gives for its member.
  void write_response(const Call& call) {
    begin(kUser);
    const auto name = options_.names->to_provider(call.call->name.written);
    append(out_, R"({"functionResponse":{"id":")", id_of(call.call->id), R"(","name":")", name, R"(","response":{")",
           call.result != nullptr && call.result->is_error ? "error" : "output", R"(":")");
    if (call.result == nullptr)
      out_ += kNoResult;
    else
      append_result_text(*call.result);
    out_ += "\"}";
    if (call.result != nullptr) place_media(*call.result, call.call->name.written);
    out_ += "}}";
  }

  /// The result's words, as the inside of a JSON string.
  void append_result_text(const llm::ToolResult& result) {
    bool empty = true;
    const auto line = [&](std::string_view text) {
      if (text.empty()) return;
      out_ += std::exchange(empty, false) ? "" : "\\n";
      append_text(out_, text, options_.long_texts);
    };
    for (const auto& part : result.parts) {
      if (const auto* text = std::get_if<llm::TextPart>(&part.is)) line(text->text.written);
      if (const auto* other = std::get_if<llm::OtherPart>(&part.is)) line(words_.words_of(*other));
      if (!GeminiMedia::is_media(part)) continue;
      line(media_.words(part));
      if (media_.has_data(part) && !stands_inside(part)) line(kSeeBelow);
    }
    if (empty) out_ += json_escape(quirks_.empty_result);
  }

  /// In a part of the response, which Gemini 3 knows; it takes data only.
  [[nodiscard]] bool stands_inside(const Part& part) const {
    return quirks_.tool_images == ChatQuirks::ToolImages::inlined && media_.has_bytes(part);
  }

  /// Images and documents of a result: in the response, or kept for the place behind all responses.
  void place_media(const llm::ToolResult& result, std::string_view tool) {
    bool first = true;
    for (const auto& part : result.parts) {
      if (!media_.has_data(part)) continue;
      if (!stands_inside(part)) {
        shown_.push_back({tool, &part});
        continue;
      }
      out_ += std::exchange(first, false) ? R"(,"parts":[)" : ",";
      media_.append_data(part, out_);
    }
    if (!first) out_ += ']';
  }

  void write_shown() {
    for (const auto& [tool, part] : std::exchange(shown_, {})) {
      if (!tool.empty()) write_text(kUser, tool, "[returned by ", "]");
      begin(kUser);
      media_.append_data(*part, out_);
    }
  }

  // --- the user's turn

  /// A message behind the results: what it holds beside results of these calls.
  void write_user(const Message& message, const Answers& matched) {
    const bool system = message.role == Role::system;
    for (const auto& part : message.parts) {
      if (const auto* text = std::get_if<llm::TextPart>(&part.is))
        write_text(kUser, text->text.written, system ? kReminder : "", system ? kReminderEnd : "");
      if (const auto* other = std::get_if<llm::OtherPart>(&part.is)) write_text(kUser, words_.words_of(*other));
      if (GeminiMedia::is_media(part)) write_media(part);
      const auto* result = std::get_if<llm::ToolResult>(&part.is);
      if (result != nullptr && !matched.contains(result)) write_orphan(*result);
    }
  }

  void write_media(const Part& part) {
    write_text(kUser, media_.words(part));
    if (!media_.has_data(part)) return;
    begin(kUser);
    media_.append_data(part, out_);
  }

  /// A result without its call, as text: a response without a call is refused.
  void write_orphan(const llm::ToolResult& result) {
    begin(kUser);
    append(out_, R"({"text":"[result of an earlier tool call]\n)", result.is_error ? "Error: " : "");
    append_result_text(result);
    out_ += "\"}";
    for (const auto& part : result.parts)
      if (media_.has_data(part)) shown_.push_back({"", &part});
    write_shown();
  }

  const OpenAiChatOptions& options_;
  const ChatQuirks& quirks_;
  std::string& out_;
  ChatParts words_;
  GeminiMedia media_;
  std::string_view role_;                    // whose turn is open; empty: none yet
  std::optional<ThoughtSignature> waiting_;  // for the part that comes next
  std::vector<Shown> shown_;
};

}  // namespace

void append_gemini_contents(const llm::Request& request, const OpenAiChatOptions& options, std::vector<std::string>& dropped,
                            std::string& out) {
  ContentsWriter(options, dropped, out).write(request);
}

}  // namespace penstock::dialect
