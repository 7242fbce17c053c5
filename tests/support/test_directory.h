// A directory's log without a server: epochs, their audits, signed checkpoints and proofs, for the tests of whoever
// follows logs. Honest, unless a test changes what it holds.
#pragma once

#include "core/directory/publisher.h"
#include "core/tlog/witness_request.h"
#include "tests/support/naive_log.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::testing {

class TestDirectory {
 public:
  explicit TestDirectory(std::string domain, std::uint64_t seed = 1)
      : entropy_(seed), signing_(crypto::SigningKey::generate(entropy_)) {
    config_.origin = directory::origin_of(domain);
    config_.log_key = signing_.public_key();
    config_.vrf_key = random_value<crypto::VrfPublicKey>(entropy_);
    config_.min_reset_delay_s = 259'200;
  }

  const directory::DirectoryConfig& config() const { return config_; }
  const crypto::SigningKey& signing() const { return signing_; }
  tlog::VerifierKey key() const {
    return {*tlog::KeyName::from(config_.origin), tlog::SignatureType::ed25519, signing_.public_key()};
  }
  std::uint64_t size() const { return log_.size(); }
  const std::optional<directory::EpochRecord>& newest() const { return newest_; }
  std::optional<directory::NameLeaf> leaf(const Hash& key) const { return map_.find(key); }

  /// Audits by epoch.
  std::vector<Bytes> audits;

  Hash random_key() { return random_value<Hash>(entropy_); }

  /// One statement of a name, as one epoch.
  void publish(Time now, const Hash& key, std::optional<directory::Notice> notice = {}) {
    publish(now, {{key, {random_value<Hash>(entropy_)}, std::move(notice)}});
  }
  void publish(Time now, std::vector<directory::NameChange> changes) {
    const std::uint64_t time_ms = directory::next_record_time_ms(newest_, now);
    auto next = directory::publish(map_, newest_, config_, std::move(changes), time_ms);
    if (!next) std::abort();  // the test asks for an epoch that breaks a rule
    map_.update(next->leaves);
    newest_ = next->record;
    log_.entries.push_back(wire::encode(next->record));
    audits.push_back(std::move(next->audit));
  }

  tlog::TreeHead head(std::uint64_t size) const { return log_.head(size); }
  tlog::SignedCheckpoint checkpoint(std::uint64_t size) const { return sign(head(size)); }
  tlog::SignedCheckpoint sign(const tlog::TreeHead& head) const {
    return tlog::SignedCheckpoint::sign({config_.origin, head, {}}, signing_);
  }
  /// The body of add-checkpoint.
  std::string request(std::uint64_t old_size, std::uint64_t size) const {
    return tlog::AddCheckpoint{old_size, *tlog::prove_consistency(log_, old_size, size), checkpoint(size)}.encode();
  }
  /// The same with another entry in the last place: a consistent log whose audits are not those that it serves.
  std::string forged_request(std::uint64_t old_size, std::uint64_t size) const {
    NaiveLog other = log_;
    other.entries.at(size - 1) = to_bytes("forged");
    return tlog::AddCheckpoint{old_size, *tlog::prove_consistency(other, old_size, size), sign(other.head(size))}
        .encode();
  }

 private:
  SeededEntropy entropy_;
  crypto::SigningKey signing_;
  directory::DirectoryConfig config_;
  directory::Map map_;
  std::optional<directory::EpochRecord> newest_;
  NaiveLog log_;
};

}  // namespace cairn::testing
