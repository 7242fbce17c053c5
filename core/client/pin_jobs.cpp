#include "core/client/pin_jobs.h"

#include "core/client/pin_watch.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

using vault::RealmFate;

/// With fewer a check is refused: its owner would lock the PIN by asking whether it is known.
constexpr std::uint8_t kGuessesKept = 3;

constexpr const char* kOtherRegistration =
    "The domain names another registration than this PIN was set under, so guesses would be counted where no device "
    "looks; nothing was sent. Ask its operator, and set a new PIN once that is cleared up.";

std::vector<RealmFate> states_of(const std::vector<OwnerReply>& replies) {
  std::vector<RealmFate> out;
  for (const OwnerReply& one : replies) out.push_back(one.state);
  return out;
}

}  // namespace

PinAuths pin_auths(const StoreView& store, const vault::PinKeys& pin) {
  PinAuths out;
  if (auto row = load_pin_row(store)) out.known = std::move(row->sent);
  add_owed_auths(store, pin.registration, out);
  out.common = crypto::SigningKey::from_seed(pin.auth.clone());
  return out;
}

nlohmann::json debts_json(const StoreView& store) {
  nlohmann::json out = nlohmann::json::array();
  for (const RealmDebt& one : realm_debts(store)) {
    out.push_back({{"name", one.realm().name()}, {"owes", one.share ? "the newest PIN" : "to forget"}});
  }
  return out;
}

nlohmann::json owner_json(const StoreView& store, const RealmHouse& house, const std::vector<OwnerReply>& replies) {
  const RealmList& list = house.list;
  nlohmann::json out = nlohmann::json::array();
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const OwnerReply& one = replies[i];
    const bool good = one.state == RealmFate::good;
    const std::uint8_t used = std::min(one.answer.counter, proto::kMaxGuesses);
    out.push_back({{"name", list.realms[i].name()},
                   {"state", good && used == proto::kMaxGuesses ? "locked" : fate_word(one.state)},
                   {"guesses_left", good ? proto::kMaxGuesses - used : 0},
                   {"last_guess_ms", load_guesses(store, house.who.registration, list.realms[i].id()).last_ms}});
  }
  return out;
}

// ---- set, change ----

void PinSetJob::unlocked(Context& context) {
  if (!prepare(context)) return;
  if (!realms_agreed(context) || !has_room()) return;
  const RealmList* list = wished_realms(context);
  if (list == nullptr) {
    return fail_with(ErrorCode::not_found,
                     "A PIN needs realms, run by people who do not work together: name them with --realms FILE.");
  }
  // Folders are exchanged: where the other backup lies, or lay, says nothing.
  for (const BackupSetup& one : load_backup_setups(context.store)) {
    if (!one.content.pin || one.identity == *identity_) continue;
    return fail_with(ErrorCode::invalid_state, "A PIN opens one backup, and this one opens that at " +
                                                   storage_label(one.storage) + "; remove it first: pin remove.");
  }
  if (kind_ == PinSetKind::first && old_pin() != nullptr) {
    return fail_with(ErrorCode::duplicate, "There is a PIN already; another one takes its place by pin change.");
  }
  if (kind_ == PinSetKind::change && old_pin() == nullptr) {
    return fail_with(ErrorCode::not_found, "There is no PIN yet; pin set makes one.");
  }
  if (old_pin() != nullptr) {
    auto stands = pin_realms(context);
    if (stands) old_realms_ = std::move(*stands);
  }
  if (!number_) number_ = old_pin() != nullptr ? old_pin()->number : std::uint8_t{0};
  doing_ = "registering the PIN";
  ask_tokens(context, *list, proto::TokenPurpose::register_pin, *number_,
             [self = self_as<PinSetJob>()](Context& later, std::shared_ptr<const RealmHouse> house) {
               self->house_ = std::move(house);
               self->permitted(later);
             });
}

void PinSetJob::permitted(Context& context) {
  if (is_over()) return;
  const vault::PinKeys* old = old_pin();
  if (old != nullptr && old->number == *number_ && old->registration != house_->who.registration) {
    return fail_with(ErrorCode::inconsistent, kOtherRegistration);
  }
  auto begun = begin_pin(context, *house_, text_of(*text_));
  if (!begun) return fail_with(begun.error().code, "The PIN could not be worked with; 64 MiB of memory are needed.");
  made_ = std::move(begun->made);
  attempt_ = std::move(begun->attempt);
  const vault::PinSecret& secret = begun->secret;
  const crypto::KemPrivateKey key(secret.expose());
  auto public_key = crypto::kem_public_key(crypto::KemAlgorithm::xwing_shake, key);
  if (!public_key) return fail_with(public_key.error().code, "The PIN's key could not be made; try again.");
  vault::KeyBoxAddress address = vault::key_box_address(secret.expose(), *identity_);
  new_pin_ = NewPin{
      std::move(*public_key),
      {house_->who.registration, *number_, made_->auth.seed().clone(), address.id, address.write_key.seed().clone()}};
  if (old != nullptr) auths_ = pin_auths(context.store, *old);
  if (old == nullptr) {
    add_owed_auths(context.store, house_->who.registration, auths_);
    if (doubted_pin_) auths_.common = crypto::SigningKey::from_seed(doubted_pin_->auth.clone());
    const PinRow row = load_pin_row(context.store).value_or(PinRow{});
    for (const PinAuth& one : row.sent) {
      // Of who came in by the PIN: whichever version it was.
      if (one.version.is_zero()) auths_.common = one.key.clone();
      auths_.known.push_back({one.version, one.key.clone()});
    }
  }
  ask_versions(context);
}

void PinSetJob::ask_versions(Context& context) {
  std::vector<std::optional<proto::Call>> calls;
  for (const RealmPlace& one : house_->list.realms) calls.emplace_back(pin_version_call(one.url, house_->who));
  ask_all(context, rooms_.calls, std::move(calls),
          [self = self_as<PinSetJob>()](Context& later, const RealmReplies& replies) {
            self->versions_came(later, replies);
          });
}

// With fewer than a threshold the change can come to nothing but parts of a PIN that opens nothing.
void PinSetJob::versions_came(Context& context, const RealmReplies& replies) {
  if (is_over()) return;
  std::vector<RealmFate> fates;
  for (const auto& reply : replies) {
    const auto stands = pin_version_reply(reply);
    const bool is_none = !stands && stands.error().code == ErrorCode::not_found;
    fates.push_back(stands || is_none ? RealmFate::good : vault::fate_of(stands.error().code));
    versions_.push_back(stands ? std::optional(stands->version) : std::nullopt);
  }
  if (std::ranges::count(fates, RealmFate::good) < house_->list.threshold) {
    return fail_with(ErrorCode::unavailable, "Too few realms answer, " + std::to_string(house_->list.threshold) +
                                                 " are needed: " + unwell(house_->list, fates) +
                                                 "; nothing was changed, try again later.");
  }
  save_pin_attempt(context, *attempt_);
  stand_by(context, {{new_pin_->public_key, new_pin_->keys.clone()}, made_->version}, standing(),
           [self = self_as<PinSetJob>()](Context& later) { self->give_shares(later); });
}

std::optional<PinVersion> PinSetJob::version_that_opens() const {
  for (const auto& one : versions_) {
    if (one && std::ranges::count(versions_, one) >= house_->list.threshold) return one;
  }
  return std::nullopt;
}

std::vector<PinVersion> PinSetJob::standing() const {
  std::vector<PinVersion> out;
  for (const auto& one : versions_) {
    if (one) out.push_back(*one);
  }
  return out;
}

// First those that do not have the version which opens. Of the others each takes a part away from that one and gives
// one to the new one: where all of the first have taken theirs, one of the two is whole at every moment.
void PinSetJob::give_shares(Context& context) {
  if (is_over()) return;
  // Before a realm hears of it: whatever comes of it, this device can replace it.
  PinRow row = load_pin_row(context.store).value_or(PinRow{});
  row.add_sent({made_->version, made_->auth.clone()}, standing());
  row.finished = false;
  save_pin_row(context, row);
  const auto opens = version_that_opens();
  std::vector<std::size_t> first;
  std::vector<std::size_t> rest;
  given_.resize(versions_.size());
  for (std::size_t i = 0; i < versions_.size(); ++i) {
    (opens && versions_[i] == opens ? rest : first).push_back(i);
  }
  give_to(context, first, [self = self_as<PinSetJob>(), first, rest](Context& later) {
    const bool lost_one = std::ranges::any_of(first, [&](std::size_t i) { return self->is_lost(i); });
    if (lost_one) return self->registered(later);
    self->give_to(later, rest, [self](Context& last) { self->registered(last); });
  });
}

bool PinSetJob::is_lost(std::size_t realm) const {
  const Status done = realm_done(*given_[realm]);
  return versions_[realm] && !done && done.error().code == ErrorCode::unavailable;
}

void PinSetJob::give_to(Context& context, const std::vector<std::size_t>& to, const Then& then) {
  if (is_over()) return;
  std::vector<std::optional<proto::Call>> calls(house_->list.realms.size());
  for (const std::size_t i : to) {
    const RealmPlace& realm = house_->list.realms[i];
    const auto& stands = versions_[i];
    std::optional<Signature> replaces;
    if (const auto* key = stands ? auths_.of(*stands) : nullptr) {
      replaces = vault::sign_pin_replacement(*key, realm.id(), house_->who.registration, *stands, made_->shares[i]);
      // Whose version it is; a realm that is away may have the same.
      if (auths_.is_common(*stands)) auths_.known.push_back({*stands, auths_.common->clone()});
    }
    const ByteView token = replaces ? ByteView{} : ByteView(house_->tokens[i]);
    calls[i] = pin_register_call(realm.url, house_->who, made_->shares[i], token, replaces);
  }
  ask_all(context, rooms_.calls, std::move(calls),
          [self = self_as<PinSetJob>(), to, then](Context& later, RealmReplies answers) {
            for (const std::size_t i : to) self->given_[i] = std::move(answers[i]);
            then(later);
          });
}

void PinSetJob::registered(Context& context) {
  std::vector<RealmFate> fates;
  std::size_t good = 0;
  bool taken = false;
  for (const auto& reply : given_) {
    if (!reply) {
      fates.push_back(RealmFate::waiting);
      continue;
    }
    const Status done = realm_done(*reply);
    fates.push_back(done ? RealmFate::good : vault::fate_of(done.error().code));
    good += done ? 1 : 0;
    taken = taken || (!done && done.error().code == ErrorCode::conflict);
  }
  told_of(house_->list, fates);
  if (good < house_->list.threshold) {
    const std::string why =
        taken ? "The realms hold a PIN of this name already, and this device does not have its key: change it on a "
                "device that has, or take another number (--number 1), which is asked for again when you recover."
              : "Too few realms took the PIN, " + std::to_string(house_->list.threshold) +
                    " are needed: " + unwell(house_->list, fates) + "; type the same again, until it is done.";
    return fail_with(taken ? ErrorCode::conflict : ErrorCode::unavailable, why);
  }
  for (std::size_t i = 0; i < fates.size(); ++i) {
    if (fates[i] == RealmFate::good) {
      settle_debt(context, house_->who.registration, house_->list.realms[i].id());
    } else {
      owe_share(context, *house_, *number_, i, auths_, made_->shares[i]);
    }
  }
  if (good < given_.size()) {
    warnings_.push_back(
        "These realms do not have the new PIN yet, and what they had opens what was backed up before, "
        "with others that had it: " +
        unwell(house_->list, fates) + "; they get it when they answer while this device runs.");
  }
  make_it_an_opener(context);
}

std::string PinSetJob::left_undone() const {
  if (!made_) return {};
  return " The realms have the new PIN already, and it opens what was backed up until now; the one before opens "
         "nothing "
         "any more. Type the new one again, " +
         std::string(old_pin() != nullptr ? "pin change." : "pin set.");
}

void PinSetJob::copy_failed(Context&, const Error& error, const Then&) {
  fail_with(error.code, "The PIN is set, but the storage did not take the keys for it (" + storage_->refusal() +
                            "), so it opens nothing that is backed up from here on; see to that, and type: "
                            "backup create.");
}

void PinSetJob::make_it_an_opener(Context& context) {
  const auto account = load_account(context.store);
  if (!account) return fail_with(ErrorCode::invalid_state, "This device has no name any more.");
  const auto recovery = typed_recovery();
  if (!recovery) return fail_to_plan(recovery.error());
  KeyBoxWishes wanted = wishes(context, *account, *recovery ? &**recovery : nullptr);
  wanted.pin = PinWish::set;
  wanted.new_pin = &*new_pin_;
  auto next = next_key_box(wanted, context.now, context.entropy);
  if (!next) return fail_to_plan(next.error());
  CHECK(next->has_value());  // an opener is new
  put_key_box(context, *account, std::move(**next),
              [self = self_as<PinSetJob>()](Context& later) { self->clean_up(later); });
}

std::optional<RealmHouse> PinSetJob::left_behind() const {
  const vault::PinKeys* old = old_pin();
  if (old == nullptr || !old_realms_) return std::nullopt;
  RealmHouse left{*old_realms_, {house_->who.domain, old->registration}, {}};
  if (old->registration == house_->who.registration) {
    std::erase_if(left.list.realms, [&](const RealmPlace& one) {
      return std::ranges::find(house_->list.realms, one.id(), &RealmPlace::id) != house_->list.realms.end();
    });
  }
  if (left.list.realms.empty()) return std::nullopt;
  return left;
}

void PinSetJob::key_box_stands(Context& context) {
  PinRow row;
  row.sent.push_back({made_->version, made_->auth.clone()});
  row.checked_ms = context.now.ms;
  save_pin_row(context, row);
  forget_pin_attempt(context);
  if (const auto left = left_behind()) owe_removal(context, *left, auths_);
}

/// A copy of the key box for a PIN that opens nothing any more takes one of the few places that a name has.
void PinSetJob::clean_up(Context& context) {
  const vault::PinKeys* old = old_pin();
  if (old == nullptr) return forget_old_realms(context);
  delete_copy(context, *old, [self = self_as<PinSetJob>()](Context& later) { self->forget_old_realms(later); });
}

void PinSetJob::forget_old_realms(Context& context) {
  auto left = left_behind();
  if (!left) return end(context);
  const auto house = std::make_shared<const RealmHouse>(std::move(*left));
  const auto auths = std::make_shared<const PinAuths>(auths_.clone());
  ask_as_owner(context, rooms_.calls, house, auths, PinOwnerAction::erase,
               [self = self_as<PinSetJob>(), house](Context& later, const std::vector<OwnerReply>& replies) {
                 settle_removals(later, *house, replies);
                 self->end(later);
               });
}

void PinSetJob::end(Context& context) {
  forget_standbys(context, [self = self_as<PinSetJob>()](Context& later) { self->tell(later); });
}

void PinSetJob::tell(Context& context) {
  know_guesses(context, house_->who.registration, house_->list);
  nlohmann::json names = nlohmann::json::array();
  for (const RealmPlace& one : house_->list.realms) names.push_back(one.name());
  succeed({{"set", true},
           {"threshold", house_->list.threshold},
           {"number", *number_},
           {"generation", setup_->content.current().number},
           {"behind_realms", true},
           {"held_by", names}});
}

// ---- what there is ----

void PinJob::unlocked(Context& context) {
  if (!box_ || !box_->content.pin) {
    if (!doubted_pin_) return none(context);
    return fail_with(
        ErrorCode::not_authorised,
        "What the key box says of the PIN is the word of a device that is no longer one of the name's, and "
        "was not believed; choose another: pin set.");
  }
  if (!RealmList::from(box_->content.current().realms))
    return fail_with(ErrorCode::inconsistent, "The key box names no realms for the PIN; set it anew: pin change.");
  if (!prepare(context)) return;
  auto list = pin_realms(context);
  const vault::PinKeys& pin = *box_->content.pin;
  auths_ = std::make_shared<PinAuths>(pin_auths(context.store, pin));
  const std::string domain(task_.state.name().domain());
  house_ = std::make_shared<const RealmHouse>(RealmHouse{std::move(*list), {domain, pin.registration}, {}});
  save_backup_setup(context, *setup_);
  found(context);
}

void PinCheckJob::found(Context& context) {
  if (!realms_agreed(context)) return;  // who is asked learns whether it is a PIN that he has guessed
  doing_ = "asking the realms";
  ask_as_owner(context, rooms_.calls, house_, auths_, PinOwnerAction::log,
               [self = self_as<PinCheckJob>()](Context& later, const std::vector<OwnerReply>& replies) {
                 self->logs_came(later, replies);
               });
}

void PinCheckJob::logs_came(Context& context, const std::vector<OwnerReply>& replies) {
  take_logs(context, *house_, replies, 0);
  told_of(house_->list, states_of(replies));
  const auto good = static_cast<std::size_t>(std::ranges::count(states_of(replies), RealmFate::good));
  if (good < house_->list.threshold) {
    return fail_with(ErrorCode::unavailable, "Too few realms answer, so the PIN was not tried: " +
                                                 unwell(house_->list, states_of(replies)) + "; try again later.");
  }
  if (guesses_left(house_->list, replies) < kGuessesKept) {
    return fail_with(
        ErrorCode::invalid_state,
        "Few guesses are left before the PIN is locked, so it was not tried; unlock it first: pin unlock.");
  }
  ask_tokens(context, house_->list, proto::TokenPurpose::guess, box_->content.pin->number,
             [self = self_as<PinCheckJob>()](Context& later, const std::shared_ptr<const RealmHouse>& with_tokens) {
               self->permitted(later, with_tokens);
             });
}

void PinCheckJob::permitted(Context& context, const std::shared_ptr<const RealmHouse>& with_tokens) {
  if (with_tokens->who.registration != house_->who.registration) {
    return fail_with(ErrorCode::inconsistent, kOtherRegistration);
  }
  auto begun =
      vault::PinRecovery::begin(house_->list.set(), house_->who.registration, text_of(*text_), context.entropy);
  if (!begun) return fail_with(begun.error().code, "The PIN could not be tried; try again.");
  const auto machine = std::make_shared<vault::PinRecovery>(std::move(*begun));
  carry_pin(context, rooms_.calls, with_tokens, machine,
            [self = self_as<PinCheckJob>(), machine](Context& later) { self->tried(later, *machine); });
}

void PinCheckJob::tried(Context& context, vault::PinRecovery& recovery) {
  told_of(house_->list, recovery.fates());
  const bool opened = recovery.state() == vault::PinRecovery::State::recovered;
  bool right = false;
  if (opened) {
    // Realms could give anything: only what is the backup's opener is the PIN's secret.
    const crypto::KemPrivateKey key(recovery.take_secret().expose());
    const auto public_key = crypto::kem_public_key(crypto::KemAlgorithm::xwing_shake, key);
    const auto opener = std::ranges::find(box_->content.openers, vault::OpenerKind::pin, &vault::Opener::kind);
    right = public_key && opener != box_->content.openers.end() && opener->key == crypto::sha256(*public_key);
  }
  PinRow row = load_pin_row(context.store).value_or(PinRow{});
  row.check_days = right ? std::min(2 * row.check_days, PinRow::kMaxCheckDays) : 1;
  if (right) row.checked_ms = context.now.ms;
  save_pin_row(context, row);
  const auto state = recovery.state();
  const std::string sentence = opened ? std::string() : pin_sentence(recovery, house_->list);
  // Its own guess is no news to its owner.
  ask_as_owner(context, rooms_.calls, house_, auths_, PinOwnerAction::log,
               [self = self_as<PinCheckJob>(), opened, right, state, sentence, days = row.check_days](
                   Context& later, const std::vector<OwnerReply>& replies) {
                 take_logs(later, *self->house_, replies, 1);
                 if (!opened) return self->fail_with(pin_code(state), sentence);
                 if (!right) {
                   return self->fail_with(ErrorCode::inconsistent,
                                          "The realms gave something else than this backup's key for the PIN; set it "
                                          "anew: pin change.");
                 }
                 self->succeed({{"right", true}, {"next_check_days", days}});
               });
}

void PinLookJob::found(Context& context) {
  doing_ = "asking the realms";
  ask_as_owner(context, rooms_.calls, house_, auths_, action_,
               [self = self_as<PinLookJob>()](Context& later, const std::vector<OwnerReply>& replies) {
                 self->answered(later, replies);
               });
}

void PinLookJob::none(Context& context) {
  if (action_ != PinOwnerAction::log) return PinJob::none(context);
  if (auto elsewhere = other_pin_json(context.store)) {
    (*elsewhere)["owed"] = debts_json(context.store);
    return succeed(std::move(*elsewhere));
  }
  succeed({{"set", false}, {"owed", debts_json(context.store)}});
}

void PinLookJob::answered(Context& context, const std::vector<OwnerReply>& replies) {
  const RegistrationId& registration = house_->who.registration;
  take_logs(context, *house_, replies, 0);
  if (action_ == PinOwnerAction::unlock) know_guesses(context, registration, house_->list);
  const auto good = static_cast<std::size_t>(std::ranges::count(states_of(replies), RealmFate::good));
  if (action_ == PinOwnerAction::unlock && good < house_->list.threshold) {
    return fail_with(ErrorCode::unavailable, "Too few realms were reached to unlock the PIN: " +
                                                 unwell(house_->list, states_of(replies)) + "; try again later.");
  }
  for (std::string& one : liar_sentences(house_->list, states_of(replies))) warnings_.push_back(std::move(one));
  std::uint64_t last = 0;
  std::uint32_t unseen = 0;
  std::uint32_t right = 0;
  for (const RealmPlace& one : house_->list.realms) {
    const GuessRow row = load_guesses(context.store, registration, one.id());
    last = std::max(last, row.last_ms);
    unseen = std::max(unseen, row.unseen);
    right = std::max(right, row.right);
  }
  const std::uint8_t left = guesses_left(house_->list, replies);
  const PinRow row = load_pin_row(context.store).value_or(PinRow{});
  if (const auto change = realm_change(context.store, *identity_)) {
    warnings_.push_back(realm_change_sentence(*change, *setup_));
  }
  succeed({{"set", true},
           {"threshold", house_->list.threshold},
           {"number", box_->content.pin->number},
           {"held_by", owner_json(context.store, *house_, replies)},
           {"owed", debts_json(context.store)},
           {"guesses_left", left},
           {"locked", good >= house_->list.threshold && left == 0},
           {"last_guess_ms", last},
           {"guesses_unseen", unseen},
           {"guesses_right", right},
           {"finished", row.finished},
           {"checked_ms", row.checked_ms},
           {"check_due", row.check_due(context.now)}});
}

void PinRemoveJob::found(Context& context) {
  if (!realms_agreed(context)) return;
  const auto account = load_account(context.store);
  if (!account) return fail_with(ErrorCode::invalid_state, "This device has no name any more.");
  KeyBoxWishes wanted = wishes(context, *account, nullptr);
  wanted.pin = PinWish::drop;
  auto next = next_key_box(wanted, context.now, context.entropy);
  if (!next) return fail_to_plan(next.error());
  CHECK(next->has_value());  // an opener goes
  put_key_box(context, *account, std::move(**next), [self = self_as<PinRemoveJob>()](Context& later) {
    self->delete_copy(later, *self->box_->content.pin, [self](Context& then) {
      self->forget_standbys(then, [self](Context& last) { self->tell_realms(last); });
    });
  });
}

void PinRemoveJob::tell_realms(Context& context) {
  ask_as_owner(context, rooms_.calls, house_, auths_, PinOwnerAction::erase,
               [self = self_as<PinRemoveJob>()](Context& later, const std::vector<OwnerReply>& replies) {
                 const RealmList& list = self->house_->list;
                 later.store.erase(tables::kPin, {});
                 forget_pin_attempt(later);
                 for (const RealmPlace& one : list.realms) {
                   forget_guesses(later, self->house_->who.registration, one.id());
                 }
                 settle_removals(later, *self->house_, replies);
                 const std::string left = unwell(list, states_of(replies));
                 if (!left.empty()) {
                   self->warnings_.push_back("These realms keep what they have of the PIN, which opens nothing new: " +
                                             left + "; they are asked again while this device runs.");
                 }
                 self->succeed({{"set", false}, {"generation", self->setup_->content.current().number}});
               });
}

}  // namespace cairn::client
