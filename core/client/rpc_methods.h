// The methods of the RPC, one function each: what is answered at once, and what is waited for.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>

#include "core/client/rpc.h"

namespace cairn::client {

using nlohmann::json;

/// What a person is told instead of an answer.
struct RpcFailure {
  ErrorCode code = ErrorCode::internal;
  std::string sentence;
};
using RpcOutcome = std::variant<json, RpcFailure>;

/// An answer that comes later. `poll` is asked after every input; when `wait_ms` are over, `late` answers.
struct RpcWait {
  std::function<std::optional<RpcOutcome>(Context&)> poll;
  std::uint64_t wait_ms = 30 * kSecondMs;
  std::function<RpcOutcome(Context&)> late;
};
using RpcBegun = std::variant<json, RpcFailure, RpcWait>;

/// A method; `params` is an object.
using RpcMethod = RpcBegun (*)(const RpcRooms& rooms, const ClientConfig& config, Context& context, const json& params);

/// By name. `follow` is not among them: it concerns the socket (rpc.cpp).
const std::map<std::string, RpcMethod, std::less<>>& rpc_methods();

/// As `read` gives it and notifications carry it.
json message_json(const Conversation& conversation, std::uint64_t index, const Message& message);

// ---- what method files share ----

/// A text parameter; empty when it is not there or no text.
std::string text_param(const json& params, const char* key);
RpcFailure failure(ErrorCode code, std::string sentence);
/// The failure of a device that has no name yet, or is not active.
RpcFailure not_active(const std::optional<Account>& account);
/// "alice" is completed with the own domain; the sentence says what is wrong with a name that is none.
std::variant<directory::Name, RpcFailure> name_param(const Account& account, const std::string& typed);

RpcBegun rpc_register(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_link(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_link_wait(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_device_approve(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_device_list(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_device_remove(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_status(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_contact_show(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_contact_verify(const RpcRooms&, const ClientConfig&, Context&, const json&);

RpcBegun rpc_send(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_read(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_conversations(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_group_create(const RpcRooms&, const ClientConfig&, Context&, const json&);
RpcBegun rpc_group_add(const RpcRooms&, const ClientConfig&, Context&, const json&);

}  // namespace cairn::client
