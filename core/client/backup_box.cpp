#include "core/client/backup_box.h"

#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"

namespace cairn::client {
namespace {

std::optional<RealmList> stored_realms(const StoreView& store) {
  const auto row = store.get(tables::kRealms, {});
  auto list = row ? wire::decode<RealmList>(*row) : Result<RealmList>(fail(ErrorCode::not_found, "no realms"));
  return list ? std::optional(std::move(*list)) : std::nullopt;
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
  setup_ = std::move(task_.setup);
  if (!setup_) {
    auto device_key = crypto::kem_generate(crypto::KemAlgorithm::xwing_shake, context.entropy).private_key;
    setup_ =
        BackupSetup{task_.storage, *identity_, box_id_, box_key_->clone(), std::move(device_key), {}, {}, {}, 0, 0};
    // With another recovery key it is another backup, as its owner wants it all the same.
    for (const BackupSetup& one : load_backup_setups(context.store)) {
      if (one.identity == *identity_) setup_->daily = one.daily;
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
  if (task_.realms) {
    wished_ = task_.realms;
  } else if (box_) {
    const auto& realms = box_->content.current().realms;
    const auto list = RealmList::from(realms);
    wished_ = !realms.empty() && list ? std::optional(*list) : std::nullopt;
  } else {
    wished_ = stored_realms(context.store);
  }
  return wished_ ? &*wished_ : nullptr;
}

KeyBoxWishes KeyBoxJob::wishes(Context& context, const Account& account, const directory::RecoveryKey* recovery) {
  KeyBoxWishes out{box_ ? &*box_ : nullptr, task_.state, account, setup_->device_key, recovery, {}, nullptr};
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
  doing_ = "giving the realms their parts of the key";
  fresh_token_ = next->shared->token.clone();
  ask_tokens(
      context, *wished_, proto::TokenPurpose::store_token, 0,
      [self = self_as<KeyBoxJob>(), next, then](Context& later, std::shared_ptr<const RealmHouse> house) {
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
                  self->shares_stored(now, house->list, replies,
                                      [self, next, then](Context& last) { self->put_box(last, next, then); });
                });
      });
}

void KeyBoxJob::shares_stored(Context& context, const RealmList& list, const RealmReplies& replies, const Then& then) {
  std::vector<vault::RealmFate> fates;
  std::size_t good = 0;
  for (const auto& reply : replies) {
    const Status done = realm_done(reply);
    fates.push_back(done ? vault::RealmFate::good : vault::fate_of(done.error().code));
    good += done ? 1 : 0;
  }
  told_of(list, fates);
  if (good < list.threshold) {
    return fail_with(ErrorCode::unavailable,
                     "Too few realms took their parts of the new key, " + std::to_string(list.threshold) +
                         " are needed: " + unwell(list, fates) + "; nothing was changed, try again later.");
  }
  if (good < replies.size()) {
    warnings_.push_back(
        "These realms did not take their parts of the new key, and each one more that fails makes "
        "restoring less sure: " +
        unwell(list, fates) + ".");
  }
  then(context);
}

void KeyBoxJob::put_box(Context& context, const std::shared_ptr<NextKeyBox>& next, const Then& then) {
  const vault::KeyBoxContent& content = next->content;
  proto::KeyBoxPut put{box_id_, box_key_->public_key(), content.version, box_bytes_, {}};
  put.signature = crypto::sign_labelled(*box_key_, crypto::kSignKeyBoxPut, put.content());
  storage_->ask(context, proto::kPathKeyBoxPut, wire::encode(put),
                [self = self_as<KeyBoxJob>(), next, then](Context& later, Result<Bytes> body) {
                  if (!body && body.error().code == ErrorCode::conflict) {
                    return self->fail_with(ErrorCode::conflict,
                                           "Another device changed the backup just now; try again.");
                  }
                  if (!body) return self->refused_by_storage(body.error());
                  BackupSetup& setup = *self->setup_;
                  setup.head = {next->content.version, crypto::sha256(self->box_bytes_)};
                  setup.content = std::move(next->content);
                  setup.newest_pin = std::max(setup.newest_pin, setup.content.newest_pin());
                  save_backup_setup(later, setup);
                  if (self->wished_) later.store.put(tables::kRealms, {}, wire::encode(*self->wished_));
                  self->copy_for_pin(later, then);
                });
}

void KeyBoxJob::copy_for_pin(Context& context, Then then) {
  if (!setup_->content.pin) return then(context);
  const auto id = *proto::KeyBoxId::from(setup_->content.pin->box);
  storage_->ask(context, proto::kPathKeyBoxGet, wire::encode(proto::KeyBoxGet{id}),
                [self = self_as<KeyBoxJob>(), then](Context& later, Result<Bytes> body) {
                  const auto stands =
                      body ? wire::decode<proto::KeyBoxPut>(*body) : tl::unexpected<Error>(body.error());
                  if (stands && equal(stands->body, self->box_bytes_)) return then(later);
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
                  if (!body) {
                    self->warnings_.push_back("The storage did not take the keys for the PIN (" +
                                              self->storage_->refusal() +
                                              "); until backup create has run again the "
                                              "PIN opens what was there before.");
                  }
                  then(later);
                });
}

void KeyBoxJob::delete_copy(Context& context, const vault::PinKeys& pin, Then then) {
  const auto id = *proto::KeyBoxId::from(pin.box);
  const auto seed = std::make_shared<crypto::Ed25519Seed>(pin.box_key.clone());
  storage_->ask(context, proto::kPathKeyBoxGet, wire::encode(proto::KeyBoxGet{id}),
                [self = self_as<KeyBoxJob>(), id, seed, then](Context& later, Result<Bytes> body) {
                  const auto stands =
                      body ? wire::decode<proto::KeyBoxPut>(*body) : tl::unexpected<Error>(body.error());
                  if (!stands) return then(later);
                  const auto key = crypto::SigningKey::from_seed(seed->clone());
                  proto::KeyBoxDelete gone{id, stands->version, {}};
                  gone.signature = crypto::sign_labelled(key, crypto::kSignKeyBoxDelete, gone.content());
                  self->storage_->ask(later, proto::kPathKeyBoxDelete, wire::encode(gone),
                                      [then](Context& last, const Result<Bytes>&) { then(last); });
                });
}

}  // namespace cairn::client
