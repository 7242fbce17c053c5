#include "core/client/day.h"

#include <chrono>
#include <cstdio>

namespace cairn::client {

std::string day_text(Time time) {
  constexpr std::uint64_t kYear9999 = 253'402'300'800'000;
  if (time.ms >= kYear9999) return "a day that is too far away";
  const auto minutes = static_cast<unsigned>(time.ms / kMinuteMs % (24 * 60));
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<std::int64_t>(time.ms / kDayMs)}}};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02u:%02u UTC", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), minutes / 60, minutes % 60);
  return text;
}

}  // namespace cairn::client
