#include "shell/images/internal/shrinker.h"

#include <algorithm>

#include "core/base/check.h"

namespace cairn::images::internal {
namespace {

/// `part` of `whole`, of `size`.
int scaled(int size, int part, int whole) { return std::max(1, static_cast<int>(std::int64_t{size} * part / whole)); }

}  // namespace

Extent fitting(Extent whole, Extent most) {
  if (whole.width <= most.width && whole.height <= most.height) return whole;
  const bool is_wider = std::int64_t{whole.width} * most.height >= std::int64_t{whole.height} * most.width;
  if (is_wider) return {most.width, scaled(whole.height, most.width, whole.width)};
  return {scaled(whole.width, most.height, whole.height), most.height};
}

Shrinker::Shrinker(Extent whole, Extent small) : whole_(whole), small_(small) {
  CHECK(small.width >= 1 && small.height >= 1 && small.width <= whole.width && small.height <= whole.height);
  column_of_.resize(static_cast<std::size_t>(whole.width));
  for (int x = 0; x < whole.width; ++x)
    column_of_[static_cast<std::size_t>(x)] = static_cast<int>(std::int64_t{x} * small.width / whole.width);
  sums_.resize(static_cast<std::size_t>(small.width) * static_cast<std::size_t>(small.height));
}

void Shrinker::add_row(const std::uint8_t* rgb) {
  CHECK(row_ < whole_.height);
  const auto y = static_cast<std::size_t>(std::int64_t{row_} * small_.height / whole_.height);
  Sum* const sums = sums_.data() + y * static_cast<std::size_t>(small_.width);
  for (const int column : column_of_) {
    Sum& sum = sums[column];
    for (int colour = 0; colour < 3; ++colour) sum.colours[colour] += rgb[colour];
    ++sum.count;
    rgb += 3;
  }
  ++row_;
}

Picture Shrinker::take() const {
  CHECK(row_ == whole_.height);
  Picture out{small_.width, small_.height, {}};
  out.rgb.reserve(3 * sums_.size());
  for (const Sum& sum : sums_) {
    for (const std::uint64_t colour : sum.colours)
      out.rgb.push_back(static_cast<std::uint8_t>((colour + sum.count / 2) / sum.count));
  }
  return out;
}

}  // namespace cairn::images::internal
