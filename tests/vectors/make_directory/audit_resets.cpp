// Logs of their own: resets as an auditor sees them that come one after the other, and how many there may be.
#include "tests/vectors/make_directory/history.h"

namespace cairn::testing {
namespace {

using namespace directory;

/// The newest request of the name, which is published.
ResetNotice publish_request(History& history, TestPerson& person, const TestDevice& heir, std::uint32_t generation) {
  person.take(person.request(heir, generation));
  history.domain.publish(person);
  return history.domain.entries.at(person.name().text()).notices.back();
}

void publish_completion(History& history, TestPerson& person, const TestDevice& heir, std::uint32_t generation) {
  person.take(person.by_new_device(CompleteReset{person.state.open_reset()->sequence}, heir));
  person.generation = generation;
  history.domain.publish(person);
}

/// A request with the least delay; the recovery key's veto stands in an epoch.
void vetoed_by_recovery(History& history) {
  TestDomain& domain = history.domain;
  TestPerson yves("yves@example.org", 94);
  const TestDevice device = yves.new_device();
  yves.take(yves.genesis(device, kMinResetDelayS));
  domain.publish(yves);
  const ResetNotice open = publish_request(history, yves, yves.new_device(), 7);
  hold(open.delay_ms() == domain.config.min_reset_delay_s * kSecondMs, "the least delay");
  history.follow("a request with the least delay there may be");
  VetoNotice veto = veto_as_recovery(open, yves.recovery());
  veto.kem_hash->mutable_view()[0] ^= 1;
  history.refuse("the recovery key's veto with another kem_hash", "audit 8", forge_veto(history, yves, veto));
  veto = veto_as_recovery(open, yves.recovery());
  veto.kem_hash.reset();
  history.refuse("the recovery key's veto without a kem_hash", "audit 8", forge_veto(history, yves, veto));
  veto = veto_as_recovery(open, yves.recovery());
  yves.take(yves.by_recovery(VetoReset{}));
  domain.publish(yves, veto);
  history.follow("the recovery key's veto, in an epoch");
  domain.now = Time{open.matures_ms};
  publish_request(history, yves, yves.new_device(), 8);
  history.follow("a request when the vetoed one would have matured");
}

/// One name is reset twice, and both completions stand in its leaf.
void two_resets(History& history) {
  TestDomain& domain = history.domain;
  TestPerson zoe("zoe@example.org", 95);
  zoe.take(zoe.genesis(zoe.new_device()));
  domain.publish(zoe);
  for (const std::uint32_t generation : {7u, 8u}) {
    const TestDevice heir = zoe.new_device();
    const ResetNotice open = publish_request(history, zoe, heir, generation);
    history.follow(generation == 7 ? "a first reset" : "a second reset of the same name");
    history.cosign("its request");
    domain.now = Time{open.matures_ms};
    history.elapse(kDelayMs);
    if (generation == 8) {
      const Update update = history.update(zoe);
      NameLeaf leaf = History::extended(update);
      leaf.pending = {};
      leaf.resets = extend_resets(Hash{}, open.hash());
      history.refuse("a second completion that does not extend the first", "audit 6",
                     history.forge(update, leaf, {{CompleteNotice{open}}}));
    }
    publish_completion(history, zoe, heir, generation);
    history.follow("its completion");
    history.cosign("a completion that has waited");
  }
}

/// 100,000 requests, of which one is owed its waiting; and below the adopted size.
void limits(History& history) {
  TestDomain& domain = history.domain;
  TestPerson ada("ada@example.org", 96), ben("ben@example.org", 97);
  ada.take(ada.genesis(ada.new_device()));
  ben.take(ben.genesis(ben.new_device()));
  domain.publish(ada);
  domain.publish(ben);
  const std::uint64_t names = domain.audits.size();
  const TestDevice heir = ada.new_device();
  const ResetNotice open = publish_request(history, ada, heir, 7);
  domain.now = Time{open.matures_ms};
  publish_completion(history, ada, heir, 7);
  history.follow("a reset that is completed, and owed");
  history.crowd(kMaxOpenRequests - 1);
  domain.publish_changes({});
  history.follow("an epoch without notices beside 99,999 and one that is owed");
  history.refuse_for_good("a request beside 99,999 and one that is owed: what was only read is forgotten",
                          "audit limit", forge_request(history, ben, request_now(history, ben)), Then::forgets);
  history.adopt(domain.audits.size());
  history.follow("the names, again, by an auditor that adopts all of it", names);
  history.crowd(kMaxOpenRequests);
  history.refuse_bytes("a request beside 100,000, below the adopted size", "audit limit",
                       domain.audits[static_cast<std::size_t>(names)]);
}

Json history_of(std::uint64_t seed, void (*tell)(History&)) {
  History history(seed);
  tell(history);
  return history.take_all();
}

}  // namespace

Json make_reset_audits() {
  Json out = Json::array();
  out.push_back(history_of(67, vetoed_by_recovery));
  out.push_back(history_of(68, two_resets));
  out.push_back(history_of(69, limits));
  return out;
}

}  // namespace cairn::testing
