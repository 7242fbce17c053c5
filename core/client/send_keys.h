// Keys of callers' own by which asking again is told from saying again (docs/spec/client-rpc.md s.3).
#pragma once

#include <optional>
#include <string_view>

#include "core/base/types.h"
#include "core/client/context.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::client {

constexpr std::size_t kMaxSendKey = 64;  ///< bytes
constexpr std::uint64_t kSendKeyLifeMs = 7 * kDayMs;
/// More are not remembered at a time: the oldest make room.
constexpr std::size_t kMaxSendKeys = 4096;

/// A message that was said under a key.
struct SaidUnderKey {
  ChannelId home;
  std::uint64_t index = 0;
  Hash request;  ///< SHA-256 of what was to be said, and to whom
  std::uint64_t at_ms = 0;

  void write(wire::Writer&) const;
  static Result<SaidUnderKey> read(wire::Reader&);
};

/// What was said under `key` in the last seven days.
std::optional<SaidUnderKey> said_under(const Context& context, std::string_view key);

/// The message is wiped: by the hash of what was said its text could be guessed.
void forget_said(Context& context, const ChannelId& home, std::uint64_t index);

/// Remembers it, and forgets what is too old.
void remember_said(Context& context, std::string_view key, const SaidUnderKey& said);

}  // namespace cairn::client
