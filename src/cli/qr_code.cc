#include "cli/qr_code.h"

#include <qrencode.h>

#include <array>
#include <memory>

namespace penstock::cli {

namespace {

constexpr int kMargin = 2;  // modules of quiet zone; the standard's four take too many lines, and cameras do not mind
constexpr std::string_view kBlackOnWhite = "\x1b[38;5;16;48;5;231m", kPlain = "\x1b[0m";

using Code = std::unique_ptr<QRcode, decltype(&QRcode_free)>;

/// Outside the code all is light.
bool is_dark(const QRcode& code, int row, int column) {
  if (row < 0 || column < 0 || row >= code.width || column >= code.width) return false;
  return (code.data[row * code.width + column] & 1) != 0;
}

/// The character whose upper and lower half are drawn or not.
std::string_view half_blocks(bool upper, bool lower) {
  static constexpr std::array<std::string_view, 4> kBlocks{" ", "▄", "▀", "█"};
  return kBlocks[(upper ? 2U : 0U) + (lower ? 1U : 0U)];
}

}  // namespace

QrCode qr_code(std::string_view text, bool colour) {
  const Code code(QRcode_encodeString8bit(std::string(text).c_str(), 0, QR_ECLEVEL_L), &QRcode_free);
  if (!code) return {};
  QrCode drawn;
  const int end = code->width + kMargin;
  for (int row = -kMargin; row < end; row += 2) {
    if (colour) drawn.lines += kBlackOnWhite;
    for (int column = -kMargin; column < end; ++column)
      drawn.lines += half_blocks(is_dark(*code, row, column) == colour, is_dark(*code, row + 1, column) == colour);
    if (colour) drawn.lines += kPlain;
    drawn.lines += '\n';
  }
  drawn.width = static_cast<std::size_t>(code->width + 2 * kMargin);
  return drawn;
}

}  // namespace penstock::cli
