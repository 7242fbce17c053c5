// Envelopes of one channel, in the order of the mailbox: welcomes, commits and messages become state and rows.
#pragma once

#include "core/client/conversations.h"
#include "core/client/gatekeeper.h"
#include "core/client/pairs.h"

namespace cairn::client {

class Rejoiner;

/// Lives for one pass over one channel. An envelope that needs a look-up stays, and with it everything behind it.
class Inbox {
 public:
  Inbox(Conversations& owner, Context& context, const Account& account, const ChannelId& channel)
      : owner_(owner),
        context_(context),
        account_(account),
        channel_(channel),
        home_(home_of(context.store, channel)) {}

  /// Processes what can be processed now.
  void process();

  /// Whose commit it is: one's own was staged for what was wanted then, which counts no more than what is wanted now.
  enum class Committed : std::uint8_t { here, elsewhere };
  /// Rows of tables::kMessages for who came and went by a commit; also keeps `names` true.
  static void note_members(Conversations& owner, Context& context, Conversation& conversation,
                           const mls::CommitSummary& commit, Committed where);

 private:
  enum class Verdict { done, wait };

  bool is_next(ByteView sequence) const;
  /// False when it has to wait.
  bool take_row(const Bytes& key);
  Verdict take(const proto::Envelope& envelope);
  Verdict take_welcome(const proto::Envelope& envelope);
  /// What a Welcome that was accepted stands for: a new conversation, one more channel of a pair, or this very channel
  /// again. False when it is not followed.
  bool enter(const proto::Envelope& envelope, const ConversationInfo& info, const std::set<directory::Name>& names,
             mls::Group&& group);
  /// Of a Welcome in the place of a state that was lost: whether it is followed.
  bool is_of_members(const directory::Name& by, const std::set<directory::Name>& names);
  /// Whether a device that was removed gets what only who is in gets.
  bool is_back_in(const proto::Envelope& envelope, const Conversation& conversation);
  /// Whether this device is in that conversation; of one that it should be in, and is not, it sees to it.
  bool has_place(const proto::Envelope& envelope, const std::optional<Conversation>& conversation);
  Verdict take_handshake_or_message(const proto::Envelope& envelope);

  // ---- what lies at the server, and not in the envelope: inbox_large.cpp ----

  /// A commit or welcome.
  Verdict take_large(const proto::Envelope& envelope);
  /// Whether this device has a use for it: else it is not fetched, and not judged.
  bool is_awaited(const proto::Envelope& envelope);
  Verdict take_from(const proto::Envelope& envelope, const proto::BlobRef& ref);
  Verdict take_answer(const proto::Envelope& envelope, Rejoiner& rejoiner);
  /// Whether this device follows a commit of that epoch: else it is not fetched.
  bool is_to_be_followed(const proto::Envelope& envelope);
  /// What the reference leads to, if it is here, or is our own.
  LargeBodies::Fetched fetched(const proto::Envelope& envelope, const proto::BlobRef& ref);
  void part_came(const Answer& answer);
  /// The conversation says it, if there is one.
  void note_trouble(std::string sentence);
  /// It cannot be had any more: without it nobody can go on.
  void is_gone(const proto::Envelope& envelope);
  /// It is there, and is not what the envelope says.
  void is_bad(const proto::Envelope& envelope);

  void not_taken(Conversation& conversation, const proto::Envelope& envelope, const Error& error);
  void followed();
  void evicted(Conversation& conversation);
  Verdict take_commit(Conversation& conversation, mls::Group& group, mls::ReceivedCommit&& received);
  void take_message(Conversation& conversation, const mls::Group& group, const proto::Envelope& envelope,
                    mls::ApplicationMessage&& message);
  bool take_echo(const proto::Envelope& envelope);
  void unreadable(Conversation& conversation, const proto::Envelope& envelope, const Error& error);
  void broken(Conversation& conversation, const char* why);
  void removed(Conversation& conversation);
  /// Wants look-ups of these names; the envelope waits, unless the directory's answer is no: then false.
  bool look_up(const std::set<directory::Name>& names);

  Conversations& owner_;
  Context& context_;
  const Account& account_;
  const ChannelId channel_;
  ChannelId home_;  ///< where its messages stand; told by its first Welcome
};

}  // namespace cairn::client
