#include "tests/sim/resets.h"

#include "core/base/encoding.h"
#include "core/directory/notice.h"
#include "core/relay/config.h"
#include "core/relay/leaf_pages.h"
#include "core/relay/tables.h"
#include "core/witness/tables.h"
#include "tests/support/test_person.h"

namespace cairn::sim {
namespace {

namespace table = relay::table;
using directory::ResetNotice;
using testing::TestDevice;

constexpr const char* kDave = "dave@example.org";
constexpr std::uint64_t kDays = 24;
constexpr const char* kThird = "auditor3";
constexpr std::uint32_t kDelayS = directory::kMinResetDelayS;
constexpr std::uint64_t kDelayMs = kDelayS * kSecondMs;
constexpr std::uint64_t kHalfDayMs = 12 * kHourMs;
/// How exactly we see when an auditor began to wait, and when a completion was served.
constexpr std::uint64_t kSightMs = 10 * kMinuteMs;
/// An auditor counts no more than this of a sleep, however long it was.
constexpr std::uint64_t kSleepCountsMs = 2 * kMinuteMs;

class Resets {
 public:
  Resets(World& world, std::uint64_t seed, ResetsResult& result)
      : world_(world),
        random_(seed ^ 0x7265736574),
        result_(result),
        start_(world.agenda().now()),
        counted_until_(start_),
        dave_(kDave, seed),
        device_(dave_.new_device()),
        ending_(ending_of(seed)) {}

  /// What becomes of the last veto; or an auditor misses the last reset.
  enum class Ending : std::uint8_t { hides, plain, buries, misses };
  static Ending ending_of(std::uint64_t seed) { return static_cast<Ending>(seed % 4); }
  static bool needs_a_third(Ending ending) { return ending == Ending::buries || ending == Ending::misses; }

  void run() {
    begin();
    while (days() < kDays && result_.violations.empty()) {
      const bool last = days() + (ending_ == Ending::misses ? 12 : 8) > kDays;
      if (last && ending_ == Ending::misses) kill(world_.host(kThird));
      if (!request()) return;
      if (last && ending_ == Ending::misses) return miss_the_reset();
      if (last && ending_ == Ending::hides) return hide_the_veto();
      if (last && ending_ == Ending::buries) return bury_the_veto();
      if (chance(2)) {
        veto();
        wait_until_it_would_have_matured();
      } else {
        complete();
      }
    }
    end();
  }

 private:
  /// A request that is public, and how long each auditor was awake when it had cosigned it.
  struct Open {
    ResetNotice notice;
    TestDevice device;
    std::map<std::string, std::uint64_t> awake_ms;
  };

  std::uint64_t days() const { return elapsed_ms(world_.agenda().now(), start_) / kDayMs; }
  bool chance(std::uint64_t one_in) { return random_.below(one_in) == 0; }
  void violation(std::string sentence) { result_.violations.push_back(std::move(sentence)); }

  // ---- time ----

  void pass(std::uint64_t ms) {
    world_.pass(ms);
    count_awake();
    look();
  }
  void count_awake() {
    const std::uint64_t ms = elapsed_ms(world_.agenda().now(), std::exchange(counted_until_, world_.agenda().now()));
    for (const std::string& name : auditors()) {
      if (world_.host(name).running()) awake_ms_[name] += ms;
    }
  }
  /// Everybody sleeps, and is awake for a while afterwards.
  void sleep() {
    count_awake();
    world_.agenda().oversleep(kHourMs + random_.below(kHalfDayMs - kHourMs));
    counted_until_ = world_.agenda().now();
    for (const std::string& name : auditors()) awake_ms_[name] += kSleepCountsMs;
    pass(kSightMs);
  }
  void kill(Host& host) {
    count_awake();
    host.kill();
  }
  void start(Host& host) {
    count_awake();
    host.start();
  }
  /// Some hours, during which an auditor may be down.
  void some_hours() {
    const std::uint64_t ms = kHourMs * (2 + random_.below(5));
    if (!chance(4)) return pass(ms);
    Host& down = world_.host(auditors()[random_.below(2)]);
    kill(down);
    pass(ms);
    start(down);
    pass(kSightMs);
  }
  /// Those that are never gone for long.
  static std::vector<std::string> auditors() { return {"auditor1", "auditor2"}; }

  // ---- what is seen from outside ----

  /// The leaf of a name as it is served; one of no statements when there is none.
  directory::NameLeaf leaf_of(const directory::Name& name) {
    const auto key = table_row<relay::NameRow>(table::kNames, name.bytes()).map_key;
    const auto served = table_row<relay::ServedRow>(table::kServed, {});
    const auto all = relay::load_leaves(world_.relay().disk(), served.size, directory::kMinResetDelayS);
    CHECK(all.has_value());
    const auto found = std::ranges::find(*all, key, &directory::LeafChange::key);
    return found == all->end() ? directory::NameLeaf{} : found->leaf;
  }
  directory::NameLeaf leaf() { return leaf_of(dave_.name()); }
  template <class T>
  T table_row(Table in, ByteView key) {
    auto row = relay::load<T>(world_.relay().disk(), in, key);
    CHECK(row.has_value() && row->has_value());
    return std::move(**row);
  }
  bool has_veto(const std::string& auditor, const Hash& request) {
    return world_.host(auditor).disk().get(witness::table::kVetoes, request).has_value();
  }

  /// No completion is served that an auditor holds a veto of, nor before each of them has waited.
  void look() {
    count_awake();
    if (!open_ || leaf().resets == resets_) return;
    resets_ = leaf().resets;
    ++served_completions_;
    const Hash request = open_->notice.hash();
    for (const std::string& name : auditors()) {
      if (has_veto(name, request)) violation("A reset was completed that " + name + " holds a veto of.");
      const std::uint64_t waited_ms = awake_ms_[name] - open_->awake_ms[name];
      if (waited_ms + kSightMs < kDelayMs) {
        violation("A reset was completed when " + name + " had waited " + std::to_string(waited_ms / kHourMs) +
                  " hours.");
      }
    }
    if (world_.agenda().now().ms < open_->notice.matures_ms) violation("A reset was completed before it matured.");
  }

  // ---- what is said to the server ----

  int post(Host& to, std::string target, Bytes body) {
    std::optional<int> status;
    world_.network().ask(
        to, proto::Method::post, std::move(target),
        [&status](Result<proto::CallReply> reply) { status = reply ? reply->status : 0; }, std::move(body));
    world_.until([&] { return status.has_value(); }, kMinuteMs);
    return status.value_or(0);
  }
  int submit(const directory::Statement& statement, Bytes veto = {}) {
    const proto::StatementRequest request{wire::encode(statement), {}, std::move(veto)};
    world_.watch().said("dave", wire::encode(request));
    const int status = post(world_.relay(), std::string(proto::kPathStatement), wire::encode(request));
    if (status == 202) dave_.take(statement);
    return status;
  }
  /// Until what the server took is served.
  bool published() {
    return world_.until([&] { return leaf_count() == dave_.state.count(); }, kHourMs, kSecondMs);
  }
  std::uint64_t leaf_count() { return leaf().count; }

  // ---- the story ----

  void begin() {
    for (const char* person : {"alice", "bob"}) {
      const std::string device = std::string(person) + "-1";
      world_.add_device(device);
      const json done = world_.ask(device, "register",
                                   {{"name", std::string(person) + "@example.org"},
                                    {"server_url", World::kServerUrl},
                                    {"policy", world_.policy_text()}});
      if (!done.contains("result")) violation(device + " could not register: " + done.dump());
    }
    if (submit(dave_.genesis(device_, kDelayS)) != 202 || !published()) violation("Dave's name was not published.");
    for (const char* device : {"alice-1", "bob-1"}) expect_contact(device, 0, true);
  }

  /// What a client says of dave when it looks him up.
  void expect_contact(const std::string& device, std::size_t resets, bool accepted) {
    json seen;
    const auto as_it_is = [&]() -> bool {
      seen = world_.ask(device, "contact.verify", {{"name", kDave}});
      return seen.contains("result") && seen["result"].value("head", "") == to_hex(dave_.state.head());
    };
    if (!world_.until(as_it_is, 30 * kMinuteMs, 10 * kSecondMs)) return violation(device + " says: " + seen.dump());
    const json& contact = seen["result"];
    if (contact["resets"] != resets || contact["accepted"] != accepted) {
      violation(device + " does not ask about a reset as it should: " + contact.dump());
    }
  }

  bool request() {
    auto device = dave_.new_device();
    const auto statement = dave_.request(device, ++generations_, kDelayS);
    if (submit(statement) != 202 || !published()) {
      violation("A request was not taken and published.");
      return false;
    }
    ++result_.requests;
    count_awake();
    const Bytes key = relay::chain_key(dave_.name().text(), dave_.state.count() - 1);
    open_.emplace(
        Open{table_row<directory::RequestNotice>(table::kNotices, key).request, std::move(device), awake_ms_});
    expect_contact("alice-1", served_completions_, true);
    return true;
  }

  void veto() {
    for (std::uint64_t hours = random_.below(60); hours > 6; hours -= 6) chance(2) ? some_hours() : sleep();
    const auto notice = directory::veto_as_device(open_->notice, device_.key);
    // As an owner's client does: to every auditor that answers, and to the server.
    Host& down = world_.host(auditors()[random_.below(2)]);
    const bool one_is_down = chance(2);
    if (one_is_down) kill(down);
    for (const std::string& name : auditors()) {
      const int status = post(world_.host(name), "/veto", wire::encode(notice));
      if (status != 200 && world_.host(name).running()) violation(name + " did not take a veto.");
    }
    if (submit(dave_.by_device(directory::VetoReset{}, device_), wire::encode(notice)) != 202) {
      violation("The server did not take a veto.");
    }
    if (one_is_down) start(down);
    if (!published()) violation("A veto was not published.");
    ++result_.vetoes;
    // Who requested it tries all the same.
    const auto completion = by_requester();
    if (submit(completion) == 202) violation("A vetoed reset was completed.");
    expect_contact("alice-1", served_completions_, true);
  }

  directory::Statement by_requester() {
    return dave_.by_new_device(directory::CompleteReset{static_cast<std::uint32_t>(open_->notice.request_sequence)},
                               open_->device);
  }

  void wait_until_it_would_have_matured() {
    const Time mature{open_->notice.matures_ms};
    while (world_.agenda().now() < mature) sleep();
    open_.reset();
  }

  void complete() {
    if (submit(by_requester()) == 202) {
      violation("A reset was completed at once.");
    } else {
      ++result_.too_early;
    }
    // Here and there a night; the auditors count little of it.
    int taken = 0;
    for (int hours = 0; taken != 202 && hours < 400; ++hours) {
      chance(6) ? sleep() : some_hours();
      taken = submit(by_requester());
    }
    if (taken != 202) return violation("A reset that nobody vetoed could not be completed.");
    for (int i = 0; i < 100 && leaf_count() != dave_.state.count(); ++i) some_hours();
    if (!published()) return violation("A completion was not published.");
    look();
    ++result_.completions;
    device_ = std::move(open_->device);
    open_.reset();
    for (const char* device : {"alice-1", "bob-1"}) {
      expect_contact(device, served_completions_, false);
      const json accepted = world_.ask(device, "contact.accept", {{"name", kDave}});
      if (!accepted.contains("result")) violation(std::string(device) + " could not accept: " + accepted.dump());
      expect_contact(device, served_completions_, true);
    }
  }

  /// One auditor alone hears of the veto. Whoever asked for the reset gets nowhere, and nobody is held up.
  void hide_the_veto() {
    tell_only(auditors()[random_.below(2)]);
    for (int hours = 0; elapsed_ms(world_.agenda().now(), Time{open_->notice.matures_ms}) < 5 * kDayMs; ++hours) {
      if (hours >= 400 || submit(by_requester()) == 202) return violation("A hidden veto did not stop a completion.");
      some_hours();
    }
    expect_open();
  }

  /// One auditor of three hears of the veto and is gone: the reset waits for it as long as the rule says, is completed
  /// with the word of the two others, and the domain goes on when the third comes back.
  void bury_the_veto() {
    tell_only(kThird);
    kill(world_.host(kThird));
    complete_without_the_third();
    start(world_.host(kThird));
    some_hours();
    expect_open();
  }

  void complete_without_the_third() {
    int taken = 0;
    for (int hours = 0; taken != 202 && hours < 400; ++hours) {
      some_hours();
      taken = submit(by_requester());
    }
    if (taken != 202) return violation("A completion waits for ever for an auditor that is gone.");
    const Time mature{open_->notice.matures_ms};
    if (elapsed_ms(world_.agenda().now(), mature) < relay::kClosingPatienceMs) {
      violation("A completion did not wait for an auditor that was gone.");
    }
    for (int i = 0; i < 100 && leaf_count() != dave_.state.count(); ++i) some_hours();
    look();
    if (leaf().resets == Hash{}) violation("A completion was not served.");
  }

  /// One auditor of three was gone from before the request until after the completion. It comes back, takes vetoes for
  /// the whole delay, and then carries the domain on when another one is gone.
  void miss_the_reset() {
    const std::uint64_t known = cosigned_size(kThird);
    complete_without_the_third();
    ++result_.completions;
    start(world_.host(kThird));
    const Time back = world_.agenda().now();
    while (cosigned_size(kThird) == known && elapsed_ms(world_.agenda().now(), back) < kDelayMs + kDayMs) some_hours();
    const std::uint64_t waited_ms = elapsed_ms(world_.agenda().now(), back);
    if (waited_ms < kDelayMs) {
      return violation("An auditor cosigned a reset that it had missed after " + std::to_string(waited_ms / kHourMs) +
                       " hours.");
    }
    if (cosigned_size(kThird) == known) return violation("An auditor that had missed a reset never came back.");
    ++result_.missed;
    kill(world_.host("auditor1"));
    expect_open();
    start(world_.host("auditor1"));
    device_ = std::move(open_->device);
    open_.reset();
    end();
  }

  /// Of the newest checkpoint that it cosigned.
  std::uint64_t cosigned_size(const std::string& auditor) {
    const Hash log = witness::log_id(std::string(World::kDomain) + "/cairn");
    const auto note = world_.host(auditor).disk().get(witness::table::kCosigned, log);
    if (!note) return 0;
    const auto checkpoint = tlog::SignedCheckpoint::parse(as_text(*note), tlog::ExtensionLines::refuse);
    CHECK(checkpoint.has_value());
    return checkpoint->claim().tree.size;
  }

  void tell_only(const std::string& auditor) {
    const auto notice = directory::veto_as_device(open_->notice, device_.key);
    if (post(world_.host(auditor), "/veto", wire::encode(notice)) != 200) violation(auditor + " did not take a veto.");
    ++result_.vetoes;
  }

  /// Somebody else gets a name, as at any time.
  void expect_open() {
    testing::TestPerson eve("eve@example.org", random_.next());
    const proto::StatementRequest request{wire::encode(eve.genesis(eve.new_device(), 0)), {}, {}};
    world_.watch().said("eve", wire::encode(request));
    const bool taken = post(world_.relay(), std::string(proto::kPathStatement), wire::encode(request)) == 202;
    const bool there = taken && world_.until([&] { return leaf_of(eve.name()).count == 1; }, 2 * kHourMs, kSecondMs);
    if (!there) violation("A veto of one name stopped the whole domain.");
  }

  void end() {
    pass(kHourMs);
    const bool is_new = ending_ == Ending::misses;  // the last reset was admitted by nobody yet
    for (const char* device : {"alice-1", "bob-1"}) expect_contact(device, served_completions_, !is_new);
  }

  World& world_;
  testing::SeededEntropy random_;
  ResetsResult& result_;
  Time start_, counted_until_;
  testing::TestPerson dave_;
  TestDevice device_;  // the one that is active
  Ending ending_;
  std::uint32_t generations_ = 0;
  std::optional<Open> open_;
  Hash resets_;
  std::size_t served_completions_ = 0;
  std::map<std::string, std::uint64_t> awake_ms_;
};

}  // namespace

ResetsResult run_resets(std::uint64_t seed, WorldOptions options) {
  ResetsResult result;
  if (Resets::needs_a_third(Resets::ending_of(seed))) {
    options.auditors = 3;
    options.auditors_needed = 2;
  }
  World world(seed, std::move(options));
  const Time start = world.agenda().now();
  Resets(world, seed, result).run();
  const auto& watched = world.watch().violations();
  result.violations.insert(result.violations.end(), watched.begin(), watched.end());
  result.trace_hash = world.trace().hash();
  result.steps = world.agenda().steps();
  result.simulated_ms = elapsed_ms(world.agenda().now(), start);
  return result;
}

}  // namespace cairn::sim
