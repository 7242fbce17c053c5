// Factoring the modulus. Really, at a size that takes seconds, by PARI's quadratic sieve (the program gp); the size of
// 2014 by a formula.
#include <cmath>
#include <cstdio>

#include "apps/demo/process.h"
#include "apps/lab/attacks/attacks.h"
#include "apps/lab/legacy/body.h"
#include "apps/lab/legacy/rsa.h"
#include "apps/lab/legacy/symmetric.h"

namespace cairn::lab {
namespace {

using namespace legacy;

constexpr std::chrono::minutes kMostOfGp{15};

std::string decimal(ByteView number) {
  char* text = BN_bn2dec(number_of(number).get());
  std::string out = text;
  OPENSSL_free(text);
  return out;
}

Number from_decimal(const std::string& text) {
  BIGNUM* out = nullptr;
  if (text.empty() || BN_dec2bn(&out, text.c_str()) != static_cast<int>(text.size())) out = BN_new();
  return Number(out);
}

struct Factored {
  Number p, q;
  double seconds = 0;  ///< of one core
};
std::optional<Factored> factor(ByteView modulus) {
  const std::string script =
      "gettime();f=factorint(" + decimal(modulus) + ");t=gettime();print(f[1,1]);print(f[2,1]);print(t);\n";
  const demo::Finished done = demo::run({"/usr/bin/gp", "-q", "-f", "-s", "300M"}, kMostOfGp, script);
  std::vector<std::string> lines(1);
  for (const char c : done.out) {
    if (c == '\n')
      lines.emplace_back();
    else
      lines.back() += c;
  }
  if (done.exit_code != 0 || lines.size() < 3) return std::nullopt;
  return Factored{from_decimal(lines[0]), from_decimal(lines[1]), std::strtod(lines[2].c_str(), nullptr) / 1000};
}

/// ln of the number field sieve's work for a number of so many bits, without the o(1).
double ln_sieve(double bits) {
  const double ln_n = bits * std::log(2.0);
  return std::cbrt(64.0 / 9.0) * std::cbrt(ln_n) * std::pow(std::log(ln_n), 2.0 / 3.0);
}

std::string with_digits(double value, int digits) {
  char out[64];
  std::snprintf(out, sizeof out, "%.*f", digits, value);
  return out;
}

void extrapolate(Side& side, unsigned bits) {
  // FIPS 140-2 Implementation Guidance 7.5: (1.923 cbrt(ln N) cbrt((ln ln N)^2) - 4.69) / ln 2.
  const double strength = (ln_sieve(1280) - 4.69) / std::log(2.0);
  const double times = std::exp(ln_sieve(1280) - ln_sieve(829));
  side.reduced.push_back(
      {"The number has " + std::to_string(bits) + " bits instead of 1280. The true size is about " +
           with_digits(times, 0) +
           " times as much work as the largest such number that is publicly known to have been taken apart (829 bits, "
           "in 2020, with about 2700 years of one processor core). Nobody is known to have done it.",
       "At " + std::to_string(bits) +
           " bits OAEP with SHA-1 (42 bytes) does not fit, so the key is wrapped with PKCS#1 v1.5. For 1280 bits: work "
           "2^" +
           with_digits(strength, 1) +
           " by (1.923 (ln N)^(1/3) (ln ln N)^(2/3) - 4.69) / ln 2 (FIPS 140-2 Implementation Guidance 7.5). The "
           "record is RSA-250; the factor between it and 1280 bits is that of the number field sieve's formula, "
           "without its o(1). NIST has asked for 2048 bits since 2014."});
}

}  // namespace

Side weak_rsa_2014(const ModelOptions& options) {
  const RsaKey bob = RsaKey::generate_small(options.factor_bits);
  const Message message{{"alice@example.org", "bob@example.org"}, "The gate opens at four.", {}};
  const Bytes key = random_bytes(16);
  const auto block = rsa_encrypt(bob.modulus(), key, RsaPadding::pkcs1);
  const Bytes ciphertext = aes_ctr(key, first_counter(), encode_body(message));
  Side side;
  side.step("directory", "attacker", "Bob's public key: " + std::to_string(options.factor_bits) + " bits");
  side.step("Alice", "attacker", "a recorded message");
  const auto factors = block ? factor(bob.modulus()) : std::nullopt;
  if (!factors) {
    side.got = "not run: the program gp (package pari-gp) is not here, or did not finish";
    return side;
  }
  const auto made = RsaKey::from_primes(factors->p.get(), factors->q.get());
  const auto opened = made ? made->decrypt(*block, RsaPadding::pkcs1) : Result<Bytes>(fail(ErrorCode::malformed, "-"));
  const auto read = opened && opened->size() == 16 ? decode_body(aes_ctr(*opened, first_counter(), ciphertext))
                                                   : Result<Message>(fail(ErrorCode::malformed, "-"));
  side.step("attacker", "attacker", "factors it in " + with_digits(factors->seconds, 1) + " s", Step::Kind::swapped);
  side.step("attacker", "attacker", "\"" + (read ? read->text : std::string("-")) + "\"",
            stolen_if(read && *read == message));
  side.conclude(read && *read == message, "with a number of " + std::to_string(options.factor_bits) +
                                              " bits, not 1280: the private key from the public one, and the message");
  if (side.outcome == Outcome::succeeded) side.outcome = Outcome::weakened;
  side.show("bits factored", options.factor_bits);
  side.show("seconds of one processor core", with_digits(factors->seconds, 1));
  side.show("read", read ? read->text : "-");
  extrapolate(side, options.factor_bits);
  return side;
}

}  // namespace cairn::lab
