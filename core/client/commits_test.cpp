// Each commit of a device's life fails in turn: its mind is made anew, nothing of that batch was sent, and in the end
// everything that was said has arrived, once.
#include <gtest/gtest.h>

#include "core/client/account.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::kAlice;
using testing::kBob;
using testing::Texts;

/// Two people talk; one of the devices has a store that fails.
class Life {
 public:
  Life(std::string unlucky, std::size_t failing) : unlucky_(std::move(unlucky)) {
    village.device(unlucky_).fail_commit(failing);
  }

  testing::ClientVillage village;

  /// Gives the number of commits that the unlucky device tried.
  std::size_t live() {
    enroll("alice-1", kAlice);
    enroll("bob-1", kBob);
    say("alice-1", kBob, "one");
    say("bob-1", kAlice, "two");
    say("alice-1", kBob, "three");
    const Texts all = {"one", "two", "three"};
    for (const std::string device : {"alice-1", "bob-1"}) {
      EXPECT_TRUE(village.until([&] { return texts(device) == all; }, kHourMs))
          << device << " has " << ::testing::PrintToString(texts(device));
    }
    village.pass_all(kMinuteMs);
    EXPECT_TRUE(mailbox_of("alice-1").empty());  // everything was acknowledged
    EXPECT_TRUE(mailbox_of("bob-1").empty());
    return village.device(unlucky_).commits();
  }

 private:
  /// The answer may be lost with the batch that failed: what counts is what became of it.
  void enroll(const std::string& device, const std::string& name) {
    const auto active = [&] {
      json status = village.ask(device, "status", json::object(), kMinuteMs);
      return status.is_object() && status["result"]["state"] == "active" && status["result"]["connected"] == true;
    };
    for (int attempt = 0; attempt < 3 && !active(); ++attempt) {
      village.ask(device, "register", {{"name", name}, {"policy", village.server.policy_text()}}, 2 * kMinuteMs);
    }
    EXPECT_TRUE(active()) << device;
  }

  void say(const std::string& device, const std::string& to, const std::string& text) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      const json answer = village.ask(device, "send", {{"to", to}, {"text", text}}, 2 * kMinuteMs);
      const Texts own = texts(device);
      if (std::count(own.begin(), own.end(), text) == 1) break;
      EXPECT_FALSE(answer.is_object() && answer.contains("result")) << "said to be sent, and not kept";
    }
    const std::string other = device == "alice-1" ? "bob-1" : "alice-1";
    EXPECT_TRUE(village.until(
        [&] {
          const Texts all = texts(other);
          return std::count(all.begin(), all.end(), text) == 1;
        },
        kHourMs))
        << text;
  }

  Texts texts(const std::string& device) {
    Texts out;
    const json answer = village.ask(device, "read", json::object(), kMinuteMs);
    if (!answer.is_object() || !answer.contains("result")) return out;
    for (const json& one : answer["result"]["messages"]) {
      if (one["delivery"] != "notice") out.push_back(one["text"]);
    }
    return out;
  }

  const std::deque<proto::Envelope>& mailbox_of(const std::string& device) {
    const auto account = load_account(village.device(device).store());
    CHECK(account.has_value());
    return village.server.post.mailboxes[account->mailbox].envelopes;
  }

  std::string unlucky_;
};

void each_fails_in_turn(const std::string& unlucky) {
  for (std::size_t failing = 0;; ++failing) {
    SCOPED_TRACE(unlucky + "'s commit number " + std::to_string(failing) + " fails");
    const std::size_t commits = Life(unlucky, failing).live();
    if (::testing::Test::HasFailure()) return;
    if (commits <= failing) {
      EXPECT_GE(failing, 10u);
      return;
    }
  }
}

TEST(ClientCommits, OfWhoBeginsMayFailOneByOne) { each_fails_in_turn("alice-1"); }
TEST(ClientCommits, OfWhoIsWrittenToMayFailOneByOne) { each_fails_in_turn("bob-1"); }

}  // namespace
}  // namespace cairn::client
