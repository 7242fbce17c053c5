// Chains with statements of all eight types, and for most rules of apply a statement that breaks it.
#include "tests/vectors/make_directory/chains.h"

namespace cairn::testing {
namespace {

using namespace directory;

void refuse_places(Chain& chain, const TestDevice& first, const TestDevice& second) {
  TestPerson& person = chain.person;
  chain.refuse("a second genesis", "chain 1", person.genesis(second));
  Statement other = person.add(second, first);
  other.content.sequence += 1;
  chain.refuse("a sequence that is not the next", "chain sequence", other);
  other = person.add(second, first);
  other.content.previous.mutable_view()[0] ^= 1;
  chain.refuse("a previous that is not the head", "chain previous", other);
  other = person.add(second, first);
  other.content.name = *Name::from("malice@example.org");
  chain.refuse("another name", "chain name", other);
  other = person.add(second, first);
  other.signatures[1].signature.mutable_view()[5] ^= 1;
  chain.refuse("a bit of a signature", "chain signature", other);
  other = person.add(second, first);
  other.content.time_ms += 1;
  chain.refuse("a content that was changed after it was signed", "chain signature", other);
  chain.refuse("signed by a device of nobody", "chain signers", person.add(second, second));
  TestPerson stranger("alice@example.org", 77);
  other = person.by_recovery(SetResetDelay{0});
  other.signatures = {sign_as_recovery(other.content, stranger.recovery())};
  chain.refuse("signed by another recovery key", "chain signers", other);
}

void refuse_forms(Chain& chain, const TestDevice& first, const TestDevice& second) {
  TestPerson& person = chain.person;
  const Bytes good = wire::encode(person.add(second, first));
  Bytes bytes = good;
  bytes[0] = 2;
  chain.refuse_bytes("version 2", "format", bytes);
  bytes = good;
  bytes.push_back(0);
  chain.refuse_bytes("a byte too many", "format", bytes);
  bytes = good;
  bytes.pop_back();
  chain.refuse_bytes("a byte too few", "format", bytes);
  bytes = good;  // the name's length, 17, in two bytes
  bytes[1] = 0x40;
  bytes.insert(bytes.begin() + 2, 17);
  chain.refuse_bytes("a length that is not the shortest", "format", bytes);
  Statement other = person.add(second, first);
  other.signatures.pop_back();
  chain.refuse("the new device did not sign", "format", other);
  other = person.add(second, first);
  std::swap(other.signatures[0], other.signatures[1]);
  chain.refuse("signatures in another order", "format", other);
  other = person.add(second, first);
  other.content.next_recovery = Hash{};
  chain.refuse("next_recovery though no recovery key signs", "format", other);
  TestDevice twice = person.new_device();
  twice.device.suites = {1, 1};
  chain.refuse("a suite twice", "format", person.add(twice, first));
  twice.device.suites = {};
  chain.refuse("no suite", "format", person.add(twice, first));
}

void refuse_devices(Chain& chain, const TestDevice& first, const TestDevice& removed) {
  TestPerson& person = chain.person;
  TestDevice shared = person.new_device();
  shared.device.mailbox = first.device.mailbox;
  chain.refuse("two devices with one mailbox", "chain 3", person.add(shared, first));
  chain.refuse("a device that was here before", "chain 4", person.add(removed, first));
  chain.refuse("a request by a device that was removed", "chain 4", person.request(removed, 9));
  chain.refuse("removal of a device that is not active", "chain 5",
               person.by_device(RemoveDevice{removed.device.id()}, first));
  chain.refuse("set_reset_delay below three days", "chain 2", person.by_recovery(SetResetDelay{kMinResetDelayS - 1}));
  chain.refuse("set_reset_delay above sixty days", "chain 2", person.by_recovery(SetResetDelay{kMaxResetDelayS + 1}));
  chain.refuse("completion of no reset", "chain 6", person.by_new_device(CompleteReset{0}, first));
  chain.refuse("veto of no reset", "chain 6", person.by_device(VetoReset{}, first));
  Statement spent = person.by_recovery(ReplaceRecovery{});
  spent.content.next_recovery = person.recovery().commitment();
  spent.signatures = {sign_as_recovery(spent.content, person.recovery())};
  chain.refuse("next_recovery that is in force", "chain recovery", spent);
  chain.refuse("a request with a commitment that was in force", "chain recovery",
               person.request(person.new_device(), 0));
}

/// Every type, vetoes and resets included.
Json make_alice(Json& refused) {
  Chain chain("alice@example.org", 21, refused);
  TestPerson& person = chain.person;
  const TestDevice first = person.new_device(), second = person.new_device(), third = person.new_device();
  chain.refuse("not a genesis at the beginning", "chain 1", person.by_device(RemoveDevice{first.device.id()}, first));
  chain.refuse("a genesis that another device signed", "chain signers",
               person.by_new_device(Genesis{first.device, person.recovery(0).commitment(), 0}, second));
  chain.take(person.genesis(first));
  refuse_places(chain, first, second);
  refuse_forms(chain, first, second);
  chain.refuse("removal of the last device by itself", "chain 5",
               person.by_device(RemoveDevice{first.device.id()}, first));
  chain.take(person.add(second, first));
  chain.take(person.add_by_recovery(third));
  chain.take(person.by_device(RemoveDevice{second.device.id()}, first));
  refuse_devices(chain, first, second);
  chain.take(person.by_recovery(SetResetDelay{kMinResetDelayS}));
  chain.take(person.by_device(RemoveDevice{third.device.id()}, first));
  const TestDevice thief = person.new_device(), heir = person.new_device();
  chain.take(person.request(thief, 7));
  chain.refuse("another statement while a reset is open", "chain 6", person.add(heir, first));
  chain.refuse("a veto by a device whose veto a recovery key has ended", "chain signers",
               person.by_device(VetoReset{}, second));
  chain.refuse("a completion by another device", "chain signers",
               person.by_new_device(CompleteReset{person.state.open_reset()->sequence}, first));
  chain.take(person.by_device(VetoReset{}, third));  // removed by a device: it holds the veto
  chain.refuse("the device of a vetoed request", "chain 4", person.request(thief, 7));
  chain.take(person.request(heir, 8));
  chain.take(person.by_recovery(VetoReset{}));
  const TestDevice last = person.new_device();
  chain.take(person.request(last, 9));
  chain.refuse("completion of another request", "chain 6", person.by_new_device(CompleteReset{1}, last));
  chain.take(person.by_new_device(CompleteReset{person.state.open_reset()->sequence}, last));
  person.generation = 9;
  chain.refuse("signed by a device from before the reset", "chain signers", person.add(person.new_device(), first));
  chain.take(person.by_recovery(ReplaceRecovery{}));
  return chain.json();
}

/// Resets switched off; the recovery key removes the last device; an active device asks for a reset.
Json make_bob(Json& refused) {
  Chain chain("bob@localhost", 22, refused);
  TestPerson& person = chain.person;
  const TestDevice first = person.new_device(), second = person.new_device();
  chain.refuse("a delay below three days", "chain 2", person.genesis(first, 1));
  chain.take(person.genesis(first, 0));
  chain.refuse("a request where the delay is 0", "chain 2", person.request(second, 5));
  chain.take(person.by_recovery(RemoveDevice{first.device.id()}));
  chain.take(person.add_by_recovery(second));
  chain.take(person.by_recovery(SetResetDelay{kMaxResetDelayS}));
  chain.take(person.request(second, 8));
  chain.take(person.by_device(VetoReset{}, second));
  chain.take(person.request(second, 8));
  chain.take(person.by_new_device(CompleteReset{person.state.open_reset()->sequence}, second));
  return chain.json();
}

}  // namespace

Json make_statements() {
  Json refused = Json::array();
  Json chains = Json::array();
  chains.push_back(make_alice(refused));
  chains.push_back(make_bob(refused));
  add_chain_edges(chains, refused);
  Json long_chains = make_long_chains(refused);
  return {{"chains", std::move(chains)},
          {"long", std::move(long_chains)},
          {"refused", std::move(refused)},
          {"signatures", make_signatures()}};
}

}  // namespace cairn::testing
