#include "core/witness/internal/account_tokens.h"

#include "core/crypto/labels.h"
#include "core/crypto/signature.h"
#include "core/witness/realm_tables.h"

namespace cairn::witness {
namespace {

constexpr std::size_t kSweptAtOnce = 1000;
constexpr std::size_t kSweptAtEachUse = 2;  // so that no rate of use outruns the sweeping
/// Used tokens are remembered so much longer than they last: a clock that goes forward and back makes none good again.
constexpr std::uint64_t kRememberedMs = kDayMs;

void sweep(Turn& turn, std::size_t most) {
  const Bytes end = numbered({}, elapsed_ms(turn.now, Time{kRememberedMs}));
  for (const Row& row : turn.rows.scan(realm_table::kUsedTokens, {}, end, most)) {
    turn.rows.erase(realm_table::kUsedTokens, row.key);
  }
}

Bytes used_key(const proto::AccountToken& token) { return concat({numbered({}, token.expires_ms), token.nonce}); }

}  // namespace

Result<proto::AccountToken> check_account_token(const Turn& turn, const RealmList& list, const RealmId& us,
                                                ByteView encoded, proto::TokenPurpose purpose) {
  auto token = TRY(wire::decode<proto::AccountToken>(encoded));
  const auto issuer = list.issuers.find(token.domain);
  REQUIRE(issuer != list.issuers.end(), ErrorCode::not_authorised,
          "This realm takes no account tokens of that domain; choose another realm.");
  REQUIRE(token.realm == us && token.purpose == purpose, ErrorCode::not_authorised,
          "This account token is for something else; get a new one.");
  const bool in_time =
      turn.now.ms < token.expires_ms && token.expires_ms <= after(turn.now, proto::kMaxAccountTokenLifeMs).ms;
  REQUIRE(in_time, ErrorCode::not_authorised, "This account token has run out; get a new one.");
  REQUIRE(crypto::verify_labelled(issuer->second, crypto::kSignAccountToken, token.content(), token.signature),
          ErrorCode::invalid_signature, "This account token was not signed by its domain; get a new one.");
  REQUIRE(!turn.rows.get(realm_table::kUsedTokens, used_key(token)), ErrorCode::duplicate,
          "This account token was used before; get a new one.");
  return token;
}

void use_account_token(Turn& turn, const proto::AccountToken& token) {
  turn.rows.put(realm_table::kUsedTokens, used_key(token), {});
  sweep(turn, kSweptAtEachUse);
}

void sweep_account_tokens(Turn& turn) { sweep(turn, kSweptAtOnce); }

}  // namespace cairn::witness
