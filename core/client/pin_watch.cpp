#include "core/client/pin_watch.h"

#include "core/client/backup_records.h"
#include "core/client/pin_jobs.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kEveryMs = 30 * kMinuteMs;

}  // namespace

void PinWatch::step(Context& context, const Account& account) {
  const bool active = account.state == AccountState::active;
  if (!std::exchange(active_, active) && active) due_ = {};
  if (!active) due_ = Time::never();
  if (context.now < due_ || !active) return;
  due_ = after(context.now, kEveryMs);
  const auto setup = load_backup_setup(context.store);
  if (!setup || !setup->content.pin) {
    due_ = Time::never();  // until a job has run that may have set one
    return;
  }
  auto list = RealmList::from(setup->content.current().realms);
  if (!list) return;
  const auto house = std::make_shared<const RealmHouse>(
      RealmHouse{std::move(*list), {account.domain(), setup->content.pin->registration}, {}});
  const auto auths = std::make_shared<const PinAuths>(pin_auths(context.store, *setup->content.pin));
  ask_as_owner(context, calls_, house, auths, PinOwnerAction::log,
               [house, looks = looks_](Context& later, const std::vector<OwnerReply>& replies) {
                 take_logs(later, house->list, replies, 0);
                 ++*looks;
               });
}

std::optional<GuessAlarm> guess_alarm(const StoreView& store) {
  const auto setup = load_backup_setup(store);
  if (!setup || !setup->content.pin) return std::nullopt;
  const auto list = RealmList::from(setup->content.current().realms);
  if (!list) return std::nullopt;
  GuessAlarm out;
  std::vector<std::uint8_t> left;
  for (const RealmPlace& one : list->realms) {
    const GuessRow row = load_guesses(store, one.id());
    out.guesses = std::max(out.guesses, row.unseen);
    out.right = std::max(out.right, row.right);
    if (row.unseen != 0) out.last_ms = std::max(out.last_ms, row.last_ms);
    left.push_back(static_cast<std::uint8_t>(proto::kMaxGuesses - std::min(row.counter, proto::kMaxGuesses)));
  }
  if (out.guesses == 0) return std::nullopt;
  std::ranges::sort(left, std::greater<>());
  out.left = left[list->threshold - 1u];
  return out;
}

}  // namespace cairn::client
