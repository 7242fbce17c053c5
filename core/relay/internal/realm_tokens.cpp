#include "core/relay/internal/realm_tokens.h"

#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/directory/name.h"
#include "core/relay/invitation.h"

namespace cairn::relay {
namespace {

constexpr std::string_view kRealmTokenRow = "realm tokens";
constexpr std::string_view kRegistration = "registration";

static_assert(RelayLimits{}.realm_write.burst / kCostOfADay + RelayLimits{}.realm_write.per_minute ==
              proto::kMaxSharesOfOne);

/// Who may have tokens, and for what.
Status authorise(Turn& turn, const RelayConfig& config, const std::optional<LoggedIn>& who, const directory::Name& name,
                 const proto::RealmTokensRequest& request) {
  if (who) {
    REQUIRE(who->name == name.text(), ErrorCode::not_authorised,
            "These tokens are for another name than yours; ask for those of your own.");
    return ok();
  }
  REQUIRE(request.purpose == proto::TokenPurpose::guess, ErrorCode::unauthenticated,
          "This needs a login; log in and repeat the request.");
  REQUIRE(name.domain() == config.domain, ErrorCode::not_authorised,
          "This name is of another domain; ask the server of that one.");
  if (config.sign_up != SignUp::open) return use_invitation(turn.rows, request.invitation, turn.now);
  // Made-up names would push those that used up their tokens out of the limiter.
  REQUIRE(turn.rows.get(table::kNames, name.bytes()), ErrorCode::not_found,
          "There is no such name here; check its spelling.");
  return ok();
}

/// HMAC(key, "registration" || 0x00 || number || name)[0..16): a realm cannot compute it for names that it tries.
RegistrationId registration_of(const crypto::SigningKey& key, std::uint8_t number, std::string_view name) {
  const std::array<std::uint8_t, 2> zero_and_number = {0, number};
  const Digest whole = crypto::hmac(crypto::HashAlgorithm::sha256, key.seed().expose(),
                                    {as_bytes(kRegistration), zero_and_number, as_bytes(name)});
  return *RegistrationId::from(whole.view().first(RegistrationId::kSize));
}

/// By the name, from whatever address: else who has many of them locks a PIN, or fills a realm, at once.
Status draw(Turn& turn, const RealmTokenLimiters& limiters, bool logged_in, const directory::Name& name,
            proto::TokenPurpose purpose) {
  const bool guesses = purpose == proto::TokenPurpose::guess;
  if (guesses && logged_in) return ok();
  RateLimiter& limiter = guesses ? limiters.guess : limiters.write;
  const std::uint32_t wait_s = limiter.take(as_bytes(name.text()), turn.now, kCostOfADay);
  if (wait_s == 0) return ok();
  turn.retry_after_s = wait_s;
  return fail(ErrorCode::rate_limited, "So many tokens for realms were given to this name today; try again later.");
}

}  // namespace

Result<crypto::SigningKey> realm_token_key(Turn& turn) {
  std::optional<Bytes> row = turn.rows.get(table::kKeys, as_bytes(kRealmTokenRow));
  if (!row) {
    const auto made = random_secret<crypto::Ed25519Seed>(turn.entropy);
    row = to_bytes(made.expose());
    turn.rows.put(table::kKeys, to_bytes(kRealmTokenRow), *row);
  }
  auto seed = crypto::Ed25519Seed::from(*row);
  wipe(*row);
  REQUIRE(seed, ErrorCode::internal, "a key in the store has the wrong size");
  return crypto::SigningKey::from_seed(std::move(*seed));
}

Result<Answer> realm_vkey(Turn& turn, const RelayConfig& config) {
  const auto key = TRY(realm_token_key(turn));
  const auto name = TRY(tlog::KeyName::from(config.domain));
  const tlog::VerifierKey vkey(name, tlog::SignatureType::ed25519, key.public_key());
  return Answer{200, to_bytes(vkey.to_text() + "\n"), "text/plain; charset=utf-8"};
}

Result<Answer> give_realm_tokens(Turn& turn, const RelayConfig& config, const RealmTokenLimiters& limiters,
                                 const std::optional<LoggedIn>& who, const proto::RealmTokensRequest& request) {
  const auto name = TRY(directory::Name::parse(request.name));
  TRY(authorise(turn, config, who, name, request));
  TRY(draw(turn, limiters, who.has_value(), name, request.purpose));
  const auto key = TRY(realm_token_key(turn));
  proto::RealmTokensAnswer answer{registration_of(key, request.number, name.text()), {}};
  for (const RealmId& realm : request.realms) {
    proto::AccountToken token;
    token.domain = config.domain;
    token.realm = realm;
    token.registration = answer.registration;
    token.purpose = request.purpose;
    token.expires_ms = after(turn.now, proto::kAccountTokenLifeMs).ms;
    token.nonce = random_value<Nonce16>(turn.entropy);
    token.signature = crypto::sign_labelled(key, crypto::kSignAccountToken, token.content());
    answer.tokens.push_back({wire::encode(token)});
  }
  return Answer{200, wire::encode(answer), {}};
}

}  // namespace cairn::relay
