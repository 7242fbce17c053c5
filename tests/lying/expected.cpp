#include "tests/lying/expected.h"

#include <algorithm>

namespace cairn::lying {
namespace {

constexpr std::string_view kNoQuorum = "condition 1: no quorum";
constexpr std::string_view kWrongLine = "condition 1: a cosignature is wrong";
constexpr std::string_view kSmaller = "condition 2: smaller than one verified before";
constexpr std::string_view kNotFresh = "condition 2: not fresh";
constexpr std::string_view kAhead = "condition 2: cosigned ahead of this clock";
constexpr std::string_view kAnotherLog = "condition 3: another log of the same size";
constexpr std::string_view kRecord = "condition 4: the record is not in the log";
constexpr std::string_view kLogKey = "condition 4: not signed by the log";
constexpr std::string_view kConfig = "condition 4: not the config of the record";
constexpr std::string_view kVrf = "condition 5: VRF proof";
constexpr std::string_view kMapProof = "condition 5: map proof";
constexpr std::string_view kInvalid = "condition 6: a statement that is not valid here";
constexpr std::string_view kHead = "condition 6: the statements do not lead to the map's head";
constexpr std::string_view kNoSuchName = "condition 6: the map has no such name";
constexpr std::string_view kNoNotice = "condition 7: a reset without its notice";
constexpr std::string_view kVetoKeys = "condition 7: not the owner's veto keys";
constexpr std::string_view kDelay = "condition 7: delay too short";
constexpr std::string_view kTooSoon = "condition 7: completed too soon";
constexpr std::string_view kVetoed = "condition 7: its owner vetoed it";
constexpr std::string_view kOtherName = "condition 8: a statement of another name";

constexpr Auditors kHonest = Auditors::honest;
constexpr Auditors kColluding = Auditors::colluding;

constexpr Expected kExpected[] = {
    {Lie::unsigned_device, kHonest, kInvalid, kInvalid},
    {Lie::forged_signature, kHonest, kInvalid, kInvalid},
    {Lie::brought_back, kHonest, kInvalid, kInvalid},
    {Lie::undone_removal, kHonest, kHead, kHead},
    {Lie::dropped_statement, kHonest, kHead, kHead},
    {Lie::forked_chain, kHonest, kHead, kInvalid},
    {Lie::another_name, kHonest, kVrf, kVrf},
    {Lie::replayed_answer, kHonest, kSmaller, kSmaller},
    {Lie::forked_map, kHonest, kNoQuorum, kNoQuorum},
    {Lie::forked_with_lines, kHonest, kWrongLine, kWrongLine},
    {Lie::flash, kHonest, kWrongLine, kWrongLine},
    {Lie::false_absence, kHonest, kNoQuorum, kNoQuorum},
    {Lie::false_reset, kHonest, kNoQuorum, kNoQuorum},
    {Lie::no_quorum, kHonest, kNoQuorum, kNoQuorum},
    {Lie::own_cosigners, kHonest, kNoQuorum, kNoQuorum},
    {Lie::another_config, kHonest, kRecord, kRecord},
    {Lie::false_proof, kHonest, kMapProof, kMapProof},
    {Lie::false_record, kHonest, kRecord, kRecord},
    {Lie::no_notice, kHonest, kNoNotice, kNoNotice},
    {Lie::wrong_veto_keys, kHonest, kVetoKeys, kVetoKeys},
    {Lie::hidden_reset, kHonest, kHead, kHead},
    {Lie::unsigned_device, kColluding, kInvalid, kInvalid},
    {Lie::forged_signature, kColluding, kInvalid, kInvalid},
    {Lie::brought_back, kColluding, kInvalid, kInvalid},
    {Lie::undone_removal, kColluding, kBelieved, kInvalid},
    {Lie::dropped_statement, kColluding, kBelieved, kHead},
    {Lie::forked_chain, kColluding, kBelieved, kInvalid},
    {Lie::another_name, kColluding, kOtherName, kOtherName},
    {Lie::false_place, kColluding, kVrf, kVrf},
    {Lie::forked_map, kColluding, kAnotherLog, kAnotherLog},
    {Lie::flash, kColluding, kBelieved, kInvalid},
    {Lie::false_absence, kColluding, kBelieved, kNoSuchName},
    {Lie::false_reset, kColluding, kNoNotice, kNoNotice},
    {Lie::rolled_back, kColluding, kSmaller, kSmaller},
    {Lie::another_log_key, kColluding, kLogKey, kLogKey},
    {Lie::no_notice, kColluding, kNoNotice, kNoNotice},
    {Lie::wrong_veto_keys, kColluding, kVetoKeys, kVetoKeys},
    {Lie::hidden_reset, kColluding, kBelieved, kHead},
    {Lie::short_delay, kColluding, kDelay, kDelay},
    {Lie::early_completion, kColluding, kTooSoon, kTooSoon},
    {Lie::false_completion, kColluding, kBelieved, kVetoed},
    {Lie::other_config, kColluding, kConfig, kConfig},
    {Lie::frozen_clock, kColluding, kNotFresh, kNotFresh},
    {Lie::yesterday, kColluding, kNotFresh, kNotFresh},
    {Lie::fast_clock, kColluding, kAhead, kAhead},
};

std::string_view advice(std::string_view condition, Whose whose) {
  if (condition == kAhead) return "The clock of this device is behind: set it right and try again.";
  if (whose == Whose::own)
    return "Try again, and if it stays so, ask who runs your server, or others who use it: it may be lying.";
  return "Try again, and if it stays so, ask them another way: their server may be lying.";
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out += part;
  return out;
}

}  // namespace

std::span<const Expected> expected() { return kExpected; }

const Expected& expected(Lie lie, Auditors auditors) {
  const auto found =
      std::ranges::find_if(kExpected, [&](const Expected& row) { return row.lie == lie && row.auditors == auditors; });
  CHECK(found != std::end(kExpected));
  return *found;
}

std::vector<Expected> expected_of(std::span<const Lie> lies, Auditors auditors) {
  std::vector<Expected> out;
  for (const Lie lie : lies) out.push_back(expected(lie, auditors));
  return out;
}

std::string sentence(const std::string& name, std::string_view condition, Whose whose) {
  const bool is_own = whose == Whose::own;
  const std::string refused = joined({"The directory's answer about ", name, " was refused (", condition, ")"});
  if (condition == kNotFresh) {
    return joined({refused,
                   ": the auditors have vouched for nothing there for 24 hours, or the clock of this device is ahead, "
                   "so ",
                   is_own ? "it is not known which devices your own name has, and nothing was sent to anybody"
                          : "nothing was sent to them",
                   "; see that the clock is right, or wait until the auditors are back."});
  }
  const std::string_view unsent =
      is_own ? "; that is your own name, so nothing was sent to anybody. " : "; nothing was sent to them. ";
  return joined({refused, unsent, advice(condition, whose)});
}

std::string table_text(Auditors auditors) {
  std::string out = "| lie | what it is | who never saw the name | who knows it |\n|---|---|---|---|\n";
  for (const Expected& row : kExpected) {
    if (row.auditors != auditors) continue;
    out += joined({"| ", word_of(row.lie), " | ", describe(row.lie), " | ", row.stranger, " | ", row.contact, " |\n"});
  }
  return out;
}

}  // namespace cairn::lying
