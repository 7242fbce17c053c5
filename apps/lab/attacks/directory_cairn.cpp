// The operator of the directory lies to Cairn's clients.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/attacks/cairn_attacks.h"
#include "apps/lab/cairn/operator.h"

namespace cairn::lab {
namespace {

/// The ids of the active devices in an answer of `contact` or `device list`.
std::set<std::string> devices(const demo::Said& said) {
  std::set<std::string> out;
  if (!said.good() || !said.json.contains("devices")) return out;
  for (const auto& device : said.json["devices"]) {
    if (device["active"].get<bool>()) out.insert(device["id"].get<std::string>());
  }
  return out;
}

/// What came of one lie, told to a client of alice's that has never heard of bob.
struct Told {
  bool believed = false;  ///< her client took a device for bob's that bob does not know
  bool grew = false;      ///< the server stored something that was said while it lied
  std::string sentence;   ///< of the refusal
};

std::size_t stored(World& world) {
  const Operator server(world);
  return server.count(relay::table::kBodies) + server.count(relay::table::kChannels);
}

/// Tells lies about bob, each to a new client that has seen the log before its newest epoch: so a false one can follow.
class Lies {
 public:
  explicit Lies(World& world) : world_(world) {
    world_.make_people();
    bobs_ = devices(world_.run("bob-1", {"device", "list"}));
    next_ = new_victim();
  }

  Told tell(const std::string& lie) {
    const std::string who = std::exchange(next_, new_victim());
    const std::size_t before = stored(world_);
    world_.tell(lie);
    Told out;
    (void)world_.run(who, {"contact", "verify", "bob@localhost"});
    const auto taken = devices(world_.run(who, {"contact", "show", "bob@localhost"}));
    const demo::Said sent = world_.run(who, {"send", "bob@localhost", "this must not leave", "--fresh"});
    world_.tell("none");
    out.believed = !std::includes(bobs_.begin(), bobs_.end(), taken.begin(), taken.end());
    out.grew = stored(world_) > before;
    out.sentence = sent.good() ? "sent" : sent.error;
    return out;
  }

 private:
  std::string new_victim() {
    static int count = 0;
    const std::string who = "victim" + std::to_string(++count);
    must(world_.enroll(who + "-1", who + "@localhost"));
    return who + "-1";
  }

  World& world_;
  std::set<std::string> bobs_;
  std::string next_;
};

/// Tells all of these, and judges: refused only when none was believed and each refusal names its condition.
Side refuse_all(World& world, const std::vector<std::string>& lies, const std::string& shown) {
  Lies liar(world);
  Side side;
  std::size_t believed = 0, named = 0, grew = 0;
  std::string sentence;
  for (const std::string& lie : lies) {
    const Told told = liar.tell(lie);
    believed += told.believed ? 1 : 0;
    grew += told.grew ? 1 : 0;
    named += told.sentence.find("was refused (condition ") != std::string::npos ? 1 : 0;
    if (sentence.empty()) sentence = told.sentence;
    side.show("lie \"" + lie + "\"", told.believed ? "believed" : told.sentence);
  }
  side.step("alice", "server", "which devices has bob?");
  side.step("server", "alice", shown, Step::Kind::swapped);
  side.outcome = believed != 0 || grew != 0 || named != lies.size() ? Outcome::succeeded : Outcome::refused;
  if (side.outcome == Outcome::refused) {
    side.step("alice", "alice", sentence, Step::Kind::refused);
  } else {
    side.step("alice", "operator", "not refused", Step::Kind::stolen);
  }
  side.got = believed != 0          ? "alice's client took the operator's key for bob's"
             : grew != 0            ? "something was stored while the server lied"
             : named != lies.size() ? "no refusal that names its reason"
                                    : "every lie was refused before a byte was encrypted, and the reason was named";
  side.show("lies refused", of(named, lies.size()));
  side.show("envelopes stored meanwhile", grew == 0 ? "none" : "some");
  return side;
}

}  // namespace

Side false_key_cairn(World& world) {
  return refuse_all(world, {"forked-map", "forked-with-lines", "forked-chain", "another-name", "own-cosigners"},
                    "the operator's key, as bob's");
}

Side ghost_device_cairn(World& world) {
  return refuse_all(world, {"unsigned-device", "brought-back"}, "bob's devices, and one more");
}

Side silent_enrolment_cairn(World& world) {
  Side side = refuse_all(world, {"unsigned-device"}, "one device more, unsigned");
  // The strongest form: the attacker has one of bob's own devices in hand, and lets another one in with its key.
  must(world.link("bob-2", "bob@localhost", "bob-1"));
  const demo::Said before = world.run("bob-1", {"status"});
  must(world.link("spy-1", "bob@localhost", "bob-2"));
  const std::string spy = world.run("spy-1", {"status"}).json.value("device", "");
  must(world.run("bob-1", {"contact", "verify", "bob@localhost"}));
  const demo::Said after = world.run("bob-1", {"status"});
  std::string alarm;
  for (const auto& one : after.json["alarms"]) {
    if (one.value("device", "") == spy) alarm = one["sentence"];
  }
  side.step("thief", "server", "lets another device in, with a stolen device of bob's", Step::Kind::swapped);
  if (alarm.empty()) {
    side.step("server", "bob", "nothing is shown on his other device", Step::Kind::swapped);
    side.outcome = Outcome::succeeded;
    side.got = "a device in bob's name of which bob's other device showed nothing";
  } else {
    side.step("server", "bob", "his name's own signed history: an alarm on his other device");
    if (side.outcome == Outcome::refused)
      side.got =
          "a device that bob did not sign for was refused by contacts; one let in with a stolen device of bob's "
          "raised an alarm on his other one, and no server can leave that out of his name's signed history";
  }
  side.show("alarms on bob's other device for the one that the thief let in", alarm.empty() ? "none" : alarm);
  side.show("alarms there before", before.json["alarms"].size());
  for (const std::string& device : {spy, world.run("bob-2", {"status"}).json.value("device", "")})
    must(world.run("bob-1", {"device", "remove", device}));
  return side;
}

namespace {

/// alice and bob are shown two histories by a server whose cosigners sign both.
class TwoHistories {
 public:
  explicit TwoHistories(const WorldOptions& options) : world_(options, ServerKind::colluder) {
    show("first");
    must(world_.enroll("alice-1", "alice@localhost"));
    must(world_.enroll("bob-1", "bob@localhost"));
    must(world_.run("alice-1", {"send", "bob@localhost", "hello"}));
    must(world_.run("bob-1", {"read"}));
    must(world_.run("bob-1", {"send", "alice@localhost", "hello"}));
    must(world_.run("alice-1", {"read"}));
    must(world_.enroll("carol-1", "carol@localhost"));  // an epoch that neither has seen
    must(by_bob({"contact", "verify", "alice@localhost"}));
    must(by_alice({"contact", "verify", "bob@localhost"}));
  }

  /// One message between the two, unaltered; then whether alice's device holds proof within a while.
  bool talk() {
    must(by_bob({"send", "alice@localhost", "one unaltered message"}));
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(25);
    for (int round = 0; std::chrono::steady_clock::now() < until; ++round) {
      must(by_alice({"read"}));
      if (!by_alice({"gossip", "list"}).json["evidence"].empty()) return true;
      if (round == 3 && by_alice({"status"}).json["alarms"].empty()) return false;  // not even a suspicion
      must(by_bob({"read"}));
    }
    return false;
  }
  demo::Said by_alice(const std::vector<std::string>& words) {
    show("first");
    return world_.run("alice-1", words);
  }
  World& world() { return world_; }

 private:
  demo::Said by_bob(const std::vector<std::string>& words) {
    show("split");
    return world_.run("bob-1", words);
  }
  void show(const std::string& history) { world_.tell(history); }

  World world_;
};

}  // namespace

Side split_view_cairn(World& world, const WorldOptions& options) {
  Lies liar(world);
  const Told fork = liar.tell("forked-with-lines");
  const demo::Said truth = world.run("mallory-1", {"contact", "verify", "bob@localhost"});
  TwoHistories colluding(options);
  const bool proved = colluding.talk();
  Side side;
  side.step("server", "alice", "another directory, without its auditors", Step::Kind::swapped);
  side.step("alice", "alice", fork.believed ? "believed" : fork.sentence,
            fork.believed ? Step::Kind::stolen : Step::Kind::refused);
  side.step("server", "alice", "one history, signed by colluding auditors", Step::Kind::swapped);
  side.step("server", "bob", "another, signed by the same", Step::Kind::swapped);
  side.step("bob", "alice", "one message, which carries what bob was shown");
  bool verified = false, stopped = false;
  if (proved) {
    const std::string file = colluding.world().folder() + "-evidence";
    must(colluding.by_alice({"evidence", "export", file}));
    verified = colluding.world().run("nobody", {"evidence", "verify", file}).good();
    std::ofstream(file, std::ios::app) << "more";
    verified = verified && !colluding.world().run("nobody", {"evidence", "verify", file}).good();
    std::filesystem::remove(file);
    stopped = !colluding.by_alice({"send", "carol@localhost", "to somebody new"}).good();
    side.step("alice", "anybody", "evidence: two histories, both signed");
  }
  side.outcome = fork.believed || fork.grew || !proved || !verified || !stopped || !truth.good() ? Outcome::succeeded
                                                                                                 : Outcome::evident;
  side.got = fork.believed ? "alice believed a second directory"
             : proved ? "without all auditors: refused. With all of them in league: one unaltered message between the "
                        "two proved it, and writing to anybody new of that domain stopped"
                      : "with all auditors in league nobody noticed";
  side.show("another directory without its auditors", fork.believed ? "believed" : fork.sentence);
  side.show("all cosigners collude: evidence on alice's device", proved ? "yes, after one message" : "none");
  side.show("the evidence verifies off line, and altered it does not", verified ? "yes" : "no");
  side.show("writing to a new contact then", stopped ? "refused" : "went on");
  return side;
}

}  // namespace cairn::lab
