// Who made a thinking block: a tag in its signature. Providers check the signatures of their own reasoning and refuse those of others, so a
// session that changes its model must send each provider only what is its own ("Reasoning survives a change of model", design.md).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::dialect {

/// Every tag begins so. No provider's own signature is known to.
inline constexpr std::string_view kTagPrefix = "ps1.";

/// Makes and opens tags `ps1.<provider>.<original, base64url>.<mac, base64url>`. The MAC (HMAC-SHA256, first 16 bytes) is over all that
/// stands before it, under a key that never leaves this machine: a tag that opens was made here. Immutable; for any thread.
class SignatureCodec {
 public:
  using Key = std::array<unsigned char, 32>;
  explicit SignatureCodec(const Key& key) : key_(key) {}

  struct Tagged {
    std::string provider, original;
    bool operator==(const Tagged&) const = default;
  };

  /// `original` is the provider's signature; often empty, and any text.
  [[nodiscard]] std::string tag(std::string_view provider, std::string_view original) const;
  /// Nothing when the text is no tag, was forged or altered, or was made under another key.
  [[nodiscard]] std::optional<Tagged> open(std::string_view text) const;

 private:
  [[nodiscard]] std::string mac(std::string_view text) const;
  Key key_;
};

}  // namespace penstock::dialect
