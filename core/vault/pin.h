// A PIN that opens what it protects, without anybody but its owner able to try it: registering it at the realms, and
// getting its secret back (docs/spec/realm.md s.2, 3). No transport: what is asked of each realm is data.
#pragma once

#include <string_view>
#include <variant>

#include "core/base/environment.h"
#include "core/crypto/oprf.h"
#include "core/crypto/signature.h"
#include "core/vault/realms.h"

namespace cairn::vault {

/// What lies behind a PIN: the seed of an X-Wing key pair that opens backups.
using PinSecret = Secret<struct PinSecretTag, 32>;

constexpr std::size_t kMinPinCharacters = 6;
constexpr std::size_t kMaxPinCharacters = 256;

/// Whether this may be a PIN: UTF-8, long enough, no common one, no sequence or repetition. `where` is a sentence for a
/// person.
Status check_pin(std::string_view pin);

/// What Argon2id makes of a PIN.
struct StretchedPin {
  Secret<struct PinAccessTag, 32> access;
  Secret<struct PinSeedTag, 32> seed;
};
/// 64 MiB, 3 passes: takes about an eighth of a second. `over_limit` when the memory cannot be had.
Result<StretchedPin> stretch_pin(ByteView pin, const PinVersion& version, const RegistrationId& registration);
/// stretch_pin; tests and benchmarks take a cheaper one.
using PinStretch = Result<StretchedPin> (*)(ByteView, const PinVersion&, const RegistrationId&);

/// A registration, ready to be sent: shares[i] goes to realms[i]. It holds once `threshold` realms have stored it.
struct PinRegistration {
  PinVersion version;
  crypto::SigningKey auth;  ///< unlocks, replaces and deletes it; kept wherever the devices keep the backup's root
  std::vector<PinShare> shares;
};

/// `malformed` for a set that is none; check_pin's errors; stretch's.
Result<PinRegistration> register_pin(const RealmSet& set, const RegistrationId& registration, std::string_view pin,
                                     const PinSecret& secret, Entropy& entropy, PinStretch stretch = stretch_pin);

/// The old registration's consent to be replaced by `share` at this realm.
Signature sign_pin_replacement(const crypto::SigningKey& old_auth, const RealmId& realm,
                               const RegistrationId& registration, const PinVersion& replaced, const PinShare& share);
/// Asks for the guess log (sequence 0), unlocks or deletes (the sequence that the log told).
Signature sign_pin_owner(const crypto::SigningKey& auth, const RealmId& realm, const RegistrationId& registration,
                         const PinVersion& version, PinOwnerAction action, std::uint64_t sequence);

/// What only the right PIN and `threshold` realms make.
using PinUnlockKey = Secret<struct PinUnlockTag, 32>;

/// Gets a PIN's secret back from any `threshold` realms that are alive and honest, whatever the others do.
///
/// Send what take_asks() gives, hand in what comes, and repeat until done(); answers may come late, in any order, or
/// never: expire() when patience is over. Each evaluation costs one guess at its realm, and needs an account token,
/// which is the caller's to add.
class PinRecovery {
 public:
  struct AskVersion {};
  struct AskEvaluation {
    PinVersion version;
    EncodedElement element;
  };
  /// Also proves the PIN to the realm, so that it forgets the guesses: send it even when all is done.
  struct AskRelease {
    PinVersion version;
    PinTag tag;
  };
  struct Ask {
    std::size_t realm = 0;  ///< place in the set
    std::variant<AskVersion, AskEvaluation, AskRelease> what;
  };

  enum class State : std::uint8_t {
    versions,
    evaluations,
    releases,
    recovered,
    wrong_pin,
    locked,          ///< too many realms are
    not_registered,  ///< too many realms have nothing
    no_quorum,       ///< too few realms answered as they must; see fates()
    no_memory        ///< for Argon2id
  };

  /// `malformed` for a set that is none.
  static Result<PinRecovery> begin(RealmSet set, const RegistrationId& registration, std::string_view pin,
                                   Entropy& entropy, PinStretch stretch = stretch_pin);

  /// What is to be sent now; each once.
  std::vector<Ask> take_asks() { return std::exchange(asks_, {}); }
  /// An answer, or why there is none (the version that makes a threshold also costs one Argon2id, here and now):
  /// `unavailable`, or the code of the realm's refusal. `realm` is a place in the set (CHECKed). What was not asked, or
  /// comes twice, is ignored; who answers when all is done is still judged.
  void take(std::size_t realm, Result<PinVersion> answer);
  void take(std::size_t realm, Result<PinEvaluation> answer);
  void take(std::size_t realm, Result<PinRelease> answer);
  /// Who has not answered by now is dead for this step.
  void expire();

  State state() const { return state_; }
  bool done() const { return state_ >= State::recovered; }
  const std::vector<RealmFate>& fates() const { return fates_; }
  /// After wrong_pin: how often one may still try with these realms, if they say the truth.
  std::uint8_t guesses_left() const { return guesses_left_; }
  /// The secret, once; state() is `recovered` (CHECKed).
  PinSecret take_secret();

 private:
  struct Evaluated {
    PinPublic shown;
    crypto::RistrettoElement element;
    std::uint8_t guesses_left;
  };
  struct Released {
    crypto::RistrettoScalar scalar;
    SealedPinSecret sealed;
  };
  /// What is known of one realm.
  struct Place {
    bool asked = false;  ///< and not answered yet, in the step that is under way
    std::optional<PinVersion> version;
    std::optional<Evaluated> evaluated;
    std::optional<Released> released;
  };

  PinRecovery(RealmSet set, const RegistrationId& registration, std::string_view pin, crypto::RistrettoScalar blind,
              PinStretch stretch);
  void failed(std::size_t realm, ErrorCode code);
  void settle_versions();
  void choose(const PinVersion& version);
  void ask_evaluation(std::size_t realm);
  Result<Evaluated> check(std::size_t realm, const PinEvaluation& answer, RealmFate& fate) const;
  void settle_evaluations();
  void name_strangers();
  void unlock(const std::vector<std::size_t>& group);
  Result<Released> check(std::size_t realm, const PinRelease& answer) const;
  void settle_releases();
  Result<PinSecret> open() const;
  bool anybody_asked() const;
  std::size_t count(RealmFate fate) const;
  State failure() const;
  Bytes context() const;

  RealmSet set_;
  RegistrationId registration_;
  SecretBytes pin_;
  PinStretch stretch_;
  crypto::RistrettoScalar blind_;
  State state_ = State::versions;
  std::vector<RealmFate> fates_;
  std::vector<Place> places_;
  std::vector<Ask> asks_;
  std::optional<PinVersion> version_;
  std::optional<crypto::RistrettoElement> blinded_;
  StretchedPin stretched_;
  std::optional<PinPublic> chosen_;  ///< of a realm that has the same as enough others
  PinUnlockKey unlock_;
  std::uint8_t guesses_left_ = 0;
  PinSecret secret_;
};

}  // namespace cairn::vault
