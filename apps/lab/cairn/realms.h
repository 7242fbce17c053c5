// Three real realms (docs/spec/realm.md), of which two are enough; and what a thief takes from the disk of one.
#pragma once

#include <array>

#include "apps/lab/cairn/world.h"
#include "core/base/realm.h"
#include "core/vault/realms.h"
#include "shell/store/sqlite/sqlite_store.h"

namespace cairn::lab {

class Realms {
 public:
  static constexpr std::size_t kCount = 3;
  static constexpr std::uint8_t kThreshold = 2;

  /// Started; they take the account tokens of this world's domain. The world must outlive them.
  Realms(World& world, const WorldOptions& options);

  /// The list that clients are given: --realms.
  std::string file() const { return world_.folder() + "/realms"; }
  const vault::RealmSet& set() const { return set_; }
  /// The answer of one of them; status 0 when there is none.
  demo::HttpAnswer ask(std::size_t realm, std::string_view target, const Bytes& body) const;

  /// Three days and an hour go by for all of them: they are stopped, and their clocks are ahead when they start again.
  void pass_three_days();
  /// A copy of the disk of each, taken while it stands still.
  std::array<std::string, kCount> copy_disks(const std::string& mark);

 private:
  void start(std::size_t realm);
  void stop(std::size_t realm);
  std::string data(std::size_t realm) const { return world_.folder() + "/realm" + std::to_string(realm); }

  World& world_;
  WorldOptions options_;
  vault::RealmSet set_;
  std::array<std::optional<demo::Process>, kCount> processes_;
  std::array<unsigned, kCount> ports_{};
};

/// What lies on the copy of a realm's disk.
class RealmDisk {
 public:
  explicit RealmDisk(std::string folder);

  /// The only PIN that is registered there.
  std::optional<PinShare> pin() const;
  /// A token's share, whatever its row says of an erasure, if anything in the file of keys still opens it.
  std::optional<TokenShare> token(const TokenRecordId& record) const;

 private:
  std::string folder_;
  std::unique_ptr<store::SqliteStore> rows_;
};

}  // namespace cairn::lab
