// Statements at the edges of the rules of apply, and signatures at those of Ed25519.
#include "core/base/encoding.h"
#include "tests/vectors/make_directory/chains.h"

namespace cairn::testing {
namespace {

using namespace directory;

/// What an encoder that does not look can write.
void refuse_encodings(Chain& chain, const TestDevice& first, const TestDevice& second) {
  TestPerson& person = chain.person;
  const Statement statement = person.add(second, first);
  const Bytes good = wire::encode(statement);
  const std::size_t name_end = 1 + 1 + person.name().text().size();
  const std::size_t presence = name_end + 4 + 32 + 8 + 16;  // of next_recovery; the type comes after it
  const std::size_t device = presence + 2;
  const auto edit = [&](std::string_view what, auto change) {
    Bytes bytes = good;
    change(bytes);
    chain.refuse_bytes(what, "format", bytes);
  };
  edit("a length of eight bytes", [&](Bytes& bytes) {
    const Bytes length{0xc0, 0, 0, 0, 0, 0, 0, bytes[1]};
    bytes.erase(bytes.begin() + 1);
    bytes.insert(bytes.begin() + 1, length.begin(), length.end());
  });
  edit("a length of four bytes that one has room for", [&](Bytes& bytes) {
    const Bytes length{0x80, 0, 0, bytes[1]};
    bytes.erase(bytes.begin() + 1);
    bytes.insert(bytes.begin() + 1, length.begin(), length.end());
  });
  edit("a name that is none", [&](Bytes& bytes) { bytes[2] = 'A'; });
  edit("a presence byte of 2", [&](Bytes& bytes) { bytes[presence] = 2; });
  edit("type 0", [&](Bytes& bytes) { bytes[presence + 1] = 0; });
  edit("type 9", [&](Bytes& bytes) { bytes[presence + 1] = 9; });
  edit("a suite and a half", [&](Bytes& bytes) {
    bytes[device + 48] = 5;
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(device) + 49, std::uint8_t{0});
  });
  const std::size_t kind = good.size() - 2 * (1 + 32 + 1 + 64);  // of the first signature
  edit("kind 0 of a signer", [&](Bytes& bytes) { bytes[kind] = 0; });
  edit("kind 4 of a signer", [&](Bytes& bytes) { bytes[kind] = 4; });

  TestDevice many = person.new_device();
  many.device.suites.clear();
  for (std::uint16_t suite = 1; suite <= 17; ++suite) many.device.suites.push_back(suite);
  chain.refuse("17 suites", "format", person.add(many, first));
  Statement other = person.add(second, first);
  other.signatures[0].kem_hash = Hash{};
  chain.refuse("a kem_hash under a device's signature", "format", other);
  other = person.by_recovery(ReplaceRecovery{});
  other.signatures[0].kem_hash.reset();
  chain.refuse("no kem_hash under a recovery key's signature", "format", other);
  other = person.by_recovery(ReplaceRecovery{});
  other.content.next_recovery.reset();
  other.signatures = {sign_as_recovery(other.content, person.recovery())};
  chain.refuse("no next_recovery though a recovery key signs", "format", other);
  Bytes bytes = wire::encode(person.by_recovery(ReplaceRecovery{}));
  const std::size_t kem_hash = bytes.size() - 64 - 32;
  bytes[kem_hash - 1] = 31;
  bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(kem_hash));
  const std::size_t signatures = kem_hash - 1 - 32 - 1 - 2;  // their length, in two bytes
  bytes[signatures + 1] = static_cast<std::uint8_t>(bytes[signatures + 1] - 1);
  chain.refuse_bytes("a kem_hash of 31 bytes", "format", bytes);
}

Statement replace_by(TestPerson& person, StatementBody body, const Hash& next) {
  Statement out = person.by_recovery(std::move(body));
  out.content.next_recovery = next;
  out.signatures[0] = sign_as_recovery(out.content, person.recovery());
  return out;
}

/// A device that another one removed holds the veto, and nothing else.
void refuse_removed_signer(Chain& chain, const TestDevice& first, const TestDevice& removed) {
  TestPerson& person = chain.person;
  chain.refuse("a device that was removed, and holds the veto, adds one", "chain signers",
               person.add(person.new_device(), removed));
  chain.refuse("a device that was removed, and holds the veto, removes one", "chain signers",
               person.by_device(RemoveDevice{first.device.id()}, removed));
}

/// A device that is active asks for a reset under another mailbox; a removed one holds the veto until it is completed.
void own_reset(Chain& chain, TestDevice& first) {
  TestPerson& person = chain.person;
  const MailboxId before = first.device.mailbox;
  first.device.mailbox = person.new_device().device.mailbox;
  first.device.suites = {7};
  chain.refuse("a request with a delay of its own below three days", "chain 2",
               person.request(first, 40, kMinResetDelayS - 1));
  chain.refuse("a request with a delay of its own above sixty days", "chain 2",
               person.request(first, 40, kMaxResetDelayS + 1));
  chain.take(person.request(first, 40, 0));
  chain.refuse("a veto whose next_recovery is in force", "chain recovery",
               replace_by(person, VetoReset{}, person.recovery().commitment()));
  chain.refuse("a veto whose next_recovery was in force", "chain recovery",
               replace_by(person, VetoReset{}, person.recovery(0).commitment()));
  chain.take(replace_by(person, VetoReset{}, person.recovery(40).commitment()));  // that of the request: never in force
  person.generation = 40;
  const TestDevice third = person.new_device();
  chain.take(person.add(third, first));
  chain.take(person.by_device(RemoveDevice{third.device.id()}, first));
  chain.take(person.request(first, 50, kMinResetDelayS));
  chain.take(person.by_new_device(CompleteReset{person.state.open_reset()->sequence}, first));
  person.generation = 50;
  chain.refuse("the commitment that a completed reset brought", "chain recovery",
               replace_by(person, ReplaceRecovery{}, person.recovery().commitment()));
  chain.refuse("a commitment from before a completed reset", "chain recovery",
               replace_by(person, ReplaceRecovery{}, person.recovery(40).commitment()));
  TestDevice next = person.new_device();
  next.device.mailbox = first.device.mailbox;
  chain.refuse("the mailbox that the device of a completed reset named", "chain 3", person.add(next, first));
  next.device.mailbox = before;
  chain.take(person.add(next, first));  // the mailbox that it had before is free
  chain.take(person.request(person.new_device(), 60));
  chain.refuse("a veto by a device whose veto a completed reset has ended", "chain signers",
               person.by_device(VetoReset{}, third));
  chain.take(person.by_device(VetoReset{}, next));
  chain.take(replace_by(person, ReplaceRecovery{}, person.recovery(60).commitment()));  // of a vetoed request
  person.generation = 60;
  chain.take(person.by_recovery(SetResetDelay{0}));
  chain.refuse("a request after the delay was set to 0", "chain 2", person.request(person.new_device(), 70));
}

/// What a rule is easily thought to forbid, or to leave.
Json make_allowed(Json& refused) {
  Chain chain("dana@example.org", 25, refused);
  TestPerson& person = chain.person;
  TestDevice first = person.new_device();
  const TestDevice second = person.new_device();
  chain.take(person.genesis(first));
  chain.take(person.add(second, first));
  chain.take(person.by_device(RemoveDevice{second.device.id()}, second));  // it is not the last
  TestDevice third = person.new_device();
  third.device.mailbox = second.device.mailbox;
  chain.take(person.add(third, first));  // the mailbox of one that is removed, and holds the veto, is free
  chain.take(person.by_recovery(RemoveDevice{third.device.id()}));
  chain.take(person.request(person.new_device(), 7));
  chain.refuse("a veto by a device whose veto ended when the recovery key removed another one", "chain signers",
               person.by_device(VetoReset{}, second));
  chain.refuse("a veto by a device that the recovery key removed", "chain signers",
               person.by_device(VetoReset{}, third));
  chain.take(person.by_device(VetoReset{}, first));
  const MailboxId before = first.device.mailbox, wanted = person.new_device().device.mailbox;
  first.device.mailbox = wanted;
  chain.take(person.request(first, 8));
  chain.take(person.by_device(VetoReset{}, first));
  TestDevice fourth = person.new_device();
  fourth.device.mailbox = before;
  chain.refuse("the mailbox of a device whose request named another one, and was vetoed", "chain 3",
               person.add(fourth, first));
  fourth.device.mailbox = wanted;
  chain.take(person.add(fourth, first));
  const TestDevice heir = person.new_device();
  chain.take(person.request(heir, 9, 0));
  chain.take(person.by_new_device(CompleteReset{person.state.open_reset()->sequence}, heir));
  person.generation = 9;
  chain.refuse("a request after a completed one whose own delay was 0", "chain 2",
               person.request(person.new_device(), 10));
  chain.take(person.by_recovery(SetResetDelay{kMaxResetDelayS}));
  return chain.json();
}

/// 32 active devices; then 63 holders of the veto, and a 64th.
Json make_crowd(Json& refused) {
  Chain chain("crowd@example.org", 24, refused);
  TestPerson& person = chain.person;
  const TestDevice first = person.new_device();
  chain.take(person.genesis(first, 0));
  const auto fill = [&](std::size_t count) {
    std::vector<DeviceId> added;
    while (added.size() < count) {
      const TestDevice next = person.new_device();
      chain.take(person.add(next, first));
      added.push_back(next.device.id());
    }
    return added;
  };
  const auto early = fill(kMaxActiveDevices - 1);
  chain.refuse("a 33rd active device", "chain 3", person.add(person.new_device(), first));
  for (const DeviceId& device : early) chain.take(person.by_device(RemoveDevice{device}, first));
  const auto late = fill(kMaxActiveDevices - 1);
  chain.take(person.by_device(RemoveDevice{late.back()}, first));
  fill(1);
  chain.take(person.by_device(RemoveDevice{late.front()}, first));  // 31 are active, and 33 hold the veto besides
  chain.refuse("a 65th that would hold the veto", "chain 3", person.add(person.new_device(), first));
  chain.take(person.add_by_recovery(person.new_device()));  // which ends the vetoes of those that were removed
  return chain.long_json();
}

constexpr std::string_view kSignedMessage = "cairn";

struct SignatureCase {
  const char* what;
  const char* key;
  const char* signature;  ///< R, then S
  bool good;
};

/// Made with the discrete logarithms known: each but the first differs from a signature in what a verifier may forget.
constexpr SignatureCase kSignatures[] = {
    {"a signature", "13fcb86de747c15587d32e60f49d8b99a9024ebc9f395264e5b34f59a2d28eff",
     "117cab540178169907c9175b8ee311653395d32b73028bca44565dd68afc795d"
     "63f66e33210d6c18cde6da0db33cb601b452026c301b52c992ec439700f07e0b",
     true},
    {"S and the order", "13fcb86de747c15587d32e60f49d8b99a9024ebc9f395264e5b34f59a2d28eff",
     "117cab540178169907c9175b8ee311653395d32b73028bca44565dd68afc795d"
     "50ca64903b707e70a383d2b091369516b452026c301b52c992ec439700f07e1b",
     false},
    {"a key of small order, under which everything is signed",
     "0100000000000000000000000000000000000000000000000000000000000000",
     "edc876d6831fd2105d0b4389ca2e283166469289146e2ce06faefe98b22548df"
     "0500000000000000000000000000000000000000000000000000000000000000",
     false},
    {"a key that is not canonical, of the same point",
     "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
     "edc876d6831fd2105d0b4389ca2e283166469289146e2ce06faefe98b22548df"
     "0500000000000000000000000000000000000000000000000000000000000000",
     false},
    {"a key of order 8, where the hash takes it away",
     "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
     "b4b937fca95b2f1e93e41e62fc3c78818ff38a66096fad6e7973e5c90006d321"
     "0800000000000000000000000000000000000000000000000000000000000000",
     false},
    {"R of small order", "13fcb86de747c15587d32e60f49d8b99a9024ebc9f395264e5b34f59a2d28eff",
     "0100000000000000000000000000000000000000000000000000000000000000"
     "1d95823f9f3e7143feb4770618d7d9239a033f296578ae5b577765fb1ad43a0b",
     false},
    {"R that is not canonical, of the same point", "13fcb86de747c15587d32e60f49d8b99a9024ebc9f395264e5b34f59a2d28eff",
     "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
     "f885cb955a53aa1387a82e44fa962390da743db63be8efa07c1633c7d176e50b",
     false},
    {"what verifies with the cofactor alone", "13fcb86de747c15587d32e60f49d8b99a9024ebc9f395264e5b34f59a2d28eff",
     "a27e90098e9657bd6c71aa3614afbff71baa55328363127f437211b2b60c1baf"
     "31f8785eb8f2fe113136c9361152ace1c9d0c64c76d7da4ff8163a2be1ba0d0c",
     false},
    {"a key with a component of small order, that the hash modulo the order takes away",
     "8005c5ccd7fa6e22e08921a1270ce03484ee85bfefa65c55224b69fdb17b7f61",
     "1337036ac32d8f30d4589c3c1c595812ce0fff40e37c6f5a97ab213f318290ad"
     "7917169719517d583dd5a606bf2442f84f15a4fe13760b3aee37437064bdd902",
     true},
    {"and that the hash takes away if it is not reduced",
     "8005c5ccd7fa6e22e08921a1270ce03484ee85bfefa65c55224b69fdb17b7f61",
     "df5c2eadc44c6d94a19a9aa118afe5ac3193d26401f76251f522ff042dfbcb92"
     "b72cebd4b28dc93cae0e58002356ef7170b3899cbc5955c83cf1665564ba7a00",
     false},
    {"key and R with components of small order that are the same",
     "8005c5ccd7fa6e22e08921a1270ce03484ee85bfefa65c55224b69fdb17b7f61",
     "13661d745ad63221ca5da0456fa618713511dc60668aa464e55b09a20ff7fc1d"
     "6e0cb84345c499393931636fb62b39cb3e093d5d9f5216e241c6a30c40c06e04",
     true},
};

}  // namespace

void add_chain_edges(Json& chains, Json& refused) {
  Chain chain("carol@example.org", 23, refused);
  TestPerson& person = chain.person;
  TestDevice first = person.new_device();
  const TestDevice second = person.new_device();
  chain.refuse("a request at the beginning", "chain 1", person.request(first, 1));
  chain.take(person.genesis(first));
  refuse_encodings(chain, first, second);
  chain.take(person.add(second, first));
  chain.take(person.by_device(RemoveDevice{second.device.id()}, first));
  refuse_removed_signer(chain, first, second);
  chain.take(person.by_recovery(ReplaceRecovery{}));
  chain.take(person.by_recovery(ReplaceRecovery{}));
  chain.refuse("next_recovery that was in force before the last one", "chain recovery",
               replace_by(person, ReplaceRecovery{}, person.recovery(0).commitment()));
  own_reset(chain, first);
  chains.push_back(chain.json());
  chains.push_back(make_allowed(refused));
}

Json make_long_chains(Json& refused) {
  Json out = Json::array();
  out.push_back(make_crowd(refused));
  return out;
}

Json make_signatures() {
  Json out = Json::array();
  for (const SignatureCase& one : kSignatures) {
    const Bytes signature = *from_hex(one.signature);
    const bool good =
        crypto::verify(*PublicKey::from(*from_hex(one.key)), as_bytes(kSignedMessage), *Signature::from(signature))
            .has_value();
    hold(good == one.good, one.what);
    Json item = item_of(one.what, one.good ? "" : "signature");
    item["key"] = one.key;
    item["message"] = hex(as_bytes(kSignedMessage));
    item["signature"] = hex(signature);
    out.push_back(std::move(item));
  }
  return out;
}

}  // namespace cairn::testing
