// A false epoch in the directory's own log, offered to honest witnesses and auditors; and a second log beside the
// first: part of split-view.
#pragma once

#include "apps/lab/cairn/world.h"
#include "apps/lab/report.h"

namespace cairn::lab {

struct FalseLog {
  bool believed = false;          ///< by a phone that never heard of Bob
  std::string sentence;           ///< what it said
  std::size_t asked = 0;          ///< witnesses and auditors
  std::size_t refused = 0;        ///< of them, of the epoch with the false history
  std::string why;                ///< what those said who refused it
  std::size_t signed_second = 0;  ///< of them, a second directory of the same size
};

/// In a world of its own, whose log is of no use afterwards.
FalseLog offer_false_log(const WorldOptions& options);

void show(Side& side, const FalseLog& found);

}  // namespace cairn::lab
