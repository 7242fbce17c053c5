// What a job of the backup asks of realms: the token of a generation, and the opener behind a PIN.
#include "core/base/encoding.h"
#include "core/client/backup_job.h"
#include "core/client/begun_generations.h"
#include "core/client/day.h"
#include "core/client/lost_generations.h"

namespace cairn::client {
namespace {

constexpr const char* kBadKeys =
    "The keys of this backup do not open; it is damaged, or made by a program that is broken.";

/// Its snapshots went with it, and are missed by nobody.
bool was_deleted(const vault::KeyBoxContent& content, std::uint32_t generation) {
  const auto& all = content.generations;
  return generation < content.current().number &&
         std::ranges::find(all, generation, &vault::Generation::number) == all.end();
}

}  // namespace

void BackupJob::told_of(const RealmList& list, const std::vector<vault::RealmFate>& fates) {
  realms_ = fates_json(list, fates);
  for (std::string& one : liar_sentences(list, fates)) {
    if (std::ranges::find(warnings_, one) == warnings_.end()) warnings_.push_back(std::move(one));
  }
}

void BackupJob::enter_with(Context& context, const vault::Generation& generation, const vault::BackupToken& token,
                           const Then& then, const Then& unreachable) {
  auto keys = keys_of(generation, token);
  if (!keys) return cannot_enter(context, generation, keys.error().code, kBadKeys, unreachable);
  if (task_.print_token) entered_token_ = token.clone();
  keys_.emplace(std::move(*keys));
  index_ = {};
  open_vault(generation);
  then(context);
}

void BackupJob::enter(Context& context, const vault::Generation& generation, Then then) {
  enter(context, generation, std::move(then), [self = shared_from_this()](Context&) {
    self->fail_with(
        ErrorCode::not_found,
        "The realms have erased their parts of this backup's key, as its owner asked: it opens never again. "
        "backup create begins a new one.");
  });
}

void BackupJob::cannot_enter(Context& context, const vault::Generation& generation, ErrorCode code,
                             std::string sentence, const Then& unreachable) {
  if (!unreachable) return fail_with(code, std::move(sentence));
  warnings_.push_back("Generation " + std::to_string(generation.number) + " was left out. " + sentence);
  unreachable(context);
}

void BackupJob::enter(Context& context, const vault::Generation& generation, Then then, Then erased, Then unreachable) {
  deletion_waits_ = false;
  if (generation.token) return enter_with(context, generation, *generation.token, then, unreachable);
  if (task_.token && task_.token->generation == generation.number) {
    return enter_with(context, generation, task_.token->token, then, unreachable);
  }
  const auto list = RealmList::from(generation.realms);
  auto recovery = list ? vault::TokenRecovery::begin(list->set(), generation.root)
                       : Result<vault::TokenRecovery>(tl::unexpected<Error>(list.error()));
  if (!recovery) return cannot_enter(context, generation, ErrorCode::inconsistent, kBadKeys, unreachable);
  doing_ = "asking the realms for their parts of the key";
  const auto machine = std::make_shared<vault::TokenRecovery>(std::move(*recovery));
  const auto house = std::make_shared<const RealmHouse>(RealmHouse{*list, {}, {}});
  const auto of = std::make_shared<const vault::Generation>(generation.clone());
  carry_token(context, rooms_.calls, house, machine,
              [self = shared_from_this(), machine, house, of, then, erased, unreachable](Context& later) {
                if (!self->over_) self->token_came(later, *of, house->list, *machine, then, erased, unreachable);
              });
}

void BackupJob::tell_of_deletion(const vault::Generation& generation, const RealmList& list,
                                 const vault::TokenRecovery& recovery) {
  const auto waiting = recovery.waiting();
  if (waiting.empty()) return;
  std::string sentence = "Generation " + std::to_string(generation.number);
  if (const auto at = recovery.ends_at_ms()) {
    deletion_at_ms_ = std::min(deletion_at_ms_.value_or(*at), *at);
    sentence += " is to be deleted on " + day_text(Time{*at}) +
                ", as a device has asked; if you do not want that, type: cairn backup delete --cancel";
  } else {
    std::string names;
    for (const std::size_t i : waiting) names += (names.empty() ? "" : ", ") + list.realms[i].name();
    sentence += " is to be deleted, say these realms, and too few others for it to be so: " + names +
                ". If a device of yours asked, call it off (cairn backup delete --cancel) or ask again; else tell "
                "their operators.";
  }
  if (std::ranges::find(warnings_, sentence) == warnings_.end()) warnings_.push_back(std::move(sentence));
}

void BackupJob::token_came(Context& context, const vault::Generation& generation, const RealmList& list,
                           vault::TokenRecovery& recovery, const Then& then, const Then& erased,
                           const Then& unreachable) {
  using State = vault::TokenRecovery::State;
  told_of(list, recovery.fates());
  tell_of_deletion(generation, list, recovery);
  deletion_waits_ = recovery.ends_at_ms().has_value();
  if (recovery.state() == State::recovered) {
    return enter_with(context, generation, recovery.take_token(), then, unreachable);
  }
  if (recovery.state() == State::erased) return erased(context);
  cannot_enter(context, generation, ErrorCode::unavailable,
               "Of the " + std::to_string(list.realms.size()) + " realms that hold parts of this backup's key " +
                   std::to_string(list.threshold) + " are needed, and too few gave theirs: " +
                   unwell(list, recovery.fates()) + "; try again when they run, or give the printed token: --token.",
               unreachable);
}

void BackupJob::ask_for_word(Context& context, Signers whose, Then then) {
  if (box_->content.current().token || task_.token) return then(context);
  ask_for_word_before(context, box_->content.generations.size(), whose, then);
}

/// A generation that began without a snapshot (the PIN was changed, say) has no word yet: the one before it has the
/// newest then.
void BackupJob::ask_for_word_before(Context& context, std::size_t end, Signers whose, const Then& then) {
  const auto& all = box_->content.generations;
  while (end > 0 && (all[end - 1].token || !RealmList::from(all[end - 1].realms))) --end;
  if (end == 0) return then(context);
  const vault::BackupRoot& root = all[end - 1].root;
  const auto list = RealmList::from(all[end - 1].realms);
  std::vector<std::optional<proto::Call>> calls;
  for (const RealmPlace& realm : list->realms) {
    calls.emplace_back(token_note_call(realm.url, vault::ask_token_note(root, realm.id(), {}), {}));
  }
  ask_all(context, rooms_.calls, std::move(calls),
          [self = shared_from_this(), end, whose, then](Context& later, const RealmReplies& replies) {
            if (self->over_) return;
            if (self->take_words(end - 1, whose, replies) == WordSearch::over) return then(later);
            self->ask_for_word_before(later, end - 1, whose, then);
          });
}

BackupJob::WordSearch BackupJob::take_words(std::size_t at, Signers whose, const RealmReplies& replies) {
  const vault::BackupRoot& root = box_->content.generations[at].root;
  const auto signers = device_keys(task_.state, whose);
  bool is_answered = false;
  for (const auto& reply : replies) {
    is_answered = is_answered || reply.has_value();
    const auto note = token_note_reply(reply);
    const auto word = note ? vault::open_snapshot_word(*note, root, *identity_, signers)
                           : Result<vault::SnapshotWord>(tl::unexpected<Error>(note.error()));
    if (word && !was_deleted(box_->content, word->generation)) word_ = std::max(word_.value_or(*word), *word);
  }
  // Where nobody answers, nobody is waited for once more.
  return word_ || !is_answered ? WordSearch::over : WordSearch::goes_on;
}

std::optional<std::string> BackupJob::behind_word(const std::optional<vault::SnapshotWord>& shown) const {
  if (!word_ || (shown && *shown >= *word_)) return held_back_;
  return "A device of this name has told the realms of snapshot " + std::to_string(word_->counter) + " of generation " +
         std::to_string(word_->generation) +
         ", and the storage shows none so new: it was set back, or holds some back. Use another copy of the backup, or "
         "ask its operator";
}

void BackupJob::ask_tokens(Context& context, const RealmList& list, proto::TokenPurpose purpose, std::uint8_t number,
                           ThenHouse then) {
  proto::RealmTokensRequest request{task_.state.name().text(), number, purpose, list.set().realms, {}};
  if (task_.pin) request.invitation = task_.pin->invitation;
  domain_->ask(context, proto::kPathRealmTokens, wire::encode(request),
               [self = shared_from_this(), list, then](Context& later, Result<Bytes> body) {
                 if (!body) return self->fail_with(body.error().code, self->domain_->refusal());
                 const auto answer = wire::decode<proto::RealmTokensAnswer>(*body);
                 if (!answer || answer->tokens.size() != list.realms.size()) {
                   return self->fail_with(ErrorCode::inconsistent,
                                          "The domain's server gives no tokens for realms; ask its operator.");
                 }
                 self->registration_ = answer->registration;
                 const std::string domain(self->task_.state.name().domain());
                 RealmHouse house{list, {domain, answer->registration}, {}};
                 for (const auto& one : answer->tokens) house.tokens.push_back(one.token);
                 then(later, std::make_shared<const RealmHouse>(std::move(house)));
               });
}

void BackupJob::ask_for_pin_secret(Context& context) {
  doing_ = "asking the realms";
  ask_tokens(context, *task_.realms, proto::TokenPurpose::guess, task_.pin->number,
             [self = shared_from_this()](Context& later, std::shared_ptr<const RealmHouse> house) {
               auto begun = vault::PinRecovery::begin(house->list.set(), house->who.registration,
                                                      text_of(self->task_.pin->text), later.entropy);
               if (!begun) return self->fail_with(begun.error().code, "This realm list is none; take the right file.");
               const auto machine = std::make_shared<vault::PinRecovery>(std::move(*begun));
               carry_pin(later, self->rooms_.calls, house, machine,
                         [self, house, machine](Context& then) { self->pin_answered(then, *house, *machine); });
             });
}

void BackupJob::pin_answered(Context& context, const RealmHouse& house, vault::PinRecovery& recovery) {
  told_of(house.list, recovery.fates());
  if (recovery.state() != vault::PinRecovery::State::recovered) {
    return fail_with(pin_code(recovery.state()), pin_sentence(recovery, house.list));
  }
  pin_secret_ = recovery.take_secret();
  vault::KeyBoxAddress address = vault::key_box_address(pin_secret_->expose(), *identity_);
  box_id_ = *proto::KeyBoxId::from(address.id);
  box_key_ = std::move(address.write_key);
  fetch_key_box(context);
}

void BackupJob::judge_pin_keys() {
  const BackupSetup* before = task_.setup ? &*task_.setup : nullptr;
  if (pin_secret_) {  // it is read, and nothing is done with them
    if (is_by_active_device(*box_, task_.state)) return;
    doubted_pin_ = std::move(box_->content.pin);
    box_->content.pin.reset();
    warnings_.emplace_back(
        "The keys of the backup were written last by a device that is no longer one of the name's, so what they say of "
        "realms and PIN was not believed.");
    return;
  }
  pin_is_known_ = is_known_pin(box_->content, before);
  if (judge_pin(*box_, task_.state, before, doubted_pin_) == PinWord::known_kept) warn_of_other("keys of the PIN");
}

void BackupJob::judge_generations(Context& context) {
  const BackupSetup* before = task_.setup ? &*task_.setup : nullptr;
  const bool came_back_otherwise = review_generations(context, *box_, task_.state, before);
  if (put_back_lost(context.store, *identity_, box_->content)) {
    box_was_mended_ = true;
    warnings_.emplace_back(
        "A device had taken a generation out of the keys of this backup that was not deleted; this device has it, "
        "and whatever writes the keys next puts it back. Look whose it is: device list.");
  }
  if (keep_known_generations(box_->content, before) || came_back_otherwise)
    warn_of_other("keys or realms of a generation");
  if (is_by_active_device(*box_, task_.state)) settle_begun(context, *identity_, box_->content);
  ask_about_begun(context, rooms_.calls);
}

void BackupJob::warn_of_other(std::string_view what) {
  box_was_mended_ = true;
  const auto* device = task_.state.find_by_key(box_->signer);
  warnings_.push_back("The device " + (device == nullptr ? std::string("of another name") : to_hex(device->id)) +
                      " has written other " + std::string(what) +
                      " than are known here; they were ignored. Look whose it is: device list.");
}

/// What opened by a PIN says itself where its guesses are counted: elsewhere nobody looks.
void BackupJob::check_registration() {
  const auto& pin = box_->content.pin;
  if (!pin_secret_ || (pin && registration_ == pin->registration)) return;
  warnings_.emplace_back(
      "The domain named another registration of this PIN than the backup does, so guesses may be made where no device "
      "looks: set a new PIN, and ask its operator.");
}

}  // namespace cairn::client
