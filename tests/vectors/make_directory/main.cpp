// cairn-make-directory-vectors FOLDER: writes the directory's vectors (tests/vectors/directory/README.md). With --check
// it writes nothing, and ends with 1 when a file of FOLDER has other bytes than it would write. With --example SPEC it
// ends with 1 unless that text shows the worked example.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/vectors/make_directory/maker.h"

namespace {

namespace fs = std::filesystem;
using namespace cairn::testing;

std::vector<std::pair<std::string, std::string>> all_files() {
  const std::pair<const char*, Json (*)()> makers[] = {
      {"names.json", make_names},    {"recovery.json", make_recovery}, {"statements.json", make_statements},
      {"map.json", make_map},        {"tlog.json", make_tlog},         {"audits.json", make_audits},
      {"lookups.json", make_lookups}};
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [name, make] : makers) out.emplace_back(name, make().dump(1) + "\n");
  return out;
}

std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

int check_example(const fs::path& spec) {
  const std::string example = worked_example();
  if (contents(spec).find(example) != std::string::npos) return 0;
  std::fprintf(stderr, "%s does not show these lines:\n%s", spec.c_str(), example.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool check = words.size() == 2 && words[0] == "--check";
  if (words.size() == 2 && words[0] == "--example") return check_example(words[1]);
  if (words.size() != (check ? 2u : 1u)) {
    std::fprintf(stderr, "usage: cairn-make-directory-vectors [--check] FOLDER | --example SPEC\n");
    return 2;
  }
  bool same = true;
  for (const auto& [name, bytes] : all_files()) {
    const fs::path file = fs::path(words.back()) / name;
    if (!check) {
      std::ofstream(file, std::ios::binary) << bytes;
    } else if (contents(file) != bytes) {
      std::fprintf(stderr, "%s: has other bytes than it would be written with\n", name.c_str());
      same = false;
    }
  }
  return same ? 0 : 1;
}
