// Links to groups: who made one adds by itself whoever asks with its token (docs/spec/client.md s.20).
//
// A link is good on the device that made it: that one keeps the token's hash, and counts.
#pragma once

#include "core/client/conversations.h"
#include "core/client/invitation.h"

namespace cairn::client {

constexpr std::uint64_t kGroupLinkLifeMs = 7 * kDayMs;  ///< where its maker says nothing else
constexpr std::uint64_t kMaxGroupLinkLifeMs = 366 * kDayMs;
constexpr std::uint32_t kMaxGroupLinkUses = 256;
/// Of a device, those that are no more good and still listed included.
constexpr std::size_t kMaxGroupLinks = 256;
constexpr std::size_t kMaxAskedJoins = 256;

/// tables::kGroupLinks.
struct GroupLink {
  ChannelId group;
  std::uint64_t made_ms = 0;
  std::uint64_t expires_ms = 0;
  std::uint64_t revoked_ms = 0;    ///< 0: it was not
  std::uint32_t uses = 1;          ///< names that it lets in, at most
  std::vector<std::string> names;  ///< that it has let in

  void write(wire::Writer&) const;
  static Result<GroupLink> read(wire::Reader&);
};

/// What became of a group into which this device was let, on this device. by_others: what is here under its id was not
/// brought by whom its owner knows, as the maker is; it may be another group, also when its owner accepts it.
enum class JoinEntry : std::uint8_t { none = 0, by_known = 1, by_others = 2 };

/// tables::kAskedJoins.
struct AskedJoin {
  std::string maker;  ///< the name that the link is of
  std::string title;  ///< of the group, as the link said
  std::uint64_t asked_ms = 0;
  std::optional<JoinVerdict> verdict;  ///< nothing: it was not answered yet
  ChannelId group;                     ///< into which this device is let; zeros: into none yet
  JoinEntry entry = JoinEntry::none;   ///< it is in there, or was

  void write(wire::Writer&) const;
  static Result<AskedJoin> read(wire::Reader&);
};

class Invites {
 public:
  explicit Invites(Conversations& conversations) : conversations_(conversations) {}

  // ---- who makes a link ----

  /// Whether this device's name may bring somebody into that conversation by a link: it is a group, can be written to,
  /// and the name is an admin. `not_authorised` or `invalid_state` otherwise.
  static Status may_invite(const StoreView& store, const Account& account, const Conversation& conversation);
  /// A link to the group, good for so long and so many names. `over_limit` when there are too many.
  Result<InvitationToken> make(Context& context, const ChannelId& group, std::uint64_t life_ms, std::uint32_t uses);
  struct Made {
    Hash id;  ///< token_hash()
    GroupLink link;
  };
  /// In the order of their making.
  static std::vector<Made> list(const StoreView& store);
  /// Who was let in by it and is not in the group yet does not come in any more.
  void revoke(Context& context, const Made& made);
  /// What a name that this link has not let in yet would be answered.
  JoinVerdict standing(const Context& context, const Account& account, const GroupLink& link) const;

  // ---- who has one ----

  /// Asks its maker, with whom this is the pair.
  void ask(Context& context, const ChannelId& pair, const Invitation& invitation);
  static std::optional<AskedJoin> asked(const StoreView& store, const Hash& id);
  /// Whether this device is in the group of what was asked: as its maker brought it, or as its owner accepted it.
  bool is_in(const StoreView& store, const AskedJoin& asked) const;

  // ---- what happens ----

  void heard(Context& context, const Account& account, const Heard& heard);
  /// A group that this device was let into is one that its owner has said yes to. Called after every input.
  void step(Context& context, const Account& account);
  void forget_all();

 private:
  void take_request(Context& context, const Account& account, const Heard& heard, const InvitationToken& token);
  void take_answer(Context& context, const Account& account, const Heard& heard, const JoinAnswer& answer);
  JoinVerdict judge(const Context& context, const Account& account, const GroupLink& link,
                    const std::string& name) const;
  /// Of one link the same is said in one pair once in half a minute: whoever has it may ask as often as he likes.
  bool may_answer(const Context& context, const ChannelId& pair, const Hash& id);
  /// Whether that group came to this device by somebody whom its owner does not know: then it is for its owner to say
  /// whether it is the one that was meant.
  static bool is_brought_by_others(const StoreView& store, const Account& account, const ChannelId& group);

  Conversations& conversations_;
  std::map<std::pair<ChannelId, Hash>, Time> answered_at_;
  std::uint64_t seen_ = 0;  ///< entries of conversations, and what is heard again, when rows were last looked at
  bool look_ = true;
};

/// Why somebody was not let in, one sentence, and what to do.
std::string join_sentence(const AskedJoin& asked, JoinVerdict verdict);

}  // namespace cairn::client
