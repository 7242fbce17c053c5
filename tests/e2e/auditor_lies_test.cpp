// A log that lies to a real auditor: each lie is refused in a sentence that names the rule, and not cosigned.
#include <algorithm>

#include "core/base/encoding.h"
#include "core/directory/auditor.h"
#include "core/directory/closing.h"
#include "tests/e2e/log_host.h"

namespace cairn::e2e {
namespace {

using directory::CompleteNotice;
using directory::NameLeaf;
using directory::Notice;
using directory::RequestNotice;
using directory::ResetNotice;
using directory::Update;
using directory::VetoNotice;
using lying::LyingLog;
using testing::NaiveMap;

constexpr std::uint64_t kDelayMs = directory::kMinResetDelayS * kSecondMs;

class AuditorLies : public VillageTest {
 protected:
  void SetUp() override {
    VillageTest::SetUp();
    std::filesystem::create_directories(folder_);
  }

  /// To be called for all logs before the auditor starts.
  LyingLog& add_log(const std::string& domain, std::uint64_t adopted_size = 0) {
    LyingLog& log = logs_.try_emplace(domain, domain, logs_.size() + 1).first->second;
    list_ +=
        "log " + log.key().to_text() + " " + host_.url() + "/" + domain + " " + std::to_string(adopted_size) + "\n";
    host_.add(log, domain);
    return log;
  }
  void start_auditor() {
    const std::string logs = (folder_ / "logs").string();
    std::ofstream(logs) << list_;
    auditor_.emplace(start_auditor_program(folder_, "auditor", "0", logs));
    ASSERT_TRUE(eventually([&] { return find_port(auditor_->output()); }));
    const auto enrolled = [&] {
      host_.step(20);
      return host_.files.configs_read.size() == logs_.size();
    };
    ASSERT_TRUE(eventually(enrolled));
  }

  AuditorReply call(proto::Method method, const std::string& target, Bytes body = {}) {
    return host_.call("http://127.0.0.1:" + std::to_string(auditor_port_), method, target, std::move(body));
  }
  /// Offers the newest checkpoint.
  AuditorReply offer(const LyingLog& log, std::uint64_t cosigned_size) {
    const std::string domain = log.config().origin.substr(0, log.config().origin.find('/'));
    return host_.offer("http://127.0.0.1:" + std::to_string(auditor_port_), log, domain, cosigned_size);
  }
  /// The size that the auditor says it has cosigned; 0 when there is none.
  std::uint64_t cosigned_size(const LyingLog& log) {
    const std::string id = to_hex(crypto::sha256(as_bytes(log.config().origin)));
    const AuditorReply reply = call(proto::Method::get, "/" + id + "/checkpoint");
    if (reply.status != 200) return 0;
    return tlog::SignedCheckpoint::parse(reply.text, tlog::ExtensionLines::refuse)->claim().tree.size;
  }
  /// A lie is refused with these words, and what was cosigned before stays the newest.
  void expect_refused(const LyingLog& log, std::uint64_t size_before, const std::string& words) {
    const AuditorReply reply = offer(log, size_before);
    EXPECT_EQ(reply.status / 100, reply.status == 422 ? 4 : 5) << reply.status;
    EXPECT_NE(reply.text.find(words), std::string::npos) << log.config().origin << ": " << reply.text;
    EXPECT_EQ(cosigned_size(log), size_before) << log.config().origin;
    EXPECT_TRUE(auditor_->running());
  }

  std::uint64_t now_ms() const { return os::now().ms; }

  /// Epoch 0, and two names, so that there is something to lie about.
  struct People {
    Hash alice, bob;
  };
  People begin(LyingLog& log, std::uint64_t time_ms) {
    log.append(log.epoch(time_ms, {}, log.map()), log.map());
    const People people{log.random_hash(), log.random_hash()};
    log.publish(time_ms, people.alice);
    log.publish(time_ms, people.bob);
    return people;
  }
  People begin_cosigned(LyingLog& log) {
    const People people = begin(log, now_ms());
    const AuditorReply reply = offer(log, 0);
    EXPECT_EQ(reply.status, 200) << reply.text;
    return people;
  }
  ResetNotice request_of(const LyingLog& log, const Hash& key, std::uint64_t time_ms) const {
    return {key, log.map().leaves.at(key).count, time_ms, time_ms + kDelayMs, {owner_.public_key()}, {}, {}};
  }

  crypto::SigningKey owner_ = [] {
    testing::SeededEntropy entropy(77);
    return crypto::SigningKey::generate(entropy);
  }();

 private:
  bool find_port(const std::string& output) {
    const std::string mark = "listening on http://127.0.0.1:";
    const std::size_t at = output.find(mark);
    if (at == std::string::npos || output.find('\n', at) == std::string::npos) return false;
    auditor_port_ = static_cast<unsigned>(std::stoul(output.substr(at + mark.size())));
    return true;
  }

  LogHost host_;
  std::map<std::string, LyingLog> logs_;
  std::string list_;
  std::optional<demo::Process> auditor_;
  unsigned auditor_port_ = 0;
};

TEST_F(AuditorLies, AboutTheRecordAreRefused) {
  LyingLog& config = add_log("config.example");
  LyingLog& back = add_log("back.example");
  LyingLog& ahead = add_log("ahead.example");
  LyingLog& frozen = add_log("frozen.example");
  LyingLog& count = add_log("count.example");
  start_auditor();

  const auto lie = [&](LyingLog& log, const std::string& words, const auto& change) {
    const People people = begin_cosigned(log);
    const std::vector<Update> updates = {log.update(people.alice)};
    auto next = log.after(updates, {}, now_ms());
    auto epoch = log.epoch(now_ms(), updates, next);
    change(epoch.record);
    log.append(epoch, std::move(next));
    expect_refused(log, 3, words);
  };
  lie(config, "rule 1: another config", [&](auto& record) { record.config = config.random_hash(); });
  lie(back, "rule 2: time runs back", [&](auto& record) { record.time_ms = back.newest()->time_ms - 1; });
  lie(ahead, "rule 2: ahead of our clock", [&](auto& record) { record.time_ms += directory::kMaxRecordSkewMs * 2; });
  lie(count, "rule 6: number of names", [](auto& record) { ++record.names; });
  // A log that stands still: its newest record is from ten minutes ago.
  begin(frozen, now_ms() - 2 * directory::kMaxRecordSkewMs);
  expect_refused(frozen, 0, "the newest record is too old");
}

TEST_F(AuditorLies, AboutLeavesAreRefusedAlsoWhenTheyAreTakenBack) {
  LyingLog& flash = add_log("flash.example");
  LyingLog& old = add_log("old.example");
  LyingLog& gone = add_log("gone.example");
  LyingLog& silent = add_log("silent.example");
  LyingLog& shorter = add_log("shorter.example");
  start_auditor();

  // For one epoch alice has the liar's chain, and then her own again.
  People people = begin_cosigned(flash);
  const NaiveMap honest = flash.map();
  NaiveMap false_map = honest;
  false_map.leaves[people.alice].head = flash.random_hash();
  std::vector<Update> updates = {flash.update(people.alice)};
  flash.append(flash.epoch(now_ms(), updates, false_map), false_map);
  flash.append(flash.epoch(now_ms(), {flash.update(people.alice)}, honest), honest);
  expect_refused(flash, 3, "rule 6: another new map");

  // Her old leaf was another.
  people = begin_cosigned(old);
  updates = {old.update(people.alice)};
  updates[0].old->head = old.random_hash();
  NaiveMap next = old.after(updates, {}, now_ms());
  old.append(old.epoch(now_ms(), updates, next), next);
  expect_refused(old, 3, "rule 4: another old map");

  // Bob is left out while alice changes.
  people = begin_cosigned(gone);
  updates = {gone.update(people.alice)};
  next = gone.after(updates, {}, now_ms());
  next.leaves.erase(people.bob);
  gone.append(gone.epoch(now_ms(), updates, next), next);
  expect_refused(gone, 3, "rule 6: another new map");

  // A statement that was published is taken away again.
  people = begin_cosigned(shorter);
  const NaiveMap before = shorter.map();
  shorter.publish(now_ms(), people.alice);
  ASSERT_EQ(offer(shorter, 3).status, 200);
  shorter.append(shorter.epoch(now_ms(), {shorter.update(people.alice)}, before), before);
  expect_refused(shorter, 4, "rule 6: another new map");

  // A reset begins without notice.
  people = begin_cosigned(silent);
  updates = {silent.update(people.alice)};
  next = silent.after(updates, {}, now_ms());
  next.leaves[people.alice].pending = request_of(silent, people.alice, now_ms()).hash();
  silent.append(silent.epoch(now_ms(), updates, next), next);
  expect_refused(silent, 3, "rule 6: another new map");
}

TEST_F(AuditorLies, AboutTheListsOfAnEpochAreRefused) {
  LyingLog& turn = add_log("turn.example");
  LyingLog& order = add_log("order.example");
  LyingLog& stray = add_log("stray.example");
  LyingLog& several = add_log("several.example");
  LyingLog& hashed = add_log("hashed.example");
  start_auditor();

  // It stands in the place of the next epoch and is the one behind it.
  People people = begin_cosigned(turn);
  std::vector<Update> updates = {turn.update(people.alice)};
  NaiveMap next = turn.after(updates, {}, now_ms());
  auto epoch = turn.epoch(now_ms(), updates, next);
  ++epoch.record.epoch;
  turn.append(epoch, std::move(next));
  expect_refused(turn, 3, "rule 1: not the next epoch");

  // Alice's update and bob's are all there, the greater key first.
  people = begin_cosigned(order);
  updates = {order.update(std::min(people.alice, people.bob)), order.update(std::max(people.alice, people.bob))};
  next = order.after(updates, {}, now_ms());
  std::reverse(updates.begin(), updates.end());
  order.append(order.epoch(now_ms(), updates, next), next);
  expect_refused(order, 3, "rule 3: updates out of order");

  // A request of bob's name goes with an epoch that changes alice's alone.
  people = begin_cosigned(stray);
  updates = {stray.update(people.alice)};
  next = stray.after(updates, {}, now_ms());
  stray.append(
      stray.epoch(now_ms(), updates, next, {Notice{RequestNotice{request_of(stray, people.bob, now_ms()), {}}}}), next);
  expect_refused(stray, 3, "rule 7: a notice without its update");

  // Behind the request stands one statement more, in the same epoch.
  people = begin_cosigned(several);
  const std::uint64_t time_ms = now_ms();
  updates = {several.update(people.alice)};
  const Notice request{RequestNotice{request_of(several, people.alice, time_ms), {}}};
  next = several.after(updates, {request}, time_ms);
  updates[0].commitments.push_back(several.random_hash());
  several.append(several.epoch(time_ms, updates, next, {request}), next);
  expect_refused(several, 3, "rule 7: a notice with several statements");

  // The record, which is what all see, names other notices than the epoch has.
  people = begin_cosigned(hashed);
  updates = {hashed.update(people.alice)};
  next = hashed.after(updates, {}, now_ms());
  epoch = hashed.epoch(now_ms(), updates, next);
  epoch.record.notices = hashed.random_hash();
  hashed.append(epoch, std::move(next));
  expect_refused(hashed, 3, "rule 7: hash of the notices");
}

class ResetLies : public AuditorLies {
 protected:
  /// An epoch with this notice of a step that honest servers do not take; what it does to the leaf is put down by hand.
  static void append_step(LyingLog& log, const Hash& key, std::uint64_t time_ms, Notice notice, const Hash& pending,
                          const Hash& resets = {}) {
    const std::vector<Update> updates = {log.update(key)};
    NaiveMap next = log.after(updates, {}, time_ms);
    next.leaves[key].pending = pending;
    next.leaves[key].resets = resets;
    log.append(log.epoch(time_ms, updates, next, {std::move(notice)}), next);
  }
  static void append_completion(LyingLog& log, const ResetNotice& request, std::uint64_t time_ms) {
    append_step(log, request.key, time_ms, Notice{CompleteNotice{request}}, {},
                directory::extend_resets({}, request.hash()));
  }

  /// A request of alice's name is in the log since `age_ms`, and the auditor has cosigned it. It is in epoch 3 of 5.
  ResetNotice begin_request(LyingLog& log, std::uint64_t age_ms) {
    const std::uint64_t then_ms = now_ms() - age_ms;
    const People people = begin(log, then_ms);
    const ResetNotice request = request_of(log, people.alice, then_ms);
    log.publish(then_ms, people.alice, Notice{RequestNotice{request, {}}});
    log.publish(now_ms(), people.bob);  // the newest record is fresh
    const AuditorReply reply = offer(log, 0);
    EXPECT_EQ(reply.status, 200) << reply.text;
    return request;
  }
  VetoNotice veto_of(const ResetNotice& request) const { return directory::veto_as_device(request, owner_); }

  static constexpr std::uint64_t kLongAgoMs = kDelayMs + kHourMs;
  static constexpr const char* kNotWaited = "rule 9: a reset was completed, and this auditor has not taken vetoes";
};

TEST_F(ResetLies, AboutDelaysAreRefused) {
  LyingLog& hasty = add_log("hasty.example");
  LyingLog& early = add_log("early.example");
  LyingLog& jump = add_log("jump.example");
  LyingLog& backdated = add_log("backdated.example");
  LyingLog& unwaited = add_log("unwaited.example");
  start_auditor();

  // It matures in an hour.
  const People people = begin_cosigned(hasty);
  ResetNotice request = request_of(hasty, people.alice, now_ms());
  request.matures_ms = request.requested_ms + kHourMs;
  append_step(hasty, people.alice, request.requested_ms, Notice{RequestNotice{request, {}}}, request.hash());
  expect_refused(hasty, 3, "rule 8: delay too short");

  // It is completed before it has matured.
  request = begin_request(early, 0);
  append_completion(early, request, now_ms());
  expect_refused(early, 5, "rule 8: completed too soon");

  // Record times say that it has.
  request = begin_request(jump, 0);
  append_completion(jump, request, request.matures_ms);
  expect_refused(jump, 5, "rule 2: ahead of our clock");

  // It was asked for days ago, says the log now.
  const People others = begin_cosigned(backdated);
  request = request_of(backdated, others.alice, now_ms() - kLongAgoMs);
  append_step(backdated, others.alice, now_ms(), Notice{RequestNotice{request, {}}}, request.hash());
  expect_refused(backdated, 3, "rule 8: time of the request");

  // It was in the log for days, which this auditor has seen nothing of.
  request = begin_request(unwaited, kLongAgoMs);
  append_completion(unwaited, request, now_ms());
  expect_refused(unwaited, 5, kNotWaited);
}

/// A server that knows that an auditor was away shows it a whole reset at once: it has to wait all the same, and the
/// owner's veto finds it waiting.
TEST_F(ResetLies, AboutWhatAnAuditorHasMissedGainNothing) {
  LyingLog& log = add_log("missed.example");
  start_auditor();
  const People people = begin(log, now_ms() - kLongAgoMs);
  const ResetNotice request = request_of(log, people.alice, now_ms() - kLongAgoMs);
  log.publish(request.requested_ms, people.alice, Notice{RequestNotice{request, {}}});
  log.publish(now_ms(), people.alice, Notice{CompleteNotice{request}});
  for (int round = 0; round < 2; ++round) {
    log.publish(now_ms(), people.bob);  // it reads on
    const AuditorReply refused = offer(log, 0);
    EXPECT_EQ(refused.status, 503);
    EXPECT_NE(refused.text.find(kNotWaited), std::string::npos) << refused.text;
    EXPECT_EQ(refused.retry_after_s, 3600u);
    EXPECT_EQ(cosigned_size(log), 0u);
    EXPECT_EQ(call(proto::Method::post, "/veto", wire::encode(veto_of(request))).status, 200);
  }
}

TEST_F(ResetLies, AboutVetoesAreRefused) {
  // The operator of this auditor has adopted it: nothing of rule 9 is asked of completions below that size.
  constexpr std::uint64_t kAdopted = 100;
  LyingLog& silent = add_log("nobody-objects.example", kAdopted);
  LyingLog& old_key = add_log("old-key.example", kAdopted);
  LyingLog& censored = add_log("censored.example", 5);
  LyingLog& stranger = add_log("stranger.example");
  LyingLog& undead = add_log("undead.example", kAdopted);
  LyingLog& again = add_log("again.example");
  start_auditor();

  ResetNotice request = begin_request(silent, kLongAgoMs);
  append_completion(silent, request, now_ms());
  EXPECT_EQ(offer(silent, 5).status, 200);

  // Whoever has a veto key of an adopted reset bars nobody with it.
  request = begin_request(old_key, kLongAgoMs);
  EXPECT_EQ(call(proto::Method::post, "/veto", wire::encode(veto_of(request))).status, 200);
  append_completion(old_key, request, now_ms());
  EXPECT_EQ(offer(old_key, 5).status, 200);

  // The owner's veto reaches the auditor, and never the log.
  request = begin_request(censored, kLongAgoMs);
  EXPECT_EQ(call(proto::Method::post, "/veto", wire::encode(veto_of(request))).status, 200);
  append_completion(censored, request, now_ms());
  expect_refused(censored, 5, "rule 9");

  // The operator vetoes in the owner's place, so that it could ask again.
  request = begin_request(stranger, 0);
  VetoNotice veto = veto_of(request);
  veto.key = stranger.key().key();
  append_step(stranger, request.key, now_ms(), Notice{veto}, directory::veto_mark(request.hash()));
  expect_refused(stranger, 5, "veto");
  EXPECT_EQ(call(proto::Method::post, "/veto", wire::encode(veto)).status, 403);

  // What was vetoed in the log is completed all the same.
  request = begin_request(undead, kLongAgoMs);
  undead.publish(now_ms(), request.key, Notice{veto_of(request)});
  EXPECT_EQ(offer(undead, 5).status, 200);
  append_completion(undead, request, now_ms());
  expect_refused(undead, 6, "rule 8: completion of what is not pending");

  // It is asked for again before the first one would have matured.
  request = begin_request(again, 0);
  again.publish(now_ms(), request.key, Notice{veto_of(request)});
  EXPECT_EQ(offer(again, 5).status, 200);
  ResetNotice second = request_of(again, request.key, now_ms());
  second.after = request.hash();
  append_step(again, request.key, second.requested_ms, Notice{RequestNotice{second, request}}, second.hash());
  expect_refused(again, 6, "rule 8: sooner than the vetoed one would have matured");
}

TEST_F(ResetLies, AboutTimeThatPassedCloseNoMailbox) {
  LyingLog& log = add_log("closing.example");
  start_auditor();
  // By the record's times and the clock of the day the delay is over; the auditor has seen the request just now.
  const ResetNotice request = begin_request(log, kLongAgoMs);
  AuditorReply vkey = call(proto::Method::get, "/vkey");
  vkey.text.pop_back();
  const auto key = tlog::VerifierKey::parse(vkey.text);
  ASSERT_TRUE(key.has_value());
  // Before and after a veto has come: whoever asks learns nothing of it.
  for (std::uint8_t round = 0; round < 2; ++round) {
    directory::CloseRequest asked{log.config().origin, request.hash(), {}};
    asked.nonce.mutable_view()[0] = round;
    const AuditorReply early = call(proto::Method::post, "/close", wire::encode(asked));
    EXPECT_EQ(early.status, 200);
    const auto answer = wire::decode<directory::CloseAnswer>(as_bytes(early.text));
    ASSERT_TRUE(answer && std::holds_alternative<directory::NotYet>(answer->body));
    const auto& not_yet = std::get<directory::NotYet>(answer->body);
    EXPECT_TRUE(directory::verify_not_yet(asked, key->key(), not_yet));
    asked.nonce.mutable_view()[0] ^= 1;
    EXPECT_FALSE(directory::verify_not_yet(asked, key->key(), not_yet));
    EXPECT_EQ(call(proto::Method::post, "/veto", wire::encode(veto_of(request))).status, 200);
  }
  const directory::CloseRequest unknown{"none/cairn", {}, {}};
  EXPECT_EQ(call(proto::Method::post, "/close", wire::encode(unknown)).status, 404);
}

}  // namespace
}  // namespace cairn::e2e
