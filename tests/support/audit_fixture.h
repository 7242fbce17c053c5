// What the tests of audits share: an honest directory, and a way to forge epochs that fit together.
#pragma once

#include "core/directory/auditor.h"
#include "tests/support/naive_map.h"
#include "tests/support/refused.h"
#include "tests/support/test_domain.h"

namespace cairn::directory::fixtures {

using cairn::testing::accepted;
using cairn::testing::NaiveMap;
using cairn::testing::refused;
using cairn::testing::TestDevice;
using cairn::testing::TestDomain;
using cairn::testing::TestPerson;

/// All that an auditor keeps.
inline Bytes state_of(const Auditor& auditor) {
  wire::Writer writer;
  auditor.write(writer);
  for (const auto& [request, open] : auditor.open_requests()) open.write(writer);
  return writer.take();
}
/// As it is read back from its rows.
inline Auditor restored(const Auditor& auditor) {
  auto out = *wire::decode<Auditor>(wire::encode(auditor));
  for (const auto& [request, open] : auditor.open_requests()) {
    out.put(request, *wire::decode<OpenRequest>(wire::encode(open)));
  }
  return out;
}

/// alice, bob and carol are published; an auditor has followed and cosigned.
class Audit : public ::testing::Test {
 protected:
  Audit()
      : alice("alice@example.org", 1),
        bob("bob@example.org", 2),
        carol("carol@example.org", 3),
        device(alice.new_device()),
        stranger(alice.new_device()),
        auditor(*Auditor::enrol(domain.config, 0)) {
    alice.take(alice.genesis(device));
    bob.take(bob.genesis(bob.new_device()));
    carol.take(carol.genesis(carol.new_device()));
    for (const TestPerson* person : {&alice, &bob, &carol}) domain.publish(*person);
    follow();
    key = domain.key_of(alice.name());
  }

  /// Audits what the honest directory has published and signed, and cosigns it unless it owes a reset its waiting.
  void follow() {
    while (auditor.size() < domain.audits.size()) {
      const auto epoch = EpochAudit::decode(domain.audits[auditor.size()]);
      ASSERT_TRUE(accepted(epoch));
      ASSERT_TRUE(accepted(auditor.audit(*epoch, domain.now)));
    }
    ASSERT_EQ(auditor.head(), domain.log_head());
    ASSERT_TRUE(accepted(auditor.check_head(domain.log_head())));
    auditor.begin_waiting(auditor.not_begun());
    if (auditor.owed_ms() == 0 && !auditor.is_barred()) {
      ASSERT_TRUE(accepted(auditor.check_cosigning(domain.now)));
      auditor.record_cosigned();
    }
    old.leaves.clear();
    for (const auto& [name, entry] : domain.entries) {
      const Hash at = domain.key_of(entry.state.name());
      old.leaves[at] = *domain.map.find(at);
    }
  }

  /// alice's reset is requested, published and audited.
  ResetNotice request_reset() {
    alice.take(alice.request(stranger, 8));
    domain.publish(alice);
    follow();
    return domain.entries.at("alice@example.org").notices.back();
  }

  /// alice's update by one commitment.
  Update update(std::uint8_t commitment = 1) const { return {key, old.leaves.at(key), {hash_of(commitment)}}; }
  static Hash hash_of(std::uint8_t value) { return crypto::sha256(Bytes{value}); }

  /// What count and head become; pending and resets are left.
  static NameLeaf extended(const Update& update) {
    NameLeaf leaf = update.old.value_or(NameLeaf{});
    for (const Hash& commitment : update.commitments) {
      const std::uint8_t five = 5;
      leaf.head = crypto::sha256({{&five, 1}, leaf.head, commitment});
      ++leaf.count;
    }
    return leaf;
  }

  /// An epoch that leads from `old` to `now` and says this of it.
  EpochAudit forge(std::vector<Update> updates, const NaiveMap& now, std::vector<Notice> notices = {}) const {
    EpochAudit out;
    out.record = {domain.records.size(), domain.now.ms,        now.root(),
                  now.leaves.size(),     domain.config.hash(), notices_hash(notices)};
    std::vector<Hash> keys;
    for (const Update& one : updates) keys.push_back(one.key);
    out.proof.nodes = old.prove_all(keys);
    out.updates = std::move(updates);
    out.notices = std::move(notices);
    return out;
  }
  /// With alice's leaf, and nothing else, changed to this.
  EpochAudit forge(const NameLeaf& leaf, std::vector<Notice> notices = {}) const {
    NaiveMap now = old;
    now.leaves[key] = leaf;
    return forge({update()}, now, std::move(notices));
  }
  EpochAudit honest() const { return forge(extended(update())); }

  /// Read, and not cosigned by this rule: by a copy.
  ::testing::AssertionResult does_not_cosign(const EpochAudit& epoch, std::string_view rule) const {
    Auditor copy = auditor;
    if (const auto read = accepted(copy.audit(epoch, domain.now)); !read) return read;
    return refused(copy.check_cosigning(domain.now), rule);
  }
  ::testing::AssertionResult cosigns(const EpochAudit& epoch) const {
    Auditor copy = auditor;
    if (const auto read = accepted(copy.audit(epoch, domain.now)); !read) return read;
    return accepted(copy.check_cosigning(domain.now));
  }
  /// Refused by this rule, and nothing has changed.
  ::testing::AssertionResult refuses(const EpochAudit& epoch, std::string_view rule) {
    const Bytes before = state_of(auditor);
    const auto result = auditor.audit(epoch, domain.now);
    if (state_of(auditor) != before) return ::testing::AssertionFailure() << "the auditor changed";
    return refused(result, rule);
  }

  TestDomain domain;
  TestPerson alice, bob, carol;
  TestDevice device, stranger;
  Auditor auditor;
  NaiveMap old;
  Hash key;
};

}  // namespace cairn::directory::fixtures
