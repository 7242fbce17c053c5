#include "tests/sim/domains.h"

#include <array>

#include "core/client/tables.h"

namespace cairn::sim {
namespace {

constexpr std::uint64_t kLongestOutageMs = 12 * kHourMs;
/// The longest pauses between two tries: five minutes for a queue, ten for a look-up at another domain.
constexpr std::uint64_t kMostToSettleOfTwoMs = 3 * kHourMs;
/// A device that lost its place asks every twelve hours at the least, and again when it came too late.
constexpr std::uint64_t kMostToComeInOfTwoMs = 3 * kDayMs;

class Domains {
 public:
  Domains(World& world, std::uint64_t seed, std::uint64_t actions)
      : world_(world), random_(seed ^ 0x646f6d61696e7300), actions_(actions) {}

  void run() {
    const std::vector<std::array<const char*, 3>> people = {{"alice", World::kDomain, World::kServerUrl},
                                                            {"carol", World::kDomain, World::kServerUrl},
                                                            {"bob", World::kOtherDomain, World::kOtherUrl}};
    for (const auto& [who, domain, url] : people) {
      const std::string device = std::string(who) + "-1";
      world_.add_device(device);
      must(device, "register",
           {{"name", std::string(who) + "@" + domain}, {"server_url", url}, {"policy", world_.policy_text()}});
      know_the_other(device, domain == std::string(World::kDomain));
    }
    link_bobs_second();
    must("alice-1", "group.create", {{"title", "walkers"}, {"names", {bob(), "carol"}}});
    must("bob-1", "group.create", {{"title", "climbers"}, {"names", {"alice@example.org"}}});
    for (std::uint64_t i = 0; i < actions_ && world_.watch().violations().empty(); ++i) act();
    if (world_.watch().violations().empty()) end();
  }
  std::size_t outages() const { return outages_; }
  std::size_t partitions() const { return partitions_; }
  std::size_t losses() const { return losses_; }

 private:
  static std::string bob() { return std::string("bob@") + World::kOtherDomain; }
  bool chance(std::uint64_t in) { return random_.below(in) == 0; }

  void must(const std::string& device, const std::string& method, const json& params) {
    const json answer = world_.ask(device, method, params);
    if (!answer.contains("result")) world_.watch().violation(device + ": " + method + ": " + answer.dump());
  }
  void know_the_other(const std::string& device, bool is_of_first) {
    must(device, "domain.add",
         {{"domain", is_of_first ? World::kOtherDomain : World::kDomain},
          {"server_url", is_of_first ? World::kOtherUrl : World::kServerUrl}});
  }
  void link_bobs_second() {
    world_.add_device("bob-2");
    const json code = world_.ask("bob-2", "link",
                                 {{"name", bob()}, {"server_url", World::kOtherUrl}, {"policy", world_.policy_text()}});
    if (!code.contains("result")) return world_.watch().violation("bob-2 could not be linked: " + code.dump());
    must("bob-1", "device.approve",
         {{"code", code["result"]["code"]}, {"confirm", "this device will read everything"}});
    const auto is_active = [&] {
      const json status = world_.ask("bob-2", "status");
      return status.contains("result") && status["result"].value("state", "") == "active";
    };
    if (!world_.until(is_active, kMinuteMs, kSecondMs)) world_.watch().violation("bob-2 was not let in");
    know_the_other("bob-2", false);
  }

  void act() {
    if (down_ != nullptr && world_.agenda().now() >= until_) bring_back();
    if (down_ == nullptr && chance(5)) take_away();
    if (island_ && world_.agenda().now() >= island_until_) join_again();
    if (!island_ && chance(6)) divide();
    if (copy_ && chance(2)) put_back();
    if (losses_ == 0 && !copy_ && chance(6)) harm();
    world_.network().set_loss(chance(3) ? 10 : 0);
    for (std::uint64_t i = 1 + random_.below(3); i > 0; --i) say();
    world_.pass(chance(5) ? random_.below(2 * kHourMs) : random_.below(kMinuteMs));
  }
  void take_away() {
    down_ = chance(2) ? &world_.relay() : &world_.other_relay();
    down_->kill();
    until_ = after(world_.agenda().now(), kMinuteMs + random_.below(kLongestOutageMs));
    ++outages_;
  }
  void bring_back() {
    down_->start();
    down_ = nullptr;
  }
  /// One domain hears nothing of the other; or its server hears nobody at all; or nobody hears the cosigners.
  void divide() {
    std::vector<const Host*> hosts;
    switch (random_.below(3)) {
      case 0: hosts = {&world_.other_relay(), &world_.host("bob-1"), &world_.host("bob-2")}; break;
      case 1: hosts = {chance(2) ? &world_.relay() : &world_.other_relay()}; break;
      default: hosts.assign(world_.cosigners().begin(), world_.cosigners().end()); break;
    }
    island_ = world_.network().cut_off(hosts);
    island_until_ = after(world_.agenda().now(), kMinuteMs + random_.below(kLongestOutageMs));
    ++partitions_;
  }
  void join_again() {
    world_.network().join_again(*island_);
    island_.reset();
  }
  // Once in a run: nobody is let in a second time before a day is over.
  void harm() {
    Host& host = world_.host(any_device());
    if (chance(2)) {
      copy_.emplace(Copy{&host, host.disk().rows(), world_.watch().copied(host)});
      return;
    }
    const auto rows = host.disk().scan(client::tables::kGroups, {}, {}, ~std::size_t{0});
    if (rows.empty()) return;
    host.kill();
    for (const Row& row : rows) {
      if (rows.size() == 1 || chance(2)) host.disk().lose(client::tables::kGroups, row.key);
    }
    world_.watch().lost_something(host);
    host.start();
    ++losses_;
  }
  void put_back() {
    Host& host = *copy_->host;
    host.kill();
    world_.watch().put_back(host, copy_->known);
    host.disk().put_back(std::move(copy_->rows));
    host.start();
    copy_.reset();
    ++losses_;
  }
  const std::string& any_device() {
    static const std::vector<std::string> kDevices = {"alice-1", "carol-1", "bob-1", "bob-2"};
    return kDevices[random_.below(kDevices.size())];
  }
  void say() {
    const std::string& device = any_device();
    const bool is_carol = device == "carol-1";
    const bool is_bob = device.starts_with("bob");
    std::string to = is_carol || chance(2) ? "walkers" : "climbers";
    if (chance(3)) to = is_bob ? "alice@example.org" : bob();
    const std::string text = device + " #" + std::to_string(++said_[device]);
    tickets_.emplace_back(world_.say(device, "send", {{"to", to}, {"text", text}, {"wait_ms", 10 * kMinuteMs}}), text);
  }

  void end() {
    if (down_ != nullptr) {
      const Time now = world_.agenda().now();
      if (until_ > now) world_.pass(until_.ms - now.ms);
      bring_back();
    }
    if (island_) join_again();
    world_.network().set_loss(0);
    const std::uint64_t most_ms = losses_ != 0 ? kMostToComeInOfTwoMs : kMostToSettleOfTwoMs;
    world_.until([&] { return world_.watch().settled(); }, most_ms, 10 * kSecondMs);
    world_.pass(15 * kMinuteMs);  // and what waits for another domain has its next try
    for (const auto& [ticket, text] : tickets_) {
      const auto answer = world_.answer(ticket);
      if (answer && answer->contains("result")) world_.watch().promised(ticket.device, text);
    }
    world_.watch().check_end();
  }

  World& world_;
  testing::SeededEntropy random_;
  std::uint64_t actions_;
  std::map<std::string, std::uint64_t> said_;
  std::vector<std::pair<Ticket, std::string>> tickets_;
  Host* down_ = nullptr;
  Time until_;
  std::size_t outages_ = 0;
  std::optional<Network::Island> island_;
  Time island_until_;
  std::size_t partitions_ = 0;
  /// Of a device, until it is put back from it.
  struct Copy {
    Host* host;
    MemoryView rows;
    Watch::Copied known;
  };
  std::optional<Copy> copy_;
  std::size_t losses_ = 0;
};

}  // namespace

DomainsResult run_domains(std::uint64_t seed, WorldOptions options, std::uint64_t actions) {
  options.two_domains = true;
  World world(seed, std::move(options));
  const Time start = world.agenda().now();
  Domains domains(world, seed, actions);
  domains.run();
  DomainsResult result;
  result.violations = world.watch().violations();
  result.trace_hash = world.trace().hash();
  result.steps = world.agenda().steps();
  result.simulated_ms = elapsed_ms(world.agenda().now(), start);
  result.texts = world.watch().texts_sent();
  result.outages = domains.outages();
  result.partitions = domains.partitions();
  result.losses = domains.losses();
  return result;
}

}  // namespace cairn::sim
