#include "dialect/error_text.h"

#include <algorithm>

#include "base/text.h"
#include "json/padded.h"
#include "json/scan.h"

namespace penstock::dialect {

namespace {

// A message may hold JSON that holds a message: OpenRouter's metadata.raw, LiteLLM's nesting. Deeper is nonsense.
constexpr int kMaxNesting = 3;
constexpr std::size_t kMaxTitle = 200;
// An error body beyond this is not read for its words; a message never needs it.
constexpr std::size_t kMaxBody = 256U << 10;

void read_json(std::string_view text, ErrorText& out, int depth);
void read_fields(const json::Value& object, ErrorText& out, int depth);

/// A string, or a number as it is written.
std::string scalar(std::optional<json::Value> value) {
  if (!value) return {};
  if (value->is_string()) return value->text();
  return value->kind() == json::Kind::number ? std::string(value->raw()) : std::string();
}

void fill(std::string& member, std::string text) {
  if (member.empty()) member = std::move(text);
}

/// A message that is JSON itself is replaced by what that JSON says.
void take_message(std::string text, ErrorText& out, int depth) {
  if (text.empty() || !out.message.empty()) return;
  const auto inner = trim(text);
  if (depth < kMaxNesting && (inner.starts_with('{') || inner.starts_with('['))) read_json(inner, out, depth + 1);
  fill(out.message, std::move(text));
}

/// FastAPI: {"detail": "words"}, {"detail": {…}} or {"detail": [{"loc": [...], "msg": "words"}]}.
void read_detail(const json::Value& detail, ErrorText& out, int depth) {
  if (detail.is_string()) return take_message(detail.text(), out, depth);
  if (detail.is_object() && depth < kMaxNesting) return read_fields(detail, out, depth + 1);
  std::string words;
  for (const auto item : detail.elements()) {
    std::string place;
    if (const auto loc = item.find("loc"))
      for (const auto part : loc->elements()) place += (place.empty() ? "" : ".") + scalar(part);
    words += (words.empty() ? "" : "; ") + (place.empty() ? "" : place + ": ") + scalar(item.find("msg"));
  }
  fill(out.message, std::move(words));
}

void read_base_resp(const json::Value& base, ErrorText& out) {
  const auto code = scalar(base.find("status_code"));
  if (code.empty() || code == "0") return;
  out.failed = out.minimax = true;
  fill(out.code, code);
  fill(out.message, scalar(base.find("status_msg")));
}

void read_numbers(const json::Value& object, ErrorText& out) {
  const auto count = [&](const char* key) -> std::optional<std::uint64_t> {
    const auto value = object.find(key);
    return value ? parse_unsigned(value->raw()) : std::nullopt;
  };
  if (!out.prompt_tokens) out.prompt_tokens = count("n_prompt_tokens");
  if (!out.window) out.window = count("n_ctx");
}

/// The fields that describe an error, in the object that holds them.
void read_fields(const json::Value& object, ErrorText& out, int depth) {
  read_numbers(object, out);
  // The wrapper's words ("Provider returned error") say less than what it wraps.
  if (const auto metadata = object.find("metadata")) take_message(scalar(metadata->find("raw")), out, depth);
  if (const auto detail = object.find("detail")) read_detail(*detail, out, depth);
  for (const char* key : {"message", "msg", "error_msg", "error_description"}) take_message(scalar(object.find(key)), out, depth);
  for (const char* key : {"type", "status"}) fill(out.type, scalar(object.find(key)));
  fill(out.code, scalar(object.find("code")));
}

bool says_failure(const json::Value& root) {
  const auto object = root.find("object"), success = root.find("success");
  if ((object && object->equals("error")) || (success && success->boolean() == false)) return true;
  const bool answers = root.find("content") || root.find("choices") || root.find("input_tokens");
  return !answers && (root.find("detail") || (root.find("code") && (root.find("message") || root.find("msg"))));
}

void read_object(const json::Value& root, ErrorText& out, int depth) {
  const auto type = root.find("type"), error = root.find("error");
  if (type && type->equals("message")) return;  // an answer
  out.anthropic = out.anthropic || (type && type->equals("error") && error && error->is_object());
  if (const auto base = root.find("base_resp")) read_base_resp(*base, out);
  if (error && error->is_object() && !error->is_empty()) {
    out.failed = true;
    read_fields(*error, out, depth);
  } else if (error && error->is_string() && !error->raw_text().empty()) {
    out.failed = true;
    take_message(error->text(), out, depth);
  }
  out.failed = out.failed || (type && type->equals("error")) || says_failure(root);
  if (const auto errors = root.find("errors"); errors && errors->is_array())
    for (const auto one : errors->elements()) read_fields(one, out, depth);
  if (!out.anthropic) read_fields(root, out, depth);
}

void read_json(std::string_view text, ErrorText& out, int depth) {
  const json::Padded padded(text);
  json::Document document;
  if (!document.index(padded.text())) return;
  auto root = document.root();
  if (root.is_array())
    for (const auto first : root.elements()) {
      root = first;
      break;
    }
  if (root.is_string()) return fill(out.message, root.text());
  if (root.is_object()) read_object(root, out, depth);
}

/// The text between the first `<tag…>` and `</tag>`, white space run together.
std::string element_text(std::string_view html, std::string_view tag) {
  const std::string lowered = to_lower(html);
  const auto open = lowered.find("<" + std::string(tag));
  const auto begin = open == std::string::npos ? open : lowered.find('>', open);
  if (begin == std::string::npos) return {};
  const auto end = std::min(lowered.find("</", begin), lowered.size());
  std::string out;
  for (const char c : trim(html.substr(begin + 1, end - begin - 1))) {
    const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!space || !out.ends_with(' ')) out += space ? ' ' : c;
  }
  return out;
}

std::string page_title(std::string_view html) {
  for (const char* tag : {"title", "h1", "h2"})
    if (auto text = element_text(html, tag); !text.empty()) return bounded_text(text, kMaxTitle);
  return "an HTML page";
}

/// The first `data:` line of an event stream, which some providers send under an error status.
std::string_view event_data(std::string_view body) {
  const auto at = body.find("data:");
  if (at == std::string_view::npos || !(body.starts_with("data:") || body.starts_with("event:"))) return body;
  const auto line = body.substr(at + 5);
  return trim(line.substr(0, line.find('\n')));
}

}  // namespace

bool is_html(std::string_view body, std::string_view content_type) {
  const auto text = trim(body);
  if (text.starts_with('{') || text.starts_with('[')) return false;
  return text.starts_with('<') || (starts_with_ignoring_case(content_type, "text/html") && contains_ignoring_case(text, "<html"));
}

ErrorText read_error(std::string_view body, std::string_view content_type) {
  ErrorText out;
  const auto text = event_data(trim(body.substr(0, kMaxBody)));
  if (is_html(text, content_type)) {
    out.html = true;
    out.message = page_title(text);
    return out;
  }
  const bool json = text.starts_with('{') || text.starts_with('[') || text.starts_with('"');
  if (json) read_json(text, out, 0);
  if (out.message.empty() && !out.failed && out.code.empty()) out.message = text;
  out.message = bounded_text(trim(out.message));
  return out;
}

std::string bounded_text(std::string_view text, std::size_t most) {
  constexpr std::string_view kCut = "…";
  std::string out = valid_utf8(text.substr(0, most + 1));
  if (out.size() <= most && text.size() <= most) return out;
  std::size_t end = std::min(out.size(), most - kCut.size());
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0U) == 0x80U) --end;
  out.resize(end);
  return out.append(kCut);
}

}  // namespace penstock::dialect
