#include "core/relay/internal/server.h"

#include "core/crypto/labels.h"
#include "core/relay/internal/admin.h"
#include "core/relay/internal/discovery.h"
#include "core/relay/internal/key_packages.h"
#include "core/relay/internal/schema.h"
#include "core/relay/internal/sentence.h"

namespace cairn::relay {
namespace {

constexpr std::uint64_t kRestMs = kMinuteMs;
constexpr const char* kDiskFull =
    "The server's disk is full, and nothing was changed; try again later, or tell its operator.";

proto::Respond respond(proto::RequestId id, Answer answer) {
  return {id, answer.status, std::move(answer.content_type), std::move(answer.body), std::nullopt};
}

proto::Respond respond_error(proto::RequestId id, const Error& error, std::optional<std::uint32_t> retry_after_s) {
  const proto::ErrorAnswer answer{error.code, sentence_of(error)};
  return {id, proto::status_of(error.code), {}, wire::encode(answer), retry_after_s};
}

}  // namespace

Server::Server(RelayConfig config, LookupHook* hook)
    : config_(std::move(config)),
      hook_(hook),
      address_limiter_(config_.limits.address),
      log_limiter_(config_.limits.log),
      device_limiter_(config_.limits.device),
      fetch_limiter_(config_.limits.fetch),
      channel_limiter_(config_.limits.channel),
      create_limiter_(config_.limits.create),
      rejoin_limiter_(config_.limits.rejoin),
      rejoin_channel_limiter_(config_.limits.rejoin_channel),
      meet_limiter_(config_.limits.meet),
      meet_all_limiter_(config_.limits.meet_all),
      realm_guess_limiter_(config_.limits.realm_guess),
      realm_write_limiter_(config_.limits.realm_write),
      reset_limiter_(config_.limits.reset_request),
      reset_site_limiter_(config_.limits.reset_request_site),
      visit_limiter_(config_.limits.visits),
      visit_fetch_limiter_(config_.limits.visit_fetch),
      forward_limiter_(config_.limits.forwards),
      welcome_limiter_(config_.limits.first_welcomes),
      mailboxes_(config_),
      neighbours_(config_, next_call_),
      forwarder_(config_, next_call_, neighbours_),
      closings_(config_, next_call_, [this](const PublicKey& key) { return publisher_.newest_cosignature(key); }),
      writer_(config_, closings_),
      publisher_(config_, next_call_) {}

Status Server::read_store(Turn& turn) {
  keys_.reset();
  admin_sockets_.clear();
  mailboxes_.rebuild(turn.rows);
  neighbours_.rebuild();
  TRY(forwarder_.rebuild(turn.rows));
  TRY(closings_.rebuild(turn.rows, turn.now));
  writer_.rebuild(turn.rows);
  sweeper_.rebuild(turn.now);
  TRY(check_schema(turn));
  Keys keys = TRY(Keys::load_or_make(turn, config_));
  TRY(publisher_.rebuild(turn, keys, mailboxes_));
  keys_ = std::move(keys);
  return ok();
}

proto::Effects Server::rebuild(const StoreView& store, Time now, Entropy& entropy) {
  Turn turn(store, now, entropy);
  // When this is not the first start a commit has failed: what can wait shall not make the next fail. Of a full disk
  // the publisher knows itself.
  const bool again = std::exchange(started_, true);
  publisher_rests_until_ = again && !store.full() ? after(now, kRestMs) : now;
  const Status status = read_store(turn);
  if (status) return turn.take();
  keys_.reset();
  return {{}, {}, {{proto::Event::Level::error, status.error().where, 0}}};
}

proto::Effects Server::recover(const Error& error, const StoreView& store, Time now, Entropy& entropy) {
  Turn turn(store, now, entropy);
  turn.events.push_back({proto::Event::Level::error, error.where, 0});
  publisher_rests_until_ = after(now, kRestMs);
  const Status status = publisher_.rebuild(turn, *keys_, mailboxes_);
  if (status) return turn.take();
  keys_.reset();
  return {{}, {}, {{proto::Event::Level::error, status.error().where, 0}}};
}

proto::Effects Server::handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy) {
  if (const auto* arrived = std::get_if<proto::RequestArrived>(&input)) return request(*arrived, store, now, entropy);
  Turn turn(store, now, entropy);
  if (const auto* opened = std::get_if<proto::SocketOpened>(&input)) {
    open_socket(turn, *opened);
  } else if (!keys_) {
    return {};
  } else if (const auto* frame = std::get_if<proto::SocketFrame>(&input)) {
    if (!admin_sockets_.contains(frame->id)) {
      mailboxes_.frame(turn, frame->id, frame->data);
    } else {
      answer_admin(turn, *frame);
    }
  } else if (const auto* closed = std::get_if<proto::SocketClosed>(&input)) {
    if (admin_sockets_.erase(closed->id) == 0) mailboxes_.closed(closed->id);
  } else if (const auto* call = std::get_if<proto::CallDone>(&input); call != nullptr && closings_.owns(call->id)) {
    closings_.call_done(turn, *call);
  } else if (call != nullptr && neighbours_.owns(call->id)) {
    neighbours_.call_done(turn, *call);
  } else if (call != nullptr && forwarder_.owns(call->id)) {
    forwarder_.call_done(turn, *call);
  } else if (call != nullptr) {
    const Status status = publisher_.call_done(turn, *call, *keys_, mailboxes_);
    if (!status) return recover(status.error(), store, now, entropy);
  } else if (std::holds_alternative<proto::TimerFired>(input)) {
    if (publisher_rests_until_ <= now) {
      const Status status = publisher_.tick(turn, *keys_, mailboxes_);
      if (!status) return recover(status.error(), store, now, entropy);
    }
    closings_.tick(turn);
    neighbours_.tick(turn);
    forwarder_.tick(turn, *keys_);
    // Last: it moves what mailboxes remember, and recover() drops the rows of this turn.
    sweeper_.run(turn, mailboxes_);
  }
  return turn.take();
}

Time Server::next_deadline() const {
  if (!keys_) return Time::never();
  return std::min({sweeper_.deadline(), closings_.deadline(), neighbours_.deadline(), forwarder_.deadline(),
                   std::max(publisher_.deadline(), publisher_rests_until_)});
}

proto::Effects Server::request(const proto::RequestArrived& request, const StoreView& store, Time now,
                               Entropy& entropy) {
  Turn turn(store, now, entropy);
  Result<Answer> result = answer(turn, request);
  if (result) {
    turn.sends.insert(turn.sends.begin(), respond(request.id, std::move(*result)));
    return turn.take();
  }
  // A request that is refused changes nothing.
  proto::Effects effects;
  effects.sends.emplace_back(respond_error(request.id, result.error(), turn.retry_after_s));
  if (result.error().code == ErrorCode::internal) {
    effects.events.push_back({proto::Event::Level::error, result.error().where, 0});
  }
  return effects;
}

Result<Answer> Server::answer(Turn& turn, const proto::RequestArrived& request) {
  REQUIRE(keys_, ErrorCode::internal, "This server cannot read its store; its operator has to look at its log.");
  const Route* route = find_route(request);
  const bool of_log = route != nullptr && route->handler == &Server::log_file;
  TRY(draw_on_address(of_log ? log_limiter_ : address_limiter_, turn, request.peer));
  REQUIRE(route != nullptr, ErrorCode::not_found, "There is nothing at this address; check it, or update the program.");
  REQUIRE(route->store == Route::Store::keeps || !turn.rows.full(), ErrorCode::storage_full, kDiskFull);
  return (this->*route->handler)(turn, request);
}

void Server::open_socket(Turn& turn, const proto::SocketOpened& socket) {
  const auto opened = [&]() -> Status {
    REQUIRE(keys_, ErrorCode::internal, "no store");
    // Whoever comes over a network has an address; who has none may use the sockets of this machine.
    if (socket.target == kPathAdmin && socket.peer.empty()) {
      admin_sockets_.insert(socket.id);
      return ok();
    }
    REQUIRE(socket.target == proto::kPathMailbox, ErrorCode::not_found, "socket target");
    TRY(draw_on_address(address_limiter_, turn, socket.peer));
    const LoggedIn who = TRY(check_login(turn, socket.bearer));
    TRY(mailboxes_.open(turn, socket.id, who));
    if (TRY(count_key_packages(turn.rows, who.device)) < kFewKeyPackages) {
      mailboxes_.push_key_packages_low(turn, who.mailbox);
    }
    return ok();
  }();
  if (!opened) turn.sends.emplace_back(proto::SocketClose{socket.id});
}

void Server::answer_admin(Turn& turn, const proto::SocketFrame& frame) {
  const std::string line = as_text(frame.data);
  std::string answer;
  if (line == kAdminHealth) {
    answer = as_text(relay::health(publisher_, forwarder_, mailboxes_.connected(), turn.rows.full(), turn.now).body);
  } else {
    answer = answer_line(turn, &mailboxes_, line);
  }
  std::erase(answer, '\n');
  turn.sends.emplace_back(proto::SocketSend{frame.id, to_bytes(answer)});
}

Status Server::draw(RateLimiter& limiter, Turn& turn, ByteView key, std::uint32_t tokens) const {
  const std::uint32_t wait_s = limiter.take(key, turn.now, tokens);
  if (wait_s == 0) return ok();
  turn.retry_after_s = wait_s;
  return fail(ErrorCode::rate_limited, "Too many requests; wait a moment and try again.");
}

Status Server::draw_on_address(RateLimiter& limiter, Turn& turn, std::string_view peer) const {
  if (peer.empty()) return ok();
  return draw(limiter, turn, as_bytes(rate_key_of_peer(peer)));
}

Status Server::draw_on_resets(Turn& turn, std::string_view peer) {
  // By invitation each takes a code.
  if (config_.sign_up != SignUp::open || peer.empty()) return ok();
  // What the site has used up makes no buckets of its addresses, and one address uses up no more of it than its own.
  const std::string site = rate_key_of_site(peer);
  std::uint32_t wait_s = site.empty() ? 0 : reset_site_limiter_.wait(as_bytes(site), turn.now, kCostOfADay);
  if (wait_s == 0) wait_s = reset_limiter_.take(as_bytes(rate_key_of_peer(peer)), turn.now, kCostOfADay);
  if (wait_s == 0 && !site.empty()) wait_s = reset_site_limiter_.take(as_bytes(site), turn.now, kCostOfADay);
  if (wait_s == 0) return ok();
  turn.retry_after_s = wait_s;
  return fail(ErrorCode::rate_limited,
              "So many resets of names were asked for from your network address today; try again later, or from "
              "another network.");
}

Result<LoggedIn> Server::check_login(Turn& turn, std::string_view bearer) {
  LoggedIn who = TRY(check_token(turn.rows, publisher_.map(), keys_->token, bearer, turn.now));
  TRY(draw(device_limiter_, turn, who.device));
  return who;
}

Result<proto::Passport> Server::check_passport(Turn& turn, std::string_view bearer) {
  constexpr const char* kNotGood = "This passport is not good here or any more; get a new one and repeat the request.";
  auto passport = proto::Passport::from_text(bearer);
  REQUIRE(passport.has_value(), ErrorCode::unauthenticated, kNotGood);
  const bool is_in_time =
      passport->expires_ms > turn.now.ms && passport->expires_ms <= after(turn.now, proto::kMaxPassportAheadMs).ms;
  const auto name = directory::Name::from(passport->name);
  REQUIRE(passport->audience == config_.domain && is_in_time && name && name->domain() == passport->issuer,
          ErrorCode::unauthenticated, kNotGood);
  TRY(neighbours_.verify(turn, passport->issuer, crypto::kSignPassport, passport->content(), passport->signature));
  TRY(draw(visit_limiter_, turn, as_bytes(passport->issuer)));
  return passport;
}

Result<std::string> Server::check_name(Turn& turn, std::string_view bearer) {
  if (proto::Passport::is_one(bearer)) return TRY(check_passport(turn, bearer))
  .name;
  return TRY(check_login(turn, bearer))
  .name;
}

Result<proto::Address> Server::check_mailbox(Turn& turn, std::string_view bearer) {
  if (proto::Passport::is_one(bearer)) {
    const proto::Passport passport = TRY(check_passport(turn, bearer));
    return proto::Address{passport.issuer, passport.mailbox};
  }
  const LoggedIn who = TRY(check_login(turn, bearer));
  return proto::Address{config_.domain, who.mailbox};
}

}  // namespace cairn::relay
