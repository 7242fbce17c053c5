// What the server's mind takes, without any disk: requests are signed beforehand, batches are as the loop makes them.
#include <benchmark/benchmark.h>

#include "core/relay/tables.h"
#include "tests/support/relay_people.h"

namespace cairn::relay {
namespace {

using testing::RelayDriver;

/// A channel with `count` recipients whose people never registered: rows are put in directly.
struct FanOut {
  explicit FanOut(std::size_t count) {
    Bytes recipients;
    std::vector<MailboxId> mailboxes;
    for (std::size_t i = 0; i < count; ++i) mailboxes.push_back(random_value<MailboxId>(driver.entropy));
    std::ranges::sort(mailboxes);
    Overlay rows(driver.store);
    for (const MailboxId& mailbox : mailboxes) {
      save(rows, table::kMailboxes, to_bytes(mailbox), MailboxRow{});
      append(recipients, mailbox);
    }
    rows.put(table::kRecipients, numbered_key(channel.id, 0), recipients);
    driver.store.apply(rows.take_writes());
  }

  RelayDriver driver{testing::open_config()};
  testing::Member alice{driver, "alice@example.org", 1};
  testing::TestChannel channel{driver, alice, 4};
};

/// Deliveries a second: eight sends a batch, each to all recipients.
void BM_FanOut(benchmark::State& state) {
  const auto recipients = static_cast<std::size_t>(state.range(0));
  FanOut world(recipients);
  const Bytes body = wire::encode(world.channel.make_send(Bytes(200, 1), world.channel.key, 0));
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<proto::Input> inputs;
    for (int i = 0; i < 8; ++i) {
      inputs.emplace_back(world.driver.make_request(proto::Method::post, proto::kPathChannelSend, body));
    }
    world.driver.answers.clear();
    state.ResumeTiming();
    world.driver.batch(inputs);
  }
  state.SetItemsProcessed(state.iterations() * 8 * static_cast<std::int64_t>(recipients));
}
BENCHMARK(BM_FanOut)->ArgName("mailboxes")->Arg(1)->Arg(100)->Iterations(100)->Unit(benchmark::kMillisecond);

/// Look-ups a second of a name with one device, nothing known and everything known.
void BM_Lookup(benchmark::State& state) {
  RelayDriver driver(testing::open_config());
  testing::Member alice(driver, "alice@example.org", 1);
  directory::LookupRequest request{alice.person.name(), 0, {}, 0};
  if (state.range(0) != 0) {
    request.known_count = alice.person.state.count();
    request.known_head = alice.person.state.head();
    request.known_size = 2;
  }
  const auto arrived = driver.make_request(proto::Method::post, proto::kPathLookup, wire::encode(request));
  std::size_t bytes = 0;
  for (auto _ : state) {
    driver.answers.clear();
    bytes = driver.request(arrived).body.size();
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(BM_Lookup)->ArgName("known")->Arg(0)->Arg(1);

}  // namespace
}  // namespace cairn::relay
