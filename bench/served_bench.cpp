// From a statement's acceptance until a look-up gives it, cosigned by the quorum: cairnd under two witnesses and two
// auditors, real programs over loopback. The domain is idle otherwise.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "apps/demo/village.h"
#include "bench/clock.h"
#include "core/directory/lookup.h"
#include "core/proto/api.h"
#include "shell/net/network.h"
#include "tests/support/test_person.h"

namespace cairn::bench {
namespace {

constexpr const char* kFolder = "served-bench";
/// Between two looks at the log's checkpoint.
constexpr std::uint64_t kLookMs = 1;
constexpr std::uint64_t kMostUs = 30'000'000;

demo::VillageOptions options() {
  std::filesystem::remove_all(kFolder);
  demo::VillageOptions out;
  out.programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  out.folder = std::filesystem::absolute(kFolder);
  return out;
}

struct Domain {
  Domain() : village(options()) {}

  proto::CallReply ask(proto::Method method, std::string_view path, Bytes body = {}) {
    const proto::CallId id{++calls};
    network.perform(proto::Call{id, method, village.url() + std::string(path), "", std::move(body), 10'000});
    for (;;) {
      for (const proto::Input& input : network.take({1000, 0, 1000})) {
        const auto* done = std::get_if<proto::CallDone>(&input);
        CHECK(done != nullptr && done->id == id && done->reply.has_value());
        return *done->reply;
      }
    }
  }
  Bytes checkpoint() { return ask(proto::Method::get, "/log/checkpoint").body; }
  bool is_served(const directory::Name& name) {
    const auto reply =
        ask(proto::Method::post, proto::kPathLookup, wire::encode(directory::LookupRequest{name, 0, {}, 0}));
    const auto answer = wire::decode<directory::LookupResponse>(reply.body);
    return answer && answer->statements.size() == 1;
  }

  /// A new name: microseconds from the acceptance of its first statement until it is served.
  std::uint64_t one() {
    ++people;
    testing::TestPerson person("p" + std::to_string(people) + "@localhost", people);
    const directory::Statement genesis = person.genesis(person.new_device(), 0);
    const Bytes body = wire::encode(proto::StatementRequest{wire::encode(genesis), {}, {}});
    Bytes before = checkpoint();
    CHECK(ask(proto::Method::post, proto::kPathStatement, body).status == 202);
    const std::uint64_t start = now_us();
    // Its cosignatures are renewed too, every minute: then it is looked once in vain.
    for (;;) {
      Bytes now = checkpoint();
      if (now != before && is_served(person.name())) return now_us() - start;
      before = std::move(now);
      CHECK(now_us() - start < kMostUs);
      static_cast<void>(network.take({1, 0, kLookMs}));
    }
  }

  demo::Village village;
  testing::SeededEntropy entropy{4};
  net::Network network{entropy};
  std::uint64_t calls = 0;
  std::uint64_t people = 0;
};

void directory_statement_served(benchmark::State& state) {
  static Domain domain;
  std::vector<std::uint64_t> took_us;
  for (auto _ : state) {
    took_us.push_back(domain.one());
    state.SetIterationTime(static_cast<double>(took_us.back()) / 1e6);
  }
  std::sort(took_us.begin(), took_us.end());
  state.counters["p50_ms"] = static_cast<double>(took_us[took_us.size() / 2]) / 1000;
  state.counters["p90_ms"] = static_cast<double>(took_us[took_us.size() * 9 / 10]) / 1000;
}
BENCHMARK(directory_statement_served)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(20);

}  // namespace
}  // namespace cairn::bench
