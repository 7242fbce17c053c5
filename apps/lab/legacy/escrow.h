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
constexpr std::size_t kMajority = kModules / 2 + 1;

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
  enum class Fault : std::uint8_t {
    none,
    silent,   ///< answers nothing, and counts nothing
    contrary  ///< takes right codes for wrong ones, and wrong for right
  };
  Fault fault = Fault::none;

  bool destroyed() const { return wrong_tries_ >= kMaxTries; }
  /// Whether it finds a code right; counts it when it does not. Nothing from one that is silent or destroyed.
  std::optional<bool> judge(bool right) {
    if (fault == Fault::silent || destroyed()) return std::nullopt;
    const bool found_right = (fault == Fault::contrary) != right;
    if (!found_right) ++wrong_tries_;
    return found_right;
  }
  /// The majority found a code right, and this one too.
  void forget_wrong() { wrong_tries_ = 0; }

 private:
  unsigned wrong_tries_ = 0;
};

class HsmCluster {
 public:
  HsmCluster();

  /// Puts a keychain into escrow.
  void escrow(const std::string& code, ByteView keychain);
  /// The honest program: SRP with each module, each counts for itself, then the keychain when a majority agrees.
  /// `not_authorised` when a majority finds the code wrong, `no_quorum` when none agrees, `not_found` when the record
  /// is destroyed: by the counters of a majority.
  Result<Bytes> recover(const std::string& code);
  Module& module_at(std::size_t index) { return modules_.at(index); }

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
