// Buffers that are used again. One pool per worker: no lock, and a request's buffers are warm.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace penstock::net {

/// Bytes after the usable end that may be read (json::kPadding), though never written.
inline constexpr std::size_t kBufferPadding = 64;

class BufferPool;

/// A block of memory on loan from a pool; goes back when it dies. Movable; empty by default.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer() { release(); }

  [[nodiscard]] char* data() const { return memory_.get(); }
  /// Usable bytes; kBufferPadding more may be read behind them.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] explicit operator bool() const { return memory_ != nullptr; }
  /// Gives the memory back now.
  void release();

 private:
  friend class BufferPool;
  std::unique_ptr<char[]> memory_;  // NOLINT: bytes of a size known at run time
  std::size_t size_ = 0;
  BufferPool* pool_ = nullptr;
};

/// Keeps a bounded amount of free blocks. Small ones have one size, so that any fits; large ones are kept by their size: many while a
/// worker is busy, few once trim() was called.
class BufferPool {
 public:
  static constexpr std::size_t kSmall = 16 * 1024;
  static constexpr std::size_t kKeepSmall = 64;         // blocks
  static constexpr std::size_t kKeepBusy = 16UL << 20;  // bytes of large blocks, under load
  static constexpr std::size_t kKeepIdle = 1UL << 20;   // and after trim()
  static constexpr std::size_t kFreed = 4UL << 20;      // bytes of blocks that were not kept

  /// At least `size` usable bytes. Contents are whatever they were.
  Buffer take(std::size_t size);
  /// More than kKeepIdle is held.
  [[nodiscard]] bool swollen() const { return large_bytes_ > kKeepIdle; }
  /// There is something for trim() to do: that, or much was freed.
  [[nodiscard]] bool wants_trim() const { return swollen() || freed_ > kFreed; }
  /// Gives memory back to the system, down to kKeepIdle; what else the thread has freed, too.
  void trim();

 private:
  friend class Buffer;
  struct Block {
    std::unique_ptr<char[]> memory;  // NOLINT
    std::size_t size;
  };
  void give_back(std::unique_ptr<char[]> memory, std::size_t size);  // NOLINT
  std::vector<std::unique_ptr<char[]>> small_;                       // NOLINT
  std::vector<Block> large_;
  std::size_t large_bytes_ = 0, freed_ = 0;
};

}  // namespace penstock::net
