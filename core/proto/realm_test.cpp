#include "core/proto/realm.h"

#include <gtest/gtest.h>

#include "tests/support/refused.h"

namespace cairn::proto {
namespace {

/// Bytes that differ from each other.
template <class Fixed>
Fixed filled(std::uint8_t byte) {
  return *Fixed::from(Bytes(Fixed::kSize, byte));
}

RealmWho who() { return {"example.org", filled<RegistrationId>(1)}; }

PinShare share() {
  PinShare out;
  out.shown = {filled<PinVersion>(2),   2, 3, 1, filled<EncodedElement>(3), filled<PublicKey>(4), filled<Signature>(5),
               filled<PinCommitment>(6)};
  out.auth_key = filled<PublicKey>(7);
  out.key_share = filled<EncodedScalar>(8);
  out.tag = filled<PinTag>(9);
  out.scalar_share = filled<EncodedScalar>(10);
  out.sealed = filled<SealedPinSecret>(11);
  out.mac = filled<PinMac>(12);
  return out;
}

AccountToken token() {
  return {"example.org",      filled<RealmId>(1),  filled<RegistrationId>(2), TokenPurpose::guess, 3,
          filled<Nonce16>(4), filled<Signature>(5)};
}

/// What is written is read to the same bytes; a byte less or more is refused.
template <class T>
void expect_canonical(const T& value, const char* what) {
  const Bytes encoded = wire::encode(value);
  const auto read = wire::decode<T>(encoded);
  ASSERT_TRUE(read) << what;
  EXPECT_EQ(wire::encode(*read), encoded) << what;
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    EXPECT_FALSE(wire::decode<T>(ByteView(encoded).first(size))) << what << " cut at " << size;
  }
  Bytes longer = encoded;
  longer.push_back(0);
  EXPECT_FALSE(wire::decode<T>(longer)) << what;
}

TEST(RealmMessages, HaveOneEncodingEach) {
  expect_canonical(who(), "who");
  expect_canonical(token(), "token");
  expect_canonical(RealmTokensRequest{"alice@example.org", 1, TokenPurpose::guess, {filled<RealmId>(1)}, "code"},
                   "tokens request");
  expect_canonical(RealmTokensAnswer{filled<RegistrationId>(1), {{Bytes{1, 2}}, {Bytes{3}}}}, "tokens answer");
  expect_canonical(PinRegisterRequest{who(), Bytes{1}, std::nullopt, share()}, "register");
  expect_canonical(PinRegisterRequest{who(), {}, filled<Signature>(3), share()}, "replace");
  expect_canonical(PinVersionAnswer{filled<PinVersion>(1), 2}, "version");
  expect_canonical(PinEvaluateRequest{Bytes{1}, filled<PinVersion>(2), filled<EncodedElement>(3)}, "evaluate");
  expect_canonical(PinEvaluateAnswer{{share().shown, filled<EncodedElement>(1), filled<EncodedDleqProof>(2), 9}},
                   "evaluation");
  expect_canonical(PinReleaseRequest{who(), filled<PinVersion>(1), filled<PinTag>(2)}, "release");
  expect_canonical(PinReleaseAnswer{{filled<EncodedScalar>(1), filled<SealedPinSecret>(2), filled<PinMac>(3)}},
                   "released");
  expect_canonical(PinOwnerRequest{who(), filled<PinVersion>(1), PinOwnerAction::unlock, 7, filled<Signature>(2)},
                   "owner");
  expect_canonical(PinOwnerAnswer{7, 1, {{6, 100, GuessKind::registered, 0}, {7, 200, GuessKind::guess, 1}}}, "log");
  expect_canonical(TokenStoreRequest{Bytes{1},
                                     filled<TokenRecordId>(2),
                                     filled<PublicKey>(3),
                                     filled<PublicKey>(4),
                                     {1, filled<EncodedScalar>(5), filled<TokenCheck>(7), filled<TokenMac>(6)}},
                   "store");
  expect_canonical(
      TokenRequest{filled<TokenRecordId>(1), TokenAction::cancel, TokenKeyKind::erase, 3, filled<Signature>(2)},
      "token request");
  expect_canonical(
      TokenAnswer{
          {1, 2, TokenShare{1, filled<EncodedScalar>(5), filled<TokenCheck>(7), filled<TokenMac>(6)}, std::nullopt}},
      "token state");
  expect_canonical(TokenAnswer{{1, 0, std::nullopt,
                                ErasureReceipt{filled<RealmId>(1), filled<TokenRecordId>(2), 3, filled<Signature>(4)}}},
                   "receipt");
  expect_canonical(TokenNoteRequest{filled<TokenRecordId>(1), Bytes(kMaxTokenNote, 2), filled<Signature>(3)}, "note");
  expect_canonical(TokenNoteAnswer{Bytes{1, 2}}, "noted");
  expect_canonical(RealmHead{filled<RealmId>(1), 2, filled<Hash>(3), 1, filled<Hash>(5), filled<Signature>(4)}, "head");
}

TEST(RealmMessages, RefuseValuesThatDoNotExist) {
  Bytes encoded = wire::encode(token());
  const std::size_t purpose = 1 + 11 + 32 + 16;
  for (const std::uint8_t bad : {std::uint8_t{0}, std::uint8_t{4}, std::uint8_t{255}}) {
    encoded[purpose] = bad;
    EXPECT_TRUE(testing::refused(wire::decode<AccountToken>(encoded), "enum value"));
  }
  EXPECT_TRUE(testing::refused(wire::decode<RealmWho>(wire::encode(RealmWho{"", {}})), "domain"));
  const RealmWho long_domain{std::string(kMaxDomainSize + 1, 'a'), {}};
  EXPECT_EQ(wire::decode<RealmWho>(wire::encode(long_domain)).error().code, ErrorCode::over_limit);
  const PinEvaluateRequest long_token{Bytes(kMaxAccountToken + 1), {}, {}};
  EXPECT_EQ(wire::decode<PinEvaluateRequest>(wire::encode(long_token)).error().code, ErrorCode::over_limit);
  EXPECT_TRUE(testing::refused(wire::decode<PinEvaluateRequest>(wire::encode(PinEvaluateRequest{})), "account token"));
  const TokenNoteRequest long_note{{}, Bytes(kMaxTokenNote + 1), {}};
  EXPECT_EQ(wire::decode<TokenNoteRequest>(wire::encode(long_note)).error().code, ErrorCode::over_limit);
  const PinOwnerAnswer long_log{0, 0, std::vector<GuessEntry>(kMaxGuessLog + 1)};
  EXPECT_EQ(wire::decode<PinOwnerAnswer>(wire::encode(long_log)).error().code, ErrorCode::over_limit);
}

TEST(RealmMessages, RefuseSizesOfLogsThatCannotBe) {
  const auto head = [](std::uint64_t size, std::uint64_t known) {
    return wire::encode(RealmHead{filled<RealmId>(1), size, filled<Hash>(3), known, filled<Hash>(5), {}});
  };
  EXPECT_TRUE(wire::decode<RealmHead>(head(kMaxRealmLog - 1, kMaxRealmLog - 2)));
  EXPECT_TRUE(testing::refused(wire::decode<RealmHead>(head(kMaxRealmLog, 0)), "size of a realm's log"));
  EXPECT_TRUE(testing::refused(wire::decode<RealmHead>(head(~std::uint64_t{0}, 0)), "size of a realm's log"));
  EXPECT_TRUE(testing::refused(wire::decode<RealmHead>(head(5, 5)), "size of a realm's log"));
  EXPECT_TRUE(testing::refused(wire::decode<RealmHead>(head(0, 0)), "size of a realm's log"));
}

TEST(RealmMessages, KeepWhatIsSignedApart) {
  const auto realm = filled<RealmId>(1);
  const auto record = filled<TokenRecordId>(2);
  const auto content = token_request_content(realm, record, TokenAction::erase, TokenKeyKind::release, 5);
  EXPECT_NE(content, token_request_content(realm, record, TokenAction::cancel, TokenKeyKind::release, 5));
  EXPECT_NE(content, token_request_content(realm, record, TokenAction::erase, TokenKeyKind::erase, 5));
  EXPECT_NE(content, token_request_content(realm, record, TokenAction::erase, TokenKeyKind::release, 6));
  EXPECT_NE(content, token_request_content(filled<RealmId>(3), record, TokenAction::erase, TokenKeyKind::release, 5));
  EXPECT_EQ(share().encode().size(), PinShare::kSize);
}

}  // namespace
}  // namespace cairn::proto
