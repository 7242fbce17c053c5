// All conversations of this device: the engine that makes what is match what is wanted (docs/spec/client.md s.3).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>

#include "core/client/content.h"
#include "core/client/conversation.h"
#include "core/client/large_bodies.h"
#include "core/client/passports.h"
#include "core/client/room.h"
#include "core/client/session.h"
#include "core/client/views.h"
#include "core/mls/group.h"

namespace cairn::client {

/// A device's key package as the server handed it out, waiting to be added.
struct FetchedPackage {
  mls::KeyPackage package;
  proto::JoinToken token;
};

/// What came with a message and is not for people.
struct Heard {
  ChannelId home;
  std::vector<std::string> names;  ///< of the conversation
  directory::Name name;            ///< who said it
  DeviceId device;
  std::vector<directory::Gossip> gossip;
  std::optional<Control> control;
  bool is_gone = false;  ///< the chain of that name has the device active no more: it speaks for nobody
  bool is_out = false;   ///< it has no leaf here any more, and said this before its removal
};

/// How long a message of a former epoch can still be read. What else is under way then is lost, and what was held back
/// is of no more use to whoever comes to have this device.
constexpr std::uint64_t kFormerEpochLifeMs = 48 * kHourMs;

/// What was not taken is tried again after a pause, twice as long each time, of at most so long.
constexpr std::uint64_t kLastCommitRetryMs = 60 * kSecondMs;

/// Begins every notice that tells of messages which may never come.
inline constexpr const char* kGapWords = "Messages may be missing here";

class Conversations {
 public:
  Conversations(Calls& calls, Views& views, Session& session) : calls_(calls), views_(views), session_(session) {}

  // ---- what people want: written down at once, carried out by step() ----

  /// The home of the pair with `name`; a channel is made if none can be written to. `invalid_name` for the own name.
  Result<ChannelId> pair_with(Context& context, const Account& account, const directory::Name& name);
  /// The home of the conversation of the own devices; a channel is made if none can be written to.
  Result<ChannelId> own_conversation(Context& context, const Account& account);
  /// A new group of the own name and `names`.
  Result<ChannelId> create_group(Context& context, const Account& account, const std::string& title,
                                 const std::set<directory::Name>& names);
  Status add_to_group(Context& context, const ChannelId& channel, const directory::Name& name);
  /// `not_found` when the name is not in it.
  Status remove_from_group(Context& context, const ChannelId& channel, const directory::Name& name);
  /// What is wanted of this channel has changed.
  void wants_changed(const ChannelId& channel) { due(channel); }
  /// Puts a text into the outbox; gives the message's index. `over_limit` for a text that is too long.
  Result<std::uint64_t> say(Context& context, const Account& account, const ChannelId& home, const std::string& text,
                            const std::optional<MessageId>& in_reply_to = std::nullopt);
  /// Likewise a file that lies at the server, with a preview (content.h) or none: gives the message's index.
  Result<std::uint64_t> say_file(Context& context, const Account& account, const ChannelId& home, Attachment file,
                                 const std::string& description, Bytes preview);
  /// Puts a content into the outbox, about a row of its own or about none; gives the key of its row there.
  /// `invalid_state` when the conversation can only be read.
  Result<Bytes> post(Context& context, const ChannelId& home, Bytes content, std::uint64_t message = kNoMessage);
  /// Takes a message of ours out of the outbox if nobody can have it: it is refused then. Whether it did.
  bool take_out(Context& context, const ChannelId& home, std::uint64_t message);
  /// Whether this row of the outbox is still to be sent.
  static bool is_waiting(const StoreView& store, ByteView outbox_key);
  /// A row of tables::kMessages is another one now.
  void change_message(Context& context, const ChannelId& home, std::uint64_t index, const Message& message);
  /// The id of a content that `sender` said here.
  static MessageId id_of(const Conversation& conversation, const std::string& sender, ByteView content, ByteView salt);

  /// A row from before this device was there: nobody is told of it.
  void put_old_message(Context& context, const ChannelId& home, std::uint64_t index, const Message& message);

  /// Puts into the outbox what no person sees; nothing when the conversation can only be read.
  void tell(Context& context, const ChannelId& home, const Control& control);
  /// A row that is no message.
  void notice(Context& context, const ChannelId& home, const std::string& text);
  /// Likewise, of a conversation that is being changed: it is saved too.
  void add_notice(Context& context, Conversation& conversation, const Message& row) {
    (void)add_message(context, conversation, row);
  }

  /// Grows with each conversation that this device comes to be in.
  std::uint64_t entries() const { return entries_; }
  /// Grows when its owner comes to want to hear what, or whom, he did not.
  std::uint64_t heard_again() const { return heard_again_; }

  /// Devices to which a person wrote from here, in any conversation: what clients say by themselves makes none known.
  std::set<DeviceId> ever_sent_to(const StoreView& store) const;

  // ---- what happens ----

  /// Stores an envelope of the mailbox; false when it was stored before. The caller acknowledges it either way.
  bool store_envelope(Context& context, const proto::Envelope& envelope);
  /// All that waited in the mailbox was pushed, and this was the number of the newest that it ever had.
  void mailbox_ends(Context& context, std::uint64_t last);
  /// Conversations that need this name are looked at again.
  void name_changed(const StoreView& store, const directory::Name& name);
  /// The stream is caught up, or was lost: everything is looked at again.
  void connection_changed(const StoreView& store);
  /// Does all that can be done now for every conversation that is due. Called after every input.
  void step(Context& context, const Account& account);
  /// After rebuild(): everything is due again.
  void forget_all(const StoreView& store);
  Time next_deadline() const;

  // ---- what people see ----

  // A conversation is meant by its home (pairs.h).

  std::vector<Conversation> list(const StoreView& store) const;
  std::optional<Conversation> find(const StoreView& store, const ChannelId& channel) const;
  /// The home of a conversation that all devices of a name know by its room; nothing when this one has none.
  std::optional<ChannelId> find_room(const StoreView& store, const Room& room) const;
  /// Whether words mean the conversation with oneself: `self`, `me`, or the own name.
  static bool means_self(const Account& account, const std::string& words);
  /// How many rows a person sees of it, those that were forgotten included.
  static std::uint64_t count(const StoreView& store, const Conversation& conversation);
  /// Whether this device is in the group that is written to.
  bool has_device(const StoreView& store, const ChannelId& home, const DeviceId& device);
  /// The channel that it is written to now: of several the one with the smallest id, and so the same on all devices of
  /// both. Nothing when it can only be read.
  std::optional<Conversation> written_to(const StoreView& store, const ChannelId& home) const;
  /// Why it cannot be written to just now, one sentence; empty when it can.
  std::string trouble(const StoreView& store, const ChannelId& home) const;
  /// The conversation a person means: a pair's name, a group's title, or the first hex digits of a channel.
  Result<Conversation> resolve(const StoreView& store, const Account& account, const std::string& words) const;
  struct Numbered {
    std::uint64_t index = 0;
    Message message;
  };
  /// Messages with index >= first, ascending, at most `limit`.
  std::vector<Numbered> messages(const StoreView& store, const ChannelId& home, std::uint64_t first,
                                 std::size_t limit) const;
  /// The last ones, ascending.
  std::vector<Numbered> newest(const StoreView& store, const ChannelId& home, std::size_t limit) const;
  std::optional<Message> message(const StoreView& store, const ChannelId& home, std::uint64_t index) const;
  /// The last one that is no notice.
  std::optional<Message> last_said(const StoreView& store, const ChannelId& home) const;
  /// Epoch, and members of the group as (name, devices); nothing before it is joined.
  struct GroupFacts {
    std::uint64_t epoch = 0;
    std::map<std::string, std::size_t> devices;
  };
  /// Of the channel that is written to.
  std::optional<GroupFacts> facts(const StoreView& store, const ChannelId& home) const;

  /// When something with the keys of this device last took its place in a conversation, by channel; the last month.
  static std::map<ChannelId, Time> evictions(const StoreView& store, Time now);
  /// How many such there were in this process.
  std::uint64_t evictions_seen() const { return evictions_seen_; }
  /// How often envelopes of the mailbox were missed in this process.
  std::uint64_t gaps_seen() const { return gaps_seen_; }

  enum class Told : std::uint8_t { added, changed };
  /// Called for every row of tables::kMessages that is added or changes.
  using Listener = std::function<void(Context&, const ChannelId& home, std::uint64_t index, const Message&, Told)>;
  void set_listener(Listener listener) { listener_ = std::move(listener); }
  /// Called for every message of others that could be read.
  using Hearer = std::function<void(Context&, const Account&, const Heard&)>;
  void set_hearer(Hearer hearer) { hearer_ = std::move(hearer); }
  /// Called for every message of another device that became a row.
  using Receiver = std::function<void(Context&, const Account&, const ChannelId& home, std::uint64_t index)>;
  void set_receiver(Receiver receiver) { receiver_ = std::move(receiver); }

 private:
  friend class Reconciler;
  friend class Inbox;
  friend class Rejoiner;
  friend class Answerer;
  friend class Typing;

  /// Adds the message, which says `encoded`, and puts that into the outbox.
  Result<std::uint64_t> say_encoded(Context& context, const Account& account, const ChannelId& home, Message message,
                                    Bytes encoded, ByteView salt);
  Result<ChannelId> create(Context& context, const Account& account, ConversationKind kind, const std::string& title,
                           const std::set<directory::Name>& names);
  /// Every channel, also those that are one more of their pair.
  std::vector<Conversation> channels(const StoreView& store) const;
  /// The home of the pair between these two, sorted, or of the own name's conversation; nothing when there is none yet.
  std::optional<ChannelId> home_of_names(const StoreView& store, ConversationKind kind,
                                         const std::vector<std::string>& names) const;
  /// What waited until its owner wants to hear it is looked at again.
  void take_heard_again(Context& context);
  /// What this device asks to be let in to again.
  void rejoins_due(const StoreView& store);
  void save(Context& context, const Conversation& conversation);
  /// The group, restored once and kept; nullptr before it is joined.
  mls::Group* group(const StoreView& store, const ChannelId& channel);
  void save_group(Context& context, const ChannelId& channel, const mls::Group& group);
  /// save_group() after a commit that ended `former`.
  void save_moved_on(Context& context, const ChannelId& channel, const mls::Group& group, std::uint64_t former);
  /// Wipes the secrets of epochs that ended longer ago than kFormerEpochLifeMs; looks at most once an hour.
  void forget_former_epochs(Context& context);
  /// Saves the conversation too; the index is one of its home.
  std::uint64_t add_message(Context& context, Conversation& conversation, const Message& message);
  /// What waits is not sent, and says so; its text stays. What was already given to the server may be with its
  /// recipients: its echo or answer decides, while one can still come. What no person said waits on, unless it is all.
  enum class Unsent { not_given_yet, all };
  void refuse_outbox(Context& context, const ChannelId& home, Unsent which);
  void set_delivery(Context& context, const ChannelId& home, std::uint64_t index, Delivery delivery, Time time);
  void due(const ChannelId& channel) { due_.insert(channel); }
  /// The other channels of the same pair: which of all is written to, or read next, may have changed.
  void others_due(const StoreView& store, const ChannelId& channel);
  /// Of those that are due the one with the oldest envelope.
  ChannelId take_due(const StoreView& store);
  /// Not before the server of a refusal wants it, if `refusal` is one that says so.
  void retry_later(const Context& context, const ChannelId& channel, const Answer* refusal = nullptr);
  /// Whether a server has asked for patience in what concerns this channel.
  bool must_wait(const Context& context, const ChannelId& channel) const;
  void wake(const ChannelId& channel, Time when);

  // What is done about a state with which this device cannot go on, or may not: rejoin.h.

  /// Envelopes were deleted that this store never had: they waited too long, or another state of this device had them.
  void mail_is_missing(Context& context);
  /// Of a pair that is new here: what was said there before `gap`, if there was one, this device does not have.
  void tell_of_gap_before(Context& context, const ChannelId& home, const std::optional<Time>& gap);
  /// An envelope that was taken before, or whose echo this device awaits.
  static void came_again(Context& context, const ChannelId& channel, const proto::Envelope& envelope);
  /// An envelope of an epoch whose keys are gone, if it may have been a message: once for all that come in a row.
  void came_too_late(Context& context, const ChannelId& channel, const proto::Envelope& envelope);
  /// The state of this channel may have been used by a later one.
  void doubt(Context& context, const ChannelId& channel);
  /// The state of this channel is lost or stays behind: others are asked to let this device in again, not before
  /// `ask_at`.
  void cannot_go_on(Context& context, const ChannelId& channel, const std::string& domain, Time ask_at = {});
  /// A commit that is staged is staged no more. Saves the conversation too.
  void drop_pending(Context& context, Conversation& conversation);

  Calls& calls_;
  Views& views_;
  Session& session_;
  Passports passports_{calls_, session_};
  LargeBodies large_{calls_};
  Listener listener_;
  Hearer hearer_;
  Receiver receiver_;
  std::set<ChannelId> due_;
  std::set<ChannelId> awaits_login_;  ///< due as soon as there is one
  std::map<ChannelId, mls::Group> groups_;
  std::map<ChannelId, std::map<DeviceId, FetchedPackage>> fetched_;
  /// Devices of which the server had nothing but key packages that had run out: until when they are not asked for.
  std::map<ChannelId, std::map<DeviceId, Time>> away_;
  std::map<ChannelId, std::map<directory::Name, std::uint64_t>> awaited_;  ///< of the envelope that waits
  /// A device is added by a view of its name that is newer than this alone: one from before a member removed a device
  /// of that name would bring it back. Nothing of what was known before a restart counts.
  std::map<ChannelId, std::map<directory::Name, std::uint64_t>> adds_after_;
  struct Retry {
    unsigned failures = 0;
    Time at = Time::never();
    Time not_before{};  ///< as a server said
  };
  static void put_off(const Context& context, Retry& retry, const Answer* refusal = nullptr);
  std::map<ChannelId, Retry> retries_;
  std::map<ChannelId, Retry> update_retries_;  ///< of commits of new keys, which nobody waits for
  std::map<ChannelId, Time> wakes_;
  /// The server says that a channel is in a later epoch than `epoch`, in which we are.
  struct Behind {
    std::uint64_t epoch = 0;
    unsigned times = 0;
    bool reconnected = false;
  };
  std::map<ChannelId, Behind> behind_;
  std::set<Bytes, BytesLess> answering_;  ///< channel || device: what lets that one in again is being put
  std::uint64_t evictions_seen_ = 0;
  std::uint64_t gaps_seen_ = 0;
  Time next_forgetting_;
  std::uint64_t entries_ = 0;
  std::uint64_t heard_again_ = 0;
  mutable std::map<std::vector<std::string>, ChannelId> homes_;  ///< some of home_of_names()
};

}  // namespace cairn::client
