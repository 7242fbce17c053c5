#include "core/client/expiry.h"

#include "core/client/early_changes.h"
#include "core/client/messages.h"
#include "core/client/settings.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

Bytes due_key(std::uint64_t ms, const ChannelId& home, std::uint64_t index) {
  wire::Writer w;
  w.u64(ms);
  w.raw(home);
  w.u64(index);
  return w.take();
}

struct Due {
  std::uint64_t ms = 0;
  ChannelId home;
  std::uint64_t index = 0;
};

Due read_due(ByteView key) {
  wire::Reader r(key);
  const auto ms = r.u64();
  const auto home = r.fixed<ChannelId>();
  const auto index = r.u64();
  CHECK(ms && home && index);
  return {*ms, *home, *index};
}

}  // namespace

// Rounded up, so that one row stands for many.
void look_at_early(Context& context, const ChannelId& home, std::uint64_t until_ms) {
  const std::uint64_t minutes = until_ms / kMinuteMs + (until_ms % kMinuteMs != 0 ? 1 : 0);
  context.store.put(tables::kExpiring, due_key(minutes * kMinuteMs, home, kEarlyIndex), {});
}

void set_life(Message& message, const std::optional<Expiration>& expires) {
  if (!expires) return;
  if (expires->relative) {
    message.life_s = std::clamp<std::uint32_t>(expires->seconds, 1, kMaxLifeS);
  } else {
    message.expires_ms = std::max<std::uint64_t>(expires->seconds, 1) * kSecondMs;
  }
}

void begin_life(Context& context, const ChannelId& home, std::uint64_t index, Message& message, Time now) {
  if (message.life_s == 0 || message.expires_ms != 0) return;
  message.expires_ms = after(now, message.life_s * kSecondMs).ms;
  context.store.put(tables::kExpiring, due_key(message.expires_ms, home, index), {});
}

bool restore_life(Context& context, const ChannelId& home, std::uint64_t index, Message& message) {
  if (message.life_s != 0 && message.expires_ms == 0) {
    message.expires_ms = after(Time{message.time_ms}, message.life_s * kSecondMs).ms;
  }
  if (message.expires_ms == 0) return true;
  if (message.expires_ms <= context.now.ms) return false;
  context.store.put(tables::kExpiring, due_key(message.expires_ms, home, index), {});
  return true;
}

Status Expiry::set(Context& context, const Account& account, const ChannelId& home, std::uint32_t seconds) {
  REQUIRE(seconds <= kMaxLifeS, ErrorCode::over_limit, "how long messages are kept");
  REQUIRE(conversations_.written_to(context.store, home), ErrorCode::invalid_state, "it can only be read");
  ConversationSettings settings = settings_of(context.store, home);
  if (settings.life_s == seconds) return ok();
  settings.life_s = seconds;
  save_settings(context, home, settings);
  conversations_.tell(context, home, ExpirySet{seconds});
  note(context, home, account.name.text(), seconds);
  return ok();
}

void Expiry::heard(Context& context, const Account& account, const Heard& heard) {
  const ExpirySet* told = heard.control ? std::get_if<ExpirySet>(&*heard.control) : nullptr;
  if (told == nullptr || heard.is_gone || contact_of(context.store, account, heard.name.text()).is_blocked) return;
  if (told->seconds > kMaxLifeS) {
    return context.note(proto::Event::Level::warning, "a time to keep messages that is too long was ignored");
  }
  ConversationSettings settings = settings_of(context.store, heard.home);
  if (settings.life_s == told->seconds) return;
  settings.life_s = told->seconds;
  save_settings(context, heard.home, settings);
  note(context, heard.home, heard.name.text(), told->seconds);
}

void Expiry::note(Context& context, const ChannelId& home, const std::string& who, std::uint32_t seconds) {
  conversations_.notice(context, home,
                        seconds == 0
                            ? who + " set messages to be kept."
                            : who + " set messages to disappear " + duration_words(seconds) + " after they are read.");
}

void Expiry::received(Context& context, const Account& account, const ChannelId& home, std::uint64_t index) {
  auto message = conversations_.message(context.store, home, index);
  if (!message) return;
  if (message->expires_ms != 0) {  // at a moment
    context.store.put(tables::kExpiring, due_key(message->expires_ms, home, index), {});
    next_ = Time{};
  } else if (message->sender == account.name.text() && message->life_s != 0) {
    begin_life(context, home, index, *message, context.now);
    conversations_.change_message(context, home, index, *message);
  }
}

void Expiry::step(Context& context) {
  for (;;) {
    const auto first = context.store.scan(tables::kExpiring, {}, {}, 1);
    next_ = first.empty() ? Time::never() : Time{read_due(first.front().key).ms};
    if (next_ > context.now) return;
    const Due due = read_due(first.front().key);
    context.store.erase(tables::kExpiring, first.front().key);
    if (due.index == kEarlyIndex) {
      forget_early(context, due.home, Early::over);
      continue;
    }
    const auto message = conversations_.message(context.store, due.home, due.index);
    if (message && message->expires_ms == due.ms) wipe_message(context, due.home, due.index, *message);
  }
}

std::string duration_words(std::uint32_t seconds) {
  constexpr std::pair<std::uint32_t, const char*> kUnits[] = {{86'400, "day"}, {3'600, "hour"}, {60, "minute"}};
  std::uint32_t count = seconds;
  std::string unit = "second";
  for (const auto& [size, word] : kUnits) {
    if (seconds % size != 0) continue;
    count = seconds / size;
    unit = word;
    break;
  }
  return std::to_string(count) + " " + unit + (count == 1 ? "" : "s");
}

}  // namespace cairn::client
