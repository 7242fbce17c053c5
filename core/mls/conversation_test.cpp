// Whole conversations: random members do random things, and everybody who is in agrees after each of them.
#include <gtest/gtest.h>

#include "core/mls/group_fixture.h"

namespace cairn::mls {
namespace {

using namespace fixture;

struct Letter {
  std::string text;
  Bytes message;
  std::uint64_t epoch = 0;
  std::size_t sender = 0;
};

// A device that was in the conversation at some time. `unread` are messages that the network still holds for it.
struct Device {
  Group group;
  std::vector<Letter> unread = {};
  bool is_in = true;
};

class Conversation {
 public:
  Conversation(SuiteId suite, std::uint64_t seed) : world_(suite, seed) {
    devices_.push_back(std::make_unique<Device>(Device{world_.create("device 0")}));
  }

  void step() {
    switch (world_.entropy.below(8)) {
      case 0:
      case 1: commit(true); break;
      case 2: commit(false); break;
      case 3: race(); break;
      case 4: propose(); break;
      case 5: deliver_some(); break;
      case 6: reopen(); break;
      default: say(); break;
    }
    check();
  }
  void deliver_all() {
    for (auto& device : devices_) {
      while (!device->unread.empty()) deliver(*device, device->unread.size() - 1);
    }
  }
  std::size_t messages_read() const { return messages_read_; }
  std::uint64_t epoch() const { return devices_[members().front()]->group.epoch(); }

 private:
  std::vector<std::size_t> members() const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      if (devices_[i]->is_in) out.push_back(i);
    }
    return out;
  }
  std::size_t any_member() {
    const auto in = members();
    return in[world_.entropy.below(in.size())];
  }
  bool chance(std::uint64_t one_in) { return world_.entropy.below(one_in) == 0; }
  Group& group(std::size_t i) { return devices_[i]->group; }

  CommitRequest any_request(std::size_t who, bool changes_members, std::vector<PrivateKeyPackage>& packages) {
    CommitRequest request;
    request.path = chance(2) ? PathUse::always : PathUse::when_required;
    request.format = chance(3) ? HandshakeFormat::public_message : HandshakeFormat::private_message;
    request.tree = chance(3) ? TreePlacement::beside : TreePlacement::inside;
    request.authenticated_data = to_bytes("data");
    const auto in = members();
    if (!changes_members) return request;
    for (std::uint64_t i = world_.entropy.below(3); i > 0 && in.size() + packages.size() < 8; --i) {
      packages.push_back(world_.key_package("device " + std::to_string(devices_.size() + packages.size())));
      request.adds.push_back(packages.back().package());
    }
    const std::size_t other = any_member();
    if (other != who && in.size() > 2 && chance(2)) request.removes.push_back(group(other).own_leaf());
    return request;
  }

  void commit(bool changes_members) {
    std::vector<PrivateKeyPackage> packages;
    const std::size_t who = any_member();
    const CommitRequest request = any_request(who, changes_members, packages);
    win(who, world_.stage(group(who), request), packages);
  }

  // Two members commit in the same epoch; the second one loses, and follows the first.
  void race() {
    std::vector<PrivateKeyPackage> won, lost;
    const std::size_t winner = any_member();
    const std::size_t loser = any_member();
    const CommitRequest request = any_request(winner, true, won);
    if (loser != winner) {
      const CommitRequest other = any_request(loser, true, lost);
      world_.stage(group(loser), other);
    }
    win(winner, world_.stage(group(winner), request), won);
    EXPECT_EQ(group(loser).pending(), nullptr);
  }

  // The commit is accepted: everybody follows it, newcomers join, the removed are out.
  void win(std::size_t who, const PendingCommit& pending, const std::vector<PrivateKeyPackage>& packages) {
    const Bytes& message = pending.commit();
    const Bytes next_key = to_bytes(pending.exporter("next", {}, 32).expose());
    const Bytes tree = pending.ratchet_tree();
    std::vector<Bytes> welcomes;
    // Adds that were proposed before stand in front of those of the request.
    const std::size_t first = pending.welcomes().size() - packages.size();
    for (std::size_t i = 0; i < packages.size(); ++i) welcomes.push_back(pending.welcomes()[first + i].message);
    for (const std::size_t i : members()) {
      if (i == who) continue;
      Received received = must(world_.process(group(i), message));
      auto& commit = std::get<ReceivedCommit>(received);
      EXPECT_EQ(commit.commit.summary().authenticated_data, to_bytes("data"));
      if (commit.commit.removes_us()) {
        devices_[i]->is_in = false;
      } else {
        EXPECT_TRUE(equal(commit.commit.exporter("next", {}, 32).expose(), next_key));
      }
      must(group(i).merge(std::move(commit)));
      EXPECT_EQ(group(i).is_active(), devices_[i]->is_in);
    }
    must(group(who).merge_pending());
    EXPECT_TRUE(equal(group(who).exporter("next", {}, 32).expose(), next_key));
    for (std::size_t i = 0; i < packages.size(); ++i) {
      devices_.push_back(std::make_unique<Device>(Device{world_.join(welcomes[i], packages[i], ByteView(tree))}));
    }
  }

  // Somebody proposes something, all hear of it, and another one commits it.
  void propose() {
    const auto in = members();
    if (in.size() < 3) return;
    const std::size_t who = any_member();
    std::size_t committer = any_member();
    while (committer == who) committer = any_member();
    std::size_t target = any_member();
    while (target == committer) target = any_member();
    Bytes message;
    const auto format = chance(2) ? HandshakeFormat::public_message : HandshakeFormat::private_message;
    if (chance(2)) {
      message = must(group(who).propose_update(std::nullopt, world_.entropy, format));
    } else {
      message = must(group(who).propose_remove(group(target).own_leaf(), world_.entropy, format));
    }
    for (const std::size_t i : in) {
      if (i != who) {
        EXPECT_TRUE(std::holds_alternative<ProposalReceived>(must(world_.process(group(i), message))));
      }
      EXPECT_EQ(group(i).protect({}, {}, world_.entropy).error().code, ErrorCode::invalid_state);
    }
    CommitRequest request;
    request.authenticated_data = to_bytes("data");
    win(committer, world_.stage(group(committer), request), {});
  }

  void say() {
    const std::size_t who = any_member();
    Letter letter{"letter " + std::to_string(++letters_), {}, group(who).epoch(), who};
    letter.message = world_.protect(group(who), letter.text);
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      if (i != who) devices_[i]->unread.push_back(letter);
    }
    EXPECT_EQ(world_.process(group(who), letter.message).error().code, ErrorCode::duplicate);
  }

  // In any order, some of it late.
  void deliver_some() {
    for (auto& device : devices_) {
      while (!device->unread.empty() && !chance(3)) deliver(*device, world_.entropy.below(device->unread.size()));
    }
  }

  void deliver(Device& device, std::size_t which) {
    const Letter letter = device.unread[which];
    device.unread.erase(device.unread.begin() + static_cast<std::ptrdiff_t>(which));
    const Bytes before = state_of(device.group);
    auto received = world_.process(device.group, letter.message);
    const bool was_in = letter.epoch <= device.group.epoch() && letter.epoch >= joined(device);
    if (was_in && device.group.epoch() - letter.epoch <= kPastEpochs) {
      ASSERT_TRUE(received.has_value()) << received.error().where;
      EXPECT_EQ(as_text(std::get<ApplicationMessage>(*received).plaintext.expose()), letter.text);
      ++messages_read_;
      EXPECT_EQ(world_.process(device.group, letter.message).error().code, ErrorCode::duplicate);
    } else {
      ASSERT_FALSE(received.has_value());
      EXPECT_EQ(state_of(device.group), before);
    }
  }

  std::uint64_t joined(const Device& device) {
    const auto [found, is_new] = joined_.try_emplace(&device, device.group.epoch());
    return found->second;
  }

  void reopen() {
    for (const std::size_t i : members()) {
      Group again = reopened(group(i));
      EXPECT_EQ(state_of(again), state_of(group(i)));
      group(i) = std::move(again);
    }
  }

  void check() {
    const auto in = members();
    for (const std::size_t i : in) {
      EXPECT_TRUE(agree(group(in.front()), group(i)));
      EXPECT_EQ(group(i).members().size(), in.size());
      joined(*devices_[i]);
    }
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      if (!devices_[i]->is_in) {
        EXPECT_NE(group(i).epoch_authenticator(), group(in.front()).epoch_authenticator());
      }
    }
  }

  World world_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::map<const Device*, std::uint64_t> joined_;
  std::size_t letters_ = 0;
  std::size_t messages_read_ = 0;
};

class Conversations : public ::testing::TestWithParam<SuiteId> {};

TEST_P(Conversations, AgreeAfterEveryStepWhateverTheirMembersDo) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Conversation conversation(GetParam(), seed);
    for (int i = 0; i < 60 && !HasFatalFailure(); ++i) conversation.step();
    conversation.deliver_all();
    EXPECT_GT(conversation.messages_read(), 0u);
    EXPECT_GT(conversation.epoch(), 10u);
  }
}

INSTANTIATE_TEST_SUITE_P(AllSuites, Conversations,
                         ::testing::Values(SuiteId::x25519_aes128, SuiteId::p256_aes128, SuiteId::x25519_chacha,
                                           SuiteId::xwing_interop, SuiteId::xwing),
                         [](const auto& suite) { return std::to_string(static_cast<int>(suite.param)); });

}  // namespace
}  // namespace cairn::mls
