// A directory's log that says whatever it is told to, for tests of auditors: proofs and signatures always fit what it
// says, so that a refusal is of the lie itself.
#pragma once

#include "core/directory/update.h"
#include "core/tlog/checkpoint.h"
#include "core/tlog/witness_request.h"
#include "tests/support/naive_log.h"
#include "tests/support/naive_map.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::lying {

class LyingLog {
 public:
  LyingLog(std::string_view domain, std::uint64_t seed)
      : entropy_(seed), signing_(crypto::SigningKey::generate(entropy_)) {
    config_.origin = directory::origin_of(domain);
    config_.log_key = signing_.public_key();
    config_.vrf_key = random_value<crypto::VrfPublicKey>(entropy_);
    config_.min_reset_delay_s = directory::kMinResetDelayS;
  }

  const directory::DirectoryConfig& config() const { return config_; }
  tlog::VerifierKey key() const {
    return {*tlog::KeyName::from(config_.origin), tlog::SignatureType::ed25519, signing_.public_key()};
  }
  std::uint64_t size() const { return log_.size(); }
  const std::optional<directory::EpochRecord>& newest() const { return newest_; }
  /// The map as the newest epoch left it.
  const testing::NaiveMap& map() const { return map_; }
  const std::vector<Bytes>& audits() const { return audits_; }
  Hash random_hash() { return random_value<Hash>(entropy_); }

  /// One statement of a name, as it should be.
  directory::Update update(const Hash& key) {
    const auto found = map_.leaves.find(key);
    directory::Update out{key, {}, {random_hash()}};
    if (found != map_.leaves.end()) out.old = found->second;
    return out;
  }
  /// The map after these, as it should be; the notices ascend by key.
  testing::NaiveMap after(const std::vector<directory::Update>& updates, const std::vector<directory::Notice>& notices,
                          std::uint64_t time_ms) const {
    const auto leaves = directory::next_leaves(updates, notices, time_ms, config_.min_reset_delay_s);
    CHECK(leaves.has_value());
    testing::NaiveMap out = map_;
    for (const directory::LeafUpdate& leaf : *leaves) out.leaves[leaf.key] = leaf.after;
    return out;
  }

  /// The next epoch, which says that these updates lead to `next`.
  directory::EpochAudit epoch(std::uint64_t time_ms, std::vector<directory::Update> updates,
                              const testing::NaiveMap& next, std::vector<directory::Notice> notices = {}) const {
    directory::EpochAudit out;
    out.record = {size(), time_ms, next.root(), next.leaves.size(), config_.hash(), directory::notices_hash(notices)};
    std::vector<Hash> keys;
    for (const directory::Update& one : updates) keys.push_back(one.key);
    out.proof.nodes = map_.prove_all(keys);
    out.updates = std::move(updates);
    out.notices = std::move(notices);
    return out;
  }
  /// Puts it into the log, whatever it says; `next` is the map from now on.
  void append(const directory::EpochAudit& epoch, testing::NaiveMap next) {
    map_ = std::move(next);
    newest_ = epoch.record;
    log_.entries.push_back(wire::encode(epoch.record));
    audits_.push_back(wire::encode(epoch));
  }
  /// An epoch that is in order: one statement of a name, with its notice.
  void publish(std::uint64_t time_ms, const Hash& key, std::optional<directory::Notice> notice = {}) {
    std::vector<directory::Notice> notices;
    if (notice) notices.push_back(std::move(*notice));
    std::vector<directory::Update> updates = {update(key)};
    auto next = after(updates, notices, time_ms);
    const auto made = epoch(time_ms, std::move(updates), next, std::move(notices));
    append(made, std::move(next));
  }

  /// The body of add-checkpoint.
  std::string request(std::uint64_t old_size) const {
    const auto checkpoint = tlog::SignedCheckpoint::sign({config_.origin, log_.head(size()), {}}, signing_);
    return tlog::AddCheckpoint{old_size, *tlog::prove_consistency(log_, old_size, size()), checkpoint}.encode();
  }

 private:
  testing::SeededEntropy entropy_;
  crypto::SigningKey signing_;
  directory::DirectoryConfig config_;
  testing::NaiveMap map_;
  testing::NaiveLog log_;
  std::optional<directory::EpochRecord> newest_;
  std::vector<Bytes> audits_;
};

}  // namespace cairn::lying
