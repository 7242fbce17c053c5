#include "core/directory/chain.h"

#include "core/crypto/hash.h"
#include "tests/support/refused.h"
#include "tests/support/test_person.h"

namespace cairn::directory {
namespace {

using cairn::testing::accepted;
using cairn::testing::refused;
using cairn::testing::TestDevice;
using cairn::testing::TestPerson;

/// alice with two devices.
class Chain : public ::testing::Test {
 protected:
  Chain()
      : alice("alice@example.org"), first(alice.new_device()), second(alice.new_device()), third(alice.new_device()) {
    alice.take(alice.genesis(first));
    alice.take(alice.add(second, first));
  }

  /// Refused by this rule, and nothing has changed.
  ::testing::AssertionResult refuses(const Statement& statement, std::string_view rule) {
    const NameState before = alice.state;
    const auto result = alice.state.apply(statement);
    if (!(alice.state == before)) return ::testing::AssertionFailure() << "the state changed";
    return refused(result, rule);
  }

  TestPerson alice;
  TestDevice first, second, third;
};

TEST_F(Chain, FollowsTheHashesOfTheSpecification) {
  Hash head;
  for (const Statement& statement : alice.statements) {
    const std::uint8_t four = 4, five = 5;
    const Hash commitment = crypto::sha256({{&four, 1}, wire::encode(statement)});
    EXPECT_EQ(statement.commitment(), commitment);
    head = crypto::sha256({{&five, 1}, head, commitment});
  }
  EXPECT_EQ(alice.state.head(), head);
  EXPECT_EQ(alice.state.count(), 2u);
}

TEST_F(Chain, KnowsWhoIsActiveAndWhoWas) {
  alice.take(alice.by_device(RemoveDevice{first.device.id()}, second));
  EXPECT_FALSE(alice.state.is_active(first.device.id()));
  ASSERT_NE(alice.state.find(first.device.id()), nullptr);
  EXPECT_EQ(alice.state.find(first.device.id())->removed, 2u);
  EXPECT_EQ(alice.state.find_by_key(third.device.signature_key), nullptr);
  EXPECT_EQ(alice.state.active_devices(), std::vector<Device>{second.device});
  EXPECT_EQ(alice.state.devices().size(), 2u);
}

TEST_F(Chain, StoresAndRestores) {
  const TestDevice stranger = alice.new_device();
  alice.take(alice.by_device(RemoveDevice{first.device.id()}, second));
  alice.take(alice.request(stranger, 9));
  EXPECT_EQ(wire::decode<NameState>(wire::encode(alice.state)), alice.state);
  alice.take(alice.by_new_device(CompleteReset{3}, stranger));
  EXPECT_EQ(wire::decode<NameState>(wire::encode(alice.state)), alice.state);
  Bytes bytes = wire::encode(alice.state);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(wire::decode<NameState>(ByteView(bytes).first(size)));
  }
}

TEST_F(Chain, RefusesAnotherName) {
  TestPerson bob("bob@example.org");
  EXPECT_TRUE(refused(bob.state.apply(alice.statements[0]), "chain: a statement of another name"));
}

TEST_F(Chain, RefusesAnotherPlace) {
  EXPECT_TRUE(refuses(alice.statements[1], "chain: its place is taken"));
  EXPECT_EQ(alice.state.apply(alice.statements[1]).error().code, ErrorCode::stale);
  Statement later{alice.content(AddDevice{third.device}), {}};
  later.content.sequence = 3;
  later.signatures = {sign_as_device(later.content, first.key), sign_as_new_device(later.content, third.key)};
  EXPECT_TRUE(refuses(later, "chain: statements before it are missing"));
  Statement forked{alice.content(AddDevice{third.device}), {}};
  forked.content.previous = Hash{};
  forked.signatures = {sign_as_device(forked.content, first.key), sign_as_new_device(forked.content, third.key)};
  EXPECT_TRUE(refuses(forked, "chain: follows another history"));
}

TEST_F(Chain, BeginsWithAGenesisAndHasOne) {
  EXPECT_TRUE(refuses(alice.genesis(third), "chain: a genesis comes first and once"));
  TestPerson bob("bob@example.org");
  EXPECT_TRUE(refused(bob.state.apply(bob.add_by_recovery(bob.new_device())), "chain: a genesis comes first and once"));
  Statement nonzero{bob.content(Genesis{third.device, Hash{}, 0}), {}};
  nonzero.content.previous.mutable_view()[0] = 1;
  nonzero.signatures = {sign_as_new_device(nonzero.content, third.key)};
  EXPECT_TRUE(refused(bob.state.apply(nonzero), "chain: follows another history"));
}

TEST_F(Chain, WantsAGenesisSignedByItsDevice) {
  TestPerson bob("bob@example.org");
  EXPECT_TRUE(refused(bob.state.apply(bob.by_new_device(Genesis{first.device, Hash{}, 0}, second)),
                      "chain: not signed by the new device"));
}

TEST_F(Chain, BoundsTheResetDelay) {
  for (std::uint32_t delay : {1u, kMinResetDelayS - 1, kMaxResetDelayS + 1, ~0u}) {
    TestPerson bob("bob@example.org");
    EXPECT_TRUE(refused(bob.state.apply(bob.genesis(first, delay)), "chain: reset delay"));
    EXPECT_TRUE(refuses(alice.by_recovery(SetResetDelay{delay}), "chain: reset delay"));
    EXPECT_TRUE(refuses(alice.request(third, 1, delay), "chain: reset delay"));
  }
  for (std::uint32_t delay : {0u, kMinResetDelayS, kMaxResetDelayS}) {
    EXPECT_TRUE(accepted(apply(alice.state, alice.by_recovery(SetResetDelay{delay}))));
  }
}

TEST_F(Chain, LetsOnlyActiveDevicesOfTheNameDecide) {
  EXPECT_TRUE(refuses(alice.add(third, third), "chain: not an active device"));
  EXPECT_TRUE(refuses(alice.by_device(RemoveDevice{first.device.id()}, third), "chain: not an active device"));
  alice.take(alice.by_device(RemoveDevice{first.device.id()}, second));
  EXPECT_TRUE(refuses(alice.add(third, first), "chain: not an active device"));
  EXPECT_TRUE(refuses(alice.by_device(RemoveDevice{second.device.id()}, first), "chain: not an active device"));
}

TEST_F(Chain, WantsTheNewcomersOwnSignature) {
  Statement statement = alice.by_device(AddDevice{third.device}, first);
  statement.signatures.push_back(sign_as_new_device(statement.content, second.key));
  EXPECT_TRUE(refuses(statement, "chain: not signed by the new device"));
}

TEST_F(Chain, RefusesAWrongSignature) {
  Statement statement = alice.add(third, first);
  statement.signatures[1].signature.mutable_view()[5] ^= 1;
  EXPECT_EQ(alice.state.apply(statement).error().code, ErrorCode::invalid_signature);
  statement = alice.add(third, first);
  statement.content.time_ms ^= 1;
  EXPECT_EQ(alice.state.apply(statement).error().code, ErrorCode::invalid_signature);
}

TEST_F(Chain, NeverTakesAKeyTwice) {
  EXPECT_TRUE(refuses(alice.add(second, first), "chain: a device key comes again"));
  alice.take(alice.by_device(RemoveDevice{second.device.id()}, first));
  EXPECT_TRUE(refuses(alice.add(second, first), "chain: a device key comes again"));
  EXPECT_TRUE(refuses(alice.request(second, 1), "chain: a device key comes again"));
  alice.take(alice.request(third, 1));
  alice.take(alice.by_device(VetoReset{}, first));
  EXPECT_TRUE(refuses(alice.add(third, first), "chain: a device key comes again"));
  EXPECT_TRUE(refuses(alice.request(third, 1), "chain: a device key comes again"));
}

TEST_F(Chain, NeverSharesAMailboxAmongActiveDevices) {
  third.device.mailbox = second.device.mailbox;
  EXPECT_TRUE(refuses(alice.add(third, first), "chain: a mailbox comes again"));
  alice.take(alice.by_device(RemoveDevice{second.device.id()}, first));
  EXPECT_TRUE(accepted(apply(alice.state, alice.add(third, first))));
}

TEST_F(Chain, RefusesBadListsOfSuites) {
  third.device.suites = {1, 1};
  EXPECT_TRUE(refuses(alice.add(third, first), "device: a suite twice"));
  third.device.suites = {};
  EXPECT_TRUE(refuses(alice.request(third, 1), "device: number of suites"));
}

TEST_F(Chain, RemovesOnlyActiveDevices) {
  EXPECT_TRUE(refuses(alice.by_device(RemoveDevice{third.device.id()}, first), "chain: no such active device"));
  alice.take(alice.by_device(RemoveDevice{second.device.id()}, first));
  EXPECT_TRUE(refuses(alice.by_device(RemoveDevice{second.device.id()}, first), "chain: no such active device"));
}

TEST_F(Chain, RemovesTheLastDeviceByTheRecoveryKeyAlone) {
  alice.take(alice.by_device(RemoveDevice{second.device.id()}, first));
  EXPECT_TRUE(refuses(alice.by_device(RemoveDevice{first.device.id()}, first), "chain: the last device"));
  alice.take(alice.by_recovery(RemoveDevice{first.device.id()}));
  EXPECT_EQ(alice.state.active_count(), 0u);
  EXPECT_TRUE(alice.state.veto_holders().empty());
  alice.take(alice.add_by_recovery(third));
  EXPECT_TRUE(alice.state.is_active(third.device.id()));
}

TEST_F(Chain, ActsByTheRecoveryKeyInForceAlone) {
  const Statement by_old = alice.by_recovery(ReplaceRecovery{});
  alice.take(by_old);
  EXPECT_EQ(alice.state.recovery_commitment(), alice.recovery(1).commitment());
  alice.generation = 0;
  EXPECT_TRUE(refuses(alice.by_recovery(ReplaceRecovery{}), "chain: not the recovery key"));
  alice.generation = 2;
  EXPECT_TRUE(refuses(alice.by_recovery(ReplaceRecovery{}), "chain: not the recovery key"));
  alice.generation = 1;
  Statement other_kem{alice.content(ReplaceRecovery{}), {}};
  other_kem.content.next_recovery = alice.recovery(2).commitment();
  StatementSignature signature = sign_as_recovery(other_kem.content, alice.recovery());
  signature.kem_hash = alice.recovery(5).kem_hash();
  other_kem.signatures = {signature};
  EXPECT_TRUE(refuses(other_kem, "chain: not the recovery key"));
}

TEST_F(Chain, NeverComesBackToARecoveryKey) {
  alice.take(alice.by_recovery(ReplaceRecovery{}));
  for (std::uint32_t generation : {0u, 1u}) {
    Statement again{alice.content(ReplaceRecovery{}), {}};
    again.content.next_recovery = alice.recovery(generation).commitment();
    again.signatures = {sign_as_recovery(again.content, alice.recovery())};
    EXPECT_TRUE(refuses(again, "chain: a recovery key comes again"));
    EXPECT_TRUE(refuses(alice.request(third, generation), "chain: a recovery key comes again"));
  }
}

TEST_F(Chain, KeepsToThirtyTwoActiveDevices) {
  while (alice.state.active_count() < kMaxActiveDevices) alice.take(alice.add(alice.new_device(), first));
  EXPECT_TRUE(refuses(alice.add(third, first), "chain: too many devices"));
  EXPECT_TRUE(refuses(alice.add_by_recovery(third), "chain: too many devices"));
}

// Otherwise a thief adds and removes devices until those of the owner are pushed out of the veto.
TEST_F(Chain, KeepsEveryHolderOfTheVetoUntilTheRecoveryKeySpeaks) {
  alice.take(alice.by_device(RemoveDevice{first.device.id()}, second));
  while (alice.state.veto_holders().size() < kMaxVetoHolders) {
    const TestDevice next = alice.new_device();
    alice.take(alice.add(next, second));
    alice.take(alice.by_device(RemoveDevice{next.device.id()}, second));
  }
  EXPECT_TRUE(refuses(alice.add(third, second), "chain: too many holders of the veto"));
  alice.take(alice.add_by_recovery(third));
  EXPECT_EQ(alice.state.veto_holders().size(), 2u);
}

TEST_F(Chain, ResetRunsFromRequestToCompletion) {
  const TestDevice stranger = alice.new_device();
  const NameState before = alice.state;
  alice.take(alice.request(stranger, 7, kMinResetDelayS));
  ASSERT_TRUE(alice.state.open_reset());
  EXPECT_EQ(alice.state.active_devices(), before.active_devices());
  EXPECT_EQ(alice.state.find(stranger.device.id()), nullptr);  // asked for, not authorised
  alice.take(alice.by_new_device(CompleteReset{2}, stranger));
  EXPECT_FALSE(alice.state.open_reset());
  EXPECT_EQ(alice.state.active_devices(), std::vector<Device>{stranger.device});
  EXPECT_EQ(alice.state.recovery_commitment(), alice.recovery(7).commitment());
  EXPECT_EQ(alice.state.reset_delay_s(), kMinResetDelayS);
  EXPECT_EQ(alice.state.completed_resets(), (std::vector<CompletedReset>{{2, 3}}));
  EXPECT_EQ(alice.state.veto_holders(), std::vector<PublicKey>{stranger.device.signature_key});
  EXPECT_EQ(alice.state.find(first.device.id())->removed, 3u);
}

TEST_F(Chain, LetsAnActiveDeviceRequestItsOwnReset) {
  alice.take(alice.request(second, 4));
  alice.take(alice.by_new_device(CompleteReset{2}, second));
  EXPECT_EQ(alice.state.active_devices(), std::vector<Device>{second.device});
  EXPECT_EQ(alice.state.devices().size(), 3u);
  EXPECT_TRUE(alice.state.find(second.device.id())->active());
  // Active again, it may once more, though its key stood in a request.
  EXPECT_TRUE(accepted(apply(alice.state, alice.request(second, 5))));
}

TEST_F(Chain, AllowsNoResetWhereTheOwnerAllowsNone) {
  alice.take(alice.by_recovery(SetResetDelay{0}));
  EXPECT_TRUE(refuses(alice.request(third, 4), "chain: the owner allows no resets"));
}

TEST_F(Chain, AllowsOnlyVetoAndCompletionWhileAResetIsRequested) {
  EXPECT_TRUE(refuses(alice.by_device(VetoReset{}, first), "chain: no reset is requested"));
  EXPECT_TRUE(refuses(alice.by_new_device(CompleteReset{0}, third), "chain: no reset is requested"));
  alice.take(alice.request(third, 4));
  const TestDevice fourth = alice.new_device();
  EXPECT_TRUE(refuses(alice.add(fourth, first), "chain: a reset is requested"));
  EXPECT_TRUE(refuses(alice.add_by_recovery(fourth), "chain: a reset is requested"));
  EXPECT_TRUE(refuses(alice.by_device(RemoveDevice{second.device.id()}, first), "chain: a reset is requested"));
  EXPECT_TRUE(refuses(alice.by_recovery(ReplaceRecovery{}), "chain: a reset is requested"));
  EXPECT_TRUE(refuses(alice.by_recovery(SetResetDelay{0}), "chain: a reset is requested"));
  EXPECT_TRUE(refuses(alice.request(fourth, 5), "chain: a reset is requested"));
}

TEST_F(Chain, CompletesOnlyTheRequestByItsDevice) {
  alice.take(alice.request(third, 4));
  EXPECT_TRUE(refuses(alice.by_new_device(CompleteReset{1}, third), "chain: another request"));
  EXPECT_TRUE(refuses(alice.by_new_device(CompleteReset{2}, first), "chain: not signed by the new device"));
}

TEST_F(Chain, TakesTheVetoOfItsHoldersAlone) {
  alice.take(alice.by_device(RemoveDevice{first.device.id()}, second));
  alice.take(alice.request(third, 4));
  EXPECT_TRUE(refuses(alice.by_device(VetoReset{}, third), "chain: does not hold the veto"));
  EXPECT_TRUE(accepted(apply(alice.state, alice.by_device(VetoReset{}, second))));
  EXPECT_TRUE(accepted(apply(alice.state, alice.by_recovery(VetoReset{}))));
  // Removed by a device: a thief of one device must not get rid of the veto that way.
  EXPECT_TRUE(accepted(apply(alice.state, alice.by_device(VetoReset{}, first))));
}

TEST_F(Chain, EndsTheVetoOfRemovedDevicesByTheRecoveryKey) {
  alice.take(alice.by_device(RemoveDevice{first.device.id()}, second));
  alice.take(alice.by_recovery(ReplaceRecovery{}));
  alice.take(alice.request(third, 4));
  EXPECT_TRUE(refuses(alice.by_device(VetoReset{}, first), "chain: does not hold the veto"));
}

TEST_F(Chain, GivesNoVetoToDevicesThatTheRecoveryKeyRemoved) {
  alice.take(alice.by_recovery(RemoveDevice{first.device.id()}));
  alice.take(alice.request(third, 4));
  EXPECT_TRUE(refuses(alice.by_device(VetoReset{}, first), "chain: does not hold the veto"));
}

TEST_F(Chain, ObeysAValidRemovalAndNothingElse) {
  const NameState before = alice.state;
  const auto removal = alice.by_device(RemoveDevice{second.device.id()}, first);
  EXPECT_EQ(*obey_removal(before, removal), second.device.id());
  EXPECT_TRUE(refused(obey_removal(before, alice.add(third, first)), "chain: not a removal"));
  Statement forged = removal;
  forged.signatures[0].signature.mutable_view()[0] ^= 1;
  EXPECT_FALSE(obey_removal(before, forged));
}

TEST_F(Chain, KeepsItsLastPlacesForRecoveryAndResets) {
  // Two statements a turn, so that no list of the state grows with the chain but the one of devices.
  while (alice.state.count() < kReservedStatements) {
    if (alice.state.veto_holders().size() == kMaxVetoHolders) {
      alice.take(alice.by_recovery(ReplaceRecovery{}));
      continue;
    }
    const TestDevice next = alice.new_device();
    alice.take(alice.add(next, first));
    if (alice.state.count() == kReservedStatements) break;
    alice.take(alice.by_device(RemoveDevice{next.device.id()}, first));
  }
  constexpr std::string_view kKept = "chain: what is left is for the recovery key and resets";
  EXPECT_TRUE(refuses(alice.add(third, first), kKept));
  EXPECT_TRUE(refuses(alice.by_device(RemoveDevice{second.device.id()}, first), kKept));
  EXPECT_TRUE(accepted(apply(alice.state, alice.by_recovery(ReplaceRecovery{}))));
  while (alice.state.count() < kMaxStatements - 1) {
    alice.take(alice.request(alice.new_device(), 9999));
    if (alice.state.count() < kMaxStatements) alice.take(alice.by_device(VetoReset{}, first));
    if (alice.state.count() == kMaxStatements - 2) alice.take(alice.by_recovery(ReplaceRecovery{}));
  }
  ASSERT_EQ(alice.state.count(), kMaxStatements - 1);
  EXPECT_TRUE(refuses(alice.request(third, 9999), "chain: no room for the end of a reset"));
  alice.take(alice.by_recovery(ReplaceRecovery{}));
  EXPECT_TRUE(refuses(alice.by_recovery(ReplaceRecovery{}), "chain: full"));
  EXPECT_EQ(wire::decode<NameState>(wire::encode(alice.state)), alice.state);
}

TEST_F(Chain, ApplyLeavesItsArgumentAlone) {
  const NameState before = alice.state;
  const auto next = apply(before, alice.add(third, first));
  ASSERT_TRUE(accepted(next));
  EXPECT_EQ(before, alice.state);
  EXPECT_EQ(next->count(), before.count() + 1);
}

}  // namespace
}  // namespace cairn::directory
