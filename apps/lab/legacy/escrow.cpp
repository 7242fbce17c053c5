#include "apps/lab/legacy/escrow.h"

#include <algorithm>
#include <cstdio>

#include "apps/lab/legacy/openssl.h"
#include "apps/lab/legacy/symmetric.h"

namespace cairn::lab::legacy {
namespace {

constexpr std::size_t kGroupBytes = 128;
constexpr unsigned kCodes = 10'000;

/// SRP-6a's group and the arithmetic in it.
class Group {
 public:
  Group() : context_(BN_CTX_new()), n_(BN_get_rfc2409_prime_1024(nullptr)), g_(BN_new()) {
    CHECK(BN_set_word(g_.get(), 2) == 1);
    k_ = number_of(sha256(concat({padded(n_.get()), padded(g_.get())})));
  }
  Bytes padded(const BIGNUM* number) const { return bytes_of(number, kGroupBytes); }
  Number power(const BIGNUM* base, const BIGNUM* exponent) const {
    Number out(BN_new());
    CHECK(BN_mod_exp(out.get(), base, exponent, n_.get(), context_.get()) == 1);
    return out;
  }
  Number times(const BIGNUM* a, const BIGNUM* b) const {
    Number out(BN_new());
    CHECK(BN_mod_mul(out.get(), a, b, n_.get(), context_.get()) == 1);
    return out;
  }
  Number minus(const BIGNUM* a, const BIGNUM* b) const {
    Number out(BN_new());
    CHECK(BN_mod_sub(out.get(), a, b, n_.get(), context_.get()) == 1);
    return out;
  }
  Number plus(const BIGNUM* a, const BIGNUM* b) const {
    Number out(BN_new());
    CHECK(BN_mod_add(out.get(), a, b, n_.get(), context_.get()) == 1);
    return out;
  }
  /// a + b * c, not reduced: exponents.
  Number exponent(const BIGNUM* a, const BIGNUM* b, const BIGNUM* c) const {
    Number out(BN_new());
    CHECK(BN_mul(out.get(), b, c, context_.get()) == 1 && BN_add(out.get(), out.get(), a) == 1);
    return out;
  }
  const BIGNUM* g() const { return g_.get(); }
  const BIGNUM* k() const { return k_.get(); }

 private:
  NumberContext context_;
  Number n_, g_, k_;
};

Number private_value(ByteView salt, const std::string& code) {
  return number_of(sha256(concat({salt, sha256(as_bytes("keychain:" + code))})));
}

Bytes verifier_of(const Group& group, ByteView salt, const std::string& code) {
  return group.padded(group.power(group.g(), private_value(salt, code).get()).get());
}

/// RFC 5054 s.2.6: both sides, the device with the code and the module with the verifier; true when their keys agree.
bool srp_agrees(const Group& group, const EscrowRecord& record, const std::string& code) {
  const Number v = number_of(record.verifier);
  const Number a = number_of(random_bytes(32));
  const Number b = number_of(random_bytes(32));
  const Number device_public = group.power(group.g(), a.get());
  const Number module_public = group.plus(group.times(group.k(), v.get()).get(), group.power(group.g(), b.get()).get());
  const Number u = number_of(sha256(concat({group.padded(device_public.get()), group.padded(module_public.get())})));
  const Number x = private_value(record.salt, code);
  const Number base =
      group.minus(module_public.get(), group.times(group.k(), group.power(group.g(), x.get()).get()).get());
  const Number by_device = group.power(base.get(), group.exponent(a.get(), u.get(), x.get()).get());
  const Number product = group.times(device_public.get(), group.power(v.get(), u.get()).get());
  const Number by_module = group.power(product.get(), b.get());
  return BN_cmp(by_device.get(), by_module.get()) == 0;
}

Bytes code_key(ByteView salt, const std::string& code) {
  return sha256(concat({as_bytes("code"), salt, as_bytes(code)}));
}

}  // namespace

HsmCluster::HsmCluster() : cluster_key_(random_bytes(32)), modules_(kModules) {}

void HsmCluster::escrow(const std::string& code, ByteView keychain) {
  EscrowRecord record;
  record.salt = random_bytes(16);
  record.verifier = verifier_of(Group(), record.salt, code);
  const Bytes key = random_bytes(32);
  record.wrapped_key = aes_wrap(cluster_key_, aes_wrap(code_key(record.salt, code), key));
  record.keychain = aes_ctr(key, first_counter(), keychain);
  record_ = std::move(record);
}

Result<Bytes> HsmCluster::open(const std::string& code) const {
  const Bytes inner = TRY(aes_unwrap(cluster_key_, record_->wrapped_key));
  const Bytes key = TRY(aes_unwrap(code_key(record_->salt, code), inner));
  return aes_ctr(key, first_counter(), record_->keychain);
}

Result<Bytes> HsmCluster::recover(const std::string& code) {
  REQUIRE(record_, ErrorCode::not_found, "escrow record");
  const auto destroyed = std::count_if(modules_.begin(), modules_.end(), [](const Module& m) { return m.destroyed(); });
  if (static_cast<std::size_t>(destroyed) >= kMajority) record_.reset();
  REQUIRE(record_, ErrorCode::not_found, "escrow record");
  const Group group;
  std::vector<Module*> agree;
  std::size_t disagree = 0;
  for (Module& one : modules_) {
    const auto found_right = one.judge(srp_agrees(group, *record_, code));
    if (found_right && *found_right) agree.push_back(&one);
    if (found_right && !*found_right) ++disagree;
  }
  REQUIRE(disagree < kMajority, ErrorCode::not_authorised, "security code");
  REQUIRE(agree.size() >= kMajority, ErrorCode::no_quorum, "modules of the cluster");
  for (Module* one : agree) one->forget_wrong();
  return open(code);
}

std::optional<HsmCluster::Guessed> HsmCluster::guess_all() const {
  if (!record_) return std::nullopt;
  const Group group;
  for (unsigned i = 0; i < kCodes; ++i) {
    char digits[8];
    std::snprintf(digits, sizeof digits, "%04u", i);
    if (verifier_of(group, record_->salt, digits) != record_->verifier) continue;
    auto keychain = open(digits);
    if (keychain) return Guessed{digits, std::move(*keychain), i + 1};
  }
  return std::nullopt;
}

}  // namespace cairn::lab::legacy
