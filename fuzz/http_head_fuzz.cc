// The head scanner: the same answer in any cut, only what the grammar allows gets through, and what it understood reads the same again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/bytes.h"
#include "wire/headers.h"
#include "wire/http_head.h"

namespace {

using namespace penstock::wire;

void require(bool holds) {
  if (!holds) std::abort();
}

ScanResult scan(std::string_view bytes, RequestHead& head, std::size_t* scanned) { return scan_request(bytes, head, scanned); }
ScanResult scan(std::string_view bytes, ResponseHead& head, std::size_t* scanned) { return scan_response(bytes, head, scanned); }

std::string first_line(const RequestHead& head) {
  return std::string(head.method) + ' ' + std::string(head.target) + " HTTP/1." + std::to_string(head.minor_version) + "\r\n";
}
std::string first_line(const ResponseHead& head) {
  return "HTTP/1." + std::to_string(head.minor_version) + ' ' + std::to_string(head.status) + ' ' + std::string(head.reason) + "\r\n";
}

template <typename Head>
std::string print(const Head& head) {
  std::string out = first_line(head);
  for (const auto& field : head.fields) out.append(field.name).append(": ").append(field.value).append("\r\n");
  return out + "\r\n";
}

template <typename Head>
void require_equal(const Head& a, const Head& b) {
  require(print(a) == print(b));
  require(a.framing == b.framing && a.content_length == b.content_length && a.keep_alive == b.keep_alive);
}

template <typename Head>
void check_understood(std::string_view bytes, const ScanResult& result, const Head& head) {
  require(result.consumed <= bytes.size() && bytes.substr(0, result.consumed).ends_with("\r\n\r\n"));
  require(head.fields.size() <= kMaxFields);
  for (const auto& field : head.fields) require(is_token(field.name) && std::ranges::none_of(field.value, is_control));
  const std::string again = print(head);
  // The printed form has a space after each colon that the original may lack, so it may outgrow the bound.
  if (again.size() > kMaxHeadBytes) return;
  Head second;
  const auto second_result = scan(again, second, nullptr);
  require(second_result.state == ScanState::done && second_result.consumed == again.size());
  require_equal(head, second);
}

/// Piece sizes that follow from the bytes, so that a finding can be repeated.
template <typename Head>
void check_cuts(std::string_view bytes, const ScanResult& whole, const Head& head) {
  Head cut_head;
  ScanResult result;
  std::size_t scanned = 0;
  std::size_t size = 0;
  for (std::uint32_t seed = static_cast<std::uint32_t>(bytes.size()); size < bytes.size() && result.state == ScanState::need_more;) {
    seed = seed * 1664525 + 1013904223;
    size = std::min(bytes.size(), size + 1 + (seed >> 28));
    const std::string moved(bytes.substr(0, size));
    result = scan(moved, cut_head, &scanned);
    if (result.state == ScanState::done) require_equal(cut_head, head);
  }
  require(result.state == whole.state && result.fault == whole.fault && result.consumed == whole.consumed);
}

template <typename Head>
void check(std::string_view bytes) {
  Head head;
  const auto result = scan(bytes, head, nullptr);
  require((result.state == ScanState::refused) == (result.fault != HeadFault::none));
  if (result.state == ScanState::done) check_understood(bytes, result, head);
  check_cuts(bytes, result, head);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check<penstock::wire::RequestHead>(bytes);
  check<penstock::wire::ResponseHead>(bytes);
  return 0;
}
