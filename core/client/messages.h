// What is said about messages: replies, reactions, edits, and that one is taken back (docs/spec/client.md s.10).
//
// Each message, edit and reaction has its MessageId, and a row that says where it stands. What comes before the message
// it is about is kept, and done when that comes. The same changes give the same rows, in whatever order they come.
#pragma once

#include "core/client/conversations.h"

namespace cairn::client {

/// What is kept of one name's changes to messages of a conversation that are not there (yet), for how long; the oldest
/// goes first.
constexpr std::size_t kMaxEarlyOfName = 64;
constexpr std::uint64_t kEarlyLifeMs = 30 * kDayMs;
/// Of one message: versions, and reactions of one name. What is beyond is not followed.
constexpr std::size_t kMaxVersions = 100;
constexpr std::size_t kMaxReactionsOfName = 32;

/// tables::kMessageIds: what has that id.
struct MessageRef {
  enum class Kind : std::uint8_t { message = 1, reaction = 2 };
  Kind kind = Kind::message;
  std::uint64_t index = 0;  ///< of the message, or of the one that the reaction is about
  std::uint32_t depth = 0;  ///< of a version of a message: how many came before it, one upon the other

  void write(wire::Writer&) const;
  static Result<MessageRef> read(wire::Reader&);
};

/// tables::kEdits: a version of a message. The one with the greatest (depth, id) is shown. The first one, of depth 0,
/// is what was said at first; a message that was never edited has none.
struct Edit {
  DeviceId device;
  std::uint64_t time_ms = 0;
  std::string text;
  std::string unknown_type;

  void write(wire::Writer&) const;
  static Result<Edit> read(wire::Reader&);
};

/// tables::kReactions.
struct Reaction {
  std::string sender;
  DeviceId device;
  std::uint64_t time_ms = 0;
  std::string text;

  void write(wire::Writer&) const;
  static Result<Reaction> read(wire::Reader&);
};

/// What a content does to something that was said before; tables::kEarlyChanges until that is there.
struct Change {
  enum class Kind : std::uint8_t { edit = 1, retraction = 2, reaction = 3 };
  Kind kind = Kind::edit;
  MessageId id;
  MessageId target;
  std::string sender;
  DeviceId device;
  std::uint64_t time_ms = 0;
  std::string text;          ///< of a retraction: empty
  std::string unknown_type;  ///< of an edit, in place of a text

  void write(wire::Writer&) const;
  static Result<Change> read(wire::Reader&);
};

/// Who said a content, and when.
struct Speaker {
  std::string name;
  DeviceId device;
  std::uint64_t time_ms = 0;
};
/// The change that this content is, if it is one.
std::optional<Change> change_in(const Content& content, const MessageId& id, const Speaker& by);

/// From now on the message in this row is found by its id; what came early about it is done. Call it once for a row.
void note_message(Conversations& conversations, Context& context, const ChannelId& home, std::uint64_t index);
/// Does it, or keeps it for later, or, if it is not its sender's to do, ignores it. False when it was
/// ignored.
bool take_change(Conversations& conversations, Context& context, const ChannelId& home, const Change& change);

/// What has this id in this conversation.
std::optional<MessageRef> find_id(const StoreView& store, const ChannelId& home, const MessageId& id);

struct NumberedReaction {
  MessageId id;
  Reaction reaction;
};
/// Of a message, by their ids.
std::vector<NumberedReaction> reactions(const StoreView& store, const ChannelId& home, std::uint64_t index);
/// All versions of a message, the oldest first; empty when it was never edited.
std::vector<Edit> versions(const StoreView& store, const ChannelId& home, std::uint64_t index);

struct NumberedEdit {
  std::uint32_t depth = 0;
  MessageId id;
  Edit edit;
};
/// As they stand in tables::kEdits, ascending; empty when it was never edited.
std::vector<NumberedEdit> numbered_versions(const StoreView& store, const ChannelId& home, std::uint64_t index);
/// What was said about a message, as another own device has it.
void put_versions(Context& context, const ChannelId& home, std::uint64_t index,
                  const std::vector<NumberedEdit>& versions);
void put_reactions(Context& context, const ChannelId& home, std::uint64_t index,
                   const std::vector<NumberedReaction>& reactions);

/// Versions, reactions, reports and the file are gone; the row and its id stay.
void wipe_said_about(Context& context, const ChannelId& home, std::uint64_t index);
/// Nothing of the message is left, nor of what was said about it.
void wipe_message(Context& context, const ChannelId& home, std::uint64_t index, const Message& message);

}  // namespace cairn::client
