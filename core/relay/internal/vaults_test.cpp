#include "core/relay/internal/vaults.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/relay_people.h"
#include "tests/support/vault_contract.h"

namespace cairn {
namespace {

using testing::Member;
using testing::RelayDriver;
using testing::VaultWriter;

relay::RelayConfig config_with_room(std::uint64_t bytes) {
  relay::RelayConfig config = testing::open_config();
  config.limits.vault_bytes = bytes;
  return config;
}

/// The server's mind on a store in memory.
class ServerStorage {
 public:
  static constexpr std::uint64_t kRoom = 8 * proto::kVaultPart;
  static constexpr ErrorCode kOverRoom = ErrorCode::over_limit;

  proto::CallReply call(std::string_view path, Bytes body) {
    const auto answer = driver_.post(path, std::move(body), alice_.token);
    EXPECT_EQ(driver_.refused_by_disk, 0u);
    return {answer.status, answer.body, answer.retry_after_s};
  }
  void kill() { driver_.restart(); }
  void fill_disk(bool full) { driver_.disk_full = full; }
  void settle() { driver_.pass(kSecondMs); }

 private:
  RelayDriver driver_{config_with_room(kRoom)};
  Member alice_{driver_, "alice@example.org", 1};
};

}  // namespace

namespace testing {
INSTANTIATE_TYPED_TEST_SUITE_P(Server, VaultContract, ServerStorage);
}  // namespace testing

namespace relay {
namespace {

constexpr Table kTables[] = {table::kVaults,      table::kVaultObjects, table::kVaultParts,   table::kVaultUploads,
                             table::kVaultOwners, table::kDyingVaults,  table::kDyingObjects, table::kKeyBoxes};

class VaultsTest : public ::testing::Test {
 protected:
  template <class Request>
  int ask(std::string_view path, const Request& request, const std::string& token) {
    last_ = driver.post(path, wire::encode(request), token);
    return last_.status;
  }
  template <class Request>
  int ask(std::string_view path, const Request& request) {
    return ask(path, request, alice.token);
  }
  /// All parts of an object; the status of the last one.
  int put(const VaultWriter& who, std::uint8_t id, ByteView object, const std::string& token) {
    int status = 0;
    for (std::uint64_t at = 0; at < object.size(); at += proto::kVaultPart) {
      status = ask(proto::kPathVaultPut, who.put(VaultWriter::id(id), object, at), token);
    }
    return status;
  }
  int put(const VaultWriter& who, std::uint8_t id, ByteView object) { return put(who, id, object, alice.token); }
  std::uint64_t left() const { return testing::body_of<proto::VaultRoom>(last_).left; }
  std::size_t rows() const {
    std::size_t count = 0;
    for (const Table table : kTables) count += driver.store.scan(table, {}, {}, 100'000).size();
    return count;
  }
  std::size_t parts() const { return driver.store.scan(table::kVaultParts, {}, {}, 100'000).size(); }

  RelayDriver driver{config_with_room(40 * proto::kVaultPart)};
  Member alice{driver, "alice@example.org", 1};
  Member bob{driver, "bob@example.org", 2};
  VaultWriter writer{3};
  proto::Respond last_;
};

TEST_F(VaultsTest, MakesVaultsAndKeyBoxesForDevicesOfItsNamesAlone) {
  EXPECT_EQ(ask(proto::kPathVaultCreate, writer.create(), ""), 401);
  EXPECT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token + "x"), 401);
  EXPECT_EQ(ask(proto::kPathKeyBoxPut, writer.put_key_box(1, "one"), ""), 401);
  EXPECT_EQ(rows(), 0u);
  EXPECT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token), 200);
  EXPECT_EQ(ask(proto::kPathKeyBoxPut, writer.put_key_box(1, "one"), alice.token), 200);
  EXPECT_EQ(ask(proto::kPathKeyBoxPut, writer.put_key_box(2, "two")), 200);
  // The name that made it pays for it.
  EXPECT_EQ(ask(proto::kPathVaultCreate, writer.create(), bob.token), 409);
}

TEST_F(VaultsTest, ADeviceThatWasRemovedChangesNothingWithTheWriteKey) {
  const auto second = alice.person.new_device();
  alice.person.take(alice.person.add(second, alice.device));
  ASSERT_EQ(testing::submit(driver, alice.person.statements.back()).status, 202);
  driver.pass(kSecondMs);
  const auto login = testing::log_in(driver, alice.person.name(), second);
  const std::string removed = testing::body_of<proto::LoginAnswer>(login).token;
  const auto id = VaultWriter::id(1);
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  ASSERT_EQ(put(writer, 1, writer.make_object(100), removed), 200);  // all devices of a name are equal
  ASSERT_EQ(ask(proto::kPathKeyBoxPut, writer.put_key_box(1, "one"), removed), 200);
  alice.person.take(alice.person.by_device(directory::RemoveDevice{second.device.id()}, alice.device));
  ASSERT_EQ(testing::submit(driver, alice.person.statements.back()).status, 202);
  driver.pass(kSecondMs);

  const MemoryView before = driver.store;
  const Bytes object = writer.make_object(100);
  const auto all = [&](const std::string& token) {
    return std::set<int>{ask(proto::kPathVaultPut, writer.put(VaultWriter::id(2), object, 0), token),
                         ask(proto::kPathVaultPrune, writer.prune({id}), token),
                         ask(proto::kPathVaultDelete, writer.remove(), token),
                         ask(proto::kPathKeyBoxPut, writer.put_key_box(2, "two"), token),
                         ask(proto::kPathKeyBoxDelete, writer.delete_key_box(1), token)};
  };
  EXPECT_EQ(all(""), std::set<int>{401});
  EXPECT_EQ(testing::error_of(last_), ErrorCode::unauthenticated);
  for (const std::string& token : {removed, bob.token}) {
    EXPECT_EQ(all(token), std::set<int>{403});
    EXPECT_EQ(testing::error_of(last_), ErrorCode::not_authorised);
    EXPECT_EQ(ask(proto::kPathVaultGet, proto::VaultGet{writer.vault, id, 0, 9}, token), 200);  // open to who knows it
  }
  EXPECT_EQ(ask(proto::kPathVaultList, proto::VaultList{writer.vault, {}}, ""), 200);
  EXPECT_EQ(ask(proto::kPathKeyBoxGet, proto::KeyBoxGet{writer.key_box}, ""), 200);
  EXPECT_EQ(driver.store, before);
  // A login does not do without the key either.
  VaultWriter keyless(9);
  keyless.vault = writer.vault;
  keyless.key_box = writer.key_box;
  EXPECT_EQ(ask(proto::kPathVaultPrune, keyless.prune({id})), 403);
  EXPECT_EQ(testing::error_of(last_), ErrorCode::invalid_signature);
  EXPECT_EQ(ask(proto::kPathVaultPrune, writer.prune({id})), 200);
  EXPECT_EQ(ask(proto::kPathKeyBoxPut, writer.put_key_box(2, "two")), 200);
  EXPECT_EQ(ask(proto::kPathKeyBoxDelete, writer.delete_key_box(2)), 200);
  EXPECT_EQ(ask(proto::kPathVaultDelete, writer.remove()), 200);
}

TEST_F(VaultsTest, AllVaultsOfANameShareItsRoomAndNobodyElses) {
  VaultWriter second(4);
  VaultWriter bobs(5);
  const Bytes half = writer.make_object(15 * proto::kVaultPart);
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token), 200);
  EXPECT_EQ(left(), 40 * proto::kVaultPart);
  ASSERT_EQ(ask(proto::kPathVaultCreate, second.create(), alice.token), 200);
  ASSERT_EQ(ask(proto::kPathVaultCreate, bobs.create(), bob.token), 200);
  ASSERT_EQ(put(writer, 1, half), 200);
  ASSERT_EQ(put(second, 1, half), 200);
  EXPECT_EQ(testing::body_of<proto::VaultPutAnswer>(last_).left, 10 * proto::kVaultPart);
  EXPECT_EQ(ask(proto::kPathVaultPut, second.put(VaultWriter::id(2), half, 0)), 413);
  EXPECT_EQ(put(bobs, 1, half, bob.token), 200);
  // The room for the whole is taken with the first part.
  EXPECT_EQ(ask(proto::kPathVaultPut, second.put(VaultWriter::id(2), ByteView(half).first(10 * proto::kVaultPart), 0)),
            200);
  EXPECT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(2), ByteView(half).first(1), 0)), 413);
}

TEST_F(VaultsTest, AnUploadThatNobodyGoesOnWithIsSweptAfterADay) {
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token), 200);
  const Bytes object = writer.make_object(3 * proto::kVaultPart);
  const Bytes small = writer.make_object(10);
  ASSERT_EQ(put(writer, 1, small), 200);
  ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(2), object, 0)), 200);
  driver.pass(20 * kHourMs);
  alice.log_in(driver);
  ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(2), object, proto::kVaultPart)), 200);
  driver.pass(20 * kHourMs);
  EXPECT_EQ(parts(), 3u);  // its last part came 20 hours ago
  driver.restart();
  driver.pass(5 * kHourMs);
  EXPECT_EQ(parts(), 1u);
  alice.log_in(driver);
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token), 200);
  EXPECT_EQ(left(), 40 * proto::kVaultPart - proto::kMinVaultCharge);
  EXPECT_EQ(put(writer, 2, object), 200);
}

TEST_F(VaultsTest, ADeletedVaultIsErasedInStepsAlsoOverARestart) {
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token), 200);
  const Bytes object = writer.make_object(9 * proto::kVaultPart);
  for (std::uint8_t id = 1; id <= 4; ++id) ASSERT_EQ(put(writer, id, object), 200);
  ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(5), ByteView(object).first(4 * proto::kVaultPart), 0)),
            200);
  ASSERT_EQ(ask(proto::kPathVaultDelete, writer.remove()), 200);
  EXPECT_EQ(parts(), 37u);
  driver.pass(1);
  EXPECT_EQ(parts(), 29u);
  EXPECT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token), 503);
  driver.restart();
  driver.pass(kSecondMs);
  EXPECT_EQ(rows(), 0u);  // with the owner's account and the upload
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token), 200);
  EXPECT_EQ(left(), 40 * proto::kVaultPart);
}

TEST_F(VaultsTest, ErasingGoesOnWhileTheDiskIsFull) {
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token), 200);
  ASSERT_EQ(put(writer, 1, writer.make_object(9 * proto::kVaultPart)), 200);
  driver.disk_full = true;
  ASSERT_EQ(ask(proto::kPathVaultDelete, writer.remove()), 200);
  driver.pass(kSecondMs);
  EXPECT_EQ(rows(), 0u);
  EXPECT_EQ(driver.refused_by_disk, 0u);
}

TEST_F(VaultsTest, PruningMuchOnAFullDiskLeavesTheErasingToSteps) {
  driver.set_config(config_with_room(100 * proto::kVaultPart));
  driver.restart();
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token), 200);
  const Bytes object = writer.make_object(4 << 20);
  std::vector<proto::ObjectId> ids;
  for (std::uint8_t id = 1; id <= proto::kMaxVaultPrune; ++id) {
    ASSERT_EQ(put(writer, id, object), 200);
    ids.push_back(VaultWriter::id(id));
  }
  const auto socket = driver.open(alice.token);
  driver.disk_full = true;
  ASSERT_EQ(ask(proto::kPathVaultPrune, writer.prune(ids)), 200);
  EXPECT_EQ(left(), 100 * proto::kVaultPart);
  EXPECT_EQ(parts(), 16 * 5u);
  EXPECT_EQ(ask(proto::kPathVaultGet, proto::VaultGet{writer.vault, ids[0], 0, 1}), 404);
  driver.pass(1);
  EXPECT_GE(parts(), 16 * 5u - 9);  // the fifth part of each is small
  driver.restart();
  driver.pass(2 * kSecondMs);
  EXPECT_EQ(parts(), 0u);
  EXPECT_EQ(rows(), 2u);  // the vault and its owner's account
  EXPECT_FALSE(driver.was_closed(socket));
  EXPECT_EQ(driver.refused_by_disk, 0u);
}

TEST_F(VaultsTest, WhatIsDeletedCountsUntilItIsErased) {
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token), 200);
  const Bytes object = writer.make_object(9 * proto::kVaultPart);
  for (std::uint8_t id = 1; id <= 4; ++id) ASSERT_EQ(put(writer, id, object), 200);
  ASSERT_EQ(ask(proto::kPathVaultPrune, writer.prune({VaultWriter::id(1), VaultWriter::id(2)})), 200);
  EXPECT_EQ(left(), 22 * proto::kVaultPart);
  EXPECT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(5), object, 0)), 503);
  driver.pass(kSecondMs);
  EXPECT_EQ(put(writer, 5, object), 200);
  // So it is with a vault: nobody holds more on the disk than a name has room for.
  VaultWriter second(4);
  ASSERT_EQ(ask(proto::kPathVaultDelete, writer.remove()), 200);
  ASSERT_EQ(ask(proto::kPathVaultCreate, second.create(), alice.token), 200);
  EXPECT_EQ(left(), 40 * proto::kVaultPart);
  EXPECT_EQ(put(second, 1, object), 200);
  EXPECT_EQ(ask(proto::kPathVaultPut, second.put(VaultWriter::id(2), object, 0)), 503);
  driver.pass(kSecondMs);
  EXPECT_EQ(put(second, 2, object), 200);
  EXPECT_EQ(testing::body_of<proto::VaultPutAnswer>(last_).left, 22 * proto::kVaultPart);
}

TEST_F(VaultsTest, AnObjectMayBePutAnewWhenTheOldOneIsErased) {
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token), 200);
  const Bytes first = writer.make_object(3 * proto::kVaultPart);
  const Bytes second = writer.make_object(2 * proto::kVaultPart);
  ASSERT_EQ(put(writer, 1, first), 200);
  ASSERT_EQ(ask(proto::kPathVaultPrune, writer.prune({VaultWriter::id(1)})), 200);
  EXPECT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(1), second, 0)), 503);
  driver.pass(kSecondMs);
  ASSERT_EQ(put(writer, 1, second), 200);
  driver.pass(kSecondMs);
  ASSERT_EQ(ask(proto::kPathVaultGet, proto::VaultGet{writer.vault, VaultWriter::id(1), 0, proto::kVaultPart}), 200);
  EXPECT_TRUE(equal(testing::body_of<proto::VaultPart>(last_).data, ByteView(second).first(proto::kVaultPart)));
  EXPECT_EQ(parts(), 2u);
}

TEST_F(VaultsTest, TheSmallestObjectsTakeMoreRoomThanTheirBytes) {
  driver.set_config(config_with_room(10 * proto::kMinVaultCharge));
  driver.restart();
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token), 200);
  const Bytes byte(1, 7);
  for (std::uint8_t id = 1; id <= 10; ++id) ASSERT_EQ(put(writer, id, byte), 200);
  EXPECT_EQ(testing::body_of<proto::VaultPutAnswer>(last_).left, 0u);
  EXPECT_EQ(put(writer, 11, byte), 413);
  ASSERT_EQ(ask(proto::kPathVaultPrune, writer.prune({VaultWriter::id(3)})), 200);
  EXPECT_EQ(left(), proto::kMinVaultCharge);
  driver.pass(kSecondMs);
  EXPECT_EQ(put(writer, 11, byte), 200);
}

TEST_F(VaultsTest, ANameHasSoManyVaultsAndKeyBoxesAndNoMore) {
  for (std::uint64_t i = 0; i < proto::kMaxVaults; ++i) {
    const VaultWriter another(100 + i);
    ASSERT_EQ(ask(proto::kPathVaultCreate, another.create(), alice.token), 200);
    ASSERT_EQ(ask(proto::kPathKeyBoxPut, another.put_key_box(1, "x"), alice.token), 200);
  }
  EXPECT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token), 413);
  EXPECT_EQ(ask(proto::kPathKeyBoxPut, writer.put_key_box(1, "x"), alice.token), 413);
  const VaultWriter first(100);
  ASSERT_EQ(ask(proto::kPathVaultDelete, first.remove()), 200);
  ASSERT_EQ(ask(proto::kPathKeyBoxDelete, first.delete_key_box(1)), 200);
  EXPECT_EQ(ask(proto::kPathVaultCreate, writer.create(), alice.token), 200);
  EXPECT_EQ(ask(proto::kPathKeyBoxPut, writer.put_key_box(1, "x"), alice.token), 200);
}

TEST_F(VaultsTest, ReadingDrawsOnTheAddress) {
  RelayConfig config = config_with_room(proto::kVaultPart);
  config.limits.address = {5, 60};
  driver.set_config(config);
  driver.restart();
  const Bytes list = wire::encode(proto::VaultList{writer.vault, {}});
  const auto ask_from = [&](const std::string& peer) {
    return driver.request(driver.make_request(proto::Method::post, proto::kPathVaultList, list, {}, peer)).status;
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask_from("192.0.2.1"), 404);
  EXPECT_EQ(ask_from("192.0.2.1"), 429);
  EXPECT_EQ(ask_from("192.0.2.2"), 404);
}

}  // namespace
}  // namespace relay
}  // namespace cairn
