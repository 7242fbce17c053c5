// A signal to the byte, and what no member and no server can make of one.
#include "core/client/signal.h"

#include <gtest/gtest.h>

#include "core/crypto/aead.h"
#include "tests/support/hostile_device.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::client {
namespace {

using testing::SeededEntropy;

constexpr Time kSaid{1'750'000'000'000};

class SignalTest : public ::testing::Test {
 protected:
  mls::SigningIdentity identity(const std::string& name, const crypto::SigningKey& key) {
    auto out = mls::SigningIdentity::from(crypto::SignatureAlgorithm::ed25519, mls::Credential::basic(to_bytes(name)),
                                          crypto::SignaturePrivateKey(key.seed().expose()));
    CHECK(out.has_value());
    return std::move(*out);
  }
  /// Alice's, with bob at leaf 1 and carol at leaf 2.
  mls::Group begin() {
    auto group = mls::Group::create({mls::kDefaultSuite, {to_bytes(channel.view())}, {}}, identity("alice", alice_key),
                                    leaf_options(kSaid, kDayMs), entropy);
    CHECK(group.has_value());
    return std::move(*group);
  }
  void add(mls::Group& group, const std::string& name, const crypto::SigningKey& key,
           std::vector<mls::Group*> others = {}) {
    const auto package =
        mls::PrivateKeyPackage::create(mls::kDefaultSuite, identity(name, key), leaf_options(kSaid, kDayMs), entropy);
    mls::CommitRequest request;
    request.adds.push_back(package->package());
    const auto staged = group.stage_commit(request, rules.rules(), kSaid, entropy);
    CHECK(staged.has_value());
    for (mls::Group* other : others) follow(*other, (*staged)->commit());
    auto joined = mls::Group::join({(*staged)->welcomes().front().message, *package, {}}, rules.rules());
    CHECK(joined.has_value() && group.merge_pending().has_value());
    joined_.emplace(name, std::move(*joined));
  }
  void follow(mls::Group& group, ByteView commit) {
    auto received = group.process(commit, rules.rules());
    CHECK(received.has_value() && group.merge(std::move(std::get<mls::ReceivedCommit>(*received))).has_value());
  }
  void SetUp() override {
    add(alice, "bob", bob_key);
    add(alice, "carol", carol_key, {&bob()});
  }
  mls::Group& bob() { return joined_.at("bob"); }
  mls::Group& carol() { return joined_.at("carol"); }
  Bytes sealed(const mls::Group& group, const crypto::SigningKey& key) {
    return seal_signal(group, channel, SignalKind::typing, key, kSaid, entropy);
  }
  ErrorCode refused(const mls::Group& group, ByteView body) {
    const auto opened = open_signal(group, channel, body);
    EXPECT_FALSE(opened.has_value());
    return opened ? ErrorCode::internal : opened.error().code;
  }

  SeededEntropy entropy{7};
  testing::NoRules rules;
  const ChannelId channel = random_value<ChannelId>(entropy);
  crypto::SigningKey alice_key = crypto::SigningKey::generate(entropy);
  crypto::SigningKey bob_key = crypto::SigningKey::generate(entropy);
  crypto::SigningKey carol_key = crypto::SigningKey::generate(entropy);
  mls::Group alice = begin();

 private:
  std::map<std::string, mls::Group> joined_;
};

TEST_F(SignalTest, IsReadByEveryMemberAsItsSendersWords) {
  const Bytes body = sealed(bob(), bob_key);
  EXPECT_EQ(body.size(), kSignalSize);
  for (const mls::Group* group : {&alice, &bob(), &carol()}) {
    const auto heard = open_signal(*group, channel, body);
    ASSERT_TRUE(heard.has_value()) << heard.error().where;
    EXPECT_EQ(heard->sender.leaf.value, 1u);
    EXPECT_EQ(heard->said, kSaid);
    EXPECT_EQ(heard->kind, SignalKind::typing);
  }
  EXPECT_NE(sealed(bob(), bob_key), body) << "a nonce of its own each time";
}

// Written down once more, by docs/spec/client.md s.11 alone.
TEST_F(SignalTest, HasTheBytesOfTheSpecification) {
  const auto u64 = [](std::uint64_t value) {
    Bytes out;
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
    return out;
  };
  const Bytes place = concat({channel, u64(alice.epoch())});
  const Bytes words = concat({Bytes{0, 0, 0, 2}, u64(kSaid.ms), Bytes{1}});
  const Bytes authenticator = alice.epoch_authenticator();
  ASSERT_EQ(authenticator.size(), 48u);
  const Signature signature =
      carol_key.sign(concat({as_bytes("cairn/v1 fleeting signal"), Bytes{0}, place, Bytes{48}, authenticator, words}));
  const Bytes nonce(32, 0x5a);
  const SecretBytes key = alice.exporter("cairn signal key", channel, 32);
  const Bytes body = concat({nonce, crypto::aead_seal(crypto::AeadAlgorithm::aegis_256, key.expose(), nonce, place,
                                                      concat({words, signature}))});
  EXPECT_EQ(body.size(), kSignalSize);
  const auto heard = open_signal(alice, channel, body);
  ASSERT_TRUE(heard.has_value()) << heard.error().where;
  EXPECT_EQ(heard->sender.leaf.value, 2u);
  EXPECT_EQ(heard->said, kSaid);
}

TEST_F(SignalTest, OfAnotherMembersHandIsRefused) {
  // Bob has the key of the epoch, and says that alice writes.
  EXPECT_EQ(refused(carol(), sealed(alice, bob_key)), ErrorCode::invalid_signature);
}

TEST_F(SignalTest, AWordThatWasChangedHoldsNoSignature) {
  const Bytes body = sealed(bob(), bob_key);
  const Bytes place = concat({channel, Bytes{0, 0, 0, 0, 0, 0, 0, 2}});
  ASSERT_EQ(alice.epoch(), 2u);
  const SecretBytes key = alice.exporter("cairn signal key", channel, 32);
  const ByteView nonce = ByteView(body).first(32);
  const auto aead = crypto::AeadAlgorithm::aegis_256;
  const auto plain = crypto::aead_open(aead, key.expose(), nonce, place, ByteView(body).subspan(32));
  ASSERT_TRUE(plain.has_value());
  ASSERT_EQ(plain->size(), 77u);
  for (std::size_t i = 0; i < plain->size(); ++i) {
    Bytes text = to_bytes(plain->expose());
    text[i] ^= 0x40;
    const ErrorCode code = refused(carol(), concat({nonce, crypto::aead_seal(aead, key.expose(), nonce, place, text)}));
    EXPECT_EQ(code, i < 4 ? ErrorCode::not_found : ErrorCode::invalid_signature) << i;
  }
}

TEST_F(SignalTest, OfALaterKindIsToldApartFromAForgedOne) {
  const Bytes body = seal_signal(bob(), channel, static_cast<SignalKind>(2), bob_key, kSaid, entropy);
  EXPECT_EQ(refused(alice, body), ErrorCode::unsupported);
  EXPECT_EQ(refused(alice, seal_signal(bob(), channel, static_cast<SignalKind>(2), alice_key, kSaid, entropy)),
            ErrorCode::invalid_signature);
}

TEST_F(SignalTest, IsGoodInItsEpochAndChannelAlone) {
  const Bytes before = sealed(bob(), bob_key);
  EXPECT_FALSE(open_signal(alice, random_value<ChannelId>(entropy), before).has_value());
  const auto staged = alice.stage_commit({}, rules.rules(), kSaid, entropy);
  ASSERT_TRUE(staged.has_value());
  follow(bob(), (*staged)->commit());
  ASSERT_TRUE(alice.merge_pending().has_value());
  EXPECT_EQ(refused(alice, before), ErrorCode::crypto_failed);
  EXPECT_TRUE(open_signal(alice, channel, sealed(bob(), bob_key)).has_value());
  EXPECT_EQ(refused(carol(), sealed(bob(), bob_key)), ErrorCode::crypto_failed) << "who has not followed has no key";
}

// Two groups with one id in epochs of one number, and somebody who is in both.
TEST_F(SignalTest, IsNotGoodInAnotherEpochOfTheSameNumber) {
  auto here = mls::Group::restore(alice.serialise().expose());
  ASSERT_TRUE(here.has_value());
  const auto staged = bob().stage_commit({}, rules.rules(), kSaid, entropy);
  follow(*here, (*staged)->commit());
  const auto other = alice.stage_commit({}, rules.rules(), kSaid, entropy);
  ASSERT_TRUE(other.has_value());
  ASSERT_TRUE(alice.merge_pending().has_value());
  ASSERT_TRUE(bob().merge_pending().has_value());
  const Bytes body = sealed(bob(), bob_key);
  const Bytes place = concat({channel, Bytes{0, 0, 0, 0, 0, 0, 0, 3}});
  const auto aead = crypto::AeadAlgorithm::aegis_256;
  const ByteView nonce = ByteView(body).first(32);
  const auto plain = crypto::aead_open(aead, here->exporter("cairn signal key", channel, 32).expose(), nonce, place,
                                       ByteView(body).subspan(32));
  ASSERT_TRUE(plain.has_value());
  const SecretBytes key = alice.exporter("cairn signal key", channel, 32);
  EXPECT_EQ(refused(alice, concat({nonce, crypto::aead_seal(aead, key.expose(), nonce, place, plain->expose())})),
            ErrorCode::invalid_signature);
}

TEST_F(SignalTest, OfAnyOtherSizeOrWithAnyBitChangedIsRefused) {
  const Bytes body = sealed(bob(), bob_key);
  for (std::size_t size = 0; size < 2 * kSignalSize; ++size) {
    if (size == kSignalSize) continue;
    Bytes other = body;
    other.resize(size);
    EXPECT_EQ(refused(alice, other), ErrorCode::malformed) << size;
  }
  for (std::size_t i = 0; i < body.size(); ++i) {
    Bytes other = body;
    other[i] ^= 1;
    EXPECT_EQ(refused(alice, other), ErrorCode::crypto_failed) << i;
  }
}

TEST_F(SignalTest, LeavesTheStateOfTheGroupAsItIs) {
  const Bytes before = to_bytes(bob().serialise().expose());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(open_signal(bob(), channel, sealed(alice, alice_key)).has_value());
  (void)sealed(bob(), bob_key);
  EXPECT_EQ(to_bytes(bob().serialise().expose()), before);
}

}  // namespace
}  // namespace cairn::client
