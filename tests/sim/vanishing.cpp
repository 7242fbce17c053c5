#include "tests/sim/vanishing.h"

#include <algorithm>

#include "tests/sim/faults.h"
#include "tests/support/example_names.h"

namespace cairn::sim {
namespace {

using testing::kAlice;
using testing::kBob;

constexpr const char* kNewcomer = "alice-3";
/// Longer than what they say takes to come everywhere, so that all of it is seen before the first of it goes.
constexpr std::uint64_t kLivesMs[] = {12 * kHourMs, kDayMs, 3 * kDayMs, 8 * kDayMs};
/// From when a text was shown on one device until the last other one of its name knows.
constexpr std::uint64_t kToBeToldMs = 15 * kMinuteMs;
/// In the order of faults.cpp: all but a wrong clock, by which a time is over at another moment, and lost state.
constexpr std::uint64_t kFaults = 0b110'0011'1111'1111;

bool worked(const json& answer) { return answer.contains("result"); }

class Vanishing {
 public:
  Vanishing(World& world, std::uint64_t seed, VanishingResult& result)
      : world_(world),
        random_(seed ^ 0x76616e6973680000),
        result_(result),
        early_(world, random_, kFaults),
        late_(world, random_, kFaults),
        life_ms_(kLivesMs[random_.below(std::size(kLivesMs))]),
        bob_reads_(!chance(4)),
        newcomer_is_early_(chance(2)) {}

  void run() {
    void (Vanishing::*const kSteps[])() = {&Vanishing::begin,    &Vanishing::agree,     &Vanishing::talk,
                                           &Vanishing::back_up,  &Vanishing::read,      &Vanishing::half_way,
                                           &Vanishing::time_out, &Vanishing::come_again};
    for (const auto step : kSteps) {
      if (good()) (this->*step)();
    }
    result_.faults = early_.count() + late_.count();
  }

 private:
  struct Text {
    std::string text;
    bool is_alices;
  };

  bool good() const { return world_.watch().violations().empty(); }
  bool chance(std::uint64_t one_in) { return random_.below(one_in) == 0; }
  void violation(const std::string& sentence) { world_.watch().violation(sentence); }
  static bool is_alices(const std::string& device) { return device.starts_with("alice"); }
  static const char* other_of(const std::string& device) { return is_alices(device) ? kBob : kAlice; }
  const std::string& any_device() { return devices_[random_.below(devices_.size())]; }

  json must(const std::string& device, const std::string& method, const json& params) {
    const json answer = world_.ask(device, method, params);
    if (!worked(answer)) violation(device + ": " + method + ": " + answer.dump());
    return worked(answer) ? answer["result"] : json::object();
  }
  void settle() {
    const bool did = world_.until([&] { return world_.watch().settled(); }, kMostToSettleMs, 10 * kSecondMs);
    if (!did) violation("they do not come to agree");
  }

  // ---- before anything goes wrong ----

  void begin() {
    for (const char* name : {kAlice, kBob}) {
      const std::string person = std::string(name).substr(0, std::string_view(name).find('@'));
      world_.add_device(person + "-1");
      devices_.push_back(person + "-1");
      const json registered =
          must(person + "-1", "register",
               {{"name", name}, {"server_url", World::kServerUrl}, {"policy", world_.policy_text()}});
      if (person == "alice") recovery_key_ = registered.value("recovery_key", "");
      link(person + "-2", person + "-1", name);
    }
    kept_ = say("alice-1", "kept");
    settle();
    must("bob-1", "request.accept", {{"conversation", kAlice}});
    settle();
  }
  void link(const std::string& device, const std::string& by, const char* name) {
    world_.add_device(device);
    const json code =
        must(device, "link", {{"name", name}, {"server_url", World::kServerUrl}, {"policy", world_.policy_text()}});
    if (!good()) return;
    must(by, "device.approve", {{"code", code["code"]}, {"confirm", "this device will read everything"}});
    const auto is_active = [&] {
      const json status = world_.ask(device, "status");
      return worked(status) && status["result"].value("state", "") == "active";
    };
    if (!world_.until(is_active, kMinuteMs, kSecondMs)) return violation(device + " was not let in");
    devices_.push_back(device);
  }
  void agree() {
    const std::string& device = any_device();
    must(device, "conversation.expire", {{"conversation", other_of(device)}, {"seconds", life_ms_ / kSecondMs}});
    settle();
    world_.pass(kMinuteMs);
    for (const std::string& one : devices_) {
      const json all = must(one, "conversations", json::object());
      if (!good()) return;
      const auto has_it = [&](const json& found) { return found["disappears_after_s"] == life_ms_ / kSecondMs; };
      if (std::none_of(all["conversations"].begin(), all["conversations"].end(), has_it))
        violation(one + " does not know when messages are to disappear");
    }
  }

  // ---- what they say ----

  /// Its text: no other begins like it.
  std::string say(const std::string& device, const std::string& what) {
    const std::string text = device + " says " + std::to_string(++said_) + ", " + what;
    const json params = {{"to", other_of(device)}, {"text", text}, {"wait_ms", 10 * kMinuteMs}};
    tickets_.emplace_back(world_.say(device, "send", params), text);
    return text;
  }
  /// What was said last there is edited by who said it, or gets a reaction.
  void change(const std::string& device) {
    const json answer = world_.ask(device, "read", {{"conversation", other_of(device)}, {"limit", 1}});
    if (!worked(answer) || answer["result"]["messages"].empty()) return;
    const json message = answer["result"]["messages"][0];
    if (!message.contains("id") || message["text"] == kept_) return;
    const bool is_own = message["sender"] == (is_alices(device) ? kAlice : kBob);
    const std::string text = message["text"].get<std::string>();
    json params = {{"message", message["id"]}, {"text", is_own ? text.substr(0, text.find(" (")) + " (edited)" : "+1"}};
    world_.say(device, is_own ? "message.edit" : "message.react", std::move(params));
  }
  void talk() {
    for (std::uint64_t left = 6 + random_.below(4); left > 0; --left) {
      if (!chance(3)) early_.begin_one();
      const std::string& device = any_device();
      texts_.push_back({say(device, "for a while"), is_alices(device)});
      if (chance(3)) change(any_device());
      world_.pass(random_.below(30 * kSecondMs));
    }
    early_.end_all();
    world_.pass(kMinuteMs);
    settle();
    for (const auto& [ticket, text] : tickets_) {
      const auto answer = world_.answer(ticket);
      if (answer && worked(*answer)) world_.watch().promised(ticket.device, text);
    }
    world_.watch().check_end();
    // What its sender was not told to be sent may never have left: nobody waits for it.
    std::erase_if(texts_, [&](const Text& one) { return !is_everywhere(one.text); });
    if (texts_.size() < 2) violation("nearly nothing was said");
  }
  bool is_everywhere(const std::string& text) {
    return std::all_of(devices_.begin(), devices_.end(),
                       [&](const std::string& device) { return is_on_disk(device, text); });
  }

  // ---- the time ----

  void back_up() { finish_job("alice-1", "backup.create", {{"recovery_key", recovery_key_}}); }
  bool finish_job(const std::string& device, const std::string& method, const json& params) {
    must(device, method, params);
    json state;
    const auto is_over = [&] {
      const json answer = world_.ask(device, "backup.status", {{"wait_ms", kMinuteMs}});
      state = worked(answer) ? answer["result"] : answer;
      return !state.value("running", false);
    };
    const bool over = world_.until(is_over, kHourMs, kSecondMs);
    if (!over || !state.contains("snapshot")) violation(device + ": " + method + ": " + state.dump());
    return good();
  }
  void read() {
    must(chance(2) ? "alice-1" : "alice-2", "read", {{"conversation", kBob}, {"mark", true}});
    if (bob_reads_) must(chance(2) ? "bob-1" : "bob-2", "read", {{"conversation", kAlice}, {"mark", true}});
    over_at_ = after(world_.agenda().now(), life_ms_ + kToBeToldMs);
    world_.pass(kToBeToldMs);
    settle();
    Host& host = world_.host(any_device());
    copy_.emplace(Copy{&host, host.disk().rows(), world_.watch().copied(host)});
  }
  void half_way() {
    let_pass(life_ms_ / 2 - kHourMs);
    for (const std::string& device : devices_) check_still_there(device);
    if (newcomer_is_early_) bring_newcomer();
  }
  // One's own are counted from when they were sent, which was before.
  void check_still_there(const std::string& device) {
    for (const Text& one : texts_) {
      if (one.is_alices != is_alices(device) && !is_on_disk(device, one.text))
        violation(device + " has forgotten \"" + one.text + "\" before its time");
    }
  }
  void time_out() {
    for (int i = 0; i < 4; ++i) {
      late_.begin_one();
      world_.pass(random_.below(10 * kMinuteMs));
    }
    const Time now = world_.agenda().now();
    if (now < over_at_) let_pass(over_at_.ms - now.ms);
    late_.end_all();
    // Nobody is shown one, not even before its device has done anything else.
    for (const std::string& device : devices_) check_gone(device);
    world_.pass(kToBeToldMs);
    for (const std::string& device : devices_) check_gone(device);
    for (const Text& one : texts_) ++(stays_on("bob-1", one) ? result_.unread : result_.texts);
  }
  /// Awake, or asleep all together.
  void let_pass(std::uint64_t ms) {
    if (ms > kDayMs || chance(2)) {
      world_.agenda().oversleep(ms);
    } else {
      world_.pass(ms);
    }
  }
  // ---- afterwards ----

  void come_again() {
    if (!newcomer_is_early_) bring_newcomer();
    for (const std::string& device : devices_) check_gone(device);
    Host& host = *copy_->host;
    host.kill();
    world_.watch().put_back(host, copy_->known);
    host.disk().put_back(std::move(copy_->rows));
    host.start();
    check_gone(host.name());
    world_.pass(kToBeToldMs);
    for (const std::string& device : devices_) check_gone(device);
  }
  // It is given the history, and restores the backup too.
  void bring_newcomer() {
    link(kNewcomer, chance(2) ? "alice-1" : "alice-2", kAlice);
    if (!good()) return;
    const auto has_history = [&] { return is_on_disk(kNewcomer, kept_); };
    if (!world_.until(has_history, kHourMs, kMinuteMs)) return violation("the new device was given no history");
    if (finish_job(kNewcomer, "backup.restore", {{"recovery_key", recovery_key_}})) settle();
  }

  // ---- what is seen ----

  /// What nobody has read has not begun to count.
  bool stays_on(const std::string& device, const Text& one) const {
    return one.is_alices && !bob_reads_ && !is_alices(device);
  }
  /// Anywhere in what it keeps.
  bool is_on_disk(const std::string& device, const std::string& text) {
    const Disk& disk = world_.host(device).disk();
    for (unsigned table = 1; table < 256; ++table) {
      for (const Row& row : disk.scan(Table{static_cast<std::uint8_t>(table)}, {}, {}, ~std::size_t{0})) {
        const ByteView wanted = as_bytes(text);
        if (std::search(row.value.begin(), row.value.end(), wanted.begin(), wanted.end()) != row.value.end())
          return true;
      }
    }
    return false;
  }
  void check_gone(const std::string& device) {
    const json shown = must(device, "read", json::object());
    const std::string all = shown.dump();
    for (const Text& one : texts_) {
      const bool stays = stays_on(device, one);
      const bool shows = all.find(one.text) != std::string::npos;
      if (!stays && shows) violation(device + " shows \"" + one.text + "\" after its time");
      if (!stays && is_on_disk(device, one.text)) violation(device + " still has \"" + one.text + "\"");
      if (stays && !shows) violation(device + " has forgotten \"" + one.text + "\", which nobody had read");
    }
  }

  struct Copy {
    Host* host;
    MemoryView rows;
    Watch::Copied known;
  };

  World& world_;
  testing::SeededEntropy random_;
  VanishingResult& result_;
  Faults early_, late_;
  std::uint64_t life_ms_;
  bool bob_reads_, newcomer_is_early_;
  std::vector<std::string> devices_;
  std::string recovery_key_, kept_;
  std::uint64_t said_ = 0;
  std::vector<std::pair<Ticket, std::string>> tickets_;
  std::vector<Text> texts_;
  Time over_at_;
  std::optional<Copy> copy_;
};

}  // namespace

VanishingResult run_vanishing(std::uint64_t seed, WorldOptions options) {
  World world(seed, std::move(options));
  const Time start = world.agenda().now();
  VanishingResult result;
  Vanishing run(world, seed, result);
  run.run();
  result.violations = world.watch().violations();
  result.trace_hash = world.trace().hash();
  result.steps = world.agenda().steps();
  result.simulated_ms = elapsed_ms(world.agenda().now(), start);
  return result;
}

}  // namespace cairn::sim
