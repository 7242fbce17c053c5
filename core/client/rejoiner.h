// The device that cannot go on: it asks to be let in again, takes what is answered, and comes in by an external commit
// (docs/spec/client.md s.15).
#pragma once

#include "core/client/conversations.h"
#include "core/client/gatekeeper.h"
#include "core/client/pairs.h"
#include "core/client/rejoin.h"
#include "core/mls/preview.h"

namespace cairn::client {

/// Lives for one pass over one channel.
class Rejoiner {
 public:
  Rejoiner(Conversations& owner, Context& context, const Account& account, const ChannelId& channel)
      : owner_(owner), context_(context), account_(account), channel_(channel) {}

  /// Does the next thing that is missing. True when the channel has to wait for it: nothing else is to be done there.
  bool run();

  /// Whether that is an answer to what this device asks for.
  bool wants(const proto::Envelope& envelope) const { return wanted(envelope).has_value(); }
  /// An answer came: it is kept until it is tried. `ciphertext`: what lay at the server, or nothing.
  void take_answer(const proto::Envelope& envelope, Bytes ciphertext);
  /// Whether this is our own external commit, come back: then it was accepted, and this device is in.
  bool take_commit(const proto::Envelope& envelope);

 private:
  enum class Tried { joined, waits, bad };

  /// Of a conversation whose state cannot be read: that has to be noticed first.
  bool notice_loss();
  void step();
  void ask();
  /// What the channel's server is shown; nothing while there is none, of another domain a passport, which is asked for.
  std::optional<std::string> bearer();
  void passport_answered(const Answer& answer);
  void asked(const Answer& answer);
  /// When it is asked again, and what is said until then, after an answer of the server of `domain`.
  void ask_later(const Answer& answer, std::string_view domain);
  bool make_package();
  /// How long until the next request, after this many.
  static std::uint64_t pause_after(std::uint32_t asked);
  /// Tries what was answered; true when an external commit is ready.
  bool try_answers();
  Tried try_answer(const RejoinAnswer& answer);
  /// The answer is of a member whom this device knows to be one, of this conversation as it can have become.
  Status check_preview(const mls::GroupPreview& preview, const ConversationInfo& info) const;
  /// Whether whoever signed it is an active device; unless that is known to be so now, it is asked for.
  Tried check_signer(const mls::Member& signer);
  std::optional<mls::LeafIndex> own_leaf(const mls::GroupPreview& preview) const;
  bool look_up(const std::set<directory::Name>& names);
  /// What was asked for, is still wanted, and is answered by this.
  std::optional<RejoinAnswer> wanted(const proto::Envelope& envelope) const;
  /// Whether the external commit is at the server, or goes in the request itself.
  bool put_commit();
  void send_commit();
  void commit_answered(const Hash& sent, const Answer& answer);
  /// What was made came to nothing: another request is made, after a pause.
  void try_again(std::uint64_t pause_ms);
  void install();
  void save();
  void trouble(const std::string& sentence);
  /// Nobody has answered for long: a pair, or the own conversation, is begun anew, what is none here is forgotten.
  bool give_up();
  /// The server says that this device alone is in the channel: after a while a group is over.
  void nobody_is_there();
  /// By whom a conversation came that was not known here, for whether it is a request (s.10).
  directory::Name who_brought_us(const std::set<directory::Name>& names) const;
  /// This channel is broken: what waits goes another way, or says that it cannot.
  void begin_anew();

  Conversations& owner_;
  Context& context_;
  const Account& account_;
  const ChannelId channel_;
  Rejoin rejoin_;
  std::optional<Conversation> conversation_;
};

}  // namespace cairn::client
