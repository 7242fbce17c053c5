// The operator of the identity service lies: false-key, ghost-device, silent-enrolment, split-view.
#include "apps/lab/attacks/attacks.h"
#include "apps/lab/legacy/envelope_2014.h"
#include "apps/lab/legacy/person.h"

namespace cairn::lab {
namespace {

using namespace legacy;

const std::vector<std::string> kSaid = {"The key is under the third stone.", "I leave at noon."};
const std::string kAnswer = "I will be there at noon.";

/// The operator in the middle: for every name it answers with its own keys, and keeps the true ones for itself.
class Middle {
 public:
  explicit Middle(Service& service) : service_(service), own_("the operator's machine") {
    service_.ids.lie(
        [this](const std::string&, const std::string&, IdsAnswer honest) { return swap(std::move(honest)); });
    service_.apns.tap([this](Push push) { return pass(std::move(push)); });
  }
  std::vector<std::string> read;

 private:
  IdsAnswer swap(IdsAnswer honest) {
    for (IdsEntry& entry : honest) {
      true_[entry.token] = entry.identity;
      entry.identity = own_.identity().encode();
    }
    return honest;
  }
  std::optional<Push> pass(Push push) {
    const auto body =
        open_2014(push.payload, own_.encryption_key(), Envelope::parse(push.payload) ? any_key(push) : Bytes{});
    if (!body) return push;
    auto message = decode_body(*body);
    if (!message) return push;
    read.push_back(message->text);
    const std::size_t at = message->text.find("noon");
    if (at != std::string::npos) message->text.replace(at, 4, "midnight");
    const auto recipient = PublicIdentity::parse(true_.at(push.to));
    push.payload = *seal_2014(encode_body(*message), recipient->rsa_modulus, own_.signing_key());
    return push;
  }
  /// The sender's true signing key, by which the operator could check what it reads.
  Bytes any_key(const Push& push) const {
    for (const auto& [token, identity] : true_) {
      const auto parsed = PublicIdentity::parse(identity);
      const auto envelope = Envelope::parse(push.payload);
      if (ecdsa_verify(parsed->signing_point, envelope->ct, envelope->signature)) return parsed->signing_point;
    }
    return Bytes(kPointBytes);
  }

  Service& service_;
  Device own_;
  std::map<Bytes, Bytes> true_;  ///< identity by token
};

std::size_t shown(const Device& device, const std::string& from, const std::string& text) {
  std::size_t count = 0;
  for (const Shown& one : device.conversation) count += one.from == from && one.text == text ? 1 : 0;
  return count;
}

/// What a device that is not the owner's reads of the pushes to its token.
std::vector<std::string> read_as(Service& service, const Device& ghost, const std::string& asker) {
  std::vector<std::string> out;
  for (const Push& push : service.apns.drain(ghost.token(), service.now)) {
    const auto message = take_push(ghost, push, service.ids.lookup(push.sender, asker));
    if (message) out.push_back(message->text);
  }
  return out;
}

}  // namespace

Side false_key_2014() {
  Service service;
  Person alice(service, "alice@example.org"), bob(service, "bob@example.org");
  alice.add_device("Alice's phone");
  bob.add_device("Bob's phone");
  Middle middle(service);
  (void)service.ids.lookup(alice.name(), bob.name());  // both are known to it
  Side side;
  side.step("Alice", "directory", "which keys has Bob?");
  side.step("directory", "Alice", "the operator's key, as Bob's", Step::Kind::swapped);
  for (const std::string& text : kSaid) CHECK(alice.send(bob.name(), text).has_value());
  bob.receive();
  side.step("Alice", "operator", "\"" + (middle.read.empty() ? "-" : middle.read.back()) + "\"",
            stolen_if(!middle.read.empty()));
  side.step("operator", "Bob", "\"" + bob.device().conversation.back().text + "\", signed anew", Step::Kind::swapped);
  CHECK(bob.send(alice.name(), kAnswer).has_value());
  alice.receive();
  side.step("Bob", "operator", "\"" + (middle.read.empty() ? "-" : middle.read.back()) + "\"",
            stolen_if(middle.read.size() > kSaid.size()));
  side.step("operator", "Alice", "\"" + alice.device().conversation.back().text + "\"", Step::Kind::swapped);

  const std::vector<std::string> all = {kSaid[0], kSaid[1], kAnswer};
  const bool altered = shown(bob.device(), alice.name(), "I leave at midnight.") == 1 &&
                       shown(alice.device(), bob.name(), "I will be there at midnight.") == 1;
  const std::size_t alerts = alice.device().alerts.size() + bob.device().alerts.size();
  side.conclude(middle.read == all && altered && alerts == 0,
                "read and altered what both said, in both directions; nobody was told");
  side.show("messages read by the operator", of(middle.read.size(), all.size()));
  side.show("Bob was shown", bob.device().conversation[1].text);
  side.show("Alice was shown", alice.device().conversation.back().text);
  side.show("warnings on any device", alerts);
  return side;
}

Side ghost_device_2014() {
  Service service;
  Person alice(service, "alice@example.org"), bob(service, "bob@example.org");
  alice.add_device("Alice's phone");
  bob.add_device("Bob's phone");
  const Device ghost("ghost");
  service.ids.lie([&](const std::string& name, const std::string&, IdsAnswer honest) {
    if (name == bob.name()) honest.push_back(entry_of(ghost));
    return honest;
  });
  Side side;
  side.step("Alice", "directory", "which devices has Bob?");
  side.step("directory", "Alice", "Bob's phone, and one more", Step::Kind::swapped);
  for (const std::string& text : kSaid) CHECK(alice.send(bob.name(), text).has_value());
  bob.receive();
  const auto copies = read_as(service, ghost, bob.name());
  side.step("Alice", "Bob", "\"" + kSaid[0] + "\"");
  side.step("Alice", "added device", "the same, encrypted for it too", stolen_if(copies == kSaid));
  const std::size_t alerts = alice.device().alerts.size() + bob.device().alerts.size();
  side.conclude(copies == kSaid && alerts == 0 && shown(bob.device(), alice.name(), kSaid[0]) == 1,
                "a silent copy of everything that is sent to Bob");
  side.show("messages read by the added device", of(copies.size(), kSaid.size()));
  side.show("the first of them", copies.empty() ? "-" : copies.front());
  side.show("warnings on any device", alerts);
  return side;
}

Side silent_enrolment_2014() {
  Service service;
  Person alice(service, "alice@example.org"), bob(service, "bob@example.org");
  alice.add_device("Alice's phone");
  bob.add_device("Bob's phone");
  bob.add_device("Bob's tablet");
  const std::size_t honest_alerts = bob.device().alerts.size();
  Device added("a phone of the operator's");
  service.ids.suppress_alerts(true);
  service.ids.enroll(bob.name(), added);
  Side side;
  side.step("operator", "directory", "adds a device to Bob's name", Step::Kind::swapped);
  side.step("directory", "directory", "sends Bob's tablet no alert", Step::Kind::swapped);
  CHECK(alice.send(bob.name(), kSaid[0]).has_value());
  const auto copies = read_as(service, added, bob.name());
  side.step("Alice", "operator", "\"" + (copies.empty() ? "-" : copies.front()) + "\"", stolen_if(!copies.empty()));
  const std::size_t alerts = bob.device().alerts.size() - honest_alerts;
  side.conclude(copies.size() == 1 && copies[0] == kSaid[0] && alerts == 0,
                "a device in Bob's name of which Bob's own devices were not told");
  side.show("alerts for Bob's own tablet", honest_alerts);
  side.show("alerts for the operator's device", alerts);
  side.show("read by it", copies.empty() ? "-" : copies.front());
  return side;
}

Side split_view_2014() {
  Service service;
  Person alice(service, "alice@example.org"), bob(service, "bob@example.org"), carol(service, "carol@example.org");
  alice.add_device("Alice's phone");
  bob.add_device("Bob's phone");
  carol.add_device("Carol's phone");
  const Device ghost("ghost");
  service.ids.lie([&](const std::string& name, const std::string& asker, IdsAnswer honest) {
    if (name == bob.name() && asker == alice.name()) honest = {entry_of(ghost)};
    return honest;
  });
  const auto to_alice = service.ids.lookup(bob.name(), alice.name());
  const auto to_carol = service.ids.lookup(bob.name(), carol.name());
  CHECK(alice.send(bob.name(), kSaid[0]).has_value() && carol.send(bob.name(), kSaid[1]).has_value());
  bob.receive();
  const auto copies = read_as(service, ghost, bob.name());
  Side side;
  side.step("Alice", "directory", "which keys has Bob?");
  side.step("directory", "Alice", "one directory", Step::Kind::swapped);
  side.step("Carol", "directory", "which keys has Bob?");
  side.step("directory", "Carol", "another directory");
  side.step("Alice", "operator", "\"" + (copies.empty() ? "-" : copies.front()) + "\"", stolen_if(!copies.empty()));
  const bool differ = to_alice.front().identity != to_carol.front().identity;
  const std::size_t alerts = alice.device().alerts.size() + bob.device().alerts.size() + carol.device().alerts.size();
  side.conclude(differ && copies.size() == 1 && copies[0] == kSaid[0] && alerts == 0 &&
                    shown(bob.device(), carol.name(), kSaid[1]) == 1,
                "two people were shown two directories, and nothing in the system compares them");
  side.show("the two answers differ", differ ? "yes" : "no");
  side.show("read by the operator", copies.empty() ? "-" : copies.front());
  side.show("warnings on any device", alerts);
  return side;
}

}  // namespace cairn::lab
