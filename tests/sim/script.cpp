#include "tests/sim/script.h"

namespace cairn::sim {
namespace {

constexpr const char* kConfirmation = "this device will read everything";
/// Within this everything that was mended must have come right. The longest pauses: a cosigner is asked again after a
/// minute, a clock that was an hour ahead left a record for which cosigners wait as long.
constexpr std::uint64_t kSettleStepMs = 10 * kSecondMs;
/// A device that lost its place is let in once a day, and a pair of which nobody is in is begun anew after two.
constexpr std::uint64_t kMostToComeInMs = 3 * kDayMs;

/// Of a text, and of a file, which may still be on its way.
bool is_told_sent(const json& answer) {
  if (!worked(answer)) return false;
  const json& result = answer["result"];
  return !result.contains("transfer") || (result.contains("message") && result["message"]["delivery"] == "sent");
}

}  // namespace

RunResult run_seed(std::uint64_t seed, const RunOptions& options) {
  World world(seed, options.world);
  Script script(world, seed, options);
  const std::uint64_t commits = world.relay().disk().commits();
  if (options.relays_failing_commit) world.relay().disk().fail_after(*options.relays_failing_commit);
  const Time start = world.agenda().now();
  script.run();
  RunResult result;
  result.violations = world.watch().violations();
  result.trace_hash = world.trace().hash();
  result.steps = world.agenda().steps();
  result.simulated_ms = elapsed_ms(world.agenda().now(), start);
  result.texts = world.watch().texts_sent();
  result.faults = script.faults();
  result.relay_commits = world.relay().disk().commits() - commits;
  result.leaf_updates = world.watch().leaf_updates();
  return result;
}

Script::Script(World& world, std::uint64_t seed, const RunOptions& options)
    : world_(world),
      random_(seed ^ 0x7363726970740000),
      options_(options),
      faults_(world, random_, options.fault_kinds) {}

void Script::run() {
  begin();
  for (std::uint64_t i = 0; i < options_.actions && world_.watch().violations().empty(); ++i) {
    if (options_.with_a_week && i == options_.actions / 2) let_a_week_pass();
    if (options_.faults && !chance(3)) faults_.begin_one();
    if (options_.faults && chance(3)) faults_.begin_one();
    act();
    world_.pass(random_.below(chance(4) ? 30 * kSecondMs : 3 * kSecondMs));
  }
  if (world_.watch().violations().empty()) end();
}

void Script::begin() {
  const bool early_trouble = options_.faults && chance(4);
  for (const char* who : {"alice", "bob", "carol"}) {
    if (people_.size() == 2 && !chance(3)) break;
    if (early_trouble) faults_.begin_one();
    people_.push_back({who, {}});
    if (!register_person(who)) return;
  }
  for (std::size_t i = 0; i < 2; ++i) {
    if (early_trouble) faults_.begin_one();
    if (!chance(4)) link_device(people_[i]);
  }
}

void Script::act() {
  switch (random_.below(26)) {
    case 0: link_device(anybody()); break;
    case 1: remove_device(anybody()); break;
    case 2: create_group(); break;
    case 3:
    case 4: add_to_group(); break;
    case 5:  // now and then longer than a login is good
      world_.pass(chance(30) ? 13 * kHourMs : chance(8) ? kHourMs : random_.below(2 * kMinuteMs));
      break;
    case 6:
    case 7:
    case 8: say_to_a_group(); break;
    case 9:  // several at once
      for (std::uint64_t i = 2 + random_.below(4); i > 0; --i) {
        if (chance(2))
          say_to_a_group();
        else
          say_to_a_person();
      }
      break;
    case 10:
    case 11: change_message(); break;
    case 12: reply(); break;
    case 13: remove_from_group(); break;
    case 14: leave_group(); break;
    case 15:
    case 16: change_group(); break;
    case 17:
    case 18: send_file(); break;
    case 19: save_file(); break;
    default: say_to_a_person(); break;
  }
}

// ---- names and devices ----

std::string Script::status_of(const std::string& device) {
  const json answer = world_.ask(device, "status");
  return worked(answer) ? answer["result"].value("state", "") : std::string();
}

bool Script::register_person(const std::string& who) {
  const std::string device = who + "-1";
  world_.add_device(device);
  people_.back().devices.push_back(device);
  for (int i = 0; i < 60; ++i) {
    const std::string state = status_of(device);
    if (state == "active") return true;
    if (state == "none") {
      world_.ask(device, "register",
                 {{"name", full_name(who)}, {"server_url", World::kServerUrl}, {"policy", world_.policy_text()}});
    }
    world_.pass(5 * kSecondMs);
  }
  world_.watch().violation(device + " could not register");
  return false;
}

bool Script::link_device(Person& person) {
  if (person.devices.size() >= 4) return false;
  const std::string device = person.name + "-" + std::to_string(++said_["devices of " + person.name] + 1);
  const std::string by = any_device(person);
  world_.add_device(device);
  for (int i = 0; i < 3; ++i) {
    const json code = world_.ask(
        device, "link",
        {{"name", full_name(person.name)}, {"server_url", World::kServerUrl}, {"policy", world_.policy_text()}});
    if (worked(code)) {
      world_.ask(by, "device.approve", {{"code", code["result"]["code"]}, {"confirm", kConfirmation}}, 2 * kMinuteMs);
    }
    if (world_.until([&] { return status_of(device) == "active"; }, 20 * kSecondMs, kSecondMs)) {
      person.devices.push_back(device);
      return true;
    }
  }
  return false;
}

// Whether it worked is not asked: nobody uses the device any more, and the watch goes by the chain.
void Script::remove_device(Person& person) {
  if (person.devices.size() < 2) return;
  const std::size_t index = random_.below(person.devices.size());
  const std::string gone = person.devices[index];
  const json status = world_.ask(gone, "status");
  if (!worked(status) || !status["result"].contains("device")) return;
  person.devices.erase(person.devices.begin() + static_cast<std::ptrdiff_t>(index));
  const std::string by = any_device(person);
  const Ticket ticket = world_.say(by, "device.remove", {{"device", status["result"]["device"]}});
  tickets_.emplace_back(ticket, "");
  if (chance(2)) world_.until([&] { return !world_.host(by).running(); }, 20 * kSecondMs, kSecondMs);
}

// ---- the end ----

bool Script::settle() {
  const std::uint64_t most_ms = world_.watch().is_harmed() ? kMostToComeInMs : kMostToSettleMs;
  return world_.until([&] { return world_.watch().settled(); }, most_ms, kSettleStepMs);
}

void Script::let_a_week_pass() {
  world_.agenda().oversleep(8 * kDayMs);
  for (int i = 0; i < 24 && world_.watch().violations().empty(); ++i) {
    if (options_.faults) faults_.begin_one();
    say_to_a_person();
    if (chance(2)) say_to_a_group();
    world_.pass(random_.below(4 * kMinuteMs));
  }
}

void Script::be_away() {
  Person& person = anybody();
  Host& away = world_.host(any_device(person));
  away.kill();
  files_are_gone_ = true;
  for (std::uint64_t i = 3 + random_.below(4); i > 0; --i) {
    act();
    world_.pass(random_.below(10 * kSecondMs));
  }
  world_.pass(kMinuteMs);
  world_.watch().lost_something(away);
  constexpr std::uint64_t kDays[] = {29, 60, 100};
  world_.agenda().oversleep(kDays[random_.below(std::size(kDays))] * kDayMs);
  world_.pass(30 * kMinuteMs);  // the server forgets what waited for too long
  if (!away.running()) away.start();
}

void Script::everybody_speaks() {
  for (const Person& person : people_) {
    for (const std::string& device : person.devices) {
      const json answer = world_.ask(device, "conversations");
      if (!worked(answer)) continue;
      for (const json& one : answer["result"]["conversations"]) say(device, one["id"]);
    }
  }
}

void Script::end() {
  faults_.end_all();
  // Who knows nothing of a channel any more hears of it by what comes there.
  if (world_.watch().is_harmed()) everybody_speaks();
  if (settle() && options_.faults && chance(8)) {
    be_away();
    everybody_speaks();
  }
  if (settle()) {
    // All who are in a conversation can still write to it.
    everybody_speaks();
    world_.pass(kMinuteMs);
    settle();
  }
  for (const auto& [ticket, text] : tickets_) {
    const auto answer = world_.answer(ticket);
    if (answer && !text.empty() && is_told_sent(*answer)) world_.watch().promised(ticket.device, text);
  }
  if (world_.watch().settled()) save_everything();
  world_.watch().check_end();
  if (!world_.watch().violations().empty()) world_.watch().note_all();
}

}  // namespace cairn::sim
