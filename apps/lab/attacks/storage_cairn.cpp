// What Cairn's server has, handed over: subpoena, confirm-file, weak-rsa.
#include <map>
#include <set>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/attacks/cairn_attacks.h"
#include "apps/lab/cairn/operator.h"
#include "apps/lab/legacy/attachment.h"
#include "apps/lab/legacy/symmetric.h"

namespace cairn::lab {
namespace {

/// A document that is known to whoever asks: `size` bytes, the same in every run.
std::string document(std::size_t size) {
  std::string out;
  for (std::size_t i = 0; out.size() < size; ++i)
    out += "Paragraph " + std::to_string(i * i) + " of the known document. ";
  out.resize(size);
  return out;
}

/// Whether a window of `known` occurs in `bytes`.
bool holds(const Bytes& bytes, ByteView known) {
  return std::search(bytes.begin(), bytes.end(), known.begin(), known.end()) != bytes.end();
}

}  // namespace

Side subpoena_cairn(World& world) {
  world.settle();
  const std::vector<std::string> said = {"the cellar key hangs behind the clock", "burn the ledger before the audit",
                                         "meet me where the two rivers join"};
  for (const std::string& text : said) must(world.run("alice-1", {"send", "bob@localhost", text}));
  Searched server, cosigners;
  std::size_t waiting = 0;
  {
    const Operator at_rest(world);
    waiting = at_rest.messages(said.size()).size();
    server = search_files(world.village().server_folder(), said);
  }
  for (std::size_t i = 0; i < world.village().cosigners().size(); ++i) {
    const Searched one = search_files(world.folder() + "/cosigner" + std::to_string(i), said);
    cosigners.bytes += one.bytes;
    cosigners.found.insert(cosigners.found.end(), one.found.begin(), one.found.end());
  }
  std::size_t arrived = 0;
  for (const std::string& text : said)
    arrived += world.shows("bob-1", "alice@localhost", "alice@localhost: " + text) ? 1 : 0;
  Side side;
  side.step("alice", "server", std::to_string(said.size()) + " messages that bob has not fetched");
  side.step("court", "server", "hand over all you store");
  const std::size_t found = server.found.size() + cosigners.found.size();
  side.step("server", "court",
            std::to_string((server.bytes + cosigners.bytes) / 1024) + " KiB, every key of the server's among them",
            found == 0 ? Step::Kind::refused : Step::Kind::stolen);
  side.conclude(found != 0 || waiting < said.size() || arrived != said.size(),
                "sentences that alice wrote, in the clear");
  if (side.outcome == Outcome::refused)
    side.got =
        "nothing that the server, its witnesses and its auditors store says what was written. "
        "It does tell who has a name, who writes with whom, when, and in which sizes";
  side.show("bytes handed over, searched as UTF-8, UTF-16, hex and base64", server.bytes + cosigners.bytes);
  side.show("sentences found in them", of(found, said.size()));
  side.show("envelopes among them that were still waiting for bob", waiting);
  side.show("and that bob could read afterwards", of(arrived, said.size()));
  side.reduced.push_back(
      "Messages and the directory only: a backup, and what the server has of it, is attacked in \"The mud puddle\".");
  return side;
}

Side confirm_file_cairn(World& world) {
  world.settle();
  const std::string known = document(6000);
  must(world.run("alice-1", {"send", "bob@localhost", known}));
  must(world.run("alice-1", {"send", "mallory@localhost", known}));
  must(world.run("alice-1", {"send", "bob@localhost", known}));
  std::size_t hits = 0, equal_bodies = 0, large = 0;
  {
    const Operator server(world);
    std::vector<Bytes> marks = {legacy::sha1(as_bytes(known)), legacy::sha256(as_bytes(known)),
                                to_bytes(as_bytes(known).subspan(1000, 48))};
    for (const legacy::SealedChunk& chunk : legacy::seal_chunks(as_bytes(known))) {
      marks.push_back(chunk.id);
      marks.push_back(to_bytes(ByteView(chunk.ciphertext).first(48)));
    }
    std::set<Bytes> seen;
    for (const Operator::Body& body : server.messages(3)) {
      for (const Bytes& mark : marks) hits += holds(body.row.body, mark) ? 1 : 0;
      if (body.row.body.size() < known.size()) continue;
      ++large;
      equal_bodies += seen.insert(body.row.body).second ? 0 : 1;
    }
  }
  must(world.run("bob-1", {"read"}));
  must(world.run("mallory-1", {"read"}));
  Side side;
  side.step("alice", "server", "the known document, three times");
  side.step("asker", "server", "does anybody here have this document?");
  side.step("server", "asker", hits + equal_bodies == 0 ? "three envelopes, all different" : "yes: here it is",
            hits + equal_bodies == 0 ? Step::Kind::refused : Step::Kind::stolen);
  side.conclude(hits + equal_bodies != 0 || large < 3, "the answer: the document, or what is made from it, is there");
  if (side.outcome == Outcome::refused)
    side.got =
        "no answer: the same document looks different each time that it is encrypted, and nothing stored is made from "
        "it. "
        "Only about how large it is can be seen";
  side.show("stored envelopes that hold the document, its hashes, or its convergent chunks", hits);
  side.show("equal ciphertexts among three copies", equal_bodies);
  side.show("envelopes large enough to be it", large);
  side.reduced.push_back(
      "The document is sent as a message: this build of Cairn has no attachments yet. What the size of a backup's "
      "growth can tell of a known file stands in docs/spec/backup.md and was not measured.");
  return side;
}

Side weak_rsa_cairn(World& world, const WorldOptions& options) {
  world.settle();
  std::vector<mls::KeyPackage> packages;
  {
    const Operator server(world);
    packages = server.key_packages();
  }
  const auto hybrid = static_cast<std::uint16_t>(mls::SuiteId::xwing);
  constexpr std::size_t kHybridKey = 1184 + 32;  // ML-KEM-768's public key and X25519's
  std::size_t good = 0;
  std::map<std::string, std::size_t> suites;
  for (const mls::KeyPackage& package : packages) {
    good += package.cipher_suite == hybrid && package.init_key.bytes.size() == kHybridKey ? 1 : 0;
    ++suites[std::to_string(package.cipher_suite)];
  }
  const demo::Finished symbols = demo::run(
      {"/usr/bin/nm", "-D", "--undefined-only", options.programs + "/" + options.client}, std::chrono::seconds(60));
  const std::size_t rsa = symbols.out.find(" RSA_") != std::string::npos ? 1 : 0;
  const bool looked = symbols.exit_code == 0 && !packages.empty();
  Side side;
  side.step("attacker", "server", "which public keys do people encrypt to?");
  side.step("server", "attacker", std::to_string(packages.size()) + " key packages",
            good == packages.size() ? Step::Kind::refused : Step::Kind::stolen);
  side.conclude(!looked || good != packages.size() || rsa != 0, "keys of another kind than X25519 with ML-KEM-768");
  if (side.outcome == Outcome::refused)
    side.got =
        "nothing to take apart: every key that people encrypt to is X25519 and ML-KEM-768 together, and both would "
        "have to "
        "be broken";
  side.show("key packages on the server", packages.size());
  side.show("of them X25519 with ML-KEM-768 (1216 bytes)", of(good, packages.size()));
  for (const auto& [suite, count] : suites) side.show("MLS cipher suite " + suite, count);
  side.show("calls of RSA in the client's program", rsa == 0 ? "none" : "some");
  return side;
}

}  // namespace cairn::lab
