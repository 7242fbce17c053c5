// An audit from outside, held against the naive model: what the auditor accepts is what the model becomes, and a spoilt
// one is refused.
#include "tests/support/naive_map.h"
#include "tests/support/test_domain.h"

namespace {

using namespace cairn;
using namespace cairn::directory;

struct Fixture {
  testing::TestDomain domain;
  Auditor auditor = *Auditor::enrol(domain.config, 0);
  testing::NaiveMap model;

  Fixture() {
    for (std::uint64_t i = 0; i < 12; ++i) {
      testing::TestPerson person("p" + std::to_string(i) + "@example.org", i);
      person.take(person.genesis(person.new_device()));
      domain.publish(person);
    }
    for (const Bytes& audit : domain.audits) CHECK(auditor.audit(*EpochAudit::decode(audit), domain.now));
    for (const auto& [name, entry] : domain.entries) {
      const Hash key = domain.key_of(entry.state.name());
      model.leaves[key] = *domain.map.find(key);
    }
  }
};

/// What the specification makes of the updates of an audit without notices.
testing::NaiveMap after_updates(testing::NaiveMap model, const EpochAudit& epoch) {
  for (const Update& update : epoch.updates) {
    NameLeaf& leaf = model.leaves[update.key];
    for (const Hash& commitment : update.commitments) {
      const std::uint8_t five = 5;
      leaf.head = crypto::sha256({{&five, 1}, leaf.head, commitment});
      ++leaf.count;
    }
  }
  return model;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Fixture* const fixture = new Fixture;
  if (size < 8) return 0;

  // The bytes as an audit.
  if (const auto epoch = EpochAudit::decode({data, size})) {
    Auditor auditor = fixture->auditor;
    if (auditor.audit(*epoch, fixture->domain.now) && epoch->notices.empty()) {
      CHECK(epoch->record.map_root == after_updates(fixture->model, *epoch).root());
    }
  }

  // The bytes as changes to an honest one, that is then spoilt in one place.
  std::vector<NameChange> changes;
  auto leaf = fixture->model.leaves.begin();
  for (std::size_t i = 4; i < size && changes.size() < 6 && leaf != fixture->model.leaves.end(); ++i, ++leaf) {
    Hash key = leaf->first;
    if (data[i] & 1) key.mutable_view()[data[i] >> 4] ^= 0x5a;
    if (data[i] & 2) changes.push_back({key, std::vector<Hash>((data[i] >> 2 & 3) + 1u, key), {}});
  }
  const auto next = publish(fixture->domain.map, fixture->domain.newest(), fixture->domain.config, std::move(changes),
                            fixture->domain.now.ms);
  if (!next) return 0;
  Auditor honest = fixture->auditor;
  const auto epoch = *EpochAudit::decode(next->audit);
  CHECK(honest.audit(epoch, fixture->domain.now));
  CHECK(epoch.record.map_root == after_updates(fixture->model, epoch).root());

  Bytes spoilt = next->audit;
  const std::size_t at = (std::size_t{data[0]} << 8 | data[1]) % spoilt.size();
  spoilt[at] ^= data[2];
  const auto lie = EpochAudit::decode(spoilt);
  Auditor auditor = fixture->auditor;
  // The time of a record is the one thing that an audit cannot hold against anything.
  const bool time = at >= 9 && at < 17;
  if (lie && !time) CHECK(!auditor.audit(*lie, fixture->domain.now) || spoilt == next->audit);
  return 0;
}
