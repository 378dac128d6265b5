#include "dialect/openai_chat_messages.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/append.h"
#include "base/text.h"
#include "dialect/arguments.h"
#include "dialect/chat_content.h"
#include "dialect/chat_parts.h"
#include "dialect/chat_thoughts.h"
#include "dialect/match_results.h"
#include "dialect/prompt_text.h"

namespace penstock::dialect {

namespace {

using llm::Message;
using llm::Part;
using llm::Role;

// All of these stand inside JSON strings.
constexpr std::string_view kBetween = "\\n\\n";
constexpr std::string_view kReminder = "<system-reminder>\\n", kReminderEnd = "\\n</system-reminder>";
constexpr std::string_view kSeeImage = "[see image below]", kSeeFile = "[see file below]";
/// Google's word for history that another model wrote (wire-reference 3.12).
constexpr std::string_view kNoSignature = R"({"google":{"thought_signature":"skip_thought_signature_validator"}})";
constexpr std::string_view kNoResult = "[no result]", kError = "Error: ", kNothing = "(no content)";

bool keeps_marks(const OpenAiChatOptions& options) {
  using Control = ChatQuirks::CacheControl;
  const auto control = options.quirks->cache_control;
  return control == Control::keep || (control == Control::keep_for_claude && contains_ignoring_case(options.model, "claude"));
}

/// One call of an assistant turn, and what answers it.
struct Call {
  const llm::ToolCall* call = nullptr;
  std::string extra;  // extra_content, as JSON
  const llm::ToolResult* result = nullptr;
};

class MessagesWriter {
 public:
  MessagesWriter(const OpenAiChatOptions& options, std::vector<std::string>& dropped, std::string& out)
      : options_(options),
        quirks_(*options.quirks),
        out_(out),
        parts_(quirks_, dropped),
        marks_(keeps_marks(options)),
        user_(marks_, kBetween) {}

  void write(const llm::Request& request, std::string_view instruction) {
    out_ += '[';
    write_system(request.system, instruction);
    const auto before = out_.size();
    std::span<const Message> rest = request.messages;
    while (!rest.empty()) rest = write_round(rest);
    flush_user();
    if (out_.size() == before) {  // nobody answers a request without a question
      user_.add_text(kNothing);
      flush_user();
    }
    out_ += ']';
  }

 private:
  void begin(std::string_view role) { append(out_, out_.back() == '[' ? "" : ",", R"({"role":")", role, R"(","content":)"); }
  [[nodiscard]] std::string_view system_role() const {
    return quirks_.system_role == ChatQuirks::SystemRole::developer ? "developer" : "system";
  }

  void write_system(const std::vector<Part>& parts, std::string_view instruction) {
    ChatContent content(marks_, kBetween);
    for (const auto& part : parts)
      if (const auto* text = std::get_if<llm::TextPart>(&part.is)) content.add_text(without_attribution(text->text.written), text->cache);
    content.add_text(instruction);
    if (content.empty()) return;
    begin(system_role());
    content.append_to(out_, options_.long_texts);
    out_ += '}';
  }

  /// The assistant's turns that come now, as one, and all that answers them. What is left behind them.
  std::span<const Message> write_round(std::span<const Message> messages) {
    const auto is_assistant = [](const Message& message) { return message.role == Role::assistant; };
    const auto answers = std::ranges::find_if_not(messages, is_assistant);
    const auto next = std::find_if(answers, messages.end(), is_assistant);
    auto calls = write_assistant({messages.begin(), answers});
    const std::span<const Message> behind(answers, next);
    const auto matched = match_results(behind, calls);
    for (const auto& call : calls) write_result(call);
    for (const auto& message : behind) add_answers(message, matched);
    return {next, messages.end()};
  }

  // --- the assistant's turn

  std::vector<Call> write_assistant(std::span<const Message> messages) {
    const bool in_tags = quirks_.reasoning_field == ChatQuirks::ReasoningField::think_tags;
    ChatContent content(marks_ && !in_tags, "");
    RestoredThoughts thoughts(options_.provider, options_.codec);
    std::vector<Call> calls;
    for (const auto& message : messages)
      for (const auto& part : message.parts) {
        if (const auto* block = std::get_if<llm::ThinkingPart>(&part.is)) thoughts.add(*block);
        if (const auto* call = std::get_if<llm::ToolCall>(&part.is)) calls.push_back({call, thoughts.take_extra()});
        if (const auto* text = std::get_if<llm::TextPart>(&part.is)) content.add_text(text->text.written, text->cache);
        if (const auto* other = std::get_if<llm::OtherPart>(&part.is)) add_line(parts_.words_of(*other), content);
      }
    if (content.empty() && calls.empty()) return calls;
    flush_user();
    begin("assistant");
    write_assistant_content(content, gives_back() ? thoughts.text() : std::string_view());
    if (gives_back()) write_thoughts(thoughts);
    if (!calls.empty()) write_calls(calls);
    out_ += '}';
    return calls;
  }

  static void add_line(std::string_view words, ChatContent& content) {
    if (!words.empty()) content.add_wrapped("", words, "\\n");
  }

  [[nodiscard]] bool gives_back() const { return quirks_.reasoning_back != ChatQuirks::ReasoningBack::never; }

  void write_assistant_content(ChatContent& content, std::string_view thoughts) {
    const bool in_tags = quirks_.reasoning_field == ChatQuirks::ReasoningField::think_tags && !thoughts.empty();
    if (in_tags) content.begin_with(parts_.keep("<think>" + std::string(thoughts) + "</think>"));
    if (content.empty() && quirks_.null_content == ChatQuirks::EmptyContent::null)
      out_ += "null";
    else
      content.append_to(out_, options_.long_texts);
  }

  void write_thoughts(const RestoredThoughts& thoughts) {
    using Field = ChatQuirks::ReasoningField;
    const auto field = quirks_.reasoning_field;
    if (field == Field::think_tags) return;
    if (field == Field::reasoning_details && !thoughts.details().empty())
      append(out_, R"(,"reasoning_details":[)", thoughts.details(), ']');
    else if (!thoughts.text().empty() || quirks_.reasoning_back == ChatQuirks::ReasoningBack::always)
      append(out_, field == Field::reasoning_content ? R"(,"reasoning_content":")" : R"(,"reasoning":")", thoughts.text(), '"');
  }

  void write_calls(const std::vector<Call>& calls) {
    out_ += R"(,"tool_calls":[)";
    for (const auto& [call, extra, result] : calls) {
      append(out_, out_.back() == '[' ? "" : ",", R"({"id":")", call_id_in_form(call->id.written, quirks_.tool_ids),
             R"(","type":"function","function":{"name":")", options_.names->to_provider(call->name.written), R"(","arguments":")");
      append_as_text(out_, call->input.raw.starts_with('{') ? call->input.raw : "{}");
      out_ += "\"}";
      if (!extra.empty()) append(out_, R"(,"extra_content":)", extra);
      if (extra.empty() && call == calls.front().call && quirks_.google_signatures) append(out_, R"(,"extra_content":)", kNoSignature);
      out_ += '}';
    }
    out_ += ']';
  }

  // --- tool results

  void write_result(const Call& call) {
    flush_user();
    append(out_, R"(,{"role":"tool","tool_call_id":")", call_id_in_form(call.call->id.written, quirks_.tool_ids), R"(","content":)");
    ChatContent content(marks_, "\\n");
    if (call.result == nullptr)
      content.add_text(kNoResult);
    else
      add_result(*call.result, call.call->name.written, content);
    content.append_to(out_, options_.long_texts);
    out_ += '}';
  }

  /// What a result says. Media that cannot stand in it are kept for the user message behind all results; those of no `tool` always.
  void add_result(const llm::ToolResult& result, std::string_view tool, ChatContent& content) {
    for (const auto& part : result.parts) {
      if (const auto* text = std::get_if<llm::TextPart>(&part.is)) content.add_text(text->text.written, text->cache);
      if (const auto* other = std::get_if<llm::OtherPart>(&part.is)) content.add_text(parts_.words_of(*other));
      if (const auto* image = std::get_if<llm::ImagePart>(&part.is)) {
        auto made = parts_.image(*image);
        made.empty() ? content.add_text(kImageWords) : add_result_media(std::move(made), kSeeImage, tool, content);
      }
      if (const auto* document = std::get_if<llm::DocumentPart>(&part.is)) {
        auto made = parts_.file(*document);
        made.empty() ? parts_.add_document(*document, content) : add_result_media(std::move(made), kSeeFile, tool, content);
      }
    }
    if (content.empty()) content.add_text(parts_.keep(json_escape(quirks_.empty_result)));
    if (result.is_error) content.begin_with(kError);
    content.mark(result.cache);
  }

  void add_result_media(std::string part, std::string_view below, std::string_view tool, ChatContent& content) {
    if (quirks_.tool_images == ChatQuirks::ToolImages::inlined && !tool.empty()) return content.add_part(std::move(part));
    content.add_text(below);
    follow_up_.push_back({tool, std::move(part)});
  }

  // --- the user's turn

  /// A message behind the results: what it holds beside results of these calls.
  void add_answers(const Message& message, const Answers& matched) {
    for (auto& [tool, part] : std::exchange(follow_up_, {})) {
      user_.add_wrapped("[returned by ", tool, "]");
      user_.add_part(std::move(part));
    }
    if (message.role == Role::system) return add_system_turn(message);
    for (const auto& part : message.parts) add_user_part(part, matched);
  }

  void add_system_turn(const Message& message) {
    const bool keeps = quirks_.system_turns == SystemTurns::keep;
    ChatContent content(marks_, kBetween);
    for (const auto& part : message.parts)
      if (const auto* text = std::get_if<llm::TextPart>(&part.is); text != nullptr && !text->text.empty()) {
        if (keeps)
          content.add_text(text->text.written, text->cache);
        else
          user_.add_wrapped(kReminder, text->text.written, kReminderEnd);
      }
    if (content.empty()) return;
    flush_user();
    begin(system_role());
    content.append_to(out_, options_.long_texts);
    out_ += '}';
  }

  void add_user_part(const Part& part, const Answers& matched) {
    if (const auto* text = std::get_if<llm::TextPart>(&part.is)) user_.add_text(text->text.written, text->cache);
    if (const auto* other = std::get_if<llm::OtherPart>(&part.is)) user_.add_text(parts_.words_of(*other));
    if (const auto* document = std::get_if<llm::DocumentPart>(&part.is)) parts_.add_document(*document, user_);
    if (const auto* image = std::get_if<llm::ImagePart>(&part.is)) {
      auto made = parts_.image(*image);
      made.empty() ? user_.add_text(kImageWords) : user_.add_part(std::move(made));
    }
    const auto* result = std::get_if<llm::ToolResult>(&part.is);
    if (result != nullptr && !matched.contains(result)) add_orphan(*result);
  }

  /// A result without its call, as text: providers refuse it in any other form.
  void add_orphan(const llm::ToolResult& result) {
    ChatContent content(false, "\\n");
    add_result(result, "", content);
    std::string text;
    content.append_to(text, nullptr);
    user_.add_wrapped("[result of an earlier tool call]\\n", parts_.keep(text.substr(1, text.size() - 2)), "");
    for (auto& [tool, part] : std::exchange(follow_up_, {})) user_.add_part(std::move(part));
  }

  void flush_user() {
    if (user_.empty()) return;
    begin("user");
    user_.append_to(out_, options_.long_texts);
    out_ += '}';
    user_.clear();
  }

  struct FollowUp {
    std::string_view tool;
    std::string part;
  };
  const OpenAiChatOptions& options_;
  const ChatQuirks& quirks_;
  std::string& out_;
  ChatParts parts_;
  bool marks_;
  ChatContent user_;  // the user's turn so far: written once another role speaks
  std::vector<FollowUp> follow_up_;
};

}  // namespace

void append_chat_messages(const llm::Request& request, const OpenAiChatOptions& options, std::string_view instruction,
                          std::vector<std::string>& dropped, std::string& out) {
  MessagesWriter(options, dropped, out).write(request, instruction);
}

}  // namespace penstock::dialect
