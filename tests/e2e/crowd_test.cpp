// A crowd at a server: most people are on line and silent, some write all the time; nothing is lost or doubled, nobody
// is cut off, and the server's memory does not grow.
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
  std::uint64_t server_kib() { return memory_kib(village().server().pid(), "VmRSS"); }
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

class LongCrowd : public CrowdTest {};

TEST_F(LongCrowd, TenThousandSilentAndTwoHundredBusyForTenMinutesInFlatMemory) {
  const Attendance all{10'200, 200, 500, 600};
  // Both programs have a connection open to each; they get the limit of this process.
  constexpr std::size_t kFiles = 12'000;
  if (!testing::may_open_files(kFiles)) {
    GTEST_SKIP() << "SKIPPED: a process may not have " << kFiles << " files open here; ulimit -Hn says how many";
  }
  begin(all);
  const std::uint64_t alone = server_kib();
  ASSERT_TRUE(line(0, std::chrono::seconds(600)).is_object()) << crowd_->output();
  std::printf("the server has %llu KiB, %llu before they came\n", static_cast<unsigned long long>(server_kib()),
              static_cast<unsigned long long>(alone));
  std::uint64_t settled = 0, most = 0;
  for (int minute = 1; minute <= 10; ++minute) {
    if (!line(1, std::chrono::seconds(60)).is_null() || !crowd_->running()) break;
    const std::uint64_t now = server_kib();
    std::printf("minute %d: %llu KiB\n", minute, static_cast<unsigned long long>(now));
    if (minute == 3) settled = now;
    if (minute > 3) most = std::max(most, now);
  }
  ASSERT_GT(settled, 0u) << "it ended before the third minute\n" << crowd_->output();
  EXPECT_LT(most, settled + settled / 20 + 8 * 1024) << "its memory grows";
  expect_all_well(all, line(1, std::chrono::seconds(120)));
}

}  // namespace
}  // namespace cairn::e2e
