#include "core/client/backup_box.h"

#include "core/client/backup_tables.h"
#include "core/client/begun_generations.h"
#include "core/client/lost_generations.h"
#include "core/client/pin_standbys.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"

namespace cairn::client {
namespace {

/// The box that stands, sealed to that PIN in the place of the one that it has: of the same version and generation. For
/// a copy alone.
Result<Bytes> sealed_to_new_pin(const vault::KeyBox& box, const NewPin& pin, const crypto::SigningKey& signer,
                                Entropy& entropy) {
  vault::KeyBoxContent content = box.content.clone();
  std::erase_if(content.openers,
                [](const vault::Opener& one) { return one.kind == vault::OpenerKind::pin || one.public_key.empty(); });
  content.openers.push_back(vault::Opener::make(vault::OpenerKind::pin, pin.public_key, to_bytes(pin.keys.registration),
                                                content.version, signer));
  content.pin = pin.keys.clone();
  return seal_to_openers(content, signer, entropy);
}

}  // namespace

std::optional<Account> KeyBoxJob::prepare(Context& context) {
  auto account = load_account(context.store);
  if (!account) {
    fail_with(ErrorCode::invalid_state, "This device has no name any more.");
    return std::nullopt;
  }
  if (box_ && !box_->content.current().realms.empty() && !RealmList::from(box_->content.current().realms)) {
    fail_with(ErrorCode::unsupported,
              "The backup names realms in a way that this program does not know; take the newest one.");
    return std::nullopt;
  }
  if (box_) {
    const BackupSetup* before = task_.setup ? &*task_.setup : nullptr;
    realm_word_ = review_realms(context, *box_, task_.state, *identity_, before);
  }
  setup_ = std::move(task_.setup);
  if (!setup_) {
    auto device_key = crypto::kem_generate(crypto::KemAlgorithm::xwing_shake, context.entropy).private_key;
    setup_ =
        BackupSetup{task_.storage, *identity_, box_id_, box_key_->clone(), std::move(device_key), {}, {}, {}, 0, 0};
    // With another recovery key it is another backup, as its owner wants it all the same.
    for (const BackupSetup& one : load_backup_setups(context.store)) {
      if (one.identity != *identity_) continue;
      setup_->daily = one.daily;
      setup_->files_mib = one.files_mib;
    }
  }
  if (box_) {
    setup_->newest_pin = std::max(setup_->newest_pin, box_->content.newest_pin());
    setup_->content = box_->content.clone();
    setup_->head = box_->head;
  }
  return account;
}

const RealmList* KeyBoxJob::wished_realms(Context& context) {
  const auto known = known_realms(context.store, *identity_);
  if (task_.realms) {
    wished_ = task_.realms;
  } else if (known) {
    wished_ = known->list;
  } else if (box_ && realm_word_ == RealmWord::agreed) {  // nothing is known: they are the first
    const auto list = RealmList::from(box_->content.current().realms);
    wished_ = list ? std::optional(*list) : std::nullopt;
  }
  return wished_ ? &*wished_ : nullptr;
}

Result<RealmList> KeyBoxJob::pin_realms(Context& context) const {
  auto list = TRY(RealmList::from(box_->content.current().realms));
  const auto known = known_realms(context.store, *identity_);
  if (realm_word_ != RealmWord::agreed && pin_is_known_ && known && known->list) return *known->list;
  return list;
}

bool KeyBoxJob::realms_agreed(Context& context) {
  if (task_.realms) return true;
  if (realm_word_ == RealmWord::asked) {
    const auto change = realm_change(context.store, *identity_);
    fail_with(ErrorCode::not_authorised, change ? realm_change_sentence(*change, *setup_)
                                                : "The key box names realms in a way that this program does not know.");
    return false;
  }
  if (realm_word_ == RealmWord::ignored) {
    warnings_.emplace_back(
        "A device that is no longer one of the name's had named other realms for this backup; they were ignored, and "
        "those that were known here hold.");
  }
  return true;
}

bool KeyBoxJob::has_room() {
  if (!box_ || box_->content.generations.size() < kMostKept) return true;
  fail_to_plan({ErrorCode::over_limit, "generations of a key box"});
  return false;
}

KeyBoxWishes KeyBoxJob::wishes(Context& context, const Account& account, const directory::RecoveryKey* recovery) {
  KeyBoxWishes out{box_ ? &*box_ : nullptr, task_.state, account, setup_->device_key, recovery, {}, nullptr};
  out.mended = box_was_mended_;
  if (recovery != nullptr) out.erase_key = vault::token_erase_key(task_.secret->expose()).public_key();
  out.realms = wished_realms(context);
  return out;
}

Result<std::optional<directory::RecoveryKey>> KeyBoxJob::typed_recovery() {
  std::optional<directory::RecoveryKey> out;
  if (task_.secret) out = TRY(present_recovery_key(*task_.secret, task_.state));
  return out;
}

void KeyBoxJob::fail_to_plan(const Error& error) {
  if (error.code == ErrorCode::not_found) {
    return fail_with(
        ErrorCode::not_found,
        "The recovery key is another one than this backup knows, or of another name; give the present one: "
        "backup create --recovery-key.");
  }
  if (error.code == ErrorCode::over_limit) {
    return fail_with(error.code,
                     "The backup keeps " + std::to_string(box_->content.generations.size()) +
                         " generations of keys and has no room for a new one; delete some that you do not need: backup "
                         "list, then backup delete --generation.");
  }
  fail_with(error.code, "The key box of the backup could not be made; try again.");
}

void KeyBoxJob::put_key_box(Context& context, const Account& account, NextKeyBox next, Then then) {
  began_generation_ = !box_ || box_->content.current().number != next.content.current().number;
  const auto box = seal_to_openers(next.content, account.signing_key, context.entropy);
  if (!box) return fail_with(box.error().code, "The key box has no room for so many devices; remove some.");
  box_bytes_ = *box;
  share(context, std::make_shared<NextKeyBox>(std::move(next)), std::move(then));
}

/// A box that names realms which have nothing would be a backup that opens never: so they come first.
void KeyBoxJob::share(Context& context, std::shared_ptr<NextKeyBox> next, Then then) {
  if (!next->shared) return put_box(context, next, then);
  auto begun = begun_before(context.store, *identity_, next->content);
  auto recovery = begun ? vault::TokenRecovery::begin(wished_->set(), begun->root)
                        : Result<vault::TokenRecovery>(fail(ErrorCode::not_found, "nothing was begun"));
  if (!recovery) return hand_out(context, next, then);
  doing_ = "asking the realms for their parts of the key";
  const auto machine = std::make_shared<vault::TokenRecovery>(std::move(*recovery));
  const auto kept = std::make_shared<vault::Generation>(std::move(*begun));
  carry_token(context, rooms_.calls, std::make_shared<const RealmHouse>(RealmHouse{*wished_, {}, {}}), machine,
              [self = self_as<KeyBoxJob>(), next, kept, machine, then](Context& later) {
                if (!self->is_over()) self->begun_came(later, next, std::move(*kept), *machine, then);
              });
}

/// Where a realm that answers has no good part, or a deletion waits, a fresh one is better.
void KeyBoxJob::begun_came(Context& context, const std::shared_ptr<NextKeyBox>& next, vault::Generation begun,
                           vault::TokenRecovery& recovery, const Then& then) {
  using vault::RealmFate;
  const bool is_whole = std::ranges::all_of(
      recovery.fates(), [](RealmFate fate) { return fate == RealmFate::good || fate == RealmFate::dead; });
  const auto account = load_account(context.store);
  const bool is_of_use =
      account && is_whole && recovery.state() == vault::TokenRecovery::State::recovered && recovery.waiting().empty();
  if (!is_of_use) {
    give_up_begun(context, vault_of(begun));
    return hand_out(context, next, then);
  }
  next->content.generations.back() = std::move(begun);
  const auto box = seal_to_openers(next->content, account->signing_key, context.entropy);
  if (!box) return fail_with(box.error().code, "The key box has no room for so many devices; remove some.");
  box_bytes_ = *box;
  fresh_token_ = recovery.take_token();
  parts_given(*wished_, recovery.fates());
  put_box(context, next, then);
}

void KeyBoxJob::hand_out(Context& context, const std::shared_ptr<NextKeyBox>& next, const Then& then) {
  doing_ = "giving the realms their parts of the key";
  fresh_token_ = next->shared->token.clone();
  ask_tokens(
      context, *wished_, proto::TokenPurpose::store_token, 0,
      [self = self_as<KeyBoxJob>(), next, then](Context& later, std::shared_ptr<const RealmHouse> house) {
        // Before a realm hears of it: whatever ends here, it can be asked to erase what it took.
        note_begun(later, *self->identity_, next->content);
        const vault::BackupRoot& root = next->content.current().root;
        const PublicKey release_key = vault::token_release_key(root).public_key();
        std::vector<std::optional<proto::Call>> calls;
        for (std::size_t i = 0; i < house->list.realms.size(); ++i) {
          const RealmPlace& realm = house->list.realms[i];
          calls.emplace_back(token_store_call(realm.url, vault::token_record_id(root, realm.id()), release_key,
                                              erase_key_of(next->content), next->shared->shares[i], house->tokens[i]));
        }
        ask_all(later, self->rooms_.calls, std::move(calls),
                [self, next, then, house](Context& now, RealmReplies replies) {
                  self->shares_stored(now, *next, house->list, replies,
                                      [self, next, then](Context& last) { self->put_box(last, next, then); });
                });
      });
}

void KeyBoxJob::shares_stored(Context& context, const NextKeyBox& next, const RealmList& list,
                              const RealmReplies& replies, const Then& then) {
  std::vector<vault::RealmFate> fates;
  std::size_t good = 0;
  for (const auto& reply : replies) {
    const Status done = realm_done(reply);
    fates.push_back(done ? vault::RealmFate::good : vault::fate_of(done.error().code));
    good += done ? 1 : 0;
  }
  told_of(list, fates);
  if (good < list.threshold) {
    give_up_begun(context, vault_of(next.content.current()));
    ask_about_begun(context, rooms_.calls);
    return fail_with(
        ErrorCode::unavailable,
        "Too few realms took their parts of the new key, " + std::to_string(list.threshold) +
            " are needed: " + unwell(list, fates) +
            "; the backup has the keys that it had, and the realms that took a part are asked to erase it; "
            "try again later." +
            left_undone());
  }
  parts_given(list, fates);
  then(context);
}

void KeyBoxJob::parts_given(const RealmList& list, const std::vector<vault::RealmFate>& fates) {
  const std::string without = unwell(list, fates);
  if (without.empty()) return;
  warnings_.push_back(
      "These realms did not take their parts of the new key, and each one more that fails makes restoring less sure: " +
      without + ".");
}

void KeyBoxJob::put_box(Context& context, const std::shared_ptr<NextKeyBox>& next, const Then& then) {
  const vault::KeyBoxContent& content = next->content;
  proto::KeyBoxPut put{box_id_, box_key_->public_key(), content.version, box_bytes_, {}};
  put.signature = crypto::sign_labelled(*box_key_, crypto::kSignKeyBoxPut, put.content());
  storage_->ask(context, proto::kPathKeyBoxPut, wire::encode(put),
                [self = self_as<KeyBoxJob>(), next, then](Context& later, Result<Bytes> body) {
                  if (!body && body.error().code == ErrorCode::conflict) {
                    return self->fail_with(
                        ErrorCode::conflict,
                        "Another device changed the backup just now; try again." + self->left_undone());
                  }
                  if (!body) return self->fail_with(body.error().code, self->storage_->refusal() + self->left_undone());
                  BackupSetup& setup = *self->setup_;
                  setup.head = {next->content.version, crypto::sha256(self->box_bytes_)};
                  setup.content = std::move(next->content);
                  setup.newest_pin = std::max(setup.newest_pin, setup.content.newest_pin());
                  save_backup_setup(later, setup);
                  forget_lost_in(later, *self->identity_, setup.content);
                  settle_begun(later, *self->identity_, setup.content);
                  if (self->task_.realms || self->realm_word_ != RealmWord::asked)
                    know_realms(later, *self->identity_, self->wished_);
                  self->key_box_stands(later);
                  self->copy_for_pin(later, then);
                });
}

void KeyBoxJob::copy_for_pin(Context& context, Then then) {
  if (!setup_->content.pin) return then(context);
  const auto id = *proto::KeyBoxId::from(setup_->content.pin->box);
  storage_->ask(
      context, proto::kPathKeyBoxGet, wire::encode(proto::KeyBoxGet{id}),
      [self = self_as<KeyBoxJob>(), then](Context& later, Result<Bytes> body) {
        const auto stands = body ? wire::decode<proto::KeyBoxPut>(*body) : tl::unexpected<Error>(body.error());
        if (stands && equal(stands->body, self->box_bytes_)) return then(later);
        // Another device may have been faster with a newer one.
        const BackupSetup& setup = *self->setup_;
        const auto copy = stands ? open_with_device(stands->body, setup.content.current().root, setup.device_key)
                                 : tl::unexpected<Error>(stands.error());
        if (copy && copy->head().version > setup.head.version) return then(later);
        self->put_copy(later, stands ? stands->version + 1 : 1, then);
      });
}

void KeyBoxJob::put_copy(Context& context, std::uint64_t version, const Then& then) {
  const vault::PinKeys& pin = *setup_->content.pin;
  const auto key = crypto::SigningKey::from_seed(pin.box_key.clone());
  proto::KeyBoxPut put{*proto::KeyBoxId::from(pin.box), key.public_key(), version, box_bytes_, {}};
  put.signature = crypto::sign_labelled(key, crypto::kSignKeyBoxPut, put.content());
  storage_->ask(context, proto::kPathKeyBoxPut, wire::encode(put),
                [self = self_as<KeyBoxJob>(), then](Context& later, Result<Bytes> body) {
                  if (!body) return self->copy_failed(later, body.error(), then);
                  then(later);
                });
}

void KeyBoxJob::copy_failed(Context& context, const Error&, const Then& then) {
  warnings_.push_back("The storage did not take the keys for the PIN (" + storage_->refusal() +
                      "); until backup create has run again the PIN opens what was there before.");
  then(context);
}

void KeyBoxJob::delete_copy(Context& context, const vault::PinKeys& pin, Then then) {
  delete_box(context, *proto::KeyBoxId::from(pin.box), pin.box_key,
             [then = std::move(then)](Context& later, bool) { then(later); });
}

void KeyBoxJob::delete_box(Context& context, const proto::KeyBoxId& id, const crypto::Ed25519Seed& of, ThenGone then) {
  if (id == box_id_) return then(context, true);  // whoever wrote that means harm
  const auto seed = std::make_shared<crypto::Ed25519Seed>(of.clone());
  storage_->ask(context, proto::kPathKeyBoxGet, wire::encode(proto::KeyBoxGet{id}),
                [self = self_as<KeyBoxJob>(), id, seed, then](Context& later, Result<Bytes> body) {
                  const auto stands =
                      body ? wire::decode<proto::KeyBoxPut>(*body) : tl::unexpected<Error>(body.error());
                  if (!stands) return then(later, stands.error().code == ErrorCode::not_found);
                  const auto key = crypto::SigningKey::from_seed(seed->clone());
                  proto::KeyBoxDelete gone{id, stands->version, {}};
                  gone.signature = crypto::sign_labelled(key, crypto::kSignKeyBoxDelete, gone.content());
                  self->storage_->ask(later, proto::kPathKeyBoxDelete, wire::encode(gone),
                                      [then](Context& last, const Result<Bytes>& done) {
                                        then(last, done || done.error().code == ErrorCode::not_found);
                                      });
                });
}

void KeyBoxJob::stand_by(Context& context, Standby planned, std::span<const PinVersion> standing, Then then) {
  // Of a box that others may have had a hand in no copy is made: a new generation begins with the change.
  const bool counts = box_ && realm_word_ == RealmWord::agreed && !is_outdated(*box_, task_.state);
  if (!counts) return then(context);
  const auto plan = std::make_shared<const Standby>(std::move(planned));
  auto standbys = pin_standbys(context.store);
  std::erase_if(standbys, [&](const PinStandby& one) { return one.storage != storage_key(*identity_); });
  if (std::ranges::find(standbys, plan->pin.keys.box, &PinStandby::box) != standbys.end()) {
    return put_standby_again(context, plan, then);
  }
  if (standbys.size() < PinStandby::kMostKept) return put_standby(context, plan, 1, then);
  // A name has room for few boxes.
  const PinStandby* spare = spare_standby(standbys, standing);
  if (spare == nullptr) {
    return fail_with(ErrorCode::over_limit,
                     "The realms hold parts of too many PINs that were not finished, and nothing was changed; type the "
                     "one again that was typed last, until it is done.");
  }
  delete_box(context, *proto::KeyBoxId::from(spare->box), spare->key,
             [self = self_as<KeyBoxJob>(), plan, box = spare->box, then](Context& later, bool gone) {
               if (!gone) return self->standby_refused(ErrorCode::unavailable);
               later.store.erase(tables::kPinStandbys, to_bytes(box));
               self->put_standby(later, plan, 1, then);
             });
}

void KeyBoxJob::put_standby_again(Context& context, const std::shared_ptr<const Standby>& plan, const Then& then) {
  const auto id = *proto::KeyBoxId::from(plan->pin.keys.box);
  storage_->ask(context, proto::kPathKeyBoxGet, wire::encode(proto::KeyBoxGet{id}),
                [self = self_as<KeyBoxJob>(), plan, then](Context& later, const Result<Bytes>& body) {
                  const bool is_none = !body && body.error().code == ErrorCode::not_found;
                  const auto stands =
                      body ? wire::decode<proto::KeyBoxPut>(*body) : tl::unexpected<Error>(body.error());
                  if (!stands && !is_none) return self->standby_refused(stands.error().code);
                  self->put_standby(later, plan, stands ? stands->version + 1 : 1, then);
                });
}

void KeyBoxJob::put_standby(Context& context, const std::shared_ptr<const Standby>& plan, std::uint64_t version,
                            const Then& then) {
  const auto account = load_account(context.store);
  if (!account) return fail_with(ErrorCode::invalid_state, "This device has no name any more.");
  const vault::PinKeys& keys = plan->pin.keys;
  const auto box = sealed_to_new_pin(*box_, plan->pin, account->signing_key, context.entropy);
  if (!box) return fail_with(box.error().code, "The key box has no room for so many devices; remove some.");
  save_pin_standby(context,
                   {keys.box, storage_key(*identity_), keys.box_key.clone(), context.now.ms, plan->registration});
  const auto key = crypto::SigningKey::from_seed(keys.box_key.clone());
  proto::KeyBoxPut put{*proto::KeyBoxId::from(keys.box), key.public_key(), version, *box, {}};
  put.signature = crypto::sign_labelled(key, crypto::kSignKeyBoxPut, put.content());
  storage_->ask(context, proto::kPathKeyBoxPut, wire::encode(put),
                [self = self_as<KeyBoxJob>(), then, version, box = keys.box](Context& later, Result<Bytes> body) {
                  if (body) return then(later);
                  // What was refused is not there, and takes no place from one that may be needed.
                  const ErrorCode code = body.error().code;
                  const bool is_no = code == ErrorCode::over_limit || code == ErrorCode::not_authorised ||
                                     code == ErrorCode::malformed || code == ErrorCode::storage_full;
                  if (is_no && version == 1) later.store.erase(tables::kPinStandbys, to_bytes(box));
                  self->standby_refused(code);
                });
}

void KeyBoxJob::standby_refused(ErrorCode code) {
  fail_with(code, "The storage did not take the keys for the new PIN (" + storage_->refusal() +
                      "), and nothing was changed; see to that, and try again.");
}

void KeyBoxJob::forget_standbys(Context& context, Then then) {
  const vault::PinKeys* pin = setup_ && setup_->content.pin ? &*setup_->content.pin : nullptr;
  const auto left = std::make_shared<std::vector<PinStandby>>();
  for (PinStandby& one : pin_standbys(context.store)) {
    if (one.storage != storage_key(*identity_)) continue;
    if (pin != nullptr && pin->box == one.box) {
      context.store.erase(tables::kPinStandbys, to_bytes(one.box));
    } else {
      left->push_back(std::move(one));
    }
  }
  forget_each(context, left, then);
}

// One that the storage did not delete stays written down, and goes another time.
void KeyBoxJob::forget_each(Context& context, const std::shared_ptr<std::vector<PinStandby>>& left, const Then& then) {
  if (left->empty()) return then(context);
  const PinStandby one = std::move(left->back());
  left->pop_back();
  delete_box(context, *proto::KeyBoxId::from(one.box), one.key,
             [self = self_as<KeyBoxJob>(), box = one.box, left, then](Context& later, bool gone) {
               if (gone) later.store.erase(tables::kPinStandbys, to_bytes(box));
               self->forget_each(later, left, then);
             });
}

}  // namespace cairn::client
