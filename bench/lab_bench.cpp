// What `cairn-lab run all` takes, as whoever starts it waits for it.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "apps/demo/process.h"

namespace cairn {
namespace {

void run_all(benchmark::State& state) {
  const std::string programs = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  const std::string page = (std::filesystem::current_path() / "lab.html").string();
  for (auto _ : state) {
    const std::vector<std::string> words = {programs + "/cairn-lab", "run", "all", "--json", "--page", page};
    const demo::Finished done = demo::run(words, std::chrono::minutes(10));
    if (done.exit_code != 0) {
      state.SkipWithError("cairn-lab did not come to its end");
      break;
    }
  }
  std::filesystem::remove(page);
}
BENCHMARK(run_all)->UseRealTime()->Unit(benchmark::kSecond)->Iterations(1);

}  // namespace
}  // namespace cairn
