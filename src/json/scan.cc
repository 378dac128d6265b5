#include "json/scan.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "json/bytes.h"
#include "json/grammar.h"

namespace penstock::json {

namespace {

constexpr std::size_t kSmallestCapacity = 4U << 10;
constexpr std::array<std::uint32_t, 2> kNullPositions{0, 4};

Error fault_error(const SyntaxFault& fault) {
  return client_error(ErrorKind::invalid_request,
                      "the body is not valid JSON at byte " + std::to_string(fault.at) + ": " + std::string(fault.what));
}

/// Says what stage 1 objected to, and where; it only gives a code.
Error stage1_error(simdjson::error_code code, std::string_view text) {
  switch (code) {
    case simdjson::EMPTY: return client_error(ErrorKind::invalid_request, "the body is empty: expected a JSON value at byte 0");
    case simdjson::UTF8_ERROR: return fault_error({find_utf8_fault(text), "the bytes are not UTF-8"});
    case simdjson::UNCLOSED_STRING:
    case simdjson::UNESCAPED_CHARS: return fault_error(find_string_fault(text));
    default: return internal_error("simdjson failed: " + std::string(simdjson::error_message(code)));
  }
}

}  // namespace

/// simdjson's parser, of which only stage 1 and its list of positions are used.
struct Document::Parser {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;

  Status reserve(std::size_t bytes) {
    if (stage != nullptr && stage->capacity() >= bytes) return {};
    const auto wanted = std::min<std::size_t>(std::bit_ceil(std::max(bytes, kSmallestCapacity)), simdjson::SIMDJSON_MAXSIZE_BYTES);
    const auto code = stage == nullptr ? simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, 1, stage)
                                       : stage->set_capacity(wanted);
    if (code != simdjson::SUCCESS) return fail(internal_error("no memory to index a body of " + std::to_string(bytes) + " bytes"));
    return {};
  }
};

Document::Document() : parser_(std::make_unique<Parser>()) { clear(); }
Document::~Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;

void Document::clear() {
  text_ = "null";
  at_ = kNullPositions.data();
  count_ = 1;
}

std::size_t Document::capacity() const {
  const std::size_t positions = parser_->stage == nullptr ? 0 : parser_->stage->capacity();
  return (positions + close_.capacity()) * sizeof(std::uint32_t);
}

Status Document::index(std::string_view text) {
  auto status = index_checked(text);
  if (!status) clear();
  return status;
}

Status Document::check_escapes() const {
  if (!text_.contains('\\')) return {};
  if (const auto fault = json::check_escapes(text_)) return fail(fault_error(*fault));
  return {};
}

Status Document::index_checked(std::string_view text) {
  if (text.size() >= simdjson::SIMDJSON_MAXSIZE_BYTES)
    return fail(client_error(ErrorKind::invalid_request, "the body is longer than 4 GiB"));
  TRY_STATUS(parser_->reserve(text.size()));
  auto& stage = *parser_->stage;
  const auto code = stage.stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), simdjson::stage1_mode::regular);
  if (code != simdjson::SUCCESS) return fail(stage1_error(code, text));
  text_ = text;
  at_ = stage.structural_indexes.get();
  count_ = stage.n_structural_indexes;
  if (close_.size() < count_) close_.resize(count_);
  if (const auto fault = check_grammar(text, at_, count_, close_)) return fail(fault_error(*fault));
  return {};
}

}  // namespace penstock::json
