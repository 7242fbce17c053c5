#include "core/client/session.h"

#include <algorithm>

#include "core/crypto/labels.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kFirstRetryMs = 500;
constexpr std::uint64_t kLastRetryMs = 60 * kSecondMs;
constexpr std::uint64_t kRoomPauseMs = 2 * kSecondMs;
constexpr std::uint64_t kFirstRefillPauseMs = kMinuteMs;
constexpr std::uint64_t kLastRefillPauseMs = kHourMs;
/// A token is renewed this long before it runs out.
constexpr std::uint64_t kRenewMs = 10 * kMinuteMs;

/// Every login of a device is under one purpose: only one is under way.
constexpr const char* kLoginKey = "login";

}  // namespace

void Session::step(Context& context, const Account& account) {
  // A pause that is over wants no timer, whatever follows; and a removed device waits for nothing.
  if (retry_at_ <= context.now || account.state != AccountState::active) retry_at_ = Time::never();
  if (account.state != AccountState::active || calls_.under_way(kLoginKey) || retry_at_ != Time::never()) return;
  if (!token_.empty() && after(context.now, kRenewMs) >= token_expires_) token_.clear();
  if (token_.empty()) return ask_nonce(context, account);
  if (socket_.value != 0) return;
  socket_ = proto::SocketId{next_socket_++};
  caught_up_ = false;
  context.send(proto::Connect{socket_, account.server_url + std::string(proto::kPathMailbox), token_});
}

void Session::ask_nonce(Context& context, const Account& account) {
  proto::Call call;
  call.method = proto::Method::post;
  call.url = account.server_url + std::string(proto::kPathNonce);
  calls_.start(context, kLoginKey, std::move(call), [this](Context& later, const Answer& answer) {
    const auto nonce = answer.body ? wire::decode<proto::NonceAnswer>(*answer.body)
                                   : Result<proto::NonceAnswer>(tl::unexpected<Error>(answer.body.error()));
    const auto own = load_account(later.store);
    if (!nonce || !own) return failed(later, answer);
    log_in(later, *own, *nonce);
  });
}

void Session::log_in(Context& context, const Account& account, const proto::NonceAnswer& nonce) {
  proto::LoginRequest request;
  request.domain = account.domain();
  request.name = account.name.text();
  request.device = account.device_id();
  request.nonce = nonce.nonce;
  request.expires_ms = nonce.expires_ms;
  request.signature = crypto::sign_labelled(account.signing_key, crypto::kSignLogin, request.content());
  proto::Call call;
  call.method = proto::Method::post;
  call.url = account.server_url + std::string(proto::kPathLogin);
  call.body = wire::encode(request);
  calls_.start(
      context, kLoginKey, std::move(call), [this, url = account.server_url](Context& later, const Answer& answer) {
        const auto own = load_account(later.store);
        if (own && own->server_url != url) return;  // it has moved meanwhile, and this is the former one's token
        const auto login = answer.body ? wire::decode<proto::LoginAnswer>(*answer.body)
                                       : Result<proto::LoginAnswer>(tl::unexpected<Error>(answer.body.error()));
        if (!login) return failed(later, answer);
        token_ = login->token;
        token_expires_ = after(later.now, proto::kTokenLifeMs);  // by our clock, whatever the server's says
        server_key_packages_ = login->key_packages;
        if (caught_up_) set_caught_up();  // renewed while the stream stands: nothing is wrong any more
      });
}

void Session::failed(Context& context, const Answer& answer) {
  trouble_ =
      answer.message.empty() ? "The server cannot be reached; it is tried again, and nothing is lost." : answer.message;
  const std::uint64_t pause = std::min(kFirstRetryMs << std::min(failures_, 10u), kLastRetryMs);
  ++failures_;
  retry_at_ = after(context.now, answer.pause_ms(pause));
}

void Session::socket_connected(Context&, proto::SocketId id) {
  if (id != socket_) return;
  connected_ = true;
}

void Session::set_caught_up() {
  caught_up_ = true;
  failures_ = 0;
  trouble_.clear();
}

bool Session::socket_closed(Context& context, proto::SocketId id) {
  if (id != socket_) return false;
  // A server takes every stream and then closes those whose token it refuses: one that brought nothing may have been
  // such a one, so log in again.
  if (!caught_up_) token_.clear();
  socket_ = {};
  connected_ = false;
  caught_up_ = false;
  failed(context, Answer{fail(ErrorCode::unavailable, "stream closed"), 0, {}, {}});
  return true;
}

void Session::close(Context& context) {
  if (socket_.value != 0) context.sends.emplace_back(proto::SocketClose{socket_});
  socket_ = {};
  connected_ = false;
  caught_up_ = false;
}

void Session::set_server_key_packages(std::uint32_t count) {
  server_key_packages_ = count;
  refill_pause_ms_ = 0;
}

void Session::put_off_refill(Time now, const Answer& refusal) {
  refill_pause_ms_ = std::clamp(2 * refill_pause_ms_, kFirstRefillPauseMs, kLastRefillPauseMs);
  refill_at_ = after(now, refusal.pause_ms(refill_pause_ms_));
}

bool Session::may_refill(Time now) {
  if (refill_at_ != Time::never() && refill_at_ > now) return false;
  refill_at_ = Time::never();
  return true;
}

void Session::reconnect(Context& context) {
  close(context);
  retry_at_ = after(context.now, kFirstRetryMs);
}

void Session::server_moved(Context& context) {
  close(context);
  token_.clear();
  failures_ = 0;
  trouble_.clear();
  retry_at_ = Time::never();
}

void Session::wait_for_room(Context& context) {
  close(context);
  trouble_ = "The disk of this device is full; make room, what is for you waits at the server meanwhile.";
  retry_at_ = after(context.now, kRoomPauseMs);
  refill_at_ = Time::never();
}

void Session::acknowledge(Context& context, std::uint64_t sequence) {
  context.send(proto::SocketSend{socket_, wire::encode(proto::MailboxAck{sequence})});
}

void Session::forget_all() {
  token_.clear();
  if (socket_.value != 0) next_socket_ = socket_.value + 1;
  socket_ = {};
  connected_ = false;
  caught_up_ = false;
  mailbox_ended_at_ = {};
  retry_at_ = Time::never();
  refill_at_ = Time::never();
}

}  // namespace cairn::client
