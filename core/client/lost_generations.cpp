#include "core/client/lost_generations.h"

#include "core/base/encoding.h"
#include "core/client/backup_delete.h"
#include "core/client/backup_keys.h"
#include "core/client/backup_reader.h"
#include "core/client/backup_trust.h"
#include "core/client/day.h"
#include "core/client/tables.h"
#include "core/crypto/ct.h"

namespace cairn::client {
namespace {

using LostState = LostGeneration::State;

constexpr std::uint64_t kAskEveryMs = kHourMs;
/// Realms may be away for a while.
constexpr std::uint64_t kUnheardMs = kDayMs;
/// Realms that do not come back within a year are not waited for.
constexpr std::uint64_t kForgetMs = 365 * kDayMs;
constexpr std::size_t kMaxLost = 256;
constexpr std::size_t kMaxLostUrl = 4096;
constexpr std::size_t kMaxLostIdentity = 512;

bool is_in_box(const vault::KeyBoxContent& content, const vault::Generation& one) {
  return std::ranges::any_of(content.generations, [&](const vault::Generation& other) {
    return other.number == one.number && crypto::ct_equal(other.root.expose(), one.root.expose());
  });
}

void save_lost(Context& context, const LostGeneration& lost) {
  context.store.put(tables::kLostGenerations, to_bytes(lost.vault()), to_bytes(lost.encode().expose()));
}

std::optional<LostGeneration> load_lost(const StoreView& store, const vault::VaultId& vault) {
  auto row = store.get(tables::kLostGenerations, vault);
  if (!row) return std::nullopt;
  const SecretBytes bytes(std::move(*row));
  auto lost = LostGeneration::decode(bytes.expose());
  return lost ? std::optional(std::move(*lost)) : std::nullopt;
}

/// The box may have it again by now. That realms do not answer any more takes nothing back of what they have said.
void note_state(Context& context, const vault::VaultId& vault, LostState state, std::uint64_t ends_at_ms = 0) {
  auto lost = load_lost(context.store, vault);
  if (!lost || (state == LostState::unheard && lost->state > state)) return;
  if (state > lost->state) lost->is_seen = false;  // it is worse than what was told
  if (state != LostState::ending) lost->is_wanted = false;
  lost->state = state;
  lost->ends_at_ms = ends_at_ms;
  save_lost(context, *lost);
}

/// It waits, as its owner wanted it to.
void note_wanted(Context& context, const vault::VaultId& vault, std::uint64_t ends_at_ms) {
  note_state(context, vault, LostState::ending, ends_at_ms);
  auto lost = load_lost(context.store, vault);
  if (!lost) return;
  lost->is_wanted = true;
  save_lost(context, *lost);
}

/// Whether it can be in that box again.
bool has_place(const vault::KeyBoxContent& content, const vault::Generation& lost) {
  return content.generations.size() + 1 < kMostKept && lost.number < content.current().number &&
         std::ranges::none_of(content.generations, [&](const vault::Generation& one) {
           return one.number == lost.number || crypto::ct_equal(one.root.expose(), lost.root.expose());
         });
}

/// Whether a job can name it by its number.
bool can_be_named(const StoreView& store, const LostGeneration& lost) {
  return std::ranges::any_of(load_backup_setups(store), [&](const BackupSetup& one) {
    return one.identity == lost.identity &&
           (is_in_box(one.content, lost.generation) || has_place(one.content, lost.generation));
  });
}

/// A clock that was set back makes what is later than now due.
bool is_due(Time now, std::uint64_t asked_ms) {
  return asked_ms == 0 || asked_ms > now.ms || elapsed_ms(now, Time{asked_ms}) >= kAskEveryMs;
}

/// Whether it is held, or was erased.
void ask_whether(Context& context, Calls& calls, const std::shared_ptr<const RealmHouse>& house,
                 const vault::VaultId& vault, const vault::BackupRoot& root, const std::function<void()>& then) {
  auto begun = vault::TokenRecovery::begin(house->list.set(), root);
  if (!begun) return;
  const auto machine = std::make_shared<vault::TokenRecovery>(std::move(*begun));
  carry_token(context, calls, house, machine, [machine, vault, then](Context& later) {
    using Recovery = vault::TokenRecovery::State;
    if (machine->state() == Recovery::erased) {
      settle_lost(later, vault);
    } else if (machine->ends_at_ms()) {
      note_state(later, vault, LostState::ending, *machine->ends_at_ms());
    } else {
      note_state(later, vault, machine->state() == Recovery::recovered ? LostState::held : LostState::unheard);
    }
    then();
  });
}

/// Its owner wanted it to be deleted; what took it out of the key box does not take that back.
void ask_to_erase(Context& context, Calls& calls, const std::shared_ptr<const RealmHouse>& house,
                  const LostGeneration& lost, const std::function<void()>& then) {
  const vault::BackupRoot& root = lost.generation.root;
  auto begun = vault::TokenChange::begin(house->list.set(), root, vault::TokenChange::Wish::erase,
                                         TokenKeyKind::release, vault::token_release_key(root));
  if (!begun) return;
  const auto machine = std::make_shared<vault::TokenChange>(std::move(*begun));
  carry_change(context, calls, house, machine,
               [machine, house, vault = lost.vault(), number = lost.generation.number, then](Context& later) {
                 keep_receipts(later, number, house->list, machine->receipts());
                 const std::size_t enough = house->list.realms.size() - house->list.threshold + 1;
                 if (machine->gone()) {
                   settle_lost(later, vault);
                 } else if (machine->receipts().size() + machine->waiting() >= enough) {
                   // It is done without being asked for again; that it was is seen when they are asked about it.
                   later.store.erase(tables::kUnconfirmed, to_bytes(vault));
                   note_wanted(later, vault, machine->erase_at_ms());
                 } else {
                   note_state(later, vault, LostState::unheard);
                 }
                 then();
               });
}

}  // namespace

SecretBytes LostGeneration::encode() const {
  wire::Writer w(wire::Sensitivity::is_secret);
  w.opaque(storage);
  w.opaque(identity.bytes);
  generation.write(w);
  w.raw(by);
  w.u64(since_ms);
  w.u64(asked_ms);
  w.u8(static_cast<std::uint8_t>(state));
  w.u64(ends_at_ms);
  w.u8(is_wanted ? 1 : 0);
  w.u8(is_seen ? 1 : 0);
  return w.take_secret();
}

Result<LostGeneration> LostGeneration::decode(ByteView bytes) {
  wire::Reader r(bytes);
  LostGeneration out;
  out.storage = TRY(r.opaque_text(kMaxLostUrl));
  out.identity.bytes = TRY(r.opaque_bytes(kMaxLostIdentity));
  out.generation = TRY(vault::Generation::read(r));
  out.by = TRY(r.fixed<DeviceId>());
  out.since_ms = TRY(r.u64());
  out.asked_ms = TRY(r.u64());
  const std::uint8_t state = TRY(r.u8());
  REQUIRE(state <= static_cast<std::uint8_t>(LostState::ending), ErrorCode::malformed, "state of a generation");
  out.state = static_cast<LostState>(state);
  out.ends_at_ms = TRY(r.u64());
  out.is_wanted = TRY(r.presence());
  out.is_seen = TRY(r.presence());
  TRY(r.finish());
  return out;
}

std::vector<LostGeneration> lost_generations(const StoreView& store) {
  std::vector<LostGeneration> out;
  for (Row& row : store.scan(tables::kLostGenerations, {}, {}, kMaxLost)) {
    const SecretBytes bytes(std::move(row.value));
    if (auto lost = LostGeneration::decode(bytes.expose())) out.push_back(std::move(*lost));
  }
  return out;
}

bool review_generations(Context& context, vault::KeyBox& box, const directory::NameState& state,
                        const BackupSetup* before) {
  if (before == nullptr) return false;
  bool had_others = false;
  for (const LostGeneration& lost : lost_generations(context.store)) {
    if (lost.identity != before->identity) continue;
    had_others = keep_known_generation(box.content, lost.generation) || had_others;
  }
  const auto* signer = state.find_by_key(box.signer);
  std::size_t room = kMaxLost - lost_generations(context.store).size();
  for (const vault::Generation& one : before->content.generations) {
    // Beside the backup, or behind what are no realms, there is nobody to ask.
    if (one.token || is_in_box(box.content, one) || !RealmList::from(one.realms)) continue;
    const vault::VaultId vault = vault::vault_id(one.root, before->identity);
    if (room == 0 || context.store.get(tables::kLostGenerations, vault)) continue;
    --room;
    LostGeneration lost;
    lost.storage = before->storage;
    lost.identity = before->identity;
    lost.generation = one.clone();
    lost.by = signer == nullptr ? DeviceId{} : signer->id;
    lost.since_ms = context.now.ms;
    save_lost(context, lost);
  }
  return had_others;
}

bool put_back_lost(const StoreView& store, const vault::StorageIdentity& identity, vault::KeyBoxContent& content,
                   std::optional<std::uint32_t> named) {
  bool had_some = false;
  for (LostGeneration& lost : lost_generations(store)) {
    const bool is_named = named && (*named == kAllGenerations || *named == lost.generation.number);
    const bool is_kept = lost.state == LostState::held && !is_unconfirmed(store, lost.vault());
    const bool is_its = lost.identity == identity && (is_named || is_kept);
    if (!is_its || !has_place(content, lost.generation)) continue;
    const auto place = std::ranges::find_if(
        content.generations, [&](const vault::Generation& one) { return one.number > lost.generation.number; });
    content.generations.insert(place, std::move(lost.generation));
    had_some = true;
  }
  return had_some;
}

std::vector<std::uint32_t> want_lost_erased(Context& context, const vault::StorageIdentity& identity,
                                            const vault::KeyBoxContent& content) {
  std::vector<std::uint32_t> out;
  for (const LostGeneration& lost : lost_generations(context.store)) {
    if (lost.identity != identity || is_in_box(content, lost.generation)) continue;
    wire::Writer w;
    w.u32(lost.generation.number);
    context.store.put(tables::kUnconfirmed, to_bytes(lost.vault()), w.take());
    out.push_back(lost.generation.number);
  }
  return out;
}

void ask_about_lost(Context& context, Calls& calls, const std::function<void()>& then) {
  for (LostGeneration& lost : lost_generations(context.store)) {
    const bool is_unwanted = is_unconfirmed(context.store, lost.vault());
    if (!is_unwanted && elapsed_ms(context.now, Time{lost.since_ms}) > kForgetMs) {
      settle_lost(context, lost.vault());
      continue;
    }
    if (!is_due(context.now, lost.asked_ms)) continue;
    lost.asked_ms = context.now.ms;
    save_lost(context, lost);
    const auto list = RealmList::from(lost.generation.realms);
    if (!list) continue;
    const auto house = std::make_shared<const RealmHouse>(RealmHouse{*list, {}, {}});
    if (is_unwanted) {
      ask_to_erase(context, calls, house, lost, then);
    } else {
      ask_whether(context, calls, house, lost.vault(), lost.generation.root, then);
    }
  }
}

std::optional<std::string> lost_sentence(const StoreView& store, const LostGeneration& lost) {
  // A realm that is away for an hour is no news, nor is what its owner has asked for here.
  const bool is_news =
      lost.state == LostState::held || (lost.state == LostState::ending && !lost.is_wanted) ||
      (lost.state == LostState::unheard && lost.asked_ms - std::min(lost.since_ms, lost.asked_ms) >= kUnheardMs);
  if (!is_news || lost.is_seen) return std::nullopt;
  const std::string number = std::to_string(lost.generation.number);
  const std::string place = storage_label(lost.storage);
  const std::string at = " --from " + place + " --generation " + number;
  const std::string remove = " If the owner of this name did not do that, remove that device.";
  std::string out = "Generation " + number + " is missing from the keys of the backup at " + place + " since " +
                    day_text(Time{lost.since_ms}) +
                    "; the first keys that this device saw without it were signed by "
                    "the device " +
                    to_hex(lost.by) + ". ";
  if (lost.state == LostState::unheard) {
    return out +
           "Too few of its realms say whether it was deleted; they are asked again every hour. Look whose device that "
           "is: cairn device list.";
  }
  const bool is_free = can_be_named(store, lost);
  if (lost.state == LostState::ending) {
    out += "It is to be deleted on " + day_text(Time{lost.ends_at_ms}) + ", as a device has asked its realms.";
    if (is_free) out += " If you do not want that, type: cairn backup delete --cancel" + at + ".";
    return out + remove;
  }
  out += "It was not deleted: its realms still hold what opens it, and this device keeps it";
  out += is_free ? ", and puts it back with the next backup create. If you do not want it any more, type: cairn backup "
                   "delete" +
                       at + "."
                 : "; it cannot be put back, for its place is taken.";
  return out + remove;
}

std::optional<std::string> lost_flood_sentence(const StoreView& store) {
  if (lost_generations(store).size() < kMaxLost) return std::nullopt;
  return "So many generations were taken out of the keys of the backup without being deleted that this device keeps no "
         "more of them; find the device that does that, cairn device list, and remove it.";
}

std::size_t see_lost_generations(Context& context) {
  std::size_t seen = 0;
  for (LostGeneration& lost : lost_generations(context.store)) {
    if (!lost_sentence(context.store, lost)) continue;
    lost.is_seen = true;
    save_lost(context, lost);
    ++seen;
  }
  return seen;
}

void forget_lost_in(Context& context, const vault::StorageIdentity& identity, const vault::KeyBoxContent& content) {
  for (const LostGeneration& lost : lost_generations(context.store)) {
    const bool is_back = lost.identity == identity && is_in_box(content, lost.generation);
    if (is_back) context.store.erase(tables::kLostGenerations, to_bytes(lost.vault()));
  }
}

void settle_lost(Context& context, const vault::VaultId& vault) {
  context.store.erase(tables::kLostGenerations, to_bytes(vault));
  context.store.erase(tables::kUnconfirmed, to_bytes(vault));
}

}  // namespace cairn::client
