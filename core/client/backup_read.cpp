#include "core/client/backup_read.h"

#include "core/base/encoding.h"
#include "core/client/expiry.h"
#include "core/client/row_keys.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"

namespace cairn::client {
namespace {

/// Steps of a reader in one step of a job: so that messages go on meanwhile.
constexpr std::size_t kStepsAtOnce = 64;
constexpr std::size_t kNamedAtMost = 16;
constexpr std::size_t kMaxContactsListed = 100'000;
constexpr std::uint64_t kMaxEntry = std::uint64_t{64} << 20;

/// Some names for a sentence, and how many more there are.
std::string names_of(const std::vector<std::string>& all) {
  std::string out;
  for (std::size_t i = 0; i < std::min(all.size(), kNamedAtMost); ++i) out += (i == 0 ? "" : ", ") + all[i];
  if (all.size() > kNamedAtMost) out += " and " + std::to_string(all.size() - kNamedAtMost) + " more";
  return out;
}

/// "HOME" or "HOME/FIRST".
Result<ChannelId> archive_of(std::string_view text) {
  const Bytes bytes = TRY(from_hex(text.substr(0, text.find('/'))));
  return archive_home(TRY(ChannelId::from(bytes)));
}

}  // namespace

// ---- list ----

void ListJob::unlocked(Context& context) {
  if (!box_) return fail_with(ErrorCode::not_found, kNoBackup);
  list_from(context, 0);
}

void ListJob::list_from(Context& context, std::size_t at) {
  if (at == box_->content.generations.size()) {
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
    snapshots_.push_back({{"snapshot", manifest->counter},
                          {"storage", task_.storage},
                          {"generation", of.number},
                          {"created_ms", manifest->created.ms},
                          {"device", device == nullptr ? "" : to_hex(device->id)},
                          {"device_active", device != nullptr && device->active()}});
  }
  for (const proto::VaultItem& item : items_) bytes_ += item.size;
}

// ---- the newest snapshot ----

void NewestJob::unlocked(Context& context) {
  if (!box_) return fail_with(ErrorCode::not_found, kNoBackup);
  doing_ = "looking for the newest snapshot";
  look_in(context, box_->content.generations.size());
}

void NewestJob::look_in(Context& context, std::size_t at) {
  if (at == 0 && erased_) {
    return fail_with(ErrorCode::invalid_state,
                     "The realms have erased their parts of this backup's key, as its owner asked: what it held opens "
                     "never again.");
  }
  if (at == 0) {
    const bool known = task_.setup && task_.setup->newest.counter != 0;
    return known
               ? fail_with(ErrorCode::stale,
                           "The storage shows none of the snapshots that this device has made; they were destroyed, or "
                           "are held back: use another copy, and back up anew.")
               : fail_with(ErrorCode::not_found, "There is no snapshot in this backup yet; backup create makes one.");
  }
  const auto self = self_as<NewestJob>();
  enter(
      context, box_->content.generations[at - 1],
      [self, at](Context& later) {
        self->find_snapshots(later,
                             [self, at](Context& then, std::vector<Found> found) { self->choose(then, at, found); });
      },
      [self, at](Context& later) {
        self->erased_ = true;
        self->look_in(later, at - 1);
      });
}

void NewestJob::choose(Context& context, std::size_t at, const std::vector<Found>& found) {
  const vault::Generation& generation = box_->content.generations[at - 1];
  const auto signers = device_keys(task_.state, Signers::ever);
  for (auto one = found.rbegin(); one != found.rend() && !manifest_; ++one) {
    auto manifest = one->manifest.verify({generation.number, vault_of(generation), signers, 0});
    if (!manifest) continue;
    manifest_ = std::move(*manifest);
    const auto* device = task_.state.find_by_key(one->manifest.signer());
    signer_is_active_ = device != nullptr && device->active();
  }
  if (!manifest_) return look_in(context, at - 1);
  const auto place = [](std::uint32_t number, std::uint64_t counter) { return std::pair(number, counter); };
  if (task_.setup && place(generation.number, manifest_->counter) <
                         place(task_.setup->newest_generation, task_.setup->newest.counter)) {
    return fail_with(
        ErrorCode::stale,
        "The storage shows an older snapshot than this device knows, and nothing was done; use another copy "
        "of the backup, or ask its operator.");
  }
  if (!signer_is_active_ && removed_ == RemovedSigner::refuse) {
    return fail_with(
        ErrorCode::not_authorised,
        "The newest snapshot was made by a device that is no longer one of the name's; if you trust what it "
        "wrote, say so: backup restore --accept-removed.");
  }
  fetch_indexes(context, manifest_->indexes, [self = self_as<NewestJob>()](Context& later) { self->chosen(later); });
}

// ---- verify ----

void VerifyJob::chosen(Context& context) {
  doing_ = "reading packs";
  const bool all = share_ == kAllPacks || index_.packs().empty();
  auto packs = all ? vault::all_packs(index_) : vault::sample_packs(index_, share_, context.entropy);
  all_ = packs.size();
  verifier_.emplace(*keys_, index_, *manifest_, std::move(packs));
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
    case vault::VerifyStep::bad_pack: packs_.push_back(to_hex(verifier_->wanted())); return true;
    case vault::VerifyStep::damage: {
      std::string path = as_text(verifier_->reader().entry().path);
      if (damaged_.empty() || damaged_.back() != path) damaged_.push_back(std::move(path));
      return true;
    }
    case vault::VerifyStep::lost_entries: damaged_.emplace_back("the names of entries"); return true;
    case vault::VerifyStep::end: end(); return false;
  }
  return false;
}

void VerifyJob::end() {
  if (packs_.empty() && damaged_.empty()) {
    return succeed({{"snapshot", manifest_->counter}, {"packs", all_}, {"bytes", storage_->bytes_moved()}});
  }
  fail_with(ErrorCode::inconsistent,
            "The backup is damaged: pack " + names_of(packs_) +
                (damaged_.empty() ? "; nothing is lost by it" : "; lost are " + names_of(damaged_)) +
                ". Everything else can be restored; delete this generation and back up anew.");
}

// ---- restore ----

void RestoreJob::chosen(Context& context) {
  account_ = load_account(context.store);
  if (!account_) return fail_with(ErrorCode::invalid_state, "This device has no name any more.");
  doing_ = "restoring";
  all_ = manifest_->entry_count;
  chunks_.emplace(*keys_, index_);
  reader_.emplace(*manifest_, *chunks_, vault::ReadMode::data);
}

bool RestoreJob::work(Context& context) {
  for (std::size_t i = 0; reader_ && !waits_ && !is_over() && i < kStepsAtOnce; ++i)
    take_step(context, reader_->next());
  return reader_ && !waits_ && !is_over();
}

void RestoreJob::take_step(Context& context, vault::ReadStep step) {
  switch (step) {
    case vault::ReadStep::want_pack: {
      waits_ = true;
      const vault::ObjectId id = chunks_->wanted();
      const auto take = [self = self_as<RestoreJob>(), id](Context&, Result<Bytes> body) {
        if (!body && body.error().code != ErrorCode::not_found) return self->refused_by_storage(body.error());
        if (body) {
          self->chunks_->give(id, std::move(*body));
        } else {
          self->chunks_->missing(id);
        }
        self->waits_ = false;
      };
      storage_->get(context, id, vault::kMaxPackSize, take);
      return;
    }
    case vault::ReadStep::entry:
      data_.clear();
      sound_ = reader_->entry().size <= kMaxEntry;
      return;
    case vault::ReadStep::data:
      if (sound_) append(data_, reader_->data());
      return;
    case vault::ReadStep::damage: sound_ = false; return;
    case vault::ReadStep::end_entry: take_entry(context); return;
    case vault::ReadStep::lost_entries: damaged_.emplace_back("the names of entries"); return;
    case vault::ReadStep::end: end(context); return;
    case vault::ReadStep::reference: return;
  }
}

void RestoreJob::take_entry(Context& context) {
  constexpr std::string_view kConversation = "conversation/";
  constexpr std::string_view kMessages = "messages/";
  const std::string path = as_text(reader_->entry().path);
  const std::string_view rest = path;
  Status taken = sound_ ? ok() : Status(fail(ErrorCode::inconsistent, "damaged"));
  if (taken && path == "contacts") taken = take_contacts(context);
  if (taken && path.starts_with(kConversation)) taken = take_conversation(context, rest.substr(kConversation.size()));
  if (taken && path.starts_with(kMessages)) taken = take_messages(context, rest.substr(kMessages.size()));
  if (!taken) damaged_.push_back(path);
}

Status RestoreJob::take_contacts(Context& context) {
  wire::Reader r(data_);
  const auto contacts = TRY(r.vector<BackedUpContact>(wire::kMaxVectorSize, kMaxContactsListed));
  TRY(r.finish());
  for (const BackedUpContact& contact : contacts) {
    Bytes key = name_key(*account_, contact.name);
    if (contact.admitted_resets == 0 || context.store.get(tables::kAdmittedResets, key)) continue;
    wire::Writer w;
    w.u32(contact.admitted_resets);
    context.store.put(tables::kAdmittedResets, std::move(key), w.take());
  }
  contacts_ = contacts.size();
  return ok();
}

Status RestoreJob::take_conversation(Context& context, std::string_view home) {
  const ChannelId archive = TRY(archive_of(home));
  const auto entry = TRY(wire::decode<BackedUpConversation>(data_));
  Conversation conversation;
  conversation.channel = archive;
  conversation.domain = account_->domain();
  conversation.kind = ConversationKind::group;  // a pair would be taken for the one that lives
  conversation.state = ConversationState::left;
  conversation.title = archive_title(*account_, entry);
  conversation.names = entry.names;
  conversation.created_ms = entry.created_ms;
  context.store.put(tables::kConversations, to_bytes(archive), wire::encode(conversation));
  ++conversations_;
  return ok();
}

Status RestoreJob::take_messages(Context& context, std::string_view home) {
  const ChannelId archive = TRY(archive_of(home));
  auto conversation = rooms_.conversations.find(context.store, archive);
  REQUIRE(conversation && conversation->state == ConversationState::left, ErrorCode::malformed, "no conversation");
  std::vector<BackedUpMessage> messages;
  for (wire::Reader r(data_); !r.done();) messages.push_back(TRY(BackedUpMessage::read(r)));
  for (BackedUpMessage& one : messages) {
    // Nothing of it waits here: what was not sent then was not sent.
    if (one.message.delivery == Delivery::waiting) one.message.delivery = Delivery::refused;
    conversation->next_message = std::max(conversation->next_message, one.index + 1);
    // What was to disappear meanwhile does not come back.
    if (!restore_life(context, archive, one.index, one.message)) continue;
    context.store.put(tables::kMessages, numbered(archive, one.index), wire::encode(one.message));
    ++done_;
  }
  context.store.put(tables::kConversations, to_bytes(archive), wire::encode(*conversation));
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

void RestoreJob::end(Context& context) {
  keep_pin(context);
  nlohmann::json warnings = nlohmann::json::array();
  if (!signer_is_active_) {
    warnings.push_back("The snapshot was made by a device that is no longer one of the name's.");
  }
  if (!damaged_.empty()) {
    warnings.push_back("Some of the backup is damaged and was left out: " + names_of(damaged_) + ".");
  }
  succeed({{"snapshot", manifest_->counter},
           {"generation", manifest_->generation},
           {"created_ms", manifest_->created.ms},
           {"messages", done_},
           {"conversations", conversations_},
           {"contacts", contacts_},
           {"warnings", warnings}});
}

}  // namespace cairn::client
