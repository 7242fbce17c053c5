// Changes of messages that are not here (yet): how long they wait, and how many (docs/spec/client.md s.10). They come
// to wait by take_change() and end by note_message(), both in messages.h; done in messages.cpp and expiry.cpp.
#pragma once

#include "core/client/content.h"
#include "core/client/messages.h"

namespace cairn::client {

/// Of all names in a conversation; beyond that the oldest goes of the name that has most.
constexpr std::size_t kMaxEarly = 4096;

/// tables::kEarlyChanges.
struct EarlyChange {
  Change change;
  std::uint64_t until_ms = 0;  ///< 0 in a row of an earlier build: kEarlyLifeMs after it was said

  bool is_over(Time now) const;
  void write(wire::Writer&) const;
  static Result<EarlyChange> read(wire::Reader&);
};

/// Where this change waits, it does so no longer than what it says has to live: a message that is to disappear may have
/// done so already, and leaves nothing by which that could be known.
void wait_no_longer_than(Context& context, const ChannelId& home, const Change& change,
                         const std::optional<Expiration>& life);
/// Those whose time is over; or all, as of a conversation that is deleted.
enum class Early : std::uint8_t { over, all };
void forget_early(Context& context, const ChannelId& home, Early which);

/// In the place of an index in tables::kExpiring: early changes of that conversation are to be looked at.
constexpr std::uint64_t kEarlyIndex = ~std::uint64_t{0};
/// Expiry (expiry.h) does so when this time is over.
void look_at_early(Context& context, const ChannelId& home, std::uint64_t until_ms);

}  // namespace cairn::client
