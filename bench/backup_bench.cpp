// Backups of one folder by three programs: the engine over a folder (backup_tool.cpp), restic and borg; the peers where
// they are installed. Real time; each program is a process of its own, and its peak memory the kernel's word.
//
// CAIRN_BENCH_BACKUP_MIB says how much data, 2,048 unless it is set, and CAIRN_BENCH_BACKUP_TIMES how often, 3 times;
// the folder is CAIRN_BENCH_BACKUP_FOLDER, or backup-bench here. It takes about three times the data on its disk.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "bench/clock.h"
#include "tests/support/seeded_entropy.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;
using testing::SeededEntropy;

enum Kind : std::int64_t { incompressible = 0, mixed = 1 };

fs::path work_folder() {
  const char* const named = std::getenv("CAIRN_BENCH_BACKUP_FOLDER");
  return fs::absolute(named != nullptr ? named : "backup-bench");
}

/// A number from 1 on that the environment says, or the one given.
std::uint64_t number_said(const char* name, std::uint64_t otherwise) {
  const char* const said = std::getenv(name);
  const std::uint64_t number = said != nullptr ? std::strtoull(said, nullptr, 10) : otherwise;
  CHECK(number > 0);
  return number;
}

std::uint64_t data_bytes() { return number_said("CAIRN_BENCH_BACKUP_MIB", 2048) << 20; }

/// What our engine may use at most, however much it backs up (docs/benchmarks.md).
constexpr double kMostMemoryMib = 64;

struct Ran {
  double seconds = 0;
  double peak_mib = 0;
  bool good = false;
};

/// Runs a program to its end, with what it says thrown away.
Ran run(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  const std::uint64_t start = bench::now_us();
  pid_t child = 0;
  Ran out;
  const bool begun = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  if (!begun) return out;
  int status = 0;
  struct rusage used {};
  CHECK(wait4(child, &status, 0, &used) == child);
  out.seconds = static_cast<double>(bench::now_us() - start) / 1e6;
  out.peak_mib = static_cast<double>(used.ru_maxrss) / 1024;
  out.good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return out;
}

/// One of the programs that are compared.
struct Program {
  std::string name;
  std::vector<std::string> version, begin, create, restore;
};

const std::vector<Program>& programs() {
  static const std::vector<Program> all = [] {
    const std::string tool = (fs::read_symlink("/proc/self/exe").parent_path() / "cairn-bench-backup").string();
    const std::string store = (work_folder() / "store").string();
    const std::string data = (work_folder() / "data").string();
    const std::string restored = (work_folder() / "restored").string();
    const std::vector<std::string> restic = {"restic", "--repo", store};
    const auto with = [](std::vector<std::string> words, const std::vector<std::string>& more) {
      words.insert(words.end(), more.begin(), more.end());
      return words;
    };
    // borg restores into the folder it is in.
    const std::string extract = "mkdir -p '" + restored + "' && cd '" + restored + "' && borg extract '" + store +
                                "'::$(borg list --last 1 --short '" + store + "')";
    return std::vector<Program>{
        {"cairn", {"true"}, {"true"}, {tool, "create", store, data}, {tool, "restore", store, restored}},
        {"restic",
         {"restic", "version"},
         with(restic, {"init"}),
         with(restic, {"backup", data}),
         with(restic, {"restore", "latest", "--target", restored})},
        {"borg",
         {"borg", "--version"},
         {"borg", "init", "--encryption", "repokey-blake2", store},
         {"borg", "create", "--compression", "zstd,1", store + "::{now:%Y-%m-%dT%H-%M-%S.%f}", data},
         {"sh", "-c", extract}}};
  }();
  return all;
}

std::uint64_t size_of(const fs::path& folder) {
  std::uint64_t out = 0;
  for (const auto& one : fs::recursive_directory_iterator(folder)) out += one.is_regular_file() ? one.file_size() : 0;
  return out;
}

void write_file(const fs::path& path, ByteView data, std::uint64_t at) {
  fs::create_directories(path.parent_path());
  const int out = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  CHECK(out >= 0 && pwrite(out, data.data(), data.size(), static_cast<off_t>(at)) == static_cast<ssize_t>(data.size()));
  close(out);
}

/// Words of a few letters, some of them frequent.
void fill_with_text(SeededEntropy& entropy, MutableByteView out) {
  std::vector<std::string> words;
  for (int i = 0; i < 1000; ++i) {
    std::string word;
    for (std::uint64_t left = 2 + entropy.below(9); left > 0; --left)
      word += static_cast<char>('a' + entropy.below(26));
    words.push_back(word + " ");
  }
  for (std::size_t at = 0; at < out.size();) {
    const std::string& word = words[entropy.below(1 + entropy.below(words.size()))];
    const std::size_t size = std::min(word.size(), out.size() - at);
    std::copy_n(word.begin(), size, out.begin() + static_cast<std::ptrdiff_t>(at));
    at += size;
  }
}

/// Files of 4 KiB to 8 MiB, one as likely to be within one factor of two as within another; mixed: every other is text.
void make_data(Kind kind) {
  const fs::path folder = work_folder() / "data";
  fs::remove_all(folder);
  SeededEntropy entropy(1);
  std::uint64_t left = data_bytes();
  for (int number = 0; left > 0; ++number) {
    const std::uint64_t magnitude = std::uint64_t{4096} << entropy.below(11);
    Bytes data(std::min(left, magnitude + entropy.below(magnitude)));
    left -= data.size();
    if (kind == mixed && number % 2 == 0)
      fill_with_text(entropy, data);
    else
      entropy.fill(data);
    write_file(folder / std::to_string(number % 100) / std::to_string(number), data, 0);
  }
}

/// In every tenth file a tenth of its bytes, in one stretch, is overwritten.
void change_data() {
  SeededEntropy entropy(2);
  int number = 0;
  for (const auto& one : fs::recursive_directory_iterator(work_folder() / "data")) {
    if (!one.is_regular_file() || number++ % 10 != 0) continue;
    const std::uint64_t size = one.file_size();
    Bytes data(size / 10);
    entropy.fill(data);
    if (!data.empty()) write_file(one.path(), data, entropy.below(size - data.size()));
  }
}

bool is_same(const fs::path& a, const fs::path& b) { return run({"diff", "-rq", a.string(), b.string()}).good; }

/// Where the program put the files back.
fs::path restored_root(const Program& program) {
  const fs::path folder = work_folder() / "restored";
  return program.name == "cairn" ? folder : folder / (work_folder() / "data").relative_path();
}

/// First, second, restore, in one run of a program; one figure each. The time, and what of the data it did in a second,
/// are the first's.
void measure(benchmark::State& state, const Program& program) {
  setenv("RESTIC_PASSWORD", "benchmark", 1);
  setenv("RESTIC_CACHE_DIR", (work_folder() / "restic").c_str(), 1);
  setenv("BORG_PASSPHRASE", "benchmark", 1);
  setenv("BORG_BASE_DIR", (work_folder() / "borg").c_str(), 1);
  const fs::path store = work_folder() / "store";
  for (auto _ : state) {
    make_data(static_cast<Kind>(state.range(0)));
    for (const char* folder : {"store", "restored", "borg", "restic"}) fs::remove_all(work_folder() / folder);
    sync();
    CHECK(run(program.begin).good);
    const Ran first = run(program.create);
    const std::uint64_t first_size = size_of(store);
    change_data();
    sync();
    const Ran second = run(program.create);
    const std::uint64_t second_size = size_of(store);
    const Ran restore = run(program.restore);
    if (!first.good || !second.good || !restore.good) return state.SkipWithError("the program failed");
    if (!is_same(restored_root(program), work_folder() / "data"))
      return state.SkipWithError("what was restored is not what was backed up");
    const double most = std::max({first.peak_mib, second.peak_mib, restore.peak_mib});
    if (program.name == "cairn" && most > kMostMemoryMib) return state.SkipWithError("it used more than 64 MiB");
    state.SetIterationTime(first.seconds);
    state.SetBytesProcessed(static_cast<std::int64_t>(data_bytes()));
    state.counters["data_MiB"] = static_cast<double>(data_bytes() >> 20);
    state.counters["second_ms"] = second.seconds * 1000;
    state.counters["restore_ms"] = restore.seconds * 1000;
    state.counters["first_stored_MiB"] = static_cast<double>(first_size) / (1 << 20);
    state.counters["second_stored_MiB"] = static_cast<double>(second_size - first_size) / (1 << 20);
    state.counters["first_peak_MiB"] = first.peak_mib;
    state.counters["second_peak_MiB"] = second.peak_mib;
    state.counters["restore_peak_MiB"] = restore.peak_mib;
  }
  fs::remove_all(work_folder());
}
[[maybe_unused]] const bool is_registered = [] {
  const auto times = static_cast<int>(number_said("CAIRN_BENCH_BACKUP_TIMES", 3));
  for (const Program& program : programs()) {
    if (!run(program.version).good) {
      std::fprintf(stderr, "SKIPPED: %s is not installed\n", program.name.c_str());
      continue;
    }
    benchmark::RegisterBenchmark(("BM_" + program.name).c_str(),
                                 [&program](benchmark::State& state) { measure(state, program); })
        ->ArgName("mixed")
        ->Arg(incompressible)
        ->Arg(mixed)
        ->Unit(benchmark::kMillisecond)
        ->Iterations(1)
        ->Repetitions(times)
        ->ReportAggregatesOnly(times > 1)
        ->UseManualTime();
  }
  return true;
}();

}  // namespace
}  // namespace cairn
