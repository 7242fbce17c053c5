#include "core/client/pin_attempt.h"

#include <algorithm>

#include "core/client/backup_tables.h"
#include "core/client/labels.h"
#include "core/crypto/hash.h"
#include "core/crypto/kdf.h"

namespace cairn::client {
namespace {

/// The same bytes from the same seed, each time that it is drawn from in the same order.
class SeedEntropy final : public Entropy {
 public:
  explicit SeedEntropy(const PinAttempt::Seed& seed) : seed_(seed) {}

  void fill(MutableByteView out) override {
    wire::Writer number;
    number.u64(drawn_++);
    crypto::kdf(seed_.expose(), kDerivePinAttempt, number.take(), out);
  }

 private:
  const PinAttempt::Seed& seed_;
  std::uint64_t drawn_ = 0;
};

Hash digest_of(const vault::PinRegistration& made) {
  SecretBytes all(PinShare::kSize * made.shares.size());
  MutableByteView rest = all.expose_mutable();
  for (const PinShare& one : made.shares) {
    const SecretBytes share = one.encode();
    std::ranges::copy(share.expose(), rest.begin());
    rest = rest.subspan(share.size());
  }
  return crypto::sha256(all.expose());
}

Result<BegunPin> make_pin(PinAttempt attempt, const RealmHouse& house, std::string_view pin) {
  SeedEntropy entropy(attempt.seed);
  auto secret = random_secret<vault::PinSecret>(entropy);
  auto made = TRY(vault::register_pin(house.list.set(), house.who.registration, pin, secret, entropy));
  return BegunPin{std::move(attempt), std::move(secret), std::move(made)};
}

std::optional<PinAttempt> load_pin_attempt(const StoreView& store) {
  auto row = store.get(tables::kPinAttempt, {});
  if (!row) return std::nullopt;
  const SecretBytes bytes(std::move(*row));
  auto out = PinAttempt::decode(bytes.expose());
  if (!out) return std::nullopt;
  return std::move(*out);
}

bool is_lapsed(const PinAttempt& attempt, Time now) {
  return elapsed_ms(now, Time{attempt.begun_ms}) > PinAttempt::kKeptMs;
}

}  // namespace

SecretBytes PinAttempt::encode() const {
  wire::Writer w(wire::Sensitivity::is_secret);
  w.raw(seed.expose());
  w.raw(digest);
  w.u64(begun_ms);
  return w.take_secret();
}

Result<PinAttempt> PinAttempt::decode(ByteView bytes) {
  wire::Reader r(bytes);
  PinAttempt out;
  out.seed = TRY(r.fixed<Seed>());
  out.digest = TRY(r.fixed<Hash>());
  out.begun_ms = TRY(r.u64());
  TRY(r.finish());
  return out;
}

Result<BegunPin> begin_pin(const Context& context, const RealmHouse& house, std::string_view pin) {
  if (auto kept = load_pin_attempt(context.store); kept && !is_lapsed(*kept, context.now)) {
    auto again = TRY(make_pin(std::move(*kept), house, pin));
    if (digest_of(again.made) == again.attempt.digest) return again;
  }
  PinAttempt fresh{random_secret<PinAttempt::Seed>(context.entropy), {}, context.now.ms};
  auto begun = TRY(make_pin(std::move(fresh), house, pin));
  begun.attempt.digest = digest_of(begun.made);
  return begun;
}

void save_pin_attempt(Context& context, const PinAttempt& attempt) {
  context.store.put(tables::kPinAttempt, {}, to_bytes(attempt.encode().expose()));
}

void forget_pin_attempt(Context& context) { context.store.erase(tables::kPinAttempt, {}); }

void drop_old_pin_attempt(Context& context) {
  const auto kept = load_pin_attempt(context.store);
  if (kept && is_lapsed(*kept, context.now)) forget_pin_attempt(context);
}

}  // namespace cairn::client
