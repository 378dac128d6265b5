#include "net/http_client.h"

#include <algorithm>
#include <cstring>

namespace penstock::net {

namespace {
constexpr unsigned kMaxInterim = 8;  // 1xx heads before the answer
}  // namespace

Task<Status> ClientExchange::send(std::span<const iovec> pieces, Clock::duration patience, std::size_t written) {
  if (stream_.secure()) co_return co_await stream_.write_all(pieces, patience, written);  // session tickets are not an answer
  bool spoke = false;
  stream_.watch([this, &spoke] {
    spoke = true;
    stream_.cancel();
  });
  auto sent = co_await stream_.write_all(pieces, patience, written);
  stream_.watch(nullptr);
  if (!spoke) co_return sent;
  stream_.clear_cancel();
  cut_request_ = !sent;
  co_return Status{};
}

Task<Status> ClientExchange::read_head(TimePoint deadline) {
  if (!buffer_) buffer_ = worker_.buffers().take(BufferPool::kSmall);  // a call after a timeout goes on with what had come
  std::size_t scanned = 0;
  for (unsigned interim = 0;;) {
    if (end_ > begin_) {
      const auto scan = wire::scan_response({buffer_.data() + begin_, end_ - begin_}, head_, &scanned);
      if (scan.state == wire::ScanState::refused)
        co_return fail(
            provider_error(ErrorKind::protocol, "the answer is not HTTP as it should be: " + std::string(wire::describe(scan.fault))));
      if (scan.state == wire::ScanState::done) {
        begin_ += scan.consumed;
        scanned = 0;
        if (head_.status / 100 != 1) break;
        if (++interim > kMaxInterim) co_return fail(provider_error(ErrorKind::protocol, "the provider sends interim answers without end"));
        if (head_.status == 101) co_return fail(provider_error(ErrorKind::protocol, "the provider switched protocols unasked"));
        continue;
      }
    }
    if (end_ == buffer_.size() && begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= std::exchange(begin_, 0);
    } else if (end_ == buffer_.size()) {
      Buffer larger = worker_.buffers().take(buffer_.size() * 2);
      std::memcpy(larger.data(), buffer_.data(), end_);
      buffer_ = std::move(larger);
    }
    // Right after a request nothing has come: to wait first saves a read that finds nothing. (TLS may hold bytes that the socket does not.)
    if (!heard_ && !stream_.secure()) {
      const Wake wake = co_await stream_.wait(Direction::read, deadline);
      if (wake != Wake::ready) co_return fail(wake_error(wake, "the provider's answer"));
    }
    std::size_t got = 0;
    if (stream_.try_read(buffer_.data() + end_, buffer_.size() - end_, got) != Io::done) {
      CO_TRY(got, co_await stream_.read_some(buffer_.data() + end_, buffer_.size() - end_, deadline));
    }
    heard_ = true;
    end_ += got;
  }
  framing_ = head_.framing;
  left_ = head_.content_length;
  head_keep_alive_ = !cut_request_ && head_.keep_alive && framing_ != wire::Framing::until_close;
  body_done_ = framing_ == wire::Framing::none || (framing_ == wire::Framing::length && left_ == 0);
  if (body_done_ && begin_ != end_) head_keep_alive_ = false;
  co_return Status{};
}

ClientExchange::Step ClientExchange::broken(ErrorKind kind, std::string text) {
  fault_ = provider_error(kind, std::move(text));
  return Step::failed;
}

ClientExchange::Step ClientExchange::at_close() {
  if (framing_ != wire::Framing::until_close)
    return broken(ErrorKind::connection, "the provider closed the connection in the middle of its answer");
  body_done_ = true;
  return Step::end;
}

ClientExchange::Step ClientExchange::decode_chunks(char* bytes, std::size_t size, std::string_view& data) {
  // Payloads are moved together, so that one read gives one run of bytes.
  std::string_view input(bytes, size);
  std::size_t used = 0;
  while (!input.empty()) {
    const auto step = chunks_.next(input);
    input.remove_prefix(step.consumed);
    if (step.state == wire::ChunkState::refused)
      return broken(ErrorKind::protocol, "the answer's chunks are malformed: " + std::string(chunks_.fault()));
    if (step.state == wire::ChunkState::data) {
      if (bytes + used != step.data.data()) std::memmove(bytes + used, step.data.data(), step.data.size());
      used += step.data.size();
    } else if (step.state == wire::ChunkState::done) {
      body_done_ = true;
      if (!input.empty()) head_keep_alive_ = false;  // bytes that nobody asked for
      break;
    } else if (step.consumed == 0) {
      break;
    }
  }
  data = {bytes, used};
  if (used > 0) return Step::data;
  return body_done_ ? Step::end : Step::wait;
}

ClientExchange::Step ClientExchange::decode(char* bytes, std::size_t size, std::string_view& data) {
  if (framing_ == wire::Framing::chunked) return decode_chunks(bytes, size, data);
  if (framing_ == wire::Framing::length) {
    if (size > left_) head_keep_alive_ = false;
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
    left_ -= size;
    body_done_ = left_ == 0;
  }
  data = {bytes, size};
  return Step::data;
}

ClientExchange::Step ClientExchange::try_body(std::string_view& data) {
  if (body_done_) return Step::end;
  if (begin_ < end_) {
    const auto from = std::exchange(begin_, end_);
    const Step step = decode(buffer_.data() + from, end_ - from, data);
    if (step != Step::wait) return step;
  }
  for (;;) {
    if (!more_at_once_) {
      more_at_once_ = true;
      return Step::wait;
    }
    auto& scratch = worker_.scratch();
    std::size_t got = 0;
    switch (stream_.try_read(scratch.data(), scratch.size(), got)) {
      case Io::done: {
        // A read that did not fill its room emptied the socket: the next try would only be told to wait. (TLS reads record by record.)
        more_at_once_ = got == scratch.size() || stream_.secure();
        const Step step = decode(scratch.data(), got, data);
        if (step != Step::wait) return step;
        break;
      }
      case Io::end: return at_close();
      case Io::failed: return stream_.open() ? broken(ErrorKind::connection, "the connection to the provider broke") : at_close();
      case Io::want_read: waits_for_ = Direction::read; return Step::wait;
      case Io::want_write: waits_for_ = Direction::write; return Step::wait;
    }
  }
}

Task<Wake> ClientExchange::wait_body(TimePoint deadline) {
  const bool head_released = head_.fields.empty();  // until then its views point into the buffer
  if (begin_ == end_ && head_released) buffer_.release();
  const Direction direction = std::exchange(waits_for_, Direction::read);
  return stream_.wait(direction, deadline);
}

}  // namespace penstock::net
