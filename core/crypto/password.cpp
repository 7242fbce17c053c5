#include "core/crypto/password.h"

#include "core/crypto/internal/sodium.h"

namespace cairn::crypto {

Status argon2id(ByteView password, ByteView salt, Argon2idCost cost, MutableByteView out) {
  internal::require_sodium();
  CHECK(salt.size() == crypto_pwhash_argon2id_SALTBYTES);
  CHECK(out.size() >= crypto_pwhash_argon2id_BYTES_MIN);
  const std::size_t memory = std::size_t{cost.memory_kib} * 1024;
  REQUIRE(memory >= crypto_pwhash_argon2id_MEMLIMIT_MIN && cost.passes >= crypto_pwhash_argon2id_OPSLIMIT_MIN &&
              password.size() <= crypto_pwhash_argon2id_PASSWD_MAX,
          ErrorCode::over_limit, "argon2id cost");
  const char* const text = reinterpret_cast<const char*>(password.data());
  // What is left to fail is the allocation.
  REQUIRE(crypto_pwhash(out.data(), out.size(), password.empty() ? "" : text, password.size(), salt.data(), cost.passes,
                        memory, crypto_pwhash_ALG_ARGON2ID13) == 0,
          ErrorCode::over_limit, "argon2id memory");
  return ok();
}

}  // namespace cairn::crypto
