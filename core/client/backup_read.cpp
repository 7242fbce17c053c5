#include "core/client/backup_read.h"

#include "core/base/encoding.h"
#include "core/client/expiry.h"
#include "core/client/row_keys.h"
#include "core/client/tables.h"
#include "core/client/typing.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"

namespace cairn::client {
namespace {

/// Steps of a reader in one step of a job: so that messages go on meanwhile.
constexpr std::size_t kStepsAtOnce = 64;
constexpr std::size_t kFileStepsAtOnce = 8;  ///< each of a chunk of up to 1 MiB
constexpr std::size_t kNamedAtMost = 16;
constexpr std::size_t kMaxContactsListed = 100'000;
constexpr std::uint64_t kMaxEntry = std::uint64_t{64} << 20;
constexpr std::uint64_t kReservedEntry = std::uint64_t{1} << 20;  ///< those with keys are smaller

/// Some names for a sentence, and how many more there are.
std::string names_of(const std::vector<std::string>& all) {
  std::string out;
  for (std::size_t i = 0; i < std::min(all.size(), kNamedAtMost); ++i) out += (i == 0 ? "" : ", ") + all[i];
  if (all.size() > kNamedAtMost) out += " and " + std::to_string(all.size() - kNamedAtMost) + " more";
  return out;
}

}  // namespace

// ---- list ----

void ListJob::unlocked(Context& context) {
  if (!box_) return fail_with(ErrorCode::not_found, kNoBackup);
  ask_for_word(context, Signers::active, [self = self_as<ListJob>()](Context& later) { self->list_from(later, 0); });
}

void ListJob::list_from(Context& context, std::size_t at) {
  if (at == box_->content.generations.size()) {
    if (const auto behind = behind_word(shown_)) warnings_.push_back(*behind + ".");
    return succeed({{"snapshots", snapshots_}, {"bytes", bytes_}, {"storage", task_.storage}, {"erased", erased_}});
  }
  const auto next = [self = self_as<ListJob>(), at](Context& later) { self->list_from(later, at + 1); };
  enter(
      context, box_->content.generations[at],
      [self = self_as<ListJob>(), at, next](Context& later) {
        self->find_snapshots(later, [self, at, next](Context& then, std::vector<Found> found) {
          self->show(at, found);
          next(then);
        });
      },
      [self = self_as<ListJob>(), at, next](Context& later) {
        self->erased_.push_back(self->box_->content.generations[at].number);
        next(later);
      });
}

void ListJob::show(std::size_t at, const std::vector<Found>& found) {
  const vault::Generation& of = box_->content.generations[at];
  const auto signers = device_keys(task_.state, Signers::ever);
  for (const Found& one : found) {
    const auto manifest = one.manifest.verify({of.number, vault_of(of), signers, 0});
    if (!manifest) continue;
    const auto* device = task_.state.find_by_key(one.manifest.signer());
    const vault::SnapshotWord place{of.number, manifest->counter};
    shown_ = std::max(shown_.value_or(place), place);
    snapshots_.push_back({{"snapshot", manifest->counter},
                          {"storage", task_.storage},
                          {"generation", of.number},
                          {"created_ms", manifest->created.ms},
                          {"device", device == nullptr ? "" : to_hex(device->id)},
                          {"device_active", device != nullptr && device->active()}});
  }
  for (const proto::VaultItem& item : items_) bytes_ += item.size;
}

// ---- verify ----
// ---- token ----

void TokenJob::unlocked(Context& context) {
  if (!box_) return fail_with(ErrorCode::not_found, kNoBackup);
  const vault::Generation& current = box_->content.current();
  if (current.token) {
    return fail_with(ErrorCode::invalid_state,
                     "No realms hold a part of this backup's key, so it has no token: the recovery key alone opens "
                     "it, and nothing is to be printed beside it.");
  }
  enter(context, current, [self = self_as<TokenJob>(), number = current.number](Context&) {
    self->succeed({{"generation", number}, {"token", printed_token_text({number, self->entered_token_->clone()})}});
  });
}

void VerifyJob::opened(Context& context) {
  doing_ = "reading packs";
  const bool all = share_ == kAllPacks || index_.packs().empty();
  auto packs = all ? vault::all_packs(index_) : vault::sample_packs(index_, share_, context.entropy);
  all_ += packs.size();
  verifier_.emplace(*keys_, index_, snapshot().manifest, std::move(packs));
}

bool VerifyJob::work(Context& context) {
  if (!verifier_ || waits_) return false;
  switch (verifier_->next()) {
    case vault::VerifyStep::want_pack: {
      waits_ = true;
      const vault::ObjectId id = verifier_->wanted();
      const auto take = [self = self_as<VerifyJob>(), id](Context&, Result<Bytes> body) {
        if (!body && body.error().code != ErrorCode::not_found) return self->refused_by_storage(body.error());
        if (body) {
          self->verifier_->give(id, std::move(*body));
        } else {
          self->verifier_->missing(id);
        }
        self->done_ = std::min(self->done_ + 1, self->all_);
        self->waits_ = false;
      };
      storage_->get(context, id, vault::kMaxPackSize, take);
      return false;
    }
    case vault::VerifyStep::bad_pack: packs_.insert(to_hex(verifier_->wanted())); return true;
    case vault::VerifyStep::damage: {
      std::string path = as_text(verifier_->reader().entry().path);
      if (damaged_.empty() || damaged_.back() != path) damaged_.push_back(std::move(path));
      return true;
    }
    case vault::VerifyStep::lost_entries: damaged_.emplace_back("the names of entries"); return true;
    case vault::VerifyStep::end:
      verifier_.reset();
      read_next(context);
      return true;
  }
  return false;
}

void VerifyJob::all_read(Context&) {
  if (packs_.empty() && damaged_.empty()) {
    nlohmann::json result = snapshots_json();
    result["packs"] = all_;
    result["bytes"] = storage_->bytes_moved();
    return succeed(std::move(result));
  }
  fail_with(ErrorCode::inconsistent,
            "The backup is damaged: pack " + names_of(std::vector<std::string>(packs_.begin(), packs_.end())) +
                (damaged_.empty() ? "; nothing is lost by it" : "; lost are " + names_of(damaged_)) +
                ". Everything else can be restored; delete this generation and back up anew.");
}

// ---- restore ----

void RestoreJob::opened(Context& context) {
  if (!account_) account_ = load_account(context.store);
  if (!account_) return fail_with(ErrorCode::invalid_state, "This device has no name any more.");
  doing_ = "restoring";
  if (!archives_) archives_.emplace(rooms_.conversations, rooms_.search, *account_);
  // Where nobody can say who is out by now this device alone is certain of itself.
  const bool is_certain = !task_.last_word || snapshot().device == account_->device_id();
  const vault::SignerState signer = is_certain ? snapshot().state : vault::SignerState::removed;
  archives_->begin_snapshot(signer, snapshot().manifest.created);
  settings_.begin_snapshot(signer);
  all_ += snapshot().manifest.entry_count;
  chunks_.emplace(*keys_, index_);
  reader_.emplace(snapshot().manifest, *chunks_, vault::ReadMode::data);
}

bool RestoreJob::work(Context& context) {
  for (std::size_t i = 0; reader_ && !waits_ && !is_over() && i < kStepsAtOnce; ++i)
    take_step(context, reader_->next());
  const auto whose = task_.last_word ? Sharing::Backup::of_former_device : Sharing::Backup::of_device;
  if (is_read_ && !is_over() && !settings_.put_some(context, *account_, rooms_.sharing, whose)) {
    is_read_ = false;
    read_files(context);
  }
  const bool more = files_ && !is_over() && take_files(context);
  return !is_over() && (is_read_ || more || (reader_ && !waits_));
}

void RestoreJob::want_pack(Context& context, vault::StoredChunks& chunks) {
  waits_ = true;
  const vault::ObjectId id = chunks.wanted();
  const auto take = [self = self_as<RestoreJob>(), &chunks, id](Context&, Result<Bytes> body) {
    if (self->is_over()) return;
    if (!body && body.error().code != ErrorCode::not_found) return self->refused_by_storage(body.error());
    if (body) {
      chunks.give(id, std::move(*body));
    } else {
      chunks.missing(id);
    }
    self->waits_ = false;
  };
  storage_->get(context, id, vault::kMaxPackSize, take);
}

void RestoreJob::take_step(Context& context, vault::ReadStep step) {
  switch (step) {
    case vault::ReadStep::want_pack: return want_pack(context, *chunks_);
    case vault::ReadStep::entry:
      forget_data();
      // Files stand behind everything else, and their turn comes later.
      if (file_of_entry(reader_->entry().path)) return end_snapshot(context);
      sound_ = reader_->entry().size <= kMaxEntry;
      if (sound_) data_.reserve(std::min(reader_->entry().size, kReservedEntry));
      return;
    case vault::ReadStep::data:
      if (sound_) append(data_, reader_->data());
      return;
    case vault::ReadStep::damage: sound_ = false; return;
    case vault::ReadStep::end_entry:
      take_entry(context);
      forget_data();
      return;
    case vault::ReadStep::lost_entries: damaged_.emplace_back("the names of entries"); return;
    case vault::ReadStep::end: return end_snapshot(context);
    case vault::ReadStep::reference: return;
  }
}

void RestoreJob::end_snapshot(Context& context) {
  reader_.reset();
  chunks_.reset();
  read_next(context);
}

void RestoreJob::take_entry(Context& context) {
  const std::string path = as_text(reader_->entry().path);
  const Status taken = sound_ ? take_data(context, path) : Status(fail(ErrorCode::inconsistent, "damaged"));
  done_ = archives_->messages();
  if (!taken) damaged_.push_back(path);
}

/// It may have keys of files.
void RestoreJob::forget_data() {
  wipe(data_);
  data_.clear();
}

/// What has another path is of a later build.
Status RestoreJob::take_data(Context& context, const std::string& path) {
  const std::size_t slash = path.find('/');
  const std::string_view kind = std::string_view(path).substr(0, slash);
  const std::string_view rest =
      slash == std::string::npos ? std::string_view() : std::string_view(path).substr(slash + 1);
  if (path == "settings") return take_settings(context);
  if (path == "contacts") return take_contacts(context);
  if (kind == "shared") return settings_.take(data_);
  if (kind == "conversation") return archives_->take_conversation(context, rest, data_);
  if (kind == "about") return archives_->take_about(context, rest, data_);
  if (kind == "messages") return archives_->take_messages(context, rest, data_);
  if (kind == "said") return archives_->take_said(context, rest, data_);
  return ok();
}

/// A policy is pinned by who has this device, and by no backup. Who told nobody of typing still does not.
Status RestoreJob::take_settings(Context& context) {
  const auto settings = TRY(wire::decode<BackedUpSettings>(data_));
  if (!settings.tells_typing) set_tells_typing(context, std::nullopt, false);
  return ok();
}

/// What was admitted keeps a question from being asked: of a device that is out, or may be, that is no word.
Status RestoreJob::take_contacts(Context& context) {
  wire::Reader r(data_);
  const auto contacts = TRY(r.vector<BackedUpContact>(wire::kMaxVectorSize, kMaxContactsListed));
  TRY(r.finish());
  contacts_ = std::max<std::uint64_t>(contacts_, contacts.size());
  if (snapshot().state != vault::SignerState::active || task_.last_word) return ok();
  for (const BackedUpContact& contact : contacts) {
    Bytes key = name_key(*account_, contact.name);
    if (contact.admitted_resets == 0 || context.store.get(tables::kAdmittedResets, key)) continue;
    wire::Writer w;
    w.u32(contact.admitted_resets);
    context.store.put(tables::kAdmittedResets, std::move(key), w.take());
  }
  return ok();
}

/// Who came in by the PIN keeps what can replace it, and the realms.
void RestoreJob::keep_pin(Context& context) {
  const auto& pin = box_->content.pin;
  if (!task_.pin || !pin) return;
  PinRow row;
  row.sent.push_back({PinVersion{}, crypto::SigningKey::from_seed(pin->auth.clone())});
  row.checked_ms = context.now.ms;
  save_pin_row(context, row);
  context.store.put(tables::kRealms, storage_key(*identity_), wire::encode(*task_.realms));
}

void RestoreJob::all_read(Context& context) {
  keep_pin(context);
  is_read_ = true;
}

// ---- their files ----

void RestoreJob::read_files(Context& context) {
  files_of_ = with_files();
  files_.emplace(rooms_.conversations);
  doing_ = "restoring files";
  done_ = all_ = 0;
  if (files_of_.empty()) conclude(context.store);
}

/// What one snapshot has not, or not sound, may be in the next one.
void RestoreJob::read_files_of_next(Context& context) {
  reads_files_ = false;
  if (files_at_ == files_of_.size() || !files_->wants_any()) return conclude(context.store);
  const Chosen& one = *files_of_[files_at_++];
  waits_ = true;
  open_snapshot(context, one, [self = self_as<RestoreJob>(), &one](Context&) {
    self->files_->begin_snapshot(one.manifest, *self->keys_, self->index_);
    self->reads_files_ = true;
    self->waits_ = false;
  });
}

/// True when there is more of it now.
bool RestoreJob::take_files(Context& context) {
  if (waits_) return false;
  if (!reads_files_) {
    if (!files_->look_at_some(context)) read_files_of_next(context);
    return !waits_;
  }
  for (std::size_t i = 0; i < kFileStepsAtOnce; ++i) {
    const auto step = files_->step(context);
    done_ = files_->restored();
    all_ = files_->all();
    if (step == BackupFileReader::Step::more) continue;
    if (step == BackupFileReader::Step::want_pack) {
      want_pack(context, files_->chunks());
    } else {
      read_files_of_next(context);
    }
    return !waits_;
  }
  return true;
}

void RestoreJob::fail_with(ErrorCode code, std::string sentence) {
  if (!files_ || is_over()) return ReaderJob::fail_with(code, std::move(sentence));
  warnings_.push_back("All but files came back; of those " + std::to_string(files_->restored()) + " of " +
                      std::to_string(files_->all()) + " did: backup restore goes on there. " + sentence);
  conclude_with({});
}

void RestoreJob::conclude(const StoreView& store) {
  if (files_->lost_names()) warnings_.emplace_back("Of some files the backup has lost what they are.");
  conclude_with(files_->damaged(store));
}

void RestoreJob::conclude_with(std::vector<std::string> damaged_files) {
  nlohmann::json result = snapshots_json();
  for (const auto& one : result["snapshots"]) {
    if (one["device_active"]) continue;
    warnings_.push_back("Snapshot " + one["snapshot"].dump() + " was made by the device " +
                        one["device"].get<std::string>() + ", which is no longer one of the name's.");
  }
  if (!damaged_.empty()) {
    warnings_.push_back("Some of the backup is damaged and was left out: " + names_of(damaged_) + ".");
  }
  if (!damaged_files.empty()) {
    warnings_.push_back("Files that are damaged in the backup, or are not what their messages say, were left out: " +
                        names_of(damaged_files) + ".");
  }
  result["files"] = files_->restored();
  result["messages"] = archives_->messages();
  result["conversations"] = archives_->conversations();
  result["contacts"] = contacts_;
  result["settings"] = settings_.count();
  succeed(std::move(result));
}

}  // namespace cairn::client
