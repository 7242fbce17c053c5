#include "core/client/backup_delete.h"

#include "core/base/encoding.h"
#include "core/client/backup_prune.h"
#include "core/client/backup_reader.h"
#include "core/client/backup_troubles.h"
#include "core/client/begun_generations.h"
#include "core/client/lost_generations.h"
#include "core/client/pin_jobs.h"
#include "core/client/tables.h"
#include "core/client/waiting_deletions.h"
#include "core/crypto/labels.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxReceipts = 1024;

using Wish = vault::TokenChange::Wish;

Bytes generation_key(std::uint32_t generation) {
  wire::Writer w;
  w.u32(generation);
  return w.take();
}

bool is_chosen(const vault::Generation& one, std::uint32_t generation) {
  return generation == kAllGenerations || one.number == generation;
}

bool has_generation(const vault::KeyBox& box, std::uint32_t generation) {
  return std::ranges::any_of(box.content.generations,
                             [&](const vault::Generation& one) { return is_chosen(one, generation); });
}

/// With the recovery key if it was typed, else as a device.
Result<vault::TokenChange> begin_change(const RealmList& list, const vault::BackupRoot& root, Wish wish,
                                        const directory::RecoverySecret* secret) {
  if (secret != nullptr) {
    return vault::TokenChange::begin(list.set(), root, wish, TokenKeyKind::erase,
                                     vault::token_erase_key(secret->expose()));
  }
  return vault::TokenChange::begin(list.set(), root, wish, TokenKeyKind::release, vault::token_release_key(root));
}

}  // namespace

void KeptReceipt::write(wire::Writer& w) const {
  w.u32(generation);
  w.opaque(realm);
  proto::write(w, receipt);
}

Result<KeptReceipt> KeptReceipt::read(wire::Reader& r) {
  KeptReceipt out;
  out.generation = TRY(r.u32());
  out.realm = TRY(r.opaque_text(kMaxRealmVkey));
  out.receipt = TRY(proto::read_receipt(r));
  return out;
}

void keep_receipts(Context& context, std::uint32_t generation, const RealmList& list,
                   const std::vector<ErasureReceipt>& receipts) {
  for (const ErasureReceipt& one : receipts) {
    const auto place = std::ranges::find(list.realms, one.realm, &RealmPlace::id);
    const KeptReceipt kept{generation, place == list.realms.end() ? std::string() : place->name(), one};
    // By its record too: after everything is deleted generations count from 1 again.
    context.store.put(tables::kErasures, concat({one.record, one.realm}), wire::encode(kept));
  }
}

nlohmann::json receipts_json(const StoreView& store) {
  nlohmann::json out = nlohmann::json::array();
  for (const Row& row : store.scan(tables::kErasures, {}, {}, kMaxReceipts)) {
    const auto kept = wire::decode<KeptReceipt>(row.value);
    if (!kept) continue;
    wire::Writer w;
    proto::write(w, kept->receipt);
    out.push_back({{"generation", kept->generation},
                   {"realm", kept->realm},
                   {"time_ms", kept->receipt.time_ms},
                   {"receipt", to_base64(w.view())}});
  }
  return out;
}

std::vector<Unconfirmed> unconfirmed_generations(const StoreView& store) {
  std::vector<Unconfirmed> out;
  if (store.scan(tables::kUnconfirmed, {}, {}, 1).empty()) return out;
  for (const BackupSetup& setup : load_backup_setups(store)) {
    for (const vault::Generation& one : setup.content.generations) {
      const vault::VaultId vault = vault::vault_id(one.root, setup.identity);
      if (is_unconfirmed(store, vault)) out.push_back({setup.storage, one.number, vault});
    }
  }
  return out;
}

bool is_unconfirmed(const StoreView& store, const vault::VaultId& vault) {
  return store.get(tables::kUnconfirmed, vault).has_value();
}

// ---- delete ----

void DeleteJob::unlocked(Context& context) {
  if (!box_) return fail_with(ErrorCode::not_found, kNoBackup);
  if (put_back_lost(context.store, *identity_, box_->content, generation_)) box_was_mended_ = true;
  if (!has_generation(*box_, generation_)) {
    return fail_with(ErrorCode::not_found, "The backup has no such generation; backup list shows them.");
  }
  const bool is_it = !only_ || std::ranges::any_of(box_->content.generations, [&](const vault::Generation& one) {
    return one.number == generation_ && vault_of(one) == *only_;
  });
  if (!is_it) {
    return fail_with(ErrorCode::conflict,
                     "Another folder lies there than the one whose deletion is to be confirmed; nothing was asked.");
  }
  if (!prepare(context)) return;
  if (generation_ == kAllGenerations) {
    for (const std::uint32_t one : want_lost_erased(context, *identity_, box_->content)) {
      warnings_.push_back("Generation " + std::to_string(one) +
                          " was taken out of the keys, where its place is taken now, and is not deleted yet; its "
                          "realms are asked to erase it every hour while this device runs.");
    }
  }
  doing_ = "deleting";
  erase_from(context, 0);
}

void DeleteJob::erase_from(Context& context, std::size_t at) {
  const auto& all = box_->content.generations;
  while (at < all.size() && (!is_chosen(all[at], generation_) || all[at].token)) {
    // Without realms there is nobody to ask: it is as deleted as its storage makes it.
    if (is_chosen(all[at], generation_)) gone_.insert(all[at].number);
    ++at;
  }
  if (at == all.size()) return delete_vaults(context, 0);
  open_vault(all[at]);
  storage_->list(context,
                 [self = self_as<DeleteJob>(), at](Context& later, Result<std::vector<proto::VaultItem>> items) {
                   if (!items && items.error().code != ErrorCode::not_found)
                     return self->refused_by_storage(items.error());
                   self->erase_token(later, at, !items || items->empty());
                 });
}

void DeleteJob::erase_token(Context& context, std::size_t at, bool empty) {
  const vault::Generation& generation = box_->content.generations[at];
  const auto list = RealmList::from(generation.realms);
  auto begun = list ? begin_change(*list, generation.root, Wish::erase, task_.secret.get())
                    : Result<vault::TokenChange>(tl::unexpected<Error>(list.error()));
  if (!begun) return fail_with(ErrorCode::inconsistent, "The key box names no realms that can be; it is damaged.");
  const auto machine = std::make_shared<vault::TokenChange>(std::move(*begun));
  const auto house = std::make_shared<const RealmHouse>(RealmHouse{*list, {}, {}});
  carry_change(context, rooms_.calls, house, machine,
               [self = self_as<DeleteJob>(), at, empty, house, machine](Context& later) {
                 self->erasure_answered(later, at, empty, house->list, *machine);
               });
}

void DeleteJob::erasure_answered(Context& context, std::size_t at, bool empty, const RealmList& list,
                                 const vault::TokenChange& change) {
  const std::uint32_t number = box_->content.generations[at].number;
  told_of(list, change.fates());
  keep_receipts(context, number, list, change.receipts());
  const std::size_t enough = list.realms.size() - list.threshold + 1;
  // Whatever the storage says: a copy of what it had opens until the realms have erased. Until they have said so, or
  // will, they are asked again.
  const vault::VaultId vault = vault_of(box_->content.generations[at]);
  const Bytes unconfirmed = to_bytes(vault);
  if (change.waiting() != 0) want_deletion(context, vault, change.erase_at_ms());
  if (change.gone()) {
    gone_.insert(number);
  } else if (change.receipts().size() + change.waiting() >= enough) {
    context.store.erase(tables::kUnconfirmed, unconfirmed);
    waiting_.insert(number);
    if (empty) idle_.insert(number);
    erase_at_ms_ = std::max(erase_at_ms_, change.erase_at_ms());
  } else if (empty) {
    unconfirmed_.insert(number);
    context.store.put(tables::kUnconfirmed, unconfirmed, generation_key(number));
    warnings_.push_back("The storage says that generation " + std::to_string(number) +
                        " is gone; the realms have not confirmed it (" + unwell(list, change.fates()) +
                        "), so a copy of it may still open. They are asked again every hour while this device runs.");
  } else {
    return fail_with(ErrorCode::unavailable,
                     "Too few realms have done it, of " + std::to_string(list.realms.size()) + " it takes " +
                         std::to_string(enough) + ": " + unwell(list, change.fates()) +
                         ". Those that did need not be asked again; try again when the others run.");
  }
  erase_from(context, at + 1);
}

/// The write key comes from the root alone: what does not open any more can be deleted too.
void DeleteJob::delete_vaults(Context& context, std::size_t at) {
  const auto& all = box_->content.generations;
  while (at < all.size() && !gone_.contains(all[at].number)) ++at;
  if (at == all.size()) return change_key_box(context);
  open_vault(all[at]);
  storage_->delete_vault(context, [self = self_as<DeleteJob>(), at](Context& later, Result<Bytes> body) {
    if (!body && body.error().code != ErrorCode::not_found) return self->refused_by_storage(body.error());
    self->delete_vaults(later, at + 1);
  });
}

/// Last, for the roots in it are what a vault can be deleted with.
void DeleteJob::change_key_box(Context& context) {
  const auto& all = box_->content.generations;
  all_gone_ = generation_ == kAllGenerations && gone_.size() == all.size();
  if (all_gone_) return delete_key_box(context);
  const auto account = load_account(context.store);
  if (!account) return fail_with(ErrorCode::invalid_state, "This device has no name any more.");
  // What is empty and ends by itself is left when something is to be put.
  std::set<std::uint32_t> ended;
  std::ranges::set_difference(waiting_, idle_, std::inserter(ended, ended.end()));
  if (gone_.empty() && !ended.contains(all.back().number)) return end(context);  // it is as it should be
  // What begins now would lie nowhere that its owner has named.
  if (realm_word_ == RealmWord::asked && !known_realms(context.store, *identity_)) {
    warnings_.emplace_back(
        "The keys stay in the key box until you have said at which realms new ones are to lie: backup realms. Then "
        "type the same again.");
    return end(context);
  }
  auto next = without_generations(wishes(context, *account, nullptr), gone_, ended, context.now, context.entropy);
  if (!next) {
    return fail_with(next.error().code,
                     "The realms were asked to erase it; the key box has no room for another generation, so backup "
                     "create waits until these are gone: type the same again in three days.");
  }
  put_key_box(context, *account, std::move(*next), [self = self_as<DeleteJob>()](Context& later) { self->end(later); });
}

void DeleteJob::delete_key_box(Context& context) {
  proto::KeyBoxDelete gone{box_id_, box_->head.version, {}};
  gone.signature = crypto::sign_labelled(*box_key_, crypto::kSignKeyBoxDelete, gone.content());
  storage_->ask(context, proto::kPathKeyBoxDelete, wire::encode(gone),
                [self = self_as<DeleteJob>()](Context& later, Result<Bytes> body) {
                  // Asked again after an answer that was lost, a storage has no such box any more: it is gone all the
                  // same.
                  const bool is_gone = body || body.error().code == ErrorCode::not_found;
                  if (!is_gone) return self->refused_by_storage(body.error());
                  const auto& pin = self->box_->content.pin;
                  const Then then = [self](Context& next) {
                    self->forget_standbys(next, [self](Context& last) { self->end(last); });
                  };
                  if (!pin) return then(later);
                  self->forget_pin(later, *pin);
                  self->delete_copy(later, *pin, then);
                });
}

/// Its keys go with the box: what the realms have of it is taken back by what is kept here of that.
void DeleteJob::forget_pin(Context& context, const vault::PinKeys& pin) {
  const auto list = pin_realms(context);
  if (!list) return;
  const RealmHouse house{*list, {std::string(task_.state.name().domain()), pin.registration}, {}};
  owe_removal(context, house, pin_auths(context.store, pin));
  context.store.erase(tables::kPin, {});
  forget_pin_attempt(context);
}

void DeleteJob::end(Context& context) {
  if (all_gone_) {
    forget_backup_setup(context, *identity_);  // of this storage, and no other
    forget_troubles_of(context, *identity_);
    give_up_all_begun(context, *identity_);
  } else if (setup_) {
    // The snapshot that this device knew is gone with its generation; of another one an older state is still a lie.
    if (gone_.contains(setup_->newest_generation)) {
      setup_->newest = {};
      setup_->newest_generation = 0;
    }
    save_backup_setup(context, *setup_);
  }
  for (const vault::Generation& one : box_->content.generations) {
    if (!gone_.contains(one.number)) continue;
    const vault::VaultId vault = vault_of(one);
    for (const Row& row : context.store.scan_prefix(tables::kBackupPacks, vault, proto::kMaxVaultObjects)) {
      context.store.erase(tables::kBackupPacks, row.key);
    }
    forget_unneeded(context, vault);
    settle_lost(context, vault);  // its root was what the vault could be deleted with
  }
  nlohmann::json result = {{"deleted", gone_}, {"storage", task_.storage}, {"receipts", receipts_json(context.store)}};
  bool beside = false;
  for (const vault::Generation& one : box_->content.generations) {
    beside = beside || (gone_.contains(one.number) && one.token);
  }
  result["only_as_good_as_storage"] = beside;
  if (!unconfirmed_.empty()) result["unconfirmed"] = unconfirmed_;
  if (!waiting_.empty()) {
    result["waiting"] = waiting_;
    result["erase_at_ms"] = erase_at_ms_;
  }
  succeed(std::move(result));
}

// ---- calling it off ----

void CancelJob::unlocked(Context& context) {
  if (!box_) return fail_with(ErrorCode::not_found, kNoBackup);
  // What somebody took out of the key box before it was asked for is what most needs this.
  put_back_lost(context.store, *identity_, box_->content, generation_);
  if (!has_generation(*box_, generation_)) {
    return fail_with(ErrorCode::not_found, "The backup has no such generation; backup list shows them.");
  }
  for (const vault::Generation& one : box_->content.generations) {
    if (is_chosen(one, generation_)) context.store.erase(tables::kUnconfirmed, to_bytes(vault_of(one)));
  }
  doing_ = "asking the realms to keep it";
  cancel_from(context, 0);
}

void CancelJob::cancel_from(Context& context, std::size_t at) {
  const auto& all = box_->content.generations;
  while (at < all.size() && (!is_chosen(all[at], generation_) || all[at].token)) ++at;
  if (at == all.size()) return succeed({{"kept", kept_}, {"erased", erased_}});
  const auto list = RealmList::from(all[at].realms);
  auto begun = list ? begin_change(*list, all[at].root, Wish::cancel, task_.secret.get())
                    : Result<vault::TokenChange>(tl::unexpected<Error>(list.error()));
  if (!begun) return fail_with(ErrorCode::inconsistent, "The key box names no realms that can be; it is damaged.");
  const auto machine = std::make_shared<vault::TokenChange>(std::move(*begun));
  const auto house = std::make_shared<const RealmHouse>(RealmHouse{*list, {}, {}});
  carry_change(context, rooms_.calls, house, machine,
               [self = self_as<CancelJob>(), at, house, machine](Context& later) {
                 self->answered(later, at, house->list, *machine);
               });
}

void CancelJob::answered(Context& context, std::size_t at, const RealmList& list, const vault::TokenChange& change) {
  const std::uint32_t number = box_->content.generations[at].number;
  told_of(list, change.fates());
  keep_receipts(context, number, list, change.receipts());
  const auto good = static_cast<std::size_t>(std::ranges::count(change.fates(), vault::RealmFate::good));
  const std::size_t kept = good - std::min(change.receipts().size(), good);
  if (change.gone()) {
    erased_.push_back(number);
  } else if (kept >= list.threshold) {
    forget_deletion(context, vault_of(box_->content.generations[at]));
    kept_.push_back(number);
  } else {
    return fail_with(ErrorCode::unavailable, "Too few realms were reached to call the deletion off: " +
                                                 unwell(list, change.fates()) + "; try again before it is done.");
  }
  cancel_from(context, at + 1);
}

}  // namespace cairn::client
