// main() of every benchmark program: each benchmark runs five times, unless it says how often; of its time and of each
// counter the median is one line, "name value unit", or with --json one object a line. Another argument chooses the
// figures whose name has it. With --once they run for a profiler: for as short as may be, and nothing is said.
//
// A name says what is measured and with what: BENCHMARK(BM_AddMember)->ArgNames({"suite", "members"}) of core/mls is
// "mls/add-member suite=0x0001 members=1000".
#include <benchmark/benchmark.h>

#include <cctype>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
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

/// "BM_AddMember", "add_member" -> "add-member"; "send_200B" -> "send-200B".
std::string spoken(std::string_view word) {
  if (word.starts_with("BM_")) word.remove_prefix(std::strlen("BM_"));
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto letter = static_cast<unsigned char>(word[i]);
    const bool begins_word =
        std::isupper(letter) != 0 && i + 1 < word.size() && std::islower(static_cast<unsigned char>(word[i + 1])) != 0;
    if (begins_word && !out.empty()) out += '-';
    out += letter == '_' ? '-' : begins_word ? static_cast<char>(std::tolower(letter)) : word[i];
  }
  return out;
}

/// "suite:61698" -> "suite=0xF102"; what has no name stays a number.
std::string spoken_argument(std::string_view argument) {
  const std::size_t colon = argument.find(':');
  if (colon == std::string_view::npos) return spoken(argument);
  const std::string key(argument.substr(0, colon));
  std::string value(argument.substr(colon + 1));
  if (key == "suite") {
    char hexadecimal[16];
    std::snprintf(hexadecimal, sizeof hexadecimal, "0x%04lX", std::strtoul(value.c_str(), nullptr, 10));
    value = hexadecimal;
  }
  return key + "=" + value;
}

/// What is measured, and with what: each of the latter has a space before it.
struct Name {
  std::string what;
  std::string with;
};

/// "BM_AddMember/suite:1/members:10/min_time:0.100" -> "add-member", " suite=0x0001 members=10".
Name name_of(const std::string& benchmark) {
  Name out;
  std::istringstream parts(benchmark);
  std::string part;
  while (std::getline(parts, part, '/')) {
    bool of_the_run = part == "real_time" || part == "manual_time" || part == "process_time";
    for (const char* how : {"min_time:", "min_warmup_time:", "iterations:", "repeats:", "threads:"}) {
      of_the_run = of_the_run || part.starts_with(how);
    }
    if (of_the_run) continue;
    if (out.what.empty())
      out.what = spoken(part);
    else
      out.with += " " + spoken_argument(part);
  }
  return out;
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
  enum class Detail { medians, nothing };
  Lines(std::string module, bool json, Detail detail) : module_(std::move(module)), json_(json), detail_(detail) {}

  bool failed = false;

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.error_occurred) {
        std::fprintf(stderr, "%s: %s\n", run.run_name.str().c_str(), run.error_message.c_str());
        failed = true;
      } else if (detail_ == Detail::medians && (run.aggregate_name == "median" || run.repetitions == 1)) {
        report(run);
      }
    }
  }

 private:
  void report(const Run& run) const {
    // A benchmark that says `real_time` or `manual_time` waits for others; one that does not is worth its processor
    // time.
    const bool real = !run.run_name.time_type.empty();
    const double time = real ? run.GetAdjustedRealTime() : run.GetAdjustedCPUTime();
    const Name name = name_of(run.run_name.str());
    line(name, "", time, benchmark::GetTimeUnitString(run.time_unit));
    for (const auto& [counter, value] : run.counters) report_counter(name, counter, value);
  }

  // "commit_bytes" is a size of the commit; "bytes_a_name" and "bytes" are sizes too, "p99_ms" is a time.
  void report_counter(const Name& name, const std::string& counter, double value) const {
    if (counter == "items_per_second") return line(name, "", value, "/s");
    if (counter == "bytes_per_second") return line(name, "", value / (1 << 20), "MiB/s");
    for (const char* unit : {"_ms", "_us", "_bytes", "_MiB"}) {
      if (!counter.ends_with(unit)) continue;
      return line(name, "/" + spoken(counter.substr(0, counter.size() - std::strlen(unit))), value, unit + 1);
    }
    if (constexpr std::string_view rate = "_a_second"; counter.ends_with(rate))
      return line(name, "/" + spoken(counter.substr(0, counter.size() - rate.size())), value, "/s");
    if (counter == "bytes") return line(name, "", value, "bytes");
    line(name, "/" + spoken(counter), value, counter.starts_with("bytes") ? "bytes" : "of");
  }

  void line(const Name& name, const std::string& part, double value, const std::string& unit) const {
    const std::string full = module_ + "/" + name.what + part + name.with;
    if (json_) {
      std::printf("%s\n", nlohmann::json{{"name", full}, {"value", value}, {"unit", unit}}.dump().c_str());
    } else {
      std::printf("%-64s %10s %s\n", full.c_str(), rounded(value).c_str(), unit.c_str());
    }
    std::fflush(stdout);
  }

  std::string module_;
  bool json_;
  Detail detail_;
};

void initialise(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
}

/// Whether the filter stands in the name, and no number of it goes on there: "members=1000" is not in
/// "members=10000".
bool has(const std::string& name, const std::string& filter) {
  const std::size_t at = name.find(filter);
  if (at == std::string::npos || filter.empty()) return at != std::string::npos;
  const std::size_t end = at + filter.size();
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  return end == name.size() || !is_digit(filter.back()) || !is_digit(name[end]);
}

/// The benchmarks whose spoken name has `filter`, as a pattern for the library; empty when there is none.
std::string chosen(const char* program, const std::string& module, const std::string& filter) {
  std::ostringstream list;
  Lines lister(module, false, Lines::Detail::nothing);
  lister.SetOutputStream(&list);
  initialise({program, "--benchmark_list_tests=true"});
  benchmark::RunSpecifiedBenchmarks(&lister, ".");
  std::istringstream names(list.str());
  std::string pattern;
  std::string benchmark;
  while (std::getline(names, benchmark)) {
    const Name name = name_of(benchmark);
    if (!has(module + "/" + name.what + name.with, filter)) continue;
    pattern += pattern.empty() ? "^(" : "|";
    for (const char c : benchmark) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '/' && c != ':') pattern += '\\';
      pattern += c;
    }
  }
  return pattern.empty() ? "" : pattern + ")$";
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  bool once = false;
  std::string filter;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    json = json || word == "--json";
    once = once || word == "--once";
    if (!word.starts_with("--")) filter = word;
  }
  const std::string module = module_of(argv[0]);
  const std::string pattern = chosen(argv[0], module, filter);
  if (pattern.empty()) return 0;  // no benchmark of this program has the name
  initialise({argv[0], "--benchmark_list_tests=false", once ? "--benchmark_repetitions=1" : "--benchmark_repetitions=5",
              "--benchmark_report_aggregates_only=true", once ? "--benchmark_min_time=0" : "--benchmark_min_time=0.2"});
  Lines lines(module, json, once ? Lines::Detail::nothing : Lines::Detail::medians);
  benchmark::RunSpecifiedBenchmarks(&lines, pattern);
  return lines.failed ? 1 : 0;
}
