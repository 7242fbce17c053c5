// cairn-make-vault-vectors FOLDER: writes the backup's vectors (tests/vectors/vault/README.md). With --check it writes
// nothing, and ends with 1 when a file of FOLDER has other bytes than it would write. With --seeds it writes what the
// fuzzers of core/vault start from.
#include <fstream>
#include <iterator>

#include "tests/vectors/make_vault/maker.h"

namespace {

namespace fs = std::filesystem;
using namespace cairn::testing;

std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string option = words.size() == 2 ? words[0] : "";
  if (words.empty() || words.size() > 2 || (words.size() == 2 && option != "--check" && option != "--seeds")) {
    std::fprintf(stderr, "usage: cairn-make-vault-vectors [--check | --seeds] FOLDER\n");
    return 2;
  }
  if (option == "--seeds") {
    write_vault_seeds(words.back());
    return 0;
  }
  const std::pair<const char*, Json (*)()> makers[] = {{"keys.json", make_keys},
                                                       {"chunks.json", make_chunks},
                                                       {"key_boxes.json", make_key_boxes},
                                                       {"snapshots.json", make_snapshots}};
  bool same = true;
  for (const auto& [name, make] : makers) {
    const fs::path file = fs::path(words.back()) / name;
    const std::string bytes = make().dump(1) + "\n";
    if (option.empty()) {
      std::ofstream(file, std::ios::binary) << bytes;
    } else if (contents(file) != bytes) {
      std::fprintf(stderr, "%s: has other bytes than it would be written with\n", name);
      same = false;
    }
  }
  return same ? 0 : 1;
}
