// A village in a scratch folder for one test, with the programs of this build.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "apps/demo/village.h"

namespace cairn::e2e {

inline std::string program_folder() { return std::filesystem::read_symlink("/proc/self/exe").parent_path().string(); }

/// Waits until `condition` holds; false when it does not within `most`.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds most = std::chrono::seconds(15)) {
  const auto until = std::chrono::steady_clock::now() + most;
  do {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  } while (std::chrono::steady_clock::now() < until);
  return false;
}

class VillageTest : public ::testing::Test {
 protected:
  /// Whether any file below holds the text.
  static bool holds(const std::filesystem::path& folder, const std::string& text) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string all(std::istreambuf_iterator<char>(in), {});
      if (all.find(text) != std::string::npos) return true;
    }
    return false;
  }
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    // Short: the path of a socket in it has at most 107 bytes.
    std::string name = std::string(info->name()).substr(0, 24);
    std::replace(name.begin(), name.end(), '/', '-');
    static int count = 0;
    folder_ = std::filesystem::temp_directory_path() /
              ("cairn-e2e-" + std::to_string(getpid()) + "-" + std::to_string(++count) + "-" + name);
  }
  void TearDown() override {
    village_.reset();
    std::filesystem::remove_all(trouble_folder());
    if (!HasFailure()) std::filesystem::remove_all(folder_);
  }

  demo::Village& village(const std::string& server = "cairnd", std::vector<std::string> arguments = {}) {
    if (!village_) {
      demo::VillageOptions options;
      options.programs = program_folder();
      options.folder = folder_.string();
      options.server = server;
      options.server_arguments = std::move(arguments);
      options.sign_up = sign_up_;
      options.prefix = [this](const std::string& who) { return prefix_for(who); };
      village_.emplace(std::move(options));
    }
    return *village_;
  }

  /// alice and bob with two devices each, all daemons running.
  void two_people_with_two_devices() {
    must(village().register_person("alice-1", "alice@localhost"));
    must(village().register_person("bob-1", "bob@localhost"));
    must(village().link_device("alice-2", "alice@localhost", "alice-1"));
    must(village().link_device("bob-2", "bob@localhost", "bob-1"));
  }

  // ---- other clocks, a full disk (tests/e2e/shim/trouble.cpp) ----

  /// "cairnd", "cosigner0" and so on, or a device; it needs trouble() before its program starts.
  void trouble(const std::string& who) {
    std::filesystem::create_directories(trouble_folder());
    troubled_.insert(who);
  }
  /// From now on its clock goes ahead by so much.
  void set_clock(const std::string& who, std::chrono::seconds ahead) { control(who + ".clock", ahead); }
  /// Likewise of the clock that nobody sets; never less than before.
  void set_uptime(const std::string& who, std::chrono::seconds ahead) { control(who + ".uptime", ahead); }
  /// From now on there are so many free bytes on its disk.
  void set_free(const std::string& who, std::uint64_t bytes) {
    std::ofstream(trouble_folder() + "/" + who + ".disk") << bytes;
  }

  static void must(const demo::Said& said) { ASSERT_TRUE(said.good()) << said.exit_code << " " << said.error; }

  /// The texts of a conversation on a device, in order, with their senders: "alice@localhost: hi".
  std::vector<std::string> texts(const std::string& device, const std::string& conversation) {
    std::vector<std::string> out;
    const demo::Said said = village_->cairn(device, {"read", conversation});
    if (!said.good()) return out;
    for (const auto& message : said.json["messages"]) {
      if (message["delivery"] == "notice") continue;
      out.push_back(message["sender"].get<std::string>() + ": " + message["text"].get<std::string>());
    }
    return out;
  }

  bool has_text(const std::string& device, const std::string& conversation, const std::string& line) {
    const auto all = texts(device, conversation);
    return std::find(all.begin(), all.end(), line) != all.end();
  }

  /// At once: a program that reads it meanwhile sees no empty file, which would set its clock back.
  void control(const std::string& file, std::chrono::seconds value) {
    const std::string path = trouble_folder() + "/" + file;
    std::ofstream(path + ".new") << value.count();
    std::filesystem::rename(path + ".new", path);
  }
  std::string trouble_folder() const { return folder_.string() + "-trouble"; }
  std::vector<std::string> prefix_for(const std::string& who) const {
    if (!troubled_.contains(who)) return {};
    return {"/usr/bin/env", "LD_PRELOAD=" + program_folder() + "/libcairn_trouble.so",
            "CAIRN_TROUBLE=" + trouble_folder() + "/" + who};
  }

  std::string sign_up_ = "open";
  std::set<std::string> troubled_;
  std::filesystem::path folder_;
  std::optional<demo::Village> village_;
};

}  // namespace cairn::e2e
