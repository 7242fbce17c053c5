#include "core/client/backup_create.h"

#include "core/base/encoding.h"
#include "core/client/tables.h"
#include "core/crypto/labels.h"
#include "core/vault/pack.h"

namespace cairn::client {
namespace {

constexpr std::size_t kContacts = 100'000;

Bytes u64_bytes(std::uint64_t value) {
  wire::Writer w;
  w.u64(value);
  return w.take();
}

Bytes chain_of(const directory::NameState& state) {
  wire::Writer w;
  w.u32(state.count());
  w.raw(state.head());
  return w.take();
}

}  // namespace

Result<std::optional<vault::KeyBoxContent>> CreateJob::plan(Context& context, const Account& account) {
  std::optional<directory::RecoveryKey> recovery;
  if (task_.secret) recovery = TRY(present_recovery_key(*task_.secret, task_.state));
  if (!setup_) {
    auto device_key = crypto::kem_generate(crypto::KemAlgorithm::xwing_shake, context.entropy).private_key;
    setup_ =
        BackupSetup{task_.storage, *identity_, box_id_, box_key_->clone(), std::move(device_key), {}, {}, {}, 0, 0};
  }
  const KeyBoxWishes wishes{box_ ? &*box_ : nullptr, task_.state, account, setup_->device_key,
                            recovery ? &*recovery : nullptr};
  return next_key_box(wishes, context.now, context.entropy);
}

void CreateJob::unlocked(Context& context) {
  const auto account = load_account(context.store);
  if (!account) return fail_with(ErrorCode::invalid_state, "This device has no name any more.");
  setup_ = std::move(task_.setup);
  auto next = plan(context, *account);
  if (setup_ && box_) setup_->newest_pin = std::max(setup_->newest_pin, box_->content.newest_pin());
  if (!next && next.error().code == ErrorCode::not_found) {
    return fail_with(
        ErrorCode::not_found,
        "The recovery key is another one than this backup knows, or of another name; give the present one: "
        "backup create --recovery-key.");
  }
  if (!next) return fail_with(next.error().code, "The key box of the backup could not be made; try again.");
  if (*next) return put_key_box(context, *account, std::move(**next));
  setup_->content = box_->content.clone();
  setup_->head = box_->head;
  begin_snapshot(context);
}

void CreateJob::put_key_box(Context& context, const Account& account, vault::KeyBoxContent content) {
  const auto box = seal_to_openers(content, account.signing_key, context.entropy);
  if (!box) return fail_with(box.error().code, "The key box has no room for so many devices; remove some.");
  proto::KeyBoxPut put{box_id_, box_key_->public_key(), content.version, *box, {}};
  put.signature = crypto::sign_labelled(*box_key_, crypto::kSignKeyBoxPut, put.content());
  began_generation_ = !box_ || box_->content.current().number != content.current().number;
  setup_->head = {content.version, crypto::sha256(*box)};
  setup_->content = std::move(content);
  storage_->ask(context, proto::kPathKeyBoxPut, wire::encode(put),
                [self = self_as<CreateJob>()](Context& later, Result<Bytes> body) {
                  if (body) return self->begin_snapshot(later);
                  if (body.error().code != ErrorCode::conflict) return self->refused_by_storage(body.error());
                  self->fail_with(ErrorCode::conflict, "Another device changed the backup just now; try again.");
                });
}

void CreateJob::begin_snapshot(Context& context) {
  save_backup_setup(context, *setup_);
  generation_ = setup_->content.current().number;
  if (setup_->newest_generation == generation_) newest_ = setup_->newest;
  if (!enter(setup_->content.current())) return;
  doing_ = "looking at what is stored";
  listed_ = context.now;
  storage_->create_vault(context, [self = self_as<CreateJob>()](Context& later, Result<Bytes> body) {
    if (!body) return self->refused_by_storage(body.error());
    self->find_snapshots(later, [self](Context& then, std::vector<Found> found) { self->take_newest(then, found); });
  });
}

void CreateJob::take_newest(Context& context, const std::vector<Found>& found) {
  const auto signers = device_keys(task_.state, Signers::active);
  const vault::VaultId vault = vault_of(setup_->content.current());
  std::vector<vault::ObjectId> indexes;
  for (const Found& one : found) {
    const auto manifest = one.manifest.verify({generation_, vault, signers, 0});
    if (!manifest) continue;
    indexes = manifest->indexes;
    if (manifest->counter >= newest_.counter) newest_ = manifest->head();
  }
  fetch_indexes(context, indexes, [self = self_as<CreateJob>()](Context& later) {
    std::vector<vault::ObjectId> packs;
    for (const Row& row : later.store.scan(tables::kBackupPacks, {}, {}, proto::kMaxVaultObjects)) {
      wire::Reader began(row.value);
      const auto id = vault::ObjectId::from(row.key);
      const bool good = id && elapsed_ms(later.now, Time{began.u64().value_or(0)}) < vault::kLongestSnapshotMs;
      if (good && !self->index_.find_pack(*id)) packs.push_back(*id);
    }
    self->take_left_behind(later, std::move(packs));
  });
}

void CreateJob::take_left_behind(Context& context, std::vector<vault::ObjectId> packs) {
  if (packs.empty()) return begin_writing(context);
  const vault::ObjectId id = packs.back();
  packs.pop_back();
  storage_->get(context, id, [self = self_as<CreateJob>(), id, packs](Context& later, Result<Bytes> body) {
    if (!body && body.error().code != ErrorCode::not_found) return self->refused_by_storage(body.error());
    if (body) {
      auto table = vault::open_table(*self->keys_, id, body->size(), *body);
      if (table) self->index_.add_stored_pack({id, static_cast<std::uint32_t>(body->size()), std::move(*table)});
    }
    self->take_left_behind(later, packs);
  });
}

void CreateJob::begin_writing(Context& context) {
  conversations_ = rooms_.conversations.list(context.store);
  for (const Conversation& one : conversations_) all_ += one.next_message;
  doing_ = "backing up messages";
  writer_.emplace(*keys_, std::move(index_), stored_objects(), listed_, context.entropy);
  write_settings(context);
}

void CreateJob::write_entry(const std::string& path, const Bytes& data) {
  const Status begun = writer_->begin_entry(as_bytes(path), {}, vault::Layout::batched);
  CHECK(begun.has_value());  // our own paths are short
  for (ByteView rest = data; !rest.empty();) {
    const ByteView piece = rest.first(std::min(rest.size(), vault::kMaxPiece));
    writer_->write(piece);
    rest = rest.subspan(piece.size());
  }
  writer_->end_entry();
}

void CreateJob::write_settings(Context& context) {
  const auto account = load_account(context.store);
  if (!account) return fail_with(ErrorCode::invalid_state, "This device has no name any more.");
  wire::Writer settings;
  settings.opaque(account->policy_text);
  write_entry("settings", settings.take());
  std::vector<BackedUpContact> contacts;
  for (const Row& row : context.store.scan(tables::kContacts, {}, {}, kContacts)) {
    const auto view = wire::decode<directory::VerifiedView>(row.value);
    if (!view || !view->exists()) continue;
    wire::Reader admitted(context.store.get(tables::kAdmittedResets, row.key).value_or(Bytes{}));
    contacts.push_back({view->name().text(), admitted.u32().value_or(0)});
  }
  wire::Writer w;
  w.vector(contacts);
  write_entry("contacts", w.take());
}

/// Its own entry, or the next messages of it; false when it is done.
bool CreateJob::write_conversation(Context& context) {
  const Conversation& conversation = conversations_[at_];
  const std::string home = to_hex(conversation.channel);
  if (!next_) {
    const BackedUpConversation entry{conversation.kind, conversation.title, conversation.names,
                                     conversation.created_ms};
    write_entry("conversation/" + home, wire::encode(entry));
    next_ = 0;
  }
  const auto messages = rooms_.conversations.messages(context.store, conversation.channel, *next_, kMessagesOfEntry);
  if (messages.empty()) return false;
  wire::Writer w;
  for (const Conversations::Numbered& one : messages) {
    if (one.message.is_lasting(context.now)) BackedUpMessage{one.index, one.message}.write(w);
  }
  write_entry("messages/" + home + "/" + std::to_string(*next_), w.take());
  done_ += messages.size();
  next_ = messages.back().index + 1;
  return true;
}

bool CreateJob::write_some(Context& context) {
  if (finished_ || !writer_->may_write()) return false;
  if (at_ == conversations_.size()) {
    finish(context);
  } else if (!write_conversation(context)) {
    ++at_;
    next_.reset();
  }
  return true;
}

void CreateJob::finish(Context& context) {
  const auto account = load_account(context.store);
  if (!account) return fail_with(ErrorCode::invalid_state, "This device has no name any more.");
  vault::SnapshotInfo info{generation_, vault_of(setup_->content.current()), std::nullopt, context.now,
                           chain_of(task_.state)};
  if (newest_.counter != 0) info.previous = newest_;
  const Status finished = writer_->finish(info, account->signing_key);
  if (!finished && newest_.counter == ~std::uint64_t{0}) {
    return fail_with(finished.error().code,
                     "A device used up the numbers of this generation; delete it and back up anew: backup delete "
                     "--generation.");
  }
  if (!finished)
    return fail_with(finished.error().code, "There is more than one snapshot holds; delete conversations.");
  finished_ = true;
  doing_ = "storing the last of it";
}

void CreateJob::put_objects(Context& context) {
  while (auto object = writer_->take_object()) {
    const vault::ObjectId id = object->id;
    if (vault::is_kind(id, vault::ObjectKind::pack)) {
      context.store.put(tables::kBackupPacks, to_bytes(id), u64_bytes(context.now.ms));
    }
    storage_->put(context, id, std::move(object->bytes),
                  [self = self_as<CreateJob>(), id](Context& later, Result<Bytes> body) {
                    if (!body) return self->refused_by_storage(body.error());
                    self->writer_->stored(id);
                    if (self->finished_ && self->writer_->done()) self->end(later);
                  });
  }
}

bool CreateJob::work(Context& context) {
  if (!writer_) return false;
  const bool more = write_some(context);
  if (!is_over()) put_objects(context);
  if (!is_over() && writer_->wants_listing() && !std::exchange(confirming_, true)) confirm(context);
  return more;
}

void CreateJob::confirm(Context& context) {
  storage_->list(context, [self = self_as<CreateJob>()](Context& later, Result<std::vector<proto::VaultItem>> items) {
    if (!items) return self->refused_by_storage(items.error());
    self->items_ = std::move(*items);
    const Status confirmed = self->writer_->confirm(self->stored_objects(), later.now);
    if (confirmed) return;
    self->fail_with(confirmed.error().code,
                    "What this snapshot builds on went away meanwhile, or it took more than three days; begin it "
                    "again: backup create.");
  });
}

void CreateJob::end(Context& context) {
  setup_->newest = writer_->head();
  setup_->newest_generation = generation_;
  setup_->last_ms = context.now.ms;
  save_backup_setup(context, *setup_);
  for (const Row& row : context.store.scan(tables::kBackupPacks, {}, {}, proto::kMaxVaultObjects)) {
    context.store.erase(tables::kBackupPacks, row.key);
  }
  succeed({{"snapshot", setup_->newest.counter},
           {"generation", generation_},
           {"new_generation", began_generation_},
           {"messages", done_},
           {"conversations", conversations_.size()},
           {"bytes_stored", storage_->bytes_moved()},
           {"storage", task_.storage},
           {"openers", setup_->content.openers.size()}});
}

}  // namespace cairn::client
