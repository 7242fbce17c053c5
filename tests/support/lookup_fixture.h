// What the tests of lookups share: an honest domain, a client of it, and answers that lie about one thing.
#pragma once

#include "core/directory/verifier.h"
#include "tests/support/refused.h"
#include "tests/support/test_domain.h"

namespace cairn::directory::fixtures {

using cairn::testing::accepted;
using cairn::testing::refused;
using cairn::testing::TestDevice;
using cairn::testing::TestDomain;
using cairn::testing::TestPerson;

/// alice and bob are published; a client may have looked alice up before.
class Verifier : public ::testing::Test {
 protected:
  Verifier()
      : alice("alice@example.org", 1),
        bob("bob@example.org", 2),
        device(alice.new_device()),
        second(alice.new_device()) {
    alice.take(alice.genesis(device));
    bob.take(bob.genesis(bob.new_device()));
    domain.publish(alice);
    domain.publish(bob);
  }

  Known known() const { return {domain_state ? &*domain_state : nullptr, pinned ? &*pinned : nullptr, vetoes}; }
  LookupResponse answer() const { return domain.answer(make_lookup(alice.name(), known())); }
  /// Likewise for a client that remembers what it verified in answers before, all of a test's: it says the same.
  Result<Lookup> verify(const LookupResponse& response) const {
    auto out = verify_lookup(alice.name(), known(), *domain.policy, response, domain.now);
    Known remembering = known();
    remembering.verified = &verified;
    const auto again = verify_lookup(alice.name(), remembering, *domain.policy, response, domain.now);
    EXPECT_EQ(out.has_value(), again.has_value());
    if (out && again) {
      EXPECT_EQ(wire::encode(out->view), wire::encode(again->view));
    } else if (!out && !again) {
      EXPECT_STREQ(out.error().where, again.error().where);
    }
    return out;
  }
  /// Looks alice up, and keeps what is verified.
  void learn() {
    auto lookup = verify(answer());
    ASSERT_TRUE(accepted(lookup));
    domain_state = lookup->domain;
    pinned.emplace(lookup->view);
  }
  /// The name gets a statement, the domain an epoch.
  void grow() {
    const TestDevice next = alice.new_device();
    alice.take(alice.add(next, device));
    domain.publish(alice);
  }
  /// The answer, after the newest epoch is made again with this record and this leaf for alice: all proofs fit.
  LookupResponse answer_with(const EpochRecord& record) {
    domain.records.back() = record;
    domain.log.entries.back() = wire::encode(record);
    return answer();
  }
  LookupResponse answer_with_leaf(const NameLeaf& leaf) {
    const LeafChange change{domain.key_of(alice.name()), leaf};
    domain.map.update({&change, 1});
    EpochRecord record = domain.records.back();
    record.map_root = domain.map.root();
    return answer_with(record);
  }
  NameLeaf leaf() const { return *domain.map.find(domain.key_of(alice.name())); }

  TestDomain domain;
  TestPerson alice, bob;
  TestDevice device, second;
  std::optional<DomainState> domain_state;
  std::optional<VerifiedView> pinned;
  std::vector<VetoNotice> vetoes;
  mutable crypto::Verified verified{64, 64};
};

}  // namespace cairn::directory::fixtures
