#include "core/client/pin_watch.h"

#include "core/base/encoding.h"
#include "core/client/backup_trust.h"
#include "core/client/begun_generations.h"
#include "core/client/lost_generations.h"
#include "core/client/pin_jobs.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kEveryMs = 30 * kMinuteMs;
constexpr std::uint32_t kBoxTimeoutMs = 30'000;

std::optional<BackupSetup> setup_of(const StoreView& store, const vault::StorageIdentity& storage) {
  for (BackupSetup& one : load_backup_setups(store)) {
    if (one.identity == storage) return std::move(one);
  }
  return std::nullopt;
}

/// What a device that is the name's now has written since.
void take_newest_box(Context& context, Views& views, const Account& account, const vault::StorageIdentity& storage,
                     ByteView stored) {
  auto setup = setup_of(context.store, storage);
  const auto view = views.view(context.store, account, account.name);
  if (!setup || !view) return;
  auto box = believed_box(stored, *setup, view->state());
  if (!box) return;
  settle_begun(context, storage, box->content);
  if (box->head == setup->head) return forget_lost_in(context, storage, box->content);
  review_generations(context, *box, view->state(), &*setup);
  keep_known_generations(box->content, &*setup);
  review_realms(context, *box, view->state(), storage, &*setup);
  std::optional<vault::PinKeys> doubted;
  judge_pin(*box, view->state(), &*setup, doubted);
  setup->newest_pin = std::max(setup->newest_pin, box->content.newest_pin());
  setup->head = box->head;
  setup->content = std::move(box->content);
  save_backup_setup(context, *setup);
  forget_lost_in(context, storage, setup->content);
}

/// If the PIN opens the backup at this storage.
void ask_for_guesses(Context& context, Calls& calls, const std::string& domain, const vault::StorageIdentity& storage,
                     const std::shared_ptr<std::uint64_t>& looks) {
  const auto setup = load_backup_setup(context.store);
  if (!setup || !setup->content.pin) note_no_pin(context);
  if (!setup || setup->identity != storage || !setup->content.pin) return;
  const auto auths = std::make_shared<const PinAuths>(pin_auths(context.store, *setup->content.pin));
  bool is_first = true;  // what the key box has, where that is not what its owner has named
  for (RealmList& list : watched_realms(context.store, *setup)) {
    const auto house =
        std::make_shared<const RealmHouse>(RealmHouse{std::move(list), {domain, setup->content.pin->registration}, {}});
    ask_as_owner(context, calls, house, auths, PinOwnerAction::log,
                 [house, looks, auths, is_told = std::exchange(is_first, false)](
                     Context& later, const std::vector<OwnerReply>& replies) {
                   take_logs(later, *house, replies, 0);
                   if (is_told && !later.store.full()) note_pin_to_watch(later, *house, *auths, replies);
                   ++*looks;
                 });
  }
}

/// What a look shows of one registration.
struct Watched {
  RegistrationId registration;
  RealmList list;
  std::optional<DeviceId> told_by;
};

/// By the key box, and by the word of other devices about what is not in it.
std::vector<Watched> all_watched(const StoreView& store) {
  std::vector<Watched> out;
  const auto setup = load_backup_setup(store);
  const auto* own = setup && setup->content.pin ? &*setup->content.pin : nullptr;
  if (own != nullptr) {
    for (RealmList& list : watched_realms(store, *setup)) out.push_back({own->registration, std::move(list), {}});
  }
  for (OtherPin& one : other_pins(store)) {
    const bool is_own = own != nullptr && own->registration == one.word.registration;
    if (!is_own) out.push_back({one.word.registration, std::move(*one.word.list), one.by});
  }
  return out;
}

}  // namespace

void PinWatch::step(Context& context, const Account& account, Look look) {
  const bool active = account.state == AccountState::active;
  if (!std::exchange(active_, active) && active) due_ = {};
  if (!active) due_ = Time::never();
  if (context.now < due_ || !active) return;
  due_ = after(context.now, kEveryMs);
  const std::vector<BackupSetup> all = load_backup_setups(context.store);
  const bool has_others = watch_others(context, account);
  const bool has_lost = !lost_generations(context.store).empty();
  if (has_lost) ask_about_lost(context, calls_, [looks = looks_] { ++*looks; });
  const bool has_begun = has_unwanted_begun(context.store);
  if (has_begun) ask_about_begun(context, calls_);
  deletions_.look(context, all, [looks = looks_] { ++*looks; });
  if (all.empty()) note_no_pin(context);
  if (all.empty() && !has_others && !has_lost && !has_begun)
    due_ = Time::never();  // until a job has run, or a device says where to look
  if (look == Look::at_logs) {
    const auto of_pin = load_backup_setup(context.store);
    if (of_pin) ask_for_guesses(context, calls_, account.domain(), of_pin->identity, looks_);
    return;
  }
  // Of each: another device may have set the PIN at a storage where there was none.
  for (const BackupSetup& setup : all) watch_box(context, setup);
}

bool PinWatch::watch_others(Context& context, const Account& account) {
  const std::vector<OtherPin> all = other_pins(context.store);
  if (all.empty()) return false;
  const auto view = views_.view(context.store, account, account.name);
  const auto setup = load_backup_setup(context.store);
  for (const OtherPin& one : all) {
    if (!view) break;
    if (!view->state().is_active(one.by)) {
      forget_other_pin(context, one.by);
      continue;
    }
    if (setup && setup->content.pin && setup->content.pin->registration == one.word.registration) continue;
    ask_by_word(context, calls_, account.domain(), one, [looks = looks_] { ++*looks; });
  }
  return true;
}

void PinWatch::watch_box(Context& context, const BackupSetup& setup) {
  proto::Call call;
  call.method = proto::Method::post;
  call.url = setup.storage + std::string(proto::kPathKeyBoxGet);
  call.timeout_ms = kBoxTimeoutMs;
  call.body = wire::encode(proto::KeyBoxGet{setup.key_box});
  calls_.start(
      context, "watch the key box at " + to_hex(setup.key_box), std::move(call),
      [&calls = calls_, &views = views_, looks = looks_, at = setup.identity](Context& later, const Answer& answer) {
        const auto own = load_account(later.store);
        if (!own || own->state != AccountState::active) return;
        if (answer.body && !later.store.full()) take_newest_box(later, views, *own, at, *answer.body);
        ask_for_guesses(later, calls, own->domain(), at, looks);
        ask_about_lost(later, calls, [looks] { ++*looks; });
      });
}

std::optional<GuessAlarm> guess_alarm(const StoreView& store) {
  GuessAlarm out;
  out.is_elsewhere = true;
  for (const auto& [registration, list, told_by] : all_watched(store)) {
    std::vector<std::uint8_t> left;
    bool is_new = false;
    for (const RealmPlace& one : list.realms) {
      const GuessRow row = load_guesses(store, registration, one.id(), told_by);
      is_new = is_new || row.unseen != 0;
      out.guesses = std::max(out.guesses, row.unseen);
      out.right = std::max(out.right, row.right);
      if (row.unseen != 0) out.last_ms = std::max(out.last_ms, row.last_ms);
      left.push_back(static_cast<std::uint8_t>(proto::kMaxGuesses - std::min(row.counter, proto::kMaxGuesses)));
    }
    if (is_new && !told_by) out.is_elsewhere = false;
    std::ranges::sort(left, std::greater<>());
    // Of what nothing is new of nothing is told, and what others say counts where the key box has nothing to tell.
    if (is_new && (!told_by || out.is_elsewhere)) out.left = std::max(out.left, left[list.threshold - 1u]);
  }
  if (out.guesses == 0) return std::nullopt;
  return out;
}

void know_all_guesses(Context& context) {
  for (const auto& [registration, list, told_by] : all_watched(context.store)) {
    know_guesses(context, registration, list, told_by);
  }
}

std::optional<nlohmann::json> other_pin_json(const StoreView& store) {
  const std::vector<OtherPin> all = other_pins(store);
  if (all.empty()) return std::nullopt;
  const auto alarm = guess_alarm(store).value_or(GuessAlarm{});
  nlohmann::json names = nlohmann::json::array();
  for (const RealmPlace& one : all.front().word.list->realms) {
    names.push_back({{"name", one.name()}, {"state", "watched"}});
  }
  return nlohmann::json{{"set", true},
                        {"elsewhere", true},
                        {"threshold", all.front().word.list->threshold},
                        {"held_by", std::move(names)},
                        {"last_guess_ms", alarm.last_ms},
                        {"guesses_unseen", alarm.guesses},
                        {"guesses_right", alarm.right}};
}

}  // namespace cairn::client
