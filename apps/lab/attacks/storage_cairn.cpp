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
  Searched server, cosigners, names;
  std::size_t waiting = 0;
  std::set<ChannelId> conversations;
  {
    const Operator at_rest(world);
    for (const Operator::Body& body : at_rest.messages(said.size())) {
      ++waiting;
      conversations.insert(body.row.channel);
    }
    server = search_files(world.village().server_folder(), said);
    names = search_files(world.village().server_folder(), {"alice@localhost", "bob@localhost"});
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
  side.step("Alice", "server", std::to_string(said.size()) + " messages that Bob has not fetched");
  side.step("court", "server", "hand over all you store");
  const std::size_t found = server.found.size() + cosigners.found.size();
  const std::size_t million_bytes = (server.bytes + cosigners.bytes) / 1'000'000;
  side.step("server", "court",
            "all " + std::to_string(million_bytes) + " million bytes, every key of the server's among them",
            Step::Kind::swapped);
  side.step("court", "court",
            found == 0 ? "no sentence of Alice's is in them" : std::to_string(found) + " sentences of Alice's",
            found == 0 ? Step::Kind::refused : Step::Kind::stolen);
  side.conclude(found != 0 || waiting < said.size() || arrived != said.size(),
                "sentences that Alice wrote, in the clear");
  if (side.outcome == Outcome::refused) {
    side.got = "none of the sentences was found in anything that the server, its witnesses and its auditors store";
    side.besides =
        "the envelopes are there, locked. What is stored does tell who has a name and who is in a conversation with "
        "whom; and of what still waits, when it was sent and about how large it is";
  }
  side.show("bytes handed over, searched as UTF-8, UTF-16, hex and base64", server.bytes + cosigners.bytes);
  side.show("sentences found in them", of(found, said.size()));
  side.show("envelopes among them that were still waiting for Bob", waiting);
  side.show("and that Bob could read afterwards", of(arrived, said.size()));
  side.show("names of the two in what the server stores", of(names.found.size(), 2));
  side.show("conversations that the three envelopes are seen to belong to", conversations.size());
  side.reduced.push_back(
      {"That plain sentences are not found is a weak proof: it shows that they are not lying there in the open. The "
       "server's own keys, with which it signs, were handed over but not tried on the envelopes; \"Record now, read "
       "later\" and \"A phone that answers by itself\" attack the locks.",
       ""});
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
  side.step("Alice", "server", "the known document, three times");
  side.step("asker", "server", "does anybody here have this document?");
  side.step("server", "asker", hits + equal_bodies == 0 ? "three envelopes, all different" : "yes: here it is",
            hits + equal_bodies == 0 ? Step::Kind::refused : Step::Kind::stolen);
  side.conclude(hits + equal_bodies != 0 || large < 3, "the answer: the document, or what is made from it, is there");
  if (side.outcome == Outcome::refused) {
    side.got =
        "no answer: the same document looked different each time that it was sent, and neither it nor what the system "
        "of "
        "2014 would make from it was found";
    side.besides = "it could be seen that something of about its size was sent, " + std::to_string(large) + " times";
  }
  side.show("stored envelopes that hold the document, a fingerprint of it, or the pieces that 2014 would have stored",
            hits);
  side.show("equal ones among the three envelopes", equal_bodies);
  side.show("envelopes large enough to be it", large);
  side.reduced.push_back(
      {"The document was sent as the text of a message. A backup was not looked at: each time it grows by a size that "
       "can be seen, and what that tells of a known file was not measured; Cairn's own description of backups says "
       "that "
       "it is not harmless.",
       ""});
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
  std::set<Bytes> owners;
  for (const mls::KeyPackage& package : packages) {
    good += package.cipher_suite == hybrid && package.init_key.bytes.size() == kHybridKey ? 1 : 0;
    ++suites[std::to_string(package.cipher_suite)];
    owners.insert(package.leaf_node.signature_key.bytes);
  }
  const demo::Finished symbols = demo::run(
      {"/usr/bin/nm", "-D", "--undefined-only", options.programs + "/" + options.client}, std::chrono::seconds(60));
  const std::size_t rsa = symbols.out.find(" RSA_") != std::string::npos ? 1 : 0;
  const bool looked = symbols.exit_code == 0 && !packages.empty();
  Side side;
  const bool as_promised = looked && good == packages.size() && rsa == 0;
  side.step("attacker", "server", "which public keys do people encrypt to?");
  side.step("server", "attacker", std::to_string(packages.size()) + " public keys, to be used once each");
  side.step("attacker", "attacker",
            as_promised ? "all are X25519 and ML-KEM-768 together; none was attacked"
                        : "some are of another kind than X25519 with ML-KEM-768",
            as_promised ? Step::Kind::plain : Step::Kind::stolen);
  // Nothing here was attacked: keys were counted.
  side.outcome = as_promised ? Outcome::measured : Outcome::succeeded;
  side.got = as_promised ? "no key was attacked, keys were counted: all " + std::to_string(packages.size()) +
                               " that people encrypt to are of both kinds together, none is RSA"
                         : "keys of another kind than X25519 with ML-KEM-768, or calls of RSA";
  side.show("public keys for messages on the server", packages.size());
  side.show("devices that laid them there, a supply of keys each (this run had more people than two)", owners.size());
  side.show("of them X25519 with ML-KEM-768 (1216 bytes)", of(good, packages.size()));
  for (const auto& [suite, count] : suites)
    side.show("of the kind that the standard for groups numbers " + suite, count);
  side.show("calls of RSA in the phone's program", rsa == 0 ? "none" : "some");
  return side;
}

}  // namespace cairn::lab
