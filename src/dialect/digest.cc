#include "dialect/digest.h"

#include <openssl/sha.h>

#include "base/text.h"

namespace penstock::dialect {

std::array<unsigned char, 32> sha256(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

std::string sha256_hex(std::string_view text) { return to_hex(sha256(text)); }

}  // namespace penstock::dialect
