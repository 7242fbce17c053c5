#include "core/client/backup_job.h"

#include "core/client/day.h"
#include "core/client/snapshots_told.h"
#include "core/crypto/labels.h"
#include "core/vault/pack.h"

namespace cairn::client {
namespace {

constexpr const char* kWrongBox =
    "What the storage gives for the key box of this backup is none that this name made; use another copy of the "
    "backup.";

/// Where a folder's own id lies: in a key box of which nobody keeps the write key (docs/spec/backup.md s.1).
proto::KeyBoxId folder_id_box() { return *proto::KeyBoxId::from(as_bytes("cairn storage id")); }

}  // namespace

BackupJob::BackupJob(const BackupRooms& rooms, BackupTask task) : rooms_(rooms), task_(std::move(task)) {
  storage_ = std::make_shared<BackupStorage>(rooms_.calls, rooms_.session, task_.storage);
  domain_ = std::make_shared<BackupStorage>(rooms_.calls, rooms_.session, task_.server_url);
  CHECK(task_.setup || task_.secret || (task_.pin && task_.realms));
  if (task_.last_word) {
    warnings_.push_back(
        "The directory could not be reached: who signed this backup was checked against what it said on " +
        day_text(*task_.last_word) + ", and a device that was removed since counts as it did then.");
  }
}

void BackupJob::begin(Context& context) {
  began_ = context.now;
  if (!storage_->is_folder()) {
    return identified(context, vault::StorageIdentity::of_server(task_.state.name().domain()));
  }
  storage_->ask(context, proto::kPathKeyBoxGet, wire::encode(proto::KeyBoxGet{folder_id_box()}),
                [self = shared_from_this()](Context& later, Result<Bytes> body) {
                  if (body) return self->take_folder_id(later, *body);
                  if (body.error().code != ErrorCode::not_found) return self->refused_by_storage(body.error());
                  if (self->makes_backup()) return self->make_folder_id(later);
                  self->unlocked(later);
                });
}

void BackupJob::take_folder_id(Context& context, const Bytes& bytes) {
  const auto put = wire::decode<proto::KeyBoxPut>(bytes);
  const auto id = put ? vault::FolderId::from(put->body) : tl::unexpected<Error>(put.error());
  if (!id) {
    return fail_with(ErrorCode::inconsistent,
                     "The file by which this folder is known is damaged; use another copy of the backup.");
  }
  identified(context, vault::StorageIdentity::of_folder(*id));
}

void BackupJob::make_folder_id(Context& context) {
  const auto id = random_value<vault::FolderId>(context.entropy);
  const auto key = crypto::SigningKey::generate(context.entropy);
  proto::KeyBoxPut put{folder_id_box(), key.public_key(), 1, to_bytes(id), {}};
  put.signature = crypto::sign_labelled(key, crypto::kSignKeyBoxPut, put.content());
  storage_->ask(context, proto::kPathKeyBoxPut, wire::encode(put),
                [self = shared_from_this(), id](Context& later, Result<Bytes> body) {
                  if (body) return self->identified(later, vault::StorageIdentity::of_folder(id));
                  if (body.error().code != ErrorCode::conflict) return self->refused_by_storage(body.error());
                  self->begin(later);  // another device was faster
                });
}

void BackupJob::identified(Context& context, vault::StorageIdentity identity) {
  identity_ = std::move(identity);
  find_setup(context);
  if (task_.pin) return ask_for_pin_secret(context);
  if (task_.setup) {
    box_id_ = task_.setup->key_box;
    box_key_ = task_.setup->write_key.clone();
  } else if (task_.secret) {
    vault::KeyBoxAddress address = vault::key_box_address(task_.secret->expose(), *identity_);
    box_id_ = *proto::KeyBoxId::from(address.id);
    box_key_ = std::move(address.write_key);
  } else {
    return fail_with(ErrorCode::not_found,
                     "Another folder lies there than the one that this device backs up to; the recovery key opens or "
                     "begins a backup in it: --recovery-key.");
  }
  fetch_key_box(context);
}

/// Of what lies there, whatever its URL: folders are exchanged, and come back elsewhere.
void BackupJob::find_setup(Context& context) {
  const bool fits = task_.setup && task_.setup->identity == *identity_;
  if (!fits) task_.setup.reset();
  for (BackupSetup& one : load_backup_setups(context.store)) {
    if (task_.setup || one.identity != *identity_) continue;
    task_.setup = std::move(one);
    task_.setup->storage = task_.storage;
  }
  if (!task_.setup || !task_.secret) return;
  const auto address = vault::key_box_address(task_.secret->expose(), *identity_);
  if (!equal(address.id, task_.setup->key_box)) task_.setup.reset();
}

void BackupJob::fetch_key_box(Context& context) {
  storage_->ask(context, proto::kPathKeyBoxGet, wire::encode(proto::KeyBoxGet{box_id_}),
                [self = shared_from_this()](Context& later, Result<Bytes> body) {
                  if (body) return self->take_key_box(later, *body);
                  if (body.error().code == ErrorCode::not_found) return self->unlocked(later);
                  self->refused_by_storage(body.error());
                });
}

Result<vault::UnverifiedKeyBox> BackupJob::open_box(ByteView body) const {
  if (pin_secret_) return vault::UnverifiedKeyBox::open(body, crypto::KemPrivateKey(pin_secret_->expose()));
  if (task_.secret) return open_with_secret(body, *task_.secret, task_.state);
  return open_with_device(body, task_.setup->content.current().root, task_.setup->device_key);
}

void BackupJob::take_key_box(Context& context, const Bytes& bytes) {
  const auto put = wire::decode<proto::KeyBoxPut>(bytes);
  const bool whole = put && put->id == box_id_ && put->write_key == box_key_->public_key() &&
                     crypto::verify_labelled(put->write_key, crypto::kSignKeyBoxPut, put->content(), put->signature);
  if (!whole) return fail_with(ErrorCode::inconsistent, kWrongBox);
  auto opened = open_box(put->body);
  if (!opened) {
    return fail_with(opened.error().code,
                     "The key box does not open with this key; it is of another name, or damaged.");
  }
  // The storage counts copies by itself (docs/spec/backup.md s.2).
  if (!pin_secret_ && opened->head().version != put->version) return fail_with(ErrorCode::inconsistent, kWrongBox);
  const auto signers = device_keys(task_.state, Signers::ever);
  vault::KeyBoxRules rules{signers, std::nullopt, task_.setup ? task_.setup->newest_pin : 0};
  if (task_.setup && task_.setup->head.version != 0) rules.newest = task_.setup->head;
  auto verified = std::move(*opened).verify(rules);
  if (!verified && verified.error().code == ErrorCode::stale) {
    return fail_with(
        ErrorCode::stale,
        "The storage shows an older key box or PIN than this device knows, and nothing was done; use another copy "
        "of the backup, or ask its operator.");
  }
  if (!verified) return fail_with(verified.error().code, kWrongBox);
  box_ = std::move(*verified);
  box_bytes_ = put->body;
  check_registration();
  judge_pin_keys();
  judge_generations(context);
  if (!over_) unlocked(context);
}

void BackupJob::open_vault(const vault::Generation& generation) {
  entered_vault_ = vault_of(generation);
  storage_->open_vault(vault_of(generation), vault::vault_write_key(generation.root, *identity_));
}

void BackupJob::find_snapshots(Context& context, ThenFound then) {
  storage_->list(context,
                 [self = shared_from_this(), then](Context& later, Result<std::vector<proto::VaultItem>> items) {
                   if (!items && items.error().code != ErrorCode::not_found)
                     return self->refused_by_storage(items.error());
                   self->items_ = items ? std::move(*items) : std::vector<proto::VaultItem>{};
                   self->other_format_ = false;
                   const auto finding = std::make_shared<Finding>();
                   finding->signers = device_keys(self->task_.state, Signers::ever);
                   self->fetch_manifests(later, finding, 0, then);
                 });
}

vault::StoredObjects BackupJob::stored_objects() const {
  vault::StoredObjects out;
  for (const proto::VaultItem& item : items_) out.emplace(*vault::ObjectId::from(item.object), item.size);
  return out;
}

void BackupJob::take_manifest(Finding& finding, const vault::ObjectId& id, ByteView sealed) {
  auto manifest = vault::UnverifiedManifest::open(*keys_, id, sealed);
  other_format_ = other_format_ || (!manifest && manifest.error().code == ErrorCode::unsupported);
  // One that does not open is damaged, or a stranger's: others may be good.
  if (!manifest || std::ranges::find(finding.signers, manifest->signer()) == finding.signers.end()) return;
  const auto [place, is_new] =
      finding.places.try_emplace({manifest->head().hash, manifest->signer()}, finding.found.size());
  if (is_new) {
    finding.found.push_back({{id}, std::move(*manifest)});
  } else {
    finding.found[place->second].ids.push_back(id);
  }
}

void BackupJob::fetch_manifests(Context& context, const std::shared_ptr<Finding>& finding, std::size_t at,
                                const ThenFound& then) {
  const auto is_manifest = [](const proto::VaultItem& item) {
    return vault::is_kind(*vault::ObjectId::from(item.object), vault::ObjectKind::manifest);
  };
  while (at < items_.size() && !is_manifest(items_[at])) ++at;
  if (at == items_.size()) {
    std::ranges::sort(finding->found, {}, [](const Found& one) { return one.manifest.counter(); });
    look_for_held_back(context.store, finding->found);
    return then(context, std::move(finding->found));
  }
  const auto id = *vault::ObjectId::from(items_[at].object);
  const auto take = [self = shared_from_this(), finding, at, id, then](Context& later, Result<Bytes> body) {
    if (!body && body.error().code != ErrorCode::not_found) return self->refused_by_storage(body.error());
    if (body) self->take_manifest(*finding, id, *body);
    self->fetch_manifests(later, finding, at + 1, then);
  };
  storage_->get(context, id, vault::kMaxManifestSize, take);
}

void BackupJob::look_for_held_back(const StoreView& store, const std::vector<Found>& found) {
  const std::uint64_t told = told_counter(store, task_.state, entered_vault_);
  const std::uint64_t shown = found.empty() ? 0 : found.back().manifest.counter();
  if (shown >= told) return;
  held_back_ = "Another device of this name knows snapshot " + std::to_string(told) +
               " of this backup, and the storage shows none so new: it was set back, or holds some back. Use another "
               "copy of the backup, or ask its operator";
}

void BackupJob::fetch_indexes(Context& context, const std::vector<vault::IndexReference>& named, ThenIndex then) {
  index_lost_ = false;
  fetch_index(context, named, 0, then);
}

void BackupJob::fetch_index(Context& context, const std::vector<vault::IndexReference>& named, std::size_t at,
                            const ThenIndex& then) {
  if (at == named.size()) return index_lost_ ? fetch_tables(context, 0, then) : then(context);
  const auto take = [self = shared_from_this(), named, at, then](Context& later, Result<Bytes> body) {
    if (!body && body.error().code != ErrorCode::not_found) return self->refused_by_storage(body.error());
    const auto listings =
        body ? vault::open_index(*self->keys_, named[at], *body) : tl::unexpected<Error>(body.error());
    self->index_lost_ = self->index_lost_ || !listings;
    if (listings) self->index_.add_index(named[at], *listings);
    self->fetch_index(later, named, at + 1, then);
  };
  storage_->get(context, named[at].id, named[at].size, take);
}

void BackupJob::fetch_tables(Context& context, std::size_t at, const ThenIndex& then) {
  const auto is_unknown_pack = [this](const proto::VaultItem& item) {
    const auto id = *vault::ObjectId::from(item.object);
    return vault::is_kind(id, vault::ObjectKind::pack) && !index_.find_pack(id);
  };
  while (at < items_.size() && !is_unknown_pack(items_[at])) ++at;
  if (at == items_.size()) return then(context);
  const auto id = *vault::ObjectId::from(items_[at].object);
  const auto take = [self = shared_from_this(), id, at, then](Context& later, Result<Bytes> body) {
    if (!body && body.error().code != ErrorCode::not_found) return self->refused_by_storage(body.error());
    if (body) {
      auto table = vault::open_table(*self->keys_, id, body->size(), *body);
      if (table) self->index_.add_stored_pack({id, static_cast<std::uint32_t>(body->size()), std::move(*table)});
    }
    self->fetch_tables(later, at + 1, then);
  };
  storage_->get(context, id, vault::kMaxPackSize, take);
}

bool BackupJob::step(Context& context) {
  if (over_) return false;
  if (elapsed_ms(context.now, began_) >= kLongestJobMs) {
    stop(context, ErrorCode::unavailable,
         "It was not done within a day: the storage of the backup, or the way to it, is too slow. Begin it again; what "
         "was stored is not stored again.");
    return false;
  }
  storage_->step(context);
  domain_->step(context);
  return work(context) && !over_;
}

void BackupJob::stop(Context& context, ErrorCode code, std::string sentence) {
  if (over_) return;
  storage_->stop();
  domain_->stop();
  cut_short(context, code, std::move(sentence));
}

void BackupJob::forget_printed_token() {
  if (!result_.contains("token")) return;
  auto& text = result_["token"].get_ref<std::string&>();
  wipe(text.data(), text.size());
  result_.erase("token");
}

void BackupJob::fail_with(ErrorCode code, std::string sentence) {
  if (std::exchange(over_, true)) return;
  failure_ = Failure{code, std::move(sentence)};
}

void BackupJob::succeed(nlohmann::json result) {
  if (std::exchange(over_, true)) return;
  result_ = std::move(result);
  if (!result_.contains("warnings")) result_["warnings"] = nlohmann::json::array();
  for (const std::string& one : warnings_) result_["warnings"].push_back(one);
  if (!realms_.is_null()) result_["realms"] = realms_;
  if (deletion_at_ms_) result_["deletion_at_ms"] = *deletion_at_ms_;
}

nlohmann::json BackupJob::progress(Time now) const {
  return {{"running", !over_},
          {"doing", doing_},
          {"done", done_},
          {"all", all_},
          {"bytes", storage_->bytes_moved()},
          {"elapsed_ms", elapsed_ms(now, began_)}};
}

}  // namespace cairn::client
