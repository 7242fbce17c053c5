// Where what comes back of a backup is read: messages of several devices' snapshots, each of them once
// (docs/spec/client.md s.9).
#pragma once

#include <map>
#include <set>
#include <vector>

#include "core/client/backup_records.h"
#include "core/client/conversations.h"
#include "core/client/search.h"
#include "core/vault/retention.h"

namespace cairn::client {

/// By which a message of an archive is found again (tables::kArchived): its id; of what was never a content a hash.
MessageId archive_identity(const Message& message);

class Archives {
 public:
  /// All outlive it.
  Archives(Conversations& conversations, Search& search, const Account& account)
      : conversations_(conversations), search_(search), account_(account) {}

  /// What comes from here on is of another snapshot, made then by such a signer. Of a conversation that an earlier one
  /// has too its notices are left out; of a message that both have counts the word of an active device, else what was
  /// changed last; of what was said about it, and of what its owner decided of a conversation, likewise an active
  /// device's, else what was made last.
  void begin_snapshot(vault::SignerState signer, Time made = {}) {
    ++snapshot_;
    word_ = {signer, made};
    for (auto& [archive, open] : open_) {
      open.newest.clear();
      open.read_to = 0;
    }
  }

  // `home` and `data` are those of the entries "conversation/HOME", "about/HOME", "messages/HOME/FIRST" and
  // "said/HOME/FIRST", in their order.
  Status take_conversation(Context& context, std::string_view home, ByteView data);
  Status take_about(Context& context, std::string_view home, ByteView data);
  Status take_messages(Context& context, std::string_view home, ByteView data);
  Status take_said(Context& context, std::string_view home, ByteView data);

  /// Each once, however many snapshots have it.
  std::size_t conversations() const { return open_.size(); }
  std::uint64_t messages() const { return messages_; }

 private:
  struct Word {
    vault::SignerState signer = vault::SignerState::active;
    Time made;

    /// Whether this one counts, where both say something.
    bool is_before(const Word& other) const {
      return signer != other.signer ? signer == vault::SignerState::active : made > other.made;
    }
  };
  /// Whose word a message of an archive is, in this run.
  struct Taken {
    std::optional<vault::SignerState> row;
    std::optional<Word> said;  ///< about it
    bool stood = false;        ///< it is of an earlier run, and what was said about it is too
  };
  /// A conversation that this run has written to.
  struct Open {
    std::uint64_t begun_by = 0;                     ///< which snapshot
    std::map<std::uint64_t, Taken> taken;           ///< by index: a history that stands there has large ones
    std::map<std::uint64_t, std::uint64_t> newest;  ///< of the messages that came last: theirs -> where each lies
    std::uint64_t read_to = 0;                      ///< of this snapshot's indexes
    std::optional<Word> about;                      ///< whose settings it has
    bool has_settings = false;                      ///< from before this run: they stay as they are
    std::optional<ChannelId> living;                ///< the conversation that lives, if there is one
  };
  /// Where the conversation of this home lies.
  Result<ChannelId> archive_of(std::string_view home) const;
  Open* find_open(const ChannelId& archive);
  /// Where it lies; nothing where it does not come back.
  std::optional<std::uint64_t> take_message(Context& context, Conversation& archive, Open& open, Message& message);
  bool is_unsent_in(const StoreView& store, const std::optional<ChannelId>& living, const MessageId& id) const;
  void put_row(Context& context, const ChannelId& archive, std::uint64_t index, const Message& message);
  void take_said_of(Context& context, const ChannelId& archive, std::uint64_t index, Taken& taken, SaidAbout said);
  void put_group(Context& context, const ChannelId& archive, const BackedUpAbout& about);

  Conversations& conversations_;
  Search& search_;
  const Account& account_;
  std::uint64_t snapshot_ = 0;
  Word word_;  ///< of this snapshot
  std::map<ChannelId, Open> open_;
  std::map<std::vector<std::string>, ChannelId> pairs_;  ///< by names: what two devices may have under two homes
  std::map<ChannelId, ChannelId> same_as_;               ///< those of them that lie elsewhere
  std::uint64_t messages_ = 0;
};

}  // namespace cairn::client
