// A village in a scratch folder for one test, with the programs of this build.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
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
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() / ("cairn-e2e-" + std::to_string(getpid()) + "-" + info->name());
  }
  void TearDown() override {
    village_.reset();
    if (!HasFailure()) std::filesystem::remove_all(folder_);
  }

  demo::Village& village(const std::string& server = "cairnd", std::vector<std::string> arguments = {}) {
    if (!village_) {
      demo::VillageOptions options;
      options.programs = program_folder();
      options.folder = folder_.string();
      options.server = server;
      options.server_arguments = std::move(arguments);
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

  std::filesystem::path folder_;
  std::optional<demo::Village> village_;
};

}  // namespace cairn::e2e
