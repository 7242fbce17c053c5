// Random chains: statements that may be in order or not, and some that lie about their form or place.
#include <algorithm>
#include <string>

#include "core/crypto/hash.h"
#include "tests/interop/directory/frames.h"
#include "tests/support/random_chain.h"

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
    const std::uint64_t number = done / kStatementsOfAChain;
    RandomChain chain("somebody" + std::to_string(number) + "@example.org", seed + (number << 32));
    const std::string label = "seed " + std::to_string(seed) + " chain " + std::to_string(number) + " statement ";
    wire::Writer fields;
    fields.opaque(chain.name().text());
    frames.put('B', fields);
    for (std::uint64_t i = 0; i < kStatementsOfAChain && done < count; ++i, ++done) {
      judge(frames, chain.state(), label + std::to_string(i + 1), chain.next());
    }
  }
}

void write_long_chain(std::uint64_t seed, Frames& frames) { LongChain(seed, frames).write(); }

}  // namespace cairn::testing
