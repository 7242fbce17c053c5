// kill -9 of the daemons of devices at any moment, while two of them are asked to send: what a daemon accepted is on
// every device in the end, once, in order, to the byte.
#include <atomic>
#include <csignal>
#include <random>

#include "shell/net/line_socket.h"
#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;

/// How much of it; a daemon is killed each time when so many more messages were accepted.
struct Siege {
  unsigned seed = 0;
  int messages_each = 0;
  int between_kills = 0;
};

constexpr std::chrono::milliseconds kSiegeMost{120'000};
constexpr int kMostTries = 2'000;  ///< of one message
constexpr std::uint64_t kAnswerMs = 60'000;

class DaemonKills : public VillageTest {
 protected:
  void SetUp() override {
    VillageTest::SetUp();
    two_people_with_two_devices();
    must(village().cairn("alice-1", {"send", "bob@localhost", "begin", "--wait", "30"}, std::chrono::seconds(60)));
    for (const std::string& device : kDevices) {
      ASSERT_TRUE(eventually([&] { return texts(device, other(device)).size() == 1; }, kSiegeMost)) << device;
    }
    for (const std::string& device : kDevices) {
      village().stop_daemon(device);
      start(device);
    }
  }
  void TearDown() override {
    daemons_.clear();
    VillageTest::TearDown();
  }

  static std::string name_of(const std::string& device) { return device.substr(0, device.find('-')) + "@localhost"; }
  static std::string other(const std::string& device) {
    return name_of(device) == "alice@localhost" ? "bob@localhost" : "alice@localhost";
  }

  /// One question to the daemon of a device. Null when it was gone before its answer came.
  json ask(const std::string& device, const std::string& method, const json& params) {
    auto client = net::LocalClient::open(village_->device_folder(device) + "/socket");
    const json request = {{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
    if (!client || !client->send(as_bytes(request.dump()))) return nullptr;
    const auto frame = client->receive(kAnswerMs);
    return frame ? json::parse(as_text(*frame), nullptr, false) : json(nullptr);
  }

  /// Letters of one to four bytes, and what a JSON text writes in another way.
  static std::string some_text(std::mt19937& random) {
    static const std::vector<std::string> kLetters = {"a", "Z", " ", "\"", "\\", "é", "漢", "🙂", "{", "0"};
    std::string out;
    for (auto i = random() % 200; i > 0; --i) out += kLetters[random() % kLetters.size()];
    return out + ".";
  }

  /// Says all its messages, one after the other. Each under a key of its own, so that it may be asked again when the
  /// daemon went before it answered.
  void write(const std::string& device, const Siege& siege, std::vector<std::string>& accepted) {
    std::mt19937 random(siege.seed + (device == kWriters[0] ? 1 : 2));
    for (int i = 0; i < siege.messages_each; ++i) {
      const std::string number = device + " " + std::to_string(i), text = number + " " + some_text(random);
      if (!say(device, {{"to", other(device)}, {"text", text}, {"key", number}, {"wait_ms", random() % 400}})) return;
      accepted.push_back(text);
      ++accepted_;
    }
  }
  bool say(const std::string& device, const json& params) {
    for (int i = 0; i < kMostTries; ++i) {
      const json answer = ask(device, "send", params);
      if (answer.is_object() && answer.contains("result")) return true;
      if (answer.is_object() && answer["error"]["data"].value("queued", false)) return true;
      if (answer.is_object() && answer["error"]["data"].value("code", "") != "unavailable") {
        ADD_FAILURE() << device << ": " << answer.dump();
        return false;
      }
      if (answer.is_null()) ++unanswered_;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ADD_FAILURE() << device << " was never answered";
    return false;
  }

  void start(const std::string& device) {
    const std::string output = (folder_ / (device + "-" + std::to_string(++starts_) + ".log")).string();
    daemons_.insert_or_assign(device, demo::Process::start(command_of(device, {"daemon"}), output));
  }
  /// At any moment: while it starts, catches up, answers or writes. Another one follows at once.
  void kill_one(std::mt19937& random) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 150));
    const std::string& device = kDevices[random() % kDevices.size()];
    demo::Process& daemon = daemons_.at(device);
    EXPECT_TRUE(daemon.running()) << device << " ended by itself: " << daemon.output();
    daemon.signal(SIGKILL);
    daemon.wait(std::chrono::seconds(5));
    start(device);
  }

  void besiege(const Siege& siege) {
    std::printf("seed %u\n", siege.seed);
    std::mt19937 random(siege.seed);
    std::map<std::string, std::vector<std::string>> accepted;
    std::vector<std::thread> writers;
    std::atomic<int> writing = static_cast<int>(kWriters.size());
    for (const std::string& device : kWriters) {
      std::vector<std::string>& its = accepted[device];
      writers.emplace_back([&, device] {
        write(device, siege, its);
        --writing;
      });
    }
    int kills = 0;
    while (writing > 0) {
      if (accepted_ < (kills + 1) * siege.between_kills) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        continue;
      }
      kill_one(random);
      ++kills;
    }
    for (std::thread& writer : writers) writer.join();
    std::printf("%d daemons killed while %d messages were accepted; %d times one went before it answered\n", kills,
                accepted_.load(), unanswered_.load());
    EXPECT_GE(kills,
              siege.messages_each / siege.between_kills / 2);  // while one is under way messages are accepted too
    EXPECT_GT(unanswered_, 0);                                 // else no kill has fallen where it matters
    for (const std::string& device : kDevices) expect_all(device, accepted);
  }

  /// All that a device shows of the conversation, however long it is.
  std::vector<std::string> all_texts(const std::string& device) {
    std::vector<std::string> out;
    for (std::uint64_t first = 0;;) {
      const json answer = ask(device, "read", {{"conversation", other(device)}, {"first", first}});
      if (!answer.is_object() || !answer.contains("result")) return {};
      for (const json& one : answer["result"]["messages"]) {
        if (one["delivery"] != "notice") out.push_back(one["text"].get<std::string>());
      }
      if (!answer["result"].contains("next")) return out;
      first = answer["result"]["next"].get<std::uint64_t>();
    }
  }
  void expect_all(const std::string& device, const std::map<std::string, std::vector<std::string>>& accepted) {
    std::size_t total = 1;
    for (const auto& [writer, all] : accepted) total += all.size();
    EXPECT_TRUE(eventually([&] { return all_texts(device).size() >= total; }, kSiegeMost))
        << device << " has " << all_texts(device).size() << " of " << total;
    const std::vector<std::string> got = all_texts(device);
    EXPECT_EQ(got.size(), total) << device;
    for (const auto& [writer, all] : accepted) {
      std::vector<std::string> of_writer;
      for (const std::string& text : got) {
        if (text.starts_with(writer + " ")) of_writer.push_back(text);
      }
      EXPECT_EQ(of_writer, all) << writer << " as " << device << " has it";
    }
  }

  const std::vector<std::string> kDevices = {"alice-1", "alice-2", "bob-1", "bob-2"};
  const std::vector<std::string> kWriters = {"alice-1", "bob-1"};
  std::map<std::string, demo::Process> daemons_;  // ours, not the village's
  int starts_ = 0;
  std::atomic<int> accepted_ = 0, unanswered_ = 0;
};

TEST_F(DaemonKills, NothingAcceptedIsLostDoubledOrChanged) { besiege({5, 150, 4}); }

class LongDaemonKills : public DaemonKills {};

TEST_F(LongDaemonKills, NothingAcceptedIsLostDoubledOrChanged) { besiege({6, 3'000, 3}); }

}  // namespace
}  // namespace cairn::e2e
