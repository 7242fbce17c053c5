// A log of which an auditor forgets at times what it has only read: when it does, and what stays.
#include "tests/vectors/make_directory/history.h"

namespace cairn::testing {
namespace {

using namespace directory;

/// One name of the log. Its next owner's recovery key is of generation 7.
struct Owned {
  Owned(std::string_view name, std::uint64_t seed) : person(name, seed), device(person.new_device()) {
    person.take(person.genesis(device));
  }
  VetoNotice veto() const { return veto_as_device(request, device.key); }

  TestPerson person;
  TestDevice device;
  std::optional<TestDevice> heir = {};
  ResetNotice request = {};
};

void ask_for_reset(History& history, Owned& owned) {
  owned.heir = owned.person.new_device();
  owned.person.take(owned.person.request(*owned.heir, 7));
  history.domain.publish(owned.person);
  owned.request = history.domain.entries.at(owned.person.name().text()).notices.back();
}

void complete_reset(History& history, Owned& owned) {
  TestPerson& person = owned.person;
  person.take(person.by_new_device(CompleteReset{person.state.open_reset()->sequence}, *owned.heir));
  history.domain.publish(person);
}

/// An honest update of the name.
EpochAudit forge_epoch(const History& history, const Owned& owned) {
  const Update update = history.update(owned.person);
  return history.forge(update, History::extended(update));
}

/// Breaks rule 6, and reads again what was forgotten for it.
void break_a_rule(History& history, const Owned& owned) {
  const Update update = history.update(owned.person);
  NameLeaf leaf = History::extended(update);
  leaf.count += 1;
  history.refuse_for_good("an epoch with another new root: what was only read is forgotten", "audit 6",
                          history.forge(update, leaf), Then::forgets);
}

void sign_another_root(History& history) {
  tlog::TreeHead head = history.auditor().head();
  head.root.mutable_view()[0] ^= 1;
  history.refuse_head_for_good("another root for the size that was read: what was only read is forgotten", head,
                               Then::forgets);
}

/// The next epoch is refused, and nothing is forgotten: time may make it good, or nothing that came before it.
void ask_again(History& history, const Owned& owned) {
  EpochAudit lie = forge_epoch(history, owned);
  lie.record.time_ms = history.domain.now.ms + kMaxRecordSkewMs + 1;
  history.refuse_for_good("ahead of the clock: what was only read stays", "audit 2", lie, Then::keeps);
  Bytes bytes = wire::encode(forge_epoch(history, owned));
  bytes.push_back(0);
  history.refuse_for_good("a byte too many: what was only read stays", "format", bytes, Then::keeps);
  bytes = wire::encode(forge_epoch(history, owned));
  bytes[0] = 2;
  history.refuse_for_good("a record of version 2: what was only read stays", "audit 1", bytes, Then::keeps);
  Update empty = history.update(owned.person);
  empty.commitments.clear();
  history.refuse_for_good("an update without a commitment: what was only read stays", "audit 3",
                          history.forge({empty}, history.old), Then::keeps);
  ResetNotice request = request_now(history, owned.person);
  history.refuse_for_good("a vetoed request without after: what was only read stays", "audit 8",
                          forge_request(history, owned.person, request, request), Then::keeps);
  request.matures_ms = request.requested_ms + kMinResetDelayS * kSecondMs - 1;
  history.refuse_for_good("a request that matures too soon: what was only read stays", "audit 8",
                          forge_request(history, owned.person, request), Then::keeps);
}

/// Where the reset of `owned` is open.
void ask_again_for_notices(History& history, const Owned& owned, const Owned& stranger) {
  history.refuse_for_good("a completion that comes too soon: what was only read stays", "audit 8",
                          forge_completion(history, owned.person, owned.request), Then::keeps);
  VetoNotice veto = veto_as_device(owned.request, stranger.device.key);
  history.refuse_for_good("the veto of a key that has none: what was only read stays", "audit 8",
                          forge_veto(history, owned.person, veto), Then::keeps);
  veto = owned.veto();
  veto.signature.mutable_view()[5] ^= 1;
  history.refuse_for_good("a veto with a wrong signature: what was only read is forgotten", "audit 8",
                          forge_veto(history, owned.person, veto), Then::forgets);
}

void heads_and_rules(History& history, const Owned& owned) {
  TestDomain& domain = history.domain;
  domain.publish_changes({});
  domain.publish_changes({});
  history.follow("epochs that are only read");
  tlog::TreeHead head = history.auditor().head();
  head.size -= 1;
  history.refuse_head_for_good("the log signs less than what was read", head, Then::keeps);
  history.refuse_cosigning("a renewal of what was cosigned, while more is read", "cosign");
  break_a_rule(history, owned);
  history.follow("the same, read again");
  sign_another_root(history);
  history.follow("the same, read once more");
  ask_again(history, owned);
  const Time read_at = domain.now;
  history.sign("the log has signed them");
  domain.now = after(Time{domain.records.back().time_ms}, kMaxRecordSkewMs + 1);
  history.refuse_cosigning("a later size, by a record of five minutes and a millisecond", "cosign");
  domain.now = read_at;
  history.cosign_signed("a later size");
}

/// What is taken over goes on waiting, and what is closed stays so.
void waiting_and_closing(History& history, Owned& owned, const Owned& other) {
  TestDomain& domain = history.domain;
  ask_for_reset(history, owned);
  history.follow("a request");
  history.cosign("the request");
  history.elapse(kDelayMs - 1);
  domain.publish_changes({});
  history.follow("an epoch that is only read");
  ask_again_for_notices(history, owned, other);
  domain.now = Time{owned.request.matures_ms};
  history.put_off_closing("a mailbox whose request has waited a millisecond too little", owned.request);
  history.elapse(1);
  history.refuse_questions(owned.request);
  history.close("a mailbox whose request has waited, though what was read meanwhile was forgotten", owned.request);
  history.follow("the epoch, read again");
  sign_another_root(history);
  history.close("the same, after that was forgotten too", owned.request);
  history.refuse_late_veto("a veto after its mailbox was closed and more was forgotten", owned.veto());
  history.follow("the epoch, read once more");
}

/// A veto of what was only read is there when that is read again.
void kept_veto(History& history, Owned& owned, const Owned& other) {
  TestDomain& domain = history.domain;
  ask_for_reset(history, owned);
  history.follow("a request that is only read");
  history.take_veto("a veto of what is only read", owned.veto());
  VetoNotice by_recovery = veto_as_recovery(owned.request, owned.person.recovery());
  Bytes bytes = wire::encode(by_recovery);
  bytes.push_back(0);
  history.refuse_veto_bytes("a veto and a byte", bytes);
  bytes = wire::encode(by_recovery);
  const std::size_t kem_hash = bytes.size() - 64 - 32;
  bytes[kem_hash - 1] = 31;
  bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(kem_hash));
  history.refuse_veto_bytes("a veto with a kem_hash of 31 bytes", bytes);
  break_a_rule(history, other);
  history.refuse_veto("the veto of what was forgotten", owned.veto());
  history.follow("the request, read again");
  history.put_off_closing("a mailbox whose request is only read", owned.request);
  history.sign("the log has signed it");
  history.elapse(kDelayMs);
  domain.now = Time{owned.request.matures_ms};
  history.close("a mailbox whose veto came before what was read was forgotten", owned.request);
}

/// A veto of what has ended in what was only read. `vetoed` has a veto in its mailbox.
void veto_of_what_has_ended(History& history, Owned& owned, const Owned& vetoed) {
  TestDomain& domain = history.domain;
  ask_for_reset(history, owned);
  history.follow("a request");
  history.sign("the log has signed it");
  history.elapse(kDelayMs);
  domain.now = Time{owned.request.matures_ms};
  complete_reset(history, owned);
  history.follow("a completion that has waited, and is only read");
  history.refuse_closing("the mailbox of what has ended in what was only read", owned.request);
  history.take_veto("a veto of what has ended in what was only read, which is forgotten", owned.veto());
  history.follow("the completion, read again, and owed");
  history.put_off_closing("a mailbox while another reset is owed in what was only read", vetoed.request);
  sign_another_root(history);
  history.close("the same, when that is forgotten", vetoed.request);
  history.follow("the completion, read once more");
  history.sign("the log has signed the completion");
  history.refuse_cosigning("a completion whose veto came when it was only read", "audit 9 veto");
  history.refuse_barred_closing("a mailbox of a log that can be cosigned no more", vetoed.request);
}

}  // namespace

Json make_forgetting_audits() {
  History history(59);
  TestDomain& domain = history.domain;
  Owned first("vera@example.org", 91), second("wim@example.org", 92), third("xena@example.org", 93);
  for (const Owned* one : {&first, &second, &third}) domain.publish(one->person);
  history.follow("three names");
  history.cosign("all of them");
  heads_and_rules(history, first);
  waiting_and_closing(history, first, second);
  kept_veto(history, second, third);
  veto_of_what_has_ended(history, third, second);
  Json out = Json::array();
  out.push_back(history.take_all());
  return out;
}

}  // namespace cairn::testing
