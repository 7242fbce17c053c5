// No cosignature, and no receipt of a veto, leaves before it is on disk: each commit of a witness's and of an auditor's
// life fails in turn, and the process ends after every answer.
#include <gtest/gtest.h>

#include <memory>

#include "core/directory/notice.h"
#include "core/witness/tables.h"
#include "core/witness/witness.h"
#include "shell/loop/loop.h"
#include "shell/store/memory/memory_store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/loop_world.h"
#include "tests/support/seeded_entropy.h"
#include "tests/support/test_directory.h"

namespace cairn {
namespace {

using testing::FaultyStore;
using testing::TestDirectory;

constexpr std::uint64_t kDelayMs = 3 * kDayMs;
constexpr int kOk = 200;

/// What the cosigner's loop sees: requests, and a log whose files can be read.
class LogWorld final : public testing::LoopWorld {
 public:
  explicit LogWorld(const TestDirectory& log) : LoopWorld(Time{1'700'000'000'000}), log_(log) {}

  /// What was asked of the log is never answered then.
  void reset(const proto::Respond& answer) override {
    LoopWorld::reset(answer);
    arrived.clear();
  }

 private:
  void perform_other(const proto::Send& send) override {
    const auto* call = std::get_if<proto::Call>(&send);
    if (call != nullptr) arrived.emplace_back(proto::CallDone{call->id, read(call->url)});
  }
  proto::CallReply read(const std::string& url) const {
    proto::CallReply reply;
    reply.status = kOk;
    const std::string_view mark = "/audit/";
    if (url.ends_with("/config")) {
      reply.body = wire::encode(log_.config());
    } else if (const std::size_t at = url.find(mark); at != std::string::npos) {
      const std::uint64_t epoch = std::stoull(url.substr(at + mark.size()));
      if (epoch < log_.audits.size()) {
        reply.body = log_.audits[epoch];
      } else {
        reply.status = 404;
      }
    } else {
      reply.status = 404;
    }
    return reply;
  }

  const TestDirectory& log_;
};

/// A cosigner that is started again after each of its answers; who asks it repeats what failed.
class Cosigner {
 public:
  Cosigner(witness::Role role, std::set<std::size_t> failing, ErrorCode code)
      : world(log),
        store(rows, std::move(failing), code),
        config_{role, *tlog::KeyName::from("cosigner.example/c1"), {}} {
    config_.list.logs = {{log.key(), "https://a.example/log", 0}};
    CHECK(rows.commit(witness::make_key(rows, entropy_)).has_value());
    start();
  }

  TestDirectory log{"a.example"};
  LogWorld world;
  store::MemoryStore rows;
  FaultyStore store;

  /// Its answer. What ended with a failed commit is asked again.
  int post(const std::string& target, const Bytes& body) {
    for (int attempt = 0; attempt < 4; ++attempt) {
      proto::RequestArrived request;
      request.id = {next_++};
      request.method = proto::Method::post;
      request.target = target;
      request.body = body;
      const std::size_t resets = world.resets.size();
      world.arrived.emplace_back(std::move(request));
      const proto::RequestId id{next_ - 1};
      for (int step = 0; step < 1000 && !world.answers.contains(id) && world.resets.size() == resets; ++step)
        loop_->step(10);
      if (world.resets.size() != resets) continue;
      const auto found = world.answers.find(id);
      EXPECT_NE(found, world.answers.end()) << target << " is not answered";
      const int status = found == world.answers.end() ? 0 : found->second.status;
      start();
      return status;
    }
    ADD_FAILURE() << target << " is never answered";
    return 0;
  }
  int offer(const std::string& add_checkpoint) { return post("/add-checkpoint", to_bytes(add_checkpoint)); }

  /// What its disk says that it has cosigned.
  std::uint64_t cosigned() const {
    const auto note = rows.get(witness::table::kCosigned, witness::log_id(log.config().origin));
    return note ? tlog::SignedCheckpoint::parse(as_text(*note), tlog::ExtensionLines::refuse)->claim().tree.size : 0;
  }

 private:
  void start() {
    witness_ = std::make_unique<witness::Witness>(config_);
    loop::LoopOptions options;
    options.clock = [this] { return world.now; };
    options.uptime_ms = [this] { return world.now.ms; };
    loop_ = std::make_unique<loop::Loop>(*witness_, store, entropy_, world, options);
    for (int attempt = 0; attempt < 3; ++attempt) {
      if (loop_->start()) return;
    }
    ADD_FAILURE() << "it does not start";
  }

  testing::SeededEntropy entropy_{7};
  witness::WitnessConfig config_;
  std::unique_ptr<witness::Witness> witness_;
  std::unique_ptr<loop::Loop> loop_;
  std::uint64_t next_ = 1;
};

/// The log grows to `size`, and that is cosigned.
void grow(Cosigner& cosigner, std::uint64_t size) {
  const std::uint64_t old = cosigner.cosigned();
  while (cosigner.log.size() < size) cosigner.log.publish(cosigner.world.now, cosigner.log.random_key());
  ASSERT_EQ(cosigner.offer(cosigner.log.request(old, size)), kOk);
  EXPECT_EQ(cosigner.cosigned(), size);
}

/// Somebody's reset is made public, and vetoed.
void veto(Cosigner& cosigner) {
  testing::SeededEntropy entropy(9);
  const auto owner = crypto::SigningKey::generate(entropy);
  directory::ResetNotice request;
  request.key = cosigner.log.random_key();
  cosigner.log.publish(cosigner.world.now, request.key);
  request.request_sequence = 1;
  request.requested_ms = directory::next_record_time_ms(cosigner.log.newest(), cosigner.world.now);
  request.matures_ms = request.requested_ms + kDelayMs;
  request.veto_keys = {owner.public_key()};
  request.veto_recovery = tlog::leaf_hash({});
  cosigner.log.publish(Time{request.requested_ms}, request.key,
                       directory::Notice{directory::RequestNotice{request, std::nullopt}});
  grow(cosigner, cosigner.log.size() + 1);
  EXPECT_EQ(cosigner.post("/veto", wire::encode(directory::veto_as_device(request, owner))), kOk);
  EXPECT_TRUE(cosigner.rows.get(witness::table::kVetoes, request.hash()));
}

/// The whole life; gives the number of commits that were tried.
std::size_t live(witness::Role role, std::set<std::size_t> failing, ErrorCode code) {
  Cosigner cosigner(role, std::move(failing), code);
  for (const std::uint64_t size : {1u, 2u, 5u}) grow(cosigner, size);
  if (role == witness::Role::auditor) veto(cosigner);
  grow(cosigner, 12);
  // Another log of the same size, from wherever it begins. Whoever has seen it signs nothing of either any more.
  EXPECT_NE(cosigner.offer(cosigner.log.forged_request(5, 12)), kOk);
  EXPECT_NE(cosigner.offer(cosigner.log.forged_request(12, 12)), kOk);
  EXPECT_EQ(cosigner.cosigned(), 12u);
  return cosigner.store.commits();
}

void each_may_fail(witness::Role role) {
  const std::size_t commits = live(role, {}, ErrorCode::storage_failed);
  ASSERT_GE(commits, 4u);
  for (std::size_t failing = 0; failing < commits; ++failing) {
    SCOPED_TRACE("the commit that fails is number " + std::to_string(failing));
    live(role, {failing}, failing % 2 == 0 ? ErrorCode::storage_failed : ErrorCode::storage_full);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(CosignerCommits, OfAWitnessEachMayFailAndWhatWasAnsweredIsThere) { each_may_fail(witness::Role::witness); }

TEST(CosignerCommits, OfAnAuditorEachMayFailAndWhatWasAnsweredIsThere) { each_may_fail(witness::Role::auditor); }

}  // namespace
}  // namespace cairn
