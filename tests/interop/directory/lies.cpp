// The lies: each breaks one thing, at a place that the seed chooses. Some leave the epoch in order at times (a time at
// the limit, a bit that nobody reads); what counts is that two verifiers judge alike.
#include <algorithm>

#include "tests/interop/directory/world.h"

namespace cairn::testing {
namespace {

using namespace directory;

template <class T>
T* any_of(World& world, std::vector<T>& of) {
  return of.empty() ? nullptr : &of[world.entropy.below(of.size())];
}

Change* any_change(World& world, Draft& draft, bool with_notice) {
  std::vector<Change*> fitting;
  for (Change& change : draft.changes) {
    if (change.notice.has_value() == with_notice) fitting.push_back(&change);
  }
  Change** one = any_of(world, fitting);
  return one ? *one : nullptr;
}

void flip(World& world, MutableByteView bytes) {
  bytes[world.entropy.below(bytes.size())] ^= static_cast<std::uint8_t>(1 << world.entropy.below(8));
}
void flip(World& world, Hash& hash) { flip(world, hash.mutable_view()); }

void spoil(World& world, NameLeaf& leaf) {
  switch (world.entropy.below(4)) {
    case 0: leaf.count += world.chance(50) ? 1 : ~std::uint64_t{0}; return;
    case 1: return flip(world, leaf.head);
    case 2: leaf.pending = world.chance(50) ? Hash{} : world.random_hash(); return;
    default: leaf.resets = world.random_hash();
  }
}

void spoil_number(World& world, std::uint64_t& number) { number += world.chance(50) ? 1 : ~std::uint64_t{0}; }

// ---- changes: roots and proofs follow the lie ----

void spoil_request(World& world, ResetNotice& request) {
  switch (world.entropy.below(8)) {
    case 0: return flip(world, request.key);
    case 1: return spoil_number(world, request.request_sequence);
    case 2: return spoil_number(world, request.requested_ms);
    case 3: request.matures_ms = request.requested_ms + kMinResetDelayS * kSecondMs - world.entropy.below(2); return;
    case 4: request.matures_ms = world.entropy.below(3) * kDayMs; return;
    case 5: request.after = request.after ? std::nullopt : std::optional(world.random_hash()); return;
    case 6: return flip(world, request.veto_recovery);
    default: std::reverse(request.veto_keys.begin(), request.veto_keys.end());
  }
}

bool lie_about_the_notice(World& world, Draft& draft) {
  Change* change = any_change(world, draft, true);
  if (!change) return false;
  if (auto* request = std::get_if<RequestNotice>(&change->notice->body)) {
    spoil_request(world, request->request);
    if (request->request.after.has_value() && !request->vetoed) request->vetoed = request->request;
    if (!request->request.after) request->vetoed.reset();
  } else if (auto* complete = std::get_if<CompleteNotice>(&change->notice->body)) {
    spoil_request(world, complete->request);
  } else {
    auto& veto = std::get<VetoNotice>(change->notice->body);
    spoil_request(world, veto.request);
    veto = world.veto(world.people[change->who], veto.request);
  }
  return true;
}

bool lie_about_the_vetoed(World& world, Draft& draft) {
  for (Change& change : draft.changes) {
    auto* request = change.notice ? std::get_if<RequestNotice>(&change.notice->body) : nullptr;
    if (!request || !request->vetoed) continue;
    spoil_request(world, *request->vetoed);
    if (world.chance(50)) request->request.after = request->vetoed->hash();
    return true;
  }
  return false;
}

bool veto_of_a_stranger(World& world, Draft& draft) {
  for (Change& change : draft.changes) {
    auto* veto = change.notice ? std::get_if<VetoNotice>(&change.notice->body) : nullptr;
    if (!veto) continue;
    const Somebody& other = world.people[world.entropy.below(world.people.size())];
    switch (world.entropy.below(3)) {
      case 0: *veto = world.veto(other, veto->request); return true;
      case 1: flip(world, veto->signature.mutable_view()); return true;
      default: veto->kem_hash = veto->kem_hash ? std::nullopt : std::optional(other.kem_hash); return true;
    }
  }
  return false;
}

bool completion_too_soon(World& world, Draft& draft) {
  for (Change& change : draft.changes) {
    const Somebody& somebody = world.people[change.who];
    if (!change.update.old || !somebody.request || change.update.old->pending != somebody.request->hash()) continue;
    change.update.commitments.resize(1);
    change.notice = Notice{CompleteNotice{*somebody.request}};
    if (draft.time_ms >= somebody.request->matures_ms && world.chance(50)) {
      draft.time_ms = somebody.request->matures_ms - 1;
    }
    return true;
  }
  return false;
}

bool request_where_none_may_be(World& world, Draft& draft) {
  Change* change = any_change(world, draft, false);
  if (!change) return false;
  const Somebody& somebody = world.people[change->who];
  change->update.commitments.resize(1);
  RequestNotice notice{world.request_of(somebody, change->update.old.value_or(NameLeaf{}), draft.time_ms), {}};
  if (notice.request.after) notice.vetoed = somebody.request;
  change->notice = Notice{std::move(notice)};
  return true;
}

bool two_statements_with_a_notice(World& world, Draft& draft) {
  Change* change = any_change(world, draft, true);
  if (change) change->update.commitments.push_back(world.random_hash());
  return change != nullptr;
}

bool no_statement(World& world, Draft& draft) {
  Change* change = any_of(world, draft.changes);
  if (change) change->update.commitments.clear();
  return change != nullptr;
}

bool another_old_leaf(World& world, Draft& draft) {
  Change* change = any_of(world, draft.changes);
  if (!change) return false;
  if (!change->update.old) {
    change->update.old = NameLeaf{1, world.random_hash(), {}, {}};
  } else if (world.chance(40)) {
    change->update.old.reset();
    if (world.chance(50)) draft.before.leaves.erase(change->update.key);
  } else {
    spoil(world, *change->update.old);
    if (world.chance(50)) draft.before.leaves[change->update.key] = *change->update.old;
  }
  return true;
}

bool another_old_map(World& world, Draft& draft) {
  if (draft.before.leaves.empty()) return false;
  auto leaf = draft.before.leaves.begin();
  std::advance(leaf, static_cast<std::ptrdiff_t>(world.entropy.below(draft.before.leaves.size())));
  if (world.chance(70)) {
    spoil(world, leaf->second);
  } else {
    draft.before.leaves.erase(leaf);
  }
  return true;
}

bool another_time(World& world, Draft& draft) {
  const std::uint64_t previous = world.auditor.newest_record() ? world.auditor.newest_record()->time_ms : 1;
  const std::uint64_t ahead = world.now.ms + kMaxRecordSkewMs;
  draft.time_ms = std::vector{previous - 1, previous, ahead, ahead + 1}[world.entropy.below(4)];
  return true;
}

// ---- maps ----

bool another_new_map(World& world, Draft& draft) {
  if (draft.after.leaves.empty() || world.chance(15)) {
    draft.after.leaves[world.random_hash()] = {1, world.random_hash(), {}, {}};
    return true;
  }
  auto leaf = draft.after.leaves.begin();
  std::advance(leaf, static_cast<std::ptrdiff_t>(world.entropy.below(draft.after.leaves.size())));
  if (world.chance(80)) {
    spoil(world, leaf->second);
  } else {
    draft.after.leaves.erase(leaf);
  }
  return true;
}

// ---- the audit as a struct ----

bool another_record(World& world, EpochAudit& audit) {
  EpochRecord& record = audit.record;
  switch (world.entropy.below(5)) {
    case 0: spoil_number(world, record.epoch); return true;
    case 1: spoil_number(world, record.names); return true;
    case 2: flip(world, record.config); return true;
    case 3: flip(world, record.notices); return true;
    default: flip(world, record.map_root); return true;
  }
}

bool updates_in_another_order(World& world, EpochAudit& audit) {
  if (audit.updates.size() < 2) return false;
  const std::size_t at = world.entropy.below(audit.updates.size() - 1);
  switch (world.entropy.below(3)) {
    case 0: std::swap(audit.updates[at], audit.updates[at + 1]); return true;
    case 1: audit.updates[at] = audit.updates[at + 1]; return true;
    default: audit.updates.erase(audit.updates.begin() + static_cast<std::ptrdiff_t>(at)); return true;
  }
}

bool other_notices(World& world, EpochAudit& audit) {
  if (audit.notices.empty() || world.chance(25)) {  // one that belongs to no update
    ResetNotice astray;
    astray.key = world.random_hash();
    audit.notices.push_back({RequestNotice{astray, {}}});
    std::sort(audit.notices.begin(), audit.notices.end(), [](auto& a, auto& b) { return a.key() < b.key(); });
    audit.record.notices = notices_hash(audit.notices);
    return true;
  }
  const std::size_t at = world.entropy.below(audit.notices.size());
  switch (world.entropy.below(3)) {
    case 0: std::swap(audit.notices[at], audit.notices.back()); break;
    case 1: audit.notices.push_back(audit.notices[at]); break;
    default: audit.notices.erase(audit.notices.begin() + static_cast<std::ptrdiff_t>(at));
  }
  audit.record.notices = notices_hash(audit.notices);
  return true;
}

bool other_commitments(World& world, EpochAudit& audit) {
  Update* update = any_of(world, audit.updates);
  if (!update || update->commitments.empty()) return false;
  switch (world.entropy.below(3)) {
    case 0: std::reverse(update->commitments.begin(), update->commitments.end()); return true;
    case 1: update->commitments.pop_back(); return true;
    default: update->commitments.push_back(world.random_hash()); return true;
  }
}

bool another_proof(World& world, EpochAudit& audit) {
  Bytes& nodes = audit.proof.nodes;
  const auto at = nodes.begin() + static_cast<std::ptrdiff_t>(world.entropy.below(nodes.size()));
  switch (world.entropy.below(5)) {
    case 0: *at = static_cast<std::uint8_t>(world.entropy.below(6)); return true;
    case 1: nodes.erase(at); return true;
    case 2: nodes.insert(at, static_cast<std::uint8_t>(world.entropy.below(6))); return true;
    case 3: nodes.resize(world.entropy.below(nodes.size())); return true;
    default: flip(world, nodes); return true;
  }
}

/// The proof of a whole tree that names no key: a pruned root, zeros, or deep empty nodes.
bool an_invented_proof(World& world, EpochAudit& audit) {
  Bytes& nodes = audit.proof.nodes;
  nodes.clear();
  switch (world.entropy.below(3)) {
    case 0: nodes.push_back(0); return true;
    case 1:
      nodes.assign(1 + Hash::kSize, 0);
      nodes[0] = 1;
      return true;
    default:
      nodes.assign(world.entropy.below(600), 4);
      nodes.resize(nodes.size() + world.entropy.below(600));
      return true;
  }
}

// ---- bytes ----

bool flip_a_bit(World& world, Bytes& bytes) {
  flip(world, bytes);
  return true;
}

bool another_length(World& world, Bytes& bytes) {
  if (world.chance(50)) {
    bytes.resize(world.entropy.below(bytes.size()));
  } else {
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(world.entropy.below(bytes.size() + 1)),
                 static_cast<std::uint8_t>(world.entropy.below(256)));
  }
  return true;
}

}  // namespace

const std::vector<Lie>& all_lies() {
  static const std::vector<Lie> lies = [] {
    std::vector<Lie> out;
    const auto changes = [&](const char* name, auto lie) { out.push_back({name, lie, nullptr, nullptr, nullptr}); };
    const auto audit = [&](const char* name, auto lie) { out.push_back({name, nullptr, nullptr, lie, nullptr}); };
    const auto bytes = [&](const char* name, auto lie) { out.push_back({name, nullptr, nullptr, nullptr, lie}); };
    changes("a lie about the notice", lie_about_the_notice);
    changes("a lie about the vetoed request", lie_about_the_vetoed);
    changes("the veto of a stranger", veto_of_a_stranger);
    changes("a completion too soon", completion_too_soon);
    changes("a request where none may be", request_where_none_may_be);
    changes("two statements with a notice", two_statements_with_a_notice);
    changes("no statement", no_statement);
    changes("another old leaf", another_old_leaf);
    changes("another old map", another_old_map);
    changes("another time", another_time);
    out.push_back({"another new map", nullptr, another_new_map, nullptr, nullptr});
    audit("another record", another_record);
    audit("updates in another order", updates_in_another_order);
    audit("other notices", other_notices);
    audit("other commitments", other_commitments);
    audit("another proof", another_proof);
    audit("an invented proof", an_invented_proof);
    bytes("a bit flipped", flip_a_bit);
    bytes("another length", another_length);
    return out;
  }();
  return lies;
}

}  // namespace cairn::testing
