#include "core/witness/internal/pins.h"

#include "core/crypto/ct.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/crypto/oprf.h"

namespace cairn::witness {
namespace {

using proto::GuessKind;

std::uint8_t left(const PinRow& row) {
  return row.counter < proto::kMaxGuesses ? static_cast<std::uint8_t>(proto::kMaxGuesses - row.counter)
                                          : std::uint8_t{0};
}

}  // namespace

Result<PinRow> Pins::find(const Turn& turn, const proto::RealmWho& who, const PinVersion& version) const {
  auto row = TRY(turn.load<PinRow>(realm_table::kPins, pin_key(who)));
  REQUIRE(row, ErrorCode::not_found, "No PIN is registered here; register it first.");
  REQUIRE(row->share.shown.version == version, ErrorCode::stale, "The PIN was registered anew meanwhile; begin again.");
  return std::move(*row);
}

void Pins::record(Turn& turn, const Bytes& key, PinRow& row, GuessKind kind) {
  ++row.sequence;
  const proto::GuessEntry entry{row.sequence, turn.now.ms, kind, row.counter};
  turn.save(realm_table::kGuesses, numbered(key, row.sequence), entry);
  if (row.sequence > proto::kMaxGuessLog) {
    turn.rows.erase(realm_table::kGuesses, numbered(key, row.sequence - proto::kMaxGuessLog));
  }
  turn.save(realm_table::kPins, key, row);
  log_.append(turn, kind, row.counter, key);
}

// ---- registering ----

Status Pins::check_share(const PinShare& share, const RegistrationId& registration) const {
  const PinPublic& shown = share.shown;
  const bool sizes = shown.realms >= 1 && shown.realms <= kMaxRealms && shown.threshold <= shown.realms &&
                     2 * shown.threshold > shown.realms && shown.index >= 1 && shown.index <= shown.realms;
  REQUIRE(sizes, ErrorCode::malformed, "A share of a PIN has numbers that cannot be; update the program.");
  const auto key = crypto::RistrettoScalar::from(share.key_share.expose());
  const auto scalar = crypto::RistrettoScalar::from(share.scalar_share.expose());
  REQUIRE(key && scalar && equal(key->times_base(), shown.public_share), ErrorCode::malformed,
          "A share of a PIN does not fit its public half; update the program.");
  REQUIRE(crypto::verify_labelled(shown.verifying_key, crypto::kSignPinShare, shown.content(us_, registration),
                                  shown.signature),
          ErrorCode::invalid_signature, "A share of a PIN was signed for something else; register it again.");
  return ok();
}

/// What entitles to write: the old registration's signature, or a token where there is none.
Result<std::optional<proto::AccountToken>> Pins::check_right(const Turn& turn, const proto::PinRegisterRequest& request,
                                                             const std::optional<PinRow>& old) const {
  using Right = std::optional<proto::AccountToken>;
  if (old) {
    REQUIRE(request.replaces, ErrorCode::conflict,
            "Another PIN is registered here; replace it from a device that knows the old one.");
    const Hash digest = crypto::sha256(request.share.encode().expose());
    const Bytes content = pin_replace_content(us_, request.who.registration, old->share.shown.version, digest);
    REQUIRE(crypto::verify_labelled(old->share.auth_key, crypto::kSignPinReplace, content, *request.replaces),
            ErrorCode::invalid_signature, "Only who registered the PIN can replace it.");
    return Right{};
  }
  REQUIRE(!request.replaces, ErrorCode::not_found, "There is no PIN here to be replaced; register it anew.");
  auto token = TRY(check_account_token(turn, list_, us_, request.token, proto::TokenPurpose::register_pin));
  REQUIRE(token.domain == request.who.domain && token.registration == request.who.registration,
          ErrorCode::not_authorised, "This account token is for something else; get a new one.");
  return Right(std::move(token));
}

Result<Bytes> Pins::enrol(Turn& turn, ByteView body) {
  const auto request = TRY(wire::decode<proto::PinRegisterRequest>(body));
  const Bytes key = pin_key(request.who);
  const auto old = TRY(turn.load<PinRow>(realm_table::kPins, key));
  if (old && crypto::ct_equal(old->share.encode().expose(), request.share.encode().expose())) return Bytes{};
  const auto token = TRY(check_right(turn, request, old));
  TRY(check_share(request.share, request.who.registration));
  PinRow row{std::move(*PinShare::from(request.share.encode().expose())), 0, old ? old->sequence : 0};
  if (token) use_account_token(turn, *token);
  record(turn, key, row, GuessKind::registered);
  return Bytes{};
}

// ---- guessing ----

Result<Bytes> Pins::version(Turn& turn, ByteView body) {
  const auto who = TRY(wire::decode<proto::RealmWho>(body));
  const auto row = TRY(turn.load<PinRow>(realm_table::kPins, pin_key(who)));
  REQUIRE(row, ErrorCode::not_found, "No PIN is registered here; register it first.");
  return wire::encode(proto::PinVersionAnswer{row->share.shown.version, left(*row)});
}

Result<Bytes> Pins::evaluate(Turn& turn, ByteView body) {
  const auto request = TRY(wire::decode<proto::PinEvaluateRequest>(body));
  const auto token = TRY(check_account_token(turn, list_, us_, request.token, proto::TokenPurpose::guess));
  const proto::RealmWho who{token.domain, token.registration};
  PinRow row = TRY(find(turn, who, request.version));
  REQUIRE(left(row) > 0, ErrorCode::invalid_state,
          "Too many wrong PINs were tried; unlock it from one of your devices, or with the recovery key.");
  const auto blinded = TRY(crypto::RistrettoElement::from(request.element));
  const auto key = crypto::RistrettoScalar::from(row.share.key_share.expose());
  const auto public_share = crypto::RistrettoElement::from(row.share.shown.public_share);
  REQUIRE(key && public_share, ErrorCode::internal, "a share in the store is none");

  ++row.counter;
  use_account_token(turn, token);
  record(turn, pin_key(who), row, GuessKind::guess);
  const auto evaluated = key->times(blinded);
  const auto proof = crypto::voprf_prove(*key, *public_share, {&blinded, 1}, {&evaluated, 1}, turn.entropy);
  return wire::encode(proto::PinEvaluateAnswer{
      {row.share.shown, *EncodedElement::from(evaluated), *EncodedDleqProof::from(proof), left(row)}});
}

Result<Bytes> Pins::release(Turn& turn, ByteView body) {
  const auto request = TRY(wire::decode<proto::PinReleaseRequest>(body));
  PinRow row = TRY(find(turn, request.who, request.version));
  REQUIRE(crypto::ct_equal(request.tag.expose(), row.share.tag.expose()), ErrorCode::not_authorised,
          "This does not prove the PIN; begin again.");
  if (row.counter != 0) {  // a repeat makes no second entry
    row.counter = 0;
    record(turn, pin_key(request.who), row, GuessKind::right_tag);
  }
  return wire::encode(proto::PinReleaseAnswer{{row.share.scalar_share.clone(), row.share.sealed, row.share.mac}});
}

// ---- the owner ----

Result<Bytes> Pins::owner(Turn& turn, ByteView body) {
  const auto request = TRY(wire::decode<proto::PinOwnerRequest>(body));
  const Bytes key = pin_key(request.who);
  PinRow row = TRY(find(turn, request.who, request.version));
  const Bytes content =
      pin_owner_content(us_, request.who.registration, request.version, request.action, request.sequence);
  REQUIRE(crypto::verify_labelled(row.share.auth_key, crypto::kSignPinOwner, content, request.signature),
          ErrorCode::invalid_signature, "Only who registered the PIN can do this.");
  const std::uint64_t expected = request.action == PinOwnerAction::log ? 0 : row.sequence;
  REQUIRE(request.sequence == expected, ErrorCode::stale, "Something happened meanwhile; look at the log and repeat.");
  if (request.action == PinOwnerAction::unlock) {
    row.counter = 0;
    record(turn, key, row, GuessKind::unlocked);
  }
  if (request.action == PinOwnerAction::erase) {
    erase(turn, key, row);
    return wire::encode(proto::PinOwnerAnswer{row.sequence, row.counter, {}});
  }
  return wire::encode(proto::PinOwnerAnswer{row.sequence, row.counter, guesses(turn, key)});
}

void Pins::erase(Turn& turn, const Bytes& key, const PinRow& row) {
  for (const Row& guess : turn.rows.scan_prefix(realm_table::kGuesses, key, proto::kMaxGuessLog + 1)) {
    turn.rows.erase(realm_table::kGuesses, guess.key);
  }
  turn.rows.erase(realm_table::kPins, key);
  log_.append(turn, GuessKind::deleted, row.counter, key);
}

std::vector<proto::GuessEntry> Pins::guesses(const Turn& turn, const Bytes& key) const {
  std::vector<proto::GuessEntry> out;
  for (const Row& row : turn.rows.scan_prefix(realm_table::kGuesses, key, proto::kMaxGuessLog)) {
    if (auto entry = wire::decode<proto::GuessEntry>(row.value)) out.push_back(*entry);
  }
  return out;
}

}  // namespace cairn::witness
