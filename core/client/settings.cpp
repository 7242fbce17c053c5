#include "core/client/settings.h"

#include "core/client/invitation_tables.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxContacts = 100'000;

void write_flags(wire::Writer& w, std::initializer_list<bool> flags) {
  for (const bool flag : flags) w.u8(flag ? 1 : 0);
}

bool is_heard(const ConversationSettings& settings) { return !settings.is_request && !settings.is_hidden; }

}  // namespace

void ConversationSettings::write(wire::Writer& w) const {
  write_flags(w, {is_request, is_hidden, is_muted, is_archived, is_pinned, no_receipts, is_leaving});
  w.u32(life_s);
  w.u64(read_to);
  w.opaque(draft);
}

Result<ConversationSettings> ConversationSettings::read(wire::Reader& r) {
  ConversationSettings out;
  for (bool* flag : {&out.is_request, &out.is_hidden, &out.is_muted, &out.is_archived, &out.is_pinned, &out.no_receipts,
                     &out.is_leaving}) {
    *flag = TRY(r.presence());
  }
  out.life_s = TRY(r.u32());
  out.read_to = TRY(r.u64());
  out.draft = TRY(r.opaque_text(kMaxDraftSize));
  return out;
}

void ContactSettings::write(wire::Writer& w) const {
  w.opaque(name);
  w.opaque(petname);
  write_flags(w, {is_accepted, is_blocked, no_receipts});
}

Result<ContactSettings> ContactSettings::read(wire::Reader& r) {
  ContactSettings out;
  out.name = TRY(r.opaque_text(proto::kMaxNameSize));
  out.petname = TRY(r.opaque_text(kMaxPetnameSize));
  for (bool* flag : {&out.is_accepted, &out.is_blocked, &out.no_receipts}) *flag = TRY(r.presence());
  return out;
}

ConversationSettings settings_of(const StoreView& store, const ChannelId& home) {
  const auto row = store.get(tables::kSettings, home);
  auto settings = row ? wire::decode<ConversationSettings>(*row) : ConversationSettings{};
  return settings ? std::move(*settings) : ConversationSettings{};
}

void put_settings(Context& context, const ChannelId& home, const ConversationSettings& settings) {
  if (is_heard(settings) && !is_heard(settings_of(context.store, home))) {
    context.store.put(tables::kHeardAgain, to_bytes(home), {});
  }
  context.store.put(tables::kSettings, to_bytes(home), wire::encode(settings));
}

void mark_shared(Context& context, SharedField field, ByteView subject) {
  const auto number = static_cast<std::uint8_t>(field);
  context.store.put(tables::kSharedMarks, concat({{&number, 1}, subject}), Bytes{0});
}

void save_settings(Context& context, const ChannelId& home, const ConversationSettings& settings) {
  const ConversationSettings before = settings_of(context.store, home);
  if (before.is_muted != settings.is_muted) mark_shared(context, SharedField::muted, home);
  if (before.is_archived != settings.is_archived) mark_shared(context, SharedField::archived, home);
  if (before.is_pinned != settings.is_pinned) mark_shared(context, SharedField::pinned, home);
  if (before.no_receipts != settings.no_receipts) mark_shared(context, SharedField::receipts, home);
  if (before.draft != settings.draft) mark_shared(context, SharedField::draft, home);
  put_settings(context, home, settings);
}

ContactSettings contact_of(const StoreView& store, const Account& account, const std::string& name) {
  const auto row = store.get(tables::kContactSettings, name_key(account, name));
  auto contact = row ? wire::decode<ContactSettings>(*row) : ContactSettings{};
  ContactSettings out = contact ? std::move(*contact) : ContactSettings{};
  out.name = name;
  return out;
}

void put_contact(Context& context, const Account& account, const ContactSettings& contact) {
  const Bytes key = name_key(account, contact.name);
  if (!contact.is_blocked && contact_of(context.store, account, contact.name).is_blocked) {
    context.store.put(tables::kHeardAgain, key, to_bytes(as_bytes(contact.name)));
  }
  context.store.put(tables::kContactSettings, key, wire::encode(contact));
}

void save_contact(Context& context, const Account& account, const ContactSettings& contact) {
  const ContactSettings before = contact_of(context.store, account, contact.name);
  const Bytes subject = name_key(account, contact.name);
  if (before.petname != contact.petname) mark_shared(context, SharedField::petname, subject);
  if (before.is_blocked != contact.is_blocked) mark_shared(context, SharedField::blocked, subject);
  if (before.no_receipts != contact.no_receipts) mark_shared(context, SharedField::name_receipts, subject);
  put_contact(context, account, contact);
}

std::vector<ContactSettings> contacts_with_settings(const StoreView& store) {
  std::vector<ContactSettings> out;
  for (const Row& row : store.scan(tables::kContactSettings, {}, {}, kMaxContacts)) {
    auto contact = wire::decode<ContactSettings>(row.value);
    if (contact) out.push_back(std::move(*contact));
  }
  return out;
}

std::string other_of_pair(const Account& account, const Conversation& conversation) {
  if (conversation.kind != ConversationKind::pair) return {};
  for (const std::string& name : conversation.names) {
    if (name != account.name.text()) return name;
  }
  return {};
}

}  // namespace cairn::client
