// The realms that hold a PIN or a token, and how each of them behaved.
#pragma once

#include <vector>

#include "core/base/realm.h"

namespace cairn::vault {

/// Who they are, in the order of their shares (index 1 first), and how many it takes.
struct RealmSet {
  std::vector<RealmId> realms;
  std::uint8_t threshold = 2;

  /// `malformed` unless there are 1 to kMaxRealms, all different, and n/2 < threshold <= n: then two versions of one
  /// thing can never both be had.
  Status check() const;
  std::size_t size() const { return realms.size(); }
};

/// What became of one realm's answers. From `other_version` on it has broken a rule, and is to be named.
enum class RealmFate : std::uint8_t {
  waiting,          ///< no answer yet
  good,             ///< every answer so far
  dead,             ///< no answer in time
  nothing_here,     ///< it says that it has no such record
  locked,           ///< ten guesses were made at it
  refused,          ///< any other refusal; also that something changed meanwhile: to be asked again, and no lie
  other_version,    ///< another registration than enough others have: it lies, or is out of date
  wrong_signature,  ///< what it shows was not signed for it by who registered
  wrong_proof,      ///< it did not use the key that it was given
  wrong_share       ///< what it released is not what it was given
};

constexpr bool broke_a_rule(RealmFate fate) { return fate >= RealmFate::other_version; }

/// The fate that goes with a refusal, or with none having answered.
RealmFate fate_of(ErrorCode code);

}  // namespace cairn::vault
