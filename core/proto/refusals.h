// Whose welcomes a device takes no more (docs/spec/relay.md s.3).
#pragma once

#include <string_view>
#include <vector>

#include "core/base/types.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::proto {

inline constexpr std::string_view kPathRefusals = "/v1/mailbox/refuse";
constexpr std::size_t kMaxRefusals = 1024;

/// POST refuse, with a login: replaces what stands for the device's mailbox. Each entry is SHA-256(mailbox || name), so
/// that the server's store does not list whom somebody refuses; it can still try names that it knows.
struct Refusals {
  std::vector<Hash> senders;  ///< ascending, no two the same; at most kMaxRefusals

  void write(wire::Writer&) const;
  static Result<Refusals> read(wire::Reader&);
};

}  // namespace cairn::proto
