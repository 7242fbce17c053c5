#include "core/client/typing.h"

#include "core/client/domains.h"
#include "core/client/identity.h"
#include "core/client/reconciler.h"
#include "core/client/rejoin.h"
#include "core/client/settings.h"
#include "core/client/signal_tables.h"
#include "core/client/tables.h"
#include "core/proto/labels.h"
#include "core/wire/reader.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMostRemembered = 256;
constexpr std::size_t kMostFormerRows = 10'000;

bool is_due(const std::map<ChannelId, Time>& last, const ChannelId& channel, Time now, std::uint64_t pause_ms) {
  const auto found = last.find(channel);
  return found == last.end() || found->second > now || elapsed_ms(now, found->second) >= pause_ms;
}

void remember(std::map<ChannelId, Time>& last, const ChannelId& channel, Time now) {
  if (last.size() >= kMostRemembered) last.clear();
  last[channel] = now;
}

}  // namespace

bool tells_typing(const StoreView& store, const ChannelId& home) {
  return tells_typing_at_all(store) && !store.get(tables::kTypingOff, home);
}

bool tells_typing_at_all(const StoreView& store) { return !store.get(tables::kTypingOff, {}); }

void set_tells_typing(Context& context, const std::optional<ChannelId>& home, bool on) {
  const Bytes key = home ? to_bytes(home->view()) : Bytes{};
  if (on) {
    context.store.erase(tables::kTypingOff, key);
  } else {
    context.store.put(tables::kTypingOff, key, {});
  }
}

bool Typing::say(Context& context, const Account& account, const ChannelId& home) {
  const ConversationSettings settings = settings_of(context.store, home);
  if (settings.is_request || settings.is_hidden || !tells_typing(context.store, home)) return false;
  const auto conversation = conversations_.written_to(context.store, home);
  if (!conversation || conversation->names.size() > kMaxNamesForTyping) return false;
  for (const std::string& name : conversation->names) {
    if (conversation->kind == ConversationKind::pair && contact_of(context.store, account, name).is_blocked)
      return false;
  }
  if (!is_due(said_, home, context.now, kTypingAgainMs)) return false;
  if (!Reconciler(conversations_, context, account, conversation->channel).signal(SignalKind::typing)) return false;
  remember(said_, home, context.now);
  return true;
}

void Typing::take(Context& context, const Account& account, const proto::SignalPush& push) {
  const auto conversation = conversations_.find(context.store, push.channel);
  if (!conversation || conversation->domain != push.domain) return;
  if (conversation->names.size() > kMaxNamesForTyping) return;
  const mls::Group* group = conversations_.group(context.store, push.channel);
  if (group == nullptr || !group->is_active() || push.epoch != group->epoch()) return;
  const auto signal = open_signal(*group, push.channel, push.body);
  if (!signal || !is_news(push.channel, push.epoch, *signal, context.now)) return;
  const auto who = parse_identity(*signal->sender.node);
  if (!who || who->name == account.name) return;
  const ChannelId home = home_of(context.store, push.channel);
  const ConversationSettings settings = settings_of(context.store, home);
  if (settings.is_request || settings.is_hidden) return;
  const std::string name = who->name.text();
  if (contact_of(context.store, account, name).is_blocked) return;
  if (listener_) listener_(context, home, name);
}

bool Typing::is_news(const ChannelId& channel, std::uint64_t epoch, const HeardSignal& signal, Time now) {
  if (elapsed_ms(now, signal.said) > kSignalClockMs || elapsed_ms(signal.said, now) > kSignalClockMs) return false;
  HeardIn& heard = heard_[channel];
  if (heard.epoch != epoch) heard = {epoch, {}};
  const auto last = heard.last.find(signal.sender.leaf);
  if (last != heard.last.end() && elapsed_ms(signal.said, last->second) < kHeardAgainMs) return false;
  heard.last[signal.sender.leaf] = signal.said;
  return true;
}

void Typing::forget_all() {
  said_.clear();
  heard_.clear();
}

void Typing::forget_former(Context& context) {
  for (const Row& row : context.store.scan(tables::kFormerSignals, {}, {}, kMostFormerRows)) {
    context.store.erase(tables::kFormerSignals, row.key);
    const auto channel = ChannelId::from(row.key);
    const mls::Group* group = channel ? conversations_.group(context.store, *channel) : nullptr;
    const auto epoch = wire::Reader(row.value).u64();
    if (group != nullptr && epoch && *epoch == group->epoch()) conversations_.doubt(context, *channel);
  }
}

bool Reconciler::signal(SignalKind kind) {
  auto conversation = owner_.find(context_.store, channel_);
  group_ = owner_.group(context_.store, channel_);
  if (!conversation || group_ == nullptr || account_.state != AccountState::active) return false;
  conversation_ = std::move(*conversation);
  // Not with a state that is lost or in doubt; and the past comes first.
  if (conversation_.state != ConversationState::active || !owner_.session_.caught_up() ||
      load_rejoin(context_.store, channel_) || context_.store.full() ||
      !context_.store.scan_prefix(tables::kInboxByChannel, channel_, 1).empty())
    return false;
  const std::string call_key = "signal " + as_text(channel_);
  if (group_->members().size() > kMaxLeavesForTyping || owner_.calls_.under_way(call_key)) return false;
  // To nobody whom a message would not go to just now.
  if (check_views() == Outcome::waiting) return false;
  const auto wanted = difference();
  if (!wanted || !wanted->empty()) return false;
  proto::ChannelSignal request{channel_, group_->epoch(), {}, {}};
  request.ciphertext = seal_signal(*group_, channel_, kind, account_.signing_key, context_.now, context_.entropy);
  request.signature =
      crypto::sign_labelled(write_key_of(*group_, channel_), proto::kSignChannelSignal, request.content());
  proto::Call call = call_to(context_.store, account_, conversation_.domain, proto::kPathChannelSignal);
  call.body = wire::encode(request);
  // Whatever the answer is: it is not said again.
  return owner_.calls_.start(context_, call_key, std::move(call), [](Context&, const Answer&) {});
}

}  // namespace cairn::client
