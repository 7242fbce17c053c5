// A client and its connection to its server.
#include <gtest/gtest.h>

#include "tests/support/client_village.h"

namespace cairn::client {
namespace {

TEST(Session, LogsInAgainWhenItsTokenIsNoLongerGood) {
  testing::ClientVillage village;
  ASSERT_TRUE(village.register_person("alice-1", "alice@example.org").contains("result"));
  village.server.post.forget_tokens();
  village.set_online("alice-1", false);
  village.set_online("alice-1", true);
  EXPECT_TRUE(village.until([&] { return village.ask("alice-1", "status")["result"]["connected"] == true; }));
}

}  // namespace
}  // namespace cairn::client
