// Any answers of realms, in any order, to who wants a token back: no crash, never another token than the one that was
// shared, and no erasure that nobody has signed for.
#include "core/vault/token.h"
#include "tests/support/fake_realm.h"
#include "tests/support/seeded_entropy.h"

namespace {

using namespace cairn;

/// Bytes of the input, then zeros.
class Choices {
 public:
  explicit Choices(ByteView input) : rest_(input) {}
  std::uint8_t next() {
    if (rest_.empty()) return 0;
    const std::uint8_t out = rest_[0];
    rest_ = rest_.subspan(1);
    return out;
  }
  void spoil(MutableByteView bytes) {
    const std::uint8_t place = next();
    bytes[place % bytes.size()] ^= next();
  }

 private:
  ByteView rest_;
};

Result<TokenState> answer(Choices& choices, const TokenShare& share, const vault::TokenAsk& ask, const RealmId& realm) {
  TokenState out;
  out.change = choices.next();
  out.erase_at_ms = choices.next() % 3;
  switch (choices.next() % 8) {
    case 0: return fail(ErrorCode::unavailable, "dead");
    case 1: return fail(ErrorCode::not_found, "nothing here");
    case 2:
      out.share = testing::clone(share);
      choices.spoil(out.share->share.expose_mutable());
      break;
    case 3:
      out.share = testing::clone(share);
      choices.spoil(out.share->check.mutable_view());
      break;
    case 4:
      out.share = testing::clone(share);
      choices.spoil(out.share->mac.mutable_view());
      break;
    case 5:
      out.share = testing::clone(share);
      out.share->index = choices.next();
      break;
    case 6:
      out.receipt = ErasureReceipt{realm, ask.record, choices.next(), {}};
      choices.spoil(out.receipt->signature.mutable_view());
      break;
    default: out.share = testing::clone(share); break;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static testing::SeededEntropy entropy(1);
  static const std::vector<RealmId> realms = [] {
    std::vector<RealmId> out;
    for (int i = 0; i < 3; ++i) out.push_back(crypto::SigningKey::generate(entropy).public_key());
    return out;
  }();
  static const auto root = random_secret<vault::BackupRoot>(entropy);
  static const auto shared = vault::share_token({realms, 2}, root, entropy);
  CHECK(shared.has_value());
  Choices choices({data, size});
  auto recovery = vault::TokenRecovery::begin({realms, 2}, root);
  CHECK(recovery.has_value());
  for (auto asks = recovery->take_asks(); !asks.empty(); asks = recovery->take_asks()) {
    while (!asks.empty()) {
      const std::size_t which = choices.next() % asks.size();
      const vault::TokenAsk& ask = asks[which];
      recovery->take(ask.realm, answer(choices, shared->shares[ask.realm], ask, realms[ask.realm]));
      asks.erase(asks.begin() + static_cast<std::ptrdiff_t>(which));
    }
    if (choices.next() % 5 == 4) recovery->expire();
  }
  CHECK(recovery->state() != vault::TokenRecovery::State::erased);
  if (recovery->state() == vault::TokenRecovery::State::recovered) {
    CHECK(equal(recovery->take_token().expose(), shared->token.expose()));
  }
  auto change = vault::TokenChange::begin({realms, 2}, root, vault::TokenChange::Wish::erase, TokenKeyKind::release,
                                          vault::token_release_key(root));
  CHECK(change.has_value());
  for (auto asks = change->take_asks(); !asks.empty(); asks = change->take_asks()) {
    for (const vault::TokenAsk& ask : asks) {
      change->take(ask.realm, answer(choices, shared->shares[ask.realm], ask, realms[ask.realm]));
    }
  }
  CHECK(!change->gone());
  return 0;
}
