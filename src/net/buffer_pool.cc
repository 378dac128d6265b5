#include "net/buffer_pool.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace penstock::net {

Buffer::Buffer(Buffer&& other) noexcept
    : memory_(std::move(other.memory_)), size_(std::exchange(other.size_, 0)), pool_(std::exchange(other.pool_, nullptr)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this != &other) {
    release();
    memory_ = std::move(other.memory_);
    size_ = std::exchange(other.size_, 0);
    pool_ = std::exchange(other.pool_, nullptr);
  }
  return *this;
}

void Buffer::release() {
  if (memory_) pool_->give_back(std::move(memory_), size_);
  size_ = 0;
}

Buffer BufferPool::take(std::size_t size) {
  Buffer buffer;
  buffer.pool_ = this;
  if (size <= kSmall) {
    buffer.size_ = kSmall;
    if (!small_.empty()) {
      buffer.memory_ = std::move(small_.back());
      small_.pop_back();
    }
  } else {
    // A power of two, so that the next request's body fits into the last one's block.
    buffer.size_ = size <= kKeepLarge ? std::bit_ceil(size) : size;
    // The block given back last is the warmest.
    const auto fits = std::find_if(large_.rbegin(), large_.rend(), [&](const Block& block) { return block.size == buffer.size_; });
    if (fits != large_.rend()) {
      buffer.memory_ = std::move(fits->memory);
      large_bytes_ -= fits->size;
      large_.erase(std::next(fits).base());
    }
  }
  if (!buffer.memory_) buffer.memory_ = std::make_unique_for_overwrite<char[]>(buffer.size_ + kBufferPadding);  // NOLINT
  return buffer;
}

void BufferPool::give_back(std::unique_ptr<char[]> memory, std::size_t size) {  // NOLINT
  if (size == kSmall) {
    if (small_.size() < kKeepSmall) small_.push_back(std::move(memory));
  } else if (large_bytes_ + size <= kKeepLarge) {
    large_bytes_ += size;
    large_.push_back({std::move(memory), size});
  }
}

}  // namespace penstock::net
