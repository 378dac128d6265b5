#include "dialect/responses_input.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/append.h"
#include "base/text.h"
#include "dialect/match_results.h"
#include "dialect/prompt_text.h"
#include "dialect/responses_parts.h"
#include "dialect/responses_thoughts.h"

namespace penstock::dialect {

namespace {

using llm::Message;
using llm::Part;
using llm::Role;

// All of these stand inside JSON strings.
constexpr std::string_view kBetween = "\\n\\n";
constexpr std::string_view kReminder = "<system-reminder>\\n", kReminderEnd = "\\n</system-reminder>";
constexpr std::string_view kSeeImage = "[see image below]", kSeeFile = "[see file below]";
constexpr std::string_view kNoResult = "[no result]", kError = "Error: ", kNothing = "(no content)";
constexpr std::string_view kOrphan = "[result of an earlier tool call]\\n";

/// One call of the assistant's, and what answers it.
struct Call {
  const llm::ToolCall* call = nullptr;
  const llm::ToolResult* result = nullptr;
};

class InputWriter {
 public:
  InputWriter(const OpenAiChatOptions& options, std::vector<std::string>& dropped, std::string& out)
      : options_(options), quirks_(*options.quirks), out_(out), parts_(quirks_, dropped) {}

  void write(const llm::Request& request, std::string_view instruction) {
    out_ += R"(,"input":[)";
    if (!instruction.empty()) say(Speaker::system, {}, instruction, {});
    end_message();
    const auto before = out_.size();
    std::span<const Message> rest = request.messages;
    while (!rest.empty()) rest = write_round(rest);
    if (out_.size() == before) say(Speaker::user, {}, kNothing, {});  // nobody answers a request without a question
    end_message();
    out_ += ']';
  }

 private:
  enum class Speaker : std::uint8_t { nobody, user, assistant, system };

  // --- items

  void begin_item() { append(out_, out_.back() == '[' ? "" : ",", R"({"type":")"); }

  void end_message() {
    if (std::exchange(speaker_, Speaker::nobody) != Speaker::nobody) out_ += "]}";
  }

  [[nodiscard]] std::string_view role_of(Speaker speaker) const {
    if (speaker == Speaker::user) return "user";
    if (speaker == Speaker::assistant) return "assistant";
    return quirks_.system_role == ChatQuirks::SystemRole::developer ? "developer" : "system";
  }

  /// Room for a part of a message of this speaker.
  void begin_part(Speaker speaker) {
    if (speaker == Speaker::assistant) write_thoughts();
    if (speaker_ == speaker) return void(out_ += ',');
    end_message();
    begin_item();
    append(out_, R"(message","role":")", role_of(speaker), R"(","content":[)");
    speaker_ = speaker;
  }

  void say(Speaker speaker, std::string_view before, std::string_view text, std::string_view after) {
    if (text.empty()) return;
    begin_part(speaker);
    append(out_, R"({"type":")", speaker == Speaker::assistant ? "output_text" : "input_text", R"(","text":")", before);
    append_text(out_, text, options_.long_texts);
    append(out_, after, "\"}");
  }

  void add_user_part(std::string_view json) {
    begin_part(Speaker::user);
    out_ += json;
  }

  /// The assistant's turns that come now, and all that answers them. What is left behind them.
  std::span<const Message> write_round(std::span<const Message> messages) {
    const auto is_assistant = [](const Message& message) { return message.role == Role::assistant; };
    const auto answers = std::ranges::find_if_not(messages, is_assistant);
    const auto next = std::find_if(answers, messages.end(), is_assistant);
    auto calls = write_assistant({messages.begin(), answers});
    const std::span<const Message> behind(answers, next);
    const auto matched = match_results(behind, calls);
    for (const auto& call : calls) write_output(call);
    for (const auto& message : behind) add_answers(message, matched);
    return {next, messages.end()};
  }

  // --- the assistant's turn

  std::vector<Call> write_assistant(std::span<const Message> messages) {
    std::vector<Call> calls;
    for (const auto& message : messages)
      for (const auto& part : message.parts) {
        if (const auto* block = std::get_if<llm::ThinkingPart>(&part.is)) hold_thought(*block);
        if (const auto* text = std::get_if<llm::TextPart>(&part.is)) say(Speaker::assistant, {}, text->text.written, {});
        if (const auto* other = std::get_if<llm::OtherPart>(&part.is)) say(Speaker::assistant, {}, parts_.words_of(*other), {});
        if (const auto* call = std::get_if<llm::ToolCall>(&part.is)) {
          write_call(*call);
          calls.push_back({call});
        }
      }
    thoughts_.clear();  // reasoning that led to nothing is refused
    return calls;
  }

  void hold_thought(const llm::ThinkingPart& block) {
    if (const auto item = restored_reasoning(block, options_)) append(thoughts_, thoughts_.empty() ? "" : ",", *item);
  }

  void write_thoughts() {
    if (thoughts_.empty()) return;
    end_message();
    append(out_, out_.back() == '[' ? "" : ",", std::exchange(thoughts_, {}));
  }

  void write_call(const llm::ToolCall& call) {
    write_thoughts();
    end_message();
    begin_item();
    append(out_, R"(function_call","call_id":")", call_id_in_form(call.id.written, quirks_.tool_ids), R"(","name":")",
           options_.names->to_provider(call.name.written), R"(","arguments":")");
    append_as_text(out_, call.input.raw.starts_with('{') ? call.input.raw : "{}");
    out_ += "\"}";
  }

  // --- tool results

  void write_output(const Call& call) {
    CallOutput output;
    if (call.result == nullptr)
      output.add_text(kNoResult);
    else
      add_result(*call.result, call.call->name.written, output);
    end_message();
    begin_item();
    append(out_, R"(function_call_output","call_id":")", call_id_in_form(call.call->id.written, quirks_.tool_ids), R"(","output":)");
    output.append_to(out_, options_.long_texts);
    out_ += '}';
  }

  /// What a result says. Media that may not stand in it are kept for the user message behind all results; those of no `tool` always.
  void add_result(const llm::ToolResult& result, std::string_view tool, CallOutput& output) {
    for (const auto& part : result.parts) {
      if (const auto* text = std::get_if<llm::TextPart>(&part.is)) output.add_text(text->text.written);
      if (const auto* other = std::get_if<llm::OtherPart>(&part.is)) output.add_text(parts_.words_of(*other));
      if (const auto* image = std::get_if<llm::ImagePart>(&part.is)) {
        auto made = parts_.image(*image);
        made.empty() ? output.add_text(kImageWords) : add_media(std::move(made), kSeeImage, tool, output);
      }
      if (const auto* document = std::get_if<llm::DocumentPart>(&part.is)) add_result_document(*document, tool, output);
    }
    if (output.empty()) output.add_text(parts_.keep(json_escape(quirks_.empty_result)));
    if (result.is_error) output.begin_with(kError);
  }

  void add_result_document(const llm::DocumentPart& document, std::string_view tool, CallOutput& output) {
    output.add_text(document.context.written);
    if (auto file = parts_.file(document); !file.empty()) return add_media(std::move(file), kSeeFile, tool, output);
    const auto [before, text] = parts_.document_words(document);
    output.add_text(before, text);
  }

  void add_media(std::string part, std::string_view below, std::string_view tool, CallOutput& output) {
    if (quirks_.tool_images == ChatQuirks::ToolImages::inlined && !tool.empty()) return output.add_part(std::move(part));
    output.add_text(below);
    follow_up_.push_back({tool, std::move(part)});
  }

  // --- the user's turn

  /// A message behind the results: what it holds beside results of these calls.
  void add_answers(const Message& message, const Answers& matched) {
    for (auto& [tool, part] : std::exchange(follow_up_, {})) {
      say(Speaker::user, "[returned by ", tool, "]");
      add_user_part(part);
    }
    for (const auto& part : message.parts) message.role == Role::system ? add_system_part(part) : add_user_part(part, matched);
  }

  void add_system_part(const Part& part) {
    const auto* text = std::get_if<llm::TextPart>(&part.is);
    if (text == nullptr) return;
    if (quirks_.system_turns == SystemTurns::keep) return say(Speaker::system, {}, text->text.written, {});
    say(Speaker::user, kReminder, text->text.written, kReminderEnd);
  }

  void add_user_part(const Part& part, const Answers& matched) {
    if (const auto* text = std::get_if<llm::TextPart>(&part.is)) say(Speaker::user, {}, text->text.written, {});
    if (const auto* other = std::get_if<llm::OtherPart>(&part.is)) say(Speaker::user, {}, parts_.words_of(*other), {});
    if (const auto* document = std::get_if<llm::DocumentPart>(&part.is)) add_user_document(*document);
    if (const auto* image = std::get_if<llm::ImagePart>(&part.is)) {
      const auto made = parts_.image(*image);
      made.empty() ? say(Speaker::user, {}, kImageWords, {}) : add_user_part(made);
    }
    const auto* result = std::get_if<llm::ToolResult>(&part.is);
    if (result != nullptr && !matched.contains(result)) add_orphan(*result);
  }

  void add_user_document(const llm::DocumentPart& document) {
    say(Speaker::user, {}, document.context.written, {});
    if (const auto file = parts_.file(document); !file.empty()) return add_user_part(file);
    const auto [before, text] = parts_.document_words(document);
    say(Speaker::user, before, text, {});
  }

  /// A result without its call, as text: the provider refuses it in any other form.
  void add_orphan(const llm::ToolResult& result) {
    CallOutput output;
    add_result(result, {}, output);
    std::string text;
    output.append_to(text, nullptr);
    say(Speaker::user, kOrphan, std::string_view(text).substr(1, text.size() - 2), {});
    for (auto& [tool, part] : std::exchange(follow_up_, {})) add_user_part(part);
  }

  struct FollowUp {
    std::string_view tool;
    std::string part;
  };
  const OpenAiChatOptions& options_;
  const ChatQuirks& quirks_;
  std::string& out_;
  ResponsesParts parts_;
  Speaker speaker_ = Speaker::nobody;  // of the message that is open
  std::string thoughts_;               // reasoning items that wait for the item behind them
  std::vector<FollowUp> follow_up_;
};

}  // namespace

void append_instructions(const std::vector<Part>& system, LongTexts* apart, std::string& out) {
  bool empty = true;
  for (const auto& part : system) {
    const auto* text = std::get_if<llm::TextPart>(&part.is);
    const auto written = text == nullptr ? std::string_view() : without_attribution(text->text.written);
    if (written.empty()) continue;
    out += std::exchange(empty, false) ? R"(,"instructions":")" : kBetween;
    append_text(out, written, apart);
  }
  if (!empty) out += '"';
}

void append_responses_input(const llm::Request& request, const OpenAiChatOptions& options, std::string_view instruction,
                            std::vector<std::string>& dropped, std::string& out) {
  InputWriter(options, dropped, out).write(request, instruction);
}

}  // namespace penstock::dialect
