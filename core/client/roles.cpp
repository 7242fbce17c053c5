#include "core/client/roles.h"

#include "core/client/pairs.h"
#include "core/client/settings.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

Hash picture_hash(ByteView picture) { return picture.empty() ? Hash{} : crypto::sha256(picture); }

void write_names(wire::Writer& w, const std::vector<std::string>& names) {
  const std::size_t mark = w.begin_vector();
  for (const std::string& name : names) w.opaque(name);
  w.end_vector(mark);
}

}  // namespace

void GroupWants::write(wire::Writer& w) const {
  write_names(w, admins);
  w.raw(picture);
  w.u8(title ? 1 : 0);
  if (title) w.opaque(*title);
  w.u8(new_picture ? 1 : 0);
  if (new_picture) w.opaque(*new_picture);
  const std::size_t mark = w.begin_vector();
  for (const auto& [name, admin] : roles) {
    w.opaque(name);
    w.u8(admin ? 1 : 0);
  }
  w.end_vector(mark);
}

Result<GroupWants> GroupWants::read(wire::Reader& r) {
  GroupWants out;
  wire::Reader admins = TRY(r.nested(wire::kMaxVectorSize));
  while (!admins.done()) out.admins.push_back(TRY(admins.opaque_text(proto::kMaxNameSize)));
  out.picture = TRY(r.fixed<Hash>());
  if (TRY(r.presence())) out.title = TRY(r.opaque_text(kMaxTitleSize));
  if (TRY(r.presence())) out.new_picture = TRY(r.opaque_bytes(kMaxPictureSize));
  wire::Reader roles = TRY(r.nested(wire::kMaxVectorSize));
  while (!roles.done()) {
    const std::string name = TRY(roles.opaque_text(proto::kMaxNameSize));
    REQUIRE(out.roles.empty() || out.roles.rbegin()->first < name, ErrorCode::malformed, "order of names");
    out.roles[name] = TRY(roles.presence());
  }
  return out;
}

GroupWants group_wants(const StoreView& store, const ChannelId& channel) {
  const auto row = store.get(tables::kGroupWants, channel);
  auto wants = row ? wire::decode<GroupWants>(*row) : GroupWants{};
  return wants ? std::move(*wants) : GroupWants{};
}

void save_group_wants(Context& context, const ChannelId& channel, const GroupWants& wants) {
  context.store.put(tables::kGroupWants, to_bytes(channel), wire::encode(wants));
}

Bytes group_picture(const StoreView& store, const ChannelId& channel) {
  if (auto archived = store.get(tables::kArchivedPictures, channel)) return std::move(*archived);
  const auto row = store.get(tables::kGroups, channel);
  const auto group = row ? mls::Group::restore(*row) : Result<mls::Group>(fail(ErrorCode::not_found, "group"));
  const auto info =
      group ? ConversationInfo::of(group->extensions()) : Result<ConversationInfo>(fail(ErrorCode::not_found, "group"));
  return info ? info->picture : Bytes{};
}

bool drop_wishes_of_no_admin(Context& context, Conversation& conversation, const ConversationInfo& now,
                             const std::string& own, const std::vector<std::string>& members) {
  if (now.kind != ConversationKind::group || now.is_admin(own)) return false;
  bool any = false;
  for (const std::string& name : members) {
    const auto at = std::lower_bound(conversation.names.begin(), conversation.names.end(), name);
    if (at != conversation.names.end() && *at == name) continue;
    conversation.names.insert(at, name);
    any = true;
  }
  GroupWants wants = group_wants(context.store, conversation.channel);
  if (!wants.wants_anything()) return any;
  wants.title.reset();
  wants.new_picture.reset();
  wants.roles.clear();
  save_group_wants(context, conversation.channel, wants);
  return true;
}

std::optional<ConversationInfo> wanted_info(const GroupWants& wants, const ConversationInfo& now,
                                            const std::string& own, const std::vector<std::string>& names) {
  if (now.kind != ConversationKind::group || !now.is_admin(own)) return std::nullopt;
  ConversationInfo out = now;
  if (wants.title) out.title = *wants.title;
  if (wants.new_picture) out.picture = *wants.new_picture;
  std::set<std::string> admins(now.admins.begin(), now.admins.end());
  for (const auto& [name, admin] : wants.roles) {
    if (admin) {
      admins.insert(name);
    } else {
      admins.erase(name);
    }
  }
  out.admins.clear();
  for (const std::string& name : admins) {
    if (std::binary_search(names.begin(), names.end(), name)) out.admins.push_back(name);
  }
  if (out.admins.empty() && !now.admins.empty()) out.admins = now.admins;
  if (out == now) return std::nullopt;
  return out;
}

void note_info(Conversations& conversations, Context& context, Conversation& conversation, const ConversationInfo& info,
               const std::string& by) {
  if (info.kind != ConversationKind::group) return;
  GroupWants wants = group_wants(context.store, conversation.channel);
  const auto tell = [&](const std::string& what) {
    if (by.empty()) return;
    Message notice;
    notice.delivery = Delivery::notice;
    notice.time_ms = context.now.ms;
    notice.text = by + " " + what;
    conversations.add_notice(context, conversation, notice);
  };
  if (conversation.title != info.title) tell("renamed the group to \"" + info.title + "\".");
  if (wants.picture != picture_hash(info.picture)) {
    tell(info.picture.empty() ? "removed the group's picture." : "changed the group's picture.");
  }
  for (const std::string& name : info.admins) {
    const bool is_new = std::find(wants.admins.begin(), wants.admins.end(), name) == wants.admins.end();
    if (is_new) tell("made " + name + " an admin.");
  }
  for (const std::string& name : wants.admins) {
    const bool is_gone = std::find(info.admins.begin(), info.admins.end(), name) == info.admins.end();
    const bool is_here = std::binary_search(conversation.names.begin(), conversation.names.end(), name);
    if (is_gone && is_here) tell("made " + name + " a member who is no admin.");
  }
  conversation.title = info.title;
  wants.admins = info.admins;
  wants.picture = picture_hash(info.picture);
  if (wants.title == info.title) wants.title.reset();
  if (wants.new_picture == info.picture) wants.new_picture.reset();
  std::erase_if(wants.roles, [&](const auto& one) {
    const bool is_admin = std::binary_search(info.admins.begin(), info.admins.end(), one.first);
    return is_admin == one.second;
  });
  save_group_wants(context, conversation.channel, wants);
}

void Roles::heard(Context& context, const Account& account, const Heard& heard) {
  if (!heard.control || !std::holds_alternative<LeaveRequest>(*heard.control)) return;
  // It may be in other hands; and whoever is out need not leave, but may have been brought here again.
  if (heard.is_gone || heard.is_out) return;
  const auto conversation = conversations_.find(context.store, heard.home);
  if (!conversation || conversation->kind != ConversationKind::group) return;
  if (heard.name == account.name) {
    ConversationSettings settings = settings_of(context.store, heard.home);
    settings.is_leaving = true;
    return save_settings(context, heard.home, settings);
  }
  const GroupWants wants = group_wants(context.store, heard.home);
  const auto& admins = wants.admins;
  const bool may = admins.empty() || std::binary_search(admins.begin(), admins.end(), account.name.text());
  if (may) (void)conversations_.remove_from_group(context, heard.home, heard.name);
}

}  // namespace cairn::client
