// cairn-random-epochs SEED COUNT: COUNT epochs, honest ones and lies, a fifth as many statements of chains, and a tenth
// as many answers to look-ups, with the verdicts of core/directory, on standard output in the frames that verify.py
// reads (`verify.py stream`). From 1,000 epochs on also one chain that is full. The same seed gives the same bytes.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/interop/directory/frames.h"
#include "tests/interop/directory/world.h"

namespace {

using namespace cairn;
using namespace cairn::testing;

constexpr std::uint64_t kEpochsOfALog = 150;
/// One look-up for so many epochs: verify.py is slow at curves, and each look-up has a dozen multiplications of points.
constexpr std::uint64_t kEpochsOfALookup = 10;
/// A run of so many has a chain to its last place too.
constexpr std::uint64_t kLongRun = 1000;

/// One log's life.
class Run {
 public:
  Run(std::uint64_t seed, std::uint64_t number, Frames& frames)
      : world_(seed + (number << 32)),
        label_("seed " + std::to_string(seed) + " log " + std::to_string(number)),
        frames_(frames) {
    wire::Writer fields;
    fields.u64(world_.auditor.adopted_size());
    world_.config.write(fields);
    frames_.put('N', fields);
  }

  void epoch() {
    if (world_.chance(30)) pass_time();
    if (world_.chance(15)) offer_veto(somebody());
    if (world_.chance(30)) ask_to_close(somebody());
    if (world_.chance(25)) offer_checkpoint();
    Draft draft = world_.plan();
    if (world_.chance(35)) return honest(draft);
    lie(draft);
  }

 private:
  std::string next_label(const char* what) { return label_ + " item " + std::to_string(++items_) + " (" + what + ")"; }

  void honest(Draft& draft) {
    World::settle(draft);
    const Bytes bytes = wire::encode(world_.write(draft));
    const auto audit = directory::EpochAudit::decode(bytes);
    const bool accepted = audit && world_.auditor.audit(*audit, world_.now);
    put_audit(next_label("as planned"), accepted, true, bytes);
    if (accepted) world_.take(draft);
  }

  /// One lie that fits, judged by a copy of the auditor: the log does not go on with it.
  void lie(Draft draft) {
    const Lie& lie = all_lies()[world_.entropy.below(all_lies().size())];
    bool told = lie.changes && lie.changes(world_, draft);
    World::settle(draft);
    told = (lie.maps && lie.maps(world_, draft)) || told;
    directory::EpochAudit audit = world_.write(draft);
    told = (lie.audit && lie.audit(world_, audit)) || told;
    Bytes bytes = wire::encode(audit);
    told = (lie.bytes && lie.bytes(world_, bytes)) || told;
    const auto read = directory::EpochAudit::decode(bytes);
    const bool accepted = read && directory::Auditor(world_.auditor).audit(*read, world_.now);
    put_audit(next_label(told ? lie.name : "as planned, and forgotten"), accepted, false, bytes);
  }

  void put_audit(const std::string& label, bool accepted, bool keep, const Bytes& bytes) {
    wire::Writer fields;
    fields.u8(accepted ? 1 : 0);
    fields.u8(keep ? 1 : 0);
    fields.u64(world_.now.ms);
    fields.opaque(label);
    fields.raw(bytes);
    frames_.put('A', fields);
  }

  /// Often as long as a reset takes; at times the auditor is off for a part of it.
  void pass_time() {
    const std::uint64_t most_ms = world_.chance(30) ? 5 * kDayMs : 10 * kMinuteMs;
    const std::uint64_t ms = world_.entropy.below(most_ms);
    const std::uint64_t awake_ms = world_.chance(25) ? world_.entropy.below(ms + 1) : ms;
    world_.now = after(world_.now, ms);
    world_.auditor.add_elapsed(awake_ms);
    wire::Writer fields;
    fields.u64(awake_ms);
    frames_.put('E', fields);
  }

  const Somebody* somebody() {
    return world_.people.empty() ? nullptr : &world_.people[world_.entropy.below(world_.people.size())];
  }

  /// A veto of somebody's newest request, open or not, at times forged.
  void offer_veto(const Somebody* by) {
    if (by == nullptr || !by->request) return;
    directory::VetoNotice veto = world_.veto(*by, *by->request);
    if (world_.chance(20)) veto.signature.mutable_view()[world_.entropy.below(64)] ^= 1;
    if (world_.chance(20)) veto.request.matures_ms += 1;
    wire::Writer fields;
    fields.u8(world_.auditor.accept_veto(veto) ? 1 : 0);
    fields.opaque(next_label("a veto for the mailbox"));
    veto.write(fields);
    frames_.put('V', fields);
  }

  /// The mailbox of somebody's newest request, open or not; at times a veto comes after that.
  void ask_to_close(const Somebody* of) {
    if (of == nullptr || !of->request) return;
    directory::ResetNotice request = *of->request;
    if (world_.chance(10)) request.matures_ms += 1;
    const auto veto = world_.auditor.close(request.hash(), world_.now);
    const bool not_yet = !veto && veto.error().code == ErrorCode::unavailable;
    wire::Writer fields;
    fields.u8(veto || not_yet ? 1 : 0);
    fields.u64(world_.now.ms);
    fields.opaque(next_label("a mailbox to be closed"));
    fields.raw(request.hash());
    fields.u8(not_yet ? 2 : veto && *veto ? 1 : 0);
    frames_.put('K', fields);
    if (veto && world_.chance(90)) offer_veto(of);
  }

  void offer_checkpoint() {
    tlog::TreeHead head = world_.auditor.head();
    if (world_.chance(10)) head.root.mutable_view()[world_.entropy.below(32)] ^= 1;
    if (world_.chance(10)) head.size += world_.entropy.below(3) - 1;
    const bool ours = world_.auditor.check_head(head).has_value();
    wire::Writer signed_head;
    signed_head.u8(ours ? 1 : 0);
    signed_head.opaque(next_label("a head that the log signed"));
    signed_head.u64(head.size);
    signed_head.raw(head.root);
    frames_.put('H', signed_head);
    if (!ours) return;
    world_.auditor.begin_waiting(world_.auditor.not_begun());
    if (world_.chance(20)) return;  // and nobody asks for its cosignature
    const bool accepted = world_.auditor.check_cosigning(world_.now).has_value();
    wire::Writer fields;
    fields.u8(accepted ? 1 : 0);
    fields.u64(world_.now.ms);
    fields.opaque(next_label("to be cosigned"));
    frames_.put('C', fields);
    if (accepted) world_.auditor.record_cosigned();
  }

  World world_;
  std::string label_;
  Frames& frames_;
  std::uint64_t items_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: cairn-random-epochs SEED COUNT\n");
    return 2;
  }
  const std::uint64_t seed = std::strtoull(argv[1], nullptr, 10), count = std::strtoull(argv[2], nullptr, 10);
  Frames frames;
  for (std::uint64_t done = 0; done < count;) {
    Run run(seed, done / kEpochsOfALog, frames);
    for (std::uint64_t i = 0; i < kEpochsOfALog && done < count; ++i, ++done) run.epoch();
  }
  write_chains(seed, count / 5, frames);
  write_lookups(seed, count / kEpochsOfALookup, frames);
  if (count >= kLongRun) write_long_chain(seed, frames);
  return std::fflush(stdout) == 0 ? 0 : 1;
}
