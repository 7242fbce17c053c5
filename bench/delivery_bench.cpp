// From the moment alice's device is told to send until bob's device tells its owner: real programs, loopback, both on
// line, the text encrypted and stored on the way as always. Beside it, how long a whole send takes to be answered.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/demo/village.h"
#include "bench/clock.h"
#include "shell/net/line_socket.h"

namespace cairn {
namespace {

using nlohmann::json;

constexpr const char* kFolder = "delivery-bench";
constexpr std::uint64_t kMostMs = 10'000;

/// An owner at the socket of a daemon.
class Owner {
 public:
  explicit Owner(const std::string& data_folder) : client_(*net::LocalClient::open(data_folder + "/socket")) {}

  void begin(const std::string& method, json params) {
    const json request = {{"jsonrpc", "2.0"}, {"id", ++last_id_}, {"method", method}, {"params", std::move(params)}};
    CHECK(client_.send(to_bytes(request.dump())).has_value());
  }
  /// The answer to the last request; it must be a good one.
  void await_answer() {
    for (;;) {
      const json frame = receive();
      if (frame.contains("id") && frame["id"] == last_id_) {
        CHECK(frame.contains("result"));
        return;
      }
    }
  }
  void await_text(const std::string& text) {
    for (;;) {
      const json frame = receive();
      if (frame.contains("params") && frame["params"].value("text", "") == text) return;
    }
  }

 private:
  json receive() {
    const auto frame = client_.receive(kMostMs);
    CHECK(frame.has_value());
    return json::parse(as_text(*frame));
  }

  net::LocalClient client_;
  std::uint64_t last_id_ = 0;
};

/// alice and bob with one device each, who have spoken before.
struct TwoPeople {
  TwoPeople() : village(options()) {
    CHECK(village.register_person("alice-1", "alice@localhost").good() &&
          village.register_person("bob-1", "bob@localhost").good());
    alice.emplace(village.device_folder("alice-1"));
    bob.emplace(village.device_folder("bob-1"));
    bob->begin("follow", json::object());
    bob->await_answer();
    say("the first one");
  }

  static demo::VillageOptions options() {
    std::filesystem::remove_all(kFolder);
    demo::VillageOptions out;
    out.programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    out.folder = std::filesystem::absolute(kFolder);
    return out;
  }

  /// Microseconds until bob's owner has it; then waits for alice's answer too, and gives the time of that as well.
  std::pair<std::uint64_t, std::uint64_t> say(const std::string& text) {
    const std::uint64_t start = bench::now_us();
    alice->begin("send", {{"to", "bob@localhost"}, {"text", text}});
    bob->await_text(text);
    const std::uint64_t received = bench::now_us();
    alice->await_answer();
    return {received - start, bench::now_us() - start};
  }

  demo::Village village;
  std::optional<Owner> alice, bob;
};

void send_to_receive(benchmark::State& state) {
  static TwoPeople people;  // of all five runs; ended with the program, and their programs with them
  static int number = 0;
  std::vector<std::uint64_t> received, answered;
  for (auto _ : state) {
    const auto [to_receive, to_answer] = people.say("number " + std::to_string(++number));
    received.push_back(to_receive);
    answered.push_back(to_answer);
    state.SetIterationTime(static_cast<double>(to_receive) / 1e6);
  }
  std::sort(received.begin(), received.end());
  std::sort(answered.begin(), answered.end());
  state.counters["p50_ms"] = static_cast<double>(received[received.size() / 2]) / 1000;
  state.counters["p90_ms"] = static_cast<double>(received[received.size() * 9 / 10]) / 1000;
  state.counters["answered_p50_ms"] = static_cast<double>(answered[answered.size() / 2]) / 1000;
}
BENCHMARK(send_to_receive)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(50);

}  // namespace
}  // namespace cairn
