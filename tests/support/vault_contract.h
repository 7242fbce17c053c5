// The contract of every storage of vaults and key boxes (docs/spec/relay.md s.5), as one typed test. A storage's test
// names a Backend:
//
//   struct Backend {
//     static constexpr std::uint64_t kRoom = ...;    // bytes that one owner may put: 4 to 12 parts
//     static constexpr ErrorCode kOverRoom = ...;    // what is told who puts more
//     proto::CallReply call(std::string_view path, Bytes body);  // with a login, if the storage asks for one
//     void kill();                                   // the process dies, and another one begins
//     void fill_disk(bool full);
//     void settle();                                 // time passes in which what was deleted is erased
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Name, VaultContract, Backend);
#pragma once

#include <gtest/gtest.h>

#include "core/proto/api.h"
#include "core/proto/transport.h"
#include "tests/support/vault_writer.h"

namespace cairn::testing {

template <class Backend>
class VaultContract : public ::testing::Test {
 protected:
  using Status = int;
  void SetUp() override { ASSERT_EQ(ask(proto::kPathVaultCreate, alice_.create()), 200); }

  /// The status; the body stays in body_.
  template <class Request>
  Status ask(std::string_view path, const Request& request) {
    proto::CallReply reply = backend_.call(path, wire::encode(request));
    body_ = std::move(reply.body);
    if (reply.status != 200) {
      const auto error = wire::decode<proto::ErrorAnswer>(body_);
      EXPECT_TRUE(error && error->message.ends_with('.') && proto::status_of(error->code) == reply.status);
      refusal_ = error ? error->code : ErrorCode::internal;
    }
    return reply.status;
  }
  template <class T>
  T answer() const {
    auto out = wire::decode<T>(body_);
    CHECK(out.has_value());
    return std::move(*out);
  }

  /// How far the object is after one more part, or what the part was refused with.
  Result<std::uint64_t> put_part(const proto::ObjectId& id, ByteView object, std::uint64_t offset) {
    if (ask(proto::kPathVaultPut, alice_.put(id, object, offset)) != 200) return fail(refusal_, "refused");
    return answer<proto::VaultPutAnswer>().have;
  }
  /// All parts from where it is on.
  Result<std::uint64_t> put(const proto::ObjectId& id, ByteView object) {
    std::uint64_t have = TRY(put_part(id, object, object.size()));  // none begins there: asks
    while (have < object.size()) {
      const std::uint64_t next = TRY(put_part(id, object, have));
      REQUIRE(next > have, ErrorCode::internal, "a part was not taken");
      have = next;
    }
    return have;
  }
  Result<proto::VaultPart> get(const proto::ObjectId& id, std::uint64_t offset, std::uint32_t length) {
    if (ask(proto::kPathVaultGet, proto::VaultGet{alice_.vault, id, offset, length}) != 200) {
      return fail(refusal_, "refused");
    }
    return answer<proto::VaultPart>();
  }
  /// The whole object; empty when there is none.
  Bytes get(const proto::ObjectId& id) {
    Bytes out;
    for (;;) {
      const auto part = get(id, out.size(), proto::kVaultPart);
      if (!part) return {};
      append(out, part->data);
      if (out.size() == part->size || part->data.empty()) return out;
    }
  }
  std::vector<proto::VaultItem> list() {
    std::vector<proto::VaultItem> out;
    for (std::optional<proto::ObjectId> after;
         ask(proto::kPathVaultList, proto::VaultList{alice_.vault, after}) == 200;) {
      const auto page = answer<proto::VaultListAnswer>();
      out.insert(out.end(), page.items.begin(), page.items.end());
      after = page.next;
      if (!after) break;
    }
    return out;
  }
  std::uint64_t left() {
    EXPECT_EQ(ask(proto::kPathVaultCreate, alice_.create()), 200);
    return answer<proto::VaultRoom>().left;
  }

  Backend backend_;
  VaultWriter alice_{1};
  VaultWriter mallory_{2};
  Bytes body_;
  ErrorCode refusal_ = ErrorCode::internal;
};
TYPED_TEST_SUITE_P(VaultContract);

TYPED_TEST_P(VaultContract, GivesBackWhatWasPutWholeAndInRanges) {
  constexpr std::size_t kPart = proto::kVaultPart;
  const Bytes object = this->alice_.make_object(2 * kPart + 1000);
  const auto id = this->alice_.id(1);
  EXPECT_EQ(this->put(id, object).value_or(0), object.size());
  EXPECT_EQ(this->get(id), object);
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{kPart - 1}, std::uint64_t{kPart},
                                     std::uint64_t{2 * kPart - 7}, std::uint64_t{2 * kPart + 999}}) {
    const auto part = this->get(id, offset, 20);
    ASSERT_TRUE(part) << offset;
    EXPECT_EQ(part->size, object.size());
    const ByteView wanted = ByteView(object).subspan(offset, std::min<std::size_t>(20, object.size() - offset));
    EXPECT_TRUE(equal(part->data, wanted)) << offset;
  }
  const auto across = this->get(id, 5, kPart);
  ASSERT_TRUE(across);
  EXPECT_TRUE(equal(across->data, ByteView(object).subspan(5, kPart)));
  EXPECT_EQ(this->list(), (std::vector<proto::VaultItem>{{id, object.size()}}));
}

TYPED_TEST_P(VaultContract, TheSmallestObjectAndOneOfWholePartsAreObjectsToo) {
  for (const std::size_t size : {std::size_t{1}, proto::kVaultPart, 2 * proto::kVaultPart}) {
    const auto id = this->alice_.id(static_cast<std::uint8_t>(1 + size % 251));
    const Bytes object = this->alice_.make_object(size);
    EXPECT_EQ(this->put(id, object).value_or(0), size);
    EXPECT_EQ(this->get(id), object);
  }
}

TYPED_TEST_P(VaultContract, ARangeBeyondTheEndIsRefused) {
  const auto id = this->alice_.id(1);
  ASSERT_TRUE(this->put(id, this->alice_.make_object(100)));
  EXPECT_EQ(this->get(id, 100, 1).error().code, ErrorCode::over_limit);
  EXPECT_EQ(this->get(id, ~std::uint64_t{0}, proto::kVaultPart).error().code, ErrorCode::over_limit);
  EXPECT_EQ(this->get(id, 0, proto::kVaultPart + 1).error().code, ErrorCode::over_limit);
  EXPECT_EQ(this->get(id, 0, 0).error().code, ErrorCode::malformed);
  EXPECT_EQ(this->get(id, 99, proto::kVaultPart)->data.size(), 1u);
}

TYPED_TEST_P(VaultContract, AnObjectIsNotThereBeforeItIsWhole) {
  const auto id = this->alice_.id(1);
  const Bytes object = this->alice_.make_object(proto::kVaultPart + 1);
  EXPECT_EQ(this->get(id, 0, 1).error().code, ErrorCode::not_found);
  ASSERT_TRUE(this->put_part(id, object, 0));
  EXPECT_EQ(this->get(id, 0, 1).error().code, ErrorCode::not_found);
  EXPECT_TRUE(this->list().empty());
  ASSERT_TRUE(this->put_part(id, object, proto::kVaultPart));
  EXPECT_EQ(this->get(id), object);
}

TYPED_TEST_P(VaultContract, AnUploadGoesOnWhereTheProcessWasKilled) {
  const auto id = this->alice_.id(1);
  const Bytes object = this->alice_.make_object(2 * proto::kVaultPart + 5);
  ASSERT_EQ(this->put_part(id, object, 0).value_or(0), proto::kVaultPart);
  this->backend_.kill();
  EXPECT_EQ(this->put_part(id, object, object.size()).value_or(0), proto::kVaultPart);
  EXPECT_EQ(this->put_part(id, object, 0).value_or(0), proto::kVaultPart);  // nothing is taken twice
  ASSERT_EQ(this->put_part(id, object, proto::kVaultPart).value_or(0), 2 * proto::kVaultPart);
  this->backend_.kill();
  ASSERT_EQ(this->put_part(id, object, 2 * proto::kVaultPart).value_or(0), object.size());
  this->backend_.kill();
  EXPECT_EQ(this->get(id), object);
}

TYPED_TEST_P(VaultContract, APartThatDoesNotBeginWhereTheObjectEndsIsNotTaken) {
  const auto id = this->alice_.id(1);
  const Bytes object = this->alice_.make_object(3 * proto::kVaultPart);
  EXPECT_EQ(this->put_part(id, object, proto::kVaultPart).value_or(1), 0u);
  ASSERT_TRUE(this->put_part(id, object, 0));
  EXPECT_EQ(this->put_part(id, object, 2 * proto::kVaultPart).value_or(1), proto::kVaultPart);
  EXPECT_EQ(this->put(id, object).value_or(0), object.size());
  EXPECT_EQ(this->get(id), object);
}

TYPED_TEST_P(VaultContract, AnIdenticalRepeatIsGoodAndOtherContentIsRefused) {
  const auto id = this->alice_.id(1);
  const Bytes object = this->alice_.make_object(3000);
  Bytes other = object;
  other.back() ^= 1;
  ASSERT_TRUE(this->put(id, object));
  EXPECT_EQ(this->put_part(id, object, 0).value_or(0), object.size());
  EXPECT_EQ(this->put_part(id, other, 0).error().code, ErrorCode::conflict);
  other.push_back(1);
  EXPECT_EQ(this->put_part(id, other, 0).error().code, ErrorCode::conflict);
  EXPECT_EQ(this->get(id), object);
}

TYPED_TEST_P(VaultContract, AnotherUploadTakesThePlaceOfOneThatIsNotWhole) {
  const auto id = this->alice_.id(1);
  const Bytes first = this->alice_.make_object(2 * proto::kVaultPart);
  const Bytes second = this->alice_.make_object(2 * proto::kVaultPart);
  const std::uint64_t room = this->left();
  ASSERT_TRUE(this->put_part(id, first, 0));
  EXPECT_EQ(this->put_part(id, second, second.size()).value_or(1), 0u);  // asking changes nothing
  EXPECT_EQ(this->put_part(id, first, first.size()).value_or(0), proto::kVaultPart);
  EXPECT_EQ(this->put(id, second).value_or(0), second.size());
  EXPECT_EQ(this->get(id), second);
  EXPECT_EQ(room - this->left(), second.size());
}

TYPED_TEST_P(VaultContract, WhatIsNotWhatWasAnnouncedIsDropped) {
  const auto id = this->alice_.id(1);
  const Bytes object = this->alice_.make_object(proto::kVaultPart + 10);
  const std::uint64_t room = this->left();
  ASSERT_TRUE(this->put_part(id, object, 0));
  auto last = this->alice_.put(id, object, proto::kVaultPart);
  last.data[3] ^= 1;
  EXPECT_EQ(this->ask(proto::kPathVaultPut, this->alice_.sign(last)), 400);
  EXPECT_EQ(this->refusal_, ErrorCode::inconsistent);
  EXPECT_EQ(this->put_part(id, object, object.size()).value_or(1), 0u);
  EXPECT_EQ(this->left(), room);
  EXPECT_EQ(this->put(id, object).value_or(0), object.size());
  EXPECT_EQ(this->get(id), object);
}

TYPED_TEST_P(VaultContract, PartsOfAWrongSizeOrPlaceAreRefused) {
  const Bytes object = this->alice_.make_object(proto::kVaultPart + 10);
  const auto good = this->alice_.put(this->alice_.id(1), object, 0);
  const auto refused = [&](auto change) {
    auto put = good;
    change(put);
    EXPECT_EQ(this->ask(proto::kPathVaultPut, this->alice_.sign(put)) / 100, 4);
    return this->refusal_;
  };
  EXPECT_EQ(refused([](auto& put) { put.data.pop_back(); }), ErrorCode::malformed);
  EXPECT_EQ(refused([](auto& put) { put.data.push_back(0); }), ErrorCode::over_limit);
  EXPECT_EQ(refused([](auto& put) { put.offset = 1; }), ErrorCode::malformed);
  EXPECT_EQ(refused([](auto& put) { put.offset = 2 * proto::kVaultPart; }), ErrorCode::malformed);
  EXPECT_EQ(refused([](auto& put) { put.size = 0; }), ErrorCode::malformed);
  EXPECT_EQ(refused([](auto& put) { put.size = proto::kMaxVaultObject + 1; }), ErrorCode::over_limit);
  EXPECT_EQ(this->put_part(this->alice_.id(1), object, object.size()).value_or(1), 0u);
}

TYPED_TEST_P(VaultContract, NobodyWritesWithAnotherKey) {
  VaultWriter thief(3);  // knows the ids, and not the key
  thief.vault = this->alice_.vault;
  thief.key_box = this->alice_.key_box;
  const auto id = this->alice_.id(1);
  const Bytes object = this->alice_.make_object(100);
  ASSERT_TRUE(this->put(id, object));
  ASSERT_EQ(this->ask(proto::kPathKeyBoxPut, this->alice_.put_key_box(1, "one")), 200);
  EXPECT_EQ(this->ask(proto::kPathVaultCreate, thief.create()), 409);
  EXPECT_EQ(this->ask(proto::kPathVaultPut, thief.put(this->alice_.id(2), object, 0)), 403);
  EXPECT_EQ(this->ask(proto::kPathVaultPrune, thief.prune({id})), 403);
  EXPECT_EQ(this->ask(proto::kPathVaultDelete, thief.remove()), 403);
  EXPECT_EQ(this->ask(proto::kPathKeyBoxPut, thief.put_key_box(2, "two")), 409);
  EXPECT_EQ(this->ask(proto::kPathKeyBoxDelete, thief.delete_key_box(1)), 403);
  auto renamed = thief.put_key_box(2, "two");  // as if it were the owner's
  renamed.write_key = this->alice_.key.public_key();
  EXPECT_EQ(this->ask(proto::kPathKeyBoxPut, renamed), 403);
  EXPECT_EQ(this->list().size(), 1u);
  EXPECT_EQ(this->get(id), object);
  ASSERT_EQ(this->ask(proto::kPathKeyBoxGet, proto::KeyBoxGet{this->alice_.key_box}), 200);
  EXPECT_EQ(this->template answer<proto::KeyBoxPut>().body, to_bytes("one"));
}

TYPED_TEST_P(VaultContract, ASignatureIsForOneRequestAlone) {
  const auto id = this->alice_.id(1);
  const Bytes object = this->alice_.make_object(100);
  const auto good = this->alice_.put(id, object, 0);
  const auto status = [&](auto change) {
    auto put = good;
    change(put);
    return this->ask(proto::kPathVaultPut, put);
  };
  EXPECT_EQ(status([](auto& put) { put.object.mutable_view()[0] ^= 1; }), 403);
  EXPECT_EQ(status([](auto& put) { put.digest.mutable_view()[0] ^= 1; }), 403);
  EXPECT_EQ(status([](auto& put) { put.data[0] ^= 1; }), 403);
  EXPECT_EQ(status([](auto& put) { put.size = 100 + proto::kVaultPart, put.data.resize(proto::kVaultPart); }), 403);
  EXPECT_EQ(status([](auto& put) { put.data.clear(); }), 403);
  EXPECT_EQ(status([](auto& put) { put.signature.mutable_view()[0] ^= 1; }), 403);
  EXPECT_EQ(status([](auto&) {}), 200);
  auto prune = this->alice_.prune({id});
  prune.signature = this->alice_.remove().signature;
  EXPECT_EQ(this->ask(proto::kPathVaultPrune, prune), 403);
  auto remove = this->alice_.remove();
  remove.signature = this->alice_.create().signature;
  EXPECT_EQ(this->ask(proto::kPathVaultDelete, remove), 403);
  // What was signed for another vault of the same key is nothing here.
  VaultWriter second(4);
  second.key = this->alice_.key.clone();
  ASSERT_EQ(this->ask(proto::kPathVaultCreate, second.create()), 200);
  auto moved = second.put(id, object, 0);
  moved.vault = this->alice_.vault;
  EXPECT_EQ(this->ask(proto::kPathVaultPut, moved), 403);
}

TYPED_TEST_P(VaultContract, ListsWholeObjectsInTheirOrderPageByPage) {
  constexpr std::size_t kCount = proto::kMaxVaultList + 2;
  std::vector<proto::VaultItem> wanted;
  for (std::size_t i = 0; i < kCount; ++i) {
    const auto id = random_value<proto::ObjectId>(this->alice_.entropy);
    const Bytes object = this->alice_.make_object(1 + i % 3);
    ASSERT_TRUE(this->put_part(id, object, 0));
    wanted.push_back({id, object.size()});
  }
  std::ranges::sort(wanted, {}, &proto::VaultItem::object);
  EXPECT_EQ(this->list(), wanted);
  const auto last = wanted.back().object;
  ASSERT_EQ(this->ask(proto::kPathVaultList, proto::VaultList{this->alice_.vault, last}), 200);
  EXPECT_TRUE(this->template answer<proto::VaultListAnswer>().items.empty());
  EXPECT_FALSE(this->template answer<proto::VaultListAnswer>().next);
}

TYPED_TEST_P(VaultContract, PruningDeletesObjectsWholeOrNotAndGivesRoomBack) {
  const std::uint64_t room = this->left();
  const Bytes object = this->alice_.make_object(2000);
  const Bytes large = this->alice_.make_object(2 * proto::kVaultPart);
  ASSERT_TRUE(this->put(this->alice_.id(1), object));
  ASSERT_TRUE(this->put(this->alice_.id(2), object));
  ASSERT_TRUE(this->put_part(this->alice_.id(3), large, 0));
  const auto prune = this->alice_.prune({this->alice_.id(1), this->alice_.id(3), this->alice_.id(9)});
  ASSERT_EQ(this->ask(proto::kPathVaultPrune, prune), 200);
  EXPECT_EQ(this->template answer<proto::VaultRoom>().left, room - object.size());
  EXPECT_TRUE(this->get(this->alice_.id(1)).empty());
  EXPECT_EQ(this->get(this->alice_.id(2)), object);
  EXPECT_EQ(this->put_part(this->alice_.id(3), large, large.size()).value_or(1), 0u);
  EXPECT_EQ(this->ask(proto::kPathVaultPrune, prune), 200);  // a repeat
  this->backend_.kill();
  EXPECT_EQ(this->list().size(), 1u);
}

TYPED_TEST_P(VaultContract, PruningTakesAListThatIsSortedAndShort) {
  auto& alice = this->alice_;
  EXPECT_EQ(this->ask(proto::kPathVaultPrune, alice.prune({alice.id(2), alice.id(1)})), 400);
  EXPECT_EQ(this->ask(proto::kPathVaultPrune, alice.prune({alice.id(1), alice.id(1)})), 400);
  std::vector<proto::ObjectId> many;
  for (std::size_t i = 0; i <= proto::kMaxVaultPrune; ++i) many.push_back(alice.id(static_cast<std::uint8_t>(i)));
  EXPECT_EQ(this->ask(proto::kPathVaultPrune, alice.prune(many)), 413);
}

TYPED_TEST_P(VaultContract, ADeletedVaultIsGoneAtOnceWithAllThatIsInIt) {
  const std::uint64_t room = this->left();
  const auto id = this->alice_.id(1);
  const Bytes object = this->alice_.make_object(2 * proto::kVaultPart + 1);
  ASSERT_TRUE(this->put(id, object));
  ASSERT_EQ(this->ask(proto::kPathVaultDelete, this->alice_.remove()), 200);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(this->get(id, 0, 1).error().code, ErrorCode::not_found);
    EXPECT_EQ(this->ask(proto::kPathVaultList, proto::VaultList{this->alice_.vault, {}}), 404);
    EXPECT_EQ(this->put_part(id, object, 0).error().code, ErrorCode::not_found);
    EXPECT_EQ(this->ask(proto::kPathVaultPrune, this->alice_.prune({id})), 404);
    EXPECT_EQ(this->ask(proto::kPathVaultDelete, this->alice_.remove()), 404);
    this->backend_.kill();
  }
  ASSERT_EQ(this->ask(proto::kPathVaultCreate, this->mallory_.create()), 200);
  EXPECT_GE(this->template answer<proto::VaultRoom>().left + 4096, room);
}

TYPED_TEST_P(VaultContract, WhatIsOverTheRoomIsRefusedAndWhatWasThereStays) {
  using Backend = TypeParam;
  const std::uint64_t room = this->left();
  EXPECT_LE(room, Backend::kRoom);
  const Bytes first = this->alice_.make_object(static_cast<std::size_t>(room / 2));
  const Bytes second = this->alice_.make_object(static_cast<std::size_t>(room - first.size() + 4096));
  ASSERT_TRUE(this->put(this->alice_.id(1), first));
  EXPECT_EQ(this->put(this->alice_.id(2), second).error().code, Backend::kOverRoom);
  EXPECT_EQ(this->put_part(this->alice_.id(2), second, second.size()).value_or(1), 0u);
  EXPECT_EQ(this->get(this->alice_.id(1)), first);
  ASSERT_EQ(this->ask(proto::kPathVaultPrune, this->alice_.prune({this->alice_.id(1)})), 200);
  this->backend_.settle();
  EXPECT_EQ(this->put(this->alice_.id(2), second).value_or(0), second.size());
}

TYPED_TEST_P(VaultContract, AFullDiskRefusesWhatIsNewKeepsAllAndLetsDelete) {
  const auto id = this->alice_.id(1);
  const Bytes object = this->alice_.make_object(2 * proto::kVaultPart);
  const Bytes small = this->alice_.make_object(5000);
  ASSERT_TRUE(this->put(this->alice_.id(2), small));
  ASSERT_EQ(this->ask(proto::kPathKeyBoxPut, this->alice_.put_key_box(1, "one")), 200);
  ASSERT_TRUE(this->put_part(id, object, 0));
  this->backend_.fill_disk(true);
  EXPECT_EQ(this->put_part(id, object, proto::kVaultPart).error().code, ErrorCode::storage_full);
  EXPECT_EQ(this->put_part(this->alice_.id(3), small, 0).error().code, ErrorCode::storage_full);
  EXPECT_EQ(this->ask(proto::kPathVaultCreate, this->mallory_.create()), 507);
  EXPECT_EQ(this->ask(proto::kPathKeyBoxPut, this->alice_.put_key_box(2, std::string(6000, '2'))), 507);
  EXPECT_EQ(this->get(this->alice_.id(2)), small);
  ASSERT_EQ(this->ask(proto::kPathKeyBoxGet, proto::KeyBoxGet{this->alice_.key_box}), 200);
  EXPECT_EQ(this->template answer<proto::KeyBoxPut>().body, to_bytes("one"));
  EXPECT_EQ(this->ask(proto::kPathVaultPrune, this->alice_.prune({this->alice_.id(2)})), 200);
  this->backend_.kill();
  this->backend_.fill_disk(false);
  EXPECT_EQ(this->put(id, object).value_or(0), object.size());
  EXPECT_EQ(this->get(id), object);
  this->backend_.fill_disk(true);
  EXPECT_EQ(this->ask(proto::kPathVaultDelete, this->alice_.remove()), 200);
  this->backend_.fill_disk(false);
}

TYPED_TEST_P(VaultContract, AKeyBoxIsReplacedOneVersionAfterTheOther) {
  auto& alice = this->alice_;
  const proto::KeyBoxGet get{alice.key_box};
  EXPECT_EQ(this->ask(proto::kPathKeyBoxGet, get), 404);
  EXPECT_EQ(this->ask(proto::kPathKeyBoxPut, alice.put_key_box(0, "zero")), 400);
  EXPECT_EQ(this->ask(proto::kPathKeyBoxPut, alice.put_key_box(2, "two")), 409);
  EXPECT_EQ(this->ask(proto::kPathKeyBoxPut, alice.put_key_box(1, "one")), 200);
  EXPECT_EQ(this->ask(proto::kPathKeyBoxPut, alice.put_key_box(1, "one")), 200);  // a repeat
  EXPECT_EQ(this->ask(proto::kPathKeyBoxPut, alice.put_key_box(1, "uno")), 409);  // somebody else was first
  EXPECT_EQ(this->ask(proto::kPathKeyBoxPut, alice.put_key_box(3, "three")), 409);
  EXPECT_EQ(this->ask(proto::kPathKeyBoxPut, alice.put_key_box(2, "two")), 200);
  EXPECT_EQ(this->ask(proto::kPathKeyBoxPut, alice.put_key_box(1, "one")), 409);
  this->backend_.kill();
  ASSERT_EQ(this->ask(proto::kPathKeyBoxGet, get), 200);
  EXPECT_EQ(this->body_, wire::encode(alice.put_key_box(2, "two")));
  auto huge = alice.put_key_box(3, std::string(proto::kMaxKeyBox + 1, 'x'));
  EXPECT_EQ(this->ask(proto::kPathKeyBoxPut, huge), 413);
  EXPECT_EQ(this->ask(proto::kPathKeyBoxPut, alice.put_key_box(3, std::string(proto::kMaxKeyBox, 'x'))), 200);
}

TYPED_TEST_P(VaultContract, AKeyBoxIsDeletedAtTheVersionThatStands) {
  auto& alice = this->alice_;
  EXPECT_EQ(this->ask(proto::kPathKeyBoxDelete, alice.delete_key_box(1)), 404);
  ASSERT_EQ(this->ask(proto::kPathKeyBoxPut, alice.put_key_box(1, "one")), 200);
  ASSERT_EQ(this->ask(proto::kPathKeyBoxPut, alice.put_key_box(2, "two")), 200);
  EXPECT_EQ(this->ask(proto::kPathKeyBoxDelete, alice.delete_key_box(1)), 409);
  EXPECT_EQ(this->ask(proto::kPathKeyBoxDelete, alice.delete_key_box(2)), 200);
  EXPECT_EQ(this->ask(proto::kPathKeyBoxGet, proto::KeyBoxGet{alice.key_box}), 404);
  EXPECT_EQ(this->ask(proto::kPathKeyBoxPut, alice.put_key_box(1, "again")), 200);
}

TYPED_TEST_P(VaultContract, BodiesThatAreNoRequestAreRefused) {
  const std::string_view paths[] = {proto::kPathVaultCreate, proto::kPathVaultPut,   proto::kPathVaultGet,
                                    proto::kPathVaultList,   proto::kPathVaultPrune, proto::kPathVaultDelete,
                                    proto::kPathKeyBoxPut,   proto::kPathKeyBoxGet,  proto::kPathKeyBoxDelete};
  for (const std::string_view path : paths) {
    EXPECT_EQ(this->backend_.call(path, Bytes(3, 1)).status, 400) << path;
    EXPECT_EQ(this->backend_.call(path, {}).status, 400) << path;
  }
  EXPECT_EQ(this->backend_.call("/v1/vault/steal", {}).status, 404);
}

REGISTER_TYPED_TEST_SUITE_P(VaultContract, GivesBackWhatWasPutWholeAndInRanges,
                            TheSmallestObjectAndOneOfWholePartsAreObjectsToo, ARangeBeyondTheEndIsRefused,
                            AnObjectIsNotThereBeforeItIsWhole, AnUploadGoesOnWhereTheProcessWasKilled,
                            APartThatDoesNotBeginWhereTheObjectEndsIsNotTaken,
                            AnIdenticalRepeatIsGoodAndOtherContentIsRefused,
                            AnotherUploadTakesThePlaceOfOneThatIsNotWhole, WhatIsNotWhatWasAnnouncedIsDropped,
                            PartsOfAWrongSizeOrPlaceAreRefused, NobodyWritesWithAnotherKey,
                            ASignatureIsForOneRequestAlone, ListsWholeObjectsInTheirOrderPageByPage,
                            PruningDeletesObjectsWholeOrNotAndGivesRoomBack, PruningTakesAListThatIsSortedAndShort,
                            ADeletedVaultIsGoneAtOnceWithAllThatIsInIt, WhatIsOverTheRoomIsRefusedAndWhatWasThereStays,
                            AFullDiskRefusesWhatIsNewKeepsAllAndLetsDelete, AKeyBoxIsReplacedOneVersionAfterTheOther,
                            AKeyBoxIsDeletedAtTheVersionThatStands, BodiesThatAreNoRequestAreRefused);

}  // namespace cairn::testing
