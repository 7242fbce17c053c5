// cairn-sim: runs the world of one domain many times, each time otherwise, and each time repeatable.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "tests/sim/domains.h"
#include "tests/sim/lies.h"
#include "tests/sim/resets.h"
#include "tests/sim/script.h"
#include "tests/sim/vanishing.h"

namespace {

using namespace cairn;

struct Options {
  std::uint64_t first = 1;
  std::uint64_t seeds = 0;
  std::uint64_t seconds = 0;
  std::uint64_t actions = sim::RunOptions{}.actions;
  bool trace = false;
  bool resets = false;
  bool weeks = false;
  bool domains = false;
  bool vanishing = false;
};

/// One world in so many has a lying server too.
constexpr std::uint64_t kLieEvery = 10;

int failed(std::uint64_t seed, const std::vector<std::string>& violations, const char* family = "") {
  for (const std::string& violation : violations) std::printf("   %s\n", violation.c_str());
  std::printf("seed %llu FAILED; to repeat it: ./dev sim %s--seed %llu --trace\n",
              static_cast<unsigned long long>(seed), family, static_cast<unsigned long long>(seed));
  return 1;
}

int run(const Options& options) {
  sim::RunOptions each;
  each.actions = options.actions;
  each.with_a_week = options.weeks;
  each.world.trace = options.trace ? stdout : nullptr;
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration_cast<std::chrono::duration<double>>(std::chrono::steady_clock::now() - start).count();
  };
  const std::uint64_t count = options.seeds != 0 ? options.seeds : options.seconds != 0 ? ~std::uint64_t{0} : 100;
  std::uint64_t done = 0, texts = 0, faults = 0, steps = 0, simulated_ms = 0;
  for (; done < count && (options.seconds == 0 || elapsed() < static_cast<double>(options.seconds)); ++done) {
    const std::uint64_t seed = options.first + done;
    const sim::RunResult result = sim::run_seed(seed, each);
    texts += result.texts;
    faults += result.faults;
    steps += result.steps;
    simulated_ms += result.simulated_ms;
    if (!result.good()) return failed(seed, result.violations, options.weeks ? "--weeks " : "");
    if (seed % kLieEvery == 0) {
      const std::vector<std::string> believed = sim::run_lies(seed, each.world);
      if (!believed.empty()) return failed(seed, believed);
    }
    if ((done + 1) % 10 == 0) {
      std::printf("%llu seeds good, to seed %llu, %.0f s\n", static_cast<unsigned long long>(done) + 1,
                  static_cast<unsigned long long>(seed), elapsed());
      std::fflush(stdout);
    }
  }
  std::printf("%llu seeds from seed %llu good in %.0f s: %llu texts, %llu faults, %llu steps, %.1f hours simulated\n",
              static_cast<unsigned long long>(done), static_cast<unsigned long long>(options.first), elapsed(),
              static_cast<unsigned long long>(texts), static_cast<unsigned long long>(faults),
              static_cast<unsigned long long>(steps), static_cast<double>(simulated_ms) / static_cast<double>(kHourMs));
  return 0;
}

int run_resets(const Options& options) {
  sim::WorldOptions world;
  world.trace = options.trace ? stdout : nullptr;
  const std::uint64_t count = options.seeds != 0 ? options.seeds : 3;
  for (std::uint64_t seed = options.first; seed < options.first + count; ++seed) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t busy = std::clock();
    const sim::ResetsResult result = sim::run_resets(seed, world);
    if (!result.good()) return failed(seed, result.violations, "--resets ");
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf(
        "seed %llu good in %.0f s (%.1f s of a processor): %.1f days, %zu requests, %zu vetoes, %zu completions, %zu "
        "too early, %zu missed by an auditor, %llu steps\n",
        static_cast<unsigned long long>(seed), took.count(),
        static_cast<double>(std::clock() - busy) / static_cast<double>(CLOCKS_PER_SEC),
        static_cast<double>(result.simulated_ms) / static_cast<double>(kDayMs), result.requests, result.vetoes,
        result.completions, result.too_early, result.missed, static_cast<unsigned long long>(result.steps));
    std::fflush(stdout);
  }
  return 0;
}

int run_domains(const Options& options) {
  sim::WorldOptions world;
  world.trace = options.trace ? stdout : nullptr;
  const std::uint64_t count = options.seeds != 0 ? options.seeds : 10;
  for (std::uint64_t seed = options.first; seed < options.first + count; ++seed) {
    const sim::DomainsResult result = sim::run_domains(seed, world);
    if (!result.good()) return failed(seed, result.violations, "--domains ");
    std::printf(
        "seed %llu good: %zu texts, %zu outages, %zu partitions, %zu losses, %llu steps, %.1f hours simulated\n",
        static_cast<unsigned long long>(seed), result.texts, result.outages, result.partitions, result.losses,
        static_cast<unsigned long long>(result.steps),
        static_cast<double>(result.simulated_ms) / static_cast<double>(kHourMs));
    std::fflush(stdout);
  }
  return 0;
}

int run_vanishing(const Options& options) {
  sim::WorldOptions world;
  world.trace = options.trace ? stdout : nullptr;
  const std::uint64_t count = options.seeds != 0 ? options.seeds : 10;
  for (std::uint64_t seed = options.first; seed < options.first + count; ++seed) {
    const sim::VanishingResult result = sim::run_vanishing(seed, world);
    if (!result.good()) return failed(seed, result.violations, "--vanishing ");
    std::printf("seed %llu good: %zu texts gone, %zu unread and kept, %zu faults, %llu steps, %.1f days simulated\n",
                static_cast<unsigned long long>(seed), result.texts, result.unread, result.faults,
                static_cast<unsigned long long>(result.steps),
                static_cast<double>(result.simulated_ms) / static_cast<double>(kDayMs));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::optional<std::uint64_t> one;
  CLI::App app{"Simulates a domain, its cosigners and its people; every run follows from its seed."};
  app.add_option("--seeds", options.seeds, "how many runs (100, or one when --seed is given)");
  app.add_option("--seed", one, "the first run (1)");
  app.add_option("--seconds", options.seconds, "runs as long as this");
  app.add_option("--actions", options.actions, "what people do in one run")->capture_default_str();
  app.add_flag("--resets", options.resets, "24 days of a name that can be reset, instead (3 runs)");
  app.add_flag("--weeks", options.weeks, "with a week in the middle, after which leaves get new keys");
  app.add_flag("--domains", options.domains, "two domains whose servers are away for hours, instead (10 runs)");
  app.add_flag("--vanishing", options.vanishing, "messages that are to disappear, instead (10 runs)");
  app.add_flag("--trace", options.trace, "print everything that happens");
  CLI11_PARSE(app, argc, argv);
  if (one) {
    options.first = *one;
    if (options.seeds == 0 && options.seconds == 0) options.seeds = 1;
  }
  if (options.domains) return run_domains(options);
  if (options.vanishing) return run_vanishing(options);
  return options.resets ? run_resets(options) : run(options);
}
