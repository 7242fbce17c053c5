#include "tests/sim/faults.h"

#include "core/client/tables.h"

namespace cairn::sim {
namespace {

constexpr std::uint64_t kOrdinarySlownessMs = 20;
/// A clock is wrong by so much at most, either way.
constexpr std::uint64_t kPersonsClockMs = kHourMs;
constexpr std::uint64_t kServersClockMs = 2 * kMinuteMs;

}  // namespace

Faults::Faults(World& world, testing::SeededEntropy& random, std::optional<std::uint64_t> kinds)
    : world_(world), random_(random), kinds_(random_.below(4) == 0 ? ~std::uint64_t{0} : random_.next()) {
  if (kinds) kinds_ = *kinds;
}

void Faults::begin_one() {
  constexpr void (Faults::*kFaults[])() = {
      &Faults::crash,     &Faults::crash,      &Faults::stop,     &Faults::fail_commit,  &Faults::fill_disk,
      &Faults::go_away,   &Faults::slow_down,  &Faults::lose,     &Faults::delay_timers, &Faults::repeat_timers,
      &Faults::set_clock, &Faults::lose_state, &Faults::put_back, &Faults::divide,       &Faults::repeat_requests};
  std::uint64_t kind = random_.below(std::size(kFaults));
  if ((kinds_ >> kind & 1) == 0) kind = random_.below(std::size(kFaults));
  if ((kinds_ >> kind & 1) == 0) return;
  ++count_;
  (this->*kFaults[kind])();
}

void Faults::end_all() {
  over_ = true;
  for (const auto& end : std::exchange(ends_, {})) end();
  for (Host* host : world_.everybody()) {
    host->die_after(std::nullopt);
    host->disk().fail_after(std::nullopt);
    if (!host->running()) host->start();
  }
}

Host& Faults::anybody() {
  // The relay is in every conversation: it is half of the time its turn.
  if (random_.below(3) == 0) return world_.relay();
  const auto all = world_.everybody();
  return *all[random_.below(all.size())];
}

Host& Faults::any_person() {
  const auto& people = world_.people();
  return people.empty() ? anybody() : *people[random_.below(people.size())];
}

void Faults::restart_later(Host& host, std::uint64_t most_ms) {
  world_.agenda().in(random_.below(most_ms), [this, &host] {
    if (!over_ && !host.running()) host.start();
  });
  if (over_ && !host.running()) host.start();
}

void Faults::for_a_while(std::uint64_t most_ms, std::function<void()> end) {
  const std::size_t index = ends_.size();
  ends_.push_back(std::move(end));
  world_.agenda().in(random_.below(most_ms) + 1, [this, index] {
    if (over_) return;
    if (const auto mend = std::exchange(ends_[index], [] {})) mend();
  });
}

void Faults::crash() {
  Host& host = anybody();
  host.on_death([this](Host& dead) {
    if (random_.below(2) == 0) dead.lose_power();
    restart_later(dead, 20 * kSecondMs);
  });
  host.die_after(random_.below(30));
}

void Faults::stop() {
  Host& host = anybody();
  host.kill();
  restart_later(host, 2 * kMinuteMs);
}

void Faults::fail_commit() { anybody().disk().fail_after(random_.below(20)); }

void Faults::fill_disk() {
  Host& host = anybody();
  host.set_full(true);
  for_a_while(kMinuteMs, [&host] { host.set_full(false); });
}

void Faults::go_away() {
  Host& host = anybody();
  if (random_.below(2) == 0) return world_.network().cut(host);
  island(2 * kMinuteMs, {&host});
}

void Faults::island(std::uint64_t most_ms, const std::vector<const Host*>& hosts) {
  const Network::Island one = world_.network().cut_off(hosts);
  for_a_while(most_ms, [this, one] { world_.network().join_again(one); });
}

// Some of the people, or of the cosigners, or of everybody, are cut off from all others together: so people who hear
// each other's silence alone, a server without a quorum, and devices of one person of which some go on.
void Faults::divide() {
  std::vector<Host*> among;
  switch (random_.below(3)) {
    case 0: among = world_.people(); break;
    case 1: among = world_.cosigners(); break;
    default: among = world_.everybody(); break;
  }
  std::vector<const Host*> hosts;
  for (const Host* host : among) {
    if (random_.below(2) == 0) hosts.push_back(host);
  }
  island(random_.below(4) == 0 ? 30 * kMinuteMs : 5 * kMinuteMs, hosts);
}

void Faults::slow_down() {
  world_.network().set_slowness(random_.below(4) == 0 ? 15 * kSecondMs : 2 * kSecondMs);
  for_a_while(kMinuteMs, [this] { world_.network().set_slowness(kOrdinarySlownessMs); });
}

void Faults::lose() {
  world_.network().set_loss(5 + random_.below(30));
  for_a_while(kMinuteMs, [this] { world_.network().set_loss(0); });
}

void Faults::repeat_requests() {
  world_.network().set_repeats(10 + random_.below(60));
  for_a_while(2 * kMinuteMs, [this] { world_.network().set_repeats(0); });
}

void Faults::delay_timers() {
  Host& host = anybody();
  host.set_timer_lateness(5 * kSecondMs);
  for_a_while(kMinuteMs, [&host] { host.set_timer_lateness(0); });
}

void Faults::repeat_timers() {
  Host& host = anybody();
  for (std::uint64_t i = 0; i < 3; ++i) {
    world_.agenda().in(random_.below(5 * kSecondMs),
                       [this, &host] { host.deliver(proto::TimerFired{world_.agenda().now().ms}); });
  }
}

void Faults::set_clock() {
  const bool of_a_person = random_.below(2) == 0;
  Host& host = of_a_person ? any_person() : anybody();
  const bool far = of_a_person && random_.below(2) == 0;
  const std::uint64_t most = far ? kPersonsClockMs : kServersClockMs;
  host.set_clock_error(static_cast<std::int64_t>(random_.below(2 * most)) - static_cast<std::int64_t>(most));
  for_a_while(5 * kMinuteMs, [&host] { host.set_clock_error(0); });
}

// ---- what a device knows ----

Host* Faults::victim() {
  if (victim_ == nullptr) victim_ = &any_person();
  const auto account = client::load_account(victim_->disk());
  return account && account->state == client::AccountState::active ? victim_ : nullptr;
}

void Faults::lose_state() {
  Host* host = victim();
  if (host == nullptr) return;
  host->kill();
  const auto rows = host->disk().scan(client::tables::kGroups, {}, {}, ~std::size_t{0});
  if (!rows.empty()) {
    host->disk().lose(client::tables::kGroups, rows[random_.below(rows.size())].key);
    world_.watch().lost_something(*host);
  }
  restart_later(*host, 20 * kSecondMs);
}

void Faults::put_back() {
  Host* host = victim();
  if (host == nullptr) return;
  const MemoryView copy = host->disk().rows();
  const Watch::Copied copied = world_.watch().copied(*host);
  for_a_while(2 * kMinuteMs, [this, host, copy, copied] {
    host->kill();
    world_.watch().put_back(*host, copied);
    host->disk().put_back(copy);
    if (!host->running()) host->start();
  });
}

}  // namespace cairn::sim
