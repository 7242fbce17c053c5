// Where what comes back of a backup is read: messages of several devices' snapshots, each of them once
// (docs/spec/client.md s.9).
#pragma once

#include <map>
#include <set>
#include <vector>

#include "core/client/account.h"
#include "core/client/conversations.h"
#include "core/vault/retention.h"

namespace cairn::client {

/// By which a message of an archive is found again (tables::kArchived): its id; of what was never a content a hash.
MessageId archive_identity(const Message& message);

class Archives {
 public:
  /// Both outlive it.
  Archives(Conversations& conversations, const Account& account) : conversations_(conversations), account_(account) {}

  /// What comes from here on is of another snapshot, by such a signer. Of a conversation that an earlier one has too
  /// its notices are left out; of a message that both have counts the word of an active device, else what was changed
  /// last.
  void begin_snapshot(vault::SignerState signer) {
    ++snapshot_;
    signer_ = signer;
  }

  // `home` and `data` are those of the entries "conversation/HOME" and "messages/HOME/FIRST".
  Status take_conversation(Context& context, std::string_view home, ByteView data);
  Status take_messages(Context& context, std::string_view home, ByteView data);

  /// Each once, however many snapshots have it.
  std::size_t conversations() const { return open_.size(); }
  std::uint64_t messages() const { return messages_; }

 private:
  /// A conversation that this run has written to.
  struct Open {
    std::uint64_t begun_by = 0;                            ///< which snapshot
    std::vector<std::optional<vault::SignerState>> taken;  ///< by index: of whose its message came in this run
  };
  /// Where the conversation of this home lies.
  Result<ChannelId> archive_of(std::string_view home) const;
  bool take_message(Context& context, Conversation& archive, Open& open, Message& message);

  Conversations& conversations_;
  const Account& account_;
  std::uint64_t snapshot_ = 0;
  vault::SignerState signer_ = vault::SignerState::active;
  std::map<ChannelId, Open> open_;
  std::map<std::vector<std::string>, ChannelId> pairs_;  ///< by names: what two devices may have under two homes
  std::map<ChannelId, ChannelId> same_as_;               ///< those of them that lie elsewhere
  std::uint64_t messages_ = 0;
};

}  // namespace cairn::client
