// The operator of the directory lies to Cairn's clients.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/attacks/cairn_attacks.h"
#include "apps/lab/attacks/false_log.h"
#include "apps/lab/cairn/operator.h"
#include "apps/lab/conditions.h"
#include "core/directory/evidence.h"

namespace cairn::lab {
namespace {

/// What came of one lie, told to a client of alice's that has never heard of bob.
struct Told {
  bool believed = false;  ///< her client took a device for bob's that bob does not know
  bool grew = false;      ///< the server stored something that was said while it lied
  bool sent = false;      ///< her client said that it sent what it was to send
  std::string sentence;   ///< of the refusal; empty when it sent
};

/// In words for everybody.
std::string what_came_of(const Told& told) {
  if (told.believed) return "believed";
  return told.sent ? "not refused: she wrote to Bob" : in_plain_words(told.sentence);
}

std::size_t stored(World& world) {
  const Operator server(world);
  return server.count(relay::table::kBodies) + server.count(relay::table::kChannels);
}

struct NamedLie {
  const char* name;      ///< as the lying server knows it
  const char* in_words;  ///< what it answers alice
  /// What of the log the client has seen for certain that is told it: all but its newest epoch; or that, too. Its look
  /// at its own name may come before or after the lie, so no lie may depend on an epoch that it has not seen.
  enum class Seen { all_but_the_newest, all } seen = Seen::all_but_the_newest;
};

/// Tells lies about bob, each to a new client.
class Lies {
 public:
  explicit Lies(World& world) : world_(world) {
    world_.make_people();
    bobs_ = world_.devices("bob-1", {"device", "list"});
    next_ = new_victim();
  }

  Told tell(const NamedLie& lie) {
    const std::string who = std::exchange(next_, new_victim());
    if (lie.seen == NamedLie::Seen::all) must(world_.run(who, {"contact", "verify", "mallory@localhost"}));
    const std::size_t before = stored(world_);
    world_.tell(lie.name);
    Told out;
    (void)world_.run(who, {"contact", "verify", "bob@localhost"});
    const auto taken = world_.devices(who, {"contact", "show", "bob@localhost"});
    const demo::Said sent = world_.run(who, {"send", "bob@localhost", "this must not leave", "--fresh"});
    world_.tell("none");
    out.believed = !std::includes(bobs_.begin(), bobs_.end(), taken.begin(), taken.end());
    out.grew = stored(world_) > before;
    out.sent = sent.good();
    out.sentence = sent.error;
    return out;
  }

 private:
  std::string new_victim() {
    static std::atomic<int> count = 0;
    const std::string who = "victim" + std::to_string(++count);
    must(world_.enroll(who + "-1", who + "@localhost"));
    return who + "-1";
  }

  World& world_;
  std::set<std::string> bobs_;
  std::string next_;
};

/// How many of the auditors and witnesses that it knows a device asks for, as it says itself.
std::string signers_of(World& world, const std::string& device) {
  const auto policy = world.run(device, {"status"}).json.value("policy", nlohmann::json::object());
  return std::to_string(policy.value("auditors_needed", 0)) + " of " + std::to_string(policy.value("auditors", 0));
}

/// What came of many lies: refused only when none was believed and each refusal names its condition. A refusal that
/// names none may be for another reason than the lie, and concludes nothing.
class Judged {
 public:
  /// Tells all of these to the clients of one world.
  void tell(World& world, const std::vector<NamedLie>& lies, Side& side) {
    Lies liar(world);
    for (const NamedLie& lie : lies) {
      const Told told = liar.tell(lie);
      ++told_;
      believed_ += told.believed ? 1 : 0;
      grew_ += told.grew ? 1 : 0;
      const bool came_through = told.believed || told.grew;
      refused_ += !came_through && condition_of(told.sentence) != 0 ? 1 : 0;
      if (sentence_.empty()) sentence_ = told.sentence;
      side.show(lie.in_words, what_came_of(told));
      side.said(lie.in_words, told.sent ? "(it sent)" : told.sentence);
    }
  }
  void conclude(Side& side) const {
    if (believed_ != 0 || grew_ != 0) {
      side.outcome = Outcome::succeeded;
      side.got = got();
      side.step("Alice", "operator", believed_ != 0 ? "the false device is believed" : "she writes all the same",
                Step::Kind::stolen);
    } else if (refused_ != told_) {
      side.got = "nothing to conclude: of " + std::to_string(told_) + " lies " + std::to_string(told_ - refused_) +
                 " were answered without a reason";
    } else {
      side.outcome = Outcome::refused;
      side.got = "each of " + std::to_string(told_) +
                 " lies was refused with its reason, and nothing came to the server to be sent on";
      side.step("Alice", "Alice", for_picture(sentence_) + ". Nothing was sent.", Step::Kind::refused);
    }
    side.show("lies refused", of(refused_, told_));
    side.show("lies by which a false device was taken for Bob's", of(believed_, told_));
    side.show("lies during which something came to the server to be sent on", of(grew_, told_));
  }

 private:
  /// A false device first: what else happened follows from whatever was not refused.
  std::string got() const {
    const std::string wrote = "wrote to Bob while the server lied about him";
    if (believed_ == 0) return "Alice's phone " + wrote;
    return std::string("Alice's phone took a device for Bob's that is none of his") +
           (grew_ == 0 ? "" : ", and " + wrote);
  }

  std::size_t told_ = 0, believed_ = 0, refused_ = 0, grew_ = 0;
  std::string sentence_;  ///< of the first refusal
};

/// Lies of a server whose auditors are honest.
Side refuse_all(World& world, const std::vector<NamedLie>& lies, const std::string& shown) {
  Side side;
  Judged judged;
  side.step("Alice", "server", "which devices has Bob?");
  side.step("server", "Alice", shown, Step::Kind::swapped);
  judged.tell(world, lies, side);
  judged.conclude(side);
  side.show("auditors that must sign for Alice's phone", signers_of(world, "alice-1"));
  return side;
}

/// Bob has had one device more, and has removed it.
void remove_a_device_of_bobs(World& world) {
  must(world.link("bob-old", "bob@localhost", "bob-1"));
  const std::string old = world.run("bob-old", {"status"}).json.value("device", "");
  must(world.run("bob-1", {"device", "remove", old}));
}

constexpr auto kSeenAll = NamedLie::Seen::all;

/// To each of these the auditors' signatures do not fit, or what they have signed.
const std::vector<NamedLie>& lies_of_the_operator() {
  static const std::vector<NamedLie> all = {
      {"forked-map", "a second directory with the operator's key in it, signed by no auditor"},
      {"forked-with-lines", "the same, with the auditors' signatures copied from the true one"},
      {"own-cosigners", "a directory signed by auditors whom the operator has invented, under the true ones' names"},
      {"false-record", "what the auditors have signed, with another entry shown as its newest", kSeenAll},
      {"false-proof",
       "the true directory, but a proof of Bob's place that is of another one, with the operator's key there"},
      {"forked-chain", "the true directory, but a false history of Bob's devices"},
      {"another-name", "the devices of Mallory's name, given as Bob's, with their own place in the directory"}};
  return all;
}

/// These all auditors have signed: what refuses them is what the phone knows by itself.
const std::vector<NamedLie>& lies_of_all_auditors() {
  static const std::vector<NamedLie> all = {
      {"yesterday", "signed by all, a day and an hour ago: Bob's devices before he removed one"},
      {"rolled-back",
       "signed by all, just now: an older directory than the phone has seen, before Bob removed a device"},
      {"forked-map", "signed by all: another directory in the place of the one that the phone has seen", kSeenAll},
      {"another-log-key", "signed by all, but with another key than the directory's own: a false Bob"},
      {"forged-signature", "signed by all: one device more, in the name of one of Bob's, which never signed for it"},
      {"false-place", "signed by all: a false Bob, in the place of the directory that is Mallory's"},
      {"false-reset", "signed by all: Bob's name reset to the operator's device, with nothing said before"},
      {"another-name", "signed by all: Mallory's devices in Bob's place of the directory"}};
  return all;
}

}  // namespace

Side false_key_cairn(World& world, const WorldOptions& options) {
  Side side;
  Judged judged;
  side.step("Alice", "server", "which devices has Bob?");
  side.step("server", "Alice", "the operator's key, as Bob's", Step::Kind::swapped);
  judged.tell(world, lies_of_the_operator(), side);
  World colluding(options, ServerKind::colluder);
  colluding.make_people({"--reset-delay", "3"});
  remove_a_device_of_bobs(colluding);
  side.step("server", "Alice", "the same in other ways, now signed by all of her auditors", Step::Kind::swapped);
  judged.tell(colluding, lies_of_all_auditors(), side);
  judged.conclude(side);
  side.show("auditors that must sign for Alice's phone", signers_of(world, "alice-1"));
  side.show("auditors that must sign in the second part, all in league with the operator",
            signers_of(colluding, "alice-1"));
  side.reduced.push_back(
      {"The day and the hour of the first lie that all sign are not waited for: those in league sign "
       "with the time of yesterday.",
       ""});
  return side;
}

Side ghost_device_cairn(World& world) {
  world.make_people();
  remove_a_device_of_bobs(world);  // to be brought back
  return refuse_all(world,
                    {{"unsigned-device", "one device more, which none of Bob's devices has signed for"},
                     {"brought-back", "a device that Bob had removed, listed again as if it had let itself in"}},
                    "Bob's devices, and one more");
}

namespace {

constexpr std::size_t kHistory = 6;  // the condition: what a name's devices have signed leads to the signed directory

/// An attacker with one of bob's own devices, who lets another one in with its key; and an operator who hides it.
struct StolenDevice {
  demo::Said hidden;         ///< what bob's other device answers when the server leaves the new one out
  bool hidden_told = false;  ///< it gives an alarm even so
  std::string alarm;         ///< what it says once it hears the truth; empty for nothing
  std::size_t alarms_before = 0;

  /// Nothing was shown to Bob.
  bool silent() const { return alarm.empty() || (hidden.good() && !hidden_told); }
  /// The answer that hides the device was refused, but not for what it lacks.
  bool in_doubt() const { return !hidden.good() && condition_of(hidden.error) != kHistory; }
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
  out.hidden_told = !alarm_for(world, spy).empty();  // while it hears nothing else
  world.tell("none");
  must(world.run("bob-1", {"contact", "verify", "bob@localhost"}));
  out.alarm = alarm_for(world, spy);
  for (const std::string& device : {spy, world.run("bob-2", {"status"}).json.value("device", "")})
    must(world.run("bob-1", {"device", "remove", device}));
  return out;
}

/// Of a side that has the verdict on the operator alone.
void judge(Side& side, const StolenDevice& found) {
  if (found.silent()) {
    side.outcome = Outcome::succeeded;
    side.got = "a device in Bob's name of which Bob's other device showed nothing";
    return;
  }
  if (side.outcome != Outcome::refused) return;
  if (found.in_doubt()) {
    side.outcome = Outcome::not_run;
    side.got = "nothing to conclude: Bob's other phone refused the answer without the new device for another reason: " +
               in_plain_words(found.hidden.error);
    return;
  }
  side.outcome = Outcome::evident;
  side.got =
      "the operator alone was refused. With a stolen device of Bob's the thief did let another one in. When the server "
      "left it out of its answer, Bob's other phone ";
  side.got += found.hidden.good() ? "gave an alarm all the same"
              : found.hidden_told
                  ? "did not believe the answer, for it did not lead to the signed directory, and gave an alarm"
                  : "did not believe the answer, for it did not lead to the signed directory; and when it heard the "
                    "truth, it gave an alarm";
}

}  // namespace

Side silent_enrolment_cairn(World& world) {
  Side side = refuse_all(
      world, {{"unsigned-device", "the operator alone: one device more, which none of Bob's devices has signed for"}},
      "one device more, unsigned");
  const StolenDevice found = let_a_spy_in(world);
  const std::string of_hidden = !found.hidden.good() ? for_picture(found.hidden.error)
                                : found.hidden_told  ? "an alarm"
                                                     : "believed, and nothing is shown";
  side.step("thief", "server", "lets another device in, with a stolen device of Bob's", Step::Kind::swapped);
  side.step("server", "Bob", "his devices, without the new one", Step::Kind::swapped);
  side.step("Bob", "Bob", of_hidden,
            found.hidden.good() && !found.hidden_told ? Step::Kind::swapped : Step::Kind::refused);
  if (found.alarm.empty()) {
    side.step("server", "Bob", "nothing is shown on his other device", Step::Kind::swapped);
  } else {
    side.step("server", "Bob", "the true list: an alarm on his other device");
  }
  judge(side, found);
  side.show("alarms on Bob's other phone for the device that the thief let in", found.alarm.empty() ? "none" : "one");
  side.show("alarms there before", found.alarms_before);
  side.show("Bob's other phone, when the server hides the new device from it",
            found.hidden.good() ? of_hidden : in_plain_words(found.hidden.error));
  side.said("Bob's other phone, of the answer without the new device",
            found.hidden.good() ? "(nothing)" : found.hidden.error);
  side.said("Bob's other phone, of the new device", found.alarm.empty() ? "(nothing)" : found.alarm);
  return side;
}

namespace {

constexpr std::chrono::seconds kMostOfAProof{180};

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
    by_all_ = by_bob({"contact", "verify", "alice@localhost"});
    must(by_all_);
    must(by_alice({"contact", "verify", "bob@localhost"}));
  }
  /// What bob's device answered to the second history when one of its auditors had not signed it,
  const demo::Said& lacking_one() const { return lacking_one_; }
  /// and with that last signature.
  const demo::Said& by_all() const { return by_all_; }

  /// One message between the two, unaltered; then whether alice's device holds proof. Where it has the message, and not
  /// even a suspicion after some rounds, no proof comes.
  bool talk() {
    const std::string text = "one unaltered message";
    must(by_bob({"send", "alice@localhost", text}));
    const auto until = std::chrono::steady_clock::now() + kMostOfAProof;
    for (int rounds = 0; std::chrono::steady_clock::now() < until;) {
      must(by_alice({"read"}));
      if (!by_alice({"gossip", "list"}).json["evidence"].empty()) return true;
      show("first");
      const bool came = world_.shows("alice-1", "bob@localhost", "bob@localhost: " + text);
      if (came && ++rounds > 3 && by_alice({"status"}).json["alarms"].empty()) return false;
      must(by_bob({"read"}));
    }
    must({1, {}, "a suspicion came to no proof in time"});
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
  demo::Said lacking_one_, by_all_;
};

/// Puts another directory in the place of the first in a file of evidence: what signed that one did not sign this.
void alter_root(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  auto evidence = directory::Evidence::decode(as_bytes(bytes));
  if (!evidence) must({1, {}, evidence.error().where});
  std::string& note = evidence->first;
  const std::size_t root = note.find('\n', note.find('\n') + 1) + 1;  // behind the lines of origin and size
  note.at(root) = note.at(root) == 'A' ? 'B' : 'A';
  std::ofstream(file, std::ios::binary) << as_text(evidence->encode());
}

/// Whether a file of evidence verifies by itself, and no longer when it is altered.
bool verifies(TwoHistories& colluding) {
  const std::string file = colluding.world().folder() + "-evidence";
  must(colluding.by_alice({"evidence", "export", file}));
  const auto is_taken = [&] { return colluding.world().run("nobody", {"evidence", "verify", file}).good(); };
  const bool good = is_taken();
  alter_root(file);
  const bool altered = is_taken();
  std::filesystem::remove(file);
  return good && !altered;
}

constexpr std::size_t kSignatures = 1;      // the condition: enough of the auditors have signed
constexpr std::size_t kHonestAuditors = 2;  // of an honest world: each reads every change before it signs

/// What came of a second directory, by who had signed it.
struct SplitView {
  Told by_none;          ///< told to alice, of an honest server's world
  bool truth = false;    ///< which somebody else is told then
  demo::Said by_others;  ///< to bob: by all but one
  demo::Said by_all;     ///< to bob
  FalseLog in_the_log;
  std::string needed;      ///< of auditors, as a phone says
  bool proved = false;     ///< by all: after one message there is proof
  bool verified = false;   ///< and it verifies
  demo::Said to_somebody;  ///< what alice's phone answered, when she then wrote to somebody new

  /// More signed the false history than do not read what they sign; or somebody signed a second list.
  bool signed_falsely() const {
    return in_the_log.refused < std::min(kHonestAuditors, in_the_log.asked) || in_the_log.signed_second != 0;
  }
  bool stopped() const { return proved && !to_somebody.good(); }
};

/// What the attacker got; empty for nothing that stayed hidden.
std::string got_of(const SplitView& found) {
  if (found.signed_falsely()) return "witnesses or auditors signed what is no true directory";
  if (found.in_the_log.believed) return "a phone believed a false history of Bob's that its auditors had not signed";
  if (found.by_none.believed) return "Alice's phone believed a second directory that no auditor had signed";
  if (found.by_none.grew) return "Alice's phone wrote to Bob by what no auditor had signed";
  if (found.by_others.good()) return "Bob's phone believed a second directory that not all of his auditors had signed";
  if (!found.proved) return "with all auditors in league nobody noticed";
  if (!found.verified) return "with all auditors in league Alice's phone held a proof that shows nothing to others";
  if (!found.stopped()) return "there was proof, and Alice's phone wrote to somebody new of that domain all the same";
  return "";
}

/// Why nothing is to be concluded from what was refused; empty when something is.
std::string doubt_of(const SplitView& found) {
  if (!found.truth) return "the truth, which somebody else was told, was not believed either";
  for (const std::string& sentence : {found.by_none.sentence, found.by_others.error, found.in_the_log.sentence}) {
    if (condition_of(sentence) != kSignatures) return "a phone refused for another reason than missing signatures";
  }
  return "";
}

SplitView split_the_view(World& world, const WorldOptions& options) {
  SplitView out;
  Lies liar(world);
  out.by_none = liar.tell({"forked-with-lines", "another directory"});
  out.truth = world.run("mallory-1", {"contact", "verify", "bob@localhost"}).good();
  out.in_the_log = offer_false_log(options);
  TwoHistories colluding(options);
  out.by_others = colluding.lacking_one();
  out.by_all = colluding.by_all();
  out.needed = signers_of(colluding.world(), "bob-1");
  out.proved = colluding.talk();
  if (out.proved) {
    out.verified = verifies(colluding);
    out.to_somebody = colluding.by_alice({"send", "carol@localhost", "to somebody new"});
  }
  return out;
}

void show(Side& side, const SplitView& found) {
  side.show("auditors that must sign for these two", found.needed);
  side.show("signed by none of Alice's auditors (their signatures are copied from the true one)",
            what_came_of(found.by_none));
  side.show("signed by all of Bob's auditors but one",
            found.by_others.good() ? "believed" : in_plain_words(found.by_others.error));
  side.show("signed by all of them, so that the phone has nothing else to go by",
            found.by_all.good() ? "believed" : in_plain_words(found.by_all.error));
  side.show("then: proof on Alice's phone", found.proved ? "yes, after one message" : "none");
  side.show("the proof verifies in a program that has nothing but it, and altered it does not",
            found.verified ? "yes" : "no");
  side.show("writing to a new contact then", found.stopped() ? "refused" : found.proved ? "went on" : "not tried");
  show(side, found.in_the_log);
  side.said("Alice's phone, of the directory that no auditor signed", found.by_none.sentence);
  side.said("Bob's phone, of the one that lacked a signature",
            found.by_others.good() ? "(nothing)" : found.by_others.error);
  if (found.proved)
    side.said("Alice's phone, when she wrote to somebody new",
              found.to_somebody.good() ? "(nothing)" : found.to_somebody.error);
}

}  // namespace

Side split_view_cairn(World& world, const WorldOptions& options) {
  const SplitView found = split_the_view(world, options);
  const bool falsely = found.signed_falsely(), lacking = found.by_others.good();
  Side side;
  side.step("server", "Alice", "another directory, signed by none of her auditors", Step::Kind::swapped);
  side.step("Alice", "Alice", found.by_none.believed ? "believed" : for_picture(found.by_none.sentence),
            stolen_if(found.by_none.believed));
  side.step("server", "auditors", "sign this, with a false Bob in it; and a second one as large", Step::Kind::swapped);
  side.step("auditors", "server", falsely ? "signed" : "no", stolen_if(falsely));
  if (found.in_the_log.believed)
    side.step("server", "Carol", "the false history of Bob's: believed", Step::Kind::stolen);
  side.step("server", "Bob", "another directory, signed by all of his auditors but one", Step::Kind::swapped);
  side.step("Bob", "Bob", lacking ? "believed" : for_picture(found.by_others.error), stolen_if(lacking));
  side.step("server", "Alice", "one directory, signed by all auditors", Step::Kind::swapped);
  side.step("server", "Bob", "another, signed by all auditors too", Step::Kind::swapped);
  side.step("Bob", "Alice", "one message, which carries what Bob was shown");
  if (found.proved) side.step("Alice", "anybody", "proof: two directories, both signed");
  show(side, found);
  const std::string got = got_of(found), doubt = doubt_of(found);
  if (got.empty() && !doubt.empty()) {
    side.got = "nothing to conclude: " + doubt;
    return side;
  }
  side.outcome = got.empty() ? Outcome::evident : Outcome::succeeded;
  side.got = !got.empty() ? got
                          : "with no auditor's signature, and with all but one: refused. Of " +
                                std::to_string(found.in_the_log.asked) + " honest witnesses and auditors " +
                                std::to_string(found.in_the_log.refused) +
                                " refused to sign a false history of Bob's, and none signed a second directory beside "
                                "the first. With all auditors in league a second one was believed; then one unaltered "
                                "message between the two proved it, and Alice's phone refused to write to somebody new "
                                "of that domain";
  side.reduced.push_back(
      {"The second directory that all signed differs from the first in a time alone; no false key was put into it, so "
       "nobody read anything meanwhile. With the help of all auditors a false key for somebody to whom Alice has never "
       "written could stand in it; how much would be read before the proof was not tried.",
       ""});
  return side;
}

}  // namespace cairn::lab
