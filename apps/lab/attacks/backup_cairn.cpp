// Cairn's backups, at the domain's server and in a folder: mud-puddle, kept-copy.
#include <filesystem>
#include <set>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/attacks/cairn_attacks.h"
#include "apps/lab/cairn/operator.h"

namespace cairn::lab {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kMost{60};

/// alice with messages of hers that bob has read, mallory, and the recovery keys of both women.
class Owner {
 public:
  explicit Owner(const WorldOptions& options) : world_(options) {
    alices_key_ = enroll("alice-1", "alice@localhost");
    enroll("bob-1", "bob@localhost");
    mallorys_key_ = enroll("mallory-1", "mallory@localhost");
    for (const std::string& text : said_) must(world_.run("alice-1", {"send", "bob@localhost", text}));
    must(world_.run("bob-1", {"read"}));
  }
  demo::Said run(const std::string& device, const std::vector<std::string>& words, const std::string& typed = {}) {
    return world_.village().cairn(device, words, kMost, typed.empty() ? typed : typed + "\n");
  }
  demo::Said backup(const std::string& device, const std::string& verb, const std::string& key,
                    const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"backup", verb, "--recovery-key"};
    words.insert(words.end(), more.begin(), more.end());
    return run(device, words, key);
  }
  /// A new device asks for a name: "recover", which a key is typed for and a backup restored after, or "reset".
  demo::Said ask(const std::string& how, const std::string& device, const std::string& name, const std::string& key,
                 const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {how, name, "--server", world_.village().url(), "--policy", world_.policy_file()};
    words.insert(words.end(), more.begin(), more.end());
    return run(device, words, key);
  }
  /// How many of alice's sentences a device can show: in what it exports, or as they lie in its files.
  std::size_t sentences_on(const std::string& device) {
    const std::string pages = world_.folder() + "/" + device + "-pages";
    run(device, {"export", pages});
    std::set<std::string> found;
    for (const std::string& folder : {pages, world_.village().device_folder(device)}) {
      if (!fs::exists(folder)) continue;
      for (const std::string& one : search_files(folder, said_).found) found.insert(one);
    }
    return found.size();
  }
  World& world() { return world_; }
  const std::vector<std::string>& said() const { return said_; }
  const std::string& alices_key() const { return alices_key_; }
  const std::string& mallorys_key() const { return mallorys_key_; }

 private:
  std::string enroll(const std::string& device, const std::string& name) {
    const demo::Said enrolled = world_.enroll(device, name);
    must(enrolled);
    return enrolled.json["recovery_key"];
  }

  World world_;
  const std::vector<std::string> said_ = {"the cellar key hangs behind the clock", "burn the ledger before the audit",
                                          "meet me where the two rivers join"};
  std::string alices_key_, mallorys_key_;
};

/// What a program answered: its sentence, without what it asked for before, or that it did as it was told.
std::string answer(const demo::Said& said) {
  return said.good() ? "done" : said.error.substr(said.error.rfind('\n') + 1);
}

}  // namespace

Side mud_puddle_cairn(const WorldOptions& options) {
  Owner alice(options);
  must(alice.backup("alice-1", "create", alice.alices_key()));
  const std::set<Bytes> boxes = Operator(alice.world()).key_boxes();
  const demo::Said other_key = alice.ask("recover", "thief-1", "alice@localhost", alice.mallorys_key());
  const demo::Said no_key = alice.ask("reset", "thief-2", "alice@localhost", {});
  must(alice.backup("mallory-1", "create", alice.mallorys_key()));
  Searched server;
  std::size_t laid = 0;
  {
    Operator at_rest(alice.world());
    server = search_files(alice.world().village().server_folder(), alice.said());
    laid = at_rest.lay_backup("alice@localhost", boxes, "mallory@localhost");
  }
  const demo::Said in_place = alice.backup("mallory-1", "restore", alice.mallorys_key());
  const demo::Said anew = alice.ask("recover", "mallory-2", "mallory@localhost", alice.mallorys_key());
  std::size_t stolen = server.found.size();
  for (const std::string thief : {"thief-1", "thief-2", "mallory-1", "mallory-2"}) stolen += alice.sentences_on(thief);
  const demo::Said own = alice.ask("recover", "alice-2", "alice@localhost", alice.alices_key(), {"--remove-others"});
  const std::size_t back = alice.sentences_on("alice-2");
  Side side;
  side.step("alice", "cairnd", "a backup, sealed to her recovery key");
  side.step("attacker", "cairnd", "I am alice: another recovery key, then none");
  side.step("cairnd", "attacker", "alice's backup, laid in mallory's place", Step::Kind::swapped);
  side.step("attacker", "attacker", "restore", stolen == 0 ? Step::Kind::refused : Step::Kind::stolen);
  side.step("alice", "new device", "her own recovery key: restore");
  if (laid == 0 || !own.good() || back != alice.said().size()) {
    side.got = "the owner's own restore, with which it is compared, brought " + of(back, alice.said().size()) +
               " sentences (" + answer(own) + "), with " + std::to_string(laid) + " objects laid elsewhere";
    return side;
  }
  side.conclude(stolen != 0, "sentences of alice's, without a key of hers");
  if (side.outcome == Outcome::refused)
    side.got =
        "no plaintext: neither the operator nor a stranger restores the backup, and nothing that is stored says what "
        "was written. The owner's paper key alone brings all of it back";
  side.show("alice's sentences that the attacker got", of(stolen, alice.said().size()));
  side.show("her own restore, on a new device with her recovery key", of(back, alice.said().size()));
  side.show("her name with another recovery key", answer(other_key));
  side.show("her name with no key at all", answer(no_key));
  side.show("key boxes and objects of hers that the operator laid in mallory's place", laid);
  side.show("mallory restores that, on the device that made her backup", answer(in_place));
  side.show("and on a new one, which remembers nothing", answer(anew));
  side.show("bytes of the server's, searched as UTF-8, UTF-16, hex and base64", server.bytes);
  side.reduced.push_back("The search of the server's files would not find text that is compressed and not encrypted.");
  side.reduced.push_back(
      "The attacker uses the program as it is shipped, whose checks stop him first. A program of his own without them "
      "was not tried: it would still need a private key of alice's to open the key box.");
  return side;
}

Side kept_copy_cairn(const WorldOptions& options) {
  Owner alice(options);
  const std::string stick = alice.world().folder() + "/stick", kept = stick + "-kept";
  must(alice.backup("alice-1", "create", alice.alices_key(), {"--to", stick}));
  fs::copy(stick, kept, fs::copy_options::recursive);
  must(alice.backup("alice-1", "restore", alice.alices_key(), {"--from", kept}));  // it is whole
  must(alice.run("alice-1", {"backup", "delete"}));
  const demo::Said gone = alice.backup("alice-1", "list", alice.alices_key(), {"--from", stick});
  const Searched lying = search_files(kept, alice.said());
  const demo::Said keyless = alice.backup("mallory-1", "restore", alice.mallorys_key(), {"--from", kept});
  const std::size_t without = lying.found.size() + alice.sentences_on("mallory-1");
  const demo::Said opened = alice.ask("recover", "thief-1", "alice@localhost", alice.alices_key(), {"--from", kept});
  const std::size_t with = alice.sentences_on("thief-1");
  Side side;
  side.step("alice", "storage", "a backup in a folder");
  side.step("storage", "storage", "keeps a copy", Step::Kind::swapped);
  side.step("alice", "storage", "delete my backup");
  side.step("storage", "storage", "opens the copy without a key of hers",
            without == 0 ? Step::Kind::refused : Step::Kind::stolen);
  side.step("alice", "storage", "the recovery key, found later", Step::Kind::stolen);
  side.step("storage", "storage", "opens the copy with it", with == 0 ? Step::Kind::refused : Step::Kind::stolen);
  if (gone.good()) {
    side.got = "for alice herself the backup was still there after she had deleted it";
    return side;
  }
  side.conclude(without + with != 0,
                without != 0
                    ? "the copy opens without a key of alice's"
                    : "nothing from the copy alone; but whoever gets the recovery key later opens it, deleted "
                      "or not. Deleting is final only where realms hold a part of the key, and the client does "
                      "not set up realms yet");
  side.show("what alice is told of the backup that she deleted", answer(gone));
  side.show("sentences read from the copy without a key of hers", of(without, alice.said().size()));
  side.show("and with her recovery key, after the deletion", of(with, alice.said().size()));
  side.show("mallory tries the copy with a recovery key of her own", answer(keyless));
  side.show("the thief recovers from the copy with alice's", answer(opened));
  side.reduced.push_back(
      "The thief uses the program as it is shipped, which first makes his device one of alice's, and that her devices "
      "see. A program of his own needs only the copy and the key, and nobody would see it.");
  return side;
}

}  // namespace cairn::lab
