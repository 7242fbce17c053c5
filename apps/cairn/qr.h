// QR codes (ISO/IEC 18004): their modules, and made of characters for a terminal.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace cairn::apps {

/// Light modules that a code has around it.
constexpr int kQrMargin = 4;

/// The modules of a code, without its margin.
struct QrModules {
  int side = 0;
  std::vector<std::uint8_t> dark;  ///< side * side, row by row: 1 or 0

  /// Also beside the code, where it is light.
  bool is_dark(int x, int y) const {
    if (x < 0 || y < 0 || x >= side || y >= side) return false;
    return dark[static_cast<std::size_t>(y) * static_cast<std::size_t>(side) + static_cast<std::size_t>(x)] != 0;
  }
};
/// Nothing for a text that is empty or too long for any QR code.
std::optional<QrModules> qr_modules(const std::string& text);

/// Lines of half blocks, dark on light as scanners want it whatever the terminal's colours, with the margin of four
/// that ISO/IEC 18004 asks for. Empty for a text that is empty or too long for any QR code.
std::string qr_code(const std::string& text);

}  // namespace cairn::apps
