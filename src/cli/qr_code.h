// A QR code as text, two modules to a character.
#pragma once

#include <string>
#include <string_view>

namespace penstock::cli {

struct QrCode {
  std::string lines;      // each ends in a line break; empty when the text does not fit into a code
  std::size_t width = 0;  // characters
};

/// With `colour` it is black on white whatever the terminal's colours are; without, the light modules are drawn, for a dark terminal.
QrCode qr_code(std::string_view text, bool colour);

}  // namespace penstock::cli
