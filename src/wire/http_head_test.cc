// What the framing corpus (tests/framing) cannot see: the faults by name, the fields, the views, resumption. The rules are there.
#include "wire/http_head.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::wire {
namespace {

struct Scanned {
  ScanResult result;
  RequestHead head;
};

Scanned scan(std::string_view bytes) {
  Scanned scanned;
  scanned.result = scan_request(bytes, scanned.head);
  return scanned;
}

HeadFault fault_of(std::string_view bytes) { return scan(bytes).result.fault; }

HeadFault response_fault_of(std::string_view bytes) {
  ResponseHead head;
  return scan_response(bytes, head).fault;
}

TEST(http_head, a_request_is_taken_apart) {
  const std::string bytes =
      "POST /v1/messages?x=1 HTTP/1.1\r\nHost: a:1\r\nX-Two:  b c \t\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc";
  const auto [result, head] = scan(bytes);
  ASSERT_EQ(result.state, ScanState::done);
  EXPECT_EQ(result.consumed, bytes.size() - 3);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/v1/messages?x=1");
  EXPECT_EQ(head.minor_version, 1);
  EXPECT_EQ(head.host, "a:1");
  EXPECT_EQ(head.framing, Framing::length);
  EXPECT_EQ(head.content_length, 3U);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_TRUE(head.expect_continue);
  ASSERT_EQ(head.fields.size(), 4U);
  EXPECT_EQ(head.fields[1].name, "X-Two");
  EXPECT_EQ(head.fields[1].value, "b c");
}

TEST(http_head, fields_are_views_into_the_bytes) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  const auto [result, head] = scan(bytes);
  ASSERT_EQ(result.state, ScanState::done);
  EXPECT_EQ(head.fields[1].value.data(), bytes.data() + bytes.find('y'));
}

TEST(http_head, a_response_is_taken_apart) {
  const std::string bytes = "HTTP/1.0 429 Too Many\r\nretry-after: 3\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n";
  ResponseHead head;
  const auto result = scan_response(bytes, head);
  ASSERT_EQ(result.state, ScanState::done);
  EXPECT_EQ(result.consumed, bytes.size());
  EXPECT_EQ(head.status, 429);
  EXPECT_EQ(head.minor_version, 0);
  EXPECT_EQ(head.reason, "Too Many");
  EXPECT_EQ(head.framing, Framing::length);
  EXPECT_TRUE(head.keep_alive);
  ASSERT_NE(find(head.fields, "Retry-After"), nullptr);
  EXPECT_EQ(find(head.fields, "Retry-After")->value, "3");
}

TEST(http_head, a_response_without_length_lasts_until_close) {
  ResponseHead head;
  ASSERT_EQ(scan_response("HTTP/1.1 200 OK\r\n\r\n", head).state, ScanState::done);
  EXPECT_EQ(head.framing, Framing::until_close);
  EXPECT_FALSE(head.keep_alive);
}

TEST(http_head, a_head_is_reset_and_keeps_its_capacity) {
  RequestHead head;
  const std::string first = "POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
  ASSERT_EQ(scan_request(first, head).state, ScanState::done);
  const auto capacity = head.fields.capacity();
  ASSERT_EQ(scan_request("GET /b HTTP/1.1\r\nHost: b\r\n\r\n", head).state, ScanState::done);
  EXPECT_EQ(head.fields.size(), 1U);
  EXPECT_EQ(head.fields.capacity(), capacity);
  EXPECT_EQ(head.framing, Framing::none);
  EXPECT_EQ(head.content_length, 0U);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.expect_continue);
}

TEST(http_head, an_absolute_target_becomes_its_path) {
  const auto [result, head] = scan("GET HTTP://Api:80/a?b HTTP/1.1\r\nHost: api:80\r\n\r\n");
  ASSERT_EQ(result.state, ScanState::done);
  EXPECT_EQ(head.target, "/a?b");
  EXPECT_EQ(head.host, "Api:80");
  EXPECT_EQ(scan("GET https://api HTTP/1.1\r\nHost: api\r\n\r\n").head.target, "/");
}

TEST(http_head, faults_of_the_first_line_have_names) {
  const std::string rest = "\r\nHost: a\r\n\r\n";
  EXPECT_EQ(fault_of("G(T / HTTP/1.1" + rest), HeadFault::bad_request_line);
  EXPECT_EQ(fault_of("GET / HTTP/x.1" + rest), HeadFault::bad_request_line);
  EXPECT_EQ(fault_of("GET / HTTP/3.0" + rest), HeadFault::bad_version);
  EXPECT_EQ(fault_of("PRI * HTTP/2.0\r\n\r\n"), HeadFault::upgrade);
  EXPECT_EQ(fault_of("GET a HTTP/1.1" + rest), HeadFault::bad_target);
  EXPECT_EQ(fault_of("GET /# HTTP/1.1" + rest), HeadFault::bad_target);
  EXPECT_EQ(response_fault_of("HTTP/1.1 2x0 OK\r\n\r\n"), HeadFault::bad_status_line);
  EXPECT_EQ(response_fault_of("HTTP/2.0 200 OK\r\n\r\n"), HeadFault::bad_version);
}

TEST(http_head, faults_of_field_lines_have_names) {
  const std::string first = "GET / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(fault_of(first + "a b: c\r\n\r\n"), HeadFault::bad_field_name);
  EXPECT_EQ(fault_of(first + "a : c\r\n\r\n"), HeadFault::bad_field_name);
  EXPECT_EQ(fault_of(first + "a: \x01\r\n\r\n"), HeadFault::bad_field_value);
  EXPECT_EQ(fault_of(first + "a: b\n\r\n"), HeadFault::bad_line_end);
  EXPECT_EQ(fault_of(first + "a\n\r\n"), HeadFault::bad_line_end);
  EXPECT_EQ(fault_of(first + "a: b\rc\r\n\r\n"), HeadFault::bad_line_end);
  EXPECT_EQ(fault_of(first + " a: b\r\n\r\n"), HeadFault::folded_line);
}

TEST(http_head, faults_of_meaning_have_names) {
  const std::string first = "POST / HTTP/1.1\r\n", host = "Host: a\r\n";
  EXPECT_EQ(fault_of(first + "\r\n"), HeadFault::missing_host);
  EXPECT_EQ(fault_of(first + host + host + "\r\n"), HeadFault::duplicate_host);
  EXPECT_EQ(fault_of(first + "Host: a b\r\n\r\n"), HeadFault::bad_host);
  EXPECT_EQ(fault_of(first + host + "Content-Length: x\r\n\r\n"), HeadFault::bad_content_length);
  EXPECT_EQ(fault_of(first + host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"), HeadFault::conflicting_content_length);
  EXPECT_EQ(fault_of(first + host + "Transfer-Encoding: x\r\n\r\n"), HeadFault::bad_transfer_encoding);
  EXPECT_EQ(fault_of(first + host + "Transfer-Encoding: x, chunked\r\n\r\n"), HeadFault::unknown_transfer_coding);
  EXPECT_EQ(fault_of(first + host + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"), HeadFault::length_and_transfer_encoding);
  EXPECT_EQ(fault_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), HeadFault::transfer_encoding_in_http10);
  EXPECT_EQ(fault_of(first + host + "Expect: x\r\n\r\n"), HeadFault::bad_expect);
}

TEST(http_head, every_fault_has_a_status_and_a_text) {
  EXPECT_EQ(status_of(HeadFault::bad_version), 505);
  EXPECT_EQ(status_of(HeadFault::upgrade), 505);
  EXPECT_EQ(status_of(HeadFault::bad_host), 400);
  EXPECT_EQ(status_of(HeadFault::bad_transfer_encoding), 400);
  EXPECT_EQ(status_of(HeadFault::too_large), 431);
  EXPECT_EQ(status_of(HeadFault::too_many_fields), 431);
  EXPECT_EQ(status_of(HeadFault::bad_expect), 417);
  EXPECT_EQ(status_of(HeadFault::unknown_transfer_coding), 501);
  EXPECT_EQ(describe(HeadFault::missing_host), "missing Host");
  EXPECT_EQ(describe(HeadFault::bad_expect), "expectation other than 100-continue");
}

TEST(http_head, a_faulty_line_is_refused_without_waiting_for_the_end) {
  RequestHead head;
  std::size_t scanned = 0;
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nbad name: x\r\nmore";
  for (std::size_t size = 1; size < bytes.find("\r\nmore") + 2; ++size)
    ASSERT_EQ(scan_request(bytes.substr(0, size), head, &scanned).state, ScanState::need_more) << size;
  const auto result = scan_request(bytes.substr(0, bytes.find("more")), head, &scanned);
  EXPECT_EQ(result.state, ScanState::refused);
  EXPECT_EQ(result.fault, HeadFault::bad_field_name);
}

TEST(http_head, a_slow_head_of_many_short_lines_is_read_in_time) {
  // Were the head read from its start at each byte, this would take 2 x 10^9 steps.
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
  while (bytes.size() < kMaxHeadBytes - 8) bytes += "X: y\r\n";
  bytes += "\r\n";
  RequestHead head;
  std::size_t scanned = 0;
  ScanResult result;
  for (std::size_t size = 1; size <= bytes.size() && result.state == ScanState::need_more; ++size)
    result = scan_request(std::string_view(bytes).substr(0, size), head, &scanned);
  EXPECT_EQ(result.fault, HeadFault::too_many_fields);
  EXPECT_LE(head.fields.size(), kMaxFields);
}

TEST(http_head, resumption_works_when_the_bytes_move) {
  const std::string bytes = "\r\nPOST /a HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\nContent-Length: 7\r\n\r\n";
  RequestHead head;
  std::size_t scanned = 0;
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const std::string moved = bytes.substr(0, size);
    ASSERT_EQ(scan_request(moved, head, &scanned).state, ScanState::need_more) << size;
  }
  const auto result = scan_request(bytes, head, &scanned);
  ASSERT_EQ(result.state, ScanState::done);
  EXPECT_EQ(result.consumed, bytes.size());
  EXPECT_EQ(head.fields.size(), 4U);
  EXPECT_EQ(head.content_length, 7U);
}

}  // namespace
}  // namespace penstock::wire
