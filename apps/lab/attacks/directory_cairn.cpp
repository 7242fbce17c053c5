// The operator of the directory lies to Cairn's clients.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/attacks/cairn_attacks.h"
#include "apps/lab/cairn/operator.h"
#include "apps/lab/conditions.h"

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

struct NamedLie {
  const char* name;      ///< as the lying server knows it
  const char* in_words;  ///< what it answers alice
};

/// How many of the auditors and witnesses that it knows a device asks for, as it says itself.
std::string signers_of(World& world, const std::string& device) {
  const auto policy = world.run(device, {"status"}).json.value("policy", nlohmann::json::object());
  return std::to_string(policy.value("auditors_needed", 0)) + " of " + std::to_string(policy.value("auditors", 0));
}

/// Tells all of these, and judges: refused only when none was believed and each refusal names its condition.
Side refuse_all(World& world, const std::vector<NamedLie>& lies, const std::string& shown) {
  Lies liar(world);
  Side side;
  std::size_t believed = 0, named = 0, grew = 0;
  std::string sentence;
  for (const NamedLie& lie : lies) {
    const Told told = liar.tell(lie.name);
    believed += told.believed ? 1 : 0;
    grew += told.grew ? 1 : 0;
    named += condition_of(told.sentence) != 0 ? 1 : 0;
    if (sentence.empty()) sentence = told.sentence;
    side.show(lie.in_words, told.believed ? "believed" : in_plain_words(told.sentence));
    side.said(lie.in_words, told.sentence);
  }
  side.step("Alice", "server", "which devices has Bob?");
  side.step("server", "Alice", shown, Step::Kind::swapped);
  side.outcome = believed != 0 || grew != 0 || named != lies.size() ? Outcome::succeeded : Outcome::refused;
  if (side.outcome == Outcome::refused) {
    side.step("Alice", "Alice", for_picture(sentence) + ". Nothing was sent.", Step::Kind::refused);
  } else {
    side.step("Alice", "operator", "not refused", Step::Kind::stolen);
  }
  side.got = believed != 0 ? "Alice's phone took the operator's key for Bob's"
             : grew != 0   ? "something was stored while the server lied"
             : named != lies.size()
                 ? "no refusal that names its reason"
                 : "each of " + std::to_string(lies.size()) +
                       " lies was refused with its reason, and nothing came to the server to be sent on";
  side.show("lies refused", of(named, lies.size()));
  side.show("messages that came to the server meanwhile", grew == 0 ? "none" : "some");
  side.show("auditors that must sign for Alice's phone", signers_of(world, "alice-1"));
  return side;
}

}  // namespace

Side false_key_cairn(World& world) {
  return refuse_all(
      world,
      {{"forked-map", "a second directory with the operator's key in it, signed by no auditor"},
       {"forked-with-lines", "the same, with the auditors' signatures copied from the true one"},
       {"forked-chain", "the true directory, but a false history of Bob's devices"},
       {"another-name", "the devices of Mallory's name, given as Bob's"},
       {"own-cosigners", "a directory signed by auditors whom the operator has invented, under the true ones' names"}},
      "the operator's key, as Bob's");
}

Side ghost_device_cairn(World& world) {
  // One that bob has removed, to be brought back.
  world.make_people();
  must(world.link("bob-old", "bob@localhost", "bob-1"));
  const std::string old = world.run("bob-old", {"status"}).json.value("device", "");
  must(world.run("bob-1", {"device", "remove", old}));
  return refuse_all(world,
                    {{"unsigned-device", "one device more, which none of Bob's devices has signed for"},
                     {"brought-back", "a device that Bob had removed, listed again as if it had let itself in"}},
                    "Bob's devices, and one more");
}

namespace {

/// An attacker with one of bob's own devices, who lets another one in with its key; and an operator who hides it.
struct StolenDevice {
  demo::Said hidden;  ///< what bob's other device answers when the server leaves the new one out
  bool hidden_told = false;
  std::string alarm;  ///< what it says once it hears the truth; empty for nothing
  std::size_t alarms_before = 0;
};

std::string alarm_for(World& world, const std::string& device) {
  const demo::Said status = world.run("bob-1", {"status"});
  for (const auto& one : status.json["alarms"]) {
    if (one.value("device", "") == device) return one["sentence"];
  }
  return "";
}

StolenDevice let_a_spy_in(World& world) {
  StolenDevice out;
  must(world.link("bob-2", "bob@localhost", "bob-1"));
  out.alarms_before = world.run("bob-1", {"status"}).json["alarms"].size();
  must(world.link("spy-1", "bob@localhost", "bob-2"));
  const std::string spy = world.run("spy-1", {"status"}).json.value("device", "");
  world.tell("dropped-statement");
  out.hidden = world.run("bob-1", {"contact", "verify", "bob@localhost"});
  world.tell("none");
  out.hidden_told = !alarm_for(world, spy).empty();
  must(world.run("bob-1", {"contact", "verify", "bob@localhost"}));
  out.alarm = alarm_for(world, spy);
  for (const std::string& device : {spy, world.run("bob-2", {"status"}).json.value("device", "")})
    must(world.run("bob-1", {"device", "remove", device}));
  return out;
}

}  // namespace

Side silent_enrolment_cairn(World& world) {
  Side side = refuse_all(
      world, {{"unsigned-device", "the operator alone: one device more, which none of Bob's devices has signed for"}},
      "one device more, unsigned");
  const StolenDevice found = let_a_spy_in(world);
  const bool believed_hidden = found.hidden.good() && !found.hidden_told;
  side.step("thief", "server", "lets another device in, with a stolen device of Bob's", Step::Kind::swapped);
  side.step("server", "Bob", "his devices, without the new one", Step::Kind::swapped);
  if (believed_hidden) {
    side.step("Bob", "Bob", "believed, and nothing is shown", Step::Kind::swapped);
  } else {
    side.step("Bob", "Bob", found.hidden_told ? "an alarm" : for_picture(found.hidden.error), Step::Kind::refused);
  }
  if (found.alarm.empty()) {
    side.step("server", "Bob", "nothing is shown on his other device", Step::Kind::swapped);
  } else {
    side.step("server", "Bob", "the true list: an alarm on his other device");
  }
  if (found.alarm.empty() || believed_hidden) {
    side.outcome = Outcome::succeeded;
    side.got = "a device in Bob's name of which Bob's other device showed nothing";
  } else if (side.outcome == Outcome::refused) {
    side.outcome = Outcome::evident;
    side.got =
        "the operator alone was refused. With a stolen device of Bob's the thief did let another one in, which gets "
        "what is written to Bob until he removes it. When the server left it out of its answer, Bob's other phone did "
        "not believe the answer, for the signed directory already held the new device; and when it heard the truth, it "
        "gave an alarm";
  }
  side.show("alarms on Bob's other phone for the device that the thief let in", found.alarm.empty() ? "none" : "one");
  side.show("alarms there before", found.alarms_before);
  side.show("Bob's other phone, when the server hides the new device from it",
            believed_hidden ? "believes it" : in_plain_words(found.hidden.error));
  side.said("Bob's other phone, of the answer without the new device",
            found.hidden.good() ? "(nothing)" : found.hidden.error);
  side.said("Bob's other phone, of the new device", found.alarm.empty() ? "(nothing)" : found.alarm);
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
    show("split-but-one");
    lacking_one_ = world_.run("bob-1", {"contact", "verify", "alice@localhost"});
    must(by_bob({"contact", "verify", "alice@localhost"}));
    must(by_alice({"contact", "verify", "bob@localhost"}));
  }
  /// What bob's device answered to the second history when one of its auditors had not signed it; with that last
  /// signature it took it.
  const demo::Said& lacking_one() const { return lacking_one_; }

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
  demo::Said lacking_one_;
};

/// Whether a file of evidence verifies by itself, and no longer when something is added to it.
bool verifies(TwoHistories& colluding) {
  const std::string file = colluding.world().folder() + "-evidence";
  must(colluding.by_alice({"evidence", "export", file}));
  const bool good = colluding.world().run("nobody", {"evidence", "verify", file}).good();
  std::ofstream(file, std::ios::app) << "more";
  const bool altered = colluding.world().run("nobody", {"evidence", "verify", file}).good();
  std::filesystem::remove(file);
  return good && !altered;
}

}  // namespace

Side split_view_cairn(World& world, const WorldOptions& options) {
  Lies liar(world);
  const Told fork = liar.tell("forked-with-lines");
  const demo::Said truth = world.run("mallory-1", {"contact", "verify", "bob@localhost"});
  TwoHistories colluding(options);
  const demo::Said& lacking = colluding.lacking_one();
  const std::string needed = signers_of(colluding.world(), "bob-1");
  const bool proved = colluding.talk();
  Side side;
  side.step("server", "Alice", "another directory, signed by none of her auditors", Step::Kind::swapped);
  side.step("Alice", "Alice", fork.believed ? "believed" : for_picture(fork.sentence),
            fork.believed ? Step::Kind::stolen : Step::Kind::refused);
  side.step("server", "Bob", "another directory, signed by all of his auditors but one", Step::Kind::swapped);
  side.step("Bob", "Bob", lacking.good() ? "believed" : for_picture(lacking.error),
            lacking.good() ? Step::Kind::stolen : Step::Kind::refused);
  side.step("server", "Alice", "one directory, signed by all auditors", Step::Kind::swapped);
  side.step("server", "Bob", "another, signed by all auditors too", Step::Kind::swapped);
  side.step("Bob", "Alice", "one message, which carries what Bob was shown");
  bool verified = false, stopped = false;
  if (proved) {
    verified = verifies(colluding);
    stopped = !colluding.by_alice({"send", "carol@localhost", "to somebody new"}).good();
    side.step("Alice", "anybody", "proof: two directories, both signed");
  }
  const bool withstood = !fork.believed && !fork.grew && !lacking.good() && condition_of(lacking.error) == 1;
  side.outcome = withstood && proved && verified && stopped && truth.good() ? Outcome::evident : Outcome::succeeded;
  side.got = !withstood ? "somebody believed a second directory that not all auditors had signed"
             : proved ? "with no auditor's signature, and with all but one: refused. With all of them in league it was "
                        "believed; then one unaltered message between the two proved it, and Alice's phone wrote to "
                        "nobody new of that domain"
                      : "with all auditors in league nobody noticed";
  side.show("auditors that must sign for these two", needed);
  side.show("signed by none of Alice's auditors (their signatures are copied from the true one)",
            fork.believed ? "believed" : in_plain_words(fork.sentence));
  side.show("signed by all of Bob's auditors but one", lacking.good() ? "believed" : in_plain_words(lacking.error));
  side.show("signed by all of them", "believed, as it must be: the phone has nothing else to go by");
  side.show("then: proof on Alice's phone", proved ? "yes, after one message" : "none");
  side.show("the proof verifies without a network, and altered it does not", verified ? "yes" : "no");
  side.show("writing to a new contact then", stopped ? "refused" : "went on");
  side.said("Alice's phone, of the directory that no auditor signed", fork.sentence);
  side.said("Bob's phone, of the one that lacked a signature", lacking.good() ? "(nothing)" : lacking.error);
  side.reduced.push_back(
      {"The second directory differs from the first in a time alone; no false key was put into it, so nobody read "
       "anything meanwhile. With the help of all auditors a false key for somebody to whom Alice has never written "
       "could stand in it; how much would be read before the proof was not tried.",
       ""});
  return side;
}

}  // namespace cairn::lab
