// A short history with every kind of update as an auditor sees it, and on the way for each rule what breaks just it.
#include "tests/vectors/make_directory/history.h"

namespace cairn::testing {
namespace {

using namespace directory;

Hash hash_of(std::uint8_t value) { return crypto::sha256(Bytes{value}); }

void refuse_records(History& history, const TestPerson& alice) {
  const Update update = history.update(alice);
  const EpochAudit honest = history.forge(update, History::extended(update));
  EpochAudit lie = honest;
  lie.record.epoch += 1;
  history.refuse("an epoch is left out", "audit 1", lie);
  lie = honest;
  lie.record.config.mutable_view()[0] ^= 1;
  history.refuse("another config", "audit 1", lie);
  Bytes bytes = wire::encode(honest);
  bytes[0] = 2;
  history.refuse_bytes("version 2", "audit 1", bytes);
  lie = honest;
  lie.record.time_ms = history.domain.records.back().time_ms - 1;
  history.refuse("time runs back", "audit 2", lie);
  lie.record.time_ms = history.domain.now.ms + kMaxRecordSkewMs + 1;
  history.refuse("a millisecond more than five minutes ahead", "audit 2", lie);
  bytes = wire::encode(honest);
  bytes.push_back(0);
  history.refuse_bytes("a byte too many", "format", bytes);
  bytes = wire::encode(honest);
  bytes.pop_back();
  history.refuse_bytes("a byte too few", "format", bytes);
}

void refuse_updates(History& history, const TestPerson& alice, const TestPerson& bob) {
  std::vector<Update> two = {history.update(alice), history.update(bob)};
  NaiveMap now = history.old;
  for (const Update& one : two) now.leaves[one.key] = History::extended(one);
  std::sort(two.begin(), two.end(), [](const Update& a, const Update& b) { return a.key < b.key; });
  EpochAudit lie = history.forge(two, now);
  std::swap(lie.updates[0], lie.updates[1]);
  history.refuse("updates that do not ascend", "audit 3", lie);
  lie = history.forge(two, now);
  lie.updates[1] = lie.updates[0];
  history.refuse("an update twice", "audit 3", lie);
  Update empty = two[0];
  empty.commitments.clear();
  history.refuse("an update without a commitment", "audit 3", history.forge({empty}, history.old));
  now = history.old;
  now.leaves[two[0].key] = History::extended(two[0]);
  now.leaves[two[1].key].head = hash_of(66);
  history.refuse("another name changes in silence", "audit 6", history.forge({two[0]}, now));
  now.leaves.erase(two[1].key);
  history.refuse("another name disappears", "audit 6", history.forge({two[0]}, now));
  lie = history.forge(two[0], History::extended(two[0]));
  lie.record.names += 1;
  history.refuse("names does not count the leaves", "audit 6", lie);
}

void refuse_old_leaves(History& history, const TestPerson& alice, const TestPerson& bob) {
  const Update update = history.update(alice);
  NaiveMap& old = history.old;
  const NaiveMap honest = old;
  const auto forge = [&] {
    const Update lying{update.key, old.leaves.at(update.key), update.commitments};
    return history.forge(lying, History::extended(lying));
  };
  old.leaves.at(history.domain.key_of(bob.name())).head = hash_of(66);
  history.refuse("another old map: a name besides was changed", "audit 4", forge());
  old = honest;
  old.leaves.at(update.key).count -= 1;
  history.refuse("an old leaf with another count", "audit 4", forge());
  old = honest;
  Update fresh = update;
  fresh.old.reset();
  history.refuse("a name that is there as new", "audit 4", history.forge(fresh, History::extended(fresh)));
  const Update invented{hash_of(99), NameLeaf{1, hash_of(1), {}, {}}, {hash_of(2)}};
  history.refuse("a new name as one that is there", "audit 4", history.forge(invented, History::extended(invented)));
  EpochAudit lie = forge();
  lie.proof.nodes.push_back(0);
  history.refuse("a node too many in the proof", "audit 4", lie);
  NameLeaf leaf = History::extended(update);
  leaf.count += 1;
  history.refuse("rule 5: the new root has another count", "audit 6", history.forge(update, leaf));
  leaf = History::extended(update);
  leaf.head = hash_of(77);
  history.refuse("rule 5: the new root has a head that does not extend the old one", "audit 6",
                 history.forge(update, leaf));
  leaf = History::extended(update);
  leaf.pending = hash_of(78);
  history.refuse("rule 8: the new root has a pending request without a notice", "audit 6", history.forge(update, leaf));
}

void refuse_notices(History& history, const TestPerson& alice, const TestPerson& bob) {
  const ResetNotice request = request_now(history, alice);
  EpochAudit lie = forge_request(history, alice, request);
  lie.record.notices = notices_hash({});
  history.refuse("the hash of other notices", "audit 7", lie);
  Update two = history.update(alice);
  two.commitments.push_back(hash_of(2));
  NameLeaf leaf = History::extended(two);
  leaf.pending = request.hash();
  history.refuse("a notice with two statements", "audit 7", history.forge(two, leaf, {{RequestNotice{request, {}}}}));
  ResetNotice astray = request;
  astray.key = hash_of(99);
  const Update one = history.update(alice);
  history.refuse("a notice without its update", "audit 7",
                 history.forge(one, History::extended(one), {{RequestNotice{astray, {}}}}));
  std::vector<Update> updates;
  std::vector<Notice> notices;
  NaiveMap now = history.old;
  for (const TestPerson* person : {&alice, &bob}) {
    updates.push_back(history.update(*person));
    notices.push_back({RequestNotice{request_now(history, *person), {}}});
    now.leaves[updates.back().key] = History::extended(updates.back());
    now.leaves[updates.back().key].pending = notices.back().request().hash();
  }
  if (updates[1].key < updates[0].key) std::swap(updates[0], updates[1]);
  if (notices[0].key() < notices[1].key()) std::swap(notices[0], notices[1]);
  history.refuse("notices that do not ascend", "audit 7", history.forge(updates, now, notices));
}

void refuse_requests(History& history, const TestPerson& alice) {
  const ResetNotice request = request_now(history, alice);
  ResetNotice lie = request;
  lie.request_sequence += 1;
  history.refuse("a request with another sequence", "audit 8", forge_request(history, alice, lie));
  lie = request;
  lie.requested_ms -= 1;
  history.refuse("a request that is backdated", "audit 8", forge_request(history, alice, lie));
  lie = request;
  lie.matures_ms = lie.requested_ms + kMinResetDelayS * kSecondMs - 1;
  history.refuse("a request that matures a millisecond too soon", "audit 8", forge_request(history, alice, lie));
  lie.matures_ms = 0;
  history.refuse("a request that matures before it was made", "audit 8", forge_request(history, alice, lie));
  lie = request;
  ResetNotice past = request;
  past.requested_ms = 1;
  past.matures_ms = past.requested_ms + kDelayMs;
  lie.after = past.hash();
  history.refuse("after a request that there was not", "audit 8", forge_request(history, alice, lie, past));
  history.refuse("after without the vetoed request", "audit 8", forge_request(history, alice, lie));
  history.refuse("a vetoed request without after", "audit 8", forge_request(history, alice, request, past));
  lie = request;
  lie.key = hash_of(99);
  lie.request_sequence = 0;
  const Update fresh{lie.key, {}, {hash_of(1)}};
  NameLeaf leaf = History::extended(fresh);
  leaf.pending = lie.hash();
  history.refuse("a reset of a name that is not there", "audit 8",
                 history.forge(fresh, leaf, {{RequestNotice{lie, {}}}}));
}

void refuse_vetoes(History& history, const TestPerson& alice, const TestDevice& device, const TestDevice& stranger,
                   const ResetNotice& open) {
  history.refuse("another request while one is open", "audit 8",
                 forge_request(history, alice, request_now(history, alice)));
  ResetNotice other = open;
  other.matures_ms += 1;
  history.refuse("the veto of another request", "audit 8",
                 forge_veto(history, alice, veto_as_device(other, device.key)));
  history.refuse("the veto of a device that has none", "audit 8",
                 forge_veto(history, alice, veto_as_device(open, stranger.key)));
  history.refuse("the veto of another recovery key", "audit 8",
                 forge_veto(history, alice, veto_as_recovery(open, alice.recovery(5))));
  VetoNotice wrong = veto_as_device(open, device.key);
  wrong.signature.mutable_view()[7] ^= 1;
  history.refuse("a veto with a wrong signature", "audit 8", forge_veto(history, alice, wrong));
  history.refuse("a completion that comes too soon", "audit 8", forge_completion(history, alice, open));
  history.refuse("the completion of another request", "audit 8", forge_completion(history, alice, other));
  history.refuse_veto("the veto of a request that is not open", veto_as_device(other, device.key));
  history.refuse_veto("the veto of a device that has none", veto_as_device(open, stranger.key));
  history.refuse_veto("a veto with a wrong signature", wrong);
}

/// alice's first request is vetoed; the next one must wait until it would have matured.
void vetoed_reset(History& history, TestPerson& alice, const TestDevice& device) {
  const TestDevice thief = alice.new_device();
  alice.take(alice.request(thief, 8));
  history.domain.publish(alice);
  history.follow("a request");
  const ResetNotice open = history.domain.entries.at("alice@example.org").notices.back();
  refuse_vetoes(history, alice, device, thief, open);
  alice.take(alice.by_device(VetoReset{}, device));
  history.domain.publish(alice, veto_as_device(open, device.key));
  history.follow("a veto");
  history.refuse_veto("the veto of a request that is vetoed", veto_as_device(open, device.key));
  history.refuse_closing("the mailbox of a request that is vetoed", open);
  history.domain.now = Time{open.matures_ms - 1};
  history.refuse("the next request before the vetoed one would have matured", "audit 8",
                 forge_request(history, alice, request_now(history, alice, open), open));
  history.domain.now = Time{open.matures_ms};
  history.refuse("the next request without the vetoed one", "audit 8",
                 forge_request(history, alice, request_now(history, alice)));
  ResetNotice invented = open;
  invented.matures_ms -= 1;
  history.refuse("the next request with another notice than the vetoed one", "audit 8",
                 forge_request(history, alice, request_now(history, alice, open), invented));
  history.refuse("the next request after another one than the vetoed one", "audit 8",
                 forge_request(history, alice, request_now(history, alice, invented), invented));
}

/// alice's second request completes, once the auditor has taken it over and waited.
void completed_reset(History& history, TestPerson& alice, const TestDevice& device) {
  TestDomain& domain = history.domain;
  const TestDevice heir = alice.new_device();
  alice.take(alice.request(heir, 9));
  domain.publish(alice);
  history.follow("a request after a vetoed one");
  const ResetNotice open = domain.entries.at("alice@example.org").notices.back();
  domain.now = after(domain.now, kDelayMs);
  history.elapse(kDelayMs);
  history.put_off_closing("a mailbox whose request is under no head that the log signed", open);
  history.refuse_cosigning("a record of more than five minutes", "cosign");
  domain.publish_changes({});
  history.follow("an epoch that renews the time");
  history.cosign("the request");
  history.elapse(kDelayMs - 1);
  domain.now = after(domain.now, kDelayMs);
  history.put_off_closing("a mailbox whose request has waited a millisecond too little", open);
  history.refuse_not_yet_answers(open);
  history.cosign("again, though the record is old by now");
  history.elapse(1);
  const Time now = std::exchange(domain.now, Time{open.matures_ms - 1});
  history.put_off_closing("a mailbox whose request matures in a millisecond", open);
  domain.now = now;
  ResetNotice other = open;
  other.matures_ms -= 1;
  history.refuse_closing("the mailbox of another request", other);
  history.close("the mailbox of a request that nobody vetoed", open);
  history.close("the same again", open);
  history.refuse_closed_answers(open);
  history.refuse_late_veto("a veto after its mailbox was closed", veto_as_device(open, device.key));
  alice.take(alice.by_new_device(CompleteReset{alice.state.open_reset()->sequence}, heir));
  domain.publish(alice);
  history.follow("a completion");
  history.refuse_late_veto("a veto after its mailbox was closed, whose request has ended in what was only read",
                           veto_as_device(open, device.key));
  history.refuse_closing("the mailbox of a request that is completed", open);
  history.cosign("a completion that has waited");
  history.refuse_veto("the veto of a request that is completed", veto_as_device(open, device.key));
}

/// dave's reset, for which the auditor has waited.
ResetNotice ripe_request(History& history) {
  TestDomain& domain = history.domain;
  TestPerson dave("dave@example.org", 55);
  dave.take(dave.genesis(dave.new_device()));
  domain.publish(dave);
  dave.take(dave.request(dave.new_device(), 6));
  domain.publish(dave);
  history.follow("the reset of another name");
  history.cosign("its request");
  domain.now = after(domain.now, kDelayMs);
  history.elapse(kDelayMs);
  return domain.entries.at("dave@example.org").notices.back();
}

/// carol's reset begins and ends while the auditor is away; then it waits.
/// carol's veto, which came too late.
VetoNotice missed_reset(History& history, TestPerson& carol, const TestDevice& device) {
  TestDomain& domain = history.domain;
  const ResetNotice ripe = ripe_request(history);
  const TestDevice heir = carol.new_device();
  carol.take(carol.request(heir, 7));
  domain.publish(carol);
  const ResetNotice open = domain.entries.at("carol@example.org").notices.back();
  domain.now = after(domain.now, kDelayMs);
  carol.take(carol.by_new_device(CompleteReset{carol.state.open_reset()->sequence}, heir));
  domain.publish(carol);
  history.follow("a reset that was completed while the auditor was away");
  history.elapse(kDelayMs);
  history.refuse_cosigning("before the log has signed it, whatever time goes by", "audit 9");
  history.sign("the log has signed it");
  history.elapse(kDelayMs - 1);
  domain.publish_changes({});
  history.follow("an epoch of the time in which it waits");
  history.refuse_cosigning("a millisecond of the delay is owed", "audit 9");
  history.refuse_closing("the mailbox of what is completed, and owed its waiting", open);
  history.put_off_closing("a mailbox whose delay is over, while another reset is owed its waiting", ripe);
  VetoNotice forged = veto_as_device(open, device.key);
  forged.signature.mutable_view()[5] ^= 1;
  history.refuse_veto("a forged veto of what is owed its waiting", forged);
  history.elapse(1);
  const VetoNotice late = veto_as_device(open, device.key);
  history.refuse_veto("the veto of what has waited", late);
  history.close("the same mailbox, when nothing is owed", ripe);
  history.cosign("a completion that has waited after it came");
  const Time now = std::exchange(domain.now, Time{ripe.matures_ms - 1});
  history.close("the same again, by a clock that was set back", ripe);
  domain.now = now;
  return late;
}

/// Of completions that an auditor has adopted it asks neither waiting nor that there be no veto; of later ones both.
void adopted(History& history, TestPerson& bob, const TestDevice& bob_device, const VetoNotice& old_veto) {
  TestDomain& domain = history.domain;
  history.adopt(domain.records.size());
  const auto asked = std::ranges::find(domain.records, old_veto.request.requested_ms, &EpochRecord::time_ms);
  history.follow("again, by an auditor that adopts it", asked->epoch + 1);
  history.take_veto("a veto of a reset whose completion it adopts", old_veto);
  history.follow("the rest, with that completion");
  history.cosign("what was adopted");
  const TestDevice heir = bob.new_device();
  bob.take(bob.request(heir, 8));
  domain.publish(bob);
  history.follow("a request");
  const ResetNotice open = domain.entries.at("bob@example.org").notices.back();
  domain.now = after(domain.now, kDelayMs);
  history.sign("the log has signed it");
  history.take_veto("the recovery key's veto, in the mailbox", veto_as_recovery(open, bob.recovery()));
  history.take_veto("a device's veto, in the mailbox", veto_as_device(open, bob_device.key));
  history.elapse(kDelayMs - 1);
  history.put_off_closing("a mailbox with a veto in it, before the delay is over", open);
  history.elapse(1);
  history.close("a mailbox with a veto in it", open);
  bob.take(bob.by_new_device(CompleteReset{bob.state.open_reset()->sequence}, heir));
  domain.publish(bob);
  history.follow("a completion of which the auditor holds a veto");
  history.sign("the log has signed that too");
  history.refuse_cosigning("a completion of which the auditor holds a veto", "audit 9 veto");
}

}  // namespace

Json make_audits() {
  History history(51);
  TestDomain& domain = history.domain;
  TestPerson alice("alice@example.org", 52), bob("bob@example.org", 53), carol("carol@example.org", 54);
  const TestDevice device = alice.new_device(), bob_device = bob.new_device(), second = alice.new_device();
  tlog::TreeHead none{0, tlog::empty_root()};
  history.refuse_head("no epoch yet", none);
  domain.publish_changes({});
  history.follow("an epoch without updates");
  alice.take(alice.genesis(device));
  domain.publish(alice);
  history.follow("a first name");
  bob.take(bob.genesis(bob_device));
  const TestDevice carol_device = carol.new_device();
  carol.take(carol.genesis(carol_device));
  domain.publish(bob);
  domain.publish(carol);
  history.follow("a further name");
  alice.take(alice.add(second, device));
  alice.take(alice.by_device(RemoveDevice{second.device.id()}, device));
  domain.publish(alice);
  history.follow("two statements of one name");
  tlog::TreeHead head = history.auditor().head();
  head.root.mutable_view()[0] ^= 1;
  history.refuse_head("another root", head);
  head = history.auditor().head();
  head.size -= 1;
  history.refuse_head("a smaller size", head);
  history.cosign("the newest epoch");
  refuse_records(history, alice);
  refuse_updates(history, alice, bob);
  refuse_old_leaves(history, alice, bob);
  refuse_notices(history, alice, bob);
  refuse_requests(history, alice);
  vetoed_reset(history, alice, device);
  completed_reset(history, alice, device);
  const VetoNotice late = missed_reset(history, carol, carol_device);
  adopted(history, bob, bob_device, late);
  Json out = history.take_all();
  out["more"] = make_audit_edges();
  for (Json (*make)() : {make_forgetting_audits, make_reset_audits}) {
    for (Json& log : make()) out["more"].push_back(std::move(log));
  }
  return out;
}

}  // namespace cairn::testing
