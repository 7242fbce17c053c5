#include "core/client/backup_create.h"

#include "core/base/encoding.h"
#include "core/client/backup_delete.h"
#include "core/client/backup_settings.h"
#include "core/client/backup_troubles.h"
#include "core/client/roles.h"
#include "core/client/tables.h"
#include "core/client/typing.h"
#include "core/crypto/labels.h"
#include "core/vault/pack.h"

namespace cairn::client {
namespace {

constexpr std::size_t kContacts = 100'000;
constexpr std::size_t kSharedEntryBytes = 256 * 1024;
constexpr std::size_t kSaidEntryBytes = 256 * 1024;

Bytes u64_bytes(std::uint64_t value) {
  wire::Writer w;
  w.u64(value);
  return w.take();
}

constexpr std::uint64_t kBytesOfMib = std::uint64_t{1} << 20;
/// What files leave of a storage's room: this, and so many times what all else is.
constexpr std::uint64_t kLeastReserve = 64 * kBytesOfMib;
constexpr std::uint64_t kReserveTimes = 2;

/// So many snapshots of a generation are told beside the shares of those before it: a realm may be away at the first.
constexpr std::uint64_t kToldBesideOlder = 7;
constexpr const char* kBeginAgain =
    "What this snapshot builds on went away meanwhile, or it took more than three days; begin it again: backup create.";

}  // namespace

void CreateJob::unlocked(Context& context) {
  const auto account = prepare(context);
  if (!account) return;
  if (!realms_agreed(context)) return;
  const auto recovery = typed_recovery();
  if (!recovery) return fail_to_plan(recovery.error());
  auto next = next_key_box(wishes(context, *account, *recovery ? &**recovery : nullptr), context.now, context.entropy);
  if (!next) return fail_to_plan(next.error());
  if (box_ && box_->content.pin && *next) {
    const auto& realms = (*next)->content.current().realms;
    // The PIN that is known here lies where it was known to lie, whatever another device has written since.
    const auto known = known_realms(context.store, *identity_);
    const bool stays = pin_is_known_ && known && known->list && realms == known->list->entries();
    if (!stays && (*next)->content.pin && realms != box_->content.current().realms) {
      return fail_with(ErrorCode::invalid_state,
                       "The PIN lies at the realms as they were; take it along: pin change --realms.");
    }
  }
  if (box_ && *next && !(*next)->content.pin) pin_lost(context);
  const auto go_on = [self = self_as<CreateJob>()](Context& later) {
    if (!self->lost_pin_) return self->begin_snapshot(later);
    self->delete_copy(later, *self->lost_pin_, [self](Context& then) { self->begin_snapshot(then); });
  };
  if (*next) return put_key_box(context, *account, std::move(**next), go_on);
  if (task_.realms) know_realms(context, *identity_, task_.realms);
  copy_for_pin(context, go_on);
}

/// Who set it is out of the name. What can replace it at the realms is kept.
void CreateJob::pin_lost(Context& context) {
  const auto& pin = box_->content.pin ? box_->content.pin : doubted_pin_;
  if (!pin) return;
  // Beside what was sent: a change that was interrupted may stand at some realms.
  PinRow row = load_pin_row(context.store).value_or(PinRow{});
  auto key = crypto::SigningKey::from_seed(pin->auth.clone());
  std::erase_if(row.sent,
                [&](const PinAuth& one) { return one.version.is_zero() && one.key.public_key() == key.public_key(); });
  row.add_sent({PinVersion{}, std::move(key)}, {});
  row.finished = false;
  save_pin_row(context, row);
  if (box_->content.pin) lost_pin_ = pin->clone();  // where a doubted one says that its copy lies is no word
  warnings_.emplace_back(
      "The PIN was set by a device that is no longer one of the name's, so it opens nothing from here on; choose "
      "another: pin set.");
}

void CreateJob::begin_snapshot(Context& context) {
  if (task_.files_mib) setup_->files_mib = *task_.files_mib;
  save_backup_setup(context, *setup_);
  const vault::Generation& current = setup_->content.current();
  generation_ = current.number;
  if (setup_->newest_generation == generation_) newest_ = setup_->newest;
  const auto go_on = [self = self_as<CreateJob>()](Context& later) { self->entered(later); };
  if (fresh_token_) return enter_with(context, current, *fresh_token_, go_on);
  const auto erased = [self = self_as<CreateJob>()](Context& later) { self->begin_after_erasure(later); };
  // What the realms are about to erase is no place for something new.
  const auto entered = [self = self_as<CreateJob>(), go_on, erased](Context& later) {
    const bool ends =
        self->deletion_waits_ || is_unconfirmed(later.store, self->vault_of(self->setup_->content.current()));
    ends ? erased(later) : go_on(later);
  };
  enter(context, current, entered, erased);
}

void CreateJob::begin_after_erasure(Context& context) {
  const auto account = load_account(context.store);
  if (!account || !box_ || began_generation_) {
    return fail_with(ErrorCode::conflict, "The backup was deleted just now; begin it again: backup create.");
  }
  newest_ = {};
  auto next = without_generations(wishes(context, *account, nullptr), {}, {generation_}, context.now, context.entropy);
  if (!next) return fail_to_plan(next.error());
  put_key_box(context, *account, std::move(*next),
              [self = self_as<CreateJob>()](Context& later) { self->begin_snapshot(later); });
}

void CreateJob::entered(Context& context) {
  doing_ = "looking at what is stored";
  listed_ = context.now;
  storage_->create_vault(context, [self = self_as<CreateJob>()](Context& later, Result<Bytes> body) {
    if (!body) return self->refused_by_storage(body.error());
    const auto look = [self](Context& next) {
      self->find_snapshots(next, [self](Context& then, std::vector<Found> found) { self->take_newest(then, found); });
    };
    // Of a generation that begins just now there is none.
    if (self->began_generation_ || !self->box_) return look(later);
    self->ask_for_word(later, Signers::active, look);
  });
}

void CreateJob::tell_of_rollback(Context& context, const std::string& sentence) {
  warnings_.push_back(sentence);
  note_trouble(context, *identity_, {BackupTrouble::Kind::rolled_back, task_.storage, context.now.ms, sentence});
}

void CreateJob::look_for_rollback(Context& context, bool shows_known, std::uint64_t shown) {
  if (!shows_known) {
    return tell_of_rollback(
        context, "The storage does not show snapshot " + std::to_string(newest_.counter) + " of generation " +
                     std::to_string(generation_) +
                     ", which this device knows, nor a newer one: it was set back, or holds some back. What you have "
                     "is backed up anew; look at what is there (backup list), and ask its operator.");
  }
  if (const auto behind = behind_word(vault::SnapshotWord{generation_, shown})) {
    tell_of_rollback(context, *behind + ". What you have is backed up anew.");
  }
}

void CreateJob::take_newest(Context& context, const std::vector<Found>& found) {
  const auto account = load_account(context.store);
  if (!account) return fail_with(ErrorCode::invalid_state, "This device has no name any more.");
  const auto signers = device_keys(task_.state, Signers::active);
  const vault::VaultId vault = vault_of(setup_->content.current());
  std::vector<vault::IndexReference> own;
  std::vector<vault::IndexReference> newest;
  const std::uint64_t known = newest_.counter;
  std::uint64_t shown = 0;
  own_.reset();
  for (const Found& one : found) {
    auto manifest = one.manifest.verify({generation_, vault, signers, 0});
    if (!manifest) continue;
    newest = manifest->indexes;
    shown = std::max(shown, manifest->counter);
    if (manifest->counter >= newest_.counter) newest_ = manifest->head();
    if (one.manifest.signer() != account->signing_key.public_key()) continue;
    own = manifest->indexes;
    own_ = std::move(*manifest);
  }
  look_for_rollback(context, shown >= known, shown);
  setup_->newest = newest_;
  setup_->newest_generation = generation_;
  save_backup_setup(context, *setup_);
  for (const vault::IndexReference& one : newest) {
    if (std::ranges::find(own, one.id, &vault::IndexReference::id) == own.end()) own.push_back(one);
  }
  fetch_indexes(context, own, [self = self_as<CreateJob>(), vault](Context& later) {
    std::vector<vault::ObjectId> packs;
    for (const Row& row : later.store.scan_prefix(tables::kBackupPacks, vault, proto::kMaxVaultObjects)) {
      wire::Reader began(row.value);
      const auto id = vault::ObjectId::from(ByteView(row.key).subspan(vault::VaultId::kSize));
      const bool good = id && elapsed_ms(later.now, Time{began.u64().value_or(0)}) < vault::kLongestSnapshotMs;
      if (good && !self->index_.find_pack(*id)) packs.push_back(*id);
    }
    self->take_left_behind(later, std::move(packs));
  });
}

void CreateJob::take_left_behind(Context& context, std::vector<vault::ObjectId> packs) {
  if (packs.empty()) return read_former(context);
  const vault::ObjectId id = packs.back();
  packs.pop_back();
  const auto take = [self = self_as<CreateJob>(), id, packs](Context& later, Result<Bytes> body) {
    if (!body && body.error().code != ErrorCode::not_found) return self->refused_by_storage(body.error());
    if (body) {
      auto table = vault::open_table(*self->keys_, id, body->size(), *body);
      if (table) self->index_.add_stored_pack({id, static_cast<std::uint32_t>(body->size()), std::move(*table)});
    }
    self->take_left_behind(later, packs);
  };
  storage_->get(context, id, vault::kMaxPackSize, take);
}

void CreateJob::read_former(Context& context) {
  const bool has_files = setup_->files_mib != 0 && own_ && own_->own.size != 0;
  if (!has_files) return begin_writing(context);
  if (!former_) former_.emplace(*own_, *keys_, index_);
  if (former_->read()) return begin_writing(context);
  const vault::ObjectId id = former_->chunks().wanted();
  storage_->get(context, id, vault::kMaxPackSize,
                [self = self_as<CreateJob>(), id](Context& later, Result<Bytes> body) {
                  if (!body && body.error().code != ErrorCode::not_found) return self->refused_by_storage(body.error());
                  if (body) {
                    self->former_->chunks().give(id, std::move(*body));
                  } else {
                    self->former_->chunks().missing(id);
                  }
                  self->read_former(later);
                });
}

void CreateJob::begin_writing(Context& context) {
  conversations_ = rooms_.conversations.list(context.store);
  done_ = all_ = 0;
  for (const Conversation& one : conversations_) all_ += Conversations::count(context.store, one);
  doing_ = "backing up messages";
  if (setup_->files_mib != 0) {
    const std::uint64_t reserve = kLeastReserve + kReserveTimes * (own_ ? own_->batched.size : 0);
    files_ = std::make_shared<BackupFiles>(
        rooms_.calls, rooms_.conversations,
        BackupFiles::Plan{setup_->files_mib * kBytesOfMib, reserve, files_round_, task_.files_mib.has_value()},
        former_ ? former_->take() : FormerFileMap{});
  }
  former_.reset();
  writer_.emplace(*keys_, std::move(index_), stored_objects(), listed_, context.entropy);
  index_ = {};
  write_settings(context);
}

void CreateJob::write_entry(const std::string& path, ByteView data) {
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
  write_entry("settings", wire::encode(BackedUpSettings{account->policy_text, tells_typing_at_all(context.store)}));
  std::vector<BackedUpContact> contacts;
  for (const Row& row : context.store.scan(tables::kContacts, {}, {}, kContacts)) {
    const auto view = wire::decode<directory::VerifiedView>(row.value);
    if (!view || !view->exists()) continue;
    const Bytes admitted = context.store.get(tables::kAdmittedResets, row.key).value_or(Bytes{});
    contacts.push_back({view->name().text(), wire::Reader(admitted).u32().value_or(0)});
  }
  wire::Writer w;
  w.vector(contacts);
  write_entry("contacts", w.take());
}

void CreateJob::write_shared(Context& context) {
  const auto account = load_account(context.store);
  if (!account) return fail_with(ErrorCode::invalid_state, "This device has no name any more.");
  const BackedUpShared entry{rooms_.sharing.settings_from(context.store, *account, shared_, kSharedEntryBytes)};
  if (entry.records.empty()) return;
  write_entry("shared/" + std::to_string(shared_entries_++), wire::encode(entry));
}

/// Its own entries, or the next messages of it; false when it is done.
bool CreateJob::write_conversation(Context& context) {
  const Conversation& conversation = conversations_[at_];
  const std::string home = to_hex(conversation.channel);
  if (!next_) {
    if (files_) files_->begin_conversation(settings_of(context.store, conversation.channel));
    const BackedUpConversation entry{conversation.kind, conversation.title, conversation.names,
                                     conversation.created_ms};
    write_entry("conversation/" + home, wire::encode(entry));
    BackedUpAbout about{settings_of(context.store, conversation.channel), {}, {}};
    if (conversation.kind == ConversationKind::group) {
      about.admins = group_wants(context.store, conversation.channel).admins;
      about.picture = group_picture(context.store, conversation.channel);
    }
    write_entry("about/" + home, wire::encode(about));
    next_ = 0;
  }
  const auto messages = rooms_.conversations.messages(context.store, conversation.channel, *next_, kMessagesOfEntry);
  if (messages.empty()) return false;
  wire::Writer w;
  for (const Conversations::Numbered& one : messages) {
    if (files_ && one.message.unsent && !one.message.id.is_zero()) files_->taken_back(one.message.id);
    if (one.message.is_lasting(context.now)) BackedUpMessage{one.index, one.message}.write(w);
  }
  write_entry("messages/" + home + "/" + std::to_string(*next_), w.take());
  write_said(context, conversation.channel, messages);
  done_ += messages.size();
  next_ = messages.back().index + 1;
  return true;
}

void CreateJob::write_said(Context& context, const ChannelId& home,
                           const std::vector<Conversations::Numbered>& messages) {
  const std::uint64_t end = messages.back().index + 1;
  const auto some = said_about_in(context.store, home, messages.front().index, end);
  BackedUpSaid entry;
  entry.first = messages.front().index;
  std::size_t size = 0;
  const auto write_up_to = [&](std::uint64_t to) {
    const std::uint64_t first = std::exchange(entry.first, to);
    if (first == to) return;
    BackedUpSaid whole{first, to, std::exchange(entry.all, {})};
    write_entry("said/" + to_hex(home) + "/" + std::to_string(first), wire::encode_secret(whole).expose());
    size = 0;
  };
  for (const Conversations::Numbered& one : messages) {
    if (!some.contains(one.index) || one.message.unsent || !one.message.is_lasting(context.now)) continue;
    entry.all.push_back({one.index, said_about(context.store, home, one.index)});
    const auto& file = entry.all.back().said.file;
    if (files_ && file) files_->take(home, one.index, one.message, *file);
    size += wire::encode_secret(entry.all.back()).expose().size();
    if (size >= kSaidEntryBytes) write_up_to(one.index + 1);
  }
  write_up_to(end);
}

bool CreateJob::write_some(Context& context) {
  if (finished_ || !writer_->may_write()) return false;
  if (shared_.phase != SettingsCursor::Phase::over) {
    write_shared(context);
  } else if (at_ == conversations_.size()) {
    return write_files(context);
  } else if (!write_conversation(context)) {
    ++at_;
    next_.reset();
    messages_ = done_;
  }
  return true;
}

bool CreateJob::write_files(Context& context) {
  const auto account = load_account(context.store);
  if (files_ && account) {
    doing_ = "backing up files";
    const auto step = files_->write_some(context, *account, *storage_, *writer_);
    done_ = files_->bytes() / kBytesOfMib;
    all_ = setup_->files_mib;
    if (step != BackupFiles::Step::done) return step == BackupFiles::Step::more;
  }
  finish(context);
  return true;
}

void CreateJob::finish(Context& context) {
  const auto account = load_account(context.store);
  if (!account) return fail_with(ErrorCode::invalid_state, "This device has no name any more.");
  vault::SnapshotInfo info{generation_, vault_of(setup_->content.current()), std::nullopt, context.now,
                           wire::encode(KnownChain{task_.state.count(), task_.state.head()})};
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
    if (vault::is_kind(id, vault::ObjectKind::manifest)) manifests_.push_back(id);
    if (vault::is_kind(id, vault::ObjectKind::pack)) {
      context.store.put(tables::kBackupPacks, pack_key(id), u64_bytes(context.now.ms));
      round_packs_.push_back(id);
    }
    storage_->put(context, id, std::move(object->bytes),
                  [self = self_as<CreateJob>(), id](Context& later, Result<Bytes> body) {
                    if (!self->writer_ || self->is_over()) return;
                    if (!body && self->files_round_) return self->give_room_back(later, body.error(), 0);
                    if (!body) return self->refused_by_storage(body.error());
                    self->writer_->stored(id);
                    if (self->finished_ && self->writer_->done()) self->end(later);
                  });
  }
}

void CreateJob::give_room_back(Context& context, const Error& error, std::size_t at) {
  const bool is_full = error.code == ErrorCode::over_limit || error.code == ErrorCode::storage_full;
  writer_.reset();
  // Where a manifest may be there already its packs stay.
  if (!is_full || !manifests_.empty() || at >= round_packs_.size()) return refused_by_storage(error);
  const std::size_t count = std::min(round_packs_.size() - at, proto::kMaxVaultPrune);
  const auto some = std::span(round_packs_).subspan(at, count);
  for (const vault::ObjectId& id : some) context.store.erase(tables::kBackupPacks, pack_key(id));
  storage_->prune(context, some, [self = self_as<CreateJob>(), error, next = at + count](Context& later, const auto&) {
    self->give_room_back(later, error, next);
  });
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
    if (!confirmed) self->fail_with(confirmed.error().code, kBeginAgain);
  });
}

/// A machine that slept between the check and the manifest: another device may have removed something meanwhile.
bool CreateJob::goes_on(Context& context) {
  seen_whole_ = writer_->is_whole(stored_objects()).has_value();
  if (seen_whole_) return true;
  setup_->newest = newest_;
  if (!files_round_) setup_->last_ms = last_ms_before_;  // what is due is due again
  save_backup_setup(context, *setup_);
  made_ = first_made_;
  is_put_ = false;
  storage_->prune(context, manifests_, [self = self_as<CreateJob>()](Context& later, const Result<Bytes>&) {
    // What was told of it is taken back.
    self->tell_realms(later, [self](Context&) { self->fail_with(ErrorCode::not_found, kBeginAgain); });
  });
  return false;
}

void CreateJob::end(Context& context) {
  setup_->newest = writer_->head();
  setup_->newest_generation = generation_;
  is_put_ = true;
  if (!files_round_) last_ms_before_ = std::exchange(setup_->last_ms, context.now.ms);
  save_backup_setup(context, *setup_);
  const vault::Generation& current = setup_->content.current();
  for (const Row& row : context.store.scan_prefix(tables::kBackupPacks, vault_of(current), proto::kMaxVaultObjects)) {
    context.store.erase(tables::kBackupPacks, row.key);
  }
  made_ = {{"snapshot", setup_->newest.counter},
           {"generation", generation_},
           {"new_generation", began_generation_},
           {"messages", messages_},
           {"conversations", conversations_.size()},
           {"bytes_stored", storage_->bytes_moved()},
           {"storage", task_.storage},
           {"openers", setup_->content.openers.size()},
           {"behind_realms", !setup_->content.current().token.has_value()}};
  if (entered_token_) made_["token"] = printed_token_text({generation_, entered_token_->clone()});
  const std::size_t kept = setup_->content.generations.size();
  if (kept + 3 > kMostKept && !files_round_) {
    warnings_.push_back("The backup keeps " + std::to_string(kept) + " generations of keys, and no more than " +
                        std::to_string(kMostKept) +
                        " have room: delete old ones before it is full (backup list, backup delete --generation).");
  }
  const auto pin = load_pin_row(context.store);
  if (setup_->content.pin && pin) made_["pin_check_due"] = pin->check_due(context.now);
  tell_of_files();
  if (files_round_) made_["pruned"] = first_made_["pruned"];
  const auto after_pruning = [self = self_as<CreateJob>()](Context& later) {
    if (self->files_ && !self->files_round_ && self->files_->wants_more()) return self->begin_files_round(later);
    self->conclude();
  };
  // Before anything is asked of the storage again: one that answers no more keeps nobody from hearing of it.
  tell_realms(context, [self = self_as<CreateJob>(), after_pruning](Context& later) {
    self->prune_vault(later, self->setup_->content.current(), self->setup_->newest, after_pruning);
  });
}

/// So that who knows nothing yet is shown no older state. Beside the shares of generations before it stands that there
/// is a first one, for a key box may be an old one; nothing else, and not for long, for a device that is out reads
/// that. Realms that are away are told of the next.
void CreateJob::tell_realms(Context& context, const Then& then) {
  const auto account = load_account(context.store);
  if (!account) return then(context);
  const std::uint64_t counter = setup_->newest.counter;
  if (counter == 0) return then(context);
  std::vector<std::optional<proto::Call>> calls;
  for (const vault::Generation& one : setup_->content.generations) {
    const auto list = RealmList::from(one.realms);
    const bool is_current = one.number == generation_;
    if (one.token || !list || (!is_current && counter > kToldBesideOlder)) continue;
    const vault::SnapshotWord word{generation_, is_current ? counter : 1};
    const Bytes note =
        vault::seal_snapshot_word(word, one.root, setup_->identity, account->signing_key, context.entropy);
    for (const RealmPlace& realm : list->realms) {
      calls.emplace_back(token_note_call(realm.url, vault::ask_token_note(one.root, realm.id(), note), note));
    }
  }
  ask_all(context, rooms_.calls, std::move(calls),
          [self = self_as<CreateJob>(), then](Context& later, const RealmReplies&) {
            if (!self->is_over()) then(later);
          });
}

/// All of it once more, which is stored already, and the files behind it.
void CreateJob::begin_files_round(Context& context) {
  files_round_ = true;
  made_["pruned"] = pruned();
  first_made_ = made_;
  newest_ = setup_->newest;
  writer_.reset();
  index_ = {};
  manifests_.clear();
  round_packs_.clear();
  shared_ = {};
  shared_entries_ = at_ = 0;
  next_.reset();
  finished_ = confirming_ = seen_whole_ = is_put_ = false;
  entered(context);
}

void CreateJob::tell_of_files() {
  if (!files_) return;
  made_["files"] = {{"stored", files_->stored()},
                    {"bytes", files_->bytes()},
                    {"left_out", files_->left_out()},
                    {"missing", files_->missing()}};
}

void CreateJob::refused_by_storage(const Error& error) {
  if (made_.is_null()) return PruningJob::refused_by_storage(error);
  if (!is_put_) return fail_with(error.code, storage_->refusal());
  warnings_.push_back(seen_whole_ ? "The snapshot is there, but what nothing needs any more was not removed (" +
                                        storage_->refusal() + "); backup create tries that again."
                                  : "The snapshot was put, but could not be looked at afterwards (" +
                                        storage_->refusal() + "): see whether it is whole, backup verify.");
  conclude();
}

void CreateJob::fail_with(ErrorCode code, std::string sentence) {
  if (made_.is_null() || is_over()) return PruningJob::fail_with(code, std::move(sentence));
  warnings_.push_back("All but files is backed up; files that were to come to it are not. " + sentence);
  conclude();
}

void CreateJob::cut_short(Context& context, ErrorCode code, std::string sentence) {
  if (made_.is_null()) return PruningJob::cut_short(context, code, std::move(sentence));
  if (!is_put_) return fail_with(code, std::move(sentence));
  warnings_.push_back("The snapshot was put; what comes after that was not done. " + sentence);
  conclude();
}

void CreateJob::conclude() {
  if (is_over()) return;
  if (!made_.contains("pruned")) made_["pruned"] = pruned();
  const nlohmann::json files = made_.value("files", nlohmann::json::object());
  const auto number = [&](const char* key) { return files.value(key, std::size_t{0}); };
  if (number("left_out") != 0) {
    warnings_.push_back(std::to_string(number("left_out")) +
                        " files had no room in the backup and were left out; more of them have with a larger number of "
                        "MiB (backup create --files), as long as the storage has room.");
  }
  if (number("missing") != 0) {
    warnings_.push_back(std::to_string(number("missing")) +
                        " files are not in the backup, for they could not be had; they are tried again later.");
  }
  succeed(std::move(made_));
}

Bytes CreateJob::pack_key(const vault::ObjectId& id) const { return concat({vault_of(setup_->content.current()), id}); }

}  // namespace cairn::client
