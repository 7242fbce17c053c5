// lab.html: one page, whole in itself (no script, no font, no image from elsewhere), readable on a telephone.
#pragma once

#include "apps/lab/report.h"

namespace cairn::lab {

/// The page of a run. Everything in it that is an outcome comes from the reports.
std::string make_page(const std::vector<Report>& reports);

}  // namespace cairn::lab
