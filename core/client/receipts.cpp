// draft-mahy-mimi-message-status, and when it is said.
#include "core/client/receipts.h"

#include "core/client/expiry.h"
#include "core/client/messages.h"
#include "core/client/requests.h"
#include "core/client/row_keys.h"
#include "core/client/settings.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

/// How long what arrived waits for more; devices of one name wait for different times, so that mostly one speaks.
constexpr std::uint64_t kDeliveredPauseMs = 2 * kSecondMs;
constexpr std::uint64_t kSpreadMs = 2 * kSecondMs;
constexpr std::uint64_t kReadPauseMs = kSecondMs;
constexpr std::size_t kReportedAtOnce = 512;
constexpr std::size_t kAllRows = ~std::size_t{0};

bool counts(const Message& message, const Account& account) {
  return message.delivery == Delivery::received && message.sender != account.name.text() && !message.unsent;
}

}  // namespace

void MessageStatus::write(wire::Writer& w) const {
  w.opaque(name);
  w.u8(status);
  w.u64(since_ms);
}
Result<MessageStatus> MessageStatus::read(wire::Reader& r) {
  MessageStatus out;
  out.name = TRY(r.opaque_text(proto::kMaxNameSize));
  out.status = TRY(r.u8());
  out.since_ms = TRY(r.u64());
  return out;
}

void ReportDue::write(wire::Writer& w) const {
  w.u8(status);
  w.u64(due_ms);
}
Result<ReportDue> ReportDue::read(wire::Reader& r) {
  ReportDue out;
  out.status = TRY(r.u8());
  out.due_ms = TRY(r.u64());
  return out;
}

std::vector<MessageStatus> statuses(const StoreView& store, const ChannelId& home, std::uint64_t index) {
  std::vector<MessageStatus> out;
  for (const Row& row : store.scan_prefix(tables::kStatuses, numbered(home, index), kAllRows)) {
    auto status = wire::decode<MessageStatus>(row.value);
    if (status) out.push_back(std::move(*status));
  }
  std::sort(out.begin(), out.end(), [](const MessageStatus& a, const MessageStatus& b) { return a.name < b.name; });
  return out;
}

std::size_t unread(const Conversations& conversations, const StoreView& store, const Account& account,
                   const ChannelId& home, std::size_t most) {
  std::size_t out = 0;
  std::uint64_t first = settings_of(store, home).read_to;
  for (;;) {
    const auto some = conversations.messages(store, home, first, kReportedAtOnce);
    for (const auto& one : some) {
      if (!counts(one.message, account)) continue;
      if (++out >= most) return most;
    }
    if (some.size() < kReportedAtOnce) return out;
    first = some.back().index + 1;
  }
}

// Nobody hears from here whether they were heard before its owner wants to know them.
bool Receipts::may_report(const StoreView& store, const Account& account, const ChannelId& home,
                          const std::string& sender) const {
  const ConversationSettings settings = settings_of(store, home);
  if (settings.is_request || settings.is_hidden || settings.no_receipts) return false;
  const ContactSettings contact = contact_of(store, account, sender);
  if (contact.is_blocked || contact.no_receipts) return false;
  const auto conversation = conversations_.written_to(store, home);
  return conversation && conversation->names.size() <= kMaxNamesForReceipts;
}

void Receipts::owe(Context& context, const ChannelId& home, std::uint64_t index, std::uint8_t status,
                   std::uint64_t in_ms) {
  const Time due = after(context.now, in_ms);
  context.store.put(tables::kReportsDue, numbered(home, index), wire::encode(ReportDue{status, due.ms}));
  next_ = std::min(next_, due);
}

void Receipts::received(Context& context, const Account& account, const ChannelId& home, std::uint64_t index) {
  show_again(context, home);
  const auto message = conversations_.message(context.store, home, index);
  if (!message || message->id.is_zero() || !counts(*message, account)) return;
  if (!may_report(context.store, account, home, message->sender)) return;
  const DeviceId own = account.device_id();
  owe(context, home, index, StatusReport::kDelivered, kDeliveredPauseMs + (own.data()[0] * kSpreadMs) / 256);
}

void Receipts::accepted(Context& context, const Account& account, const ChannelId& home) {
  const std::uint64_t read_to = settings_of(context.store, home).read_to;
  for (const auto& one : conversations_.messages(context.store, home, 0, kReportedAtOnce)) {
    if (one.index < read_to) continue;
    received(context, account, home, one.index);
  }
  begin_lives(context, account, home, 0, read_to, true);
}

void Receipts::mark_read(Context& context, const Account& account, const ChannelId& home, std::uint64_t end) {
  ConversationSettings settings = settings_of(context.store, home);
  if (end <= settings.read_to) return;
  const std::uint64_t first = std::exchange(settings.read_to, end);
  save_settings(context, home, settings);
  mark_shared(context, SharedField::read, home);
  begin_lives(context, account, home, first, end, true);
}

void Receipts::read_elsewhere(Context& context, const Account& account, const ChannelId& home, std::uint64_t end) {
  ConversationSettings settings = settings_of(context.store, home);
  if (end <= settings.read_to) return;
  const std::uint64_t first = std::exchange(settings.read_to, end);
  put_settings(context, home, settings);
  begin_lives(context, account, home, first, end, false);
}

void Receipts::begin_lives(Context& context, const Account& account, const ChannelId& home, std::uint64_t first,
                           std::uint64_t end, bool report) {
  for (;;) {
    const auto some = conversations_.messages(context.store, home, first, kReportedAtOnce);
    for (const auto& one : some) {
      if (one.index >= end) return;
      if (!counts(one.message, account)) continue;
      if (one.message.life_s != 0 && one.message.expires_ms == 0) {
        Message message = one.message;
        begin_life(context, home, one.index, message, context.now);
        conversations_.change_message(context, home, one.index, message);
      }
      if (report && !one.message.id.is_zero() && may_report(context.store, account, home, one.message.sender))
        owe(context, home, one.index, StatusReport::kRead, kReadPauseMs);
    }
    if (some.size() < kReportedAtOnce) return;
    first = some.back().index + 1;
  }
}

void Receipts::heard(Context& context, const Account& account, const Heard& heard) {
  const StatusReport* report = heard.control ? std::get_if<StatusReport>(&*heard.control) : nullptr;
  if (report == nullptr || heard.is_gone) return;  // what it has heard or read its owner need not have
  if (heard.name == account.name) return own_report(context, account, heard.home, *report);
  for (const StatusReport::One& one : report->statuses) {
    if (one.status != StatusReport::kDelivered && one.status != StatusReport::kRead) continue;
    const auto ref = find_id(context.store, heard.home, one.message);
    if (!ref || ref->kind != MessageRef::Kind::message) continue;
    const auto message = conversations_.message(context.store, heard.home, ref->index);
    if (!message || message->sender != account.name.text()) continue;
    const Bytes key = concat({numbered(heard.home, ref->index), name_key(account, heard.name.text())});
    const auto row = context.store.get(tables::kStatuses, key);
    const auto before = row ? wire::decode<MessageStatus>(*row) : MessageStatus{{}, 0, 0};
    if (before && before->status >= one.status) continue;  // what was read stays read
    context.store.put(tables::kStatuses, key,
                      wire::encode(MessageStatus{heard.name.text(), one.status, context.now.ms}));
    conversations_.change_message(context, heard.home, ref->index, *message);
  }
}

// Another device of this name has said it, so its owner is in this conversation, and has read what it says.
void Receipts::own_report(Context& context, const Account& account, const ChannelId& home, const StatusReport& report) {
  if (const auto conversation = conversations_.find(context.store, home))
    accept_conversation(context, account, *conversation);
  ConversationSettings settings = settings_of(context.store, home);
  const std::uint64_t first = settings.read_to;
  for (const StatusReport::One& one : report.statuses) {
    const auto ref = find_id(context.store, home, one.message);
    if (!ref || ref->kind != MessageRef::Kind::message) continue;
    const Bytes key = numbered(home, ref->index);
    const auto row = context.store.get(tables::kReportsDue, key);
    const auto due = row ? wire::decode<ReportDue>(*row) : ReportDue{0xff, 0};
    if (due && due->status <= one.status) context.store.erase(tables::kReportsDue, key);
    if (one.status == StatusReport::kRead) settings.read_to = std::max(settings.read_to, ref->index + 1);
  }
  if (settings.read_to == first) return;
  save_settings(context, home, settings);
  begin_lives(context, account, home, first, settings.read_to, false);
}

void Receipts::step(Context& context, const Account& account) {
  if (next_ > context.now || !session_.caught_up()) return;
  next_ = Time::never();
  std::map<ChannelId, StatusReport> reports;
  for (const Row& row : context.store.scan(tables::kReportsDue, {}, {}, kAllRows)) {
    const auto due = wire::decode<ReportDue>(row.value);
    const auto home = ChannelId::from(ByteView(row.key).first(ChannelId::kSize));
    CHECK(home.has_value());
    if (due && due->due_ms > context.now.ms) {
      next_ = std::min(next_, Time{due->due_ms});
      continue;
    }
    StatusReport& report = reports[*home];
    if (report.statuses.size() == kMaxStatuses) {
      next_ = context.now;  // the rest in a report of its own
      continue;
    }
    context.store.erase(tables::kReportsDue, row.key);
    const auto message = conversations_.message(context.store, *home, index_of(row.key));
    if (!due || !message || !may_report(context.store, account, *home, message->sender)) continue;
    report.statuses.push_back({message->id, due->status});
  }
  for (const auto& [home, report] : reports) {
    if (!report.statuses.empty()) conversations_.tell(context, home, report);
  }
}

}  // namespace cairn::client
