// Methods about files that people send each other: each begins a transfer, or tells how one goes.
#include "core/base/encoding.h"
#include "core/base/utf8.h"
#include "core/client/preview.h"
#include "core/client/requests.h"
#include "core/client/rpc_methods.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kTransferWaitMs = 2 * kSecondMs;
constexpr std::uint64_t kMostTransferWaitMs = 10 * kMinuteMs;
constexpr std::size_t kLeastTransferDigits = 4;
constexpr const char* kNoWholePath = "Name files and folders by their whole path, from / on, of at most 4000 bytes.";
constexpr std::size_t kMaxTypedPath = 3800;  // a name still fits behind it

bool is_whole_path(const std::string& path) {
  return path.size() > 1 && path.size() <= kMaxTypedPath && path.starts_with('/') && !path.ends_with('/') &&
         path.find('\0') == std::string::npos;
}

const char* transfer_state_word(Transfer::State state) {
  switch (state) {
    case Transfer::State::running: return "running";
    case Transfer::State::done: return "done";
    case Transfer::State::failed: return "failed";
    case Transfer::State::cancelled: return "cancelled";
  }
  return "unknown";
}

std::uint64_t wait_param(const json& params, std::uint64_t otherwise) {
  return std::min(number_param(params, "wait_ms", otherwise), kMostTransferWaitMs);
}

/// Whether nothing more is to come of it: a file that was sent waits until its message is.
bool is_settled(const RpcRooms& rooms, const StoreView& store, const Transfer& transfer) {
  if (!transfer.is_over()) return false;
  if (transfer.kind != Transfer::Kind::send || transfer.state != Transfer::State::done) return true;
  const auto message = rooms.conversations.message(store, transfer.home, transfer.message);
  return !message || message->delivery != Delivery::waiting;
}

/// Answers when it is over, or how far it is when that takes too long.
RpcWait await_transfer(const RpcRooms& rooms, const TransferId& id, std::uint64_t wait_ms) {
  RpcWait wait;
  wait.wait_ms = wait_ms;
  wait.poll = [rooms, id](Context& later) -> std::optional<RpcOutcome> {
    const auto transfer = load_transfer(later.store, id);
    if (!transfer) return failure(ErrorCode::not_found, "That transfer is long over.");
    if (transfer->state == Transfer::State::failed) return failure(transfer->code, transfer->sentence);
    if (transfer->state == Transfer::State::cancelled) return failure(ErrorCode::invalid_state, "It was cancelled.");
    if (!is_settled(rooms, later.store, *transfer)) return std::nullopt;
    return transfer_json(rooms, later, *transfer);
  };
  wait.late = [rooms, id](Context& later) -> RpcOutcome {
    return transfer_json(rooms, later, *load_transfer(later.store, id));  // poll has seen it in this step
  };
  return wait;
}

std::variant<TransferId, RpcFailure> transfer_param(const StoreView& store, const std::string& digits) {
  std::optional<TransferId> out;
  for (const Transfer& one : load_transfers(store)) {
    if (digits.size() < kLeastTransferDigits || !to_hex(one.id).starts_with(digits)) continue;
    if (out) return failure(ErrorCode::conflict, "Several transfers have an id that begins so; type more of it.");
    out = one.id;
  }
  if (out) return *out;
  return failure(ErrorCode::not_found, "There is no transfer with such an id; attachment status lists them.");
}

RpcBegun transfer_not_begun(const Error& error) {
  if (error.code == ErrorCode::rate_limited)
    return failure(error.code, "64 files are on their way already; wait for some of them.");
  if (error.code == ErrorCode::unsupported)
    return failure(error.code,
                   "That file lies at a domain that is neither yours nor its sender's, so it is not fetched.");
  if (error.code == ErrorCode::over_limit) return failure(error.code, kNoWholePath);
  return failure(ErrorCode::not_found, "That message has no file that this version can fetch.");
}

}  // namespace

json transfer_json(const RpcRooms& rooms, const Context& context, const Transfer& transfer) {
  json out = {{"transfer", to_hex(transfer.id)},
              {"kind", transfer.kind == Transfer::Kind::send ? "send" : "save"},
              {"state", transfer_state_word(transfer.state)},
              {"conversation", to_hex(transfer.home)},
              {"name", transfer.file.name},
              {"media_type", transfer.file.media_type},
              {"size", transfer.file.size},
              {"path", transfer.path}};
  if (transfer.message != kNoMessage) {
    out["index"] = transfer.message;
    const auto message = rooms.conversations.message(context.store, transfer.home, transfer.message);
    const auto conversation = rooms.conversations.find(context.store, transfer.home);
    const auto account = load_account(context.store);
    if (message && conversation && account)
      out["message"] =
          without_preview(message_json(context.store, &*account, *conversation, transfer.message, *message));
  }
  if (transfer.state == Transfer::State::failed) out["sentence"] = transfer.sentence;
  if (transfer.is_over()) return out;
  const TransferJob* job = rooms.attachments.job(transfer.id);
  out["doing"] = job != nullptr ? job->doing() : "waiting";
  out["done"] = job != nullptr ? job->done() : 0;
  out["bytes"] = job != nullptr ? job->moved() : 0;
  out["elapsed_ms"] = job != nullptr ? job->elapsed_ms(context.now) : 0;
  std::string trouble = job != nullptr ? job->trouble() : std::string();
  if (trouble.empty() && job != nullptr && rooms.session.token().empty()) trouble = rooms.session.trouble();
  out["trouble"] = trouble;
  return out;
}

RpcBegun rpc_attachment_send(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  const std::string file = text_param(params, "file");
  const std::string text = text_param(params, "text");
  if (!is_whole_path(file)) return failure(ErrorCode::malformed, kNoWholePath);
  if (text.size() > kMaxTextSize) {
    return failure(ErrorCode::over_limit, "What is said of a file has at most 16384 bytes; send the rest by itself.");
  }
  const auto preview = from_base64(text_param(params, "preview"));
  if (!preview || (!preview->empty() && !preview_extent(*preview))) {
    return failure(ErrorCode::malformed,
                   "A preview is a JPEG of at most 16384 bytes and 256 by 256 pixels; make it smaller, or send none.");
  }
  const std::uint64_t wait_ms = wait_param(params, kTransferWaitMs);
  const auto go_on = [rooms, file, text, preview = *preview, wait_ms](Context& later, const Account& own,
                                                                      const ChannelId& home) -> RpcBegun {
    const auto conversation = rooms.conversations.find(later.store, home);
    if (conversation && is_blocked(later.store, own, *conversation)) {
      return failure(ErrorCode::not_authorised,
                     "You have blocked " + other_of_pair(own, *conversation) + "; unblock them to write to them.");
    }
    if (!rooms.conversations.written_to(later.store, home)) {
      return failure(ErrorCode::invalid_state, "This conversation can only be read; begin a new one.");
    }
    const auto id = rooms.attachments.send(later, home, file, text, preview);
    if (!id) return transfer_not_begun(id.error());
    return await_transfer(rooms, *id, wait_ms);
  };
  return in_conversation(rooms, context, *account, text_param(params, "to"), LookUp::if_stale, kLookUpWaitMs, go_on);
}

RpcBegun rpc_attachment_save(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  auto meant = message_param(rooms, context.store, text_param(params, "message"));
  if (auto* failed = std::get_if<RpcFailure>(&meant)) return std::move(*failed);
  const auto& [conversation, index, message] = std::get<MeantMessage>(meant);
  const std::string folder = text_param(params, "folder");
  const std::string file = text_param(params, "file");
  if (folder.empty() == file.empty()) {
    return failure(ErrorCode::malformed, "Say where the file is to stand: in a folder, or as a file.");
  }
  const Attachments::Place place{folder.empty() ? file : folder, file.empty()};
  if (!is_whole_path(place.path)) return failure(ErrorCode::malformed, kNoWholePath);
  if (message.sender != account->name.text() && settings_of(context.store, conversation.channel).is_request) {
    return failure(ErrorCode::invalid_state, message.sender + " is not known here; accept the request first.");
  }
  if (message.unsent || message.version != message.id) {
    return failure(ErrorCode::not_found, "That message has no file any more.");
  }
  const auto id = rooms.attachments.save(context, *account, conversation.channel, index, place);
  if (!id) return transfer_not_begun(id.error());
  return await_transfer(rooms, *id, wait_param(params, kTransferWaitMs));
}

RpcBegun rpc_attachment_status(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  if (!params.contains("transfer")) {
    json all = json::array();
    for (const Transfer& one : load_transfers(context.store)) all.push_back(transfer_json(rooms, context, one));
    return json{{"transfers", std::move(all)}};
  }
  const auto id = transfer_param(context.store, text_param(params, "transfer"));
  if (const auto* failed = std::get_if<RpcFailure>(&id)) return *failed;
  return await_transfer(rooms, std::get<TransferId>(id), wait_param(params, 0));
}

RpcBegun rpc_attachment_cancel(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto found = transfer_param(context.store, text_param(params, "transfer"));
  if (const auto* failed = std::get_if<RpcFailure>(&found)) return *failed;
  const TransferId& id = std::get<TransferId>(found);
  const Status cancelled = rooms.attachments.cancel(context, id);
  if (!cancelled) {
    return failure(ErrorCode::invalid_state,
                   "That transfer is over; unsend takes a message back that has a file of yours.");
  }
  return transfer_json(rooms, context, *load_transfer(context.store, id));
}

}  // namespace cairn::client
