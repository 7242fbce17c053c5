// A mind's events as lines of text.
#pragma once

#include <cstdio>
#include <string>

#include "core/proto/mind.h"

namespace cairn::loop {

/// "2026-11-24T09:12:08.123Z warning what happened 7": the number only when it is not 0.
std::string log_line(const proto::Event& event, Time now);

/// {"time": "2026-11-24T09:12:08.123Z", "level": "warning", "event": "what happened", "number": 7}
std::string json_log_line(const proto::Event& event, Time now);

enum class LogFormat : std::uint8_t { text, json };

/// Writes one line for an event of at least `least`. systemd and every container take standard error.
void write_log(std::FILE* out, proto::Event::Level least, const proto::Event& event, Time now,
               LogFormat format = LogFormat::text);

}  // namespace cairn::loop
