#include "core/vault/token.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "tests/support/fake_realm.h"
#include "tests/support/refused.h"

namespace cairn::vault {
namespace {

using testing::FakeRealm;
using testing::refused;
using Fates = std::vector<RealmFate>;
using Recovery = TokenRecovery::State;
constexpr auto kTokenGood = RealmFate::good;

/// A generation whose token three realms share, two of them enough.
struct TokenWorld {
  TokenWorld() : realms(testing::fake_realms(3)), set(set_of(realms, 2)) {
    root = random_secret<BackupRoot>(entropy);
    entropy.fill(recovery_secret);
    auto shared = share_token(set, root, entropy);
    CHECK(shared.has_value());
    token = to_hex(shared->token.expose());
    for (std::size_t i = 0; i < realms.size(); ++i) {
      realms[i].token = testing::clone(shared->shares[i]);
      realms[i].record = token_record_id(root, realms[i].id());
      realms[i].release_key = token_release_key(root).public_key();
      realms[i].erase_key = token_erase_key(recovery_secret).public_key();
    }
  }
  template <class Machine>
  void run(Machine& machine) {
    for (auto asks = machine.take_asks(); !asks.empty(); asks = machine.take_asks()) {
      for (const TokenAsk& ask : asks) machine.take(ask.realm, realms[ask.realm].token_request(ask));
    }
  }
  TokenRecovery recover() {
    auto out = TokenRecovery::begin(set, root);
    CHECK(out.has_value());
    run(*out);
    return std::move(*out);
  }
  void expect_recovered(const Fates& fates) {
    TokenRecovery recovery = recover();
    ASSERT_EQ(recovery.state(), Recovery::recovered);
    EXPECT_EQ(to_hex(recovery.take_token().expose()), token);
    EXPECT_EQ(recovery.fates(), fates);
  }
  TokenChange change(TokenChange::Wish wish, TokenKeyKind by) {
    auto key = by == TokenKeyKind::release ? token_release_key(root) : token_erase_key(recovery_secret);
    auto out = TokenChange::begin(set, root, wish, by, std::move(key));
    CHECK(out.has_value());
    run(*out);
    return std::move(*out);
  }

  testing::SeededEntropy entropy{1};
  std::vector<FakeRealm> realms;
  RealmSet set;
  BackupRoot root;
  Bytes recovery_secret = Bytes(20);
  std::string token;
};

TEST(Token, ComesBackFromAnyTwoOfThree) {
  TokenWorld world;
  world.expect_recovered({kTokenGood, kTokenGood, kTokenGood});  // who answers when it is there is judged, too
  world.realms[0].alive = false;
  world.expect_recovered({RealmFate::dead, kTokenGood, kTokenGood});
  world.realms[1].alive = false;
  EXPECT_EQ(world.recover().state(), Recovery::no_quorum);
}

TEST(Token, NamesARealmWhoseShareIsWrong) {
  const std::function<void(TokenState&)> spoils[] = {
      [](TokenState& s) { s.share->share.expose_mutable()[3] ^= 1; },
      [](TokenState& s) { s.share->mac.mutable_view()[3] ^= 1; },
      [](TokenState& s) { s.share->check.mutable_view()[3] ^= 1; },
      [](TokenState& s) { s.share->index = 2; },
      [](TokenState& s) { s.share.reset(); },
  };
  for (const auto& spoil : spoils) {
    TokenWorld world;
    world.realms[0].spoil_token = spoil;
    world.expect_recovered({RealmFate::wrong_share, kTokenGood, kTokenGood});
    world.realms[1].alive = false;
    EXPECT_EQ(world.recover().state(), Recovery::no_quorum);
  }
}

/// The answers of realms 0 to 2 in this order, whether or not the token is there before the last.
void expect_first_token(TokenWorld& world, const std::vector<std::size_t>& order, const Fates& fates) {
  auto recovery = TokenRecovery::begin(world.set, world.root);
  const auto asks = recovery->take_asks();
  for (const std::size_t i : order) recovery->take(i, world.realms[i].token_request(asks[i]));
  ASSERT_EQ(recovery->state(), Recovery::recovered);
  EXPECT_EQ(to_hex(recovery->take_token().expose()), world.token);
  EXPECT_EQ(recovery->fates(), fates);
}

// A device that was removed knows the root: it can share a token of its own, and give the share to a realm that was
// dead when the first was shared.
TEST(Token, IsTheOneThatEnoughRealmsShareAndNamesWhoHasAnother) {
  TokenWorld world;
  const auto second = share_token(world.set, world.root, world.entropy);
  world.realms[2].token = testing::clone(second->shares[2]);
  std::vector<std::size_t> order = {0, 1, 2};
  do {
    expect_first_token(world, order, {kTokenGood, kTokenGood, RealmFate::other_version});
  } while (std::next_permutation(order.begin(), order.end()));
  world.realms[1].alive = false;
  EXPECT_EQ(world.recover().state(), Recovery::no_quorum);
}

// With the root such a device can also make a realm's share look good, and claim to be of the first sharing.
TEST(Token, ComesBackBesideAWrongShareThatClaimsToBeOfTheSameSharing) {
  TokenWorld world;
  const auto second = share_token(world.set, world.root, world.entropy);
  TokenShare forged = testing::clone(second->shares[2]);
  forged.check = world.realms[0].token->check;
  crypto::kdf(world.root.expose(), crypto::kDeriveTokenMac,
              concat({world.realms[2].id(), Bytes{3}, forged.check, forged.share.expose()}), forged.mac.mutable_view());
  world.realms[2].token = std::move(forged);
  std::vector<std::size_t> order = {0, 1, 2};
  do {
    expect_first_token(world, order, {kTokenGood, kTokenGood, RealmFate::wrong_share});
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Token, NamesNobodyWhenSomethingChangedMeanwhile) {
  TokenWorld world;
  auto change = TokenChange::begin(world.set, world.root, TokenChange::Wish::cancel, TokenKeyKind::release,
                                   token_release_key(world.root));
  for (const TokenAsk& ask : change->take_asks()) change->take(ask.realm, world.realms[ask.realm].token_request(ask));
  for (std::size_t i = 0; i < 3; ++i) change->take(i, fail(ErrorCode::stale, "another device was first"));
  for (const RealmFate fate : change->fates()) EXPECT_EQ(fate, RealmFate::refused);
  for (const ErrorCode code : {ErrorCode::stale, ErrorCode::not_authorised, ErrorCode::duplicate}) {
    EXPECT_FALSE(broke_a_rule(fate_of(code)));
  }
}

TEST(Token, NamesARealmWhoseReceiptIsForged) {
  TokenWorld world;
  world.realms[0].spoil_token = [](TokenState& s) {
    s.share.reset();
    s.receipt = ErasureReceipt{};
  };
  world.expect_recovered({RealmFate::wrong_signature, kTokenGood, kTokenGood});
  // A good receipt of another realm, or for another generation, is none either.
  world.realms[2].erase();
  const ErasureReceipt receipt = *world.realms[2].state.receipt;
  EXPECT_TRUE(verify_receipt(receipt, world.root, world.realms[2].id()));
  EXPECT_TRUE(refused(verify_receipt(receipt, world.root, world.realms[0].id()), "whose receipt"));
  EXPECT_TRUE(refused(verify_receipt(receipt, BackupRoot(), world.realms[2].id()), "whose receipt"));
  ErasureReceipt later = receipt;
  ++later.time_ms;
  EXPECT_FALSE(verify_receipt(later, world.root, world.realms[2].id()));
}

TEST(Token, IsGoneWhenSoManyHaveErasedThatTooFewAreLeft) {
  TokenWorld world;
  world.realms[1].erase();
  world.expect_recovered({kTokenGood, RealmFate::nothing_here, kTokenGood});
  world.realms[0].erase();
  EXPECT_EQ(world.recover().state(), Recovery::erased);
}

TEST(Token, IsErasedAtOnceByTheRecoveryKey) {
  TokenWorld world;
  const TokenChange change = world.change(TokenChange::Wish::erase, TokenKeyKind::erase);
  EXPECT_TRUE(change.done());
  EXPECT_TRUE(change.gone());
  EXPECT_EQ(change.receipts().size(), 3u);
  EXPECT_EQ(change.fates(), (Fates{kTokenGood, kTokenGood, kTokenGood}));
  EXPECT_EQ(world.recover().state(), Recovery::erased);
  const TokenChange again = world.change(TokenChange::Wish::erase, TokenKeyKind::erase);
  EXPECT_EQ(again.receipts().size(), 3u);  // they are shown again
}

TEST(Token, WaitsWhenADeviceDeletesItAndCanBeKept) {
  TokenWorld world;
  const TokenChange change = world.change(TokenChange::Wish::erase, TokenKeyKind::release);
  EXPECT_EQ(change.waiting(), 3u);
  EXPECT_FALSE(change.gone());
  TokenRecovery recovery = world.recover();
  EXPECT_EQ(recovery.state(), Recovery::recovered);
  EXPECT_EQ(recovery.ends_at_ms(), 72u);
  const TokenChange kept = world.change(TokenChange::Wish::cancel, TokenKeyKind::release);
  EXPECT_EQ(kept.fates(), (Fates{kTokenGood, kTokenGood, kTokenGood}));
  EXPECT_FALSE(world.recover().ends_at_ms());
}

TEST(Token, TheWordOfFewerThanItTakesEndsNothing) {
  TokenWorld world;
  world.realms[1].spoil_token = [](TokenState& s) { s.erase_at_ms = 1; };
  TokenRecovery one = world.recover();
  EXPECT_EQ(one.state(), Recovery::recovered);
  EXPECT_FALSE(one.ends_at_ms());
  EXPECT_EQ(one.waiting(), std::vector<std::size_t>{1});
  // With one more it ends when both have erased, whatever the first one says of its time.
  world.realms[2].spoil_token = [](TokenState& s) { s.erase_at_ms = 500; };
  EXPECT_EQ(world.recover().ends_at_ms(), 500u);
  // One that has erased already counts, and one that lies about its share does not.
  world.realms[2].spoil_token = {};
  world.realms[2].erase();
  EXPECT_EQ(world.recover().ends_at_ms(), 1u);
  world.realms[1].spoil_token = [](TokenState& s) {
    s.erase_at_ms = 1;
    if (s.share) s.share->mac = {};
  };
  EXPECT_TRUE(world.recover().waiting().empty());
}

TEST(Token, CountsOnlyRealmsThatErased) {
  TokenWorld world;
  world.realms[0].alive = false;
  world.realms[1].spoil_token = [](TokenState& s) { s.receipt.reset(); };
  const TokenChange change = world.change(TokenChange::Wish::erase, TokenKeyKind::erase);
  EXPECT_EQ(change.fates(), (Fates{RealmFate::dead, RealmFate::refused, kTokenGood}));
  EXPECT_FALSE(change.gone());
  auto slow = TokenChange::begin(world.set, world.root, TokenChange::Wish::erase, TokenKeyKind::erase,
                                 token_erase_key(world.recovery_secret));
  EXPECT_FALSE(slow->done());
  slow->expire();
  EXPECT_TRUE(slow->done());
}

TEST(Token, HasKeysAndIdsOfItsOwn) {
  TokenWorld world;
  EXPECT_NE(token_record_id(world.root, world.set.realms[0]), token_record_id(world.root, world.set.realms[1]));
  EXPECT_NE(token_release_key(world.root).public_key(), token_erase_key(world.root.expose()).public_key());
  const auto a = share_token(world.set, world.root, world.entropy);
  const auto b = share_token(world.set, world.root, world.entropy);
  EXPECT_NE(to_hex(a->token.expose()), to_hex(b->token.expose()));
  EXPECT_TRUE(refused(share_token({world.set.realms, 1}, world.root, world.entropy), "threshold of realms"));
  EXPECT_TRUE(refused(TokenRecovery::begin({world.set.realms, 1}, world.root), "threshold of realms"));
}

}  // namespace
}  // namespace cairn::vault
