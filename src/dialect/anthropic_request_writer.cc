#include "dialect/anthropic_request_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/append.h"
#include "base/text.h"
#include "dialect/anthropic_messages_writer.h"
#include "dialect/claude_model.h"
#include "dialect/claude_schema.h"
#include "dialect/digest.h"
#include "dialect/quirk_thinking.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

using llm::CacheMark;
using llm::Part;

// A request must name a limit. The greatest that makes sense where the client named none, and what every model of today can do.
constexpr std::uint64_t kMostTokens = 64'000, kUsualTokens = 32'000;
constexpr std::size_t kLongestUser = 256;

bool is_marked(const Part& part) {
  return std::visit(
      [](const auto& one) {
        if constexpr (requires { one.cache; })
          if (one.cache != CacheMark::none) return true;
        if constexpr (requires { one.parts; }) return std::ranges::any_of(one.parts, is_marked);
        return false;
      },
      part.is);
}

bool has_marks(const llm::Request& request) {
  const auto marked = [](const auto& holder) { return std::ranges::any_of(holder.parts, is_marked); };
  return std::ranges::any_of(request.system, is_marked) || std::ranges::any_of(request.messages, marked) ||
         std::ranges::any_of(request.tools, [](const llm::Tool& tool) { return tool.cache != CacheMark::none; });
}

/// About as many bytes as the body will have: growing by doubling would copy it several times.
std::size_t expected_size(const std::vector<Part>& parts) {
  std::size_t size = 0;
  for (const auto& part : parts) {
    size += 128;
    if (const auto* text = std::get_if<llm::TextPart>(&part.is)) size += text->text.written.size();
    if (const auto* image = std::get_if<llm::ImagePart>(&part.is)) size += image->media.data.written.size();
    if (const auto* document = std::get_if<llm::DocumentPart>(&part.is)) size += document->media.data.written.size();
    if (const auto* thinking = std::get_if<llm::ThinkingPart>(&part.is))
      size += thinking->text.written.size() + thinking->signature.written.size();
    if (const auto* call = std::get_if<llm::ToolCall>(&part.is)) size += call->input.raw.size();
    if (const auto* result = std::get_if<llm::ToolResult>(&part.is)) size += expected_size(result->parts);
  }
  return size;
}

std::size_t expected_size(const llm::Request& request) {
  std::size_t size = 1024 + expected_size(request.system);
  for (const auto& message : request.messages) size += expected_size(message.parts);
  for (const auto& tool : request.tools) size += 256 + tool.description.written.size() + tool.schema.raw.size();
  return size;
}

/// The conversation is inside a tool loop whose calls were made without thinking, or whose thinking did not come back: then it cannot be
/// `enabled` (wire-reference 1.5).
bool loop_lacks_thinking(const std::vector<llm::Message>& messages) {
  if (messages.empty() || messages.back().role == llm::Role::assistant) return false;
  const auto last =
      std::find_if(messages.rbegin(), messages.rend(), [](const auto& message) { return message.role == llm::Role::assistant; });
  if (last == messages.rend()) return false;
  const auto is_call = [](const Part& part) { return std::holds_alternative<llm::ToolCall>(part.is); };
  const auto is_signed = [](const Part& part) {
    const auto* thinking = std::get_if<llm::ThinkingPart>(&part.is);
    return thinking != nullptr && !thinking->signature.empty();
  };
  return std::ranges::any_of(last->parts, is_call) && std::ranges::none_of(last->parts, is_signed);
}

/// What the system prompt says about the answer's shape where no field can; the inside of a JSON string.
std::string format_words(const llm::AnswerFormat& format, bool native) {
  using Kind = llm::AnswerFormat::Kind;
  if (format.kind == Kind::text || (format.kind == Kind::json_schema && native)) return {};
  std::string words = "Answer with one JSON object and nothing else: no words around it, no code fence.";
  if (format.kind == Kind::json_schema) words += " It must conform to this JSON Schema:\\n" + json_escape(format.schema.raw);
  return words;
}

class Writer {
 public:
  Writer(const llm::Request& request, const AnthropicOptions& options, std::vector<std::string>& dropped)
      : request_(request),
        options_(options),
        dropped_(dropped),
        model_(claude_model(options.model)),
        marks_(model_.is_claude && !has_marks(request)),
        native_format_(options.formats && model_.formats) {}

  std::string write() {
    out_.reserve(expected_size(request_));
    append(out_, R"({"model":)", json_quote(options_.model), R"(,"max_tokens":)", max_tokens_ = limit());
    if (request_.stream) out_ += R"(,"stream":true)";
    write_system();
    out_ += R"(,"messages":)";
    append_anthropic_messages(request_, model_, marks_, dropped_, out_);
    write_tools();
    write_thinking();
    write_output_config();
    write_sampling();
    write_stop();
    write_rest();
    out_ += '}';
    return std::move(out_);
  }

 private:
  void note(std::string_view name) { note_left_out(dropped_, name); }
  [[nodiscard]] CacheMark mark_or(CacheMark own, bool last) const { return marks_ && last ? CacheMark::ephemeral : own; }

  [[nodiscard]] std::uint64_t limit() const {
    const auto most = options_.max_output;
    if (!request_.max_tokens) return most == 0 ? kUsualTokens : std::min(most, kMostTokens);
    return most == 0 ? *request_.max_tokens : std::min(*request_.max_tokens, most);
  }

  void write_system() {
    struct Block {
      std::string_view text;
      CacheMark cache;
    };
    std::vector<Block> blocks;
    const bool asks = request_.messages.empty();  // then it stands among the messages
    for (const auto& part : request_.system)
      if (const auto* text = std::get_if<llm::TextPart>(&part.is); text != nullptr && !asks && has_words(text->text.written))
        blocks.push_back({text->text.written, text->cache});
    const auto words = format_words(request_.format, native_format_);
    if (!words.empty()) blocks.push_back({words, CacheMark::none});
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      append(out_, i == 0 ? R"(,"system":[)" : ",", R"({"type":"text","text":")", blocks[i].text, '"');
      append_cache_mark(out_, mark_or(blocks[i].cache, i + 1 == blocks.size()));
      out_ += '}';
    }
    if (!blocks.empty()) out_ += ']';
  }

  // --- tools

  void write_tools() {
    std::vector<const llm::Tool*> tools;
    for (const auto& tool : request_.tools) {
      const bool ours = tool.type.empty() || tool.type.written.starts_with("web_search_2");  // the server tool in Anthropic's own words
      ours ? tools.push_back(&tool) : note("tools." + std::string(tool.type.written));
    }
    if (tools.empty()) return;
    for (std::size_t i = 0; i < tools.size(); ++i) {
      out_ += i == 0 ? R"(,"tools":[)" : ",";
      write_tool(*tools[i], i + 1 == tools.size());
    }
    out_ += ']';
    write_tool_choice();
  }

  void write_tool(const llm::Tool& tool, bool last) {
    if (!tool.type.empty()) return append(out_, tool.raw.raw);
    append(out_, R"({"name":")", tool.name.written, '"');
    if (!tool.description.empty()) append(out_, R"(,"description":")", tool.description.written, '"');
    out_ += R"(,"input_schema":)";
    write_schema(tool.schema.raw);
    append_cache_mark(out_, mark_or(tool.cache, last));
    out_ += '}';
    // Claude's strict tools refuse schemas that OpenAI's take, and obeys theirs well without.
    if (tool.strict.value_or(false)) note("tools.strict");
  }

  /// The tool's input schema, which must be an object's.
  void write_schema(std::string_view schema) {
    padded_.assign(schema);
    if (!nested_.index(padded_.text()) || !nested_.root().is_object() || nested_.root().is_empty())
      out_ += R"({"type":"object","properties":{}})";
    else if (nested_.root().find("type"))
      out_ += schema;
    else
      append(out_, R"({"type":"object",)", schema.substr(schema.find('{') + 1));
  }

  void write_tool_choice() {
    using Kind = llm::ToolChoice::Kind;
    const auto& choice = request_.tool_choice;
    const bool single = choice.parallel && !*choice.parallel;
    if (choice.kind == Kind::absent && !single) return;
    out_ += R"(,"tool_choice":{"type":)";
    if (choice.kind == Kind::any) out_ += R"("any")";
    if (choice.kind == Kind::none) out_ += R"("none")";
    if (choice.kind == Kind::named) append(out_, R"("tool","name":")", choice.name.written, '"');
    if (choice.kind == Kind::absent || choice.kind == Kind::automatic) out_ += R"("auto")";
    if (single && choice.kind != Kind::none) out_ += R"(,"disable_parallel_tool_use":true)";
    out_ += '}';
  }

  [[nodiscard]] bool is_forced() const {
    using Kind = llm::ToolChoice::Kind;
    return !request_.tools.empty() && (request_.tool_choice.kind == Kind::any || request_.tool_choice.kind == Kind::named);
  }

  // --- thinking

  void write_thinking() {
    const auto wanted = wanted_thinking(request_.reasoning);
    const bool silent = request_.reasoning.mode == llm::Reasoning::Mode::absent && request_.reasoning.effort.empty();
    if (silent) return;
    if (!wanted.thinks) return forbid_thinking();
    if (wanted.level && !model_.efforts.empty()) effort_ = model_.efforts.nearest(*wanted.level);
    if (is_forced() && !model_.forced_while_thinking) return note("reasoning");
    using Thinking = ClaudeModel::Thinking;
    if (model_.thinking == Thinking::adaptive) {
      // The newer models keep their thoughts to themselves unless asked.
      append(out_, R"(,"thinking":{"type":"adaptive")", model_.is_claude ? R"(,"display":"summarized"})" : "}");
    } else {
      model_.thinking == Thinking::enabled ? enable_thinking(wanted) : note("reasoning");
    }
  }

  void forbid_thinking() {
    if (model_.off == ClaudeModel::Off::disabled) out_ += R"(,"thinking":{"type":"disabled"})";
    if (model_.off == ClaudeModel::Off::lowest) effort_ = model_.efforts.nearest(EffortLevel::minimal);
  }

  void enable_thinking(const WantedThinking& wanted) {
    const auto level = wanted.level == EffortLevel::minimal ? EffortLevel::low : wanted.level;
    const auto budget = thinking_budget(level ? word_of(*level) : "", max_tokens_);
    if (!budget || loop_lacks_thinking(request_.messages)) return note("reasoning");
    append(out_, R"(,"thinking":{"type":"enabled","budget_tokens":)", *budget, '}');
    enabled_ = true;
  }

  void write_output_config() {
    const bool formatted = native_format_ && request_.format.kind == llm::AnswerFormat::Kind::json_schema;
    if (!effort_ && !formatted) return;
    out_ += R"(,"output_config":{)";
    if (effort_) append(out_, R"("effort":")", word_of(*effort_), '"');
    if (formatted)
      append(out_, effort_ ? "," : "", R"("format":{"type":"json_schema","schema":)",
             model_.is_claude ? claude_schema(request_.format.schema.raw) : request_.format.schema.raw, '}');
    out_ += '}';
  }

  // --- the rest

  /// Newer models refuse all of it, and those that think with a budget do so while they think.
  void write_sampling() {
    const bool allowed = model_.sampling && !enabled_;
    if (const auto value = request_.temperature) {
      const double most = model_.is_claude ? 1 : 2;  // OpenAI's reach to 2
      if (allowed)
        out_ += fmt::format(R"(,"temperature":{})", std::min(*value, most));
      else if (*value != 1)
        note("temperature");
    }
    if (const auto value = request_.top_p) {
      if (allowed && (model_.both_samplings || !request_.temperature))
        out_ += fmt::format(R"(,"top_p":{})", *value);
      else if (*value != 1)
        note("top_p");
    }
    if (request_.top_k) allowed ? append(out_, R"(,"top_k":)", *request_.top_k) : note("top_k");
  }

  void write_stop() {
    std::string_view before = R"(,"stop_sequences":[)";
    for (const auto& word : request_.stop) {
      if (!has_words(word.written))
        note("stop");  // Anthropic takes no white space
      else
        append(out_, std::exchange(before, ","), '"', word.written, '"');
    }
    if (before == ",") out_ += ']';
  }

  void write_rest() {
    if (const auto user = request_.user.written; !user.empty())
      append(out_, R"(,"metadata":{"user_id":")", user.size() > kLongestUser ? sha256_hex(user) : std::string(user), "\"}");
    const auto tier = request_.service_tier.written;
    if (tier == "auto" || tier == "standard_only") append(out_, R"(,"service_tier":")", tier, '"');
    if (tier == "default") out_ += R"(,"service_tier":"standard_only")";
    if (tier == "flex" || tier == "scale" || tier == "priority" || tier == "fast") note("service_tier");
  }

  const llm::Request& request_;
  const AnthropicOptions& options_;
  std::vector<std::string>& dropped_;
  ClaudeModel model_;
  bool marks_, native_format_;
  std::string out_;
  std::uint64_t max_tokens_ = 0;
  std::optional<EffortLevel> effort_;
  bool enabled_ = false;
  json::Padded padded_;  // schemas
  json::Document nested_;
};

}  // namespace

std::string write_anthropic_request(const llm::Request& request, const AnthropicOptions& options, std::vector<std::string>& dropped) {
  return Writer(request, options, dropped).write();
}

}  // namespace penstock::dialect
