// The rules of chains once more, as docs/spec/directory.md s.2 writes them down, and NameState held against them. Slow:
// nothing is kept but the statements, from which each question is answered anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/crypto/hash.h"
#include "core/directory/chain.h"
#include "tests/support/random_chain.h"

namespace cairn::directory {
namespace {

/// What the statements of a chain amount to.
struct SlowStanding {
  std::map<DeviceId, Device> active;
  std::set<DeviceId> ever;      ///< in requests too
  std::set<PublicKey> removed;  ///< by devices, since a recovery key signed last
  Hash recovery;
  std::set<Hash> in_force;  ///< every commitment that ever was
  std::uint32_t delay_s = 0;
  std::optional<OpenReset> open;
  std::size_t completed = 0;

  void commit(const Hash& commitment) {
    recovery = commitment;
    in_force.insert(commitment);
  }
  void add(const Device& device) {
    active[device.id()] = device;
    ever.insert(device.id());
  }
  std::vector<PublicKey> veto_holders() const {
    std::set<PublicKey> out = removed;
    for (const auto& [id, device] : active) out.insert(device.signature_key);
    return {out.begin(), out.end()};
  }
  bool has(const PublicKey& key) const {
    return std::any_of(active.begin(), active.end(), [&](const auto& one) { return one.second.signature_key == key; });
  }

  void follow(const Statement& statement) {
    const StatementContent& content = statement.content;
    if (content.next_recovery) {
      commit(*content.next_recovery);
      removed.clear();
    }
    std::visit([&](const auto& body) { effect(content, body); }, content.body);
  }

 private:
  void effect(const StatementContent&, const Genesis& body) {
    add(body.device);
    commit(body.recovery_commitment);
    delay_s = body.reset_delay_s;
  }
  void effect(const StatementContent&, const AddDevice& body) { add(body.device); }
  void effect(const StatementContent& content, const RemoveDevice& body) {
    if (!content.next_recovery) removed.insert(active.at(body.device).signature_key);
    active.erase(body.device);
  }
  void effect(const StatementContent&, const ReplaceRecovery&) {}
  void effect(const StatementContent& content, const RequestReset& body) {
    ever.insert(body.device.id());
    open = OpenReset{content.sequence, body};
  }
  void effect(const StatementContent&, const VetoReset&) { open.reset(); }
  void effect(const StatementContent&, const CompleteReset&) {
    const RequestReset request = open->request;
    active.clear();
    removed.clear();
    add(request.device);
    commit(request.recovery_commitment);
    delay_s = request.reset_delay_s;
    open.reset();
    ++completed;
  }
  void effect(const StatementContent&, const SetResetDelay& body) { delay_s = body.reset_delay_s; }
};

class SlowChain {
 public:
  explicit SlowChain(Name name) : name_(std::move(name)) {}

  std::size_t count() const { return statements_.size(); }
  SlowStanding standing() const {
    SlowStanding out;
    for (const Statement& statement : statements_) out.follow(statement);
    return out;
  }
  Hash head() const {
    const std::uint8_t four = 4, five = 5;
    Hash out;
    for (const Statement& statement : statements_) {
      const Hash commitment = crypto::sha256({{&four, 1}, wire::encode(statement)});
      out = crypto::sha256({{&five, 1}, out, commitment});
    }
    return out;
  }

  /// Whether it is valid here; then it is the newest.
  bool take(const Statement& statement) {
    const SlowStanding now = standing();
    const StatementContent& content = statement.content;
    const bool in_place = content.name == name_ && content.sequence == statements_.size() && content.previous == head();
    if (!in_place || !follows_order(now, content) || !is_new(now, content)) return false;
    for (const StatementSignature& signature : statement.signatures) {
      if (!may_sign(now, content, signature) || !verifies(content, signature)) return false;
    }
    SlowStanding after = now;
    after.follow(statement);
    if (!is_bounded(after)) return false;
    statements_.push_back(statement);
    return true;
  }

 private:
  /// Rules 1, 6 and 7.
  bool follows_order(const SlowStanding& now, const StatementContent& content) const {
    const StatementType type = content.type();
    const bool ends = type == StatementType::veto_reset || type == StatementType::complete_reset;
    if ((type == StatementType::genesis) != statements_.empty() || ends != now.open.has_value()) return false;
    if (const auto* it = std::get_if<CompleteReset>(&content.body)) {
      if (it->request_sequence != now.open->sequence) return false;
    }
    if (statements_.size() >= 4096 || (type == StatementType::request_reset && statements_.size() >= 4095))
      return false;
    return statements_.size() < 3584 || content.next_recovery || ends || type == StatementType::request_reset;
  }

  /// Rules 2, 4 and 5, and that no commitment comes again.
  static bool is_new(const SlowStanding& now, const StatementContent& content) {
    if (content.next_recovery && now.in_force.contains(*content.next_recovery)) return false;
    if (const auto* it = std::get_if<Genesis>(&content.body)) return is_delay(it->reset_delay_s);
    if (const auto* it = std::get_if<SetResetDelay>(&content.body)) return is_delay(it->reset_delay_s);
    if (const auto* it = std::get_if<AddDevice>(&content.body)) return !now.ever.contains(it->device.id());
    if (const auto* it = std::get_if<RemoveDevice>(&content.body)) {
      return now.active.contains(it->device) && (content.next_recovery || now.active.size() > 1);
    }
    if (const auto* it = std::get_if<RequestReset>(&content.body)) {
      const DeviceId id = it->device.id();
      return now.delay_s != 0 && is_delay(it->reset_delay_s) && !now.in_force.contains(it->recovery_commitment) &&
             (now.active.contains(id) || !now.ever.contains(id));
    }
    return true;
  }
  static bool is_delay(std::uint32_t delay_s) { return delay_s == 0 || (delay_s >= 259'200 && delay_s <= 5'184'000); }

  /// Rule 3.
  static bool is_bounded(const SlowStanding& after) {
    std::set<MailboxId> mailboxes;
    for (const auto& [id, device] : after.active) mailboxes.insert(device.mailbox);
    return after.active.size() <= 32 && after.veto_holders().size() <= 64 && mailboxes.size() == after.active.size();
  }

  /// The table of signatures; which kinds there are is a matter of form, and was looked at.
  static bool may_sign(const SlowStanding& now, const StatementContent& content, const StatementSignature& signature) {
    if (signature.kind == SignerKind::recovery) {
      return recovery_commitment(signature.key, *signature.kem_hash) == now.recovery;
    }
    if (signature.kind == SignerKind::device) {
      const bool holds = content.type() == StatementType::veto_reset && now.removed.contains(signature.key);
      return holds || now.has(signature.key);
    }
    if (const auto* it = std::get_if<Genesis>(&content.body)) return signature.key == it->device.signature_key;
    if (const auto* it = std::get_if<AddDevice>(&content.body)) return signature.key == it->device.signature_key;
    if (const auto* it = std::get_if<RequestReset>(&content.body)) return signature.key == it->device.signature_key;
    return now.open && signature.key == now.open->request.device.signature_key;
  }
  static bool verifies(const StatementContent& content, const StatementSignature& signature) {
    wire::Writer writer;
    content.write(writer);
    writer.u8(static_cast<std::uint8_t>(signature.kind));
    writer.raw(signature.key);
    writer.opaque(signature.kem_hash ? signature.kem_hash->view() : ByteView{});
    return crypto::verify_labelled(signature.key, "statement", writer.take(), signature.signature).has_value();
  }

  Name name_;
  std::vector<Statement> statements_;
};

void expect_same(const NameState& state, const SlowChain& model) {
  const SlowStanding slow = model.standing();
  EXPECT_EQ(state.count(), model.count());
  EXPECT_EQ(state.head(), model.head());
  EXPECT_EQ(state.recovery_commitment(), slow.recovery);
  EXPECT_EQ(state.reset_delay_s(), slow.delay_s);
  EXPECT_EQ(state.open_reset(), slow.open);
  EXPECT_EQ(state.completed_resets().size(), slow.completed);
  EXPECT_EQ(state.veto_holders(), slow.veto_holders());
  std::map<DeviceId, Device> active;
  for (const Device& device : state.active_devices()) active[device.id()] = device;
  EXPECT_EQ(active, slow.active);
}

TEST(ChainModel, JudgesRandomStatementsAsTheChainDoes) {
  std::map<bool, std::size_t> verdicts;
  std::set<StatementType> taken;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    testing::RandomChain chain("alice@example.org", seed);
    SlowChain model(chain.name());
    for (int i = 0; i < 250; ++i) {
      const auto statement = Statement::decode(chain.next());
      if (!statement) continue;  // a matter of form
      const bool accepted = chain.state().apply(*statement).has_value();
      ++verdicts[accepted];
      if (accepted) taken.insert(statement->content.type());
      ASSERT_EQ(model.take(*statement), accepted) << "seed " << seed << " statement " << i;
      ASSERT_NO_FATAL_FAILURE(expect_same(chain.state(), model)) << "seed " << seed << " statement " << i;
      if (::testing::Test::HasFailure()) return;
    }
  }
  EXPECT_EQ(taken.size(), 8u);  // every type
  EXPECT_GT(verdicts[true], 150u);
  EXPECT_GT(verdicts[false], 100u);
}

}  // namespace
}  // namespace cairn::directory
