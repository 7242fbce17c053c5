// What Cairn's servers have, handed over: subpoena, weak-rsa.
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/attacks/cairn_attacks.h"
#include "apps/lab/cairn/operator.h"
#include "apps/lab/cairn/realms.h"

namespace cairn::lab {
namespace {

constexpr std::size_t kAllEnvelopes = ~std::size_t{0};

/// What is looked for in what is handed over.
struct Content {
  std::vector<std::string> said;    ///< what alice wrote to bob
  std::vector<std::string> pieces;  ///< bytes of the photo that she sent with it
};

/// A photo of alice's: bytes that compress as little as a photo's do, the same in every run.
std::string alices_photo() {
  std::mt19937 random(11);
  std::string out(60'000, '\0');
  for (char& one : out) one = static_cast<char>(random());
  return out;
}

Content content_of(const std::string& photo) {
  Content out{{"the cellar key hangs behind the clock", "burn the ledger before the audit",
               "meet me where the two rivers join"},
              {}};
  constexpr std::size_t kPiece = 40, kEvery = 6000;
  for (std::size_t at = 200; at + kPiece <= photo.size(); at += kEvery) out.pieces.push_back(photo.substr(at, kPiece));
  return out;
}

/// Whatever one of those asked has on its disk.
struct HandedOver {
  std::size_t bytes = 0;
  std::set<std::string> said, pieces;  ///< found in it

  void search(const std::string& folder, const Content& content) {
    const Searched words = search_files(folder, content.said), file = search_files(folder, content.pieces);
    bytes += words.bytes;
    said.insert(words.found.begin(), words.found.end());
    pieces.insert(file.found.begin(), file.found.end());
  }
};

/// What came of the order to hand everything over.
struct Subpoena {
  HandedOver server, cosigners, realms;
  std::size_t waiting = 0, files = 0, backups = 0;  ///< envelopes, files and objects of backups in it
  std::size_t kept = 0;                             ///< files in alice's backup, as her phone says
  std::size_t arrived = 0;                          ///< of what she wrote, on bob's phone afterwards
  std::size_t on_her_phone = 0;                     ///< sentences that the same search finds there, in the clear
  std::set<ChannelId> conversations;
  Searched names;
};

Subpoena hand_over(World& world, Realms& realms, const Content& content, const std::string& photo) {
  Subpoena out;
  for (const std::string& text : content.said) must(world.run("alice-1", {"send", "bob@localhost", text}));
  const std::string path = world.folder() + "/alices-photo";
  std::ofstream(path, std::ios::binary) << photo;
  must(world.send_file("alice-1", "bob@localhost", "a photo", path));
  must(world.run("alice-1", {"send", "mallory@localhost", "send me the photo, too"}));
  must(world.run("mallory-1", {"read"}));
  must(world.send_file("mallory-1", "alice@localhost", "here it is", path));
  must(world.run("alice-1", {"read"}));
  const demo::Said made = world.back_up("alice", {"--realms", realms.file(), "--files", "100"});
  must(made);
  out.kept = made.json.value("files", nlohmann::json::object()).value("stored", std::size_t{0});
  {
    const Operator at_rest(world);
    for (const Operator::Body& body : at_rest.messages(kAllEnvelopes)) {
      ++out.waiting;
      out.conversations.insert(body.row.channel);
    }
    out.files = at_rest.blobs().size();
    out.backups = at_rest.count(relay::table::kVaultObjects);
    out.server.search(world.village().server_folder(), content);
    out.names = search_files(world.village().server_folder(), {"alice@localhost", "bob@localhost"});
  }
  for (std::size_t i = 0; i < world.village().cosigners().size(); ++i)
    out.cosigners.search(world.folder() + "/cosigner" + std::to_string(i), content);
  for (const std::string& disk : realms.copy_disks("handed-over")) out.realms.search(disk, content);
  for (const std::string& text : content.said)
    out.arrived += world.shows("bob-1", "alice@localhost", "alice@localhost: " + text) ? 1 : 0;
  const std::string pages = world.folder() + "/alices-pages";
  must(world.run("alice-1", {"export", pages}));
  out.on_her_phone = search_files(pages, content.said).found.size();
  return out;
}

/// What the operator's whole disk tells all the same.
const char* const kToldAllTheSame =
    "the envelopes, the file and the backup are there, locked. What is stored does tell who has a name and who is in a "
    "conversation with whom; of what still waits, when it was sent and about how large it is; who sent a file, and "
    "about how large it is; and who has a backup, how large it is, and when it grew";

}  // namespace

Side subpoena_cairn(World& world, const WorldOptions& options) {
  world.settle();
  Realms realms(world, options);
  const std::string file = alices_photo();
  const Content content = content_of(file);
  const Subpoena found = hand_over(world, realms, content, file);
  const std::size_t all = content.said.size();
  Side side;
  side.step("Alice", "server", std::to_string(all) + " messages and a photo that Bob has not fetched, and her backup");
  side.step("court", "server", "hand over all you store; and so must witnesses, auditors and realms");
  std::set<std::string> sentences, pieces;
  for (const HandedOver* one : {&found.server, &found.cosigners, &found.realms}) {
    sentences.insert(one->said.begin(), one->said.end());
    pieces.insert(one->pieces.begin(), one->pieces.end());
  }
  const std::size_t bytes = found.server.bytes + found.cosigners.bytes + found.realms.bytes;
  side.step("server", "court",
            "all " + std::to_string(bytes / 1'000'000) + " million bytes, every key of theirs among them",
            Step::Kind::swapped);
  const bool any = !sentences.empty() || !pieces.empty();
  side.step("court", "court",
            any ? std::to_string(sentences.size()) + " sentences of Alice's, " + std::to_string(pieces.size()) +
                      " pieces of her photo"
                : "no sentence of Alice's is in them, and no piece of her photo",
            any ? Step::Kind::stolen : Step::Kind::refused);
  side.show(
      "bytes handed over, searched for each text as it is, and in three other ways of writing it (UTF-16, hex, base64)",
      bytes);
  side.show("sentences found in them", of(sentences.size(), all));
  side.show("pieces of the photo found in them", of(pieces.size(), content.pieces.size()));
  side.show("envelopes among them that were still waiting for Bob", found.waiting);
  side.show("and that Bob could read afterwards", of(found.arrived, all));
  side.show("files among them that were sent", found.files);
  side.show("pieces of backups among them", found.backups);
  side.show("files in Alice's backup, as her own phone says", found.kept);
  side.show("the same sentences in what Alice's own phone exports (so the search finds what is there)",
            of(found.on_her_phone, all));
  side.show("of the realms' bytes, which hold parts of the key of Alice's backup", found.realms.bytes);
  side.show("names of the two in what the server stores", of(found.names.found.size(), 2));
  side.show("conversations that the envelopes are seen to belong to", found.conversations.size());
  if (found.waiting < all || found.arrived != all || found.files == 0 || found.backups == 0 || found.kept == 0 ||
      found.realms.bytes == 0 || found.on_her_phone != all) {
    side.got = "nothing to conclude: not all that was to be handed over was there";
    return side;
  }
  side.conclude(any, "what Alice wrote or sent, in the clear");
  if (side.outcome == Outcome::refused) {
    side.got =
        "none of the sentences, and no piece of the photo, was found in anything that the server, its witnesses and "
        "auditors, and the realms store";
    side.besides = kToldAllTheSame;
  }
  side.reduced.push_back(
      {"That nothing is found is a weak proof: it shows that it is not lying there in the open; and what is compressed "
       "before it is stored, as a backup is, would not show its sentences, only its photo. The server's own keys, with "
       "which it signs, were handed over but not tried on what is locked; \"Record now, read later\", \"The mud "
       "puddle\" and \"A phone that answers by itself\" attack the locks. Two of three realms together have the part "
       "of the key that they keep: it opens nothing without Alice's paper.",
       ""});
  return side;
}

namespace {

/// How OpenSSL's functions for RSA begin, and those that encrypt to a public key of any kind: by a name that no symbol
/// shows a program can ask for RSA, but not encrypt with it without one of these.
constexpr std::array kRsaFunctions = {"RSA_",          "EVP_RSA_",      "EVP_PKEY_CTX_set_rsa", "EVP_PKEY_Q_keygen",
                                      "EVP_PKEY_encr", "EVP_PKEY_decr", "EVP_PKEY_encap",       "EVP_PKEY_decap",
                                      "EVP_SealInit",  "EVP_OpenInit"};

/// Which of them a program takes from its libraries; nothing when it could not be looked at.
std::optional<std::set<std::string>> rsa_functions_of(const std::string& program) {
  const demo::Finished symbols =
      demo::run({"/usr/bin/nm", "-D", "--undefined-only", program}, std::chrono::seconds(60));
  if (symbols.exit_code != 0) return std::nullopt;
  std::set<std::string> out;
  std::istringstream lines(symbols.out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kind, name;
    if (!(words >> kind >> name)) continue;
    for (const char* beginning : kRsaFunctions) {
      if (name.starts_with(beginning)) out.insert(name);
    }
  }
  return out;
}

/// What Cairn's programs call of RSA, and whether that could be seen.
struct RsaCalls {
  std::size_t programs = 0, looked_at = 0;
  std::set<std::string> calls;
  std::size_t in_the_lab = 0;  ///< found likewise in this program, which has RSA: so the search finds what is there
  bool seen() const { return looked_at == programs && in_the_lab != 0; }
};

RsaCalls look_for_rsa(const WorldOptions& options) {
  RsaCalls out;
  const std::set<std::string> programs = {options.client, "cairnd", options.realm, options.auditor};
  out.programs = programs.size();
  for (const std::string& program : programs) {
    auto found = rsa_functions_of(options.programs + "/" + program);
    if (!found) continue;
    ++out.looked_at;
    out.calls.merge(*found);
  }
  const auto own = rsa_functions_of(std::filesystem::read_symlink("/proc/self/exe").string());
  out.in_the_lab = own ? own->size() : 0;
  return out;
}

}  // namespace

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
  const RsaCalls rsa = look_for_rsa(options);
  Side side;
  const bool as_promised = good == packages.size() && rsa.calls.empty();
  side.step("attacker", "server", "which public keys do people encrypt to?");
  if (as_promised && (packages.empty() || !rsa.seen())) {
    side.got = "nothing to conclude: " + std::to_string(packages.size()) + " public keys were found, " +
               of(rsa.looked_at, rsa.programs) + " programs could be looked at, and in the lab's own, which has RSA, " +
               std::to_string(rsa.in_the_lab) + " functions of it were found";
    return side;
  }
  side.step("server", "attacker", std::to_string(packages.size()) + " public keys, to be used once each");
  side.step("attacker", "attacker",
            as_promised               ? "all are X25519 and ML-KEM-768 together; none was attacked"
            : good != packages.size() ? "some are of another kind than X25519 with ML-KEM-768"
                                      : "and the programs call what RSA is used by",
            as_promised ? Step::Kind::plain : Step::Kind::stolen);
  // Nothing here was attacked: keys were counted.
  side.outcome = as_promised ? Outcome::measured : Outcome::succeeded;
  side.got = as_promised ? "no key was attacked, keys were counted: all " + std::to_string(packages.size()) +
                               " that people encrypt to are of both kinds together, none is RSA"
             : good != packages.size() ? "keys of another kind than X25519 with ML-KEM-768"
                                       : "calls in Cairn's programs by which RSA can be used";
  side.show("public keys for messages on the server", packages.size());
  side.show("devices that laid them there, a supply of keys each (this run had more people than two)", owners.size());
  side.show("of them X25519 with ML-KEM-768 (1216 bytes)", of(good, packages.size()));
  for (const auto& [suite, count] : suites)
    side.show("of the kind that the standard for groups numbers " + suite, count);
  std::string calls;
  for (const std::string& one : rsa.calls) calls += (calls.empty() ? "" : ", ") + one;
  side.show(
      "ways to use RSA, or to lock something for any public key, that Cairn's programs call in the library of "
      "cryptography, OpenSSL (what that does by itself to protect the line to a server, whose own key may be of RSA, "
      "is not among them)",
      calls.empty() ? "none" : calls);
  side.show("programs that were looked at", of(rsa.looked_at, rsa.programs));
  side.show("found likewise in the lab's own program, which has RSA (so the search finds what is there)",
            rsa.in_the_lab);
  return side;
}

}  // namespace cairn::lab
