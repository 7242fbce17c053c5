// Fake realms as a client reaches them: by URL, with the account tokens of their domain. Honest, dead, or wrong in one
// way (fake_realm.h). The real ones stand in core/witness.
#pragma once

#include <map>

#include "core/client/realm_list.h"
#include "core/crypto/hash.h"
#include "core/proto/api.h"
#include "core/proto/realm.h"
#include "core/proto/transport.h"
#include "core/tlog/note.h"
#include "tests/support/fake_realm.h"

namespace cairn::testing {

class RealmNet {
 public:
  /// Its shares of tokens, beside the one of FakeRealm.
  struct Share {
    PublicKey release_key;
    std::optional<PublicKey> erase_key;
    TokenShare share;
    TokenState state;
    Bytes note = {};
  };
  struct Place {
    explicit Place(std::uint64_t seed) : realm(seed) {}
    FakeRealm realm;
    std::vector<proto::GuessEntry> log;
    std::map<TokenRecordId, Share> shares;
  };

  explicit RealmNet(std::size_t n = 3) {
    for (std::size_t i = 0; i < n; ++i) places.push_back(std::make_unique<Place>(500 + i));
  }

  std::string list() const {
    std::string out;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const tlog::VerifierKey key(*tlog::KeyName::from("realm.example/r" + std::to_string(i)),
                                  tlog::SignatureType::ed25519, places[i]->realm.id());
      out += "realm " + key.to_text() + " " + url(i) + "\n";
    }
    return out;
  }
  static std::string url(std::size_t i) { return "https://realm" + std::to_string(i) + ".example"; }

  std::optional<Result<proto::CallReply>> answer(const proto::Call& call) {
    if (call.url.ends_with(proto::kPathRealmTokens)) return tokens(call);
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (!call.url.starts_with(url(i) + "/")) continue;
      if (!places[i]->realm.alive) return Result<proto::CallReply>(fail(ErrorCode::unavailable, "dead"));
      return of(*places[i], call.url.substr(url(i).size()), call.body);
    }
    return std::nullopt;
  }

  std::vector<std::unique_ptr<Place>> places;
  RegistrationId registration;  ///< that the domain names
  std::size_t guesses_given = 0;

 private:
  using Reply = Result<proto::CallReply>;
  static Reply refusal(const Error& error) {
    return proto::CallReply{proto::status_of(error.code), wire::encode(proto::ErrorAnswer{error.code, "No."}), {}};
  }
  template <class T>
  static Reply reply(const Result<T>& answer) {
    if (!answer) return refusal(answer.error());
    return proto::CallReply{200, wire::encode(*answer), {}};
  }

  Reply tokens(const proto::Call& call) {
    const auto request = wire::decode<proto::RealmTokensRequest>(call.body);
    CHECK(request.has_value());
    if (request->purpose == proto::TokenPurpose::guess) ++guesses_given;
    proto::RealmTokensAnswer answer{registration, {}};
    for (std::size_t i = 0; i < request->realms.size(); ++i) answer.tokens.push_back({to_bytes("token")});
    return proto::CallReply{200, wire::encode(answer), {}};
  }

  static void note(Place& place, proto::GuessKind kind) {
    const std::uint64_t number = place.log.size() + 1;
    place.log.push_back({number, number * 1000, kind, static_cast<std::uint8_t>(place.realm.guesses)});
  }

  Reply of(Place& place, const std::string& path, ByteView body) {
    if (path == proto::kPathPinRegister) return enrol(place, body);
    if (path == proto::kPathPinVersion) {
      const auto version = place.realm.version();
      if (!version) return refusal(version.error());
      return reply(Result<proto::PinVersionAnswer>(
          proto::PinVersionAnswer{*version, static_cast<std::uint8_t>(10 - place.realm.guesses)}));
    }
    if (path == proto::kPathPinEvaluate) {
      const auto request = wire::decode<proto::PinEvaluateRequest>(body);
      CHECK(request.has_value());
      const auto answer = place.realm.evaluate({request->version, request->element});
      if (!answer) return refusal(answer.error());
      note(place, proto::GuessKind::guess);
      return proto::CallReply{200, wire::encode(proto::PinEvaluateAnswer{*answer}), {}};
    }
    if (path == proto::kPathPinRelease) {
      auto request = wire::decode<proto::PinReleaseRequest>(body);
      CHECK(request.has_value());
      auto answer = place.realm.release({request->version, std::move(request->tag)});
      if (!answer) return refusal(answer.error());
      note(place, proto::GuessKind::right_tag);
      return proto::CallReply{200, wire::encode(proto::PinReleaseAnswer{std::move(*answer)}), {}};
    }
    if (path == proto::kPathPinOwner) return own(place, body);
    if (path == proto::kPathTokenStore) return store(place, body);
    if (path == proto::kPathTokenRequest) return token_request(place, body);
    if (path == proto::kPathTokenNote) return token_note(place, body);
    return refusal({ErrorCode::not_found, "path"});
  }

  static Reply enrol(Place& place, ByteView body) {
    auto request = wire::decode<proto::PinRegisterRequest>(body);
    CHECK(request.has_value());
    std::optional<PinShare>& pin = place.realm.pin;
    if (pin) {
      const Hash digest = crypto::sha256(request->share.encode().expose());
      const Bytes content =
          pin_replace_content(place.realm.id(), request->who.registration, pin->shown.version, digest);
      const bool agreed = request->replaces &&
                          crypto::verify_labelled(pin->auth_key, crypto::kSignPinReplace, content, *request->replaces);
      if (!agreed && request->replaces) return refusal({ErrorCode::invalid_signature, "whose"});
      if (!agreed) return refusal({ErrorCode::conflict, "there is one"});
    }
    pin = std::move(request->share);
    place.realm.guesses = 0;
    note(place, proto::GuessKind::registered);
    return proto::CallReply{200, {}, {}};
  }

  static Reply own(Place& place, ByteView body) {
    const auto request = wire::decode<proto::PinOwnerRequest>(body);
    CHECK(request.has_value());
    std::optional<PinShare>& pin = place.realm.pin;
    if (!pin) return refusal({ErrorCode::not_found, "no registration"});
    const Bytes content = pin_owner_content(place.realm.id(), request->who.registration, request->version,
                                            request->action, request->sequence);
    if (!crypto::verify_labelled(pin->auth_key, crypto::kSignPinOwner, content, request->signature)) {
      return refusal({ErrorCode::not_authorised, "whose"});
    }
    if (request->action == PinOwnerAction::unlock) {
      place.realm.guesses = 0;
      note(place, proto::GuessKind::unlocked);
    }
    if (request->action == PinOwnerAction::erase) pin.reset();
    return proto::CallReply{200,
                            wire::encode(proto::PinOwnerAnswer{
                                place.log.size(), static_cast<std::uint8_t>(place.realm.guesses), place.log}),
                            {}};
  }

  static Reply store(Place& place, ByteView body) {
    auto request = wire::decode<proto::TokenStoreRequest>(body);
    CHECK(request.has_value());
    place.shares.insert_or_assign(request->record,
                                  Share{request->release_key, request->erase_key, std::move(request->share), {}});
    return proto::CallReply{200, {}, {}};
  }

  static Reply token_note(Place& place, ByteView body) {
    const auto request = wire::decode<proto::TokenNoteRequest>(body);
    CHECK(request.has_value());
    const auto found = place.shares.find(request->record);
    if (found == place.shares.end() || found->second.state.receipt) return refusal({ErrorCode::not_found, "no token"});
    const Bytes content = token_note_content(place.realm.id(), request->record, request->note);
    if (!crypto::verify_labelled(found->second.release_key, crypto::kSignTokenNote, content, request->signature)) {
      return refusal({ErrorCode::invalid_signature, "whose"});
    }
    if (!request->note.empty()) found->second.note = request->note;
    return proto::CallReply{200, wire::encode(proto::TokenNoteAnswer{found->second.note}), {}};
  }

  static Reply token_request(Place& place, ByteView body) {
    const auto request = wire::decode<proto::TokenRequest>(body);
    CHECK(request.has_value());
    const auto found = place.shares.find(request->record);
    if (found == place.shares.end()) return refusal({ErrorCode::not_found, "no token"});
    Share& kept = found->second;
    const bool by_release = request->by == TokenKeyKind::release;
    if (!by_release && !kept.erase_key) return refusal({ErrorCode::not_authorised, "whose"});
    const Bytes content =
        token_request_content(place.realm.id(), request->record, request->action, request->by, request->change);
    if (!crypto::verify_labelled(by_release ? kept.release_key : *kept.erase_key, crypto::kSignTokenRequest, content,
                                 request->signature)) {
      return refusal({ErrorCode::invalid_signature, "whose"});
    }
    if (request->action == TokenAction::erase && !by_release) erase(place, request->record);
    if (request->action == TokenAction::erase && by_release && !kept.state.receipt) kept.state.erase_at_ms = 72;
    if (request->action == TokenAction::cancel) kept.state.erase_at_ms = 0;
    proto::TokenAnswer answer{{kept.state.change, kept.state.erase_at_ms, std::nullopt, kept.state.receipt}};
    if (request->action == TokenAction::release && !kept.state.receipt) answer.value.share = clone(kept.share);
    if (answer.value.share && place.realm.spoil_token) place.realm.spoil_token(answer.value);
    return proto::CallReply{200, wire::encode(answer), {}};
  }

 public:
  /// As a realm does when the time of a deletion has come.
  static void erase(Place& place, const TokenRecordId& record) {
    TokenState& state = place.shares.at(record).state;
    state.erase_at_ms = 0;
    state.receipt = ErasureReceipt{place.realm.id(), record, 1, {}};
    state.receipt->signature = crypto::sign_labelled(place.realm.key, crypto::kSignReceipt, state.receipt->content());
  }
  void erase_all_that_wait() {
    for (const auto& place : places) {
      for (auto& [record, share] : place->shares) {
        if (share.state.erase_at_ms != 0) erase(*place, record);
      }
    }
  }
};

}  // namespace cairn::testing
