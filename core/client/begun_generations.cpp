#include "core/client/begun_generations.h"

#include <algorithm>

#include "core/client/backup_tables.h"
#include "core/client/realm_talk.h"
#include "core/crypto/ct.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kAskBegunEveryMs = kHourMs;
constexpr std::uint64_t kForgetBegunMs = 365 * kDayMs;
constexpr std::size_t kMaxBegunIdentity = 512;

Hash digest_of(const std::vector<vault::Opener>& openers) {
  wire::Writer w;
  w.vector(openers);
  return crypto::sha256(w.view());
}

void save_begun(Context& context, const BegunGeneration& one) {
  context.store.put(tables::kBegunGenerations, to_bytes(one.vault()), to_bytes(one.encode().expose()));
}

std::optional<BegunGeneration> load_begun(const StoreView& store, const vault::VaultId& vault) {
  auto row = store.get(tables::kBegunGenerations, vault);
  if (!row) return std::nullopt;
  const SecretBytes bytes(std::move(*row));
  auto one = BegunGeneration::decode(bytes.expose());
  return one ? std::optional(std::move(*one)) : std::nullopt;
}

bool stands_in(const vault::KeyBoxContent& content, const vault::Generation& one) {
  return std::ranges::any_of(content.generations, [&](const vault::Generation& other) {
    return crypto::ct_equal(other.root.expose(), one.root.expose());
  });
}

void make_unwanted(Context& context, BegunGeneration& one) {
  one.is_unwanted = true;
  save_begun(context, one);
}

/// A clock that was set back makes what is later than now due.
bool is_due_again(Time now, std::uint64_t asked_ms) {
  return asked_ms == 0 || asked_ms > now.ms || elapsed_ms(now, Time{asked_ms}) >= kAskBegunEveryMs;
}

/// Of a realm that has nothing that counts when no share can be on its way any more.
bool all_have_done_it(const std::vector<vault::RealmFate>& fates, bool is_old) {
  return std::ranges::all_of(fates, [&](vault::RealmFate fate) {
    return fate == vault::RealmFate::good || (is_old && fate == vault::RealmFate::nothing_here);
  });
}

}  // namespace

SecretBytes BegunGeneration::encode() const {
  wire::Writer w(wire::Sensitivity::is_secret);
  w.opaque(identity.bytes);
  generation.write(w);
  w.u64(version);
  w.raw(openers);
  w.u64(asked_ms);
  w.u8(is_unwanted ? 1 : 0);
  return w.take_secret();
}

Result<BegunGeneration> BegunGeneration::decode(ByteView bytes) {
  wire::Reader r(bytes);
  BegunGeneration out;
  out.identity.bytes = TRY(r.opaque_bytes(kMaxBegunIdentity));
  out.generation = TRY(vault::Generation::read(r));
  out.version = TRY(r.u64());
  out.openers = TRY(r.fixed<Hash>());
  out.asked_ms = TRY(r.u64());
  out.is_unwanted = TRY(r.presence());
  TRY(r.finish());
  return out;
}

std::vector<BegunGeneration> begun_generations(const StoreView& store) {
  std::vector<BegunGeneration> out;
  for (Row& row : store.scan(tables::kBegunGenerations, {}, {}, BegunGeneration::kMostKept)) {
    const SecretBytes bytes(std::move(row.value));
    if (auto one = BegunGeneration::decode(bytes.expose())) out.push_back(std::move(*one));
  }
  return out;
}

void note_begun(Context& context, const vault::StorageIdentity& identity, const vault::KeyBoxContent& next) {
  const std::vector<BegunGeneration> all = begun_generations(context.store);
  if (all.size() == BegunGeneration::kMostKept) {
    const auto oldest =
        std::ranges::min_element(all, {}, [](const BegunGeneration& one) { return one.generation.created; });
    context.store.erase(tables::kBegunGenerations, to_bytes(oldest->vault()));
  }
  BegunGeneration one;
  one.identity = identity;
  one.generation = next.current().clone();
  one.version = next.version;
  one.openers = digest_of(next.openers);
  save_begun(context, one);
}

std::optional<vault::Generation> begun_before(const StoreView& store, const vault::StorageIdentity& identity,
                                              const vault::KeyBoxContent& next) {
  const vault::Generation& current = next.current();
  const Hash openers = digest_of(next.openers);
  for (BegunGeneration& one : begun_generations(store)) {
    const bool is_same = one.identity == identity && !one.is_unwanted && one.version == next.version &&
                         one.openers == openers && one.generation.number == current.number &&
                         one.generation.chain_count == current.chain_count && one.generation.realms == current.realms;
    if (is_same) return std::move(one.generation);
  }
  return std::nullopt;
}

void settle_begun(Context& context, const vault::StorageIdentity& identity, const vault::KeyBoxContent& content) {
  for (BegunGeneration& one : begun_generations(context.store)) {
    if (one.identity != identity) continue;
    if (stands_in(content, one.generation)) {
      context.store.erase(tables::kBegunGenerations, to_bytes(one.vault()));
    } else if (!one.is_unwanted && content.version >= one.version) {  // compare-and-swap: another box took its place
      make_unwanted(context, one);
    }
  }
}

void give_up_begun(Context& context, const vault::VaultId& vault) {
  if (auto one = load_begun(context.store, vault)) make_unwanted(context, *one);
}

void give_up_all_begun(Context& context, const vault::StorageIdentity& identity) {
  for (BegunGeneration& one : begun_generations(context.store)) {
    if (one.identity == identity) make_unwanted(context, one);
  }
}

bool has_unwanted_begun(const StoreView& store) {
  return std::ranges::any_of(begun_generations(store), &BegunGeneration::is_unwanted);
}

void ask_about_begun(Context& context, Calls& calls) {
  for (const BegunGeneration& one : begun_generations(context.store)) {
    if (!one.is_unwanted || !is_due_again(context.now, one.asked_ms)) continue;
    const vault::VaultId vault = one.vault();
    const Time created = one.generation.created;
    const auto list = RealmList::from(one.generation.realms);
    if (!list || elapsed_ms(context.now, created) > kForgetBegunMs) {
      context.store.erase(tables::kBegunGenerations, to_bytes(vault));
      continue;
    }
    const vault::BackupRoot& root = one.generation.root;
    auto begun = vault::TokenChange::begin(list->set(), root, vault::TokenChange::Wish::erase, TokenKeyKind::release,
                                           vault::token_release_key(root));
    if (!begun) continue;
    const auto machine = std::make_shared<vault::TokenChange>(std::move(*begun));
    carry_change(context, calls, std::make_shared<const RealmHouse>(RealmHouse{*list, {}, {}}), machine,
                 [machine, vault, created](Context& later) {
                   auto asked = load_begun(later.store, vault);
                   if (!asked) return;
                   const bool is_old = elapsed_ms(later.now, created) >= kAskBegunEveryMs;
                   if (all_have_done_it(machine->fates(), is_old)) {
                     return later.store.erase(tables::kBegunGenerations, to_bytes(vault));
                   }
                   asked->asked_ms = later.now.ms;
                   save_begun(later, *asked);
                 });
  }
}

}  // namespace cairn::client
