#include "core/client/waiting_deletions.h"

#include <algorithm>
#include <set>

#include "core/client/backup_tables.h"
#include "core/client/day.h"
#include "core/client/lost_generations.h"
#include "core/client/realm_talk.h"

namespace cairn::client {
namespace {

using Recovery = vault::TokenRecovery;

constexpr std::uint64_t kAskEveryMs = kHourMs;
/// One that was called off on another device is no alarm for long.
constexpr std::uint64_t kKnownEveryMs = 10 * kMinuteMs;
constexpr std::size_t kMaxDeletions = 1024;
constexpr std::size_t kMaxRealmNames = 4096;

std::optional<WaitingDeletion> load_deletion(const StoreView& store, const vault::VaultId& vault) {
  const auto row = store.get(tables::kWaitingDeletions, vault);
  if (!row) return std::nullopt;
  auto deletion = wire::decode<WaitingDeletion>(*row);
  return deletion ? std::optional(std::move(*deletion)) : std::nullopt;
}

void save_deletion(Context& context, const vault::VaultId& vault, const WaitingDeletion& deletion) {
  context.store.put(tables::kWaitingDeletions, to_bytes(vault), wire::encode(deletion));
}

std::string names_of(const RealmList& list, const std::vector<std::size_t>& places) {
  std::string out;
  for (const std::size_t i : places) out += (out.empty() ? "" : ", ") + list.realms[i].name();
  return out;
}

/// What the realms of a generation say of it now.
void take_word(Context& context, const vault::VaultId& vault, const RealmList& list, const Recovery& asked) {
  const auto known = load_deletion(context.store, vault);
  WaitingDeletion next = known.value_or(WaitingDeletion{});
  if (!known) next.since_ms = context.now.ms;
  const auto ends_at = asked.ends_at_ms();
  const std::vector<std::size_t> waiting = asked.waiting();
  if (asked.state() == Recovery::State::erased) {
    if (!known) return;
    next.is_gone = true;
  } else {
    // Where so many keep it, it stays. That some do not answer takes nothing back of what they have said.
    const auto good = static_cast<std::size_t>(std::ranges::count(asked.fates(), vault::RealmFate::good));
    const bool is_kept = asked.state() == Recovery::State::recovered && good - waiting.size() >= list.threshold;
    if (!ends_at && waiting.empty()) {
      if (is_kept && known) forget_deletion(context, vault);
      return;
    }
    if (!ends_at && next.ends_at_ms != 0 && !is_kept) return;
    if (ends_at && next.ends_at_ms == 0) next.is_seen = false;  // it is worse than what was told
    next.ends_at_ms = ends_at.value_or(0);
    next.realms = ends_at ? std::string() : names_of(list, waiting);
    next.is_gone = false;
  }
  if (known != next) save_deletion(context, vault, next);
}

/// Of generations that this device does not know any more.
void forget_others(Context& context, const std::vector<BackupSetup>& setups) {
  const auto rows = context.store.scan(tables::kWaitingDeletions, {}, {}, kMaxDeletions);
  if (rows.empty()) return;
  std::set<Bytes> known;
  for (const BackupSetup& setup : setups) {
    for (const vault::Generation& one : setup.content.generations) {
      known.insert(to_bytes(vault::vault_id(one.root, setup.identity)));
    }
  }
  for (const LostGeneration& lost : lost_generations(context.store)) known.insert(to_bytes(lost.vault()));
  for (const Row& row : rows) {
    if (!known.contains(row.key)) context.store.erase(tables::kWaitingDeletions, row.key);
  }
}

std::string deletion_sentence(const WaitingDeletion& deletion, const std::string& storage, std::uint32_t generation) {
  const std::string number = std::to_string(generation);
  const std::string place = storage_label(storage);
  const std::string cancel = "cairn backup delete --cancel --from " + place + " --generation " + number;
  const std::string known = " If you know of it, type: cairn backup seen.";
  const std::string which = "Generation " + number + " of the backup at " + place;
  if (deletion.is_gone) {
    return which + " was deleted: its realms have erased their parts of its key, as a device had asked." + known;
  }
  if (deletion.ends_at_ms == 0) {
    return which + " is to be deleted, say these realms, and too few others for it to be so: " + deletion.realms +
           ". If a device of yours asked, call it off (" + cancel + ") or ask again; else tell their operators." +
           known;
  }
  return which + " is to be deleted on " + day_text(Time{deletion.ends_at_ms}) +
         ", as a device has asked its realms; one that was removed can do so, too. If you do not want that, type: " +
         cancel + "." + known;
}

}  // namespace

void WaitingDeletion::write(wire::Writer& w) const {
  w.u64(since_ms);
  w.u64(ends_at_ms);
  w.opaque(realms);
  w.u8(is_wanted ? 1 : 0);
  w.u8(is_gone ? 1 : 0);
  w.u8(is_seen ? 1 : 0);
}

Result<WaitingDeletion> WaitingDeletion::read(wire::Reader& r) {
  WaitingDeletion out;
  out.since_ms = TRY(r.u64());
  out.ends_at_ms = TRY(r.u64());
  out.realms = TRY(r.opaque_text(kMaxRealmNames));
  out.is_wanted = TRY(r.presence());
  out.is_gone = TRY(r.presence());
  out.is_seen = TRY(r.presence());
  return out;
}

void DeletionWatch::look(Context& context, const std::vector<BackupSetup>& setups, const std::function<void()>& then) {
  forget_others(context, setups);
  for (const BackupSetup& setup : setups) {
    for (const vault::Generation& one : setup.content.generations) {
      const vault::VaultId vault = vault::vault_id(one.root, setup.identity);
      const auto list = RealmList::from(one.realms);
      if (one.token || !list || !is_due(context, vault)) continue;
      auto begun = Recovery::begin(list->set(), one.root);
      if (!begun) continue;
      (*asked_)[vault] = context.now;
      const auto machine = std::make_shared<Recovery>(std::move(*begun));
      const auto house = std::make_shared<const RealmHouse>(RealmHouse{*list, {}, {}});
      carry_token(context, calls_, house, machine, [house, machine, vault, then, asked = asked_](Context& later) {
        if (machine->state() == Recovery::State::no_quorum) asked->erase(vault);
        if (later.store.full()) return;
        take_word(later, vault, house->list, *machine);
        then();
      });
    }
  }
}

bool DeletionWatch::is_due(const Context& context, const vault::VaultId& vault) const {
  const auto at = asked_->find(vault);
  if (at == asked_->end() || at->second > context.now) return true;  // or its clock was set back
  const bool is_known = context.store.get(tables::kWaitingDeletions, vault).has_value();
  return elapsed_ms(context.now, at->second) >= (is_known ? kKnownEveryMs : kAskEveryMs);
}

void want_deletion(Context& context, const vault::VaultId& vault, std::uint64_t ends_at_ms) {
  WaitingDeletion deletion = load_deletion(context.store, vault).value_or(WaitingDeletion{});
  if (deletion.since_ms == 0) deletion.since_ms = context.now.ms;
  deletion.ends_at_ms = ends_at_ms;
  deletion.is_wanted = true;
  save_deletion(context, vault, deletion);
}

void forget_deletion(Context& context, const vault::VaultId& vault) {
  context.store.erase(tables::kWaitingDeletions, to_bytes(vault));
}

std::vector<DeletionAlarm> deletion_alarms(const StoreView& store) {
  std::vector<DeletionAlarm> out;
  if (store.scan(tables::kWaitingDeletions, {}, {}, 1).empty()) return out;
  // Of what was taken out of the key box that alarm tells (lost_generations.h).
  const std::vector<LostGeneration> lost = lost_generations(store);
  for (const BackupSetup& setup : load_backup_setups(store)) {
    for (const vault::Generation& one : setup.content.generations) {
      const vault::VaultId vault = vault::vault_id(one.root, setup.identity);
      const auto deletion = load_deletion(store, vault);
      if (!deletion || deletion->is_wanted || deletion->is_seen) continue;
      if (std::ranges::any_of(lost, [&](const LostGeneration& other) { return other.vault() == vault; })) continue;
      out.push_back({vault, setup.storage, one.number, deletion->since_ms,
                     deletion_sentence(*deletion, setup.storage, one.number)});
    }
  }
  return out;
}

std::size_t see_deletions(Context& context) {
  const std::vector<DeletionAlarm> all = deletion_alarms(context.store);
  for (const DeletionAlarm& one : all) {
    auto deletion = load_deletion(context.store, one.vault);
    if (!deletion) continue;
    deletion->is_seen = true;
    save_deletion(context, one.vault, *deletion);
  }
  return all.size();
}

}  // namespace cairn::client
