#include "apps/cairn/chat/picture.h"

#include <algorithm>
#include <cstdlib>

#include "core/base/encoding.h"

namespace cairn::apps::chat {
namespace {

constexpr int kCubeBase = 16;
constexpr int kGreyBase = 232;
constexpr int kGreys = 24;
constexpr int kLevels[] = {0, 95, 135, 175, 215, 255};
constexpr const char* kUpperHalf = "\u2580";

int nearest_level(int value) {
  int best = 0;
  for (int i = 1; i < 6; ++i) {
    if (std::abs(kLevels[i] - value) < std::abs(kLevels[best] - value)) best = i;
  }
  return best;
}

int colour_at(const images::Picture& picture, int x, int y) {
  const std::uint8_t* const pixel = picture.pixel(x, y);
  return palette_colour(pixel[0], pixel[1], pixel[2]);
}

}  // namespace

int palette_colour(int red, int green, int blue) {
  const auto distance = [&](int r, int g, int b) {
    return (r - red) * (r - red) + (g - green) * (g - green) + (b - blue) * (b - blue);
  };
  const int r = nearest_level(red);
  const int g = nearest_level(green);
  const int b = nearest_level(blue);
  const int grey = std::clamp(((red + green + blue) / 3 - 3) / 10, 0, kGreys - 1);
  const int level = 8 + 10 * grey;
  if (distance(level, level, level) < distance(kLevels[r], kLevels[g], kLevels[b])) return kGreyBase + grey;
  return kCubeBase + 36 * r + 6 * g + b;
}

std::optional<images::Picture> picture_of(const nlohmann::json& message) {
  const auto file = message.find("attachment");
  if (file == message.end() || !file->contains("preview") || message.value("unsent", false)) return std::nullopt;
  const auto jpeg = from_base64((*file)["preview"].value("data", std::string()));
  if (!jpeg) return std::nullopt;
  const auto picture = images::decode_thumbnail(*jpeg);
  if (!picture) return std::nullopt;
  return images::shrunk(*picture, kPictureColumns, 2 * kPictureRows);
}

std::vector<ScreenRow> rows_of_picture(const images::Picture& picture, int columns) {
  const images::Picture small = images::shrunk(picture, std::max(1, columns), 2 * kPictureRows);
  std::vector<ScreenRow> out;
  for (int y = 0; y < small.height; y += 2) {
    ScreenRow row;
    for (int x = 0; x < small.width; ++x) {
      const int lower = y + 1 < small.height ? colour_at(small, x, y + 1) : Colours::kOfTheTerminal;
      const Colours colours{colour_at(small, x, y), lower};
      if (row.empty() || row.back().colours != colours) row.push_back({{}, Style::plain, colours});
      row.back().text += kUpperHalf;
    }
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace cairn::apps::chat
