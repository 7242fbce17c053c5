// alice and bob, who have said something, and alice's backups, with real programs.
#pragma once

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {

namespace fs = std::filesystem;

class BackupVillage : public VillageTest {
 protected:
  /// alice with one device and bob, who have said something.
  void two_people_who_talked() {
    const demo::Said registered = village().register_person("alice-1", "alice@localhost");
    must(registered);
    key_ = registered.json["recovery_key"];
    must(village().register_person("bob-1", "bob@localhost"));
    must(village().cairn("alice-1", {"send", "bob@localhost", kSecret}));
    ASSERT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", kSaid); }));
    must(village().cairn("bob-1", {"send", "alice@localhost", "an answer"}));
    ASSERT_TRUE(eventually([&] { return has_text("alice-1", "bob@localhost", "bob@localhost: an answer"); }));
  }
  demo::Said backup(const std::string& device, std::vector<std::string> words, const std::string& typed = {}) {
    words.insert(words.begin(), "backup");
    if (!typed.empty()) words.emplace_back("--recovery-key");
    return village().cairn(device, words, std::chrono::seconds(60), typed.empty() ? typed : typed + "\n");
  }
  demo::Said recover(const std::string& device, const std::string& typed, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"recover",       "alice@localhost", "--remove-others",      "--server",
                                      village().url(), "--policy",        village().policy_file()};
    words.insert(words.end(), more.begin(), more.end());
    return village().cairn(device, words, std::chrono::seconds(90), typed + "\n");
  }
  /// Flips one bit of a file.
  static void flip(const fs::path& path, std::uintmax_t bit) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(bit / 8));
    const auto byte = static_cast<char>(file.get() ^ (1 << (bit % 8)));
    file.seekp(static_cast<std::streamoff>(bit / 8));
    file.put(byte);
  }
  /// The objects of a kind in a folder: 01 pack, 02 index, 03 manifest (docs/spec/backup.md s.3).
  static std::vector<fs::path> objects(const fs::path& folder, const std::string& kind) {
    std::vector<fs::path> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string name = entry.path().filename();
      if (entry.is_regular_file() && name.size() == 32 && name.starts_with(kind)) out.push_back(entry.path());
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  std::string stick() const { return (folder_ / "stick").string(); }

  const std::string kSecret = "the treasure lies under the third stone";
  const std::string kSaid = "alice@localhost: " + kSecret;
  std::string key_;
};

}  // namespace cairn::e2e
