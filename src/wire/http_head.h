// A strict HTTP/1.1 head scanner (RFC 9112, RFC 9110). Pure: bytes in, views out; no allocation but the field list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace penstock::wire {

inline constexpr std::size_t kMaxHeadBytes = 64 * 1024;
inline constexpr std::size_t kMaxFields = 256;

/// One header field. Views into the scanned bytes; the value has no white space at its ends.
struct Field {
  std::string_view name, value;
};

/// How the body of a message is delimited.
enum class Framing : std::uint8_t { none, length, chunked, until_close };

/// Why a head was refused, and the status a server answers with.
enum class HeadFault : std::uint8_t {
  none,
  bad_request_line,
  bad_status_line,
  bad_version,
  bad_target,
  bad_field_name,
  bad_field_value,
  bad_line_end,
  folded_line,
  missing_host,
  duplicate_host,
  bad_host,
  bad_content_length,
  conflicting_content_length,
  bad_transfer_encoding,
  length_and_transfer_encoding,
  transfer_encoding_in_http10,
  too_large,
  too_many_fields,
  bad_expect,
  upgrade,                  // the HTTP/2 preface
  unknown_transfer_coding,  // well-formed, ends in chunked, but has a coding that is not ours
};
/// A few words for logs and error bodies.
std::string_view describe(HeadFault fault);
/// 400, 417, 431, 501 or 505: what the fault in a request deserves.
int status_of(HeadFault fault);

struct RequestHead {
  std::string_view method;
  std::string_view target;  // begins with '/', or is "*"; of a target in absolute-form, the part after the authority
  int minor_version = 1;    // HTTP/1.x
  std::vector<Field> fields;
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
  bool expect_continue = false;
  std::string_view host;
};

struct ResponseHead {
  int status = 0;
  int minor_version = 1;
  std::string_view reason;
  std::vector<Field> fields;
  Framing framing = Framing::none;  // as for an answer to anything but HEAD; the caller knows whether it was HEAD
  std::uint64_t content_length = 0;
  bool keep_alive = true;
};

enum class ScanState : std::uint8_t { need_more, done, refused };
struct ScanResult {
  ScanState state = ScanState::need_more;
  std::size_t consumed = 0;  // bytes of the head, its empty line included (state done)
  HeadFault fault = HeadFault::none;
};

/// Scans a request head at the start of `bytes`. `head.fields` keeps its capacity between calls. Needs the whole head in one buffer;
/// `scanned` (in/out, may be null; 0 for a new head) remembers how far the lines were looked at, so that a slow head costs linear time.
/// A faulty line is refused as soon as its line feed is there, so the answer never depends on how the bytes were cut.
/// The views in `head` hold only with state done, and as long as `bytes` stay where they are.
ScanResult scan_request(std::string_view bytes, RequestHead& head, std::size_t* scanned = nullptr);
ScanResult scan_response(std::string_view bytes, ResponseHead& head, std::size_t* scanned = nullptr);

/// First field of that name (case ignored), or null.
const Field* find(const std::vector<Field>& fields, std::string_view name);

}  // namespace penstock::wire
