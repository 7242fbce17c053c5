// The record of a conversation: what people see of it, and what is still to be done.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/environment.h"
#include "core/base/types.h"
#include "core/client/message_id.h"
#include "core/proto/api.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::client {

enum class ConversationKind : std::uint8_t { pair = 1, group = 2, self = 3 };

enum class ConversationState : std::uint8_t {
  creating = 1,  ///< group made here, channel not yet accepted by the server
  active = 2,
  left = 3,   ///< removed from it, or given up before anybody else was in it; readable, not writable
  broken = 4  ///< a commit that members must refuse; the sentence says what to do
};

/// Permission, from a device's key package, to add its mailbox: kept until the staged commit is accepted.
struct HeldJoinToken {
  DeviceId device;
  proto::JoinToken token;

  void write(wire::Writer&) const;
  static Result<HeldJoinToken> read(wire::Reader&);
};

/// tables::kConversations: one channel, and what people want of it. Of a pair's channels (pairs.h) each has its own.
struct Conversation {
  ChannelId channel;
  std::string domain;  ///< of the channel
  ConversationKind kind = ConversationKind::pair;
  ConversationState state = ConversationState::creating;
  std::string title;               ///< of a group
  std::vector<std::string> names;  ///< who should be in it, sorted, the own name included
  std::vector<DeviceId> sent_to;   ///< devices that something was sent to before, sorted
  std::uint64_t next_message = 0;  ///< of a home: index of the next row in tables::kMessages
  std::uint64_t next_outbox = 0;   ///< likewise
  std::uint64_t created_ms = 0;
  std::vector<HeldJoinToken> join_tokens;  ///< of the devices that the staged commit adds
  std::string trouble;                     ///< why it cannot be written to just now, one sentence; empty when it can

  bool is_writable() const { return state == ConversationState::creating || state == ConversationState::active; }

  void write(wire::Writer&) const;
  static Result<Conversation> read(wire::Reader&);
};

enum class Delivery : std::uint8_t {
  received = 1,
  waiting = 2,  ///< in the outbox
  sent = 3,     ///< the server has it on disk
  refused = 4,  ///< not sent: the directory could not vouch for a recipient; `text` is kept
  notice = 5    ///< not a message: membership changes, gaps, alarms
};

/// tables::kMessages.
struct Message {
  std::string sender;  ///< name; empty for a notice
  DeviceId device;
  Delivery delivery = Delivery::received;
  std::uint64_t time_ms = 0;  ///< the server's when received, ours when waiting
  std::uint64_t epoch = 0;
  std::string text;
  std::string unknown_type;  ///< media type of a content this version does not show
  MessageId id;              ///< zero for a notice, and for what was never a content
  MessageId version;         ///< of the newest edit; `id` when there is none
  std::optional<MessageId> in_reply_to;
  std::uint64_t edited_ms = 0;  ///< when the newest edit came; 0: never
  bool unsent = false;          ///< its sender took it back: there is no text any more
  /// Forgotten so many seconds after it was read here or, our own, was sent; 0: not so.
  std::uint32_t life_s = 0;
  std::uint64_t expires_ms = 0;  ///< forgotten then; 0: that is not known yet, or never

  /// Whether a backup takes it: not what will be gone within a day, nor what will be within one once it is read.
  bool is_lasting(Time now) const;
  /// Whether the file is still its own that came with it, if one did: not where it was taken back, or became something
  /// else.
  bool shows_file() const { return !unsent && version == id; }

  void write(wire::Writer&) const;
  static Result<Message> read(wire::Reader&);
};

/// Stands for the message of an outbox entry that no person said.
constexpr std::uint64_t kNoMessage = ~std::uint64_t{0};

/// tables::kOutbox: a plaintext that is to be sent, and the ciphertext while one is under way.
struct OutboxEntry {
  std::uint64_t message = 0;  ///< its row in tables::kMessages, or kNoMessage
  Bytes plaintext;            ///< wiped by the store's deletion when sent
  ChannelId channel;          ///< that `ciphertext` is for
  std::uint64_t epoch = 0;    ///< likewise
  Bytes ciphertext;           ///< empty until protected
  Hash ciphertext_hash;       ///< by which its echo is recognised

  void write(wire::Writer&) const;
  static Result<OutboxEntry> read(wire::Reader&);
};

}  // namespace cairn::client
