#include "core/proto/api.h"

#include <gtest/gtest.h>

#include "core/proto/storage.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::proto {
namespace {

template <class T>
void expect_one_encoding(const T& value) {
  Bytes bytes = wire::encode(value);
  const auto back = wire::decode<T>(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(wire::encode(*back), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(wire::decode<T>(ByteView(bytes).first(size))) << size;
  }
  bytes.push_back(0);
  EXPECT_FALSE(wire::decode<T>(bytes));
}

Address address(std::uint8_t last) {
  Address out{"example.org", {}};
  out.mailbox.mutable_view()[15] = last;
  return out;
}

ChannelCommit sample_commit() {
  testing::SeededEntropy entropy(3);
  ChannelCommit commit;
  commit.channel = random_value<ChannelId>(entropy);
  commit.epoch = 7;
  commit.commit = Bytes(100, 1);
  commit.welcomes = {{address(2), random_value<JoinToken>(entropy), Bytes(80, 2)}};
  commit.next_write_key = random_value<PublicKey>(entropy);
  commit.next_recipients = {address(1), address(2)};
  commit.revoke = Revoke::yes;
  commit.signature = random_value<Signature>(entropy);
  return commit;
}

TEST(Api, EveryStructHasOneEncoding) {
  expect_one_encoding(ErrorAnswer{ErrorCode::conflict, "Somebody else was first; try again."});
  expect_one_encoding(NonceAnswer{{}, 5});
  expect_one_encoding(LoginRequest{"example.org", "alice@example.org", {}, {}, 9, {}});
  expect_one_encoding(LoginAnswer{"token", 9, 100});
  expect_one_encoding(StatementRequest{Bytes(70, 1), "code", Bytes(20, 2)});
  expect_one_encoding(KeyPackageUpload{{{Bytes(70, 1), {}}}, {{Bytes(3, 1), {}}}});
  expect_one_encoding(KeyPackageFetch{"alice@example.org", {{}, {}}});
  expect_one_encoding(KeyPackageAnswer{{{{}, Bytes(70, 1), {}}}});
  expect_one_encoding(ChannelCreate{{}, 0, {}, {}});
  expect_one_encoding(sample_commit());
  expect_one_encoding(CommitAnswer{8, Bytes(100, 3)});
  expect_one_encoding(ChannelSend{{}, 7, Bytes(300, 4), {}});
  expect_one_encoding(MailboxAck{12});
  Envelope envelope;
  envelope.domain = "example.org";
  envelope.body = Bytes(20, 1);
  expect_one_encoding(MailboxPush{MailboxPush::Kind::envelope, envelope, 0});
  expect_one_encoding(MailboxPush{MailboxPush::Kind::log_grew, {}, 4});
  expect_one_encoding(MailboxPush{MailboxPush::Kind::caught_up, {}, 0});
}

VaultPut sample_put() { return {{}, {}, kVaultPart + 3, {}, kVaultPart, Bytes(3, 1), {}}; }

TEST(Api, EveryStructOfAStorageHasOneEncoding) {
  ObjectId object;
  object.mutable_view()[15] = 1;
  expect_one_encoding(VaultCreate{});
  expect_one_encoding(VaultRoom{7});
  expect_one_encoding(sample_put());
  expect_one_encoding(VaultPut{{}, {}, 70, {}, 0, Bytes(70, 1), {}});
  expect_one_encoding(VaultPutAnswer{1, 2});
  expect_one_encoding(VaultGet{{}, {}, 5, 100});
  expect_one_encoding(VaultPart{100, Bytes(70, 1)});
  expect_one_encoding(VaultList{{}, std::nullopt});
  expect_one_encoding(VaultList{{}, object});
  expect_one_encoding(VaultListAnswer{{{{}, 1}, {object, 2}}, object});
  expect_one_encoding(VaultPrune{{}, {{}, object}, {}});
  expect_one_encoding(VaultDelete{});
  expect_one_encoding(KeyBoxPut{{}, {}, 1, Bytes(70, 1), {}});
  expect_one_encoding(KeyBoxGet{});
  expect_one_encoding(KeyBoxDelete{{}, 3, {}});
}

TEST(Api, APartBeginsAtAMultipleOfItsSizeAndIsWhole) {
  EXPECT_EQ(vault_part_size(1, 0), 1u);
  EXPECT_EQ(vault_part_size(kVaultPart, 0), kVaultPart);
  EXPECT_EQ(vault_part_size(kVaultPart, kVaultPart), 0u);
  EXPECT_EQ(vault_part_size(kVaultPart + 1, kVaultPart), 1u);
  EXPECT_EQ(vault_part_size(kVaultPart + 1, 1), 0u);
  EXPECT_EQ(vault_part_size(kVaultPart + 1, ~std::uint64_t{0}), 0u);
  VaultPut put = sample_put();
  put.data.clear();  // asks only
  EXPECT_TRUE(wire::decode<VaultPut>(wire::encode(put)));
  put.data = Bytes(2, 1);
  EXPECT_EQ(wire::decode<VaultPut>(wire::encode(put)).error().code, ErrorCode::malformed);
}

TEST(Api, TheSignatureOfAPartCoversTheHashOfItsData) {
  VaultPut put = sample_put();
  Hash other;
  other.mutable_view()[0] = 1;
  EXPECT_NE(put.content({}), put.content(other));
  const Bytes before = put.content({});
  put.data.clear();
  put.signature.mutable_view()[0] = 1;
  EXPECT_EQ(put.content({}), before);
}

TEST(Api, RefusesRecipientsThatAreNotSortedOrStandTwice) {
  ChannelCommit commit = sample_commit();
  commit.next_recipients = {address(2), address(1)};
  EXPECT_EQ(wire::decode<ChannelCommit>(wire::encode(commit)).error().code, ErrorCode::malformed);
  commit.next_recipients = {address(1), address(1)};
  EXPECT_EQ(wire::decode<ChannelCommit>(wire::encode(commit)).error().code, ErrorCode::malformed);
}

TEST(Api, RefusesMoreThanTheLimitsAllow) {
  ChannelSend send;
  send.ciphertext.resize(kMaxEnvelopeBody + 1);
  EXPECT_EQ(wire::decode<ChannelSend>(wire::encode(send)).error().code, ErrorCode::over_limit);
  KeyPackageFetch fetch;
  fetch.devices.resize(kMaxFetchedDevices + 1);
  EXPECT_EQ(wire::decode<KeyPackageFetch>(wire::encode(fetch)).error().code, ErrorCode::over_limit);
}

TEST(Api, SignsEverythingButTheSignature) {
  ChannelCommit commit = sample_commit();
  const Bytes before = commit.content();
  commit.signature = {};
  EXPECT_EQ(commit.content(), before);
  commit.revoke = Revoke::no;
  EXPECT_NE(commit.content(), before);
}

}  // namespace
}  // namespace cairn::proto
