// Methods about what their owner decides of conversations and names, and the table of these and their neighbours.
#include "core/base/encoding.h"
#include "core/client/requests.h"
#include "core/client/rpc_page.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMostCounted = 1000;

struct Where {
  Account account;
  Conversation conversation;
};

std::variant<Where, RpcFailure> where(const RpcRooms& rooms, const Context& context, const json& params) {
  auto account = load_account(context.store);
  if (!account) return not_active(account);
  const std::string words = text_param(params, "conversation");
  auto conversation = rooms.conversations.resolve(context.store, *account, words);
  if (!conversation) return no_conversation(conversation.error(), words);
  return Where{std::move(*account), std::move(*conversation)};
}

json contact_json(const ContactSettings& contact) {
  return {{"name", contact.name},
          {"petname", contact.petname},
          {"accepted", contact.is_accepted},
          {"blocked", contact.is_blocked},
          {"receipts", !contact.no_receipts}};
}

RpcBegun block(Context& context, const json& params, bool blocked) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  const auto name = name_param(*account, text_param(params, "name"));
  if (const auto* failed = std::get_if<RpcFailure>(&name)) return *failed;
  const auto& whom = std::get<directory::Name>(name);
  if (whom == account->name) return failure(ErrorCode::invalid_name, "That is your own name; it cannot be blocked.");
  set_blocked(context, *account, whom.text(), blocked);
  return contact_json(contact_of(context.store, *account, whom.text()));
}

RpcBegun rpc_typing(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto found = where(rooms, context, params);
  if (auto* failed = std::get_if<RpcFailure>(&found)) return std::move(*failed);
  const auto& [account, conversation] = std::get<Where>(found);
  return json{{"told", rooms.typing.say(context, account, conversation.channel)}};
}

RpcBegun rpc_typing_set(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const bool on = yes_param(params, "on");
  if (!params.contains("conversation")) {
    set_tells_typing(context, std::nullopt, on);
    return json{{"typing", on}};
  }
  auto found = where(rooms, context, params);
  if (auto* failed = std::get_if<RpcFailure>(&found)) return std::move(*failed);
  const auto& [account, conversation] = std::get<Where>(found);
  set_tells_typing(context, conversation.channel, on);
  return conversation_json(rooms, context.store, account, conversation);
}

}  // namespace

json conversation_json(const RpcRooms& rooms, const StoreView& store, const Account& account,
                       const Conversation& conversation) {
  json out = {{"id", to_hex(conversation.channel)},
              {"title", shown_text(store, conversation.channel, conversation.title)},
              {"names", conversation.names}};
  add_settings(out, rooms, store, account, conversation);
  leave_names_out(out);
  return out;
}

void add_settings(json& out, const RpcRooms& rooms, const StoreView& store, const Account& account,
                  const Conversation& conversation) {
  const ConversationSettings settings = settings_of(store, conversation.channel);
  out["unread"] = unread(rooms.conversations, store, account, conversation.channel, kMostCounted);
  out["request"] = settings.is_request;
  out["muted"] = settings.is_muted;
  out["archived"] = settings.is_archived;
  out["pinned"] = settings.is_pinned;
  out["receipts"] = !settings.no_receipts;
  out["typing"] = tells_typing(store, conversation.channel);
  out["disappears_after_s"] = settings.life_s;
  if (!settings.draft.empty()) out["draft"] = settings.draft;
  if (is_blocked(store, account, conversation)) out["blocked"] = true;
  json petnames = json::object();
  for (const std::string& name : conversation.names) {
    const std::string petname = contact_of(store, account, name).petname;
    if (!petname.empty()) petnames[name] = petname;
  }
  if (!petnames.empty()) out["petnames"] = std::move(petnames);
}

RpcBegun rpc_conversation_set(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto found = where(rooms, context, params);
  if (auto* failed = std::get_if<RpcFailure>(&found)) return std::move(*failed);
  const auto& [account, conversation] = std::get<Where>(found);
  ConversationSettings settings = settings_of(context.store, conversation.channel);
  if (params.contains("muted")) settings.is_muted = yes_param(params, "muted");
  if (params.contains("archived")) settings.is_archived = yes_param(params, "archived");
  if (params.contains("pinned")) settings.is_pinned = yes_param(params, "pinned");
  if (params.contains("receipts")) settings.no_receipts = !yes_param(params, "receipts");
  if (params.contains("draft")) settings.draft = text_param(params, "draft");
  if (settings.draft.size() > kMaxDraftSize) {
    return failure(ErrorCode::over_limit, "A draft has at most 16384 bytes, as a message has.");
  }
  if (params.size() > 1) save_settings(context, conversation.channel, settings);
  return conversation_json(rooms, context.store, account, conversation);
}

RpcBegun rpc_conversation_expire(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto found = where(rooms, context, params);
  if (auto* failed = std::get_if<RpcFailure>(&found)) return std::move(*failed);
  const auto& [account, conversation] = std::get<Where>(found);
  const std::uint64_t seconds = number_param(params, "seconds", 0);
  const ChannelId home = conversation.channel;
  const Status done = seconds > kMaxLifeS
                          ? Status(fail(ErrorCode::over_limit, "how long messages are kept"))
                          : rooms.expiry.set(context, account, home, static_cast<std::uint32_t>(seconds));
  if (!done) {
    return failure(done.error().code, done.error().code == ErrorCode::over_limit
                                          ? "Messages disappear after at most a year; 0 keeps them."
                                          : "This conversation can only be read.");
  }
  return conversation_json(rooms, context.store, account, conversation);
}

RpcBegun rpc_contact_set(const RpcRooms&, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  const auto name = name_param(*account, text_param(params, "name"));
  if (const auto* failed = std::get_if<RpcFailure>(&name)) return *failed;
  ContactSettings contact = contact_of(context.store, *account, std::get<directory::Name>(name).text());
  if (params.contains("petname")) contact.petname = text_param(params, "petname");
  if (params.contains("receipts")) contact.no_receipts = !yes_param(params, "receipts");
  if (contact.petname.size() > kMaxPetnameSize) {
    return failure(ErrorCode::over_limit, "What you call somebody has at most 256 bytes.");
  }
  save_contact(context, *account, contact);
  return contact_json(contact);
}

RpcBegun rpc_contact_block(const RpcRooms&, const ClientConfig&, Context& context, const json& params) {
  return block(context, params, true);
}

RpcBegun rpc_contact_unblock(const RpcRooms&, const ClientConfig&, Context& context, const json& params) {
  return block(context, params, false);
}

RpcBegun rpc_contact_blocked(const RpcRooms&, const ClientConfig&, Context& context, const json& params) {
  auto asked = Page::of(params);
  if (auto* failed = std::get_if<RpcFailure>(&asked)) return std::move(*failed);
  std::set<std::string> names;
  for (ContactSettings& contact : contacts_with_settings(context.store)) {
    if (contact.is_blocked) names.insert(std::move(contact.name));
  }
  Page& page = std::get<Page>(asked);
  for (const std::string& name : names) {
    if (page.wants(as_bytes(name))) page.add(as_bytes(name), name);
  }
  return page.take("names");
}

RpcBegun rpc_request_list(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  auto asked = Page::of(params);
  if (auto* failed = std::get_if<RpcFailure>(&asked)) return std::move(*failed);
  Page& page = std::get<Page>(asked);
  for (const Conversation& conversation : rooms.conversations.list(context.store)) {
    const ConversationSettings settings = settings_of(context.store, conversation.channel);
    if (!settings.is_request || settings.is_hidden || is_blocked(context.store, *account, conversation)) continue;
    if (is_request_of_blocked(context.store, *account, conversation)) continue;
    if (!page.wants(conversation.channel)) continue;
    json one = conversation_json(rooms, context.store, *account, conversation);
    for (const auto& numbered : rooms.conversations.messages(context.store, conversation.channel, 0, 16)) {
      if (numbered.message.sender.empty()) continue;
      one["first"] =
          beginning_of(message_json(context.store, &*account, conversation, numbered.index, numbered.message));
      break;
    }
    page.add(conversation.channel, std::move(one));
  }
  return page.take("requests");
}

RpcBegun rpc_request_accept(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto found = where(rooms, context, params);
  if (auto* failed = std::get_if<RpcFailure>(&found)) return std::move(*failed);
  const auto& [account, conversation] = std::get<Where>(found);
  if (is_blocked(context.store, account, conversation)) {
    return failure(ErrorCode::not_authorised, "You have blocked them; unblock them first.");
  }
  accept_conversation(context, account, conversation);
  mark_shared(context, SharedField::accepted, conversation.channel);
  rooms.receipts.accepted(context, account, conversation.channel);
  return conversation_json(rooms, context.store, account, conversation);
}

RpcBegun rpc_request_delete(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto found = where(rooms, context, params);
  if (auto* failed = std::get_if<RpcFailure>(&found)) return std::move(*failed);
  const auto& [account, conversation] = std::get<Where>(found);
  if (!settings_of(context.store, conversation.channel).is_request) {
    return failure(ErrorCode::invalid_state, "That is no request; archive it to have it out of sight.");
  }
  delete_conversation(rooms.conversations, context, conversation.channel);
  return json{{"conversation", to_hex(conversation.channel)}, {"deleted", true}};
}

void add_talk_methods(std::map<std::string, RpcEntry, std::less<>>& methods) {
  using Kind = RpcParameter::Kind;
  constexpr auto kRequired = RpcParameter::Need::required;
  constexpr auto kReads = RpcEntry::Store::reads;
  constexpr auto kGrows = RpcEntry::Store::grows;
  const RpcParameter name{"name", Kind::text, kRequired};
  const RpcParameter message{"message", Kind::text, kRequired};
  const RpcParameter conversation{"conversation", Kind::text, kRequired};
  const RpcParameter text{"text", Kind::text, kRequired};
  methods["message.react"] = {rpc_message_react, kGrows, {message, text, {"remove", Kind::yes_or_no}}};
  methods["message.edit"] = {rpc_message_edit, kGrows, {message, text}};
  methods["message.unsend"] = {rpc_message_unsend, kGrows, {message}};
  methods["message.history"] = {rpc_message_history, kReads, page_parameters({message})};
  methods["attachment.send"] = {rpc_attachment_send,
                                kGrows,
                                {{"to", Kind::text, kRequired},
                                 {"file", Kind::text, kRequired},
                                 {"text"},
                                 {"preview"},
                                 {"wait_ms", Kind::number}}};
  methods["attachment.save"] = {
      rpc_attachment_save, kGrows, {message, {"folder"}, {"file"}, {"wait_ms", Kind::number}}};
  methods["attachment.status"] = {rpc_attachment_status, kReads, {{"transfer"}, {"wait_ms", Kind::number}}};
  methods["attachment.cancel"] = {rpc_attachment_cancel, kReads, {{"transfer", Kind::text, kRequired}}};
  methods["search"] = {
      rpc_search, kReads, {{"words", Kind::text, kRequired}, {"limit", Kind::number}, {"conversation"}}};
  methods["conversation.set"] = {rpc_conversation_set,
                                 kGrows,
                                 {conversation,
                                  {"muted", Kind::yes_or_no},
                                  {"archived", Kind::yes_or_no},
                                  {"pinned", Kind::yes_or_no},
                                  {"receipts", Kind::yes_or_no},
                                  {"draft"}}};
  methods["conversation.expire"] = {
      rpc_conversation_expire, kGrows, {conversation, {"seconds", Kind::number, kRequired}}};
  methods["contact.set"] = {rpc_contact_set, kGrows, {name, {"petname"}, {"receipts", Kind::yes_or_no}}};
  methods["contact.block"] = {rpc_contact_block, kGrows, {name}};
  methods["contact.unblock"] = {rpc_contact_unblock, kGrows, {name}};
  methods["contact.blocked"] = {rpc_contact_blocked, kReads, page_parameters()};
  methods["request.list"] = {rpc_request_list, kReads, page_parameters()};
  methods["request.accept"] = {rpc_request_accept, kGrows, {conversation}};
  methods["request.delete"] = {rpc_request_delete, kReads, {conversation}};
  methods["typing"] = {rpc_typing, kReads, {conversation}};
  methods["typing.set"] = {rpc_typing_set, kGrows, {{"on", Kind::yes_or_no, kRequired}, {"conversation"}}};
  const RpcParameter domain{"domain", Kind::text, kRequired};
  methods["domain.add"] = {rpc_domain_add, kGrows, {domain, {"policy"}, {"server_url"}}};
  methods["domain.list"] = {rpc_domain_list, kReads, page_parameters()};
  methods["domain.remove"] = {rpc_domain_remove, kReads, {domain}};
  methods["domain.confirm"] = {rpc_domain_confirm, kGrows, {domain, {"digest", Kind::text, kRequired}}};
  methods["domain.server"] = {rpc_domain_server, kReads, {{"server_url"}}};
  methods["domain.keep"] = {rpc_domain_keep, kReads, {domain}};
  const RpcParameter link{"link", Kind::text, kRequired};
  methods["invitation.create"] = {
      rpc_invitation_create, kGrows, {{"conversation"}, {"life_s", Kind::number}, {"uses", Kind::number}}};
  methods["invitation.show"] = {rpc_invitation_show, kReads, {link}};
  methods["invitation.accept"] = {
      rpc_invitation_accept, kGrows, {link, {"confirm", Kind::yes_or_no}, {"wait_ms", Kind::number}}};
  methods["invitation.list"] = {rpc_invitation_list, kReads, page_parameters()};
  methods["invitation.revoke"] = {rpc_invitation_revoke, kReads, {{"id", Kind::text, kRequired}}};
  methods["group.show"] = {rpc_group_show, kReads, {conversation}};
  methods["group.change"] = {rpc_group_change, kGrows, {conversation, {"title"}, {"picture"}, {"admin"}, {"member"}}};
  methods["group.remove"] = {rpc_group_remove, kGrows, {conversation, name}};
  methods["group.leave"] = {rpc_group_leave, kGrows, {conversation}};
}

}  // namespace cairn::client
