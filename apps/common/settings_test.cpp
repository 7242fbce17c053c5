#include "apps/common/settings.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>

namespace cairn::apps {
namespace {

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() {
    settings.text("data", data, "where all lies");
    settings.text("sign-up", sign_up, "who may come", {"open", "invite"});
    settings.number("vault-quota", quota, "MiB", 0, 1000);
    settings.flag("resets", resets, "whether");
    settings.add_to(app);
    settings.add_config_to(app);
  }

  void command_line(std::vector<std::string> words) {
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    app.parse(words);
  }
  Complaint environment(const std::vector<const char*>& variables) {
    std::vector<const char*> all = variables;
    all.push_back(nullptr);
    return settings.load_environment(all.data());
  }
  Complaint file(const std::string& toml) { return settings.load_file("x.toml", toml); }

  std::string data = "/nowhere", sign_up = "invite";
  std::uint64_t quota = 5;
  bool resets = false;
  Settings settings{"cairnd"};
  CLI::App app;
};

TEST_F(SettingsTest, AFlagGoesBeforeTheEnvironmentAndThatBeforeTheFile) {
  command_line({"--vault-quota", "1"});
  EXPECT_EQ(environment({"CAIRND_VAULT_QUOTA=2", "CAIRND_SIGN_UP=open", "HOME=/root"}), std::nullopt);
  EXPECT_EQ(file("vault-quota = 3\nsign-up = \"invite\"\nresets = true\n"), std::nullopt);
  EXPECT_EQ(quota, 1u);
  EXPECT_EQ(sign_up, "open");
  EXPECT_TRUE(resets);
  EXPECT_EQ(data, "/nowhere");
}

TEST_F(SettingsTest, AFlagCanTakeBackWhatTheFileSays) {
  command_line({"--no-resets"});
  EXPECT_EQ(file("resets = true\n"), std::nullopt);
  EXPECT_FALSE(resets);
}

TEST_F(SettingsTest, TellsTheLineOfWhatItDoesNotKnow) {
  EXPECT_EQ(file("# words\nresets = true\nsign_up = \"open\"\n"),
            "x.toml, line 3: there is no setting \"sign_up\"; check its spelling, or see cairnd serve --help.");
  EXPECT_FALSE(resets) << "nothing of a file that is refused counts";
  EXPECT_EQ(file("\n\nnonsense\n").value().substr(0, 31), "x.toml, line 3: this is no TOML");
  EXPECT_EQ(file("[server]\nresets = true\n").value().substr(0, 15), "x.toml, line 1:");
}

TEST_F(SettingsTest, TellsWhatAValueMayBe) {
  EXPECT_EQ(file("sign-up = \"maybe\""), "x.toml, line 1: sign-up: write open or invite.");
  EXPECT_EQ(file("vault-quota = 1001"), "x.toml, line 1: vault-quota: write a number from 0 to 1000.");
  EXPECT_EQ(file("vault-quota = -1"), "x.toml, line 1: vault-quota: write a number from 0 to 1000.");
  EXPECT_EQ(file("vault-quota = \"5\""), "x.toml, line 1: vault-quota: write a number from 0 to 1000.");
  EXPECT_EQ(file("resets = 1"), "x.toml, line 1: resets: write true or false.");
  EXPECT_EQ(file("data = 7"), "x.toml, line 1: data: write a text in quotes.");
  EXPECT_EQ(file("data = \"a\\u0001\""), "x.toml, line 1: data: write it on one line, without control characters.");
  EXPECT_EQ(environment({"CAIRND_RESETS=yes"}), "CAIRND_RESETS=yes: write true or false.");
  EXPECT_EQ(environment({"CAIRND_VAULT_QUOTA="}), "CAIRND_VAULT_QUOTA=: write a number from 0 to 1000.");
  EXPECT_THROW(command_line({"--sign-up", "maybe"}), CLI::ValidationError);
}

TEST_F(SettingsTest, TheHelpTellsWhatAValueMayBe) {
  EXPECT_NE(app.help().find("(open or invite)"), std::string::npos) << app.help();
}

TEST_F(SettingsTest, RefusesAVariableOfItsOwnThatItDoesNotKnow) {
  const Complaint complaint = environment({"CAIRND_SIGNUP=open"});
  ASSERT_TRUE(complaint);
  EXPECT_NE(complaint->find("CAIRND_SIGNUP"), std::string::npos);
  EXPECT_EQ(environment({"CAIRN_SIGNUP=open"}), std::nullopt) << "another program's";
}

TEST_F(SettingsTest, WhatItWritesIsWhatItReads) {
  command_line({"--sign-up", "open", "--vault-quota", "7", "--data", "/srv/a \"b\" \\c"});
  const std::string text = settings.commented();
  EXPECT_NE(text.find("#resets = false"), std::string::npos) << text;
  EXPECT_NE(text.find("\nvault-quota = 7"), std::string::npos) << text;
  std::string data2 = "x", sign_up2 = "invite";
  std::uint64_t quota2 = 0;
  bool resets2 = false;
  Settings other("cairnd");
  other.text("data", data2, "");
  other.text("sign-up", sign_up2, "", {"open", "invite"});
  other.number("vault-quota", quota2, "", 0, 1000);
  other.flag("resets", resets2, "");
  EXPECT_EQ(other.load_file("y.toml", text), std::nullopt);
  EXPECT_EQ(data2, data);
  EXPECT_EQ(sign_up2, "open");
  EXPECT_EQ(quota2, 7u);
}

TEST_F(SettingsTest, TheFileInTheDataFolderIsFoundAndNamesNoOtherFolder) {
  const auto folder = std::filesystem::temp_directory_path() / ("cairn-settings-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  data = folder.string();
  const char* const none[] = {nullptr};
  EXPECT_EQ(settings.load(none, data), std::nullopt);
  std::ofstream(folder / "cairnd.toml") << "resets = true\n";
  EXPECT_EQ(settings.load(none, data), std::nullopt);
  EXPECT_TRUE(resets);
  std::ofstream(folder / "cairnd.toml") << "data = \"/elsewhere\"\n";
  EXPECT_TRUE(settings.load(none, data));
  std::filesystem::remove_all(folder);
}

TEST_F(SettingsTest, AFileThatIsNamedHasToBeThere) {
  const char* const variables[] = {"CAIRND_CONFIG=/nowhere/cairnd.toml", nullptr};
  const Complaint complaint = settings.load(variables, data);
  ASSERT_TRUE(complaint);
  EXPECT_EQ(complaint->substr(0, 20), "/nowhere/cairnd.toml");
}

}  // namespace
}  // namespace cairn::apps
