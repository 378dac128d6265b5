#include "wire/http_head.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.h"
#include "wire/bytes.h"
#include "wire/headers.h"

namespace penstock::wire {
namespace {

constexpr std::size_t kUsualFields = 32;

struct FaultText {
  int status;
  std::string_view text;
};

/// In the order of HeadFault.
constexpr std::array kFaults = {
    FaultText{200, "no fault"},
    FaultText{400, "malformed request line"},
    FaultText{400, "malformed status line"},
    FaultText{505, "HTTP version other than 1.0 and 1.1"},
    FaultText{400, "malformed or unsupported request target"},
    FaultText{400, "malformed field name"},
    FaultText{400, "control character in a field value"},
    FaultText{400, "line that does not end in CRLF"},
    FaultText{400, "folded or indented field line"},
    FaultText{400, "missing Host"},
    FaultText{400, "more than one Host"},
    FaultText{400, "malformed Host"},
    FaultText{400, "malformed Content-Length"},
    FaultText{400, "more than one Content-Length"},
    FaultText{400, "Transfer-Encoding other than chunked"},
    FaultText{400, "Content-Length beside Transfer-Encoding"},
    FaultText{400, "Transfer-Encoding in HTTP/1.0"},
    FaultText{431, "head larger than 64 KiB"},
    FaultText{431, "more than 256 fields"},
    FaultText{417, "expectation other than 100-continue"},
    FaultText{505, "HTTP/2 preface on an HTTP/1.1 connection"},
    FaultText{501, "transfer coding that is not supported"},
};
static_assert(kFaults.size() == static_cast<std::size_t>(HeadFault::unknown_transfer_coding) + 1);

/// Reads the lines of one head. Each reading function returns false when it cannot go on; then `fault()` says why, or `none` when the
/// bytes ended too early.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  /// RFC 9112 section 2.2: one empty line before a request line is let pass.
  bool empty_line() {
    if (at_ == end_ || *at_ != '\r') return true;
    if (end_ - at_ < 2) return false;
    if (at_[1] == '\n') at_ += 2;
    return true;
  }

  /// A run of bytes of one class, then one space.
  bool word(std::uint8_t byte_class, HeadFault fault, std::string_view& word) {
    const char* const start = at_;
    while (at_ != end_ && is_byte(*at_, byte_class)) ++at_;
    if (at_ == end_) return false;
    if (at_ == start || *at_ != ' ') return fail(fault);
    word = {start, at_};
    ++at_;
    return true;
  }

  /// "HTTP/1.0" or "HTTP/1.1" and `after`, which ends it.
  bool version(int& minor, std::string_view after, HeadFault fault) {
    const auto size = static_cast<std::ptrdiff_t>(kVersionSize + after.size());
    const bool good = end_ - at_ >= size && std::memcmp(at_, "HTTP/1.", 7) == 0 && (at_[7] == '0' || at_[7] == '1') &&
                      std::memcmp(at_ + kVersionSize, after.data(), after.size()) == 0;
    if (!good) return odd_version(after, fault);
    minor = at_[7] - '0';
    at_ += size;
    return true;
  }

  /// Three digits, a space and the reason. The space may be missing when the reason is (servers do so, and nothing is ambiguous in it).
  bool status_and_reason(int& status, std::string_view& reason) {
    if (end_ - at_ < 4) return fail(HeadFault::bad_status_line);
    const std::string_view digits(at_, 3);
    const auto number = parse_unsigned(digits);
    if (!number || *number < 100 || *number > 599 || (at_[3] != ' ' && at_[3] != '\r')) return fail(HeadFault::bad_status_line);
    status = static_cast<int>(*number);
    at_ += at_[3] == ' ' ? 4 : 3;
    return text_line(HeadFault::bad_status_line, reason);
  }

  /// Field lines up to the empty line, which is read too. Without `into` they are only checked.
  bool fields(std::vector<Field>* into, std::size_t& count) {
    for (Field field;; ++count) {
      if (at_ == end_) return false;
      if (*at_ == '\r') return line_feed();
      if (!field_line(field)) return false;
      if (into != nullptr && count < kMaxFields) into->push_back(field);
    }
  }

  /// Where the reading stands.
  [[nodiscard]] const char* at() const { return at_; }
  [[nodiscard]] HeadFault fault() const { return fault_; }
  /// A fault counts only once its line is whole: then the answer is the same however the bytes were cut.
  [[nodiscard]] bool refused() const { return fault_ != HeadFault::none && whole_line(); }

 private:
  static constexpr std::size_t kVersionSize = 8;

  bool fail(HeadFault fault) {
    fault_ = fault;
    return false;
  }

  [[nodiscard]] bool whole_line() const { return std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_)) != nullptr; }

  /// Not a version of ours: a well-formed one deserves another status than nonsense.
  bool odd_version(std::string_view after, HeadFault fault) {
    const std::string_view line(at_, end_);
    const auto digit = [&](std::size_t i) { return line[i] >= '0' && line[i] <= '9'; };
    const bool well_formed = line.size() >= kVersionSize + after.size() && line.starts_with("HTTP/") && digit(5) && line[6] == '.' &&
                             digit(7) && line.substr(kVersionSize).starts_with(after);
    return fail(well_formed ? HeadFault::bad_version : fault);
  }

  /// At a CR: the LF has to follow.
  bool line_feed() {
    if (end_ - at_ < 2) return false;
    if (at_[1] != '\n') return fail(HeadFault::bad_line_end);
    at_ += 2;
    return true;
  }

  /// Text without control characters up to CRLF, which is read too.
  bool text_line(HeadFault fault, std::string_view& text) {
    const char* const start = at_;
    at_ = find_control(at_, end_);
    if (at_ == end_) return false;
    if (*at_ != '\r') return fail(*at_ == '\n' ? HeadFault::bad_line_end : fault);
    text = {start, at_};
    return line_feed();
  }

  [[nodiscard]] HeadFault odd_name(bool at_line_start) const {
    if (*at_ == '\n') return HeadFault::bad_line_end;
    return at_line_start && is_blank(*at_) ? HeadFault::folded_line : HeadFault::bad_field_name;
  }

  bool field_line(Field& field) {
    const char* const start = at_;
    at_ = find_token_end(at_, end_);
    if (at_ == end_) return false;
    if (*at_ != ':' || at_ == start) return fail(odd_name(at_ == start));
    field.name = {start, at_};
    do ++at_;
    while (at_ != end_ && is_blank(*at_));
    if (!text_line(HeadFault::bad_field_value, field.value)) return false;
    while (!field.value.empty() && is_blank(field.value.back())) field.value.remove_suffix(1);
    return true;
  }

  const char* at_;
  const char* const end_;
  HeadFault fault_ = HeadFault::none;
};

/// What the fields say about framing and the connection, gathered in one walk.
struct Noted {
  std::string_view host, length, coding;
  unsigned hosts = 0, lengths = 0, codings = 0;
  bool close = false, keep_alive = false;
  bool expects = false, expects_other = false;
};

/// Remembers a field that may stand only once.
void note_once(std::string_view value, std::string_view& last, unsigned& count) {
  last = value;
  ++count;
}

void note_connection(std::string_view value, Noted& noted) {
  noted.close = noted.close || list_has(value, "close");
  noted.keep_alive = noted.keep_alive || list_has(value, "keep-alive");
}

/// The length of a name tells most fields apart from those that matter here.
void note(const Field& field, Noted& noted) {
  const auto is = [&](std::string_view name) { return equals_ignoring_case(field.name, name); };
  switch (field.name.size()) {
    case 4:
      if (is("host")) note_once(field.value, noted.host, noted.hosts);
      break;
    case 6:
      if (is("expect")) (equals_ignoring_case(field.value, "100-continue") ? noted.expects : noted.expects_other) = true;
      break;
    case 10:
      if (is("connection")) note_connection(field.value, noted);
      break;
    case 14:
      if (is("content-length")) note_once(field.value, noted.length, noted.lengths);
      break;
    case 17:
      if (is("transfer-encoding")) note_once(field.value, noted.coding, noted.codings);
      break;
    default: break;
  }
}

Noted note_all(const std::vector<Field>& fields) {
  Noted noted;
  for (const auto& field : fields) note(field, noted);
  return noted;
}

/// Tokens between commas with `chunked` as the last and only there: RFC 9112 section 6.1 wants 501 for it, 400 for all else.
HeadFault judge_odd_coding(std::string_view list) {
  for (;;) {
    const auto comma = list.find(',');
    const auto coding = trim(list.substr(0, comma));
    const bool chunked = equals_ignoring_case(coding, "chunked");
    const bool last = comma == std::string_view::npos;
    if (!is_token(coding) || chunked != last) return HeadFault::bad_transfer_encoding;
    if (last) return HeadFault::unknown_transfer_coding;
    list.remove_prefix(comma + 1);
  }
}

/// RFC 9112 section 6.3. Leaves `framing` as it is when neither field is there.
template <typename Head>
HeadFault judge_framing(const Noted& noted, Head& head) {
  if (noted.codings > 0) {
    if (noted.lengths > 0) return HeadFault::length_and_transfer_encoding;
    if (head.minor_version == 0) return HeadFault::transfer_encoding_in_http10;
    if (noted.codings > 1) return HeadFault::bad_transfer_encoding;
    if (!equals_ignoring_case(noted.coding, "chunked")) return judge_odd_coding(noted.coding);
    head.framing = Framing::chunked;
  } else if (noted.lengths > 0) {
    if (noted.lengths > 1) return HeadFault::conflicting_content_length;
    const auto length = parse_unsigned(noted.length);
    if (!length) return HeadFault::bad_content_length;
    head.framing = Framing::length;
    head.content_length = *length;
  }
  return HeadFault::none;
}

template <typename Head>
bool stays_open(const Noted& noted, const Head& head) {
  return !noted.close && (head.minor_version == 1 || noted.keep_alive);
}

bool is_port(std::string_view text) {
  const auto port = parse_unsigned(text);
  return port && text.size() <= 5 && *port <= 65535;
}

/// A name or an address, and a port or none. An IPv6 address stands in brackets; a zone is not for the wire (RFC 6874).
bool is_host(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const auto name_end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && name_end == std::string_view::npos) return false;
  const auto name = bracketed ? text.substr(1, name_end - 1) : text.substr(0, name_end);
  const auto fits = [&](char c) { return bracketed ? std::string_view("0123456789abcdefABCDEF:.").contains(c) : is_byte(c, kHostByte); };
  if (name.empty() || !std::ranges::all_of(name, fits)) return false;
  const auto port = text.substr(std::min(text.size(), name.size() + (bracketed ? 2U : 0U)));
  return port.empty() || (port.front() == ':' && is_port(port.substr(1)));
}

HeadFault judge_host(const Noted& noted, RequestHead& head) {
  if (noted.hosts > 1) return HeadFault::duplicate_host;
  if (noted.hosts == 0) return head.minor_version == 1 ? HeadFault::missing_host : HeadFault::none;
  if (!is_host(noted.host)) return HeadFault::bad_host;
  head.host = noted.host;
  return HeadFault::none;
}

/// "http://host/path": its authority has to be the Host, so that no two readers can differ (RFC 9112 section 3.2.2 lets it win).
HeadFault judge_absolute_target(RequestHead& head) {
  const auto scheme_end = head.target.find("://");
  const auto scheme = head.target.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos || (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")))
    return HeadFault::bad_target;
  const auto rest = head.target.substr(scheme_end + 3);
  const auto path = std::min(rest.find('/'), rest.size());
  const auto authority = rest.substr(0, path);
  if (!is_host(authority) || (!head.host.empty() && !equals_ignoring_case(authority, head.host))) return HeadFault::bad_target;
  head.host = authority;
  head.target = path == rest.size() ? std::string_view("/") : rest.substr(path);
  return HeadFault::none;
}

HeadFault judge_target(RequestHead& head) {
  if (head.method == "CONNECT") return HeadFault::bad_target;
  if (head.target.front() == '/') return HeadFault::none;
  if (head.target == "*") return head.method == "OPTIONS" ? HeadFault::none : HeadFault::bad_target;
  return judge_absolute_target(head);
}

HeadFault judge(RequestHead& head) {
  const Noted noted = note_all(head.fields);
  if (const auto fault = judge_framing(noted, head); fault != HeadFault::none) return fault;
  if (const auto fault = judge_host(noted, head); fault != HeadFault::none) return fault;
  if (const auto fault = judge_target(head); fault != HeadFault::none) return fault;
  if (noted.expects_other) return HeadFault::bad_expect;
  // RFC 9110 section 10.1.1: in HTTP/1.0 the expectation is ignored.
  head.expect_continue = noted.expects && head.minor_version == 1;
  head.keep_alive = stays_open(noted, head);
  return HeadFault::none;
}

/// RFC 9112 section 6.3, first rule: these end with their head, whatever their fields say. Where the fields announce a body all the same,
/// the peer may well send one, and its bytes would be taken for the next answer; only 304 may tell of a body that it leaves out.
HeadFault judge_bodiless(ResponseHead& head) {
  if (head.status != 304 && head.framing == Framing::chunked) return HeadFault::bad_transfer_encoding;
  if (head.status != 304 && head.framing == Framing::length && head.content_length != 0) return HeadFault::bad_content_length;
  head.framing = Framing::none;
  return HeadFault::none;
}

HeadFault judge(ResponseHead& head) {
  const Noted noted = note_all(head.fields);
  head.framing = Framing::until_close;
  if (const auto fault = judge_framing(noted, head); fault != HeadFault::none) return fault;
  if (head.status < 200 || head.status == 204 || head.status == 304) {
    if (const auto fault = judge_bodiless(head); fault != HeadFault::none) return fault;
  }
  head.keep_alive = stays_open(noted, head) && head.framing != Framing::until_close;
  return HeadFault::none;
}

bool first_line(Reader& reader, RequestHead& head) {
  const bool read = reader.empty_line() && reader.word(kTokenByte, HeadFault::bad_request_line, head.method) &&
                    reader.word(kTargetByte, HeadFault::bad_target, head.target);
  return read && reader.version(head.minor_version, "\r\n", HeadFault::bad_request_line);
}

bool first_line(Reader& reader, ResponseHead& head) {
  return reader.version(head.minor_version, " ", HeadFault::bad_status_line) && reader.status_and_reason(head.status, head.reason);
}

HeadFault name_fault(const RequestHead& head, HeadFault fault) {
  return fault == HeadFault::bad_version && head.method == "PRI" && head.target == "*" ? HeadFault::upgrade : fault;
}
HeadFault name_fault(const ResponseHead&, HeadFault fault) { return fault; }

template <typename Head>
void reset(Head& head) {
  auto fields = std::move(head.fields);
  fields.clear();
  fields.reserve(kUsualFields);  // one allocation for a usual head, and none when the list is used again
  head = Head{};
  head.fields = std::move(fields);
}

ScanResult refuse(HeadFault fault) { return {ScanState::refused, 0, fault}; }

/// The whole head from its first byte.
template <typename Head>
ScanResult scan_whole(std::string_view window, Head& head) {
  reset(head);
  Reader reader(window);
  std::size_t count = 0;
  if (!first_line(reader, head) || !reader.fields(&head.fields, count))
    return reader.refused() ? refuse(name_fault(head, reader.fault())) : ScanResult{};
  if (count > kMaxFields) return refuse(HeadFault::too_many_fields);
  if (const auto fault = judge(head); fault != HeadFault::none) return refuse(fault);
  return {ScanState::done, static_cast<std::size_t>(reader.at() - window.data()), HeadFault::none};
}

/// Bytes up to `scanned` were looked at before and lacked the end. Only new lines are checked, until the head is whole or at fault.
template <typename Head>
ScanResult scan_on(std::string_view window, Head& head, std::size_t scanned) {
  if (window.find('\n', scanned) == std::string_view::npos) return {};
  const auto line = window.rfind('\n', scanned - 1) + 1;  // 0 when there was none
  // The first line, or the one after an empty line that may have come before it, is not a field line.
  if (line <= 2) return scan_whole(window, head);
  Reader reader(window.substr(line));
  std::size_t count = 0;
  if (reader.fields(nullptr, count)) return scan_whole(window, head);
  return reader.refused() ? refuse(reader.fault()) : ScanResult{};
}

template <typename Head>
ScanResult scan(std::string_view bytes, Head& head, std::size_t* scanned) {
  const auto window = bytes.substr(0, kMaxHeadBytes);
  const bool again = scanned != nullptr && *scanned > 0 && *scanned <= window.size();
  const auto result = again ? scan_on(window, head, *scanned) : scan_whole(window, head);
  if (result.state != ScanState::need_more) return result;
  if (scanned != nullptr) *scanned = window.size();
  return window.size() == kMaxHeadBytes ? refuse(HeadFault::too_large) : result;
}

}  // namespace

std::string_view describe(HeadFault fault) { return kFaults[static_cast<std::size_t>(fault)].text; }

int status_of(HeadFault fault) { return kFaults[static_cast<std::size_t>(fault)].status; }

ScanResult scan_request(std::string_view bytes, RequestHead& head, std::size_t* scanned) { return scan(bytes, head, scanned); }

ScanResult scan_response(std::string_view bytes, ResponseHead& head, std::size_t* scanned) { return scan(bytes, head, scanned); }

const Field* find(const std::vector<Field>& fields, std::string_view name) {
  const auto found = std::ranges::find_if(fields, [&](const Field& field) { return equals_ignoring_case(field.name, name); });
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace penstock::wire
