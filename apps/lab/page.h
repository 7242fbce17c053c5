// lab.html: one page, whole in itself (no script, no font, no image from elsewhere), readable on a telephone.
#pragma once

#include "apps/lab/report.h"

namespace cairn::lab {

/// Of a run, as the page's head says it.
struct Stamp {
  std::string date;     ///< in UTC, with the time
  std::string version;  ///< of the programs
};

/// The page of a run. Everything in it that is an outcome comes from the reports.
std::string make_page(const std::vector<Report>& reports, const Stamp& stamp);

}  // namespace cairn::lab
