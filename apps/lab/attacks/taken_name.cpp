#include "apps/lab/attacks/taken_name.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <thread>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/cairn/auditors.h"
#include "apps/lab/cairn/stolen_backup.h"

namespace cairn::lab {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr seconds kDelay = hours(72);
constexpr seconds kAheadOfDelay = hours(75);
// Who is refused asks again after a minute; so the clocks go on by a little more, as often as that, and between stand
// still for so long. Not by more at once: the server counts on auditors that have signed in the last ten minutes.
// What is expected is waited for long, and mostly comes soon; how much is tried of what auditors refuse is fixed.
struct Patience {
  int times;
  seconds each;
};
constexpr seconds kPause{61};
constexpr Patience kExpected{60, seconds(5)}, kNotExpected{3, seconds(3)};
constexpr int kMostTrials = 20;
constexpr seconds kMostOfAnAlarm{180}, kMostOfAVeto{4};
constexpr const char* kDora = "dora@localhost";
constexpr const char* kBob = "bob@localhost";

const std::vector<std::string>& doras_sentences() {
  static const std::vector<std::string> all = {"the ferry leaves without us on Thursday",
                                               "her true name is in the green notebook"};
  return all;
}

bool has_name(World& world, const std::string& device) {
  const demo::Said said = world.run(device, {"status"});
  return said.json.is_object() && said.json.value("state", "") == "active";
}

template <class Condition>
bool within(seconds most, Condition condition) {
  const auto until = std::chrono::steady_clock::now() + most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return true;
}

/// The two resets, from the first word to the end.
class Resets {
 public:
  explicit Resets(Owner& owner) : owner_(owner), world_(owner.world()) {}

  void begin() {
    const demo::Said dora = world_.enroll("dora-1", kDora, {"--reset-delay", "3"});
    must(dora);
    doras_key_ = dora.json["recovery_key"];
    for (const std::string& text : doras_sentences()) must(world_.run("dora-1", {"send", kBob, text}));
    must(owner_.backup("dora-1", "create", doras_key_));
    {
      const Operator at_rest(world_);
      stolen_ = stolen_from_server(at_rest, at_rest.key_boxes());
    }
    for (const auto& [device, name] : {std::pair(kDorasThief, kDora), std::pair(kBobsThief, kBob)}) {
      const demo::Said asked = owner_.ask("reset", device, name, {});
      must(asked);
      if (std::string_view(name) == kDora) his_paper_ = asked.json["recovery_key"];
    }
    const Operator at_rest(world_);
    resets_ = at_rest.resets();
    if (resets_.size() != 2) must({1, {}, "the directory does not have the two resets"});
  }
  /// Bob says no. The server takes it, and drops it.
  std::size_t let_bob_say_no() {
    world_.village().start_daemon("bob-1");
    const auto alarmed = [&] {
      const demo::Said status = world_.run("bob-1", {"status"});
      return status.good() && !status.json.value("alarms", nlohmann::json::array()).empty();
    };
    if (!within(kMostOfAnAlarm, alarmed)) must({1, {}, "Bob was not told of the reset"});
    world_.tell("censored-veto");
    std::size_t out = 0;
    (void)within(kMostOfAnAlarm, [&] {
      const demo::Said status = world_.run("bob-1", {"status"});
      if (!status.good()) return false;
      if (!status.json.contains("veto")) {
        // It waits for the server to publish it, which does not; his phone goes on by itself.
        (void)world_.village().cairn("bob-1", {"veto"}, kMostOfAVeto);
        return false;
      }
      out = status.json["veto"].value("auditors_have", std::size_t{0});
      return out == 2;
    });
    world_.village().stop_daemon("bob-1");
    return out;
  }
  /// The day that clocks show goes ahead for all, auditors too; what they count of waiting does not. Whether a name is
  /// the thief's then; else both of his programs have asked for one, and the server its auditors.
  bool try_with_clocks_alone() {
    {
      const Operator at_rest(world_);
      world_.set_clocks(kAheadOfDelay);
    }
    const bool open = !is_withheld(kDora) || !is_withheld(kBob);
    for (int trial = 0; trial < kMostTrials; ++trial) {
      const bool taken = get([&] { return has_name(world_, kDorasThief) || has_name(world_, kBobsThief); },
                             open ? kExpected : kNotExpected);
      if (taken) return true;
      const Operator at_rest(world_);
      if (at_rest.count(relay::table::kClosings) == resets_.size()) return false;
    }
    must({1, {}, "the thief's programs did not ask for the names"});
    return false;
  }
  /// Until the auditors themselves say that they have counted the days.
  void wait() {
    const Operator at_rest(world_);
    world_.pass_at_auditors(kDelay, [&] {
      return std::none_of(resets_.begin(), resets_.end(), [&](const Operator::Reset& reset) {
        return some_auditor_says(reset, {CloseWord::not_yet, CloseWord::no_answer});
      });
    });
  }
  bool take_doras() {
    return get([&] { return has_name(world_, kDorasThief); }, kExpected);
  }
  bool take_bobs() {
    return get([&] { return has_name(world_, kBobsThief); }, is_withheld(kBob) ? kNotExpected : kExpected);
  }

  /// What the thief makes of the name that he has, and of the server's whole disk.
  void read(TakenNames& out) {
    out.listed = owner_.run(kDorasThief, {"backup", "list"});
    out.restored = owner_.run(kDorasThief, {"backup", "restore"});
    out.with_his_paper = owner_.backup(kDorasThief, "restore", his_paper_);
    std::set<std::string> read =
        read_packs(stolen_, open_with_keys(stolen_, keys_of_paper(his_paper_, kDora)), doras_sentences());
    read.merge(read_packs(stolen_, open_with_what_lies_beside(stolen_), doras_sentences()));
    const OpenedBox hers = open_with_keys(stolen_, keys_of_paper(doras_key_, kDora));
    out.tool_works = read_packs(stolen_, hers, doras_sentences()).size();
    out.sentences = read.size() + owner_.sentences_on(kDorasThief, doras_sentences());
    out.all = doras_sentences().size();
  }

 private:
  static constexpr const char* kDorasThief = "thief-3";
  static constexpr const char* kBobsThief = "thief-4";

  bool some_auditor_says(const Operator::Reset& reset, const std::set<CloseWord>& words) const {
    const auto ports = world_.auditor_ports();
    return std::any_of(ports.begin(), ports.end(),
                       [&](unsigned port) { return words.contains(ask_to_close(port, reset.asked)); });
  }
  /// Whether an auditor does not let a name go now: without one of them there is no quorum.
  bool is_withheld(std::string_view name) const {
    return std::any_of(resets_.begin(), resets_.end(), [&](const Operator::Reset& reset) {
      return reset.name == name && some_auditor_says(reset, {CloseWord::not_yet, CloseWord::vetoed});
    });
  }
  /// Whether the thieves' programs come to it.
  template <class Condition>
  bool get(Condition condition, Patience patience) {
    for (const std::string device : {kDorasThief, kBobsThief}) world_.start_program(device);
    bool out = false;
    for (int time = 0; time < patience.times && !out; ++time) {
      if (time != 0) world_.set_clocks(world_.ahead() + kPause);
      out = within(patience.each, condition);
    }
    world_.end_programs();
    return out;
  }

  Owner& owner_;
  World& world_;
  std::string doras_key_, his_paper_;
  StolenBackup stolen_;  ///< all that the server has of backups, from before
  std::vector<Operator::Reset> resets_;
};

}  // namespace

TakenNames take_names(Owner& owner) {
  TakenNames out;
  Resets resets(owner);
  resets.begin();
  out.auditors_told = resets.let_bob_say_no();
  out.before_its_time = resets.try_with_clocks_alone();
  resets.wait();
  out.dora = resets.take_doras();
  out.against_its_owner = resets.take_bobs();
  resets.read(out);
  return out;
}

void draw(Side& side, const TakenNames& found) {
  side.step("attacker", "server", "Dora's name, by a reset that she allows: three days, and nobody says no");
  side.step("server", "attacker", found.dora ? "the name" : "nothing", Step::Kind::swapped);
  side.step("attacker", "attacker", found.sentences == 0 ? "and none of her messages" : "and her messages",
            stolen_if(found.sentences != 0));
  side.step("attacker", "server",
            found.against_its_owner ? "Bob's name, against his word"
            : found.before_its_time ? "a name before its time"
                                    : "Bob's name likewise: he said no, and has it still",
            stolen_if(found.rushed()));
}

void show(Side& side, const TakenNames& found) {
  side.show("a name taken by a reset with all clocks three days ahead, before the auditors had counted them themselves",
            found.before_its_time ? "yes" : "none");
  side.show("auditors that had Bob's word against it, which the server had kept back", found.auditors_told);
  side.show("Bob's name, when the three days were over", found.against_its_owner ? "the thief's" : "not given");
  side.show("Dora's name, which nobody defended, when they were over", found.dora ? "the thief's" : "not given");
  side.show("her sentences that came to him with it, on his phone or by a program of his own",
            of(found.sentences, found.all));
  side.show("by that program with Dora's paper (so it works)", of(found.tool_works, found.all));
  side.show("backups that the server lists for the name's new owner",
            found.listed.good() ? std::to_string(found.listed.json.value("snapshots", nlohmann::json::array()).size())
                                : "refused");
  side.said("the new owner of Dora's name asks for her backups", answer(found.listed));
  side.said("and restores them", answer(found.restored));
  side.said("and restores them with his own paper", answer(found.with_his_paper));
}

}  // namespace cairn::lab
