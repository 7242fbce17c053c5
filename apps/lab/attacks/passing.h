// What whoever runs the server sees pass while people do different things: part of metadata.
#pragma once

#include "apps/lab/cairn/world.h"
#include "apps/lab/report.h"

namespace cairn::lab {

struct Passing {
  std::size_t right = 0, tested = 0, kinds = 0;  ///< of receipts, texts and photos, told by the message's size alone
  std::size_t typing = 0, signals = 0;           ///< times that somebody was writing, and signals that were seen then
  std::size_t photos = 0, uploads = 0;           ///< photos, and times that parts of a file passed before the message
  std::string sizes;                             ///< of one of each kind
};

/// alice writes and sends photos; bob's phone reports, and he writes.
Passing watch(World& world);

void show(Side& side, const Passing& found);

}  // namespace cairn::lab
