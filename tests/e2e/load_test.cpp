// kill -9 of the server again and again, while several devices write: what was accepted arrives, once.
#include <atomic>
#include <csignal>
#include <random>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

constexpr int kKills = 4;
constexpr int kMessagesEach = 25;
/// The server is killed when so many messages were written, and then each time when so many more were.
constexpr int kFirstKill = 8;
constexpr int kBetweenKills = 22;
/// Writers go on meanwhile, and wait when they are so many messages ahead of a kill: on any machine each kill falls
/// while all of them write.
constexpr int kAhead = 12;
static_assert(kKills >= 3 && kFirstKill + (kKills - 1) * kBetweenKills + kAhead < 4 * kMessagesEach);

class Load : public VillageTest {
 protected:
  /// Writes to the group, one message after the other; each is sent, or kept and sent later.
  void write(const std::string& device, std::vector<std::string>& accepted) {
    for (int i = 0; i < kMessagesEach; ++i) {
      const std::string text = device + " " + std::to_string(i);
      while (kills_ < kKills && written_ >= due_at(kills_) + kAhead) pause();
      const demo::Said said = village_->cairn(device, {"send", "walkers", text, "--wait", "0.5"});
      ++written_;
      if (said.good() || said.exit_code == 3) {
        accepted.push_back(text);
      } else {
        ++wrong_;
        ADD_FAILURE() << device << ": " << said.exit_code << " " << said.error;
      }
    }
  }
  /// kill -9 at each of the points, and a new server at once.
  void kill_server_again_and_again() {
    std::mt19937 random(11);
    std::printf("seed 11\n");
    while (kills_ < kKills) {
      while (written_ < due_at(kills_)) pause();
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 100));
      village().stop_server(SIGKILL);
      village().start_server();
      ++kills_;
    }
  }

  std::atomic<int> wrong_ = 0;

 private:
  static int due_at(int kill) { return kFirstKill + kill * kBetweenKills; }
  static void pause() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }

  std::atomic<int> written_ = 0, kills_ = 0;
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
  std::vector<std::thread> writers;
  for (const std::string& device : devices) {
    writers.emplace_back([&, device] { write(device, accepted.at(device)); });
  }
  kill_server_again_and_again();
  for (std::thread& writer : writers) writer.join();
  ASSERT_EQ(wrong_, 0);

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
