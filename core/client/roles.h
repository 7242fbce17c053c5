// Groups: who may change what, and what is wanted of them (docs/spec/client.md s.12).
//
// Title, picture and admins stand in the GroupContext (ConversationInfo), so members cannot disagree; every member
// refuses a commit that changes them, or removes a name, and is not an admin's (gatekeeper.h).
#pragma once

#include "core/client/conversations.h"
#include "core/client/gatekeeper.h"

namespace cairn::client {

/// tables::kGroupWants: what the group was last seen to be, and what its owner wants it to become.
struct GroupWants {
  std::vector<std::string> admins;  ///< as they are
  Hash picture;                     ///< SHA-256 of it; zero without one
  std::optional<std::string> title;
  std::optional<Bytes> new_picture;
  std::map<std::string, bool> roles;  ///< of names that shall be admins (true), or no more (false)

  bool wants_anything() const { return title || new_picture || !roles.empty(); }
  void write(wire::Writer&) const;
  static Result<GroupWants> read(wire::Reader&);
};

GroupWants group_wants(const StoreView& store, const ChannelId& channel);
void save_group_wants(Context& context, const ChannelId& channel, const GroupWants& wants);

/// Its picture, as its members have it; of an archive of a group, as it was. Empty without one.
Bytes group_picture(const StoreView& store, const ChannelId& channel);

/// Where `own` is no admin (any more), what it wanted of the group is wanted no more: no member would take such a
/// commit, and nothing is sent behind it. True when something was wanted. `members` are the names that are in it.
bool drop_wishes_of_no_admin(Context& context, Conversation& conversation, const ConversationInfo& now,
                             const std::string& own, const std::vector<std::string>& members);

/// What the group shall become, its people being `names`; nothing when it is so, or when `own` may not change it.
std::optional<ConversationInfo> wanted_info(const GroupWants& wants, const ConversationInfo& now,
                                            const std::string& own, const std::vector<std::string>& names);

/// The group is this now, by a commit of `by` (empty: it was entered, or made): what is different is told, and what was
/// wanted and is so is wanted no more.
void note_info(Conversations& conversations, Context& context, Conversation& conversation, const ConversationInfo& info,
               const std::string& by);

class Roles {
 public:
  explicit Roles(Conversations& conversations) : conversations_(conversations) {}

  /// Somebody wants to leave: where this device's name is an admin, the name is taken out.
  void heard(Context& context, const Account& account, const Heard& heard);

 private:
  Conversations& conversations_;
};

}  // namespace cairn::client
