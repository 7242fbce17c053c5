// Answers that break two conditions, of which the first in their order is named; and what a client holds against one.
#include "tests/vectors/make_directory/lookups.h"

namespace cairn::testing {
namespace {

using namespace directory;

/// A checkpoint of the newest head that another key has signed, and the cosigners.
std::string signed_by_another(TestDomain& domain) {
  const auto key = crypto::SigningKey::generate(domain.entropy);
  return domain.cosign(tlog::SignedCheckpoint::sign({domain.config.origin, domain.log_head(), {}}, key));
}

/// `small` is of a smaller log, as is `few`, which too few have cosigned.
void refuse_two_at_once(Lookups& out, const LookupResponse& small, const LookupResponse& few) {
  TestDomain& domain = out.domain;
  const std::uint64_t now_s = domain.now.ms / kSecondMs;
  const LookupResponse honest = out.answer();
  LookupResponse broken = honest;
  broken.growth.hashes[0].mutable_view()[0] ^= 1;
  out.refuse("one auditor too few, and a smaller log: 1 before 2", "condition 1", few);
  LookupResponse lie = small;
  lie.record.epoch += 1;
  out.refuse("a smaller log, and another epoch: 2 before 4", "condition 2", lie);
  lie = broken;
  lie.checkpoint = domain.checkpoint({0, 1, 2}, {now_s, now_s, now_s + 301});
  out.refuse("cosigned ahead of the clock, and another growth: 2 before 3", "condition 2", lie);
  lie = broken;
  lie.record.epoch += 1;
  out.refuse("another epoch, and another growth: the epoch of 4 before 3", "condition 4", lie);
  lie = broken;
  lie.config = domain.config;
  out.refuse("another growth, and a config where one is known: 3 before 4", "condition 3", lie);
  lie = broken;
  lie.checkpoint = signed_by_another(domain);
  out.refuse("another growth, and not signed by the log: 3 before 4", "condition 3", lie);
  lie = honest;
  lie.checkpoint = signed_by_another(domain);
  lie.vrf_proof = domain.vrf(out.bob.name()).proof;
  out.refuse("not signed by the log, and another name's VRF proof: 4 before 5", "condition 4", lie);
  lie = honest;
  lie.vrf_proof = domain.vrf(out.bob.name()).proof;
  lie.statements = out.bob.statements;
  out.refuse("another name's VRF proof, and its statements: 5 before 8", "condition 5", lie);
  NameLeaf leaf = out.leaf();
  leaf.count += 1;
  const LookupResponse counted = out.answer_with_leaf(leaf);
  out.refuse("another count in the map, and the same head", "condition 6", counted);
  leaf.resets = leaf.head;
  out.refuse("another count in the map, and other resets: 6 before 7", "condition 6", out.answer_with_leaf(leaf));
  const Time now = std::exchange(domain.now, after(domain.now, kDayMs + kSecondMs));
  out.refuse("another growth, and a day and a second old: 3 before the age", "condition 3", broken);
  out.refuse("another count in the map, and a day and a second old: 6 before the age", "condition 6", counted);
  out.refuse("a day and a second old, and nothing else", "condition 2", honest);
  domain.now = now;
}

/// An answer whose t is smaller than one before, which a client keeps.
void keep_greatest_time(Lookups& out) {
  const std::uint64_t then_s = out.domain.now.ms / kSecondMs - 100;
  const Lookups::Client before = out.client();
  LookupResponse response = out.answer();
  response.checkpoint = out.domain.checkpoint({0, 1, 2}, {then_s, then_s, then_s});
  out.take("cosigned before what the client has seen: the greatest t stays", response);
  out.be(before);
}

void refuse_sizes(Lookups& out) {
  LookupResponse response = out.answer();
  response.growth.hashes.assign(tlog::kMaxGrowthHashes + 1, Hash{});
  out.refuse_bytes("growth by 127 hashes", wire::encode(response));
  response = out.answer();
  response.checkpoint.assign(kMaxLookupCheckpointBytes + 1, 'c');
  out.refuse_bytes("a checkpoint of 32 KiB and a byte", wire::encode(response));
}

/// All that is another domain's fits together; it is not that of the name.
void refuse_another_domain(Lookups& out) {
  const Lookups::Client before = out.client();
  out.be({});
  const DirectoryConfig honest = out.domain.config;
  out.domain.config.origin = "example.com/cairn";
  EpochRecord record = out.domain.records.back();
  record.config = out.domain.config.hash();
  out.refuse("the log of another domain than the name's", "condition 4", out.answer_with(record));
  out.domain.config = honest;
  out.be(before);
}

/// A reset whose own delay is longer than the chain's, and vetoes that count for nothing against it.
void held_vetoes(Lookups& out, TestPerson& person, const TestDevice& device) {
  TestDomain& domain = out.domain;
  const TestDevice heir = person.new_device();
  person.take(person.request(heir, 7, kMaxResetDelayS));
  domain.publish(person);
  const ResetNotice notice = out.entry().notices.back();
  ResetNotice lie = notice;
  lie.matures_ms -= 1;
  LookupResponse response = out.answer_with_notice(lie);
  response.statements.push_back(person.add(person.new_device(), device));
  out.refuse("a delay too short, and then a statement that is not valid: 7 of one before 6 of the next", "condition 7",
             response);
  out.take("a request whose own delay is longer than the chain's");
  domain.now = Time{notice.matures_ms};
  person.take(person.by_new_device(CompleteReset{person.state.open_reset()->sequence}, heir));
  domain.publish(person);
  const Lookups::Client before = out.client();
  out.vetoes = {veto_as_device(notice, heir.key)};
  out.take("completed, and the client holds the veto of a key that has none");
  out.be(before);
  lie = notice;
  lie.matures_ms += 1;
  out.vetoes = {veto_as_device(lie, device.key)};
  out.take("completed, and the client holds the veto of another request");
  out.be(before);
  out.vetoes.clear();
  out.take("a first completed reset");
  person.generation = 7;
}

/// The resets of the leaf are those of both.
void second_reset(Lookups& out, TestPerson& person) {
  TestDomain& domain = out.domain;
  const TestDevice heir = person.new_device();
  person.take(person.request(heir, 8));
  domain.publish(person);
  domain.now = Time{out.entry().notices.back().matures_ms};
  person.take(person.by_new_device(CompleteReset{person.state.open_reset()->sequence}, heir));
  domain.publish(person);
  NameLeaf leaf = out.leaf();
  leaf.resets = extend_resets(Hash{}, out.entry().notices.back().hash());
  out.refuse("a second completed reset that does not extend the first", "condition 7", out.answer_with_leaf(leaf));
  out.take("a second completed reset of the same name");
  out.be({});
  out.take("both resets at first contact");
}

}  // namespace

void add_lookup_edges(Lookups& out) {
  TestDomain& domain = out.domain;
  TestPerson dora("dora@example.org", 66);
  const TestDevice device = dora.new_device();
  dora.take(dora.genesis(device));
  domain.publish(dora);
  out.ask_for(dora);
  out.take("a name that was not there before");
  keep_greatest_time(out);
  const LookupResponse small = out.answer();
  LookupResponse few = small;
  few.checkpoint = domain.checkpoint({0, 1});
  domain.publish_changes({});
  out.take("the log has grown, and the name is as it was");
  dora.take(dora.add(dora.new_device(), device));
  domain.publish(dora);
  domain.publish_changes({});
  refuse_two_at_once(out, small, few);
  refuse_sizes(out);
  refuse_another_domain(out);
  held_vetoes(out, dora, device);
  second_reset(out, dora);
}

}  // namespace cairn::testing
