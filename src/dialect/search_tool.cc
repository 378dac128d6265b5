#include "dialect/search_tool.h"

#include <algorithm>
#include <optional>
#include <ranges>
#include <utility>

#include "base/append.h"
#include "base/text.h"
#include "base/url.h"
#include "dialect/arguments.h"
#include "dialect/error_text.h"
#include "dialect/history_text.h"
#include "json/padded.h"
#include "json/scan.h"

namespace penstock::dialect {

namespace {

using json::Value;
using llm::Message;
using llm::Part;
using llm::Role;

constexpr std::string_view kDescription =
    "Searches the web. The result lists pages with title, address and an excerpt. Use it for what may have changed since your training and "
    "for what you are not sure of; say which pages your answer rests on.";
constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"query":{"type":"string","description":"What to search for"}},"required":["query"],)"
    R"("additionalProperties":false})";
/// How Claude Code's WebSearch begins.
constexpr std::string_view kAsksForSearch = "Perform a web search for the query:";
constexpr std::size_t kShownQuery = 300;  // bytes
constexpr std::size_t kMostSites = 6;     // named in a query; engines refuse long ones

std::vector<std::string> texts_of(std::optional<Value> list) {
  std::vector<std::string> out;
  if (!list) return out;
  for (const auto text : list->elements())
    if (text.is_string() && !trim(text.text()).empty()) out.emplace_back(trim(text.text()));
  return out;
}

/// {"type":"approximate","city","region","country","timezone"}.
std::string location_of(std::optional<Value> location) {
  std::vector<std::string> words;
  if (location)
    for (const auto* field : {"city", "region", "country"})
      if (const auto word = location->find(field); word && !word->text().empty()) words.push_back(word->text());
  return join(words, ", ");
}

/// A name that none of the client's functions has.
std::string free_name(const llm::Request& request) {
  const auto taken = [&](std::string_view name) {
    return std::ranges::any_of(request.tools, [&](const llm::Tool& tool) { return !is_web_search(tool) && tool.name.written == name; });
  };
  std::string name = "web_search";
  for (unsigned number = 2; taken(name); ++number) name = "web_search_" + std::to_string(number);
  return name;
}

llm::Tool function_of(const SearchTool& tool, llm::Request& request) {
  std::string description(kDescription);
  if (!tool.location.empty()) append(description, " The user is in ", tool.location, ".");
  llm::Tool made;
  made.name = {request.keep(tool.name)};
  made.description = {request.keep(json_escape(description))};
  made.schema = {kSchema};
  return made;
}

/// Finds the searches of one assistant message and parts the message behind each.
class HistorySplit {
 public:
  HistorySplit(llm::Request& request, std::string_view name) : request_(request), name_(name) {}

  std::vector<Message> split(std::vector<Message> messages) {
    for (auto& message : messages) {
      if (message.role == Role::assistant && std::ranges::any_of(message.parts, is_result))
        split_one(message.parts);
      else
        add(std::move(message));
    }
    flush_results();
    return std::move(out_);
  }

 private:
  static bool is_result(const Part& part) {
    const auto* other = std::get_if<llm::OtherPart>(&part.is);
    return other != nullptr && other->type.written == "web_search_tool_result";
  }

  /// Results that still wait come before all else of the user's.
  void add(Message message) {
    if (message.role == Role::user && !results_.empty()) {
      message.parts.insert(message.parts.begin(), std::make_move_iterator(results_.begin()), std::make_move_iterator(results_.end()));
      results_.clear();
    }
    flush_results();
    out_.push_back(std::move(message));
  }

  void flush_results() {
    if (!results_.empty()) out_.push_back({Role::user, std::exchange(results_, {})});
  }

  void split_one(std::vector<Part>& parts) {
    flush_results();
    Message said{Role::assistant, {}};
    for (auto& part : parts) {
      if (auto result = result_of(part, said)) {
        results_.push_back(std::move(*result));
        continue;
      }
      if (!results_.empty()) out_.push_back(std::exchange(said, {Role::assistant, {}}));
      flush_results();
      said.parts.push_back(call_of(part, parts).value_or(std::move(part)));
    }
    if (!said.parts.empty()) out_.push_back(std::move(said));
  }

  /// A search whose result is there, as a call.
  std::optional<Part> call_of(const Part& part, const std::vector<Part>& all) {
    const auto* use = std::get_if<llm::OtherPart>(&part.is);
    if (use == nullptr || use->type.written != "server_tool_use") return std::nullopt;
    const json::Padded raw(use->raw.raw);
    if (!document_.index(raw.text())) return std::nullopt;
    const auto root = document_.root();
    const auto id = root.find("id"), name = root.find("name"), input = root.find("input");
    if (!id || !id->is_string() || !name || !name->equals("web_search") || !input || !input->is_object()) return std::nullopt;
    const auto kept_id = request_.keep(std::string(id->raw_text()));
    const auto kept_input = request_.keep(std::string(input->raw()));
    if (std::ranges::none_of(all, [&](const Part& other) { return is_result(other) && answered_id(other) == kept_id; }))
      return std::nullopt;
    return Part{llm::ToolCall{{kept_id}, {name_}, {kept_input}}};
  }

  /// The result of a call that `said` makes.
  std::optional<Part> result_of(const Part& part, const Message& said) {
    if (!is_result(part)) return std::nullopt;
    const auto id = answered_id(part);
    const auto calls = [&](const Part& one) {
      const auto* call = std::get_if<llm::ToolCall>(&one.is);
      return call != nullptr && call->id.written == id && call->name.written == name_;
    };
    if (id.empty() || std::ranges::none_of(said.parts, calls)) return std::nullopt;
    llm::ToolResult result{.id = {request_.keep(id)}};
    result.parts.push_back({llm::TextPart{{request_.keep(words_of(part))}}});
    return Part{std::move(result)};
  }

  std::string answered_id(const Part& result) {
    const json::Padded raw(std::get<llm::OtherPart>(result.is).raw.raw);
    if (!document_.index(raw.text())) return {};
    const auto id = document_.root().find("tool_use_id");
    return id && id->is_string() ? std::string(id->raw_text()) : std::string();
  }

  std::string words_of(const Part& result) {
    const json::Padded raw(std::get<llm::OtherPart>(result.is).raw.raw);
    auto words = document_.index(raw.text()) ? history_text(document_.root()) : std::string();
    return words.empty() ? "Nothing was found." : words;
  }

  llm::Request& request_;
  std::string_view name_;
  json::Document document_;
  std::vector<Message> out_;
  std::vector<Part> results_;  // of searches in the message that was last put out
};

/// The host of a domain as clients write it, and the path behind it.
std::pair<std::string, std::string_view> host_and_path(std::string_view domain) {
  for (const std::string_view scheme : {"https://", "http://"})
    if (starts_with_ignoring_case(domain, scheme)) domain.remove_prefix(scheme.size());
  const auto slash = domain.find('/');
  auto path = slash == std::string_view::npos ? std::string_view() : domain.substr(slash);
  if (const auto star = path.find('*'); star != std::string_view::npos) path = path.substr(0, star);
  return {to_lower(domain.substr(0, slash)), path};
}

/// Subdomains count too.
bool is_of(const Url& url, std::string_view domain) {
  const auto [host, path] = host_and_path(domain);
  if (host.empty() || !url.path.starts_with(path == "/" ? "" : path)) return false;
  return url.host == host || url.host.ends_with("." + host);
}

}  // namespace

bool needs_own_search(const llm::Request& request, bool provider_searches) {
  return !provider_searches && find_web_search(request) != nullptr;
}

SearchTool read_search_tool(const llm::Tool& tool) {
  SearchTool out;
  const json::Padded raw(tool.raw.raw);
  json::Document document;
  if (!document.index(raw.text())) return out;
  const auto root = document.root();
  if (const auto uses = root.find("max_uses"); uses && uses->integer().value_or(0) > 0)
    out.max_uses = static_cast<std::uint64_t>(*uses->integer());
  const auto filters = root.find("filters").value_or(root);  // OpenAI's have a place of their own
  out.allowed = texts_of(filters.find("allowed_domains"));
  out.blocked = texts_of(filters.find("blocked_domains"));
  out.location = location_of(root.find("user_location"));
  return out;
}

std::string search_query_of(const llm::Request& request) {
  for (const auto& message : std::views::reverse(request.messages)) {
    if (message.role != Role::user) continue;
    for (const auto& part : std::views::reverse(message.parts))
      if (const auto* text = std::get_if<llm::TextPart>(&part.is); text != nullptr && !text->text.empty()) {
        const auto said = unescape(text->text.written);
        std::string_view query = trim(said);
        if (query.starts_with(kAsksForSearch)) query = trim(query.substr(kAsksForSearch.size()));
        return bounded_text(query, kShownQuery);
      }
  }
  return {};
}

SearchTool offer_search(llm::Request& request) {
  const auto tool = std::ranges::find_if(request.tools, is_web_search);
  SearchTool search = read_search_tool(*tool);
  search.name = free_name(request);
  auto& choice = request.tool_choice;
  auto function = function_of(search, request);
  if (choice.kind == llm::ToolChoice::Kind::named && (choice.name == tool->name || choice.name == tool->type)) choice.name = function.name;
  const auto name = function.name.written;
  *tool = std::move(function);
  std::erase_if(request.tools, is_web_search);  // a second one says nothing more
  request.messages = HistorySplit(request, name).split(std::move(request.messages));
  return search;
}

std::string engine_query(const SearchTool& tool, std::string_view query) {
  std::string out(query);
  const auto count = std::min(tool.allowed.size(), kMostSites);
  for (std::size_t i = 0; i < count; ++i)
    append(out, i == 0 ? (count > 1 ? " (" : " ") : " OR ", "site:", host_and_path(tool.allowed[i]).first);
  if (count > 1) out += ')';
  for (std::size_t i = 0; i < std::min(tool.blocked.size(), kMostSites); ++i) append(out, " -site:", host_and_path(tool.blocked[i]).first);
  return out;
}

bool is_wanted(const SearchTool& tool, std::string_view url) {
  const auto parsed = parse_url(url);
  if (!parsed) return false;
  const auto covers = [&](std::string_view domain) { return is_of(*parsed, domain); };
  return (tool.allowed.empty() || std::ranges::any_of(tool.allowed, covers)) && std::ranges::none_of(tool.blocked, covers);
}

}  // namespace penstock::dialect
