// Methods about what a group is and who is in it, beside making one and adding somebody (rpc_talk.cpp).
#include "core/base/encoding.h"
#include "core/client/requests.h"
#include "core/client/roles.h"
#include "core/client/rpc_page.h"
#include "core/client/settings.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kGroupWaitMs = 20 * kSecondMs;

struct Group {
  Account account;
  Conversation conversation;
  GroupWants wants;

  bool is_admin() const { return is_admin(account.name.text()); }
  bool is_admin(const std::string& name) const {
    return wants.admins.empty() || std::binary_search(wants.admins.begin(), wants.admins.end(), name);
  }
  bool has(const std::string& name) const {
    return std::binary_search(conversation.names.begin(), conversation.names.end(), name);
  }
};

std::variant<Group, RpcFailure> group_param(const RpcRooms& rooms, const Context& context, const json& params) {
  auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  const std::string words = text_param(params, "conversation");
  auto conversation = rooms.conversations.resolve(context.store, *account, words);
  if (!conversation) return no_conversation(conversation.error(), words);
  if (conversation->kind != ConversationKind::group) {
    return failure(ErrorCode::not_authorised, "That is no group; it has no title, no admins, and nobody leaves it.");
  }
  GroupWants wants = group_wants(context.store, conversation->channel);
  return Group{std::move(*account), std::move(*conversation), std::move(wants)};
}

/// Of what changes a group.
std::variant<Group, RpcFailure> admin_param(const RpcRooms& rooms, const Context& context, const json& params) {
  auto group = group_param(rooms, context, params);
  if (const auto* one = std::get_if<Group>(&group)) {
    if (!one->conversation.is_writable())
      return failure(ErrorCode::invalid_state, "This group can only be read, so it cannot be changed.");
    if (!one->is_admin())
      return failure(ErrorCode::not_authorised, "Only an admin of the group can do that; group show lists them.");
  }
  return group;
}

json group_json(const StoreView& store, const Group& group) {
  json out = {{"conversation", to_hex(group.conversation.channel)},
              {"title", shown_text(store, group.conversation.channel, group.conversation.title)},
              {"names", group.conversation.names},
              {"admins", group.wants.admins},
              {"admin", group.is_admin()}};
  const Bytes picture = group_picture(store, group.conversation.channel);
  if (!picture.empty()) out["picture"] = to_base64(picture);
  leave_names_out(out);
  return out;
}

/// Answers when `is_done` says so of the group as it is.
RpcWait await_change(const RpcRooms& rooms, const ChannelId& channel,
                     std::function<bool(Context&, const Group&)> is_done) {
  const auto read = [rooms, channel](Context& later) -> std::optional<Group> {
    auto account = load_account(later.store);
    auto conversation = rooms.conversations.find(later.store, channel);
    if (!account || !conversation) return std::nullopt;
    return Group{std::move(*account), std::move(*conversation), group_wants(later.store, channel)};
  };
  RpcWait wait;
  wait.wait_ms = kGroupWaitMs;
  wait.poll = [read, is_done](Context& later) -> std::optional<RpcOutcome> {
    const auto group = read(later);
    if (!group) return failure(ErrorCode::not_found, "The group is gone.");
    if (!is_done(later, *group)) return std::nullopt;
    return group_json(later.store, *group);
  };
  wait.late = [rooms, channel](Context& later) -> RpcOutcome {
    std::string trouble = rooms.conversations.trouble(later.store, channel);
    if (trouble.empty()) trouble = "The server has not taken it yet.";
    RpcFailure kept = failure(ErrorCode::unavailable, trouble + " It is done as soon as that is possible.");
    kept.more = {{"queued", true}};
    return kept;
  };
  return wait;
}

/// What is wrong with a wish about roles; nothing when it is noted in `wants`.
std::optional<RpcFailure> want_role(const Group& group, GroupWants& wants, const std::string& typed, bool admin) {
  const auto name = name_param(group.account, typed);
  if (const auto* failed = std::get_if<RpcFailure>(&name)) return *failed;
  const std::string whom = std::get<directory::Name>(name).text();
  if (!group.has(whom)) return failure(ErrorCode::not_found, whom + " is not in the group; add them first.");
  if (admin && wants.admins.size() >= kMaxAdmins) {
    return failure(ErrorCode::over_limit, "A group has at most 64 admins.");
  }
  if (!admin && wants.admins == std::vector<std::string>{whom}) {
    return failure(ErrorCode::invalid_state, "A group keeps an admin; make somebody else one first.");
  }
  wants.roles[whom] = admin;
  return std::nullopt;
}

}  // namespace

RpcBegun rpc_group_show(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto group = group_param(rooms, context, params);
  if (auto* failed = std::get_if<RpcFailure>(&group)) return std::move(*failed);
  return group_json(context.store, std::get<Group>(group));
}

RpcBegun rpc_group_change(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto found = admin_param(rooms, context, params);
  if (auto* failed = std::get_if<RpcFailure>(&found)) return std::move(*failed);
  const auto& group = std::get<Group>(found);
  GroupWants wants = group.wants;
  if (params.contains("title")) {
    wants.title = text_param(params, "title");
    if (wants.title->empty() || wants.title->size() > kMaxTitleSize)
      return failure(ErrorCode::over_limit, "A group needs a title of at most 256 bytes.");
    if (*wants.title == group.conversation.title) wants.title.reset();
  }
  if (params.contains("picture")) {
    auto picture = from_base64(text_param(params, "picture"));
    if (!picture || picture->size() > kMaxPictureSize)
      return failure(ErrorCode::over_limit, "A group's picture has at most 8192 bytes; make it smaller.");
    const Hash hash = picture->empty() ? Hash{} : crypto::sha256(*picture);
    if (hash != wants.picture) wants.new_picture = std::move(*picture);
  }
  for (const char* role : {"admin", "member"}) {
    if (!params.contains(role)) continue;
    const bool admin = std::string_view(role) == "admin";
    if (auto failed = want_role(group, wants, text_param(params, role), admin)) return std::move(*failed);
    std::erase_if(wants.roles, [&](const auto& one) {
      return std::binary_search(wants.admins.begin(), wants.admins.end(), one.first) == one.second;
    });
  }
  const ChannelId channel = group.conversation.channel;
  save_group_wants(context, channel, wants);
  rooms.conversations.wants_changed(channel);
  return await_change(rooms, channel, [](Context&, const Group& now) { return !now.wants.wants_anything(); });
}

RpcBegun rpc_group_remove(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto found = admin_param(rooms, context, params);
  if (auto* failed = std::get_if<RpcFailure>(&found)) return std::move(*failed);
  const auto& group = std::get<Group>(found);
  const auto name = name_param(group.account, text_param(params, "name"));
  if (const auto* failed = std::get_if<RpcFailure>(&name)) return *failed;
  const auto& whom = std::get<directory::Name>(name);
  if (whom == group.account.name)
    return failure(ErrorCode::invalid_name, "That is your own name; group leave lets you out.");
  const ChannelId channel = group.conversation.channel;
  if (!rooms.conversations.remove_from_group(context, channel, whom))
    return failure(ErrorCode::not_found, whom.text() + " is not in the group; group show lists who is.");
  return await_change(rooms, channel, [rooms, whom](Context& later, const Group& now) {
    const auto facts = rooms.conversations.facts(later.store, now.conversation.channel);
    return facts && !facts->devices.contains(whom.text());
  });
}

RpcBegun rpc_group_leave(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto found = group_param(rooms, context, params);
  if (auto* failed = std::get_if<RpcFailure>(&found)) return std::move(*failed);
  const auto& group = std::get<Group>(found);
  if (!group.conversation.is_writable())
    return failure(ErrorCode::invalid_state, "You are not in that group any more.");
  if (group.conversation.names.size() == 1) {
    return failure(ErrorCode::invalid_state, "You are alone in that group; archive it to have it out of sight.");
  }
  if (group.wants.admins == std::vector<std::string>{group.account.name.text()}) {
    return failure(ErrorCode::invalid_state,
                   "You are the group's only admin; make somebody else one before you leave.");
  }
  const ChannelId channel = group.conversation.channel;
  ConversationSettings settings = settings_of(context.store, channel);
  settings.is_leaving = true;
  save_settings(context, channel, settings);
  rooms.conversations.tell(context, channel, LeaveRequest{});
  RpcWait wait =
      await_change(rooms, channel, [](Context&, const Group& now) { return !now.conversation.is_writable(); });
  wait.late = [](Context&) -> RpcOutcome {
    RpcFailure kept = failure(ErrorCode::unavailable,
                              "You have asked to leave; it is done as soon as a device of an admin hears of it.");
    kept.more = {{"queued", true}};
    return kept;
  };
  return wait;
}

}  // namespace cairn::client
