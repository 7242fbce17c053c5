// Envelopes that cairnd accepts durably and delivers, under its witnesses and auditors: each sender, receiver and
// server a program of its own over loopback. Beside the times how often the server synced its disk, and what a silent
// person on line costs it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/demo/village.h"
#include "core/base/check.h"

namespace cairn::bench {
namespace {

using nlohmann::json;

constexpr const char* kFolder = "crowd-bench";
constexpr std::size_t kChannels = 128;  ///< of all senders together: one takes 600 at once, and 20 a second after
constexpr std::size_t kChannelsEach = 4;

std::string programs() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

demo::VillageOptions options() {
  std::filesystem::remove_all(kFolder);
  demo::VillageOptions out;
  out.programs = programs();
  out.folder = std::filesystem::absolute(kFolder);
  out.server_arguments = {"--address-rate", "0", "--metrics", "127.0.0.1:0"};
  return out;
}

double resident_bytes(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) * 1024;
  }
  return 0;
}

/// A domain, and crowds that come to it one after the other.
class Place {
 public:
  Place() : village_(options()) {}

  /// What the crowd saw; `gathered` is called when all are on line.
  json crowd(std::size_t people, std::size_t busy, std::uint64_t rate, std::uint64_t seconds,
             const std::function<void()>& gathered) {
    const auto number = [](std::uint64_t value) { return std::to_string(value); };
    const std::string crowd = number(++crowds_);
    demo::Process process =
        demo::Process::start({programs() + "/cairn-load", "--url", village_.url(), "--people", number(people), "--busy",
                              number(busy), "--channels", number(std::max(kChannels / busy, kChannelsEach)), "--rate",
                              number(rate), "--seconds", number(seconds), "--seed", crowd, "--metrics", metrics()},
                             std::string(kFolder) + "/crowd-" + crowd + ".log");
    bool is_gathered = false;
    while (process.running()) {
      if (!is_gathered && !lines(process).empty()) {
        is_gathered = true;
        gathered();
      }
      static_cast<void>(process.wait(std::chrono::milliseconds(50)));
    }
    const auto said = lines(process);
    if (said.size() != 2) std::fprintf(stderr, "%s", process.output().c_str());
    CHECK(said.size() == 2);
    return said[1];
  }
  double server_bytes() { return resident_bytes(village_.server().pid()); }

 private:
  /// Where the server says that they are.
  std::string metrics() {
    const std::string output = village_.server().output();
    const std::string mark = "metrics on ";
    const std::size_t at = output.rfind(mark);
    CHECK(at != std::string::npos);
    return output.substr(at + mark.size(), output.find('\n', at) - at - mark.size()) + "/metrics";
  }
  static std::vector<json> lines(const demo::Process& process) {
    std::vector<json> out;
    std::istringstream text(process.output());
    for (std::string line; std::getline(text, line);) {
      if (line.starts_with("{") && line.ends_with("}")) out.push_back(json::parse(line));
    }
    return out;
  }

  demo::Village village_;
  std::uint64_t crowds_ = 0;
};

Place& place() {
  static Place out;
  return out;
}

void report(benchmark::State& state, const json& said) {
  for (const char* none : {"refused", "lost", "wrong", "closed"}) CHECK(said[none] == 0);
  state.SetIterationTime(said["seconds"]);
  state.SetItemsProcessed(said["accepted"]);
  for (const char* part : {"p50", "p99", "p999"}) {
    state.counters["accepted_" + std::string(part) + "_ms"] = said["accept_ms"][part];
    state.counters["delivered_" + std::string(part) + "_ms"] = said["deliver_ms"][part];
  }
  state.counters["syncs_a_second"] = said["commits_per_second"];
}

/// As many as `connections` under way, each as soon as another was answered.
void crowd_sends(benchmark::State& state) {
  const auto busy = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) report(state, place().crowd(busy, busy, 0, 5, [] {}));
}
BENCHMARK(crowd_sends)->ArgName("connections")->Arg(1)->Arg(8)->Arg(64)->Arg(256)->UseManualTime()->Iterations(1);

/// So many a second come evenly, however slow the answers.
void crowd_sends_evenly(benchmark::State& state) {
  const auto rate = static_cast<std::uint64_t>(state.range(0));
  for (auto _ : state) report(state, place().crowd(256, 256, rate, 5, [] {}));
}
BENCHMARK(crowd_sends_evenly)->ArgName("rate")->Arg(1000)->Arg(5000)->UseManualTime()->Iterations(1);

/// What people who only have their stream open cost the server, their names in its directory included.
void crowd_is_silent(benchmark::State& state) {
  const auto people = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    const double before = place().server_bytes();
    double after = 0;
    report(state, place().crowd(people, 1, 10, 1, [&] { after = place().server_bytes(); }));
    state.counters["bytes_a_person"] = (after - before) / static_cast<double>(people);
  }
}
BENCHMARK(crowd_is_silent)->ArgName("people")->Arg(9000)->UseManualTime()->Iterations(1);

}  // namespace
}  // namespace cairn::bench
