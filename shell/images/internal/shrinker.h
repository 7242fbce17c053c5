// A large picture becomes a small one while its rows come.
#pragma once

#include <vector>

#include "shell/images/images.h"

namespace cairn::images::internal {

struct Extent {
  int width = 0;
  int height = 0;
};
/// What fits into `most` when it is made smaller, its sides as they are to each other; at least one pixel each.
Extent fitting(Extent whole, Extent most);

/// Averages: each pixel of the small picture is the mean of those that fall into it.
class Shrinker {
 public:
  /// `small` is nowhere larger than `whole` (CHECKed).
  Shrinker(Extent whole, Extent small);
  /// The next row from the top: whole.width pixels of three bytes.
  void add_row(const std::uint8_t* rgb);
  /// After all rows.
  Picture take() const;

 private:
  struct Sum {
    std::uint64_t colours[3] = {};
    std::uint64_t count = 0;
  };

  Extent whole_;
  Extent small_;
  int row_ = 0;
  std::vector<int> column_of_;  ///< of each source pixel of a row
  std::vector<Sum> sums_;
};

}  // namespace cairn::images::internal
