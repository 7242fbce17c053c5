// Where a veto is brought to: only whom a link named is reached in no private network.
#include "core/client/vetoes.h"

#include <gtest/gtest.h>

#include "core/base/memory_view.h"
#include "core/client/domains.h"
#include "tests/support/example_names.h"
#include "tests/support/fake_server.h"

namespace cairn::client {
namespace {

using testing::kAlice;

constexpr const char* kDomain = "two.example";

/// alice's device, which was told a veto of a name of another domain; the auditors are those of her own policy.
class VetoPosts : public ::testing::Test {
 protected:
  VetoPosts()
      : account(Account::create(*directory::Name::from(kAlice), "http://localhost", server.policy_text(), entropy)) {
    account.state = AccountState::active;
    save_account(context, account);
    const auto carol = *directory::Name::from("carol@two.example");
    const auto key = crypto::SigningKey::generate(entropy);
    directory::ResetNotice notice;
    notice.requested_ms = context.now.ms;
    notice.veto_keys = {key.public_key()};
    save_veto(context, account,
              {carol, directory::veto_as_device(notice, key), HeldVeto::Origin::told, context.now.ms});
  }
  /// How the auditors are called.
  std::set<proto::CallReach> reaches() {
    Calls calls;
    Session session(calls);
    Views views(calls);
    Conversations conversations(calls, views, session);
    Vetoes vetoes(calls, views, conversations);
    sends.clear();
    vetoes.step(context, account);
    std::set<proto::CallReach> out;
    for (const proto::Send& send : sends) {
      const auto* call = std::get_if<proto::Call>(&send);
      if (call != nullptr && call->url.ends_with("/veto")) out.insert(call->reach);
    }
    return out;
  }
  void pin(const std::string& policy, const std::string& url) {
    ASSERT_TRUE(pin_domain(context, account, {kDomain, policy, url}));
  }
  void came_by_a_link() { note_origin(context, account, kDomain, {"carol@two.example", context.now.ms}); }

  testing::FakeServer server;
  testing::SeededEntropy entropy{9};
  MemoryView below;
  Overlay overlay{below};
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;
  Context context{overlay, Time{1'750'000'000'000}, entropy, sends, events};
  Account account;

  using Reaches = std::set<proto::CallReach>;
  const Reaches anywhere = {proto::CallReach::anywhere};
  const Reaches public_only = {proto::CallReach::public_only};
};

TEST_F(VetoPosts, GoAnywhereByTheOwnPolicyAlsoWhereALinkSaidWhereTheDomainIs) {
  EXPECT_EQ(reaches(), anywhere);
  pin({}, "https://two.example");
  EXPECT_EQ(reaches(), anywhere);
  came_by_a_link();
  EXPECT_EQ(reaches(), anywhere);
}

TEST_F(VetoPosts, GoToPublicPlacesAloneByThePolicyOfALink) {
  pin(server.policy_text(), {});
  EXPECT_EQ(reaches(), anywhere) << "its owner typed it";
  came_by_a_link();
  EXPECT_EQ(reaches(), public_only);
}

}  // namespace
}  // namespace cairn::client
