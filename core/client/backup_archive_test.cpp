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
  void snapshot(SignerState state, Time made = {}) { run->begin_snapshot(state, made); }
  Status conversation(std::uint8_t number, ConversationKind kind = ConversationKind::pair) {
    const BackedUpConversation entry{kind, kind == ConversationKind::group ? "walkers" : "", {kAlice, kBob}, 5};
    return run->take_conversation(room.context(), to_hex(home(number)), wire::encode(entry));
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
    return run->take_messages(room.context(), to_hex(home(number)) + "/0", w.take());
  }
  /// What a snapshot says about messages 0 to 9 of a home.
  Status said(std::uint8_t number, std::vector<BackedUpSaid::One> all) {
    const BackedUpSaid entry{0, 10, std::move(all)};
    return run->take_said(room.context(), to_hex(home(number)) + "/0", wire::encode_secret(entry).expose());
  }
  static BackedUpSaid::One reacted(std::uint64_t index, std::uint8_t id, const std::string& text) {
    BackedUpSaid::One out{index, {}};
    out.said.reactions.push_back({{TalkRoom::id(id), {kBob, TalkRoom::device(2), 8, text}}});
    return out;
  }
  static void edited(BackedUpSaid::One& one, std::uint32_t depth, std::uint8_t id, const std::string& text) {
    one.said.versions.push_back({{depth, TalkRoom::id(id), {TalkRoom::device(2), 9, text, {}}}});
  }
  static void with_file(BackedUpSaid::One& one) { one.said.file.emplace().name = "map.png"; }
  Status about(std::uint8_t number, const BackedUpAbout& entry) {
    return run->take_about(room.context(), to_hex(home(number)), wire::encode(entry));
  }
  ChannelId archive() const { return archive_home(home(1)); }
  std::vector<std::string> reactions_to(std::uint64_t index) {
    std::vector<std::string> out;
    for (const auto& one : reactions(room.context().store, archive(), index)) out.push_back(one.reaction.text);
    return out;
  }
  std::vector<std::string> versions_of(std::uint64_t index) {
    std::vector<std::string> out;
    for (const Edit& one : versions(room.context().store, archive(), index)) out.push_back(one.text);
    return out;
  }
  bool has_file(std::uint64_t index) { return attachment_of(room.context().store, archive(), index).has_value(); }
  ConversationSettings settings() { return settings_of(room.context().store, archive()); }
  std::vector<std::string> texts(std::uint8_t number) {
    std::vector<std::string> out;
    for (const auto& one : room.conversations().messages(room.context().store, archive_home(home(number)), 0, 100)) {
      out.push_back(one.message.text);
    }
    return out;
  }
  std::vector<std::string> list(const std::vector<const char*>& all) { return {all.begin(), all.end()}; }

  TalkRoom room;
  Search search{room.conversations()};
  Archives archives{room.conversations(), search, room.account()};
  Archives* run = &archives;
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

TEST_F(Archive, StandsWhereAHistoryStandsWhoseIndexesAreLarge) {
  constexpr std::uint64_t kFar = std::uint64_t{3} << 32;
  snapshot(SignerState::active);
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "one"}}));
  auto row = wire::decode<Conversation>(*room.context().store.get(tables::kConversations, archive()));
  ASSERT_TRUE(row);
  row->next_message = kFar;
  room.context().store.put(tables::kConversations, to_bytes(archive()), wire::encode(*row));
  snapshot(SignerState::active);
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "one"}, {2, "two"}}));
  EXPECT_EQ(texts(1), list({"one", "two"}));
  EXPECT_TRUE(room.conversations().message(room.context().store, archive(), kFar));
  // Done once more it is the same.
  snapshot(SignerState::active);
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "one"}, {2, "two"}}));
  EXPECT_EQ(texts(1), list({"one", "two"}));
}

TEST(BackedUpMessage, HasNoIndexThatCannotBe) {
  BackedUpMessage one;
  one.index = BackedUpMessage::kLastIndex;
  EXPECT_TRUE(wire::decode<BackedUpMessage>(wire::encode(one)));
  ++one.index;
  const auto read = wire::decode<BackedUpMessage>(wire::encode(one));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::over_limit);
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

TEST_F(Archive, OfWhatWasSaidAboutAMessageCountsWhatWasKnownLastAndEveryVersion) {
  snapshot(SignerState::active, Time{100});
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "one"}, {2, "two"}, {3, "three"}}));
  auto first = reacted(0, 11, "a");
  edited(first, 0, 1, "one at first");
  edited(first, 1, 12, "one");
  with_file(first);
  std::vector<BackedUpSaid::One> all;
  all.push_back(std::move(first));
  all.push_back(reacted(1, 13, "b"));
  ASSERT_TRUE(said(1, std::move(all)));
  // Made later: a reaction is gone, another one is there, and of the second message nothing is said any more.
  snapshot(SignerState::active, Time{200});
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "one"}, {2, "two"}}));
  auto later = reacted(0, 14, "c");
  edited(later, 2, 15, "one again");
  all.clear();
  all.push_back(std::move(later));
  ASSERT_TRUE(said(1, std::move(all)));
  // And made before both, by a device that came later.
  snapshot(SignerState::active, Time{50});
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "one"}, {2, "two"}, {3, "three"}}));
  all.clear();
  all.push_back(reacted(0, 16, "d"));
  all.push_back(reacted(1, 17, "e"));
  all.push_back(reacted(2, 18, "f"));
  ASSERT_TRUE(said(1, std::move(all)));
  EXPECT_EQ(reactions_to(0), list({"c"}));
  EXPECT_EQ(versions_of(0), list({"one at first", "one", "one again"}));
  EXPECT_TRUE(has_file(0));
  EXPECT_TRUE(reactions_to(1).empty());
  EXPECT_TRUE(reactions_to(2).empty());  // the first one, made later, knew of none
  EXPECT_EQ(find_id(room.context().store, archive(), TalkRoom::id(15))->index, 0u);
}

TEST_F(Archive, AFurtherRunOutOfOlderSnapshotsTakesNothingBack) {
  snapshot(SignerState::active, Time{100});
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "one, mended", 20}, {2, ""}, {3, "three"}, {4, "four"}}));
  std::vector<BackedUpSaid::One> all;
  all.push_back(reacted(0, 11, "new"));
  edited(all.back(), 0, 1, "one");
  with_file(all.back());
  ASSERT_TRUE(said(1, std::move(all)));
  const auto further = [&](SignerState signer, const std::vector<Said>& again) {
    Archives next(room.conversations(), search, room.account());
    run = &next;
    snapshot(signer, Time{50});
    ASSERT_TRUE(conversation(1));
    ASSERT_TRUE(messages(1, again));
    std::vector<BackedUpSaid::One> some;
    some.push_back(reacted(0, 12, "old"));
    some.push_back(reacted(3, 13, "missed"));
    ASSERT_TRUE(said(1, std::move(some)));
    EXPECT_EQ(next.messages(), 4u);
  };
  further(SignerState::active, {{1, "one"}, {2, "two"}, {3, "three"}, {4, "four"}});
  EXPECT_EQ(texts(1), list({"one, mended", "", "three", "four"}));
  EXPECT_EQ(reactions_to(0), list({"new"}));
  EXPECT_EQ(versions_of(0), list({"one"}));
  EXPECT_TRUE(has_file(0));
  EXPECT_EQ(reactions_to(3), list({"missed"}));  // the first run may have been interrupted
  further(SignerState::removed, {{1, "forged", 900}, {2, "two"}, {3, "", 900}, {4, "four"}});
  EXPECT_EQ(texts(1), list({"one, mended", "", "three", "four"}));
  further(SignerState::active, {{1, "one, mended", 20}, {2, ""}, {3, "three again", 30}, {4, ""}});
  EXPECT_EQ(texts(1), list({"one, mended", "", "three again", ""}));
  EXPECT_TRUE(reactions_to(3).empty());
}

TEST_F(Archive, WhatWasTakenBackInTheConversationThatLivesDoesNotComeBackBesideIt) {
  room.receive(kBob, 1, "");
  Message message = room.at(0);
  message.unsent = true;
  room.conversations().change_message(room.context(), room.home(), 0, message);
  room.receive(kBob, 2, "two");
  snapshot(SignerState::active);
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "one"}, {2, "two"}}));
  std::vector<BackedUpSaid::One> all;
  all.push_back(reacted(0, 11, "a"));
  ASSERT_TRUE(said(1, std::move(all)));
  EXPECT_EQ(texts(1), list({"two"}));
  EXPECT_EQ(room.rows(tables::kReactions), 0u);
}

TEST_F(Archive, AnEntryHasNoMoreMessagesThanADevicePutsIntoOne) {
  snapshot(SignerState::active);
  ASSERT_TRUE(conversation(1));
  EXPECT_TRUE(messages(1, std::vector<Said>(kMessagesOfEntry, {0, "a notice"})));
  EXPECT_FALSE(messages(1, std::vector<Said>(kMessagesOfEntry + 1, {0, "a notice"})));
}

TEST_F(Archive, ANameOfAFileThatLeadsElsewhereLeadsNowhere) {
  snapshot(SignerState::removed);
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "look"}}));
  std::vector<BackedUpSaid::One> all;
  all.push_back({0, {}});
  all.back().said.file.emplace().name = "../../.profile";
  ASSERT_TRUE(said(1, std::move(all)));
  EXPECT_EQ(attachment_of(room.context().store, archive(), 0)->file.name.find('/'), std::string::npos);
}

TEST_F(Archive, WhatADeviceThatIsOutSaysStandsBesideNoWordOfAnother) {
  snapshot(SignerState::removed, Time{900});
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "forged"}, {2, "only here"}}));
  auto forged = reacted(0, 11, "forged");
  edited(forged, 1, 12, "forged");
  with_file(forged);
  std::vector<BackedUpSaid::One> all;
  all.push_back(std::move(forged));
  all.push_back(reacted(1, 13, "b"));
  ASSERT_TRUE(said(1, std::move(all)));
  EXPECT_EQ(reactions_to(0), list({"forged"}));
  // Of an earlier build, which says nothing of reactions: still nothing forged stays.
  snapshot(SignerState::active, Time{100});
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "said"}}));
  EXPECT_TRUE(reactions_to(0).empty());
  EXPECT_TRUE(versions_of(0).empty());
  EXPECT_FALSE(has_file(0));
  snapshot(SignerState::removed, Time{901});
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "forged"}}));
  all.clear();
  all.push_back(reacted(0, 14, "forged"));
  ASSERT_TRUE(said(1, std::move(all)));
  EXPECT_TRUE(reactions_to(0).empty());
  EXPECT_EQ(reactions_to(1), list({"b"}));
  EXPECT_EQ(texts(1), list({"said", "only here"}));
}

TEST_F(Archive, OfWhatWasTakenBackNothingComesWhoeverSaysIt) {
  snapshot(SignerState::active, Time{100});
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "secret"}}));
  auto one = reacted(0, 11, "a");
  edited(one, 1, 12, "secret");
  with_file(one);
  std::vector<BackedUpSaid::One> all;
  all.push_back(std::move(one));
  ASSERT_TRUE(said(1, std::move(all)));
  snapshot(SignerState::active, Time{50});
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, ""}}));  // taken back
  snapshot(SignerState::active, Time{300});
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(messages(1, {{1, "secret"}}));
  all.clear();
  all.push_back(reacted(0, 13, "b"));
  with_file(all.back());
  ASSERT_TRUE(said(1, std::move(all)));
  EXPECT_EQ(texts(1), list({""}));
  EXPECT_TRUE(reactions_to(0).empty());
  EXPECT_TRUE(versions_of(0).empty());
  EXPECT_FALSE(has_file(0));
}

TEST_F(Archive, HasWhatItsOwnerDecidedAndUpToWhereWasRead) {
  BackedUpAbout entry;
  entry.settings.is_muted = entry.settings.is_leaving = true;
  entry.settings.life_s = 60;
  entry.settings.read_to = 2;
  entry.settings.draft = "we might";
  snapshot(SignerState::active, Time{100});
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(about(1, entry));
  ASSERT_TRUE(messages(1, {{0, "a notice"}, {1, "one"}, {2, "two"}}));
  EXPECT_TRUE(settings().is_muted);
  EXPECT_EQ(settings().draft, "we might");
  EXPECT_EQ(settings().read_to, 2u);
  EXPECT_FALSE(settings().is_leaving);  // nobody leaves an archive, and nothing is said there
  EXPECT_EQ(settings().life_s, 0u);
  // Another device's, made before: its own messages alone, and of them it had read all.
  entry.settings.is_muted = false;
  entry.settings.draft.clear();
  entry.settings.read_to = 1;
  snapshot(SignerState::active, Time{50});
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(about(1, entry));
  ASSERT_TRUE(messages(1, {{3, "three"}, {4, "four"}}));
  EXPECT_TRUE(settings().is_muted);
  EXPECT_EQ(settings().read_to, 4u);
  EXPECT_EQ(texts(1), list({"a notice", "one", "two", "three", "four"}));
}

TEST_F(Archive, WhatWasDeletedEverywhereIsOutOfSightAndNothingElse) {
  BackedUpAbout entry;
  entry.settings.is_hidden = entry.settings.is_request = true;
  snapshot(SignerState::active, Time{100});
  ASSERT_TRUE(conversation(1));
  ASSERT_TRUE(about(1, entry));
  ASSERT_TRUE(conversation(3, ConversationKind::group));
  ASSERT_TRUE(about(3, entry));
  EXPECT_TRUE(settings().is_hidden);
  snapshot(SignerState::active, Time{50});  // another device still has it
  ASSERT_TRUE(conversation(1));
  entry.settings.is_hidden = false;
  ASSERT_TRUE(about(1, entry));
  ASSERT_TRUE(messages(1, {{1, "one"}}));
  EXPECT_FALSE(settings().is_hidden);
  EXPECT_TRUE(settings().is_request);
  EXPECT_TRUE(settings_of(room.context().store, archive_home(home(3))).is_hidden);
}

/// As builds before this one wrote them, to the byte.
TEST_F(Archive, ReadsEntriesOfEarlierBuilds) {
  const auto hex = [](const char* digits) { return *from_hex(digits); };
  const Bytes names =
      concat({hex("22"), hex("11"), as_bytes("alice@example.org"), hex("0f"), as_bytes("bob@example.org")});
  const Bytes entry = concat({hex("01"), hex("00"), names, hex("0000000000000005")});
  const Bytes one = hex("0101010101010101010101010101010101010101010101010101010101010101");
  const Bytes message =
      concat({hex("0000000000000003"), hex("0f"), as_bytes("bob@example.org"),   // index, sender
              Bytes(DeviceId::kSize, 2), hex("01"), hex("0000000000000007"),     // device, received, time
              hex("0000000000000009"), hex("05"), as_bytes("hello"), hex("00"),  // epoch, text, no type
              one, one, hex("00"), hex("0000000000000000"), hex("00"),           // ids, no reply, not edited
              hex("00000000"), hex("0000000000000000")});                        // no life
  snapshot(SignerState::active, Time{100});
  ASSERT_TRUE(archives.take_conversation(room.context(), to_hex(home(1)), entry));
  ASSERT_TRUE(archives.take_messages(room.context(), to_hex(home(1)) + "/0", message));
  EXPECT_EQ(texts(1), list({"hello"}));
  EXPECT_EQ(room.rows(tables::kSettings), 0u);
  const auto contact = wire::decode<BackedUpContact>(concat({hex("0f"), as_bytes("bob@example.org"), hex("00000002")}));
  ASSERT_TRUE(contact);
  EXPECT_EQ(contact->admitted_resets, 2u);
  const auto settings = wire::decode<BackedUpSettings>(concat({hex("03"), as_bytes("log")}));
  ASSERT_TRUE(settings);
  EXPECT_TRUE(settings->tells_typing);
}

TEST(BackedUp, IsReadBackAndRefusedWhenCutExtendedOrOfAnotherFormat) {
  BackedUpAbout about;
  about.admins = {kAlice, kBob};
  about.picture = {1, 2};
  BackedUpSaid said{3, 9, {}};
  said.all.push_back({3, {}});
  said.all.push_back({8, {}});
  said.all.back().said.statuses.push_back({kBob, 2, 5});
  said.all.back().said.file.emplace().name = "map.png";
  const auto is_read = [](const auto& value, const Bytes& bytes) {
    return wire::decode<std::remove_cvref_t<decltype(value)>>(bytes).has_value();
  };
  const auto check = [&](const auto& value) {
    Bytes bytes = to_bytes(wire::encode_secret(value).expose());
    EXPECT_TRUE(is_read(value, bytes));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(is_read(value, to_bytes(ByteView(bytes).first(size)))) << size;
    }
    EXPECT_FALSE(is_read(value, concat({bytes, Bytes{0}})));
    bytes[0] = 2;
    EXPECT_FALSE(is_read(value, bytes));
  };
  check(about);
  check(said);
  const auto quiet = wire::decode<BackedUpSettings>(wire::encode(BackedUpSettings{"log", false}));
  EXPECT_TRUE(quiet && !quiet->tells_typing);
  EXPECT_FALSE(wire::decode<BackedUpSettings>(Bytes{0, 1}));  // one encoding: who tells is not said
  std::swap(about.admins[0], about.admins[1]);
  EXPECT_FALSE(is_read(about, wire::encode(about)));
  std::swap(said.all[0], said.all[1]);
  EXPECT_FALSE(is_read(said, to_bytes(wire::encode_secret(said).expose())));
  said.all.erase(said.all.begin());
  said.all[0].index = 9;
  EXPECT_FALSE(is_read(said, to_bytes(wire::encode_secret(said).expose())));
}

}  // namespace
}  // namespace cairn::client
