// A disk that is really full: who sends is told, what was accepted arrives, and the same message goes through when
// there is room again. Once on a small file system of its own, where that may be mounted, and once behind the shim.
#include <sched.h>
#include <sys/mount.h>

#include <csignal>
#include <cstring>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

enum class Way { file_system, shim };

class FullDisk : public VillageTest, public ::testing::WithParamInterface<Way> {
 protected:
  void TearDown() override {
    village_.reset();
    if (!mounted_.empty()) umount2(mounted_.c_str(), MNT_DETACH);
    VillageTest::TearDown();
  }

  /// Gives `who` a disk that can be filled. False when this machine does not let us; that is said.
  bool own_disk(const std::string& who) {
    if (GetParam() == Way::shim) {
      trouble(who);
      return true;
    }
    const std::string folder = (folder_ / who).string();
    std::filesystem::create_directories(folder);
    // A name space of our own, so that nothing stays mounted whatever becomes of this process.
    const bool alone = unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    if (!alone || mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=80m,mode=0700") != 0) {
      std::printf("SKIPPED: no file system may be mounted here (%s)\n", std::strerror(errno));
      return false;
    }
    mounted_ = folder;
    return true;
  }

  void fill(const std::string& who) {
    if (GetParam() == Way::shim) return set_free(who, 0);
    std::ofstream ballast(mounted_ + "/ballast", std::ios::binary);
    const std::string block(std::size_t{64} << 10, 'x');
    while (ballast.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void make_room(const std::string& who) {
    if (GetParam() == Way::shim) return set_free(who, std::uint64_t{1} << 30);
    std::filesystem::remove(mounted_ + "/ballast");
  }

  static bool says(const demo::Said& said, const std::string& words) {
    return said.error.find(words) != std::string::npos;
  }

 private:
  std::string mounted_;
};

TEST_P(FullDisk, OfTheServerIsToldToWhoSendsAndCostsNothing) {
  if (!own_disk("cairnd")) GTEST_SKIP() << "SKIPPED: no file system of one's own may be mounted here";
  two_people_with_two_devices();
  must(village().cairn("alice-1", {"send", "bob@localhost", "one"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-2", "alice@localhost", "alice@localhost: one"); }));
  village().stop_daemon("bob-2");
  must(village().cairn("alice-1", {"send", "bob@localhost", "two"}));

  fill("cairnd");
  std::vector<std::string> all = {"alice@localhost: one", "alice@localhost: two"};
  for (const std::string text : {"three", "four"}) {
    const demo::Said said = village().cairn("alice-1", {"send", "bob@localhost", text, "--wait", "2"});
    EXPECT_EQ(said.exit_code, 3) << said.error;
    EXPECT_TRUE(says(said, "disk is full") && says(said, "The message is kept")) << said.error;
    all.push_back("alice@localhost: " + text);
  }
  const demo::Said late = village().cairn(
      "carol-1", {"register", "carol@localhost", "--server", village().url(), "--policy", village().policy_file()});
  EXPECT_EQ(late.exit_code, 3) << late.error;
  EXPECT_TRUE(says(late, "disk is full")) << late.error;
  EXPECT_TRUE(village().server().running());
  // What was accepted before is delivered, to a device that logs in only now.
  village().start_daemon("bob-2");
  EXPECT_TRUE(eventually([&] { return has_text("bob-2", "alice@localhost", "alice@localhost: two"); }));
  EXPECT_EQ(texts("bob-1", "alice@localhost").size(), 2u);

  make_room("cairnd");
  for (const std::string device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] { return texts(device, "alice@localhost") == all; }, std::chrono::seconds(90)))
        << device << " " << ::testing::PrintToString(texts(device, "alice@localhost"));
  }
  village().start_daemon("carol-1");
  EXPECT_TRUE(eventually([&] { return village().cairn("carol-1", {"status"}).json["state"] == "active"; },
                         std::chrono::seconds(90)));
}

TEST_P(FullDisk, OfTheServerSurvivesARestartOnIt) {
  if (!own_disk("cairnd")) GTEST_SKIP() << "SKIPPED: no file system of one's own may be mounted here";
  must(village().register_person("alice-1", "alice@localhost"));
  must(village().register_person("bob-1", "bob@localhost"));
  must(village().cairn("alice-1", {"send", "bob@localhost", "one"}));
  village().stop_daemon("bob-1");
  must(village().cairn("alice-1", {"send", "bob@localhost", "two"}));
  fill("cairnd");
  EXPECT_FALSE(village().cairn("alice-1", {"send", "bob@localhost", "three", "--wait", "1"}).good());
  village().stop_server(SIGKILL);
  // The shim counts anew for a new process; on a disk what the reserve gave back is there still.
  if (GetParam() == Way::shim) set_free("cairnd", std::uint64_t{8} << 20);
  village().start_server();
  village().start_daemon("bob-1");
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: two"); }));
  make_room("cairnd");
  const std::vector<std::string> all = {"alice@localhost: one", "alice@localhost: two", "alice@localhost: three"};
  EXPECT_TRUE(eventually([&] { return texts("bob-1", "alice@localhost") == all; }, std::chrono::seconds(90)));
}

TEST_P(FullDisk, OfADeviceIsToldToItsOwnerAndCostsNothing) {
  if (!own_disk("alice-1")) GTEST_SKIP() << "SKIPPED: no file system of one's own may be mounted here";
  must(village().register_person("alice-1", "alice@localhost"));
  must(village().register_person("bob-1", "bob@localhost"));
  must(village().cairn("alice-1", {"send", "bob@localhost", "one"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: one"); }));

  fill("alice-1");
  for (int i = 0; i < 2; ++i) {
    const demo::Said said = village().cairn("alice-1", {"send", "bob@localhost", "lost words"});
    EXPECT_EQ(said.exit_code, 1) << said.error;
    EXPECT_TRUE(says(said, "isk is full") || says(said, "disk of this device is full")) << said.error;
  }
  must(village().cairn("bob-1", {"send", "alice@localhost", "two"}));
  const demo::Said status = village().cairn("alice-1", {"status"});
  must(status);
  EXPECT_NE(status.json["trouble"].get<std::string>().find("disk of this device is full"), std::string::npos)
      << status.json;
  EXPECT_EQ(texts("alice-1", "bob@localhost").size(), 1u);

  make_room("alice-1");
  EXPECT_TRUE(
      eventually([&] { return has_text("alice-1", "bob@localhost", "bob@localhost: two"); }, std::chrono::seconds(60)));
  must(village().cairn("alice-1", {"send", "bob@localhost", "three"}));
  const std::vector<std::string> all = {"alice@localhost: one", "bob@localhost: two", "alice@localhost: three"};
  EXPECT_TRUE(eventually([&] { return texts("bob-1", "alice@localhost") == all; }));
  EXPECT_EQ(texts("alice-1", "bob@localhost"), all);
}

INSTANTIATE_TEST_SUITE_P(Ways, FullDisk, ::testing::Values(Way::file_system, Way::shim), [](const auto& way) {
  return std::string(way.param == Way::file_system ? "OnAFileSystemOfItsOwn" : "BehindTheShim");
});

}  // namespace
}  // namespace cairn::e2e
