// What several devices' snapshots make together: each message once, by the word that counts.
#include "core/client/backup_archive.h"

#include "core/base/encoding.h"
#include "core/client/backup_records.h"
#include "core/client/talk_fixture.h"

namespace cairn::client {
namespace {

using vault::SignerState;

class Archive : public ::testing::Test {
 protected:
  struct Said {
    std::uint8_t number;  ///< 0: a notice
    std::string text;
    std::uint64_t edited_ms = 0;
  };
  static ChannelId home(std::uint8_t number) { return *ChannelId::from(Bytes(ChannelId::kSize, number)); }
  void snapshot(SignerState state) { archives.begin_snapshot(state); }
  Status conversation(std::uint8_t number, ConversationKind kind = ConversationKind::pair) {
    const BackedUpConversation entry{kind, kind == ConversationKind::group ? "walkers" : "", {kAlice, kBob}, 5};
    return archives.take_conversation(room.context(), to_hex(home(number)), wire::encode(entry));
  }
  Status messages(std::uint8_t number, const std::vector<Said>& all) {
    wire::Writer w;
    std::uint64_t index = 0;
    for (const Said& one : all) {
      Message message;
      message.sender = one.number == 0 ? "" : kBob;
      message.time_ms = 7;
      message.text = one.text;
      message.edited_ms = one.edited_ms;
      message.unsent = one.text.empty();
      if (one.number != 0) message.id = message.version = TalkRoom::id(one.number);
      BackedUpMessage{index++, message}.write(w);
    }
    return archives.take_messages(room.context(), to_hex(home(number)) + "/0", w.take());
  }
  std::vector<std::string> texts(std::uint8_t number) {
    std::vector<std::string> out;
    for (const auto& one : room.conversations().messages(room.context().store, archive_home(home(number)), 0, 100)) {
      out.push_back(one.message.text);
    }
    return out;
  }
  std::vector<std::string> list(const std::vector<const char*>& all) { return {all.begin(), all.end()}; }

  TalkRoom room;
  Archives archives{room.conversations(), room.account()};
};

TEST_F(Archive, HasEachMessageOnceAndWhatOnlyTheOtherHas) {
  snapshot(SignerState::active);
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "one"}, {0, "bob came"}, {2, "two"}}));
  snapshot(SignerState::active);
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{0, "bob came, says another"}, {2, "two"}, {3, "three"}}));
  EXPECT_EQ(texts(1), list({"one", "bob came", "two", "three"}));
  EXPECT_EQ(archives.messages(), 4u);
  EXPECT_EQ(archives.conversations(), 1u);
}

TEST_F(Archive, TakesWhatWasChangedLastAndNoWordOfWhoIsOutAgainstOneOfWhoIsNot) {
  snapshot(SignerState::removed);
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "forged", 900}, {2, "only here"}}));
  snapshot(SignerState::active);
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "said"}, {3, "three"}, {4, "four"}}));
  snapshot(SignerState::active);
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{3, "three, mended", 20}, {4, ""}}));
  snapshot(SignerState::active);
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{3, "three, older", 10}, {4, "four", 30}}));
  snapshot(SignerState::removed);
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "forged", 900}, {3, "", 0}}));
  EXPECT_EQ(texts(1), list({"said", "only here", "three, mended", ""}));
  EXPECT_EQ(archives.messages(), 4u);
}

TEST_F(Archive, APairThatTwoDevicesHaveUnderTwoHomesIsOne) {
  snapshot(SignerState::active);
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "one"}}));
  snapshot(SignerState::active);
  ASSERT_TRUE(conversation(2));
  ASSERT_TRUE(messages(2, {{1, "one"}, {2, "two"}}));
  EXPECT_EQ(texts(1), list({"one", "two"}));
  EXPECT_TRUE(texts(2).empty());
  EXPECT_EQ(archives.conversations(), 1u);
  // Groups of the same people are groups of their own.
  ASSERT_TRUE(conversation(3, ConversationKind::group));
  ASSERT_TRUE(conversation(4, ConversationKind::group));
  EXPECT_EQ(archives.conversations(), 3u);
}

TEST_F(Archive, RefusesMessagesOfNoConversation) {
  snapshot(SignerState::active);
  EXPECT_FALSE(messages(1, {{1, "one"}}));
  ASSERT_TRUE(conversation(1));
  EXPECT_FALSE(archives.take_messages(room.context(), "no hex/0", {}));
  EXPECT_FALSE(archives.take_messages(room.context(), to_hex(home(1)) + "/0", Bytes{1, 2, 3}));
  EXPECT_FALSE(archives.take_conversation(room.context(), to_hex(home(2)), Bytes{9}));
  EXPECT_TRUE(texts(1).empty());
}

TEST_F(Archive, WhatIsForgottenLeavesNoRow) {
  snapshot(SignerState::active);
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "one"}, {0, "a notice"}}));
  EXPECT_EQ(room.rows(tables::kArchived), 2u);
  const ChannelId archive = archive_home(home(1));
  for (const auto& one : room.conversations().messages(room.context().store, archive, 0, 9)) {
    wipe_message(room.context(), archive, one.index, one.message);
  }
  EXPECT_EQ(room.rows(tables::kArchived), 0u);
  EXPECT_EQ(room.rows(tables::kMessages), 0u);
}

}  // namespace
}  // namespace cairn::client
