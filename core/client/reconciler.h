// What is still missing for a conversation to be as its people want it: the next step, and only that.
#pragma once

#include "core/client/conversations.h"
#include "core/client/gatekeeper.h"
#include "core/client/labels.h"
#include "core/client/leaf_updates.h"
#include "core/client/pairs.h"
#include "core/client/signal.h"

namespace cairn::client {

/// Lives for one pass over one channel; docs/spec/client.md s.3 gives the order.
class Reconciler {
 public:
  Reconciler(Conversations& owner, Context& context, const Account& account, const ChannelId& channel)
      : owner_(owner),
        context_(context),
        account_(account),
        channel_(channel),
        home_(home_of(context.store, channel)) {}

  void run();

  /// Tells those who are there, if a message could go just now (typing.h). Whether it was sent.
  bool signal(SignalKind kind);

 private:
  /// The devices a conversation should have, by their active chains, and what is to change for that.
  struct Difference {
    std::map<DeviceId, directory::Name> adds;
    std::vector<mls::LeafIndex> removes;
    std::vector<mls::Member> stay;
    std::set<directory::Name> left_out;    ///< all their devices are away, and nobody waits for them
    std::optional<ConversationInfo> info;  ///< title, picture, admins, when they are to change
    bool empty() const { return adds.empty() && removes.empty() && !info; }
  };
  enum class Outcome { ready, waiting };

  /// Of the channels of a pair one is written to. Another one is followed, and given up if nobody else knows of it.
  bool is_written_to();
  void give_up();
  void create_channel();
  void created(const Answer& answer);
  void send_commit();

  // ---- what no envelope holds: reconciler_large.cpp ----

  struct Carried {
    proto::Carriage carriage = proto::Carriage::inside;
    Bytes body;
  };
  /// As it stands in a request. Nothing: it is being put, and the next answer goes on with that.
  std::optional<Carried> carry(ByteView body);
  std::optional<Carried> put(ByteView body);
  /// Whether this leaf should be in: its name is wanted here, and its device active.
  bool should_be_in(const mls::Member& member) const;
  /// Of those whom the staged commit adds, in that order: who still should be in.
  std::vector<bool> still_awaited() const;
  /// The Welcome that all of them fetch; empty when each gets one in its envelope.
  Bytes one_for_all(const std::vector<bool>& awaited) const;
  /// False while they are being put.
  bool add_welcomes(proto::ChannelCommit& request);
  void put_answered(const Hash& sent, const Answer& answer);
  /// Whether those whom the staged commit leads to may all be in, and those whom it removes may not.
  bool is_still_wanted() const;
  /// What is staged will not be taken: it goes, and what was put for it.
  void drop_refused();
  /// Whether the commit that won is the one that is staged here.
  bool is_own(const proto::CommitAnswer& winner) const;

  /// `sent` is the SHA-256 of the commit that this is the answer to.
  void commit_answered(const Hash& sent, const Answer& answer);
  void commit_won();
  /// The channel is in a later epoch than this state.
  void fell_behind();
  /// Views of all names fresh enough; otherwise look-ups are under way or refused, and the conversation says why.
  Outcome check_views();
  void tell_of_reset(const directory::Name& name);
  /// Whether this name's first contacts are stopped (suspicions.h), and by which sentence.
  std::optional<std::string> first_contacts_stopped(const directory::Name& name) const;
  /// Whether all devices of the name that are in the group were written to before, and any is.
  bool has_only_known(const directory::Name& name) const;
  Result<Difference> difference() const;
  /// Whether this device was away for so long that it has no key package that could be used, when last asked for.
  bool is_away(const DeviceId& device) const;
  /// Of each name that is left out it is said here once that it cannot read what is written, and once that it can when
  /// it has come in (tables::kLeftOut).
  void tell_of_left_out(const Difference& wanted);
  /// What is for admins to do is not wanted any more once the own name is none.
  void drop_wishes();
  /// Whether the views that say whom to add are new enough for that; otherwise newer ones are asked for.
  bool may_add(const Difference& difference);
  /// Key packages for all that are to be added; false while they are being fetched.
  bool fetch_packages(const Difference& difference);
  void packages_answered(const directory::Name& name, const std::vector<DeviceId>& asked, const Answer& answer);
  /// Whether it is a key package (RFC 9420 s.10.1) that this device of that name has signed itself.
  bool is_signed_by_device(const mls::KeyPackage& package, const directory::Name& name, const DeviceId& device) const;
  /// Keeps what can be used of an answer; the devices of which it has nothing.
  std::set<DeviceId> take_packages(const directory::Name& name, const std::vector<DeviceId>& asked,
                                   const Answer& answer);
  /// What a commit is for: new keys alone are nobody's wish, and nobody is told when they cannot be had.
  enum class Staging { change, new_keys };
  void stage(const Difference& difference, Staging what);

  // ---- new keys of the own leaf: reconciler_updates.cpp ----

  LeafFacts own_leaf_facts() const;
  LeafFacts leaf_facts() const;
  /// Whether the staged commit does nothing but renew the own keys, and for no other reason than their age.
  bool is_leaf_update() const;
  /// Whether nothing is to be added, removed or changed.
  bool is_as_wanted() const;
  /// Says what is to be said while such a commit is under way.
  void flush_beside_update();
  /// Whether others are not to hear from here that this device is there: its owner has not said yes to this
  /// conversation, or has blocked them.
  bool is_kept_quiet() const;
  /// Whether what is staged is tried again later.
  bool is_put_off() const;
  /// The pauses of a commit that nobody waits for are its own: a message that goes does not end them, and one that does
  /// not is not put off for longer by them.
  void try_commit_later(bool is_quiet, const Answer& answer);
  /// Stages one if it is due. `nothing`: what is to change beside it.
  void update_leaf(const Difference& nothing);
  /// The keys that a commit gives to this leaf are as old as they are staged, however late it is taken.
  void note_staged(const mls::CommitSummary& summary);
  /// A message was encrypted with the keys of this leaf.
  void note_encrypted();
  void flush_outbox();
  /// A person wrote to all who are in the group.
  void note_sent_to();
  void send_answered(const Bytes& key, const Answer& answer);
  Result<OutboxEntry> protect(OutboxEntry entry);
  /// What is said with a message; the notes of it are kept.
  std::vector<directory::Gossip> gossip();
  void trouble(std::string sentence);
  /// It cannot be told who should be in it.
  void cannot_be_written_to(const Error& why);
  bool has_outbox() const;
  /// The token of the own server, for calls to that alone: another one could open the mailbox with it. For others a
  /// passport.
  std::string bearer_for(std::string_view domain) const;
  /// Whether there is one; else a passport is asked for, and this goes on when it is there.
  bool has_bearer_for(std::string_view domain);
  void passport_answered(const std::string& domain, const Answer& answer);
  void heed_401(std::string_view domain, const Answer& answer);

  Conversations& owner_;
  Context& context_;
  const Account& account_;
  const ChannelId channel_;
  const ChannelId home_;
  Conversation conversation_;
  mls::Group* group_ = nullptr;
};

/// Runs `then` on a fresh Reconciler when an answer comes: state may have moved meanwhile, so nothing is captured but
/// ids.
template <class Then>
Calls::Continuation resume(Conversations& owner, const ChannelId& channel, Then then) {
  return [&owner, channel, then](Context& later, const Answer& answer) {
    const auto account = load_account(later.store);
    if (!account) return;
    Reconciler reconciler(owner, later, *account, channel);
    then(reconciler, answer);
  };
}

/// The key with which members of this epoch write to the channel (docs/spec/client.md s.1). Works for a Group and for
/// a staged commit.
template <class Epoch>
crypto::SigningKey write_key_of(const Epoch& epoch, const ChannelId& channel) {
  const SecretBytes seed = epoch.exporter(kExportWriteKey, channel, crypto::Ed25519Seed::kSize);
  auto typed = crypto::Ed25519Seed::from(seed.expose());
  CHECK(typed.has_value());
  return crypto::SigningKey::from_seed(std::move(*typed));
}

}  // namespace cairn::client
