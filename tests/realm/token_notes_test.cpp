// What a device keeps beside its share of a token at a real realm (docs/spec/realm.md s.6).
#include <gtest/gtest.h>

#include "core/vault/snapshot_word.h"
#include "tests/support/token_village.h"

namespace cairn {
namespace {

class NotesWorld : public testing::TokenVillage {
 public:
  TokenRecordId record() { return vault::token_record_id(root, set.realms[0]); }
  /// Said to realm 0, by the release key.
  Result<Bytes> note(ByteView bytes) {
    const auto ask = vault::ask_token_note(root, set.realms[0], bytes);
    return client::token_note_reply(realms[0]->call(client::token_note_call(realms[0]->url, ask, bytes)));
  }
  /// By another key, or as said to another realm.
  Result<Bytes> note_by(const crypto::SigningKey& key, const RealmId& realm, ByteView bytes) {
    const vault::TokenNoteAsk ask{
        record(), crypto::sign_labelled(key, crypto::kSignTokenNote, token_note_content(realm, record(), bytes))};
    return client::token_note_reply(realms[0]->call(client::token_note_call(realms[0]->url, ask, bytes)));
  }
};

TEST(TokenNotes, StayUntilAnotherTakesTheirPlace) {
  NotesWorld world;
  EXPECT_EQ(*world.note({}), Bytes{});
  EXPECT_EQ(*world.note(Bytes{1, 2}), (Bytes{1, 2}));
  world.realms[0]->restart();
  EXPECT_EQ(*world.note({}), (Bytes{1, 2}));
  EXPECT_EQ(*world.note(Bytes(proto::kMaxTokenNote, 3)), Bytes(proto::kMaxTokenNote, 3));
  EXPECT_EQ(*world.note({}), Bytes(proto::kMaxTokenNote, 3));
  EXPECT_TRUE(world.gives_token());
}

TEST(TokenNotes, AreTakenFromAndShownToTheReleaseKeyAlone) {
  NotesWorld world;
  ASSERT_TRUE(world.note(Bytes{1}));
  testing::SeededEntropy entropy(78);
  const auto stranger = crypto::SigningKey::generate(entropy);
  const auto before = world.realms[0]->driver.store;
  for (const Bytes& bytes : {Bytes{}, Bytes{2}}) {
    EXPECT_EQ(world.note_by(stranger, world.set.realms[0], bytes).error().code, ErrorCode::invalid_signature);
    EXPECT_EQ(world.note_by(world.key_of(TokenKeyKind::erase), world.set.realms[0], bytes).error().code,
              ErrorCode::invalid_signature);
    EXPECT_EQ(world.note_by(world.key_of(TokenKeyKind::release), world.set.realms[1], bytes).error().code,
              ErrorCode::invalid_signature);
  }
  // What was signed is for these bytes.
  const auto ask = vault::ask_token_note(world.root, world.set.realms[0], Bytes{3});
  const auto other = world.realms[0]->call(client::token_note_call(world.realms[0]->url, ask, Bytes{4}));
  EXPECT_EQ(client::token_note_reply(other).error().code, ErrorCode::invalid_signature);
  EXPECT_EQ(world.realms[0]->driver.store, before);
  EXPECT_EQ(*world.note({}), Bytes{1});
}

TEST(TokenNotes, AreRefusedWithoutAShare) {
  NotesWorld world;
  world.root = random_secret<vault::BackupRoot>(world.entropy);
  EXPECT_EQ(world.note(Bytes{1}).error().code, ErrorCode::not_found);
}

TEST(TokenNotes, GoWithTheShare) {
  NotesWorld world;
  ASSERT_TRUE(world.note(Bytes{1}));
  world.change(vault::TokenChange::Wish::erase, TokenKeyKind::erase);
  EXPECT_EQ(world.note({}).error().code, ErrorCode::not_found);
  EXPECT_EQ(world.note(Bytes{2}).error().code, ErrorCode::not_found);
  EXPECT_TRUE(world.realms[0]->driver.store.scan_prefix(witness::realm_table::kTokenNotes, {}, 1).empty());
}

}  // namespace
}  // namespace cairn
