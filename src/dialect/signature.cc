#include "dialect/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/text.h"

namespace penstock::dialect {

namespace {
constexpr std::size_t kMacBytes = 16;
}

std::string SignatureCodec::mac(std::string_view text) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       digest.data(), &size);
  return to_base64url({reinterpret_cast<const char*>(digest.data()), kMacBytes});
}

std::string SignatureCodec::tag(std::string_view provider, std::string_view original) const {
  std::string text(kTagPrefix);
  text.append(provider).append(".").append(to_base64url(original));
  const auto seal = mac(text);
  return text.append(".").append(seal);
}

std::optional<SignatureCodec::Tagged> SignatureCodec::open(std::string_view text) const {
  if (!text.starts_with(kTagPrefix)) return std::nullopt;
  const auto seal = text.rfind('.');  // a provider's name may hold dots, the two parts behind it cannot
  const auto payload = text.rfind('.', seal - 1);
  if (payload == std::string_view::npos || payload < kTagPrefix.size()) return std::nullopt;
  const auto expected = mac(text.substr(0, seal));
  const auto given = text.substr(seal + 1);
  if (given.size() != expected.size() || CRYPTO_memcmp(given.data(), expected.data(), given.size()) != 0) return std::nullopt;
  auto original = from_base64url(text.substr(payload + 1, seal - payload - 1));
  if (!original) return std::nullopt;
  return Tagged{std::string(text.substr(kTagPrefix.size(), payload - kTagPrefix.size())), std::move(*original)};
}

}  // namespace penstock::dialect
