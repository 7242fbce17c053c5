// A small directory whose epochs can lie in one thing each: what the second verifier is held against.
#pragma once

#include <optional>
#include <string>

#include "core/directory/auditor.h"
#include "tests/support/naive_map.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::testing {

/// A name with the keys that hold its veto.
struct Somebody {
  Hash key;
  std::vector<crypto::SigningKey> devices;  ///< 1 to 3
  crypto::SigningKey recovery;
  Hash kem_hash;
  std::optional<directory::ResetNotice> request;  ///< open, or vetoed and not replaced yet
};

/// What happens to one name in an epoch.
struct Change {
  std::size_t who = 0;
  directory::Update update;
  std::optional<directory::Notice> notice;
};

/// An epoch before it is written down. A lie in `changes` is followed by roots and proofs, one in `before` or `after`
/// is a map that does not fit them.
struct Draft {
  std::vector<Change> changes;  ///< ascending by key
  NaiveMap before, after;
  std::uint64_t time_ms = 0;
};

class World {
 public:
  explicit World(std::uint64_t seed);

  SeededEntropy entropy;
  Time now{1'750'000'000'000};
  directory::DirectoryConfig config;
  directory::Auditor auditor;
  std::vector<Somebody> people;
  NaiveMap map;

  bool chance(unsigned percent) { return entropy.below(100) < percent; }
  Hash random_hash() { return random_value<Hash>(entropy); }

  /// An honest epoch, but for what an auditor alone knows: whether a completion has waited, and its vetoes.
  Draft plan();
  /// `after` from `before` and the changes, as they stand.
  static void settle(Draft& draft);
  directory::EpochAudit write(const Draft& draft) const;
  /// What the auditor took over becomes the directory's own.
  void take(const Draft& draft);

  directory::VetoNotice veto(const Somebody& somebody, const directory::ResetNotice& request);
  directory::ResetNotice request_of(const Somebody& somebody, const directory::NameLeaf& leaf, std::uint64_t time_ms);

 private:
  Change change_of(std::size_t who, std::uint64_t time_ms);
  std::optional<directory::Notice> notice_of(Somebody& somebody, const directory::NameLeaf& leaf,
                                             std::uint64_t time_ms);
};

/// One way to break an epoch; each function is of one stage, and all but one are absent. They return false where the
/// epoch has nothing that could be broken so.
struct Lie {
  const char* name;
  bool (*changes)(World&, Draft&) = nullptr;                ///< before settle
  bool (*maps)(World&, Draft&) = nullptr;                   ///< after it
  bool (*audit)(World&, directory::EpochAudit&) = nullptr;  ///< as a struct
  bool (*bytes)(World&, Bytes&) = nullptr;                  ///< as bytes
};

const std::vector<Lie>& all_lies();

}  // namespace cairn::testing
