#include "tests/interop/directory/world.h"

#include <algorithm>
#include <set>

namespace cairn::testing {

using namespace directory;

namespace {

DirectoryConfig config_of(SeededEntropy& entropy) {
  return {"example.org/cairn", crypto::SigningKey::generate(entropy).public_key(),
          crypto::vrf_public_key(random_secret<crypto::VrfSecretKey>(entropy)), kMinResetDelayS};
}

/// Pending and resets as this notice has them, whether it may or not.
void follow(NameLeaf& leaf, const Notice& notice) {
  const Hash request = notice.request().hash();
  if (std::holds_alternative<RequestNotice>(notice.body)) {
    leaf.pending = request;
  } else if (std::holds_alternative<VetoNotice>(notice.body)) {
    leaf.pending = veto_mark(request);
  } else {
    leaf.pending = {};
    leaf.resets = extend_resets(leaf.resets, request);
  }
}

}  // namespace

World::World(std::uint64_t seed)
    : entropy(seed), config(config_of(entropy)), auditor(*Auditor::enrol(config, chance(20) ? entropy.below(40) : 0)) {}

ResetNotice World::request_of(const Somebody& somebody, const NameLeaf& leaf, std::uint64_t time_ms) {
  ResetNotice out;
  out.key = somebody.key;
  out.request_sequence = leaf.count;
  out.requested_ms = time_ms;
  out.matures_ms = time_ms + kMinResetDelayS * kSecondMs + entropy.below(2) * entropy.below(kDayMs);
  for (const crypto::SigningKey& device : somebody.devices) out.veto_keys.push_back(device.public_key());
  std::sort(out.veto_keys.begin(), out.veto_keys.end());
  out.veto_recovery = recovery_commitment(somebody.recovery.public_key(), somebody.kem_hash);
  if (!leaf.pending.is_zero() && somebody.request) out.after = somebody.request->hash();
  return out;
}

VetoNotice World::veto(const Somebody& somebody, const ResetNotice& request) {
  if (chance(70)) return veto_as_device(request, somebody.devices[entropy.below(somebody.devices.size())]);
  VetoNotice out{request, somebody.recovery.public_key(), somebody.kem_hash, {}};
  wire::Writer content;
  content.raw(request.hash());
  content.raw(out.key);
  content.opaque(somebody.kem_hash);
  out.signature = crypto::sign_labelled(somebody.recovery, "veto", content.take());
  return out;
}

std::optional<Notice> World::notice_of(Somebody& somebody, const NameLeaf& leaf, std::uint64_t time_ms) {
  const bool open = somebody.request && leaf.pending == somebody.request->hash();
  if (open && chance(50)) return Notice{veto(somebody, *somebody.request)};
  if (open)
    return time_ms >= somebody.request->matures_ms ? std::optional(Notice{CompleteNotice{*somebody.request}})
                                                   : std::nullopt;
  if (leaf.pending.is_zero()) return Notice{RequestNotice{request_of(somebody, leaf, time_ms), {}}};
  if (time_ms < somebody.request->matures_ms) return {};
  return Notice{RequestNotice{request_of(somebody, leaf, time_ms), somebody.request}};
}

Change World::change_of(std::size_t who, std::uint64_t time_ms) {
  Somebody& somebody = people[who];
  Change out{who, {somebody.key, {}, {}}, {}};
  const auto leaf = map.leaves.find(somebody.key);
  if (leaf != map.leaves.end()) out.update.old = leaf->second;
  if (out.update.old && chance(60)) out.notice = notice_of(somebody, *out.update.old, time_ms);
  const std::size_t commitments = out.notice ? 1 : 1 + entropy.below(3);
  for (std::size_t i = 0; i < commitments; ++i) out.update.commitments.push_back(random_hash());
  return out;
}

Draft World::plan() {
  Draft out;
  out.time_ms = now.ms;
  if (auditor.newest_record()) out.time_ms = std::max(out.time_ms, auditor.newest_record()->time_ms);
  out.before = map;
  std::set<std::size_t> who;
  for (std::uint64_t count = entropy.below(5); who.size() < count;) {
    if (people.size() < 4 || (people.size() < 48 && chance(35))) {
      Somebody fresh{random_hash(), {}, crypto::SigningKey::generate(entropy), random_hash(), {}};
      if (!people.empty() && chance(30)) {  // near another one: a deep leaf
        fresh.key = people[entropy.below(people.size())].key;
        fresh.key.mutable_view()[entropy.below(32)] ^= static_cast<std::uint8_t>(1 << entropy.below(8));
      }
      for (std::uint64_t i = 1 + entropy.below(3); i > 0; --i) {
        fresh.devices.push_back(crypto::SigningKey::generate(entropy));
      }
      const bool taken = std::any_of(people.begin(), people.end(), [&](auto& one) { return one.key == fresh.key; });
      if (!taken) people.push_back(std::move(fresh));
    }
    who.insert(entropy.below(people.size()));
  }
  for (const std::size_t one : who) out.changes.push_back(change_of(one, out.time_ms));
  std::sort(out.changes.begin(), out.changes.end(),
            [](const Change& a, const Change& b) { return a.update.key < b.update.key; });
  return out;
}

void World::settle(Draft& draft) {
  draft.after = draft.before;
  for (const Change& change : draft.changes) {
    NameLeaf leaf = change.update.old.value_or(NameLeaf{});
    leaf.count += change.update.commitments.size();
    for (const Hash& commitment : change.update.commitments) leaf.head = extend_head(leaf.head, commitment);
    if (change.notice) follow(leaf, *change.notice);
    draft.after.leaves[change.update.key] = leaf;
  }
}

EpochAudit World::write(const Draft& draft) const {
  EpochAudit out;
  std::vector<Hash> keys;
  for (const Change& change : draft.changes) {
    keys.push_back(change.update.key);
    out.updates.push_back(change.update);
    if (change.notice) out.notices.push_back(*change.notice);
  }
  out.proof.nodes = draft.before.prove_all(keys);
  out.record = {auditor.size(),           draft.time_ms, draft.after.root(), draft.after.leaves.size(), config.hash(),
                notices_hash(out.notices)};
  return out;
}

void World::take(const Draft& draft) {
  map = draft.after;
  for (const Change& change : draft.changes) {
    if (!change.notice) continue;
    Somebody& somebody = people[change.who];
    if (const auto* request = std::get_if<RequestNotice>(&change.notice->body)) somebody.request = request->request;
    if (std::holds_alternative<CompleteNotice>(change.notice->body)) somebody.request.reset();
  }
}

}  // namespace cairn::testing
