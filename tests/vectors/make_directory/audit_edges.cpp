// A log of its own for what an auditor decides at the edge of a rule: times, tree proofs, what is owed and adopted, and
// how many requests there may be.
#include <algorithm>

#include "tests/vectors/make_directory/history.h"

namespace cairn::testing {
namespace {

using namespace directory;

/// A person whose key in the map begins with these bits.
TestPerson person_at(const TestDomain& domain, unsigned bits, unsigned top) {
  for (std::uint64_t i = 0;; ++i) {
    const std::string name = "p" + std::to_string(i) + "@example.org";
    const Hash key = domain.key_of(*Name::from(name));
    if (unsigned{key.data()[0]} >> (8 - bits) == top) return TestPerson(name, 80 + i);
  }
}

Bytes pruned(const Hash& hash) { return concat({Bytes{1}, hash}); }

Bytes other(const Hash& key, const NameLeaf& leaf) { return concat({Bytes{3}, key, wire::encode(leaf)}); }

/// Five minutes to either side.
void times(History& history, TestPerson& first, const TestDevice& device) {
  TestDomain& domain = history.domain;
  first.take(first.genesis(device));
  domain.publish(first);
  const Time record{domain.records.back().time_ms};
  domain.now = Time{record.ms - kMaxRecordSkewMs};
  history.follow("exactly five minutes ahead");
  domain.now = record;
  history.refuse_cosigning("a new epoch that the log has not signed", "cosign");
  history.sign("the log has signed it");
  domain.now = after(record, kMaxRecordSkewMs + 1);
  history.refuse_cosigning("a record of five minutes and a millisecond", "cosign");
  domain.now = after(record, kMaxRecordSkewMs);
  history.cosign_signed("a record of exactly five minutes");
}

/// A proof of an update, but for its nodes.
void refuse_nodes(History& history, std::string_view what, EpochAudit lie, Bytes nodes) {
  lie.proof.nodes = std::move(nodes);
  history.refuse(what, "audit 4", lie);
}

/// `left` and `right` part at the second bit, and nobody else is there.
void refuse_pruned_zeros(History& history, const TestPerson& left, const TestPerson& right) {
  const Update update = history.update(left);
  const Hash beside = history.domain.key_of(right.name());
  const EpochAudit honest = history.forge(update, History::extended(update));
  const Bytes rest = concat({Bytes{4, 2}, pruned(map_leaf_hash(beside, history.old.leaves.at(beside)))});
  hold(honest.proof.nodes == concat({Bytes{4, 0}, rest}), "two leaves on one side");
  refuse_nodes(history, "nothing, as a pruned part of zeros", honest, concat({Bytes{4}, pruned(Hash{}), rest}));
}

/// `alone` has a half of the map for itself, `left` and `right` the other.
void refuse_tree_proofs(History& history, const TestPerson& alone, const TestPerson& left, const TestPerson& right) {
  const auto leaf_of = [&](const TestPerson& person) {
    return history.old.leaves.at(history.domain.key_of(person.name()));
  };
  const auto hash_of = [&](const TestPerson& person) {
    return map_leaf_hash(history.domain.key_of(person.name()), leaf_of(person));
  };
  const Update update = history.update(alone);
  const EpochAudit honest = history.forge(update, History::extended(update));
  const Hash root = history.old.root(), beside = map_node_hash(hash_of(left), hash_of(right));
  hold(honest.proof.nodes == concat({Bytes{4, 2}, pruned(beside)}), "a leaf beside two");
  EpochAudit lie = honest;
  lie.record.map_root = root;
  refuse_nodes(history, "all of it is pruned, and the root stays", lie, pruned(root));
  refuse_nodes(history, "pruned where an update leads, and the root stays", lie,
               concat({Bytes{4}, pruned(hash_of(alone)), pruned(beside)}));
  refuse_nodes(history, "nothing in the place of an old leaf", honest, concat({Bytes{4, 0}, pruned(beside)}));
  refuse_nodes(history, "the old leaf as another's", honest,
               concat({Bytes{4}, other(update.key, leaf_of(alone)), pruned(beside)}));
  Update fresh = update;
  fresh.old.reset();
  EpochAudit twice = history.forge(fresh, History::extended(fresh));
  twice.record.names += 1;
  refuse_nodes(history, "a name that is there as new, beside its own leaf as another's", twice,
               concat({Bytes{4}, other(update.key, leaf_of(alone)), pruned(beside)}));
  Bytes deep;  // down the whole key, with nothing beside it
  for (unsigned depth = 0; depth <= kMaxMapDepth; ++depth) {
    deep.push_back(4);
    if (key_bit(update.key, depth)) deep.push_back(0);
  }
  refuse_nodes(history, "a node at a depth of 255", honest, deep);
  refuse_nodes(history, "a leaf of another place", honest,
               concat({Bytes{4}, other(history.domain.key_of(right.name()), leaf_of(right)), pruned(beside)}));
  refuse_nodes(history, "a node to which no update leads", honest,
               concat({Bytes{4, 2, 4}, pruned(hash_of(left)), pruned(hash_of(right))}));
  refuse_nodes(history, "a leaf to which no update leads", honest, Bytes{4, 2, 2});
  refuse_nodes(history, "a fifth kind of node", honest, concat({Bytes{4, 5}, pruned(beside)}));
  refuse_nodes(history, "a proof that ends too soon", honest, Bytes{4, 2});
}

/// Keys that differ in the last bit alone would need leaves deeper than 255.
void refuse_close_keys(History& history, const TestPerson& alone) {
  const auto refuse = [&](std::string_view what, std::vector<Update> updates) {
    std::sort(updates.begin(), updates.end(), [](const Update& a, const Update& b) { return a.key < b.key; });
    NaiveMap now = history.old;
    for (const Update& update : updates) now.leaves[update.key] = History::extended(update);
    history.refuse(what, "audit 4", history.forge(updates, now));
  };
  const std::vector<Hash> commitments{crypto::sha256(Bytes{1})};
  Hash key = history.domain.key_of(alone.name());
  key.mutable_view()[31] ^= 1;
  refuse("a new name whose key differs from an old one in the last bit alone", {{key, {}, commitments}});
  key.mutable_view()[5] ^= 1;
  Hash twin = key;
  twin.mutable_view()[31] ^= 1;
  refuse("two new names whose keys differ in the last bit alone", {{key, {}, commitments}, {twin, {}, commitments}});
}

void refuse_forms(History& history, const TestPerson& alone) {
  const ResetNotice request = request_now(history, alone);
  const Update update = history.update(alone);
  NameLeaf leaf = History::extended(update);
  leaf.pending = request.hash();
  const Notice notice{RequestNotice{request, {}}};
  history.refuse("two notices of one key", "audit 7", history.forge(update, leaf, {notice, notice}));
  ResetNotice lie = request;
  lie.veto_keys.push_back(lie.veto_keys[0]);
  history.refuse("a veto key twice", "format", forge_request(history, alone, lie));
  lie.veto_keys[1].mutable_view()[0] = static_cast<std::uint8_t>(lie.veto_keys[0].data()[0] - 1);
  history.refuse("veto_keys that do not ascend", "format", forge_request(history, alone, lie));
  lie.veto_keys.assign(kMaxVetoHolders + 1, PublicKey{});
  for (std::size_t i = 0; i < lie.veto_keys.size(); ++i) {
    lie.veto_keys[i].mutable_view()[0] = static_cast<std::uint8_t>(i + 1);
  }
  history.refuse("65 veto keys", "format", forge_request(history, alone, lie));
  const Bytes bytes = wire::encode(forge_request(history, alone, request));
  const auto edit = [&](std::string_view what, ByteView before, std::size_t at, std::uint8_t value) {
    Bytes edited = bytes;
    const auto found = std::search(edited.begin(), edited.end(), before.begin(), before.end());
    hold(found != edited.end(), what);
    *(found + static_cast<std::ptrdiff_t>(at)) = value;
    history.refuse_bytes(what, "format", edited);
  };
  edit("a notice of type 0", wire::encode(notice), 0, 0);
  edit("a notice of type 4", wire::encode(notice), 0, 4);
  edit("a presence byte of 2", wire::encode(update), 32, 2);
}

/// `person`'s reset, completed before the log has signed the request.
ResetNotice reset_at_once(History& history, TestPerson& person) {
  TestDomain& domain = history.domain;
  const TestDevice heir = person.new_device();
  person.take(person.request(heir, 6));
  domain.publish(person);
  const ResetNotice out = domain.entries.at(person.name().text()).notices.back();
  domain.now = after(domain.now, kDelayMs);
  person.take(person.by_new_device(CompleteReset{person.state.open_reset()->sequence}, heir));
  domain.publish(person);
  return out;
}

ResetNotice request_of(History& history, TestPerson& person) {
  person.take(person.request(person.new_device(), 7));
  history.domain.publish(person);
  return history.domain.entries.at(person.name().text()).notices.back();
}

/// A veto that comes while its reset is owed the waiting.
void owed_and_vetoed(History& history, const VetoNotice& veto, const ResetNotice& another) {
  history.refuse_cosigning("request and completion at once", "audit 9");
  history.refuse_closing_elsewhere("the same request in another log", another);
  history.sign("the log has signed both");
  history.elapse(kDelayMs - 1);
  history.take_veto("a veto of what is owed its waiting", veto);
  history.refuse_cosigning("vetoed, and a millisecond before its waiting is over", "audit 9");
  history.put_off_closing("a mailbox while another reset is owed, and vetoed", another);
  history.elapse(1);
  history.refuse_cosigning("vetoed, and its waiting is over", "audit 9 veto");
  history.refuse_barred_closing("a mailbox of a log that can be cosigned no more", another);
}

/// Adopts what is below the completion; then the completion too.
void adopted(History& history, std::uint64_t completion) {
  history.adopt(completion);
  history.follow("again, by an auditor that adopts what is below the completion");
  history.sign("the log has signed it");
  history.refuse_cosigning("a completion at the adopted size", "audit 9");
  history.adopt(completion + 1);
  history.follow("again, by an auditor that adopts the completion");
  history.cosign("a completion below the adopted size");
}

/// What the directory publishes itself counts, closed or not.
void veto_after_closing(History& history, TestPerson& person, const TestDevice& device, const ResetNotice& open) {
  TestDomain& domain = history.domain;
  domain.now = after(domain.now, kDelayMs);
  history.elapse(kDelayMs);
  history.close("a mailbox that nobody has vetoed in", open);
  person.take(person.by_device(VetoReset{}, device));
  domain.publish(person, veto_as_device(open, device.key));
  history.follow("a veto that the directory publishes after the mailbox was closed");
  history.refuse_closing("its mailbox, which ended with it", open);
}

/// 100,000 requests and notices, and one more.
void crowded(History& history, TestPerson& person, const TestDevice& device) {
  hold(history.auditor().open_requests().empty(), "nothing is open");
  history.crowd(kMaxOpenRequests - 1);
  const ResetNotice open = request_of(history, person);
  history.follow("a request with which there are 100,000");
  history.domain.publish_changes({});
  history.follow("an epoch without notices beside 100,000");
  history.refuse("a notice beside 100,000, though it ends one of them", "audit limit",
                 forge_veto(history, person, veto_as_device(open, device.key)));
}

}  // namespace

Json make_audit_edges() {
  History history(58);
  TestDomain& domain = history.domain;
  TestPerson alone = person_at(domain, 1, 0), left = person_at(domain, 2, 2), right = person_at(domain, 2, 3);
  const TestDevice left_device = left.new_device(), right_device = right.new_device(), device = alone.new_device();
  times(history, left, left_device);
  right.take(right.genesis(right_device));
  domain.publish(right);
  history.follow("a second name");
  refuse_pruned_zeros(history, left, right);
  alone.take(alone.genesis(device));
  domain.publish(alone);
  history.follow("a third name");
  refuse_tree_proofs(history, alone, left, right);
  refuse_close_keys(history, alone);
  refuse_forms(history, alone);
  const ResetNotice first = reset_at_once(history, left);
  const std::uint64_t completion = domain.records.size() - 1;
  const ResetNotice open = request_of(history, right);
  history.follow("a reset that was completed before the log had signed its request, and another request");
  owed_and_vetoed(history, veto_as_device(first, left_device.key), open);
  adopted(history, completion);
  veto_after_closing(history, right, right_device, open);
  crowded(history, alone, device);
  Json out = Json::array();
  out.push_back(history.take_all());
  return out;
}

}  // namespace cairn::testing
