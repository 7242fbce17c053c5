// main() of every benchmark program: each benchmark runs five times; of its time and of each counter the median is one
// line, "name value unit", or with --json one object a line. Another argument chooses benchmarks whose name has it.
#include <benchmark/benchmark.h>

#include <cctype>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Run = benchmark::BenchmarkReporter::Run;

/// "core_crypto_bench" -> "crypto": a program measures one module.
std::string module_of(const char* program) {
  std::string name = std::filesystem::path(program).filename().string();
  for (const std::string_view prefix : {"core_", "shell_"}) {
    if (name.starts_with(prefix)) name.erase(0, prefix.size());
  }
  if (name.ends_with("_bench")) name.erase(name.size() - std::strlen("_bench"));
  return name;
}

std::string name_of(const std::string& module, const Run& run) {
  std::string name = module + "/" + run.run_name.function_name;
  if (!run.run_name.args.empty()) name += "/" + run.run_name.args;
  return name;
}

/// Three to four digits that mean something.
std::string rounded(double value) {
  char text[32];
  const char* format = value >= 1000 ? "%.0f" : value >= 100 ? "%.1f" : value >= 10 ? "%.2f" : "%.3f";
  std::snprintf(text, sizeof text, format, value);
  return text;
}

class Lines final : public benchmark::BenchmarkReporter {
 public:
  Lines(std::string module, bool json) : module_(std::move(module)), json_(json) {}

  bool failed = false;

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.error_occurred) {
        std::fprintf(stderr, "%s: %s\n", name_of(module_, run).c_str(), run.error_message.c_str());
        failed = true;
      } else if (run.aggregate_name == "median") {
        report(run);
      }
    }
  }

 private:
  void report(const Run& run) const {
    const std::string name = name_of(module_, run);
    // A benchmark that says `real_time` or `manual_time` waits for others; one that does not is worth its processor
    // time.
    const bool real = !run.run_name.time_type.empty();
    const double time = real ? run.GetAdjustedRealTime() : run.GetAdjustedCPUTime();
    line(name, time, benchmark::GetTimeUnitString(run.time_unit));
    for (const auto& [counter, value] : run.counters) {
      if (counter == "items_per_second") {
        line(name, value, "/s");
      } else if (counter == "bytes_per_second") {
        line(name, value / (1 << 20), "MiB/s");
      } else {
        const std::size_t unit = counter.rfind('_');
        const bool is_time = counter.ends_with("_ms") || counter.ends_with("_us");
        line(name + "/" + (is_time ? counter.substr(0, unit) : counter), value,
             is_time                                      ? counter.substr(unit + 1)
             : counter.find("bytes") != std::string::npos ? "bytes"
                                                          : "of");
      }
    }
  }

  void line(const std::string& name, double value, const std::string& unit) const {
    if (json_) {
      std::printf("%s\n", nlohmann::json{{"name", name}, {"value", value}, {"unit", unit}}.dump().c_str());
    } else {
      std::printf("%-56s %10s %s\n", name.c_str(), rounded(value).c_str(), unit.c_str());
    }
    std::fflush(stdout);
  }

  std::string module_;
  bool json_;
};

/// So that a name is no pattern.
std::string escaped(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '/') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  std::string filter;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0)
      json = true;
    else
      filter = argv[i];
  }
  const std::string module = module_of(argv[0]);
  if (filter.starts_with(module + "/"))
    filter.erase(0, module.size() + 1);
  else if (module.find(filter) != std::string::npos)
    filter.clear();

  std::vector<std::string> words = {argv[0], "--benchmark_repetitions=5", "--benchmark_report_aggregates_only=true",
                                    "--benchmark_min_time=0.2"};
  if (!filter.empty()) words.push_back("--benchmark_filter=" + escaped(filter));
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());

  std::ofstream nowhere;  // that no benchmark of this program has the name is no trouble
  Lines lines(module, json);
  lines.SetErrorStream(&nowhere);
  benchmark::RunSpecifiedBenchmarks(&lines);
  return lines.failed ? 1 : 0;
}
