// Who may be a leaf, and who may enter: the two mandatory arguments of the MLS front door, answered from verified
// views (docs/spec/client.md s.2).
#pragma once

#include <map>
#include <set>

#include "core/client/conversation.h"
#include "core/client/views.h"
#include "core/mls/group.h"
#include "core/proto/api.h"

namespace cairn::client {

/// Names that a view has to be newer for than what was known when a device was first missed in it: for each, how many
/// look-ups had been accepted by then. Kept as long as the same question is asked again.
using Awaited = std::map<directory::Name, std::uint64_t>;

/// The longest time for which a key package may say that it can be used (RFC 9420 s.7.2); ours say less.
constexpr std::uint64_t kMaxLeafLifeMs = 90 * kDayMs;

/// A leaf is acceptable iff its key is that of the device with its id in the pinned chain of its name, authorised at
/// some time. When the pinned view does not have it, the answer is `unavailable`, and the name is in missing(): look
/// it up and ask again. Only an answer that was asked for after that, and has not the device either, refuses
/// (`not_authorised`): a view from before says nothing of a device that was added since, however young it is.
class Gatekeeper : public mls::Authenticator {
 public:
  /// All must outlive it.
  Gatekeeper(const Context& context, const Account& account, const Views& views, Awaited& awaited)
      : context_(context), account_(account), views_(views), awaited_(awaited) {}

  Status authenticate(const mls::LeafNode& leaf) override;
  /// Names to look up before asking again.
  const std::set<directory::Name>& missing() const { return missing_; }

 private:
  const Context& context_;
  const Account& account_;
  const Views& views_;
  Awaited& awaited_;
  std::set<directory::Name> missing_;
};

/// The rules of a conversation's kind. A fresh one a commit or Welcome. A removal that only the device's chain could
/// justify, which the pinned view does not, is `unavailable` until the view is newer, as with the Gatekeeper.
class Doorkeeper : public mls::Membership {
 public:
  /// All must outlive it. `kind` is that of the group a commit is for; a Welcome tells its kind itself.
  /// `current` are the extensions of that group before it; without them nobody may change any.
  Doorkeeper(const Context& context, const Account& account, const Views& views, Awaited& awaited,
             ConversationKind kind, const mls::ExtensionList* current = nullptr)
      : context_(context), account_(account), views_(views), awaited_(awaited), kind_(kind), current_(current) {}

  Status check_commit(const mls::CommitSummary& commit) override;
  /// A device of a name that is in takes the place of its own leaf, and does nothing else. Every member decides by
  /// group and commit alone, so that none is left behind: how often and whether it is active now is for those to judge
  /// who answer it (answerer.h).
  Status check_external_commit(const mls::CommitSummary& commit) override;
  Status check_join(const mls::GroupSummary& group) override;
  /// Names to look up before asking again.
  const std::set<directory::Name>& missing() const { return missing_; }
  /// After check_join(): whose device made the Welcome.
  const std::optional<directory::Name>& welcomed_by() const { return welcomed_by_; }

 private:
  Status check_removal(const mls::CommitSummary& commit, const mls::Member& removed);
  /// Of a change of title, picture or admins.
  Status check_extensions(const mls::CommitSummary& commit) const;
  bool is_admin(const directory::Name& name) const;

  const Context& context_;
  const Account& account_;
  const Views& views_;
  Awaited& awaited_;
  ConversationKind kind_;
  const mls::ExtensionList* current_;
  std::set<directory::Name> missing_;
  std::optional<directory::Name> welcomed_by_;
};

/// GroupContext extension 0xF0C1 (docs/spec/client.md s.1).
struct ConversationInfo {
  static constexpr std::uint16_t kExtensionType = 0xF0C1;
  ConversationKind kind = ConversationKind::pair;
  ChannelId channel;
  std::string domain;
  std::string title;
  std::vector<std::string> admins = {};  ///< of a group: names, sorted, each once; of none: all are equal
  Bytes picture = {};                    ///< of a group: an image file of at most kMaxPictureSize bytes, or empty

  /// Whether this name may remove others, and change title, picture and admins.
  bool is_admin(const std::string& name) const;
  void write(wire::Writer&) const;
  static Result<ConversationInfo> read(wire::Reader&);
  /// Of a group; `malformed` when there is none.
  static Result<ConversationInfo> of(const mls::ExtensionList& extensions);
  friend bool operator==(const ConversationInfo&, const ConversationInfo&) = default;
};

constexpr std::size_t kMaxTitleSize = 256;
constexpr std::size_t kMaxPictureSize = 8 * 1024;
constexpr std::size_t kMaxAdmins = 64;

/// The names of these leaves, sorted, each once; `malformed` if a leaf's identity is none.
Result<std::set<directory::Name>> names_of(const std::vector<mls::Member>& members);

/// Sorted mailboxes of these leaves, as the chains of their names give them; `not_authorised` when a chain has none.
Result<std::vector<proto::Address>> recipients_of(const StoreView& store, const Account& account, const Views& views,
                                                  const std::vector<mls::Member>& members);

/// What a commit authenticates: H("cairn/v1 channel" || 0x00 || channel || next epoch || recipients).
Bytes commit_binding(const ChannelId& channel, std::uint64_t next_epoch, const std::vector<proto::Address>& recipients);

}  // namespace cairn::client
