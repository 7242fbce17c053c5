// cairn-make-vectors FOLDER: writes the project's own MLS vectors for the post-quantum suites, in the formats of the
// working group (tests/vectors/mls-pq/README.md). With --check it writes nothing, and ends with 1 when a file of FOLDER
// has other bytes than it would write. With --seeds it writes what the fuzzers of core/mls start from instead.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/vectors/make/maker.h"
#include "tests/vectors/make/seeds.h"

namespace {

namespace fs = std::filesystem;
using namespace cairn;
using namespace cairn::testing;

constexpr mls::SuiteId kSuites[] = {mls::SuiteId::xwing_interop, mls::SuiteId::xwing};
constexpr std::uint64_t kSeed = 20260;
constexpr std::size_t kRandomEpochs = 12;

// One file: the cases of both suites. Each file has a seed of its own, so that one can grow without the others moving.
template <class Make>
std::string file_of(std::uint64_t number, Make&& make) {
  Json cases = Json::array();
  for (const mls::SuiteId suite : kSuites) {
    Maker maker(suite, kSeed + (number << 32) + static_cast<std::uint64_t>(suite));
    make(maker, cases);
  }
  return cases.dump(1) + "\n";
}

void make_passive_welcomes(Maker& maker, Json& cases) {
  for (const auto psk : {WelcomePsk::none, WelcomePsk::external}) {
    for (const auto tree : {WelcomeTree::inside, WelcomeTree::beside}) {
      cases.push_back(make_passive_welcome(maker, psk, tree));
    }
  }
}

std::vector<std::pair<std::string, std::string>> all_files() {
  const auto one = [](auto make) { return [make](Maker& maker, Json& cases) { cases.push_back(make(maker)); }; };
  const auto trees = [](Maker& maker, Json& cases) {
    for (const std::uint32_t leaves : {2u, 3u, 6u}) cases.push_back(make_treekem(maker, leaves));
  };
  const auto random = [](Maker& maker, Json& cases) { cases.push_back(make_passive_random(maker, kRandomEpochs)); };
  return {{"crypto-basics.json", file_of(1, one(make_crypto_basics))},
          {"key-schedule.json", file_of(2, one(make_key_schedule))},
          {"message-protection.json", file_of(3, one(make_message_protection))},
          {"treekem.json", file_of(4, trees)},
          {"welcome.json", file_of(5, one(make_welcome))},
          {"passive-client-welcome.json", file_of(6, make_passive_welcomes)},
          {"passive-client-random.json", file_of(7, random)}};
}

std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool check = !words.empty() && words[0] == "--check";
  const bool seeds = !words.empty() && words[0] == "--seeds";
  if (words.size() != (check || seeds ? 2u : 1u)) {
    std::fprintf(stderr, "usage: cairn-make-vectors [--check | --seeds] FOLDER\n");
    return 2;
  }
  const fs::path folder(words.back());
  if (seeds) {
    write_seeds(folder);
    return 0;
  }
  bool same = true;
  for (const auto& [name, bytes] : all_files()) {
    if (check) {
      const bool equal = contents(folder / name) == bytes;
      if (!equal) std::fprintf(stderr, "%s: has other bytes than it would be written with\n", name.c_str());
      same = same && equal;
    } else {
      std::ofstream(folder / name, std::ios::binary) << bytes;
    }
  }
  return same ? 0 : 1;
}
