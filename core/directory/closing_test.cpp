// Closing a veto mailbox: when an auditor does, and what holds afterwards.
#include "core/directory/closing.h"

#include "tests/support/audit_fixture.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::directory {
namespace {

using cairn::testing::accepted;
using fixtures::Audit;

constexpr std::uint64_t kClosingDelayMs = kDefaultResetDelayS * kSecondMs;

/// Refused, and for this cause.
template <class T>
bool is(const Result<T>& result, ErrorCode code) {
  return !result && result.error().code == code;
}

class Closing : public Audit {
 protected:
  Closing() : request(request_reset()) {}

  void wait(std::uint64_t ms) {
    domain.now = after(domain.now, ms);
    auditor.add_elapsed(ms);
  }
  /// Closed, with no veto in it.
  bool closes() {
    const auto veto = auditor.close(request.hash(), domain.now);
    return veto && !*veto;
  }
  /// Alice's device, or whoever has her name, publishes a statement with its notice.
  void publish(const directory::Statement& statement, std::optional<VetoNotice> veto = {}) {
    alice.take(statement);
    domain.publish(alice, std::move(veto));
    follow();
  }

  ResetNotice request;
};

TEST_F(Closing, ComesWhenTheDelayIsOverAndNoSooner) {
  EXPECT_TRUE(is(auditor.close(request.hash(), domain.now), ErrorCode::unavailable));
  wait(kClosingDelayMs - 1);
  EXPECT_TRUE(is(auditor.close(request.hash(), domain.now), ErrorCode::unavailable));
  wait(1);
  EXPECT_TRUE(closes());
  EXPECT_TRUE(closes());
}

TEST_F(Closing, WaitsByTheClockOfElapsedTime) {
  domain.now = after(domain.now, 2 * kClosingDelayMs);
  auditor.add_elapsed(kClosingDelayMs - 1);
  EXPECT_TRUE(is(auditor.close(request.hash(), domain.now), ErrorCode::unavailable));
}

TEST_F(Closing, WaitsUntilTheRequestHasMatured) {
  auditor.add_elapsed(2 * kClosingDelayMs);
  domain.now = Time{request.matures_ms - 1};
  EXPECT_TRUE(is(auditor.close(request.hash(), domain.now), ErrorCode::unavailable));
  domain.now = Time{request.matures_ms};
  EXPECT_TRUE(closes());
}

TEST_F(Closing, IsOfARequestWhoseWaitingBegan) {
  alice.take(alice.by_device(VetoReset{}, device));
  domain.publish(alice, veto_as_device(request, device.key));
  follow();
  domain.now = after(domain.now, kClosingDelayMs);
  alice.take(alice.request(alice.new_device(), 9));
  domain.publish(alice);
  ASSERT_TRUE(accepted(auditor.audit(*EpochAudit::decode(domain.audits.back()), domain.now)));  // not signed by the log
  const ResetNotice second = domain.entries.at("alice@example.org").notices.back();
  wait(kClosingDelayMs);
  EXPECT_TRUE(is(auditor.close(second.hash(), domain.now), ErrorCode::unavailable));
}

// Whoever asks is answered: so nobody learns that there is a veto before the reset could have been completed.
TEST_F(Closing, GivesAVetoThatIsThereWhenTheDelayIsOverAndStaysOpen) {
  const auto veto = veto_as_device(request, device.key);
  ASSERT_TRUE(accepted(auditor.accept_veto(veto)));
  wait(kClosingDelayMs - 1);
  EXPECT_TRUE(is(auditor.close(request.hash(), domain.now), ErrorCode::unavailable));
  wait(1);
  for (int i = 0; i < 2; ++i) {
    const auto given = auditor.close(request.hash(), domain.now);
    ASSERT_TRUE(given && *given);
    EXPECT_EQ(**given, veto);
    wait(kClosingDelayMs);
  }
  EXPECT_TRUE(accepted(auditor.accept_veto(veto)));
  EXPECT_FALSE(auditor.open_requests().at(request.hash()).closed);
}

TEST_F(Closing, TakesNoVetoAfterwards) {
  wait(kClosingDelayMs);
  ASSERT_TRUE(closes());
  const auto veto = veto_as_device(request, device.key);
  EXPECT_TRUE(is(auditor.accept_veto(veto), ErrorCode::stale));
  EXPECT_FALSE(auditor.open_requests().at(request.hash()).veto);
  auto forged = veto;
  forged.signature.mutable_view()[1] ^= 1;
  EXPECT_TRUE(is(auditor.accept_veto(forged), ErrorCode::invalid_signature));
}

TEST_F(Closing, IsRemembered) {
  wait(kClosingDelayMs);
  ASSERT_TRUE(closes());
  auditor = fixtures::restored(auditor);
  EXPECT_TRUE(is(auditor.accept_veto(veto_as_device(request, device.key)), ErrorCode::stale));
}

TEST_F(Closing, LetsTheCompletionThrough) {
  wait(kClosingDelayMs);
  ASSERT_TRUE(closes());
  publish(alice.by_new_device(CompleteReset{alice.state.open_reset()->sequence}, stranger));
  EXPECT_TRUE(auditor.open_requests().empty());
  EXPECT_TRUE(is(auditor.close(request.hash(), domain.now), ErrorCode::not_found));
}

// ---- what is taken over, and what is read beyond it ----

class ReadBeyond : public Closing {
 protected:
  ReadBeyond() { wait(kClosingDelayMs); }

  /// Publishes the completion, which is read and not taken over.
  Auditor read_completion() {
    alice.take(alice.by_new_device(CompleteReset{alice.state.open_reset()->sequence}, stranger));
    domain.publish(alice);
    return read_newest();
  }
  Auditor read_newest() {
    Auditor read = auditor;
    EXPECT_TRUE(accepted(read.audit(*EpochAudit::decode(domain.audits.back()), domain.now)));
    return read;
  }
  VetoNotice veto() const { return veto_as_device(request, device.key); }
};

TEST_F(ReadBeyond, LosesNoVetoOfWhatHasEndedThere) {
  Auditor read = read_completion();
  ASSERT_EQ(read.find(request.hash()), nullptr);  // it has waited, and there was no veto
  const auto taken = accept_veto(auditor, read, veto());
  ASSERT_TRUE(taken);
  EXPECT_EQ(*taken, TakenVeto::forgets);
  read = read_newest();
  ASSERT_NE(read.find(request.hash()), nullptr);
  EXPECT_TRUE(read.find(request.hash())->completed);
  EXPECT_TRUE(read.is_barred());
  const auto again = accept_veto(auditor, read, veto());
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, TakenVeto::known);
}

TEST_F(ReadBeyond, IsTooLateForAMailboxThatWasClosedWhereverItsRequestHasEnded) {
  ASSERT_TRUE(closes());
  Auditor read = read_completion();
  EXPECT_TRUE(is(accept_veto(auditor, read, veto()), ErrorCode::stale));
  EXPECT_FALSE(auditor.find(request.hash())->veto);
}

TEST_F(ReadBeyond, TakesAVetoForBothWhereItsRequestIsOpenInBoth) {
  Auditor read = auditor;
  VetoNotice forged = veto();
  forged.signature.mutable_view()[1] ^= 1;
  EXPECT_TRUE(is(accept_veto(auditor, read, forged), ErrorCode::invalid_signature));
  const auto taken = accept_veto(auditor, read, veto());
  ASSERT_TRUE(taken);
  EXPECT_EQ(*taken, TakenVeto::first);
  for (const Auditor* one : {&auditor, &read}) EXPECT_TRUE(one->find(request.hash())->veto);
}

TEST_F(Closing, LeavesAPublishedVetoInForce) {
  wait(kClosingDelayMs);
  ASSERT_TRUE(closes());
  publish(alice.by_device(VetoReset{}, device), veto_as_device(request, device.key));
  EXPECT_TRUE(auditor.open_requests().empty());
}

TEST_F(Closing, IsOfNothingElse) {
  ResetNotice other = request;
  other.matures_ms += 1;
  wait(2 * kClosingDelayMs);
  EXPECT_TRUE(is(auditor.close(other.hash(), domain.now), ErrorCode::not_found));
}

TEST(ClosingWords, AreSignedForOneLogAndOneRequest) {
  testing::SeededEntropy entropy(5);
  const auto key = crypto::SigningKey::generate(entropy), other = crypto::SigningKey::generate(entropy);
  const CloseRequest request{"a.example/cairn", crypto::sha256(Bytes{1}), random_value<Nonce16>(entropy)};
  const CloseRequest another_log{"b.example/cairn", request.request, request.nonce};
  const CloseRequest another_request{request.origin, crypto::sha256(Bytes{2}), request.nonce};
  const Closed closed = sign_closed(request, key);
  const NotYet not_yet = sign_not_yet(request, key);
  EXPECT_TRUE(verify_closed(request, key.public_key(), closed));
  EXPECT_TRUE(verify_not_yet(request, key.public_key(), not_yet));
  EXPECT_FALSE(verify_closed(request, other.public_key(), closed));
  EXPECT_FALSE(verify_not_yet(request, other.public_key(), not_yet));
  for (const CloseRequest& wrong : {another_log, another_request}) {
    EXPECT_FALSE(verify_closed(wrong, key.public_key(), closed));
    EXPECT_FALSE(verify_not_yet(wrong, key.public_key(), not_yet));
  }
  // Neither passes for the other.
  EXPECT_FALSE(verify_closed(request, key.public_key(), Closed{not_yet.signature}));
  EXPECT_FALSE(verify_not_yet(request, key.public_key(), NotYet{closed.signature}));
}

// A closing is for ever and whoever asked; "not yet" is of the moment, and somebody between could say it for ever.
TEST(ClosingWords, NotYetIsSaidToOneAskerAndClosedToAll) {
  testing::SeededEntropy entropy(6);
  const auto key = crypto::SigningKey::generate(entropy);
  const CloseRequest request{"a.example/cairn", crypto::sha256(Bytes{1}), random_value<Nonce16>(entropy)};
  CloseRequest later = request;
  later.nonce = random_value<Nonce16>(entropy);
  EXPECT_EQ(sign_closed(request, key), sign_closed(later, key));
  EXPECT_FALSE(verify_not_yet(later, key.public_key(), sign_not_yet(request, key)));
}

TEST(ClosingWords, HaveOneEncoding) {
  testing::SeededEntropy entropy(7);
  const CloseRequest request{"a.example/cairn", crypto::sha256(Bytes{1}), random_value<Nonce16>(entropy)};
  EXPECT_EQ(*wire::decode<CloseRequest>(wire::encode(request)), request);
  EXPECT_FALSE(wire::decode<CloseRequest>(ByteView(wire::encode(request)).first(48)));  // without a nonce
  const CloseAnswer closed{Closed{}}, not_yet{NotYet{}};
  Bytes bytes = wire::encode(closed);
  EXPECT_EQ(bytes.size(), 65u);
  EXPECT_EQ(*wire::decode<CloseAnswer>(bytes), closed);
  EXPECT_EQ(*wire::decode<CloseAnswer>(wire::encode(not_yet)), not_yet);
  EXPECT_NE(wire::encode(not_yet), bytes);
  for (const int state : {0, 2, 4, 255}) {
    bytes[0] = static_cast<std::uint8_t>(state);
    EXPECT_FALSE(wire::decode<CloseAnswer>(bytes)) << state;
  }
  for (const int state : {1, 3}) {
    Bytes longer = bytes;
    longer[0] = static_cast<std::uint8_t>(state);
    EXPECT_FALSE(wire::decode<CloseAnswer>(ByteView(longer).first(64)));
    longer.push_back(0);
    EXPECT_FALSE(wire::decode<CloseAnswer>(longer));
  }
}

}  // namespace
}  // namespace cairn::directory
