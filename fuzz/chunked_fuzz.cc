// The chunk decoder: the same body and the same answer in any cut, and a body that was encoded again decodes to the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/http_body.h"

namespace {

using namespace penstock::wire;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::string body, encoded;
  std::string fault;
  ChunkState state = ChunkState::need_more;
  std::size_t consumed = 0;
};

/// Decodes in pieces of sizes that follow from `seed`; 0 means whole.
Outcome decode(std::string_view bytes, std::uint32_t seed) {
  ChunkDecoder decoder;
  Outcome out;
  const bool whole = seed == 0;
  while (out.consumed < bytes.size()) {
    seed = seed * 1664525 + 1013904223;
    const auto piece = bytes.substr(out.consumed, whole ? std::string_view::npos : 1 + (seed >> 29));
    const auto step = decoder.next(piece);
    require(step.consumed <= piece.size() && (step.consumed > 0 || step.state == ChunkState::done || step.state == ChunkState::refused));
    require((step.state == ChunkState::data) == !step.data.empty());
    require(step.data.empty() || (step.data.data() >= piece.data() && step.data.data() + step.data.size() == piece.data() + step.consumed));
    out.body += step.data;
    if (!step.data.empty()) out.encoded.append(chunk_head(step.data.size()).view()).append(step.data).append(kChunkEnd);
    out.state = step.state;
    out.consumed += step.consumed;
    if (step.state == ChunkState::done || step.state == ChunkState::refused) break;
  }
  require(decoder.finished() == (out.state == ChunkState::done));
  require(decoder.fault().empty() == (out.state != ChunkState::refused));
  out.fault = decoder.fault();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Outcome whole = decode(bytes, 0);
  Outcome cut = decode(bytes, static_cast<std::uint32_t>(size) * 2654435761U | 1U);
  require(whole.body == cut.body && whole.fault == cut.fault && whole.consumed == cut.consumed);
  require((whole.state == ChunkState::done) == (cut.state == ChunkState::done));
  const Outcome again = decode(cut.encoded.append(kLastChunk), 0);
  require(again.state == ChunkState::done && again.body == whole.body);
  return 0;
}
