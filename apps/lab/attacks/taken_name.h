// Names that somebody takes by a reset, with the days that it needs by the auditors' own count: part of mud-puddle.
#pragma once

#include "apps/lab/attacks/owner.h"
#include "apps/lab/report.h"

namespace cairn::lab {

/// Dora's name allows a reset, her phone is in the puddle, and nobody calls it off. Bob's allows one too; he does, and
/// the server keeps that from the directory.
struct TakenNames {
  bool before_its_time = false;    ///< the thief had a name when clocks were set ahead, and nobody had waited
  bool against_its_owner = false;  ///< he got Bob's in the end
  bool dora = false;               ///< he got Dora's in the end: that it can be reset is what she chose
  std::size_t auditors_told = 0;   ///< of Bob's word, past the server
  demo::Said listed, restored, with_his_paper;  ///< what Dora's name was answered, on the thief's device
  std::size_t sentences = 0;                    ///< Dora's, that came to the thief
  std::size_t all = 0;                          ///< that she said
  std::size_t tool_works = 0;                   ///< that the attack's own program reads with her paper
  bool rushed() const { return before_its_time || against_its_owner; }
};

/// In a world with movable clocks, which are days ahead afterwards.
TakenNames take_names(Owner& owner);

void draw(Side& side, const TakenNames& found);
/// The sentences and answers of it.
void show(Side& side, const TakenNames& found);

}  // namespace cairn::lab
