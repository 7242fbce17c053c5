// A group of twenty-five devices, with real programs: its commits and welcomes are larger than an envelope.
#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

class Large : public VillageTest {
 protected:
  static constexpr int kPeople = 24;
  static constexpr std::chrono::seconds kWhile{120};

  static std::string device(int i) { return "p" + std::to_string(i); }
  static std::string name(int i) { return "person" + std::to_string(i) + "@localhost"; }
  void expect_heard(const std::string& by, const std::string& says, const std::string& text,
                    const std::vector<std::string>& devices) {
    must(village().cairn(by, {"send", "choir", text, "--wait", "120"}, kWhile));
    for (const std::string& one : devices) {
      EXPECT_TRUE(eventually([&] { return has_text(one, "choir", says + ": " + text); }, kWhile))
          << one << ": " << text;
    }
  }
};

TEST_F(Large, GroupOfTwentyFiveDevicesTalksAddsAndRemoves) {
  must(village().register_person("alice-1", "alice@localhost"));
  std::vector<std::string> create = {"group", "create", "choir"};
  std::vector<std::string> all = {"alice-1"};
  for (int i = 0; i < kPeople; ++i) {
    must(village().register_person(device(i), name(i)));
    create.push_back(name(i));
    all.push_back(device(i));
  }
  must(village().cairn("alice-1", create, kWhile));
  expect_heard("alice-1", "alice@localhost", "let us sing", all);
  expect_heard(device(7), name(7), "in which key?", all);

  must(village().register_person("carol-1", "carol@localhost"));
  must(village().cairn(device(3), {"group", "add", "choir", "carol@localhost"}, kWhile));
  all.emplace_back("carol-1");
  expect_heard(device(3), name(3), "carol sings too", all);
  expect_heard("carol-1", "carol@localhost", "in any key", all);

  must(village().cairn("alice-1", {"group", "remove", "choir", name(11)}, kWhile));
  std::erase(all, device(11));
  expect_heard(device(5), name(5), "one less", all);
  EXPECT_FALSE(has_text(device(11), "choir", name(5) + ": one less"));
  EXPECT_TRUE(has_text(device(11), "choir", "carol@localhost: in any key"));

  // Who was killed and was away meanwhile comes behind.
  village().stop_daemon(device(20));
  must(village().cairn("alice-1", {"group", "remove", "choir", name(12)}, kWhile));
  std::erase(all, device(12));
  std::erase(all, device(20));
  expect_heard("alice-1", "alice@localhost", "while one sleeps", all);
  village().start_daemon(device(20));
  EXPECT_TRUE(eventually([&] { return has_text(device(20), "choir", "alice@localhost: while one sleeps"); }, kWhile));
}

}  // namespace
}  // namespace cairn::e2e
