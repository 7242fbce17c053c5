// When a device looks its own name up (docs/spec/directory.md s.7): at every connect and at every epoch notice. That it
// does so every twelve hours besides is shown in timers_test.cpp, and what it says of what it finds in
// device_names_test.cpp and resets_test.cpp.
#include <gtest/gtest.h>

#include "core/directory/lookup.h"
#include "tests/support/answers.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using testing::kAlice;

class OwnNameWatch : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::good(village_.register_person("alice-1", kAlice));
    village_.pass_all(kMinuteMs);
    village_.server.overhear = [this](const proto::Call& call) {
      if (!call.url.ends_with(proto::kPathLookup)) return;
      const auto request = wire::decode<directory::LookupRequest>(call.body);
      if (request && request->name.text() == kAlice) ++looks_;
    };
  }

  testing::ClientVillage village_;
  std::size_t looks_ = 0;
};

TEST_F(OwnNameWatch, LooksAtEveryConnect) {
  for (int connects = 1; connects <= 3; ++connects) {
    village_.set_online("alice-1", false);
    village_.pass_all(kMinuteMs);
    looks_ = 0;
    village_.set_online("alice-1", true);
    EXPECT_TRUE(village_.until([this] { return looks_ != 0; }, 10 * kMinuteMs)) << connects;
  }
}

TEST_F(OwnNameWatch, LooksAtEveryEpochNoticeAndNotWithoutOne) {
  village_.pass_all(kHourMs);
  EXPECT_EQ(looks_, 0u);
  for (std::size_t notices = 1; notices <= 3; ++notices) {
    village_.notify_of_epoch("alice-1");
    village_.settle();
    EXPECT_EQ(looks_, notices);
  }
}

}  // namespace
}  // namespace cairn::client
