// The methods of the RPC, one function each: what is answered at once, and what is waited for.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "core/client/rpc.h"

namespace cairn::client {

using nlohmann::json;

/// How long an answer waits for a look-up that it needs.
inline constexpr std::uint64_t kLookUpWaitMs = 15 * kSecondMs;
inline constexpr std::uint32_t kDayS = kDayMs / kSecondMs;

/// What a person is told instead of an answer.
struct RpcFailure {
  ErrorCode code = ErrorCode::internal;
  std::string sentence;
  json more = nullptr;  ///< further members of the error's data, or null
};
using RpcOutcome = std::variant<json, RpcFailure>;

/// An answer that comes later. `poll` is asked after every input, and if nothing happens after `every_ms` (0: never);
/// when `wait_ms` are over, `late` answers.
struct RpcWait {
  std::function<std::optional<RpcOutcome>(Context&)> poll;
  std::function<RpcOutcome(Context&)> late;
  std::uint64_t wait_ms = 30 * kSecondMs;
  std::uint64_t every_ms = 0;
};
using RpcBegun = std::variant<json, RpcFailure, RpcWait>;

using RpcMethod = RpcBegun (*)(const RpcRooms& rooms, const ClientConfig& config, Context& context, const json& params);

struct RpcParameter {
  enum class Kind { text, yes_or_no, number, texts };
  enum class Need { optional, required };
  const char* name;
  Kind kind = Kind::text;
  Need need = Need::optional;
};

/// A method, and all parameters that it has: others are refused, so that a typing error is never silently ignored.
struct RpcEntry {
  RpcMethod run;  ///< nullptr for `follow`, which concerns the socket (rpc.cpp)
  enum class Store { reads, grows } store;
  std::vector<RpcParameter> parameters;
};

/// By name.
const std::map<std::string, RpcEntry, std::less<>>& rpc_methods();
/// Those of them that are neither pin_methods() nor backup_methods().
const std::map<std::string, RpcEntry, std::less<>>& most_methods();
/// About the PIN, and what realms have erased.
std::map<std::string, RpcEntry, std::less<>> pin_methods();
/// About making, reading and watching backups.
std::map<std::string, RpcEntry, std::less<>> backup_methods();

/// Whether views that are fresh enough to send will do, or everybody is looked up again.
enum class LookUp { if_stale, anew };

/// As `read` gives it and notifications carry it, with what was said about it. Without an account: of a device that has
/// no name any more.
json message_json(const StoreView& store, const Account* account, const Conversation& conversation, std::uint64_t index,
                  const Message& message);
/// The same without the picture that came with its file: where many are told at once.
json without_preview(json message);
/// The same without what others can make long: the preview, reactions, and who has got and read it.
json without_others(json message);
/// Of that a text of at most 2,000 bytes; `text_cut` where it is longer.
json beginning_of(json message);
/// The version of the message of this conversation that `words` mean: what a reply is to.
std::variant<MessageId, RpcFailure> reply_param(const RpcRooms& rooms, const StoreView& store, const ChannelId& home,
                                                const std::string& words);

/// A message that a person means by the first digits of its id.
struct MeantMessage {
  Conversation conversation;
  std::uint64_t index = 0;
  Message message;
};
std::variant<MeantMessage, RpcFailure> message_param(const RpcRooms& rooms, const StoreView& store, std::string words);
/// Goes on with `then` in the conversation that a person means by `to`, or with a name, with whom a pair begins then.
/// With LookUp::anew everybody in it is looked up first, as is a name without a domain that means no conversation yet.
RpcBegun in_conversation(const RpcRooms& rooms, Context& context, const Account& account, const std::string& to,
                         LookUp how, std::uint64_t wait_ms,
                         std::function<RpcBegun(Context&, const Account&, const ChannelId& home)> then);
/// How far the history is that this device gets, as `status` gives it and notifications carry it.
json history_json(const HistoryTake& take);
/// A file on its way, as attachment.status gives it and notifications carry it.
json transfer_json(const RpcRooms& rooms, const Context& context, const Transfer& transfer);

// ---- parameters, which have the kinds of their method's entry ----

/// Empty when it is not there.
std::string text_param(const json& params, const char* key);
std::uint64_t number_param(const json& params, const char* key, std::uint64_t otherwise);
bool yes_param(const json& params, const char* key);
/// "alice" is completed with the own domain; the sentence says what is wrong with a name that is none.
std::variant<directory::Name, RpcFailure> name_param(const Account& account, const std::string& typed);

// ---- what method files share ----

RpcFailure failure(ErrorCode code, std::string sentence);
/// What a policy asks for, as `status` gives it.
json policy_json(const tlog::ClientPolicy& policy);
/// The same with its text and each of those who sign, by name and key: for who is to say whether they are believed.
json shown_policy_json(const tlog::ClientPolicy& policy, const std::string& text);
/// The names of that domain in conversations, which are looked up: what was refused before may be right now.
std::set<directory::Name> judge_again(const RpcRooms& rooms, Context& context, const Account& account,
                                      std::string_view domain);
/// The failure of a device that has no name yet, or is not active.
RpcFailure not_active(const std::optional<Account>& account);
/// Of a name that could not be begun.
RpcFailure policy_failure(const Error& error);
/// The address in "server_url", or the rule's: https://DOMAIN.
std::string server_url_param(const json& params, const directory::Name& name);
/// The text in "policy", or the release's.
std::string policy_param(const json& params, const ClientConfig& config);
/// Active, connected, and with key packages at the server: others can begin conversations with it.
bool is_ready(const RpcRooms& rooms, const std::optional<Account>& account);
RpcFailure no_conversation(const Error& error, const std::string& words);

/// Looks these names up, and goes on with `then` when all of them exist and were accepted. Fails with the sentence of
/// the first that was refused or does not exist; servers that are not reached are asked again until `wait_ms` are over.
/// `then` is called in a later input, with everything settled after it.
RpcWait after_look_up(const RpcRooms& rooms, Context& context, const Account& account,
                      const std::set<directory::Name>& names, LookUp how, std::uint64_t wait_ms,
                      std::function<RpcBegun(Context&, const Account&)> then);

/// The recovery key in "recovery_key", or the failure of what is none.
std::variant<std::shared_ptr<directory::RecoverySecret>, RpcFailure> recovery_param(const json& params);
/// Likewise; null where none was given.
std::variant<std::shared_ptr<directory::RecoverySecret>, RpcFailure> optional_recovery_param(const json& params);
/// Of a name that would begin with a recovery key that nobody saw; its data has "recovery_key_needed".
RpcFailure recovery_key_needed();
/// Why the own name is not registered yet, one sentence; empty when there is nothing to say.
std::string registering_waits_for(const RpcRooms& rooms, const Account& account);
/// What has to be done before this device begins a name: what was begun here and came to nothing does not stand in the
/// way. Why not, if something does.
std::optional<RpcFailure> make_way(const RpcRooms& rooms, Context& context);
/// As `wait`, but where that fails what was begun and signed nothing is forgotten: this device has no name again.
RpcWait or_abandon(const RpcRooms& rooms, RpcWait wait);

/// What the owner has to be warned of: `{ kind, device, seen_ms, sentence }`, of a reset matures_ms too.
std::vector<json> alarms_json(const RpcRooms& rooms, const StoreView& store, const Account& account, Time now);
/// Nothing else changes in a chain while a reset is open.
RpcFailure reset_is_open(const Account& account);
/// How far the own veto of this request has come.
json veto_json(const RpcRooms& rooms, const StoreView& store, const Account& account, const Hash& request);
/// Seconds of the days in `key`, or `otherwise` where it is not there; the failure of days that no delay can have.
std::variant<std::uint32_t, RpcFailure> delay_param(const json& params, const char* key, std::uint32_t otherwise);

/// The number of the newest row of tables::kEvents, 0 when there is none.
std::uint64_t newest_event(const StoreView& store);

RpcBegun rpc_recovery_new(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_register(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_recover(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_veto(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_reset(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_reset_delay(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_link(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_link_wait(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_device_approve(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_device_list(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_device_name(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_device_remove(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_sync(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_status(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_discover(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_contact_show(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_contact_accept(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_contact_verify(const RpcRooms&, const ClientConfig&, Context&, const json&);

RpcBegun rpc_send(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_read(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_conversations(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_group_create(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_group_add(const RpcRooms&, const ClientConfig&, Context&, const json&);

RpcBegun rpc_message_react(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_message_edit(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_message_unsend(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_message_history(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_search(const RpcRooms&, const ClientConfig&, Context&, const json&);

RpcBegun rpc_conversation_set(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_conversation_expire(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_contact_set(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_contact_block(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_contact_unblock(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_contact_blocked(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_request_list(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_request_accept(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_request_delete(const RpcRooms&, const ClientConfig&, Context&, const json&);

RpcBegun rpc_group_show(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_group_change(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_group_remove(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_group_leave(const RpcRooms&, const ClientConfig&, Context&, const json&);

RpcBegun rpc_domain_add(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_domain_list(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_domain_remove(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_domain_confirm(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_domain_server(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_domain_keep(const RpcRooms&, const ClientConfig&, Context&, const json&);

RpcBegun rpc_gossip_list(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_gossip_dismiss(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_evidence_export(const RpcRooms&, const ClientConfig&, Context&, const json&);

RpcBegun rpc_backup_create(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_backup_list(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_backup_verify(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_backup_restore(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_backup_delete(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_backup_schedule(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_backup_stop(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_backup_seen(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_backup_status(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_backup_storages(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_backup_prune(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_backup_receipts(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_backup_realms(const RpcRooms&, const ClientConfig&, Context&, const json&);

RpcBegun rpc_invitation_create(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_invitation_show(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_invitation_accept(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_invitation_list(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_invitation_revoke(const RpcRooms&, const ClientConfig&, Context&, const json&);

RpcBegun rpc_attachment_send(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_attachment_save(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_attachment_status(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_attachment_cancel(const RpcRooms&, const ClientConfig&, Context&, const json&);

/// Adds the methods of rpc_settings.cpp, rpc_messages.cpp, rpc_groups.cpp and rpc_domains.cpp to the table.
void add_talk_methods(std::map<std::string, RpcEntry, std::less<>>& methods);
/// Which one it is, and what its owner has decided of it: as conversation.set gives it.
json conversation_json(const RpcRooms& rooms, const StoreView& store, const Account& account,
                       const Conversation& conversation);
/// "pair", "group" or "self".
const char* kind_word(ConversationKind kind);
/// What its owner has decided of a conversation, and how much of it is unread.
void add_settings(json& out, const RpcRooms& rooms, const StoreView& store, const Account& account,
                  const Conversation& conversation);

RpcBegun rpc_pin_set(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_pin_change(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_pin_check(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_pin_unlock(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_pin_remove(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_pin_status(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_recover_pin(const RpcRooms&, const ClientConfig&, Context&, const json&);

/// Which backup is meant where there are several and none is named.
enum class Unnamed : std::uint8_t { none, of_the_pin, of_the_pin_or_first };
/// What a job does when the directory cannot be reached: nothing, or it goes by its last word (Views::last_word) where
/// the backup lies in a folder. The latter is for jobs that read.
enum class Unreached : std::uint8_t { fails, goes_by_last_word };
/// Looks the own name up, begins a job on its backup, at the storage in `storage_key`, and says that it has begun.
RpcBegun begin_backup_job(const RpcRooms& rooms, Context& context, const json& params, const char* storage_key,
                          LookUp how, std::function<Status(Context&, BackupTask)> begin,
                          Unnamed unnamed = Unnamed::none, Unreached unreached = Unreached::fails);
/// The URL of the storage in `key`, which may be "domain": the one that is set up where none is named, empty where none
/// is; a failure, which names all, where there are several.
std::variant<std::string, RpcFailure> storage_param(const StoreView& store, const Account& account, const json& params,
                                                    const char* key, Unnamed unnamed);
/// The realm list in "realms", the failure of what is none; nothing when it is not there.
std::variant<std::optional<RealmList>, RpcFailure> realms_param(const json& params);

/// Adds an alarm for each backup that failed while nobody waited for it.
void add_backup_alarms(const StoreView& store, std::vector<json>& alarms);
/// Adds an alarm when the PIN was tried.
void add_pin_alarm(const StoreView& store, const Account& account, std::vector<json>& alarms);
/// Adds an alarm for each domain of which its owner has to decide something: sixteen, and one of how many more.
void add_domain_alarms(const StoreView& store, const Account& account, const directory::NameState& chain,
                       std::vector<json>& alarms);
/// Adds an alarm for each suspicion about a log, and for evidence.
void add_gossip_alarms(const StoreView& store, json& alarms);

}  // namespace cairn::client
