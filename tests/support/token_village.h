// Real realms in memory that share the token of a backup's generation.
#pragma once

#include "core/base/encoding.h"
#include "tests/support/realm_village.h"

namespace cairn::testing {

/// A generation whose token is shared over three realms.
struct TokenVillage : RealmVillage {
  TokenVillage() : shared(make()) {
    for (std::size_t i = 0; i < realms.size(); ++i) CHECK(store(i, shared.shares[i]).has_value());
    token_text = to_hex(shared.token.expose());
  }
  vault::SharedToken make() {
    root = random_secret<vault::BackupRoot>(entropy);
    entropy.fill(recovery_secret);
    auto out = vault::share_token(set, root, entropy);
    CHECK(out.has_value());
    return std::move(*out);
  }
  Status store(std::size_t i, const TokenShare& share) {
    return client::realm_done(realms[i]->call(client::token_store_call(
        realms[i]->url, vault::token_record_id(root, set.realms[i]), vault::token_release_key(root).public_key(),
        vault::token_erase_key(recovery_secret).public_key(), share, token(i, proto::TokenPurpose::store_token))));
  }
  Result<TokenState> ask(const vault::TokenAsk& ask) {
    return client::token_reply(realms[ask.realm]->call(client::token_call(realms[ask.realm]->url, ask)));
  }
  template <class Machine>
  void run(Machine& machine) {
    for (auto asks = machine.take_asks(); !asks.empty(); asks = machine.take_asks()) {
      for (const vault::TokenAsk& one : asks) machine.take(one.realm, ask(one));
    }
  }
  vault::TokenRecovery recover() {
    auto out = vault::TokenRecovery::begin(set, root);
    run(*out);
    return std::move(*out);
  }
  bool gives_token() {
    auto recovery = recover();
    return recovery.state() == vault::TokenRecovery::State::recovered &&
           to_hex(recovery.take_token().expose()) == token_text;
  }
  vault::TokenChange change(vault::TokenChange::Wish wish, TokenKeyKind by) {
    auto out = vault::TokenChange::begin(set, root, wish, by, key_of(by));
    run(*out);
    return std::move(*out);
  }
  crypto::SigningKey key_of(TokenKeyKind by) const {
    return by == TokenKeyKind::release ? vault::token_release_key(root) : vault::token_erase_key(recovery_secret);
  }
  /// One request to realm 0, signed by `key`.
  Result<TokenState> request(TokenAction action, TokenKeyKind by, std::uint64_t change, const crypto::SigningKey& key) {
    vault::TokenAsk one{0, vault::token_record_id(root, set.realms[0]), action, by, change, {}};
    one.signature = crypto::sign_labelled(key, crypto::kSignTokenRequest,
                                          token_request_content(set.realms[0], one.record, action, by, change));
    return ask(one);
  }
  void pass(std::uint64_t ms) {
    for (auto& realm : realms) realm->driver.pass(ms);
  }

  vault::BackupRoot root;
  Bytes recovery_secret = Bytes(20);
  vault::SharedToken shared;
  std::string token_text;
};

}  // namespace cairn::testing
