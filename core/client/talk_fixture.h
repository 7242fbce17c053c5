// Conversations of one device without a network: what came is put where it belongs by hand.
#pragma once

#include <gtest/gtest.h>

#include "core/base/memory_view.h"
#include "core/client/messages.h"
#include "core/client/receipts.h"
#include "core/client/tables.h"
#include "tests/support/example_names.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::client {

using testing::kAlice;
using testing::kBob;

/// alice's device, in a pair with bob.
class TalkRoom {
 public:
  explicit TalkRoom(std::uint64_t seed = 1)
      : entropy_(seed),
        overlay_(below_),
        session_(calls_),
        views_(calls_),
        conversations_(calls_, views_, session_),
        account_(Account::create(*directory::Name::from(kAlice), "http://localhost", "", entropy_)),
        context_{overlay_, Time{1'000'000}, entropy_, sends_, events_} {
    account_.state = AccountState::active;
    home_ = random_value<ChannelId>(entropy_);
    Conversation conversation;
    conversation.channel = home_;
    conversation.domain = "example.org";
    conversation.state = ConversationState::active;
    conversation.names = {kAlice, kBob};
    overlay_.put(tables::kConversations, to_bytes(home_), wire::encode(conversation));
  }

  Conversations& conversations() { return conversations_; }
  Context& context() { return context_; }
  const Account& account() const { return account_; }
  const ChannelId& home() const { return home_; }
  void set_now(Time now) { context_.now = now; }

  static MessageId id(std::uint8_t number) {
    Bytes bytes(MessageId::kSize, number);
    bytes[0] = kMessageIdSha256;
    return *MessageId::from(bytes);
  }
  static DeviceId device(std::uint8_t number) { return *DeviceId::from(Bytes(DeviceId::kSize, number)); }

  /// A row as it comes from another device; its index.
  std::uint64_t receive(const std::string& sender, std::uint8_t number, const std::string& text,
                        std::uint32_t life_s = 0) {
    auto conversation = conversations_.find(overlay_, home_);
    const std::uint64_t index = conversation->next_message;
    Message message;
    message.sender = sender;
    message.device = device(sender == kAlice ? 1 : 2);
    message.time_ms = context_.now.ms;
    message.text = text;
    message.id = message.version = id(number);
    message.life_s = life_s;
    conversations_.add_notice(context_, *conversation, message);
    note_message(conversations_, context_, home_, index);
    return index;
  }
  void change(const Change& change) { take_change(conversations_, context_, home_, change); }
  Message at(std::uint64_t index) { return conversations_.message(overlay_, home_, index).value(); }
  std::optional<Message> maybe(std::uint64_t index) { return conversations_.message(overlay_, home_, index); }
  std::size_t rows(Table table) const { return overlay_.scan(table, {}, {}, ~std::size_t{0}).size(); }
  /// The contents that wait in the outbox.
  std::vector<Content> said() const {
    std::vector<Content> out;
    for (const Row& row : overlay_.scan(tables::kOutbox, {}, {}, ~std::size_t{0})) {
      out.push_back(decode_content(wire::decode<OutboxEntry>(row.value)->plaintext).value());
    }
    return out;
  }

 private:
  testing::SeededEntropy entropy_;
  MemoryView below_;
  Overlay overlay_;
  std::vector<proto::Send> sends_;
  std::vector<proto::Event> events_;
  Calls calls_;
  Session session_;
  Views views_;
  Conversations conversations_;
  Account account_;
  ChannelId home_;
  Context context_;
};

}  // namespace cairn::client
