#include "net/buffer_pool.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/memory.h"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#endif

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
    buffer.size_ = size <= kKeepBusy ? std::bit_ceil(size) : size;
    // The block given back last is the warmest.
    const auto fits = std::find_if(large_.rbegin(), large_.rend(), [&](const Block& block) { return block.size == buffer.size_; });
    if (fits != large_.rend()) {
      buffer.memory_ = std::move(fits->memory);
      large_bytes_ -= fits->size;
      large_.erase(std::next(fits).base());
    }
  }
  if (buffer.memory_) ASAN_UNPOISON_MEMORY_REGION(buffer.memory_.get(), buffer.size_ + kBufferPadding);
  if (!buffer.memory_) buffer.memory_ = std::make_unique_for_overwrite<char[]>(buffer.size_ + kBufferPadding);  // NOLINT
  return buffer;
}

void BufferPool::trim() {
  while (swollen()) {
    large_bytes_ -= large_.front().size;
    large_.erase(large_.begin());  // the coldest
  }
  freed_ = 0;
  give_back_memory();
}

void BufferPool::give_back(std::unique_ptr<char[]> memory, std::size_t size) {  // NOLINT
  const bool small = size == kSmall;
  if (small ? small_.size() >= kKeepSmall : large_bytes_ + size > kKeepBusy) {
    freed_ += size;
    return;
  }
  // A view that outlives its buffer is a fault that the sanitizer shall see.
  ASAN_POISON_MEMORY_REGION(memory.get(), size + kBufferPadding);
  if (small) return small_.push_back(std::move(memory));
  large_bytes_ += size;
  large_.push_back({std::move(memory), size});
}

}  // namespace penstock::net
