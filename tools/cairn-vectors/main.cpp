// cairn-vectors mls [FILE_OR_FOLDER...]: runs official test vectors, and says how many cases passed, failed or were
// skipped in each file: those of cipher suites that we do not have. Without files it takes those beside the repository.
// Ends with 1 when a case failed or a file could not be read as one of the formats, 2 when the call was wrong, 77 when
// there was nothing to run.
#include <algorithm>
#include <cstdio>

#include "tests/support/vectors.h"
#include "tests/vectors/mls_formats.h"

namespace {

namespace fs = std::filesystem;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kSkipped = 77;

std::vector<fs::path> files_of(const std::vector<fs::path>& arguments) {
  std::vector<fs::path> out;
  for (const fs::path& argument : arguments) {
    if (!fs::is_directory(argument)) {
      out.push_back(argument);
      continue;
    }
    for (const auto& entry : fs::directory_iterator(argument)) {
      if (entry.path().extension() == ".json") out.push_back(entry.path());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty() || words[0] != "mls") {
    std::fprintf(stderr, "usage: cairn-vectors mls [FILE_OR_FOLDER...]\n");
    return kUsage;
  }
  std::vector<fs::path> arguments(words.begin() + 1, words.end());
  if (arguments.empty()) {
    const auto folder = cairn::testing::vectors_dir();
    if (!folder || !fs::is_directory(*folder / "mls")) {
      std::printf("SKIPPED: no vectors here\n");
      return kSkipped;
    }
    arguments.push_back(*folder / "mls");
  }
  bool failed = false;
  const std::vector<fs::path> files = files_of(arguments);
  if (files.empty()) {
    std::printf("SKIPPED: no .json file there\n");
    return kSkipped;
  }
  for (const fs::path& file : files) {
    const auto count = cairn::testing::run_mls_file(file);
    std::printf("%s: %s\n%s", file.c_str(), cairn::testing::to_string(count).c_str(), count.failures.c_str());
    failed = failed || count.failed != 0;
  }
  return failed ? kFailed : 0;
}
