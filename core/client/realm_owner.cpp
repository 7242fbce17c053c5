#include "core/client/realm_owner.h"

#include <algorithm>

namespace cairn::client {
namespace {

using vault::RealmFate;

struct Talk {
  Calls& calls;
  std::shared_ptr<const RealmHouse> house;
  std::shared_ptr<const PinAuths> auths;
  PinOwnerAction action;
  ThenOwner then;
  std::vector<PinVersion> versions;
  std::vector<OwnerReply> replies;
};
using Shared = std::shared_ptr<Talk>;

std::optional<proto::Call> call_of(const Talk& talk, std::size_t realm, PinOwnerAction action, std::uint64_t sequence) {
  const RealmHouse& house = *talk.house;
  const PinVersion& version = talk.versions[realm];
  const crypto::SigningKey* key = talk.auths->of(version);
  if (key == nullptr) return std::nullopt;
  const auto signature =
      vault::sign_pin_owner(*key, house.list.realms[realm].id(), house.who.registration, version, action, sequence);
  return pin_owner_call(house.list.realms[realm].url, {house.who, version, action, sequence, signature});
}

/// Those that are good so far go on with `action`.
void next_step(Context& context, const Shared& talk, PinOwnerAction action) {
  std::vector<std::optional<proto::Call>> calls;
  for (std::size_t i = 0; i < talk->replies.size(); ++i) {
    OwnerReply& reply = talk->replies[i];
    const std::uint64_t sequence = action == PinOwnerAction::log ? 0 : reply.answer.sequence;
    calls.push_back(reply.state == RealmFate::good ? call_of(*talk, i, action, sequence) : std::nullopt);
    if (reply.state == RealmFate::good && !calls.back()) reply.state = RealmFate::other_version;
  }
  ask_all(context, talk->calls, std::move(calls), [talk, action](Context& later, RealmReplies answers) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      OwnerReply& reply = talk->replies[i];
      if (reply.state != RealmFate::good) continue;
      auto answer = pin_owner_reply(answers[i]);
      if (!answer) reply.state = vault::fate_of(answer.error().code);
      reply.not_ours = !answer && is_not_ours(answer.error().code);
      if (answer) reply.answer = std::move(*answer);
    }
    if (action == talk->action) return talk->then(later, std::move(talk->replies));
    next_step(later, talk, talk->action);
  });
}

/// Takes one of what is left; false when nothing is.
bool claim(std::uint32_t& left) {
  if (left == 0) return false;
  --left;
  return true;
}

}  // namespace

const crypto::SigningKey* PinAuths::of(const PinVersion& version) const {
  for (const PinAuth& one : known) {
    if (one.version == version) return &one.key;
  }
  return common ? &*common : nullptr;
}

PinAuths PinAuths::clone() const {
  PinAuths out;
  for (const PinAuth& one : known) out.known.push_back({one.version, one.key.clone()});
  if (common) out.common = common->clone();
  return out;
}

bool PinAuths::is_common(const PinVersion& version) const {
  return common && std::ranges::find(known, version, &PinAuth::version) == known.end();
}

void ask_as_owner(Context& context, Calls& calls, std::shared_ptr<const RealmHouse> house,
                  std::shared_ptr<const PinAuths> auths, PinOwnerAction action, ThenOwner then) {
  const auto talk = std::make_shared<Talk>(Talk{calls, house, std::move(auths), action, std::move(then), {}, {}});
  std::vector<std::optional<proto::Call>> asked;
  for (const RealmPlace& realm : house->list.realms) asked.emplace_back(pin_version_call(realm.url, house->who));
  ask_all(context, calls, std::move(asked), [talk](Context& later, RealmReplies answers) {
    for (const auto& one : answers) {
      const auto version = pin_version_reply(one);
      talk->versions.push_back(version ? version->version : PinVersion{});
      talk->replies.push_back({version ? RealmFate::good : vault::fate_of(version.error().code),
                               version ? version->guesses_left : std::uint8_t{0},
                               false,
                               {},
                               talk->versions.back()});
    }
    next_step(later, talk, PinOwnerAction::log);
  });
}

std::uint8_t guesses_left(const RealmList& list, const std::vector<OwnerReply>& replies) {
  std::vector<std::uint8_t> left;
  for (const OwnerReply& one : replies) {
    const std::uint8_t used = std::min(one.answer.counter, proto::kMaxGuesses);
    left.push_back(one.state == RealmFate::good ? static_cast<std::uint8_t>(proto::kMaxGuesses - used)
                                                : std::uint8_t{0});
  }
  std::ranges::sort(left, std::greater<>());
  return left.size() < list.threshold ? std::uint8_t{0} : left[list.threshold - 1u];
}

namespace {

/// Whether the log goes on where the row has left off: one whose registration was deleted and made again is another.
bool log_goes_on(const std::vector<proto::GuessEntry>& log, const GuessRow& row) {
  if (log.empty() || log.back().number < row.newest) return false;
  const auto newest = std::ranges::find(log, row.newest, &proto::GuessEntry::number);
  return newest == log.end() || newest->time_ms == row.newest_ms;
}

}  // namespace

void take_logs(Context& context, const RealmHouse& house, const std::vector<OwnerReply>& replies, std::uint32_t own,
               const std::optional<DeviceId>& told_by) {
  const RegistrationId& registration = house.who.registration;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (replies[i].state != RealmFate::good) continue;
    const RealmId id = house.list.realms[i].id();
    const auto& log = replies[i].answer.log;
    GuessRow row = load_guesses(context.store, registration, id, told_by);
    if (!log_goes_on(log, row)) row.newest = 0;
    const bool first_look = row.asked_ms == 0;
    std::uint32_t own_guesses = own;
    std::uint32_t own_right = own;
    // Newest first: this device's own are the last that there are.
    for (auto entry = log.rbegin(); entry != log.rend() && entry->number > row.newest; ++entry) {
      const bool is_guess = entry->kind == proto::GuessKind::guess;
      if (is_guess) row.last_ms = std::max(row.last_ms, entry->time_ms);
      if (first_look) continue;
      if (is_guess && !claim(own_guesses)) ++row.unseen;
      if (entry->kind == proto::GuessKind::right_tag && !claim(own_right)) ++row.right;
    }
    // Of what was before this device looked, what was not followed by the right PIN.
    if (first_look) row.unseen = replies[i].answer.counter - std::min<std::uint32_t>(own, replies[i].answer.counter);
    if (!log.empty()) {
      row.newest = log.back().number;
      row.newest_ms = log.back().time_ms;
    }
    row.counter = replies[i].answer.counter;
    row.asked_ms = context.now.ms;
    save_guesses(context, registration, id, row, told_by);
  }
}

void know_guesses(Context& context, const RegistrationId& registration, const RealmList& list,
                  const std::optional<DeviceId>& told_by) {
  for (const RealmPlace& one : list.realms) {
    GuessRow row = load_guesses(context.store, registration, one.id(), told_by);
    row.unseen = 0;
    row.right = 0;
    save_guesses(context, registration, one.id(), row, told_by);
  }
}

}  // namespace cairn::client
