#include "core/relay/internal/blobs.h"

#include <gtest/gtest.h>

#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "tests/support/relay_people.h"

namespace cairn::relay {
namespace {

using testing::Member;
using testing::RelayDriver;

constexpr std::uint64_t kPart = proto::kBlobPart;
constexpr Table kBlobTables[] = {table::kBlobs, table::kBlobParts, table::kDyingBlobs, table::kBlobAccounts,
                                 table::kHandshakeBlobs};

RelayConfig config_with_blob_room(std::uint64_t bytes) {
  RelayConfig config = testing::open_config();
  config.limits.blob_bytes = bytes;
  config.limits.channel_blob_bytes = 3 * kPart;
  return config;
}

class BlobsTest : public ::testing::Test {
 protected:
  static proto::BlobId id(std::uint8_t last) {
    proto::BlobId out;
    out.mutable_view()[31] = last;
    return out;
  }
  Bytes random(std::size_t size) {
    Bytes out(size);
    entropy.fill(out);
    return out;
  }
  proto::BlobPut sign(proto::BlobPut put, const crypto::SigningKey& signer) const {
    put.signature = crypto::sign_labelled(signer, crypto::kSignBlobPut, put.content(crypto::sha256(put.data)));
    return put;
  }
  /// The part at `offset`; an empty one when none begins there.
  proto::BlobPut part(std::uint8_t blob, ByteView all, std::uint64_t offset) const {
    const std::size_t size = offset < all.size() ? std::min<std::size_t>(kPart, all.size() - offset) : 0;
    proto::BlobPut put{id(blob), key.public_key(), all.size(), offset, {}, {}, {}};
    if (size != 0) put.data = to_bytes(all.subspan(offset, size));
    return sign(std::move(put), key);
  }
  int ask(const proto::BlobPut& put, const std::string& token) {
    last = driver.post(proto::kPathBlobPut, wire::encode(put), token);
    return last.status;
  }
  int ask(const proto::BlobPut& put) { return ask(put, alice.token); }
  int put_all(std::uint8_t blob, ByteView all) {
    int status = 0;
    for (std::uint64_t at = 0; at < all.size(); at += kPart) status = ask(part(blob, all, at));
    return status;
  }
  std::uint64_t have() const { return testing::body_of<proto::BlobPutAnswer>(last).have; }
  std::uint64_t left() const { return testing::body_of<proto::BlobPutAnswer>(last).left; }
  int get(std::uint8_t blob, std::uint64_t offset, std::uint32_t length) {
    last = driver.post(proto::kPathBlobGet, wire::encode(proto::BlobGet{id(blob), offset, length}));
    return last.status;
  }
  Bytes got() const { return testing::body_of<proto::BlobPart>(last).data; }
  int remove(std::uint8_t blob, const crypto::SigningKey& signer) {
    proto::BlobDelete request{id(blob), {}};
    request.signature = crypto::sign_labelled(signer, crypto::kSignBlobDelete, request.content());
    last = driver.post(proto::kPathBlobDelete, wire::encode(request));
    return last.status;
  }
  std::size_t rows() const {
    std::size_t count = 0;
    for (const Table table : kBlobTables) count += driver.store.scan(table, {}, {}, 100'000).size();
    return count;
  }
  std::size_t parts() const { return driver.store.scan(table::kBlobParts, {}, {}, 100'000).size(); }

  testing::SeededEntropy entropy{9};
  RelayDriver driver{config_with_blob_room(12 * kPart)};
  Member alice{driver, "alice@example.org", 1};
  Member bob{driver, "bob@example.org", 2};
  crypto::SigningKey key = crypto::SigningKey::generate(entropy);
  crypto::SigningKey other = crypto::SigningKey::generate(entropy);
  proto::Respond last;
};

TEST_F(BlobsTest, IsReadByWhoeverKnowsItsIdOnceItIsWhole) {
  const Bytes all = random(2 * kPart + 100);
  ASSERT_EQ(ask(part(1, all, 0)), 200);
  EXPECT_EQ(have(), kPart);
  ASSERT_EQ(ask(part(1, all, kPart)), 200);
  EXPECT_EQ(get(1, 0, 10), 404);
  ASSERT_EQ(ask(part(1, all, 2 * kPart)), 200);
  EXPECT_EQ(have(), all.size());
  ASSERT_EQ(get(1, 0, kPart), 200);
  EXPECT_TRUE(equal(got(), ByteView(all).first(kPart)));
  ASSERT_EQ(get(1, kPart - 3, 7), 200);
  EXPECT_TRUE(equal(got(), ByteView(all).subspan(kPart - 3, 7)));
  ASSERT_EQ(get(1, all.size() - 1, 100), 200);
  EXPECT_EQ(got().size(), 1u);
  EXPECT_EQ(get(1, all.size(), 1), 413);
  EXPECT_EQ(get(2, 0, 1), 404);
}

TEST_F(BlobsTest, GoesOnWhereItEndsWhateverWasAnsweredBefore) {
  const Bytes all = random(3 * kPart);
  ASSERT_EQ(ask(part(1, all, 0)), 200);
  ASSERT_EQ(ask(part(1, all, kPart)), 200);
  driver.restart();
  alice.log_in(driver);
  ASSERT_EQ(ask(part(1, all, all.size())), 200);  // the question
  EXPECT_EQ(have(), 2 * kPart);
  const MemoryView before = driver.store;
  for (const std::uint64_t wrong : {std::uint64_t{0}, kPart}) {  // came before
    ASSERT_EQ(ask(part(1, all, wrong)), 200);
    EXPECT_EQ(have(), 2 * kPart);
  }
  EXPECT_EQ(driver.store.scan(table::kBlobParts, {}, {}, 10).size(), before.scan(table::kBlobParts, {}, {}, 10).size());
  ASSERT_EQ(ask(part(1, all, 2 * kPart)), 200);
  EXPECT_EQ(have(), all.size());
  ASSERT_EQ(ask(part(1, all, 2 * kPart)), 200);  // its answer was lost
  EXPECT_EQ(have(), all.size());
  ASSERT_EQ(get(1, 2 * kPart, kPart), 200);
  EXPECT_TRUE(equal(got(), ByteView(all).subspan(2 * kPart)));
}

TEST_F(BlobsTest, APartThatIsNoneIsRefused) {
  const Bytes all = random(2 * kPart);
  proto::BlobPut short_part = part(1, all, 0);
  short_part.data.pop_back();
  EXPECT_EQ(ask(sign(short_part, key)), 400);
  proto::BlobPut beside = part(1, all, 0);
  beside.offset = 1;
  EXPECT_EQ(ask(sign(beside, key)), 400);
  proto::BlobPut empty = part(1, all, 0);
  empty.size = 0;
  empty.data.clear();
  EXPECT_EQ(ask(sign(empty, key)), 400);
  proto::BlobPut large = part(1, all, 0);
  large.size = proto::kMaxBlob + 1;
  EXPECT_EQ(ask(sign(large, key)), 413);
  ASSERT_EQ(ask(part(1, all, kPart)), 200);  // too early
  EXPECT_EQ(have(), 0u);
  EXPECT_EQ(rows(), 0u);
}

TEST_F(BlobsTest, TheUploadersKeyAloneAddsPartsAndDeletes) {
  const Bytes all = random(2 * kPart);
  proto::BlobPut first = part(1, all, 0);
  first.data[0] ^= 1;
  EXPECT_EQ(ask(first), 403);
  EXPECT_EQ(ask(part(1, all, 0), ""), 401);
  EXPECT_EQ(rows(), 0u);
  ASSERT_EQ(ask(part(1, all, 0)), 200);
  proto::BlobPut theirs = part(1, all, kPart);
  theirs.owner_key = other.public_key();
  EXPECT_EQ(ask(sign(theirs, other)), 409);
  EXPECT_EQ(ask(sign(part(1, all, kPart), other)), 403);
  EXPECT_EQ(ask(part(1, all, kPart), bob.token), 409);
  proto::BlobPut longer = part(1, all, kPart);
  longer.size = 3 * kPart;
  EXPECT_EQ(ask(sign(longer, key)), 409);
  ASSERT_EQ(ask(part(1, all, kPart)), 200);
  EXPECT_EQ(remove(1, other), 403);
  EXPECT_EQ(remove(2, key), 404);
  EXPECT_EQ(get(1, 0, 1), 200);
  EXPECT_EQ(remove(1, key), 200);
  EXPECT_EQ(get(1, 0, 1), 404);
  EXPECT_EQ(remove(1, key), 404);
  driver.pass(kSecondMs);
  EXPECT_EQ(rows(), 0u);
}

TEST_F(BlobsTest, IsChargedToTheNameThatPutIt) {
  const Bytes large = random(8 * kPart);
  const Bytes small = random(5 * kPart);
  ASSERT_EQ(ask(part(1, large, 0)), 200);
  EXPECT_EQ(left(), 4 * kPart);  // of the whole, with its first part
  EXPECT_EQ(ask(part(2, small, 0)), 413);
  ASSERT_EQ(ask(part(3, small, 0), bob.token), 200);
  EXPECT_EQ(left(), 7 * kPart);
  ASSERT_EQ(ask(part(4, random(1), 0)), 200);
  EXPECT_EQ(left(), 4 * kPart - proto::kMinBlobCharge);
  ASSERT_EQ(remove(1, key), 200);
  EXPECT_EQ(ask(part(2, random(12 * kPart - 600), 0)), 503);  // not erased yet
  EXPECT_EQ(ask(part(1, small, 0)), 503);
  driver.pass(kSecondMs);
  EXPECT_EQ(ask(part(1, small, 0)), 200);
  EXPECT_EQ(left(), 7 * kPart - proto::kMinBlobCharge);
}

TEST_F(BlobsTest, UploadsAreGivenUpAndBlobsRunOut) {
  const Bytes all = random(2 * kPart);
  ASSERT_EQ(put_all(1, all), 200);
  ASSERT_EQ(ask(part(2, all, 0)), 200);
  driver.pass(23 * kHourMs);
  EXPECT_EQ(parts(), 3u);
  driver.pass(2 * kHourMs);
  EXPECT_EQ(parts(), 2u);
  driver.pass(28 * kDayMs);
  ASSERT_EQ(get(1, 0, 1), 200);
  driver.pass(2 * kDayMs);
  EXPECT_EQ(get(1, 0, 1), 404);
  EXPECT_EQ(rows(), 0u);
}

TEST_F(BlobsTest, WhatHasRunOutIsNotGivenEvenWhileItLiesHere) {
  driver.pass(2 * kMinuteMs);  // between two rounds of the sweeper
  const Bytes all = random(kPart / 8);
  for (std::uint8_t id = 1; id <= 40; ++id) ASSERT_EQ(put_all(id, all), 200);
  driver.pass(proto::kBlobLifeMs - 1);
  EXPECT_EQ(get(7, 0, 1), 200);
  driver.pass(1);
  EXPECT_EQ(get(7, 0, 1), 404);
  EXPECT_NE(rows(), 0u);
  driver.pass(6 * kMinuteMs);
  EXPECT_EQ(rows(), 0u);
}

TEST_F(BlobsTest, AFullDiskTakesNoPartAndGivesAndDeletes) {
  const Bytes all = random(2 * kPart);
  ASSERT_EQ(put_all(1, all), 200);
  ASSERT_EQ(ask(part(2, all, 0)), 200);
  driver.disk_full = true;
  EXPECT_EQ(ask(part(2, all, kPart)), 507);
  EXPECT_EQ(testing::error_of(last), ErrorCode::storage_full);
  EXPECT_EQ(ask(part(3, all, 0)), 507);
  EXPECT_EQ(get(1, 0, kPart), 200);
  EXPECT_EQ(remove(1, key), 200);
  driver.pass(kSecondMs);
  EXPECT_EQ(parts(), 1u);
  EXPECT_EQ(driver.refused_by_disk, 0u);
  driver.disk_full = false;
  ASSERT_EQ(ask(part(2, all, kPart)), 200);
  EXPECT_EQ(have(), all.size());
}

TEST_F(BlobsTest, ACommitThatFailsLeavesThePartOut) {
  const Bytes all = random(2 * kPart);
  ASSERT_EQ(ask(part(1, all, 0)), 200);
  const auto request =
      driver.make_request(proto::Method::post, proto::kPathBlobPut, wire::encode(part(1, all, kPart)), alice.token);
  EXPECT_FALSE(driver.batch({request}, testing::Commit::fails));
  ASSERT_EQ(ask(part(1, all, all.size())), 200);
  EXPECT_EQ(have(), kPart);
}

// ---- what members of a channel put ----

class ChannelBlobsTest : public BlobsTest {
 protected:
  ChannelBlobsTest() {
    bob.upload(driver, 3);
    CHECK(channel.admit(driver, alice, bob).status == 200);
  }
  static proto::BlobPut by_member_of(const testing::TestChannel& where, proto::BlobPut put,
                                     const crypto::SigningKey& signer, std::uint64_t epoch) {
    put.writer = proto::BlobWriter{where.id, epoch, {}};
    const Bytes content = put.content_of_channel(crypto::sha256(put.data));
    put.writer->signature = crypto::sign_labelled(signer, crypto::kSignBlobOfChannel, content);
    return put;
  }
  proto::BlobPut by_member(proto::BlobPut put, const crypto::SigningKey& signer, std::uint64_t epoch) const {
    return by_member_of(channel, std::move(put), signer, epoch);
  }
  proto::BlobPut by_member(proto::BlobPut put) const { return by_member(std::move(put), channel.key, channel.epoch); }
  Bytes reference(std::uint8_t blob, ByteView all) const {
    return wire::encode(proto::BlobRef{id(blob), all.size(), crypto::sha256(all)});
  }

  testing::TestChannel channel{driver, alice, 4};
};

TEST_F(ChannelBlobsTest, AMemberPutsWithTheWriteKeyAndTheCreatorPays) {
  const Bytes all = random(kPart + 10);
  proto::BlobPut first = by_member(part(1, all, 0));
  first.writer->signature.mutable_view()[5] ^= 1;
  EXPECT_EQ(ask(first, ""), 403);
  EXPECT_EQ(ask(by_member(part(1, all, 0), other, channel.epoch), ""), 403);
  EXPECT_EQ(ask(by_member(part(1, all, 0), channel.key, channel.epoch + 1), ""), 409);
  ASSERT_EQ(ask(by_member(part(1, all, 0)), ""), 200);
  EXPECT_EQ(left(), 3 * kPart - all.size());
  ASSERT_EQ(ask(by_member(part(1, all, kPart)), ""), 200);
  EXPECT_EQ(get(1, 0, 10), 200);
  EXPECT_EQ(ask(by_member(part(2, random(2 * kPart), 0)), ""), 413);
  proto::BlobPut large = part(3, random(kPart), 0);
  large.size = proto::kMaxHandshakeBlob + 1;
  EXPECT_EQ(ask(by_member(sign(large, key)), ""), 413);
  ASSERT_EQ(ask(part(4, random(10), 0)), 200);  // the creator's own account is another one
  EXPECT_EQ(left(), 12 * kPart - proto::kMinBlobCharge);
}

TEST_F(ChannelBlobsTest, ACommitTravelsAsItsReference) {
  const Bytes all = random(100'000);
  const auto next = crypto::SigningKey::generate(entropy);
  proto::ChannelCommit commit = channel.make_commit(next);
  commit.carriage = proto::Carriage::blob;
  commit.commit = reference(1, all);
  EXPECT_EQ(channel.commit(driver, commit, next.clone()).status, 404);  // not there
  ASSERT_EQ(ask(by_member(part(1, all, 0)), ""), 200);
  proto::ChannelCommit other_size = commit;
  other_size.commit = wire::encode(proto::BlobRef{id(1), all.size() + 1, crypto::sha256(all)});
  EXPECT_EQ(channel.commit(driver, other_size, next.clone()).status, 404);
  proto::ChannelCommit no_reference = commit;
  no_reference.commit.pop_back();
  EXPECT_EQ(channel.commit(driver, no_reference, next.clone()).status, 400);

  const auto socket = driver.open(bob.token);
  ASSERT_EQ(channel.commit(driver, commit, next.clone()).status, 200);
  const auto& pushes = driver.pushes[socket];
  const auto found = std::ranges::find_if(pushes, [](const proto::MailboxPush& push) {
    return push.kind == proto::MailboxPush::Kind::envelope && push.envelope.kind == proto::EnvelopeKind::commit_blob;
  });
  ASSERT_NE(found, pushes.end());
  EXPECT_EQ(found->envelope.body, commit.commit);
}

TEST_F(ChannelBlobsTest, AWelcomeTravelsAsItsReferenceAndIsKeptAsLongAsItsEnvelope) {
  Member carol{driver, "carol@example.org", 3};
  carol.upload(driver, 3);
  const Bytes all = random(70'000);
  ASSERT_EQ(ask(by_member(part(1, all, 0)), ""), 200);
  driver.pass(20 * kDayMs);
  alice.log_in(driver);
  const auto next = crypto::SigningKey::generate(entropy);
  proto::ChannelCommit commit = channel.make_commit(next);
  channel.add(commit, carol, alice.fetch(driver, carol).items.at(0).join_token);
  commit.welcomes.back().carriage = proto::Carriage::blob;
  commit.welcomes.back().welcome = reference(1, all);
  const auto answer = channel.commit(driver, commit, next.clone(), alice.token);
  ASSERT_EQ(answer.status, 200) << static_cast<int>(testing::error_of(answer));
  driver.pass(29 * kDayMs);
  EXPECT_EQ(get(1, 0, 10), 200);
  carol.log_in(driver);
  const auto socket = driver.open(carol.token);
  bool came = false;
  for (const proto::MailboxPush& push : driver.pushes[socket]) {
    came = came || push.envelope.kind == proto::EnvelopeKind::welcome_blob;
  }
  EXPECT_TRUE(came);
  driver.pass(4 * kDayMs);
  EXPECT_EQ(get(1, 0, 10), 404);
}

TEST_F(ChannelBlobsTest, AllNewcomersMayBeWelcomedByOneBlobAndTheLoserHearsOfTheWinnersPlace) {
  Member carol{driver, "carol@example.org", 3};
  Member dave{driver, "dave@example.org", 4};
  carol.upload(driver, 3);
  dave.upload(driver, 3);
  const Bytes commit_body = random(70'000), welcome = random(90'000);
  const auto next = crypto::SigningKey::generate(entropy);
  proto::ChannelCommit commit = channel.make_commit(next);
  commit.carriage = proto::Carriage::blob;
  commit.commit = reference(1, commit_body);
  for (const Member* who : {&carol, &dave}) {
    channel.add(commit, *who, alice.fetch(driver, *who).items.at(0).join_token);
    commit.welcomes.back().carriage = proto::Carriage::blob;
    commit.welcomes.back().welcome = reference(2, welcome);
  }
  ASSERT_EQ(ask(by_member(part(1, commit_body, 0)), ""), 200);
  EXPECT_EQ(channel.commit(driver, commit, next.clone(), alice.token).status, 404);  // the welcome is not there
  ASSERT_EQ(ask(by_member(part(2, welcome, 0)), ""), 200);
  const proto::ChannelCommit loser = channel.signed_by(channel.make_commit(next), channel.key);
  ASSERT_EQ(channel.commit(driver, commit, next.clone(), alice.token).status, 200);
  const auto told = driver.post(proto::kPathChannelCommit, wire::encode(loser));
  ASSERT_EQ(told.status, 409);
  EXPECT_EQ(wire::decode<proto::CommitAnswer>(told.body).value().winning_commit, commit.commit);
  for (const Member* who : {&carol, &dave}) {
    const auto socket = driver.open(who->token);
    const auto& pushes = driver.pushes[socket];
    const auto found = std::ranges::find_if(
        pushes, [](const proto::MailboxPush& push) { return push.envelope.kind == proto::EnvelopeKind::welcome_blob; });
    ASSERT_NE(found, pushes.end());
    EXPECT_EQ(found->envelope.body, reference(2, welcome));
  }
  EXPECT_EQ(get(2, 0, 10), 200);
}

TEST_F(ChannelBlobsTest, ACommitNamesOnlyWhatLiesThere) {
  const Bytes all = random(kPart + 100'000);
  ASSERT_EQ(ask(by_member(part(1, all, 0)), ""), 200);
  ASSERT_EQ(ask(by_member(part(1, all, kPart)), ""), 200);
  const auto next = crypto::SigningKey::generate(entropy);
  proto::ChannelCommit commit = channel.make_commit(next);
  commit.carriage = proto::Carriage::blob;
  Bytes changed = all;
  changed.back() ^= 1;
  commit.commit = reference(1, changed);
  EXPECT_EQ(channel.commit(driver, commit, next.clone()).status, 404) << "another digest";
  commit.commit = reference(1, all);
  EXPECT_EQ(channel.commit(driver, commit, next.clone()).status, 200);
  // What is named again is compared again.
  const auto after_next = crypto::SigningKey::generate(entropy);
  commit = channel.make_commit(after_next);
  commit.carriage = proto::Carriage::blob;
  commit.commit = reference(1, changed);
  EXPECT_EQ(channel.commit(driver, commit, after_next.clone()).status, 404);
  commit.commit = reference(1, all);
  EXPECT_EQ(channel.commit(driver, commit, after_next.clone()).status, 200);
}

// A commit that is refused can be sent for ever, and must not cost what reading 16 MiB does each time.
TEST_F(ChannelBlobsTest, NoCommitReadsWhatItNames) {
  const Bytes all = random(100'000);
  ASSERT_EQ(ask(by_member(part(1, all, 0)), ""), 200);
  for (const Row& row : driver.store.scan(table::kBlobParts, {}, {}, 10)) {
    driver.store.apply({{table::kBlobParts, row.key, Bytes(row.value.size(), 7)}});
  }
  const auto next = crypto::SigningKey::generate(entropy);
  proto::ChannelCommit commit = channel.make_commit(next);
  commit.carriage = proto::Carriage::blob;
  commit.commit = reference(1, all);
  EXPECT_EQ(channel.commit(driver, commit, next.clone()).status, 200);
}

// Whoever got a file knows its id, size and digest. It stays its sender's, who can take it back.
TEST_F(ChannelBlobsTest, ACommitHoldsNothingOfAnotherAccount) {
  const Bytes all = random(100'000);
  ASSERT_EQ(ask(part(1, all, 0), alice.token), 200);  // a file of the creator's own
  const auto next = crypto::SigningKey::generate(entropy);
  proto::ChannelCommit commit = channel.make_commit(next);
  commit.carriage = proto::Carriage::blob;
  commit.commit = reference(1, all);
  EXPECT_EQ(channel.commit(driver, commit, next.clone()).status, 404);
  EXPECT_EQ(remove(1, key), 200);
  // Of a channel, but of another creator's.
  testing::TestChannel others(driver, bob, 77);
  ASSERT_EQ(ask(by_member_of(others, part(2, all, 0), others.key, others.epoch), ""), 200);
  commit.commit = reference(2, all);
  EXPECT_EQ(channel.commit(driver, commit, next.clone()).status, 404);
  EXPECT_EQ(remove(2, key), 200);
}

TEST_F(ChannelBlobsTest, WhatACommitNamedIsDeletedByNobody) {
  const Bytes all = random(100'000);
  ASSERT_EQ(ask(by_member(part(1, all, 0)), ""), 200);
  ASSERT_EQ(ask(by_member(part(2, all, 0)), ""), 200);
  const auto next = crypto::SigningKey::generate(entropy);
  proto::ChannelCommit commit = channel.make_commit(next);
  commit.carriage = proto::Carriage::blob;
  commit.commit = reference(1, all);
  ASSERT_EQ(channel.commit(driver, commit, next.clone()).status, 200);
  EXPECT_EQ(remove(1, other), 403);
  EXPECT_EQ(remove(1, key), 409);
  EXPECT_EQ(get(1, 0, 10), 200);
  EXPECT_EQ(remove(2, key), 200) << "no commit names it";
  driver.pass(31 * kDayMs);
  EXPECT_EQ(remove(1, key), 409) << "the last day of its envelope was yesterday";
  driver.pass(2 * kDayMs);
  EXPECT_EQ(remove(1, key), 404);
  EXPECT_EQ(rows(), 0u) << "it ran out, and nothing is left of it";
}

TEST_F(ChannelBlobsTest, OneCommitNamesNoMoreThanACommitAndAWelcomeTake) {
  const auto next = crypto::SigningKey::generate(entropy);
  proto::ChannelCommit commit = channel.make_commit(next);
  for (std::uint8_t i = 2; i < 5; ++i) {
    Member more{driver, "more" + std::to_string(i) + "@example.org", static_cast<std::uint8_t>(10 + i)};
    more.upload(driver, 1);
    channel.add(commit, more, alice.fetch(driver, more).items.at(0).join_token);
    commit.welcomes.back().carriage = proto::Carriage::blob;
    commit.welcomes.back().welcome = wire::encode(proto::BlobRef{id(i), proto::kMaxHandshakeBlob, {}});
    if (i < 4) {
      EXPECT_EQ(channel.commit(driver, commit, next.clone(), alice.token).status, 404);
    }
  }
  EXPECT_EQ(channel.commit(driver, commit, next.clone(), alice.token).status, 400);
}

}  // namespace
}  // namespace cairn::relay
