// SHA-256, for names and ids that stand for something longer.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace penstock::dialect {

[[nodiscard]] std::array<unsigned char, 32> sha256(std::string_view text);
[[nodiscard]] std::string sha256_hex(std::string_view text);

}  // namespace penstock::dialect
