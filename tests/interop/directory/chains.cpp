// Random chains: statements that may be in order or not, and some that lie about their form or place.
#include <algorithm>
#include <deque>
#include <map>
#include <string>

#include "core/crypto/hash.h"
#include "tests/interop/directory/frames.h"
#include "tests/support/test_person.h"

namespace cairn::testing {
namespace {

using namespace directory;

constexpr std::uint64_t kStatementsOfAChain = 400;

/// The verdict, which the frame has too: what is accepted is at the chain's end.
bool judge(Frames& frames, NameState& state, const std::string& label, const Bytes& bytes) {
  const auto read = Statement::decode(bytes);
  const bool accepted = read && state.apply(*read);
  wire::Writer fields;
  fields.u8(accepted ? 1 : 0);
  fields.raw(summary_of(state));
  fields.opaque(label);
  fields.raw(bytes);
  frames.put('S', fields);
  return accepted;
}

struct Signer {
  SignerKind kind;
  const crypto::SigningKey* key;
};

class ChainRun {
 public:
  ChainRun(std::uint64_t seed, std::uint64_t number, Frames& frames)
      : person_("somebody" + std::to_string(number) + "@example.org", seed + (number << 32)),
        label_("seed " + std::to_string(seed) + " chain " + std::to_string(number)),
        frames_(frames) {
    wire::Writer fields;
    fields.opaque(person_.name().text());
    frames_.put('B', fields);
  }

  void statement() {
    signers_.clear();
    StatementContent content = person_.content(body());
    content.next_recovery.reset();
    const bool by_recovery_key = signers_[0].kind == SignerKind::recovery;
    if (by_recovery_key) content.next_recovery = commitment_of(person_.generation + (chance(4) ? 0u : 1u));
    if (chance(12)) lie_about_the_place(content);
    if (chance(6)) lie_about_the_signers();
    Statement out{std::move(content), {}};
    for (const Signer& signer : signers_) out.signatures.push_back(sign(out.content, signer));
    Bytes bytes = wire::encode(out);
    if (chance(6)) bytes[entropy().below(bytes.size())] ^= static_cast<std::uint8_t>(1 << entropy().below(8));
    if (chance(2)) bytes.resize(entropy().below(bytes.size()));
    judge(frames_, person_.state, label_ + " statement " + std::to_string(++items_), bytes);
  }

 private:
  SeededEntropy& entropy() { return person_.entropy; }
  bool chance(unsigned percent) { return entropy().below(100) < percent; }
  const NameState& state() const { return person_.state; }

  Hash commitment_of(std::uint32_t generation) {
    const Hash out = person_.recovery(generation).commitment();
    generations_[out] = generation;
    return out;
  }

  std::uint32_t delay() {
    const std::uint32_t valid[] = {kMinResetDelayS, kDefaultResetDelayS, kMaxResetDelayS};
    if (chance(85)) return valid[entropy().below(3)];
    const std::uint32_t others[] = {0, 1, kMinResetDelayS - 1, kMaxResetDelayS + 1};
    return others[entropy().below(4)];
  }

  const TestDevice& fresh() {
    devices_.push_back(person_.new_device());
    if (devices_.size() > 1 && chance(4)) devices_.back().device.mailbox = any().device.mailbox;
    return devices_.back();
  }
  const TestDevice& any() { return devices_[entropy().below(devices_.size())]; }
  /// An active one as a rule.
  const TestDevice& known() {
    if (devices_.empty()) return fresh();
    for (int tries = 0; tries < 40 && !chance(10); ++tries) {
      const TestDevice& one = any();
      if (state().is_active(one.device.id())) return one;
    }
    return any();
  }

  void by_recovery() {
    const auto at = generations_.find(state().recovery_commitment());
    person_.generation = at == generations_.end() ? 0 : at->second;
    recovery_.emplace(person_.recovery(person_.generation + (chance(4) ? 1u : 0u)));
    signers_.push_back({SignerKind::recovery, &recovery_->signing_key()});
  }
  void by_device_or_recovery(unsigned recovery_percent) {
    if (chance(recovery_percent)) return by_recovery();
    signers_.push_back({SignerKind::device, &known().key});
  }

  StatementBody body() {
    if (state().count() == 0 && chance(90)) return genesis();
    if (state().open_reset() && chance(80)) return chance(50) ? veto() : complete();
    switch (entropy().below(16)) {
      case 0: return chance(30) ? genesis() : complete();
      case 1: return veto();
      case 2:
      case 3: return request();
      case 4: by_recovery(); return SetResetDelay{delay()};
      case 5: by_recovery(); return ReplaceRecovery{};
      case 6:
      case 7:
      case 8:
      case 9: return remove();
      default: return add();
    }
  }

  StatementBody genesis() {
    const TestDevice& device = fresh();
    signers_.push_back({SignerKind::new_device, &device.key});
    return Genesis{device.device, commitment_of(0), delay()};
  }
  StatementBody add() {
    by_device_or_recovery(10);
    const TestDevice& device = chance(92) ? fresh() : known();
    signers_.push_back({SignerKind::new_device, &device.key});
    return AddDevice{device.device};
  }
  StatementBody remove() {
    by_device_or_recovery(6);
    return RemoveDevice{known().device.id()};
  }
  StatementBody request() {
    const TestDevice& device = chance(60) ? fresh() : known();
    signers_.push_back({SignerKind::new_device, &device.key});
    const std::uint32_t generation = chance(90) ? next_owner_ += 100 : person_.generation;
    return RequestReset{device.device, commitment_of(generation), delay()};
  }
  StatementBody veto() {
    by_device_or_recovery(30);
    return VetoReset{};
  }
  StatementBody complete() {
    const auto& open = state().open_reset();
    const TestDevice* device = &known();
    for (const TestDevice& one : devices_) {
      if (open && one.device.signature_key == open->request.device.signature_key && chance(95)) device = &one;
    }
    signers_.push_back({SignerKind::new_device, &device->key});
    return CompleteReset{open && chance(90) ? open->sequence : static_cast<std::uint32_t>(entropy().below(5))};
  }

  void lie_about_the_place(StatementContent& content) {
    switch (entropy().below(4)) {
      case 0: content.sequence += chance(50) ? 1 : ~std::uint32_t{0}; return;
      case 1: content.previous.mutable_view()[entropy().below(32)] ^= 1; return;
      case 2: content.name = *Name::from("another@example.org"); return;
      default: content.next_recovery = content.next_recovery ? std::nullopt : std::optional(commitment_of(7));
    }
  }
  void lie_about_the_signers() {
    switch (entropy().below(4)) {
      case 0: std::reverse(signers_.begin(), signers_.end()); return;
      case 1: signers_.pop_back(); return;
      case 2: signers_.push_back(signers_.front()); return;
      default: signers_[0].kind = chance(50) ? SignerKind::device : SignerKind::new_device;
    }
  }

  StatementSignature sign(const StatementContent& content, const Signer& signer) const {
    if (signer.kind == SignerKind::recovery) return sign_as_recovery(content, *recovery_);
    return signer.kind == SignerKind::device ? sign_as_device(content, *signer.key)
                                             : sign_as_new_device(content, *signer.key);
  }

  TestPerson person_;
  std::string label_;
  Frames& frames_;
  std::deque<TestDevice> devices_;
  std::vector<Signer> signers_;
  std::optional<RecoveryKey> recovery_;
  std::map<Hash, std::uint32_t> generations_;
  std::uint32_t next_owner_ = 0;
  std::uint64_t items_ = 0;
};

/// One chain to its last place: which statements are the last of their kind, and which of those behind them are refused
/// (rule 7). On its way there are resets that are vetoed, of one signature each.
class LongChain {
 public:
  LongChain(std::uint64_t seed, Frames& frames)
      : person_("longest@example.org", seed),
        label_("seed " + std::to_string(seed) + " long chain"),
        frames_(frames),
        commitment_(person_.recovery(9999).commitment()) {
    wire::Writer fields;
    fields.opaque(person_.name().text());
    frames_.put('B', fields);
  }

  void write() {
    put(person_.genesis(first_), Verdict::accepted);
    resets_until(kReservedStatements - 1);
    put(person_.add(second_, first_), Verdict::accepted);
    put(person_.add(person_.new_device(), first_), Verdict::refused);
    put(person_.by_device(RemoveDevice{second_.device.id()}, first_), Verdict::refused);
    put(person_.by_recovery(ReplaceRecovery{}), Verdict::accepted);
    resets_until(kMaxStatements - 1);
    put(request(), Verdict::refused);
    put(person_.by_recovery(ReplaceRecovery{}), Verdict::accepted);
    put(person_.by_recovery(ReplaceRecovery{}), Verdict::refused);
    put(request(), Verdict::refused);
  }

 private:
  enum class Verdict : std::uint8_t { accepted, refused };

  void put(const Statement& statement, Verdict expected) {
    const std::string label = label_ + " statement " + std::to_string(statement.content.sequence);
    const bool accepted = judge(frames_, person_.state, label, wire::encode(statement));
    CHECK(accepted == (expected == Verdict::accepted));
    if (accepted && statement.content.next_recovery) ++person_.generation;
  }
  Statement request() {
    return person_.by_new_device(RequestReset{first_.device, commitment_, kDefaultResetDelayS}, first_);
  }
  void resets_until(std::uint32_t count) {
    while (person_.state.count() < count) {
      put(request(), Verdict::accepted);
      put(person_.by_device(VetoReset{}, first_), Verdict::accepted);
    }
    CHECK(person_.state.count() == count);
  }

  TestPerson person_;
  std::string label_;
  Frames& frames_;
  Hash commitment_;
  TestDevice first_ = person_.new_device(), second_ = person_.new_device();
};

}  // namespace

Hash summary_of(const directory::NameState& state) {
  wire::Writer out;
  out.raw(state.head());
  out.raw(state.recovery_commitment());
  out.u32(state.reset_delay_s());
  out.u8(state.open_reset() ? 1 : 0);
  std::vector<DeviceId> active;
  for (const directory::Device& device : state.active_devices()) active.push_back(device.id());
  std::sort(active.begin(), active.end());
  for (const DeviceId& id : active) out.raw(id);
  for (const PublicKey& key : state.veto_holders()) out.raw(key);
  return crypto::sha256(out.take());
}

void write_chains(std::uint64_t seed, std::uint64_t count, Frames& frames) {
  for (std::uint64_t done = 0; done < count;) {
    ChainRun run(seed, done / kStatementsOfAChain, frames);
    for (std::uint64_t i = 0; i < kStatementsOfAChain && done < count; ++i, ++done) run.statement();
  }
}

void write_long_chain(std::uint64_t seed, Frames& frames) { LongChain(seed, frames).write(); }

}  // namespace cairn::testing
