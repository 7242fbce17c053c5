// A crowd at a server: most people are on line and silent, some write all the time; nothing is lost or doubled, nobody
// is cut off, and the memory of the server does not grow, nor that of the daemons of two who talk in its midst.
#include <atomic>
#include <sstream>

#include "tests/e2e/village_fixture.h"
#include "tests/support/many_files.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;

struct Attendance {
  std::size_t people = 0, busy = 0;
  std::uint64_t rate = 0, seconds = 0;
};

class CrowdTest : public VillageTest {
 protected:
  void begin(const Attendance& wanted) {
    village("cairnd", {"--address-rate", "0"});
    const auto number = [](std::uint64_t value) { return std::to_string(value); };
    output_ = (folder_ / "crowd.log").string();
    crowd_.emplace(demo::Process::start(
        {program_folder() + "/cairn-load", "--url", village().url(), "--people", number(wanted.people), "--busy",
         number(wanted.busy), "--rate", number(wanted.rate), "--seconds", number(wanted.seconds)},
        output_));
  }
  /// Its so many-th line of JSON; null when it ends without one, or takes longer.
  json line(std::size_t index, std::chrono::seconds most) {
    json out;
    const auto has_it = [&] {
      std::istringstream lines(crowd_->output());
      std::size_t count = 0;
      for (std::string one; std::getline(lines, one);) {
        if (one.starts_with("{") && one.ends_with("}") && count++ == index) out = json::parse(one);
      }
      return !out.is_null() || !crowd_->running();
    };
    static_cast<void>(eventually(has_it, most));
    static_cast<void>(has_it());
    return out;
  }
  void expect_all_well(const Attendance& wanted, const json& said) {
    ASSERT_TRUE(said.is_object()) << crowd_->output();
    std::printf("%s\n", said.dump().c_str());
    for (const char* none : {"refused", "lost", "wrong", "closed"}) EXPECT_EQ(said[none], 0) << none;
    EXPECT_EQ(said["online"], wanted.people);
    EXPECT_GT(said["accepted"], 0);
    EXPECT_EQ(said["accepted"], said["delivered"]);
  }
  void TearDown() override {
    crowd_.reset();
    VillageTest::TearDown();
  }

  std::optional<demo::Process> crowd_;
  std::string output_;
};

class Crowd : public CrowdTest {};

TEST_F(Crowd, EverybodyGetsWhatIsSaidWhileMostAreSilent) {
  const Attendance some{200, 16, 50, 4};
  begin(some);
  ASSERT_TRUE(line(0, std::chrono::seconds(180)).is_object()) << crowd_->output();
  expect_all_well(some, line(1, std::chrono::seconds(60)));
}

TEST_F(Crowd, SaysSoWhenTheServerGoesAway) {
  const Attendance some{20, 8, 200, 60};
  begin(some);
  ASSERT_TRUE(line(0, std::chrono::seconds(60)).is_object()) << crowd_->output();
  village().stop_server(SIGKILL);
  EXPECT_TRUE(line(1, std::chrono::seconds(30)).is_null());
  EXPECT_EQ(crowd_->wait(std::chrono::seconds(30)), 1);
  EXPECT_NE(crowd_->output().find("the server did not answer"), std::string::npos) << crowd_->output();
}

/// What programs have of memory, minute by minute. A daemon may have as much more of it as its store grows: SQLite's
/// cache, of 32 MiB at most.
class Memory {
 public:
  void watch(const std::string& name, pid_t process) { programs_.push_back({name, process}); }
  /// Prints what each has now; from the third minute on nothing may be added to it but a little.
  void look(int minute) {
    constexpr int kWarm = 3;
    std::string line = "minute " + std::to_string(minute) + ":";
    for (Program& one : programs_) {
      const std::uint64_t now = memory_kib(one.process, "VmRSS");
      line += " " + one.name + " " + std::to_string(now) + " KiB";
      if (minute == kWarm) one.settled = now;
      if (minute > kWarm) one.most = std::max(one.most, now);
    }
    std::printf("%s\n", line.c_str());
  }
  void expect_flat() const {
    for (const Program& one : programs_) {
      ASSERT_GT(one.settled, 0u) << one.name;
      ASSERT_GT(one.most, 0u) << one.name;
      EXPECT_LT(one.most, one.settled + one.settled / 20 + 8 * 1024) << "the memory of " << one.name << " grows";
    }
  }

 private:
  struct Program {
    std::string name;
    pid_t process;
    std::uint64_t settled = 0, most = 0;  // KiB
  };
  std::vector<Program> programs_;
};

class LongCrowd : public CrowdTest {
 protected:
  void TearDown() override {
    talking_ = false;
    if (talk_.joinable()) talk_.join();
    CrowdTest::TearDown();
  }
  /// alice and bob, whose daemons run, say something in turn until it is stopped.
  void begin_to_talk() {
    must(village().register_person("alice-1", "alice@localhost"));
    must(village().register_person("bob-1", "bob@localhost"));
    talking_ = true;
    talk_ = std::thread([this] {
      while (talking_) {
        const bool is_alices = said_.size() % 2 == 0;
        const std::string text = "message " + std::to_string(said_.size());
        must(village_->cairn(is_alices ? "alice-1" : "bob-1",
                             {"send", is_alices ? "bob@localhost" : "alice@localhost", text, "--wait", "60"},
                             std::chrono::seconds(90)));
        said_.push_back((is_alices ? "alice@localhost: " : "bob@localhost: ") + text);
        std::this_thread::sleep_for(std::chrono::milliseconds(400));
      }
    });
  }
  /// Of the last ones each device has all, in order.
  void end_talk() {
    talking_ = false;
    talk_.join();
    std::printf("alice and bob said %zu messages\n", said_.size());
    const std::vector<std::string> last(said_.end() - static_cast<std::ptrdiff_t>(std::min(kLast, said_.size())),
                                        said_.end());
    const auto has_last = [&](const std::string& device, const std::string& other) {
      const std::vector<std::string> all = texts(device, other);
      return all.size() >= last.size() &&
             std::equal(last.begin(), last.end(), all.end() - static_cast<std::ptrdiff_t>(last.size()));
    };
    EXPECT_TRUE(eventually([&] { return has_last("alice-1", "bob@localhost"); }, std::chrono::minutes(2)));
    EXPECT_TRUE(eventually([&] { return has_last("bob-1", "alice@localhost"); }, std::chrono::minutes(2)));
  }

 private:
  static constexpr std::size_t kLast = 200;
  std::atomic<bool> talking_ = false;
  std::vector<std::string> said_;  // by the thread, while it runs
  std::thread talk_;
};

TEST_F(LongCrowd, TenThousandSilentAndTwoHundredBusyForTenMinutesInFlatMemory) {
  const Attendance all{10'200, 200, 500, 600};
  // Both programs have a connection open to each; they get the limit of this process.
  constexpr std::size_t kFiles = 12'000;
  if (!testing::may_open_files(kFiles)) {
    GTEST_SKIP() << "SKIPPED: a process may not have " << kFiles << " files open here; ulimit -Hn says how many";
  }
  begin(all);
  std::printf("the server has %llu KiB before they come\n",
              static_cast<unsigned long long>(memory_kib(village().server().pid(), "VmRSS")));
  ASSERT_TRUE(line(0, std::chrono::seconds(600)).is_object()) << crowd_->output();
  begin_to_talk();
  Memory memory;
  memory.watch("the server", village().server().pid());
  for (const std::string device : {"alice-1", "bob-1"}) memory.watch(device, village().daemon(device).pid());
  for (int minute = 1; minute <= 10; ++minute) {
    if (!line(1, std::chrono::seconds(60)).is_null() || !crowd_->running()) break;
    memory.look(minute);
  }
  memory.expect_flat();
  expect_all_well(all, line(1, std::chrono::seconds(120)));
  end_talk();
}

}  // namespace
}  // namespace cairn::e2e
