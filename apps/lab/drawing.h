// One picture of what happened: who sent what to whom, and where it was swapped, stolen or stopped.
#pragma once

#include "apps/lab/report.h"

namespace cairn::lab {

/// SVG of a sequence of arrows between the actors of the steps, in the order in which they appear. Self-contained,
/// scales with its frame, and readable at the width of a telephone. Empty without steps.
std::string draw(const std::vector<Step>& steps, const std::string& title);

/// For text inside of HTML and SVG.
std::string escaped(const std::string& text);

}  // namespace cairn::lab
