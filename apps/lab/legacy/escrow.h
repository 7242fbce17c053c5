// Keychain escrow: the keychain under a random key, that key wrapped by the security code (four digits by default) and
// the cluster's key. A device proves that it knows the code with SRP-6a (RFC 5054 s.2.5); each module of the cluster
// counts, and a majority must agree; after ten wrong tries the record is destroyed. Who writes the modules' program
// decides whether there is a counter at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"

namespace cairn::lab::legacy {

constexpr unsigned kMaxTries = 10;
constexpr std::size_t kModules = 5;

/// What the cluster stores of a user.
struct EscrowRecord {
  Bytes salt;
  Bytes verifier;     ///< g^x mod N, x from salt and code: N is RFC 2409's group of 1024 bits, g is 2
  Bytes wrapped_key;  ///< the keychain's key: under the code, and that under the cluster's key
  Bytes keychain;     ///< AES-256-CTR under the keychain's key
};

/// One hardware module, with the program that its maker wrote.
class Module {
 public:
  bool destroyed() const { return wrong_tries_ >= kMaxTries; }
  void count_wrong() { ++wrong_tries_; }
  void count_right() { wrong_tries_ = 0; }

 private:
  unsigned wrong_tries_ = 0;
};

class HsmCluster {
 public:
  HsmCluster();

  /// Puts a keychain into escrow.
  void escrow(const std::string& code, ByteView keychain);
  /// The honest program: SRP, the counter of a majority, then the keychain. `not_authorised` for a wrong code,
  /// `not_found` when the record is destroyed.
  Result<Bytes> recover(const std::string& code);

  // ---- what only its operator can do: run another program on the same modules and the same record ----

  struct Guessed {
    std::string code;
    Bytes keychain;
    unsigned tries = 0;
  };
  /// Tries every code of four digits against the verifier, without a counter.
  std::optional<Guessed> guess_all() const;

 private:
  Result<Bytes> open(const std::string& code) const;

  Bytes cluster_key_;
  std::vector<Module> modules_;
  std::optional<EscrowRecord> record_;
};

}  // namespace cairn::lab::legacy
