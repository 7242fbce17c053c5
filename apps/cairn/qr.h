// A QR code made of characters, for a terminal.
#pragma once

#include <string>

namespace cairn::apps {

/// Lines of half blocks, dark on light as scanners want it whatever the terminal's colours, with the margin of four
/// that ISO/IEC 18004 asks for. Empty for a text that is empty or too long for any QR code.
std::string qr_code(const std::string& text);

}  // namespace cairn::apps
