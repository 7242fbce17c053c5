// What was said about a message, and its file, as a history and a backup take it along (docs/spec/client.md s.9, s.16).
#pragma once

#include <set>

#include "core/client/attachment.h"
#include "core/client/messages.h"
#include "core/client/receipts.h"

namespace cairn::client {

constexpr std::size_t kMaxGivenVersions = 192 * 1024;  ///< bytes of a message's versions: of more, the newest
constexpr std::size_t kMaxGivenReactions = 256;        ///< of a message: of more, some
constexpr std::size_t kMaxGivenStatuses = 64;          ///< likewise
constexpr std::size_t kMaxSaidAbout = 768 * 1024;      ///< bytes of each of its lists

struct GivenVersion : NumberedEdit {
  void write(wire::Writer&) const;
  static Result<GivenVersion> read(wire::Reader&);
};

struct GivenReaction : NumberedReaction {
  void write(wire::Writer&) const;
  static Result<GivenReaction> read(wire::Reader&);
};

/// Move-only, for it may have a file's key.
struct SaidAbout {
  std::vector<GivenVersion> versions;
  std::vector<GivenReaction> reactions;
  std::vector<MessageStatus> statuses;
  std::optional<Attachment> file;

  bool is_empty() const { return versions.empty() && reactions.empty() && statuses.empty() && !file; }
  void write(wire::Writer&) const;
  static Result<SaidAbout> read(wire::Reader&);
};

/// Of the message in this row. Not by what a blob of ours is deleted: that stays where it is.
SaidAbout said_about(const StoreView& store, const ChannelId& home, std::uint64_t index);
/// Messages with first <= index < end about which something was said, or that have a file.
std::set<std::uint64_t> said_about_in(const StoreView& store, const ChannelId& home, std::uint64_t first,
                                      std::uint64_t end);
/// Beside what stands there.
void put_said_about(Context& context, const Account& account, const ChannelId& home, std::uint64_t index,
                    const SaidAbout& said);

}  // namespace cairn::client
