// kill -9 of the server again and again, while several devices write: what was accepted arrives, once.
#include <atomic>
#include <csignal>
#include <random>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

constexpr int kKills = 6;
constexpr int kMessagesEach = 25;

class Load : public VillageTest {
 protected:
  /// Writes to the group, one message after the other; each is sent, or kept and sent later.
  void write(const std::string& device, std::vector<std::string>& accepted, std::atomic<int>& wrong) {
    for (int i = 0; i < kMessagesEach; ++i) {
      const std::string text = device + " " + std::to_string(i);
      const demo::Said said = village_->cairn(device, {"send", "walkers", text, "--wait", "0.5"});
      if (said.good() || said.exit_code == 3) {
        accepted.push_back(text);
      } else {
        ++wrong;
        ADD_FAILURE() << device << ": " << said.exit_code << " " << said.error;
      }
    }
  }
};

TEST_F(Load, NothingAcceptedIsLostOrDoubledWhenTheServerIsKilledAgainAndAgain) {
  two_people_with_two_devices();
  const std::vector<std::string> devices = {"alice-1", "alice-2", "bob-1", "bob-2"};
  must(village().cairn("alice-1", {"group", "create", "walkers", "bob@localhost"}));
  must(village().cairn("alice-1", {"send", "walkers", "begin"}));
  for (const std::string& device : devices) {
    ASSERT_TRUE(eventually([&] { return texts(device, "walkers").size() == 1; })) << device;
  }

  std::map<std::string, std::vector<std::string>> accepted;
  for (const std::string& device : devices) accepted[device];
  std::atomic<int> wrong = 0, writing = static_cast<int>(devices.size());
  std::vector<std::thread> writers;
  for (const std::string& device : devices) {
    writers.emplace_back([&, device] {
      write(device, accepted.at(device), wrong);
      --writing;
    });
  }
  std::mt19937 random(11);
  std::printf("seed 11\n");
  int kills = 0;
  for (; kills < kKills && writing != 0; ++kills) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300 + random() % 900));
    village().stop_server(SIGKILL);
    village().start_server();
  }
  for (std::thread& writer : writers) writer.join();
  ASSERT_EQ(wrong, 0);
  EXPECT_GE(kills, 1);

  std::size_t total = 1;
  for (const auto& [device, all] : accepted) total += all.size();
  for (const std::string& device : devices) {
    EXPECT_TRUE(eventually([&] { return texts(device, "walkers").size() >= total; }, std::chrono::seconds(120)))
        << device << " has " << texts(device, "walkers").size() << " of " << total;
    const std::vector<std::string> got = texts(device, "walkers");
    EXPECT_EQ(got.size(), total) << device;
    // Once each, and in the order in which its writer said it.
    for (const auto& [writer, all] : accepted) {
      std::vector<std::string> of_writer;
      for (const std::string& line : got) {
        const std::string text = line.substr(line.find(": ") + 2);
        if (text.starts_with(writer + " ")) of_writer.push_back(text);
      }
      EXPECT_EQ(of_writer, all) << writer << " as " << device << " has it";
    }
  }
}

}  // namespace
}  // namespace cairn::e2e
