#include "apps/cairn/qr.h"

#include <qrencode.h>

#include <memory>

#include "core/base/secret.h"

namespace cairn::apps {
namespace {

/// Black on white, and back to what was.
constexpr const char* kInk = "\x1b[30;47m";
constexpr const char* kNoInk = "\x1b[0m";
constexpr int kCaseCounts = 1;

}  // namespace

std::optional<QrModules> qr_modules(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
      QRcode_encodeString(text.c_str(), 0, QR_ECLEVEL_L, QR_MODE_8, kCaseCounts), &QRcode_free);
  if (code == nullptr) return std::nullopt;
  QrModules out{code->width, {}};  // of a key too: nothing of it is left behind but by its owner
  const auto count = static_cast<std::size_t>(code->width) * static_cast<std::size_t>(code->width);
  out.dark.reserve(count);
  for (std::size_t i = 0; i < count; ++i) out.dark.push_back(code->data[i] & 1);
  wipe(code->data, count);
  return out;
}

std::string qr_code(const std::string& text) {
  const auto modules = qr_modules(text);
  if (!modules) return {};
  std::string out;
  for (int y = -kQrMargin; y < modules->side + kQrMargin; y += 2) {  // a character holds two, one above the other
    out += kInk;
    for (int x = -kQrMargin; x < modules->side + kQrMargin; ++x) {
      const bool upper = modules->is_dark(x, y);
      const bool lower = modules->is_dark(x, y + 1);
      out += upper && lower ? "\u2588" : upper ? "\u2580" : lower ? "\u2584" : " ";
    }
    out += kNoInk;
    out += '\n';
  }
  return out;
}

}  // namespace cairn::apps
