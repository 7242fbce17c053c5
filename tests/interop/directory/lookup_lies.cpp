// What an answer can lie about: each breaks one thing, at a place that the seed chooses, and where the map or the log
// has to follow, log and cosigners go along. Some leave the answer in order at times (a bit that nobody reads, a time
// at the limit); what counts is that two verifiers judge alike.
#include <algorithm>

#include "tests/interop/directory/lookups.h"
#include "tests/support/naive_map.h"

namespace cairn::testing {
namespace {

using namespace directory;

void flip_bit(LookupWorld& world, MutableByteView bytes) {
  bytes[world.entropy.below(bytes.size())] ^= static_cast<std::uint8_t>(1 << world.entropy.below(8));
}
void flip_bit(LookupWorld& world, Hash& hash) { flip_bit(world, hash.mutable_view()); }

/// One more or one less.
template <class Number>
void spoil_count(LookupWorld& world, Number& number) {
  number += world.chance(50) ? Number{1} : static_cast<Number>(~Number{0});
}

template <class T>
T& one_of(LookupWorld& world, std::vector<T>& of) {
  return of[world.entropy.below(of.size())];
}

Name another_name(LookupWorld& world, const Name& than) {
  const ChainOwner& first = world.owners[0];
  return first.name() == than ? world.owners[1].name() : first.name();
}

/// This log's head, signed and cosigned.
std::string checkpoint_of(LookupWorld& world, const NaiveLog& log) {
  const tlog::Checkpoint claim{world.domain.config.origin, log.head(log.size()), {}};
  return world.domain.cosign(tlog::SignedCheckpoint::sign(claim, world.domain.log_key));
}

/// The answer's record is the newest in the log.
void cosign_record(LookupWorld& world, Told& told) {
  NaiveLog log = world.domain.log;
  log.entries.back() = wire::encode(told.answer.record);
  told.answer.checkpoint = checkpoint_of(world, log);
}

/// The map has this leaf for the name, or none.
void cosign_leaf(LookupWorld& world, Told& told, const std::optional<NameLeaf>& leaf) {
  NaiveMap map;
  for (const LeafChange& one : world.domain.map.leaves({}, {})) map.leaves[one.key] = one.leaf;
  const Hash key = world.domain.key_of(told.name);
  map.leaves.erase(key);
  if (leaf) map.leaves[key] = *leaf;
  told.answer.map_proof = map.prove(key);
  told.answer.record.map_root = map.root();
  cosign_record(world, told);
}

std::optional<NameLeaf> leaf_of(LookupWorld& world, const Told& told) {
  return world.domain.map.find(world.domain.key_of(told.name));
}

// ---- checkpoint and cosignatures ----

bool a_bit_of_the_checkpoint(LookupWorld& world, Told& told) {
  std::string& note = told.answer.checkpoint;
  char& one = note[world.entropy.below(note.size())];
  one = static_cast<char>(one ^ (1 << world.entropy.below(8)));
  return true;
}

bool too_few_cosigners(LookupWorld& world, Told& told) {
  const std::vector<std::size_t> lacking[] = {{1, 2, 3}, {0, 2}, {0}, {3}};  // the policy: 0, and two of the others
  told.answer.checkpoint = world.domain.checkpoint(lacking[world.entropy.below(4)]);
  return true;
}

bool a_signature_that_is_none(LookupWorld& world, Told& told) {
  auto note = *tlog::Note::parse(told.answer.checkpoint);
  flip_bit(world, one_of(world, note.signatures).signature);
  told.answer.checkpoint = note.encode();
  return true;
}

bool cosigned_at_other_times(LookupWorld& world, Told& told) {
  std::vector<std::uint64_t> times_s;
  for (int i = 0; i < 4; ++i) times_s.push_back(told.now.ms / kSecondMs + 400 - world.entropy.below(2 * 86'400));
  told.answer.checkpoint = world.domain.checkpoint({0, 1, 2, 3}, times_s);
  return true;
}

bool cosigned_long_ago(LookupWorld& world, Told& told) {
  const std::uint64_t time_s = (told.now.ms - kMaxViewAgeMs) / kSecondMs - world.entropy.below(2);
  told.answer.checkpoint = world.domain.checkpoint({0, 1, 2, 3}, {time_s, time_s, time_s, time_s});
  return true;
}

bool cosigned_ahead_of_the_clock(LookupWorld& world, Told& told) {
  const std::uint64_t time_s = after(told.now, tlog::kMaxCosignatureAheadMs).ms / kSecondMs + world.entropy.below(2);
  told.answer.checkpoint = world.domain.checkpoint({0, 1, 2, 3}, {time_s, time_s, time_s, time_s});
  return true;
}

bool another_clock(LookupWorld& world, Told& told) {
  const std::uint64_t ms = world.entropy.below(world.chance(50) ? 2 * kDayMs : 10 * kMinuteMs);
  told.now = world.chance(50) ? after(told.now, ms) : Time{told.now.ms - ms};
  return true;
}

bool not_signed_by_the_log(LookupWorld& world, Told& told) {
  const tlog::Checkpoint claim{world.domain.config.origin, world.domain.log_head(), {}};
  const auto key = crypto::SigningKey::generate(world.entropy);
  told.answer.checkpoint = world.domain.cosign(tlog::SignedCheckpoint::sign(claim, key));
  return true;
}

// ---- the log ----

bool the_log_of_before(LookupWorld& world, Told& told) {
  const auto& records = world.domain.records;
  NaiveLog log = world.domain.log;
  log.entries.pop_back();
  if (log.entries.empty()) return false;
  told.answer.checkpoint = checkpoint_of(world, log);
  told.answer.record = records[records.size() - 2];
  told.answer.growth = {};
  if (told.request.known_size < log.size()) {
    told.answer.growth = *tlog::prove_growth(log, told.request.known_size, log.size());
  }
  return true;
}

bool what_was_said_before(LookupWorld& world, Told& told) {
  std::vector<const LookupResponse*> of_the_name;
  for (const LookupWorld::Said& one : world.said) {
    if (one.name == told.name) of_the_name.push_back(&one.answer);
  }
  if (of_the_name.empty()) return false;
  told.answer = *one_of(world, of_the_name);
  return true;
}

bool an_answer_to_a_stranger(LookupWorld& world, Told& told) {
  if (told.request.known_size == 0) return false;
  told.answer = world.domain.answer(make_lookup(told.name, {}));
  return true;
}

/// An entry that the client has seen is another one now.
bool another_history(LookupWorld& world, Told& told) {
  if (told.request.known_size == 0) return false;
  NaiveLog log = world.domain.log;
  flip_bit(world, log.entries[world.entropy.below(told.request.known_size)]);
  if (told.request.known_size < log.size()) {
    told.answer.growth = *tlog::prove_growth(log, told.request.known_size, log.size());
  }
  told.answer.checkpoint = checkpoint_of(world, log);
  return true;
}

bool growth_by_other_hashes(LookupWorld& world, Told& told) {
  auto& hashes = told.answer.growth.hashes;
  switch (hashes.empty() ? 0 : world.entropy.below(4)) {
    case 0: hashes.push_back(random_value<Hash>(world.entropy)); return true;
    case 1: hashes.pop_back(); return true;
    case 2: std::reverse(hashes.begin(), hashes.end()); return true;
    default: flip_bit(world, one_of(world, hashes)); return true;
  }
}

bool another_newest_record(LookupWorld& world, Told& told) {
  EpochRecord& record = told.answer.record;
  switch (world.entropy.below(6)) {
    case 0: spoil_count(world, record.epoch); break;
    case 1: spoil_count(world, record.time_ms); break;
    case 2: spoil_count(world, record.names); break;
    case 3: flip_bit(world, record.config); break;
    case 4: flip_bit(world, record.notices); break;
    default: flip_bit(world, record.map_root);
  }
  if (world.chance(60)) cosign_record(world, told);
  return true;
}

bool the_record_of_another_epoch(LookupWorld& world, Told& told) {
  told.answer.record = one_of(world, world.domain.records);
  return true;
}

bool a_config_or_none(LookupWorld& world, Told& told) {
  auto& config = told.answer.config;
  config = config ? std::nullopt : std::optional(world.domain.config);
  return true;
}

bool another_config(LookupWorld& world, Told& told) {
  if (!told.answer.config) return false;
  DirectoryConfig& config = *told.answer.config;
  switch (world.entropy.below(4)) {
    case 0: config.origin = origin_of("example.com"); break;
    case 1: flip_bit(world, config.log_key.mutable_view()); break;
    case 2: flip_bit(world, config.vrf_key.mutable_view()); break;
    default: ++config.min_reset_delay_s;
  }
  if (world.chance(30)) return true;
  told.answer.record.config = config.hash();
  cosign_record(world, told);
  return true;
}

// ---- the place in the map ----

bool another_vrf_proof(LookupWorld& world, Told& told) {
  flip_bit(world, told.answer.vrf_proof.mutable_view());
  return true;
}

bool the_vrf_proof_of_another(LookupWorld& world, Told& told) {
  told.answer.vrf_proof = world.domain.vrf(another_name(world, told.name)).proof;
  return true;
}

bool another_map_proof(LookupWorld& world, Told& told) {
  MapProof& proof = told.answer.map_proof;
  switch (world.entropy.below(6)) {
    case 0: proof.siblings.push_back(random_value<Hash>(world.entropy)); return true;
    case 1: proof.end = static_cast<MapProof::End>(world.entropy.below(3)); return true;
    case 2: spoil_count(world, proof.leaf.count); return true;
    case 3: flip_bit(world, proof.other_key); return true;
    default: break;
  }
  if (proof.siblings.empty()) return false;
  if (world.chance(30)) {
    proof.siblings.pop_back();
  } else {
    flip_bit(world, one_of(world, proof.siblings));
  }
  return true;
}

bool the_map_proof_of_another(LookupWorld& world, Told& told) {
  told.answer.map_proof = world.domain.map.prove(world.domain.key_of(another_name(world, told.name)));
  return true;
}

bool the_name_is_hidden(LookupWorld& world, Told& told) {
  if (!leaf_of(world, told)) return false;
  if (world.chance(70)) {
    told.answer.statements.clear();
    told.answer.notices.clear();
  }
  cosign_leaf(world, told, {});
  return true;
}

bool another_leaf(LookupWorld& world, Told& told) {
  NameLeaf leaf = leaf_of(world, told).value_or(NameLeaf{});
  switch (world.entropy.below(4)) {
    case 0: spoil_count(world, leaf.count); break;
    case 1: flip_bit(world, leaf.head); break;
    case 2: flip_bit(world, leaf.pending); break;
    default: flip_bit(world, leaf.resets);
  }
  cosign_leaf(world, told, leaf);
  return true;
}

// ---- statements ----

bool a_statement_left_out(LookupWorld& world, Told& told) {
  auto& statements = told.answer.statements;
  if (statements.empty()) return false;
  statements.erase(statements.begin() + static_cast<std::ptrdiff_t>(world.entropy.below(statements.size())));
  return true;
}

bool statements_in_another_order(LookupWorld& world, Told& told) {
  auto& statements = told.answer.statements;
  if (statements.empty()) return false;
  if (world.chance(50)) {
    statements.push_back(Statement(one_of(world, statements)));
  } else {
    std::reverse(statements.begin(), statements.end());
  }
  return true;
}

bool a_statement_of_another_name(LookupWorld& world, Told& told) {
  const auto& others = world.domain.entries.at(another_name(world, told.name).text()).statements;
  told.answer.statements.push_back(others[world.entropy.below(others.size())]);
  return true;
}

bool a_statement_that_nobody_signed(LookupWorld& world, Told& told) {
  if (told.answer.statements.empty()) return false;
  Statement& statement = one_of(world, told.answer.statements);
  if (world.chance(50)) {
    flip_bit(world, one_of(world, statement.signatures).signature.mutable_view());
  } else {
    ++statement.content.time_ms;
  }
  return true;
}

/// The map has it too: only who knows the owner's keys can tell.
bool a_device_of_the_servers_own(LookupWorld& world, Told& told) {
  NameLeaf leaf = leaf_of(world, told).value_or(NameLeaf{});
  told.answer.statements.push_back(world.owner(told.name).intrusion());
  ++leaf.count;
  leaf.head = extend_head(leaf.head, told.answer.statements.back().commitment());
  cosign_leaf(world, told, leaf);
  return true;
}

// ---- resets ----

bool a_notice_too_many(LookupWorld& world, Told& told) {
  if (!told.answer.notices.empty() && world.chance(50)) {
    told.answer.notices.push_back(ResetNotice(one_of(world, told.answer.notices)));
  } else {
    told.answer.notices.emplace_back().key = world.domain.key_of(told.name);
  }
  return true;
}

bool a_notice_left_out(LookupWorld& world, Told& told) {
  auto& notices = told.answer.notices;
  if (notices.empty()) return false;
  notices.erase(notices.begin() + static_cast<std::ptrdiff_t>(world.entropy.below(notices.size())));
  return true;
}

/// Of the newest request; where that is open the map may say the same.
bool another_notice(LookupWorld& world, Told& told) {
  if (told.answer.notices.empty()) return false;
  ResetNotice& notice = told.answer.notices.back();
  switch (world.entropy.below(7)) {
    case 0: flip_bit(world, notice.key); break;
    case 1: spoil_count(world, notice.request_sequence); break;
    case 2: spoil_count(world, notice.requested_ms); break;
    case 3: notice.matures_ms = notice.requested_ms + kMinResetDelayS * kSecondMs - world.entropy.below(2); break;
    case 4: notice.veto_keys.pop_back(); break;
    case 5: notice.after = notice.after ? std::nullopt : std::optional(random_value<Hash>(world.entropy)); break;
    default: flip_bit(world, notice.veto_recovery);
  }
  NameLeaf leaf = *leaf_of(world, told);
  if (!world.owner(told.name).state().open_reset() || world.chance(30)) return true;
  leaf.pending = notice.hash();
  cosign_leaf(world, told, leaf);
  return true;
}

bool has_completion(const Told& told) {
  return std::any_of(told.answer.statements.begin(), told.answer.statements.end(), [](const Statement& statement) {
    return statement.content.type() == StatementType::complete_reset;
  });
}

bool a_completion_too_soon(LookupWorld& world, Told& told) {
  if (!has_completion(told)) return false;
  told.answer.record.time_ms = world.domain.entries.at(told.name.text()).notices.front().requested_ms;
  cosign_record(world, told);
  return true;
}

/// The client holds vetoes of the name's requests: of those that were completed one may count.
bool completed_in_spite_of_a_veto(LookupWorld& world, Told& told) {
  if (!has_completion(told)) return false;
  for (const ResetNotice& notice : world.domain.entries.at(told.name.text()).notices) {
    told.vetoes.push_back(world.owner(told.name).veto(notice));
    if (world.chance(20)) flip_bit(world, told.vetoes.back().signature.mutable_view());
  }
  return true;
}

// ---- whose answer it is ----

bool the_answer_for_another(LookupWorld& world, Told& told) {
  LookupRequest request = make_lookup(another_name(world, told.name), {});
  request.known_size = told.request.known_size;
  told.answer = world.domain.answer(request);
  return true;
}

bool a_name_of_another_domain(LookupWorld&, Told& told) {
  if (told.request.known_count != 0) return false;
  told.name = *Name::from(std::string(told.name.local()) + "@example.com");
  return true;
}

// ---- bytes ----

void flip_any_bit(LookupWorld& world, Bytes& bytes) { flip_bit(world, bytes); }

void change_the_length(LookupWorld& world, Bytes& bytes) {
  if (world.chance(50)) {
    bytes.resize(world.entropy.below(bytes.size()));
  } else {
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(world.entropy.below(bytes.size() + 1)),
                 static_cast<std::uint8_t>(world.entropy.below(256)));
  }
}

}  // namespace

const std::vector<LookupLie>& all_lookup_lies() {
  static const std::vector<LookupLie> lies = {
      {"a bit of the checkpoint", a_bit_of_the_checkpoint, nullptr},
      {"too few cosigners", too_few_cosigners, nullptr},
      {"a signature that is none", a_signature_that_is_none, nullptr},
      {"cosigned at other times", cosigned_at_other_times, nullptr},
      {"cosigned long ago", cosigned_long_ago, nullptr},
      {"cosigned ahead of the clock", cosigned_ahead_of_the_clock, nullptr},
      {"another clock", another_clock, nullptr},
      {"not signed by the log", not_signed_by_the_log, nullptr},
      {"the log of before", the_log_of_before, nullptr},
      {"what was said before", what_was_said_before, nullptr},
      {"an answer to a stranger", an_answer_to_a_stranger, nullptr},
      {"another history", another_history, nullptr},
      {"growth by other hashes", growth_by_other_hashes, nullptr},
      {"another newest record", another_newest_record, nullptr},
      {"the record of another epoch", the_record_of_another_epoch, nullptr},
      {"a config where none belongs, or none", a_config_or_none, nullptr},
      {"another config", another_config, nullptr},
      {"another VRF proof", another_vrf_proof, nullptr},
      {"the VRF proof of another name", the_vrf_proof_of_another, nullptr},
      {"another map proof", another_map_proof, nullptr},
      {"the map proof of another name", the_map_proof_of_another, nullptr},
      {"the name is hidden", the_name_is_hidden, nullptr},
      {"another leaf", another_leaf, nullptr},
      {"a statement left out", a_statement_left_out, nullptr},
      {"statements in another order", statements_in_another_order, nullptr},
      {"a statement of another name", a_statement_of_another_name, nullptr},
      {"a statement that nobody signed", a_statement_that_nobody_signed, nullptr},
      {"a device of the server's own", a_device_of_the_servers_own, nullptr},
      {"a notice too many", a_notice_too_many, nullptr},
      {"a notice left out", a_notice_left_out, nullptr},
      {"another notice", another_notice, nullptr},
      {"a completion too soon", a_completion_too_soon, nullptr},
      {"completed in spite of a veto", completed_in_spite_of_a_veto, nullptr},
      {"the answer for another name", the_answer_for_another, nullptr},
      {"a name of another domain", a_name_of_another_domain, nullptr},
      {"a bit of the answer", nullptr, flip_any_bit},
      {"another length of the answer", nullptr, change_the_length},
  };
  return lies;
}

}  // namespace cairn::testing
