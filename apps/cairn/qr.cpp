#include "apps/cairn/qr.h"

#include <qrencode.h>

#include <memory>

namespace cairn::apps {
namespace {

constexpr int kMargin = 4;

/// Black on white, and back to what was.
constexpr const char* kInk = "\x1b[30;47m";
constexpr const char* kNoInk = "\x1b[0m";

}  // namespace

std::string qr_code(const std::string& text) {
  if (text.empty()) return {};
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_L),
                                                             &QRcode_free);
  if (code == nullptr) return {};
  const auto is_dark = [&](int x, int y) {
    if (x < 0 || y < 0 || x >= code->width || y >= code->width) return false;
    return (code->data[y * code->width + x] & 1) != 0;
  };
  std::string out;
  for (int y = -kMargin; y < code->width + kMargin; y += 2) {  // a character holds two modules, one above the other
    out += kInk;
    for (int x = -kMargin; x < code->width + kMargin; ++x) {
      const bool upper = is_dark(x, y);
      const bool lower = is_dark(x, y + 1);
      out += upper && lower ? "\u2588" : upper ? "\u2580" : lower ? "\u2584" : " ";
    }
    out += kNoInk;
    out += '\n';
  }
  return out;
}

}  // namespace cairn::apps
