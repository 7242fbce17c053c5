#include "core/client/typing.h"

#include <algorithm>

#include "core/client/domains.h"
#include "core/client/identity.h"
#include "core/client/inbox.h"
#include "core/client/reconciler.h"
#include "core/client/rejoin.h"
#include "core/client/settings.h"
#include "core/client/signal_tables.h"
#include "core/client/tables.h"
#include "core/crypto/labels.h"
#include "core/mls/message.h"
#include "core/proto/labels.h"

namespace cairn::client {
namespace {

/// Several may write in one channel at once, and each of them says so at most this often.
constexpr std::uint64_t kHeardAgainMs = 250;
constexpr std::size_t kMostRemembered = 256;

bool is_due(const std::map<ChannelId, Time>& last, const ChannelId& channel, Time now, std::uint64_t pause_ms) {
  const auto found = last.find(channel);
  return found == last.end() || found->second > now || elapsed_ms(now, found->second) >= pause_ms;
}

void remember(std::map<ChannelId, Time>& last, const ChannelId& channel, Time now) {
  if (last.size() >= kMostRemembered) last.clear();
  last[channel] = now;
}

std::string call_key(const char* what, const ChannelId& channel) { return std::string(what) + as_text(channel); }

}  // namespace

void SignalsSent::write(wire::Writer& w) const {
  w.u64(epoch);
  w.u32(count);
}
Result<SignalsSent> SignalsSent::read(wire::Reader& r) {
  SignalsSent out;
  out.epoch = TRY(r.u64());
  out.count = TRY(r.u32());
  return out;
}

Bytes typing_content(Context& context) {
  TextContent content;
  context.entropy.fill(content.salt);
  content.media_type = kTypingMediaType;
  return encode_content(content);
}

bool tells_typing(const StoreView& store, const ChannelId& home) {
  return !store.get(tables::kTypingOff, {}) && !store.get(tables::kTypingOff, home);
}

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
  if (!Reconciler(conversations_, context, account, conversation->channel).signal(typing_content(context)))
    return false;
  remember(said_, home, context.now);
  return true;
}

void Typing::take(Context& context, const Account& account, const proto::SignalPush& push) {
  const auto conversation = conversations_.find(context.store, push.channel);
  if (!conversation || conversation->domain != push.domain) return;
  if (conversation->names.size() > kMaxNamesForTyping) return;
  // Before anything is decrypted: each costs a commit on this disk.
  if (!is_due(heard_, push.channel, context.now, kHeardAgainMs)) return;
  remember(heard_, push.channel, context.now);
  const auto heard = Inbox(conversations_, context, account, push.channel).take_signal(push);
  if (!heard || heard->name == account.name || heard->media_type != kTypingMediaType) return;
  const ConversationSettings settings = settings_of(context.store, heard->home);
  if (settings.is_request || settings.is_hidden) return;
  const std::string name = heard->name.text();
  if (contact_of(context.store, account, name).is_blocked) return;
  if (listener_) listener_(context, heard->home, name);
}

void Typing::forget_all() {
  said_.clear();
  heard_.clear();
}

// ---- sending ----

bool Reconciler::signal(const Bytes& content) {
  auto conversation = owner_.find(context_.store, channel_);
  group_ = owner_.group(context_.store, channel_);
  if (!conversation || group_ == nullptr || account_.state != AccountState::active) return false;
  conversation_ = std::move(*conversation);
  const bool is_quiet = conversation_.state == ConversationState::active && owner_.session_.caught_up() &&
                        !owner_.session_.token().empty() && group_->pending() == nullptr && !has_outbox() &&
                        context_.store.scan_prefix(tables::kInboxByChannel, channel_, 1).empty();
  // What waits in the outbox has its generation already, or takes the next one: nothing may overtake it by far.
  if (!is_quiet || load_rejoin(context_.store, channel_) || context_.store.full() ||
      group_->members().size() > kMaxLeavesForTyping)
    return false;
  if (owner_.calls_.under_way(call_key("signal ", channel_)) || owner_.calls_.under_way(call_key("send ", channel_)))
    return false;
  // To nobody whom a message would not go to just now.
  if (check_views() == Outcome::waiting) return false;
  const auto wanted = difference();
  if (!wanted || !wanted->empty()) return false;
  const auto sent_before = signals_sent();
  if (!sent_before) {  // the wish is kept: from the next message on that the server has taken there may be signals
    context_.store.put(tables::kSignalsSent, to_bytes(channel_.view()), wire::encode(SignalsSent{group_->epoch(), 0}));
    owner_.spoken_[channel_].taken = false;
    return false;
  }
  // Not with generations that another state of this device may have used.
  const auto spoken = owner_.spoken_.find(channel_);
  if (spoken == owner_.spoken_.end() || spoken->second.epoch != group_->epoch() || !spoken->second.taken) return false;
  SignalsSent sent = *sent_before;
  if (++sent.count > kMaxSignalsBetweenMessages) return false;
  const SecretBytes plaintext = encode_plaintext({}, content);
  auto ciphertext = group_->protect(plaintext.expose(), as_bytes(proto::kSignalData), context_.entropy);
  if (!ciphertext || ciphertext->size() > proto::kMaxSignalBody) return false;
  owner_.save_group(context_, channel_, *group_);
  context_.store.put(tables::kSignalsSent, to_bytes(channel_.view()), wire::encode(sent));
  proto::ChannelSignal request{channel_, group_->epoch(), std::move(*ciphertext), {}};
  request.signature =
      crypto::sign_labelled(write_key_of(*group_, channel_), proto::kSignChannelSignal, request.content());
  proto::Call call = call_to(context_.store, account_, conversation_.domain, proto::kPathChannelSignal);
  call.body = wire::encode(request);
  // Whatever the answer is: it is not said again.
  return owner_.calls_.start(context_, call_key("signal ", channel_), std::move(call), [](Context&, const Answer&) {});
}

Status Reconciler::skip_signals() {
  Conversations::Spoken& spoken = owner_.spoken_[channel_];
  if (spoken.epoch == group_->epoch()) return ok();
  if (const auto sent = signals_sent()) {
    TRY(group_->skip_generations(kMaxSignalsBetweenMessages - std::min(sent->count, kMaxSignalsBetweenMessages)));
    owner_.save_group(context_, channel_, *group_);
    context_.store.put(tables::kSignalsSent, to_bytes(channel_.view()),
                       wire::encode(SignalsSent{group_->epoch(), kMaxSignalsBetweenMessages}));
  }
  spoken = {group_->epoch(), {}, false};
  return ok();
}

std::optional<SignalsSent> Reconciler::signals_sent() const {
  const auto row = context_.store.get(tables::kSignalsSent, channel_);
  const auto sent = row ? wire::decode<SignalsSent>(*row) : Result<SignalsSent>(fail(ErrorCode::not_found, "signals"));
  return sent && sent->epoch == group_->epoch() ? std::optional(*sent) : std::nullopt;
}

void Conversations::message_taken(Context& context, const ChannelId& channel, const OutboxEntry& entry) {
  const auto row = context.store.get(tables::kSignalsSent, channel);
  const auto sent = row ? wire::decode<SignalsSent>(*row) : Result<SignalsSent>(fail(ErrorCode::not_found, "signals"));
  if (sent && sent->epoch == entry.epoch) {
    context.store.put(tables::kSignalsSent, to_bytes(channel.view()), wire::encode(SignalsSent{entry.epoch, 0}));
  }
  const auto spoken = spoken_.find(channel);
  if (spoken == spoken_.end() || spoken->second.epoch != entry.epoch) return;
  spoken->second.taken = spoken->second.taken || spoken->second.last == entry.ciphertext_hash;
}

// ---- hearing ----

std::optional<Inbox::Signal> Inbox::take_signal(const proto::SignalPush& push) {
  mls::Group* group = owner_.group(context_.store, channel_);
  if (group == nullptr || !group->is_active() || push.epoch != group->epoch()) return std::nullopt;
  // What is kept comes first, and a full disk takes nothing.
  if (context_.store.full() || !context_.store.scan_prefix(tables::kInboxByChannel, channel_, 1).empty())
    return std::nullopt;
  // A message that is kept does not pass for a signal: it would be taken here, and missing there.
  const auto outer = wire::decode<mls::MlsMessage>(push.body);
  const auto* framed = outer ? std::get_if<mls::PrivateMessage>(&outer->body) : nullptr;
  if (framed == nullptr || framed->content_type != mls::ContentType::application ||
      !equal(framed->authenticated_data, as_bytes(proto::kSignalData)))
    return std::nullopt;
  Gatekeeper gatekeeper(context_, account_, owner_.views_, owner_.awaited_[channel_]);
  const mls::ExtensionList current = group->extensions();
  Doorkeeper doorkeeper(context_, account_, owner_.views_, owner_.awaited_[channel_], ConversationKind::group,
                        &current);
  const mls::NoPsks psks;
  auto received = group->process(push.body, {gatekeeper, doorkeeper, psks});
  const auto* message = received ? std::get_if<mls::ApplicationMessage>(&*received) : nullptr;
  if (message == nullptr) return std::nullopt;
  owner_.save_group(context_, channel_, *group);
  const auto who = parse_identity(*message->sender.node);
  const auto plaintext = decode_plaintext(message->plaintext.expose());
  if (!who || !plaintext) return std::nullopt;
  return Signal{home_, who->name, plaintext->content.unknown_type};
}

}  // namespace cairn::client
