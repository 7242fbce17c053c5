// The worked example of docs/spec/directory.md: the shortest history there is, to the byte.
#include "core/directory/verifier.h"
#include "tests/vectors/make_directory/maker.h"

namespace cairn::testing {
namespace {

using namespace directory;

constexpr std::size_t kLabelWidth = 14;
constexpr std::size_t kLineBytes = 52;

/// "label         hex", in lines of kLineBytes.
std::string line_of(std::string label, ByteView bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += kLineBytes) {
    label.resize(kLabelWidth, ' ');
    out += label + hex(bytes.subspan(at, std::min(kLineBytes, bytes.size() - at))) + "\n";
    label.clear();
  }
  return out;
}

std::string text_line(std::string label, std::string_view text) {
  label.resize(kLabelWidth, ' ');
  return label.append(text) + "\n";
}

}  // namespace

std::string worked_example() {
  TestDomain domain("example.org", 71);
  TestPerson alice("alice@example.org", 72);
  const TestDevice device = alice.new_device();
  alice.take(alice.genesis(device));
  domain.publish(alice);
  const Statement& genesis = alice.statements[0];
  const auto vrf = domain.vrf(alice.name());
  const Hash key = domain.key_of(alice.name());
  const NameLeaf leaf = *domain.map.find(key);
  hold(domain.map.root() == map_leaf_hash(key, leaf), "the root of one leaf is its hash");
  hold(domain.log_head().root == domain.records[0].log_leaf(), "the root of one entry is its hash");
  const LookupResponse answer = domain.answer(make_lookup(alice.name(), {}));
  hold(verify_lookup(alice.name(), {}, *domain.policy, answer, domain.now).has_value(), "the example");
  const std::string note = domain.checkpoint({0});
  const tlog::VerifierKey log_vkey(*tlog::KeyName::from(domain.config.origin), tlog::SignatureType::ed25519,
                                   domain.log_key.public_key());
  return line_of("log key seed", domain.log_key.seed().expose()) + line_of("VRF secret", domain.vrf_key.expose()) +
         line_of("device seed", device.key.seed().expose()) + line_of("recovery", alice.secret.expose()) +
         text_line("log vkey", log_vkey.to_text()) +
         text_line("witness vkey", domain.cosigners[0].verifier().to_text()) +
         line_of("vrf_key", domain.config.vrf_key) + line_of("config", wire::encode(domain.config)) +
         line_of("H(0x08 ...)", domain.config.hash()) + line_of("name", alice.name().bytes()) +
         line_of("vrf_proof", vrf.proof) + line_of("key", key) + line_of("Statement", wire::encode(genesis)) +
         line_of("commitment", genesis.commitment()) + line_of("head", alice.state.head()) +
         line_of("NameLeaf", wire::encode(leaf)) + line_of("map_root", domain.map.root()) +
         line_of("H(0x0A 0x00)", notices_hash({})) + line_of("EpochRecord", wire::encode(domain.records[0])) +
         line_of("log root", domain.log_head().root) + line_of("EpochAudit", domain.audits[0]) +
         line_of("MapProof", wire::encode(answer.map_proof)) + "checkpoint, cosigned by one:\n" + note;
}

}  // namespace cairn::testing
