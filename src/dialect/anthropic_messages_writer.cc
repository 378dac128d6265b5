#include "dialect/anthropic_messages_writer.h"

#include <algorithm>
#include <span>

#include "base/append.h"
#include "base/text.h"
#include "dialect/digest.h"
#include "dialect/fresh_ids.h"
#include "dialect/match_results.h"

namespace penstock::dialect {

namespace {

using llm::Media;
using llm::Message;
using llm::Part;
using llm::Role;

constexpr std::string_view kUser = "user", kAssistant = "assistant", kSystem = "system";
/// Stands where a message must be. Not white space: Anthropic refuses that.
constexpr std::string_view kNothing = "(no content)";
constexpr std::string_view kReminder = "<system-reminder>\\n", kReminderEnd = "\\n</system-reminder>";

/// A call's id in the characters that Anthropic takes; the same for the same id.
std::string fitting_id(std::string_view written) {
  const auto fits = [](char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || c == '-'; };
  std::string id(written);
  if (!id.empty() && std::ranges::all_of(id, fits)) return id;
  std::ranges::replace_if(id, [&](char c) { return !fits(c); }, '_');
  return id + "_" + sha256_hex(written).substr(0, 8);
}

/// The `source` of an image; empty: Anthropic takes none like it.
std::string image_source(const Media& media) {
  if (media.from == Media::From::url) return R"({"type":"url","url":")" + std::string(media.data.written) + "\"}";
  const auto type = media.type.written == "image/jpg" ? "image/jpeg" : media.type.written;
  const bool known = type == "image/jpeg" || type == "image/png" || type == "image/gif" || type == "image/webp";
  if (media.from != Media::From::base64 || !known) return {};
  std::string source;
  append(source, R"({"type":"base64","media_type":")", type, R"(","data":")", media.data.written, "\"}");
  return source;
}

std::string document_source(const Media& media) {
  std::string source;
  if (media.from == Media::From::url) append(source, R"({"type":"url","url":")", media.data.written, "\"}");
  if (media.from == Media::From::text) append(source, R"({"type":"text","media_type":"text/plain","data":")", media.data.written, "\"}");
  if (media.from == Media::From::base64 && media.type.written == "application/pdf")
    append(source, R"({"type":"base64","media_type":"application/pdf","data":")", media.data.written, "\"}");
  return source;
}

/// One call of an assistant turn, and what answers it.
struct Call {
  const llm::ToolCall* call = nullptr;
  std::string id;  // as Anthropic gets it
  const llm::ToolResult* result = nullptr;
};

class MessagesWriter {
 public:
  MessagesWriter(const ClaudeModel& model, std::vector<std::string>& dropped, std::string& out)
      : model_(model), dropped_(dropped), out_(out) {}

  void write(const llm::Request& request, bool marks_last) {
    out_ += '[';
    // A request of nothing but instructions: they are the question.
    if (request.messages.empty())
      for (const auto& part : request.system) write_content(part, [&] { begin(kUser); });
    std::span<const Message> rest = request.messages;
    while (!rest.empty()) rest = write_round(rest);
    if (role_.empty()) write_text(kUser, kNothing);
    out_ += "]}]";
    std::string mark;
    append_cache_mark(mark, llm::CacheMark::ephemeral);
    if (marks_last && user_end_ > 0) out_.insert(user_end_, mark);
  }

 private:
  /// A block of this role comes now.
  void begin(std::string_view role) {
    if (role_ == role) return out_.push_back(',');
    if (role_.empty() && role != kUser) write_text(kUser, kNothing);
    append(out_, role_.empty() ? "" : "]},", R"({"role":")", role, R"(","content":[)");
    role_ = role;
  }

  void end(llm::CacheMark cache = llm::CacheMark::none) {
    append_cache_mark(out_, cache);
    if (role_ == kUser) user_end_ = out_.size();
    out_ += '}';
  }

  void write_text(std::string_view role, std::string_view before, std::string_view text = {}, std::string_view after = {}) {
    begin(role);
    append(out_, R"({"type":"text","text":")", before, text, after, '"');
    end();
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
    for (const auto& message : behind)
      if (message.role != Role::system) write_answers(message, matched);
    for (const auto& message : behind)
      if (message.role == Role::system) write_system(message);
    return {next, messages.end()};
  }

  // --- the assistant's turn

  std::vector<Call> write_assistant(std::span<const Message> messages) {
    std::vector<Call> calls;
    const auto says = [](const Part& part) {
      const auto* text = std::get_if<llm::TextPart>(&part.is);
      return std::holds_alternative<llm::ToolCall>(part.is) || (text != nullptr && has_words(text->text.written));
    };
    // Thinking alone is no turn.
    if (std::ranges::none_of(messages, [&](const Message& message) { return std::ranges::any_of(message.parts, says); })) return calls;
    for (const auto& message : messages)
      for (const auto& part : message.parts) {
        if (std::holds_alternative<llm::TextPart>(part.is)) write_content(part, [&] { begin(kAssistant); });
        if (const auto* thinking = std::get_if<llm::ThinkingPart>(&part.is)) write_thinking(*thinking);
        if (const auto* call = std::get_if<llm::ToolCall>(&part.is)) calls.push_back(write_call(*call));
        if (const auto* other = std::get_if<llm::OtherPart>(&part.is)) note(other->type.written);
      }
    return calls;
  }

  void write_thinking(const llm::ThinkingPart& thinking) {
    if (thinking.signature.empty()) return;
    begin(kAssistant);
    if (thinking.sealed)
      append(out_, R"({"type":"redacted_thinking","data":")", thinking.signature.written, '"');
    else
      append(out_, R"({"type":"thinking","thinking":")", thinking.text.written, R"(","signature":")", thinking.signature.written, '"');
    end();
  }

  Call write_call(const llm::ToolCall& call) {
    auto id = ids_.take(fitting_id(call.id.written));
    begin(kAssistant);
    append(out_, R"({"type":"tool_use","id":")", id, R"(","name":")", call.name.written, R"(","input":)",
           call.input.raw.starts_with('{') ? call.input.raw : "{}");
    end(call.cache);
    return {&call, std::move(id), nullptr};
  }

  // --- tool results

  void write_result(const Call& call) {
    begin(kUser);
    append(out_, R"({"type":"tool_result","tool_use_id":")", call.id, '"');
    if (call.result == nullptr) {
      out_ += R"(,"content":"[no result]","is_error":true)";
      return end();
    }
    std::string_view before = R"(,"content":[)";
    const auto begin_inner = [&] { append(out_, std::exchange(before, ",")); };
    for (const auto& part : call.result->parts) write_content(part, begin_inner, true);
    if (before == ",") out_ += ']';
    if (call.result->is_error) out_ += R"(,"is_error":true)";
    end(call.result->cache);
  }

  // --- the user's turn

  /// A message behind the results: what it holds beside results of these calls.
  void write_answers(const Message& message, const Answers& matched) {
    for (const auto& part : message.parts) {
      const auto* result = std::get_if<llm::ToolResult>(&part.is);
      if (result == nullptr)
        write_content(part, [&] { begin(kUser); });
      else if (!matched.contains(result))
        write_orphan(*result);
    }
  }

  /// A system turn is taken directly behind a user's and nowhere else. Where there is none, and by models that know no system turns, it is
  /// read as a reminder among the user's words.
  void write_system(const Message& message) {
    const bool as_turn = model_.system_turns && (role_ == kUser || role_ == kSystem);
    for (const auto& part : message.parts) {
      const auto* text = std::get_if<llm::TextPart>(&part.is);
      if (text == nullptr || !has_words(text->text.written)) continue;
      if (as_turn)
        write_content(part, [&] { begin(kSystem); });
      else
        write_text(kUser, kReminder, text->text.written, kReminderEnd);
    }
  }

  /// A result without its call is refused in any other form.
  void write_orphan(const llm::ToolResult& result) {
    write_text(kUser, "[result of an earlier tool call]");
    for (const auto& part : result.parts) write_content(part, [&] { begin(kUser); });
  }

  /// Text, an image, a document, or words in its place. `begin` is called before what is written, and only then. `inner`: inside a result,
  /// whose end is not the message's.
  template <typename Begin>
  void write_content(const Part& part, Begin begin_block, bool inner = false) {
    const auto close = [&](llm::CacheMark cache) {
      if (!inner) return end(cache);
      append_cache_mark(out_, cache);
      out_ += '}';
    };
    if (const auto* text = std::get_if<llm::TextPart>(&part.is); text != nullptr && has_words(text->text.written)) {
      begin_block();
      append(out_, R"({"type":"text","text":")", text->text.written, '"');
      close(text->cache);
    } else if (const auto* image = std::get_if<llm::ImagePart>(&part.is)) {
      begin_block();
      write_image(*image);
      close(image->cache);
    } else if (const auto* document = std::get_if<llm::DocumentPart>(&part.is)) {
      begin_block();
      write_document(*document);
      close(document->cache);
    } else if (const auto* other = std::get_if<llm::OtherPart>(&part.is)) {
      begin_block();
      write_omission(other->type.written);
      close(llm::CacheMark::none);
    }
  }

  void write_image(const llm::ImagePart& image) {
    const auto source = image_source(image.media);
    source.empty() ? write_omission("image") : append(out_, R"({"type":"image","source":)", source);
  }

  void write_document(const llm::DocumentPart& document) {
    const auto source = document_source(document.media);
    if (source.empty()) return write_omission("document");
    append(out_, R"({"type":"document","source":)", source);
    if (!document.title.empty()) append(out_, R"(,"title":")", document.title.written, '"');
    if (!document.context.empty()) append(out_, R"(,"context":")", document.context.written, '"');
  }

  void write_omission(std::string_view type) {
    note(type);
    append(out_, R"({"type":"text","text":"[)", type, R"( omitted]")");
  }

  void note(std::string_view type) { note_left_out(dropped_, "messages.content." + std::string(type)); }

  const ClaudeModel& model_;
  std::vector<std::string>& dropped_;
  std::string& out_;
  std::string_view role_;     // of the message that is open; empty: none yet
  std::size_t user_end_ = 0;  // before the bracket that closes the last block of a user message
  FreshIds ids_;              // of all calls
};

}  // namespace

void append_anthropic_messages(const llm::Request& request, const ClaudeModel& model, bool marks_last, std::vector<std::string>& dropped,
                               std::string& out) {
  MessagesWriter(model, dropped, out).write(request, marks_last);
}

void append_cache_mark(std::string& out, llm::CacheMark mark) {
  if (mark == llm::CacheMark::ephemeral) out += R"(,"cache_control":{"type":"ephemeral"})";
  if (mark == llm::CacheMark::one_hour) out += R"(,"cache_control":{"type":"ephemeral","ttl":"1h"})";
}

bool has_words(std::string_view written) {
  while (!written.empty()) {
    const bool escaped = written.starts_with("\\n") || written.starts_with("\\t") || written.starts_with("\\r");
    if (!escaped && written.front() != ' ') return true;
    written.remove_prefix(escaped ? 2 : 1);
  }
  return false;
}

void note_left_out(std::vector<std::string>& dropped, std::string_view name) {
  if (std::ranges::find(dropped, name) == dropped.end()) dropped.emplace_back(name);
}

}  // namespace penstock::dialect
