#include "core/witness/internal/realm_server.h"

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/proto/api.h"
#include "core/witness/key.h"

namespace cairn::witness {
namespace {

constexpr std::uint64_t kSweepMs = kMinuteMs;
constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kPathVkey = "/vkey";
constexpr std::string_view kPathHealth = "/health";

/// A `where` that ends in a full stop is a sentence for a person.
std::string sentence_of(const Error& error) {
  const std::string where = error.where;
  return where.ends_with('.') ? where : "This request is not understood; update the program.";
}

proto::Respond refusal(proto::RequestId id, const Error& error) {
  constexpr std::uint32_t kRetryS = 5;
  proto::Respond out{id, proto::status_of(error.code), {}, {}, std::nullopt};
  out.body = wire::encode(proto::ErrorAnswer{error.code, sentence_of(error)});
  if (error.code == ErrorCode::unavailable) out.retry_after_s = kRetryS;
  return out;
}

/// "/realm/head/<64 hex digits>" as the realm that it names.
std::optional<RealmId> realm_of(std::string_view target) {
  const std::string prefix = std::string(proto::kPathRealmHead) + "/";
  if (!target.starts_with(prefix)) return std::nullopt;
  const std::string_view digits = target.substr(prefix.size());
  const auto bytes = from_hex(digits);
  if (!bytes || bytes->size() != RealmId::kSize || to_hex(*bytes) != digits) return std::nullopt;
  return *RealmId::from(*bytes);
}

const char* name_of(RealmLog::State state) {
  switch (state) {
    case RealmLog::State::asking: return "asking";
    case RealmLog::State::serving: return "serving";
    case RealmLog::State::rolled_back: return "rolled back";
  }
  return "";
}

}  // namespace

RealmServer::RealmServer(RealmConfig config, ErasableKeys& keys)
    : config_(std::move(config)), keys_(keys), log_(config_) {}

proto::Effects RealmServer::rebuild(const StoreView& store, Time now, Entropy& entropy) {
  Turn turn(store, now, entropy, next_call_);
  parts_.reset();
  next_sweep_ = after(now, kSweepMs);
  if (const Status read = read_store(turn); !read) {
    parts_.reset();
    proto::Effects effects;
    effects.events.push_back({proto::Event::Level::error, read.error().where, 0});
    return effects;
  }
  return turn.take();
}

Status RealmServer::read_store(Turn& turn) {
  parts_ = std::make_unique<Parts>(config_, keys_, log_, TRY(read_key(turn.rows)));
  parts_->shares.rebuild(turn);
  TRY(log_.rebuild(turn, parts_->key));
  if (log_.take_accepted()) parts_->shares.begin_delays_anew(turn);
  return ok();
}

proto::Effects RealmServer::handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy) {
  Turn turn(store, now, entropy, next_call_);
  if (const auto* arrived = std::get_if<proto::RequestArrived>(&input)) {
    request(turn, *arrived);
  } else if (const auto* call = std::get_if<proto::CallDone>(&input)) {
    if (parts_ && log_.owns(call->id)) log_.done(turn, *call);
    if (parts_ && log_.take_accepted()) parts_->shares.begin_delays_anew(turn);
  } else if (const auto* fired = std::get_if<proto::TimerFired>(&input)) {
    if (parts_) timer(turn, fired->uptime_ms);
  } else if (const auto* socket = std::get_if<proto::SocketOpened>(&input)) {
    turn.sends.emplace_back(proto::SocketClose{socket->id});  // nothing here speaks in frames
  }
  return turn.take();
}

void RealmServer::timer(Turn& turn, std::uint64_t uptime_ms) {
  log_.timer(turn);
  parts_->shares.watch_clock(turn, uptime_ms);
  if (log_.state() == RealmLog::State::serving) parts_->shares.timer(turn);
  if (turn.now < next_sweep_) return;
  next_sweep_ = after(turn.now, kSweepMs);
  sweep_account_tokens(turn);
}

void RealmServer::request(Turn& turn, const proto::RequestArrived& request) {
  const auto answer = [&]() -> Result<proto::Respond> {
    REQUIRE(parts_, ErrorCode::internal, "This realm cannot read its store; its operator has to look at its log.");
    if (request.method == proto::Method::get) return get(turn, request);
    return proto::Respond {
      request.id, 200, {}, TRY(post(turn, request))
      , std::nullopt
    };
  }();
  if (answer) {
    turn.sends.emplace_back(*answer);
    return;
  }
  static_cast<void>(turn.rows.take_writes());  // a refusal changes nothing
  turn.sends.emplace_back(refusal(request.id, answer.error()));
}

/// Whether requests are taken at all now.
Status RealmServer::check_open(const Turn& turn, std::string_view target) const {
  REQUIRE(log_.state() != RealmLog::State::rolled_back, ErrorCode::unavailable,
          "This realm's database is an old copy; it serves nothing until its operator has seen to it.");
  REQUIRE(log_.state() == RealmLog::State::serving, ErrorCode::unavailable,
          "This realm has just started and asks its peers; try again in a moment.");
  REQUIRE(!turn.rows.full() || target == proto::kPathTokenRequest, ErrorCode::storage_full,
          "This realm's disk is full, and nothing was changed; try again later.");
  return ok();
}

Result<Bytes> RealmServer::post(Turn& turn, const proto::RequestArrived& request) {
  const std::string_view target = request.target;
  if (target == proto::kPathRealmHead) {
    REQUIRE(!turn.rows.full(), ErrorCode::storage_full,
            "This realm's disk is full, and nothing was changed; try again later.");
    const auto head = TRY(wire::decode<proto::RealmHead>(request.body));
    TRY(log_.take_head(turn, head));
    return Bytes{};
  }
  TRY(check_open(turn, target));
  if (target == proto::kPathPinRegister) return parts_->pins.enrol(turn, request.body);
  if (target == proto::kPathPinVersion) return parts_->pins.version(turn, request.body);
  if (target == proto::kPathPinEvaluate) return parts_->pins.evaluate(turn, request.body);
  if (target == proto::kPathPinRelease) return parts_->pins.release(turn, request.body);
  if (target == proto::kPathPinOwner) return parts_->pins.owner(turn, request.body);
  if (target == proto::kPathTokenStore) return parts_->shares.store(turn, request.body);
  if (target == proto::kPathTokenRequest) return parts_->shares.request(turn, request.body);
  if (target == proto::kPathTokenNote) return parts_->shares.note(turn, request.body);
  return fail(ErrorCode::not_found, "There is nothing at this address; check it, or update the program.");
}

Result<proto::Respond> RealmServer::get(Turn& turn, const proto::RequestArrived& request) const {
  proto::Respond out{request.id, 200, {}, {}, std::nullopt};
  if (request.target == kPathVkey) {
    out.content_type = kText;
    out.body = to_bytes(vkey() + "\n");
    return out;
  }
  if (request.target == kPathHealth) {
    out.content_type = "application/json";
    out.body = to_bytes(health());
    return out;
  }
  if (const auto realm = realm_of(request.target)) {
    const auto head = TRY(turn.load<proto::RealmHead>(realm_table::kPeerHeads, *realm));
    REQUIRE(head, ErrorCode::not_found, "Nothing was heard of this realm here.");
    out.body = wire::encode(*head);
    return out;
  }
  return fail(ErrorCode::not_found, "There is nothing at this address; check it, or update the program.");
}

std::string RealmServer::health() const {
  const nlohmann::ordered_json json{{"store", "ok"},
                                    {"keys", parts_->shares.keys_are_ours() ? "ok" : "missing"},
                                    {"state", name_of(log_.state())},
                                    {"log", log_.size()},
                                    {"peers", config_.list.peers.size()},
                                    {"peers_heard", log_.peers_heard()},
                                    {"last_heard_ms", log_.last_heard().ms},
                                    {"issuers", config_.list.issuers.size()}};
  return json.dump(2) + "\n";
}

std::string RealmServer::vkey() const {
  CHECK(parts_ != nullptr);
  return tlog::VerifierKey(config_.name, tlog::SignatureType::ed25519, parts_->us).to_text();
}

Time RealmServer::next_deadline() const {
  if (!parts_) return Time::never();
  const bool erasing = log_.state() == RealmLog::State::serving;  // not before the peers said that nothing is missing
  return std::min({next_sweep_, log_.deadline(), erasing ? parts_->shares.deadline() : Time::never()});
}

}  // namespace cairn::witness
