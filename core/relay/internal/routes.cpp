// Which request goes where, and what it takes to be understood (docs/spec/relay.md s.1).
#include "core/base/encoding.h"
#include "core/crypto/labels.h"
#include "core/relay/internal/discovery.h"
#include "core/relay/internal/key_boxes.h"
#include "core/relay/internal/key_packages.h"
#include "core/relay/internal/log_files.h"
#include "core/relay/internal/lookup_answer.h"
#include "core/relay/internal/realm_tokens.h"
#include "core/relay/internal/refusals.h"
#include "core/relay/internal/rendezvous.h"
#include "core/relay/internal/server.h"

namespace cairn::relay {
namespace {

using proto::RequestArrived;

/// Path without query.
std::string_view path_of(const RequestArrived& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}

template <class T>
Answer encoded(const T& value) {
  return {200, wire::encode(value), {}};
}

Result<proto::RendezvousId> rendezvous_id(const RequestArrived& request) {
  const std::string_view text = path_of(request).substr(proto::kPathRendezvous.size());
  const auto bytes = from_hex(text);
  REQUIRE(bytes && bytes->size() == proto::RendezvousId::kSize && to_hex(*bytes) == text, ErrorCode::malformed,
          "A rendezvous has an id of 32 hex digits in lower case.");
  return proto::RendezvousId::from(*bytes);
}

}  // namespace

std::span<const Server::Route> Server::routes() {
  using enum proto::Method;
  using Match = Route::Match;
  using enum Route::Store;
  static constexpr Route kRoutes[] = {
      {get, proto::kPathWellKnown, Match::whole, keeps, &Server::well_known},
      {get, proto::kPathHealth, Match::whole, keeps, &Server::health},
      {post, proto::kPathNonce, Match::whole, keeps, &Server::nonce},
      {post, proto::kPathLogin, Match::whole, keeps, &Server::login},
      {post, proto::kPathStatement, Match::whole, grows, &Server::statement},
      {post, proto::kPathLookup, Match::whole, keeps, &Server::lookup},
      {post, proto::kPathKeyPackageUpload, Match::whole, grows, &Server::upload_key_packages},
      {post, proto::kPathKeyPackageFetch, Match::whole, grows, &Server::fetch_key_packages},
      {post, proto::kPathChannelCreate, Match::whole, grows, &Server::create_channel},
      {post, proto::kPathChannelCommit, Match::whole, grows, &Server::commit},
      {post, proto::kPathChannelSend, Match::whole, grows, &Server::send},
      {post, proto::kPathChannelSignal, Match::whole, keeps, &Server::signal},
      {post, proto::kPathRejoin, Match::whole, grows, &Server::rejoin},
      {post, proto::kPathRejoinAnswer, Match::whole, grows, &Server::answer_rejoin},
      {post, proto::kPathPassport, Match::whole, keeps, &Server::passport},
      {post, proto::kPathForward, Match::whole, grows, &Server::forward},
      {post, proto::kPathRefusals, Match::whole, grows, &Server::put_refusals},
      {post, proto::kPathRendezvous, Match::prefix, grows, &Server::post_rendezvous},
      {get, proto::kPathRendezvous, Match::prefix, keeps, &Server::get_rendezvous},
      {post, proto::kPathRealmTokens, Match::whole, keeps, &Server::realm_tokens},
      {get, proto::kPathRealmVkey, Match::whole, keeps, &Server::realm_vkey},
      {get, "/log/", Match::prefix, keeps, &Server::log_file},
      {post, proto::kPathVaultCreate, Match::whole, grows, &Server::create_vault},
      {post, proto::kPathVaultPut, Match::whole, grows, &Server::put_in_vault},
      {post, proto::kPathVaultGet, Match::whole, keeps, &Server::get_from_vault},
      {post, proto::kPathVaultList, Match::whole, keeps, &Server::list_vault},
      {post, proto::kPathVaultPrune, Match::whole, keeps, &Server::prune_vault},
      {post, proto::kPathVaultDelete, Match::whole, keeps, &Server::delete_vault},
      {post, proto::kPathKeyBoxPut, Match::whole, grows, &Server::put_key_box},
      {post, proto::kPathKeyBoxGet, Match::whole, keeps, &Server::get_key_box},
      {post, proto::kPathKeyBoxDelete, Match::whole, keeps, &Server::delete_key_box},
      {post, proto::kPathBlobPut, Match::whole, grows, &Server::put_blob},
      {post, proto::kPathBlobGet, Match::whole, keeps, &Server::get_blob},
      {post, proto::kPathBlobDelete, Match::whole, keeps, &Server::delete_blob},
  };
  static_assert(proto::kPathLog == "/log");
  return kRoutes;
}

const Server::Route* Server::find_route(const RequestArrived& request) {
  const std::string_view path = path_of(request);
  for (const Route& route : routes()) {
    const bool fits = route.match == Route::Match::whole ? path == route.path : path.starts_with(route.path);
    if (fits && route.method == request.method) return &route;
  }
  return nullptr;
}

Result<Answer> Server::well_known(Turn&, const RequestArrived&) { return relay::well_known(config_, *keys_); }

Result<Answer> Server::health(Turn& turn, const RequestArrived&) {
  return relay::health(publisher_, forwarder_, mailboxes_.connected(), turn.rows.full(), turn.now);
}

Result<Answer> Server::nonce(Turn& turn, const RequestArrived& request) {
  REQUIRE(request.body.empty(), ErrorCode::malformed, "A request for a nonce has no body.");
  return encoded(make_nonce(keys_->token, turn.now, turn.entropy));
}

Result<Answer> Server::login(Turn& turn, const RequestArrived& request) {
  const auto login = TRY(wire::decode<proto::LoginRequest>(request.body));
  auto logged_in = log_in(turn, publisher_.map(), keys_->token, config_.domain, login);
  // Nothing is wrong with a device that a server which was put back to an older state does not know.
  if (!logged_in && logged_in.error().code == ErrorCode::not_authorised) TRY(publisher_.check_open());
  proto::LoginAnswer answer = TRY(std::move(logged_in));
  answer.key_packages = static_cast<std::uint32_t>(TRY(count_key_packages(turn.rows, login.device)));
  return encoded(answer);
}

Result<Answer> Server::statement(Turn& turn, const RequestArrived& request) {
  constexpr int kAccepted = 202;
  const auto statement = TRY(wire::decode<proto::StatementRequest>(request.body));
  TRY(publisher_.check_open());
  const auto accepted = TRY(writer_.accept(turn, *keys_, statement, publisher_.newest_size()));
  if (accepted == DirectoryWriter::Accepted::reset_request) TRY(draw_on_resets(turn, request.peer));
  if (accepted != DirectoryWriter::Accepted::again) {
    writer_.keep();
    publisher_.statement_due(turn.now);
  }
  return Answer{kAccepted, {}, {}};
}

Result<Answer> Server::lookup(Turn& turn, const RequestArrived& request) {
  const auto lookup = TRY(wire::decode<directory::LookupRequest>(request.body));
  const auto response = TRY(answer_lookup(turn.rows, *keys_, publisher_, config_.domain, lookup));
  Answer answer = encoded(response);
  if (hook_ != nullptr) answer.body = hook_->answer(request.body, std::move(answer.body), turn.rows, turn.now);
  return answer;
}

Result<Answer> Server::upload_key_packages(Turn& turn, const RequestArrived& request) {
  const LoggedIn who = TRY(check_login(turn, request.bearer));
  const auto upload = TRY(wire::decode<proto::KeyPackageUpload>(request.body));
  TRY(relay::upload_key_packages(turn, who.device, upload));
  return Answer{};
}

Result<Answer> Server::fetch_key_packages(Turn& turn, const RequestArrived& request) {
  const bool visits = proto::Passport::is_one(request.bearer);
  const Bytes payer = visits ? to_bytes(TRY(check_passport(turn, request.bearer)).issuer)
                             : to_bytes(TRY(check_login(turn, request.bearer)).device);
  const auto fetch = TRY(wire::decode<proto::KeyPackageFetch>(request.body));
  RateLimiter& limiter = visits ? visit_fetch_limiter_ : fetch_limiter_;
  for (std::size_t i = 0; i < fetch.devices.size(); ++i) TRY(draw(limiter, turn, payer));
  const FetchedKeyPackages fetched =
      TRY(relay::fetch_key_packages(turn, publisher_.map(), fetch, visits ? Fetcher::visitor : Fetcher::own));
  for (const MailboxId& mailbox : fetched.low) mailboxes_.push_key_packages_low(turn, mailbox);
  return encoded(fetched.answer);
}

Result<Answer> Server::create_channel(Turn& turn, const RequestArrived& request) {
  const LoggedIn who = TRY(check_login(turn, request.bearer));
  const auto create = TRY(wire::decode<proto::ChannelCreate>(request.body));
  TRY(draw(create_limiter_, turn, who.device));
  return channels().create(turn, who, create);
}

Result<Answer> Server::commit(Turn& turn, const RequestArrived& request) {
  const auto commit = TRY(wire::decode<proto::ChannelCommit>(request.body));
  std::optional<std::string> who;
  if (!commit.welcomes.empty()) who = TRY(check_name(turn, request.bearer));
  return channels().commit(turn, who, commit);
}

Result<Answer> Server::passport(Turn& turn, const RequestArrived& request) {
  const LoggedIn who = TRY(check_login(turn, request.bearer));
  const auto wanted = TRY(wire::decode<proto::PassportRequest>(request.body));
  const bool spoken_to = wanted.audience != config_.domain && config_.federation.speaks_to(wanted.audience);
  REQUIRE(spoken_to && directory::check_domain(wanted.audience), ErrorCode::not_authorised,
          "The server of your domain does not speak to that one; its operator decides with whom.");
  proto::Passport passport{config_.domain,
                           wanted.audience,
                           who.name,
                           who.device,
                           who.mailbox,
                           after(turn.now, proto::kPassportLifeMs).ms,
                           {}};
  passport.signature = crypto::sign_labelled(keys_->server, crypto::kSignPassport, passport.content());
  return encoded(proto::PassportAnswer{passport.to_text(), passport.expires_ms});
}

Result<Answer> Server::forward(Turn& turn, const RequestArrived& request) {
  const auto batch = TRY(wire::decode<proto::ForwardBatch>(request.body));
  REQUIRE(batch.to == config_.domain, ErrorCode::not_authorised, "This is the server of another domain.");
  REQUIRE(directory::check_domain(batch.from), ErrorCode::malformed, "This is no domain.");
  TRY(neighbours_.verify(turn, batch.from, crypto::kSignForward, batch.content(), batch.signature));
  TRY(draw(forward_limiter_, turn, as_bytes(batch.from), static_cast<std::uint32_t>(batch.items.size())));
  return Receiver{config_.domain, mailboxes_, welcome_limiter_}.take(turn, batch);
}

Result<Answer> Server::put_refusals(Turn& turn, const RequestArrived& request) {
  const LoggedIn who = TRY(check_login(turn, request.bearer));
  relay::put_refusals(turn, who.mailbox, TRY(wire::decode<proto::Refusals>(request.body)));
  return Answer{};
}

Result<Answer> Server::send(Turn& turn, const RequestArrived& request) {
  return channels().send(turn, TRY(wire::decode<proto::ChannelSend>(request.body)));
}

Result<Answer> Server::signal(Turn& turn, const RequestArrived& request) {
  return channels().signal(turn, signal_limiter_, TRY(wire::decode<proto::ChannelSignal>(request.body)));
}

Result<Answer> Server::rejoin(Turn& turn, const RequestArrived& request) {
  const proto::Address who = TRY(check_mailbox(turn, request.bearer));
  const auto rejoin = TRY(wire::decode<proto::ChannelRejoin>(request.body));
  // Whoever is in no such channel makes no bucket: another domain's server makes up as many as it likes.
  TRY(channels().check_recipient(turn, who, rejoin.channel));
  const Bytes key = wire::encode(who);
  TRY(draw(rejoin_limiter_, turn, key));
  TRY(draw(rejoin_channel_limiter_, turn, concat({rejoin.channel, key}), kCostOfADay));
  return channels().rejoin(turn, who, rejoin);
}

Result<Answer> Server::answer_rejoin(Turn& turn, const RequestArrived& request) {
  return channels().answer_rejoin(turn, TRY(wire::decode<proto::ChannelRejoinAnswer>(request.body)));
}

Result<Answer> Server::post_rendezvous(Turn& turn, const RequestArrived& request) {
  const proto::RendezvousId id = TRY(rendezvous_id(request));
  TRY(draw_on_address(meet_limiter_, turn, request.peer));
  TRY(draw(meet_all_limiter_, turn, {}));
  return put_rendezvous(turn, id, request.body);
}

Result<Answer> Server::get_rendezvous(Turn& turn, const RequestArrived& request) {
  return relay::get_rendezvous(turn, TRY(rendezvous_id(request)));
}

Result<Answer> Server::realm_tokens(Turn& turn, const RequestArrived& request) {
  std::optional<LoggedIn> who;
  if (!request.bearer.empty()) who = TRY(check_login(turn, request.bearer));
  const RealmTokenLimiters limiters = {realm_guess_limiter_, realm_write_limiter_};
  return give_realm_tokens(turn, config_, limiters, who, TRY(wire::decode<proto::RealmTokensRequest>(request.body)));
}

Result<Answer> Server::realm_vkey(Turn& turn, const RequestArrived&) { return relay::realm_vkey(turn, config_); }

Result<Answer> Server::log_file(Turn& turn, const RequestArrived& request) {
  constexpr std::string_view kFolder = "/log/";
  return get_log_file(turn.rows, keys_->directory, publisher_, path_of(request).substr(kFolder.size()));
}

Result<Answer> Server::create_vault(Turn& turn, const RequestArrived& request) {
  const LoggedIn who = TRY(check_login(turn, request.bearer));
  const auto create = TRY(wire::decode<proto::VaultCreate>(request.body));
  return vaults().create(turn, who.name, create);
}

Result<Answer> Server::put_in_vault(Turn& turn, const RequestArrived& request) {
  const LoggedIn who = TRY(check_login(turn, request.bearer));
  return vaults().put(turn, who.name, TRY(wire::decode<proto::VaultPut>(request.body)));
}

Result<Answer> Server::get_from_vault(Turn& turn, const RequestArrived& request) {
  const auto get = TRY(wire::decode<proto::VaultGet>(request.body));
  return encoded(TRY(Vaults::get(turn.rows, get)));
}

Result<Answer> Server::list_vault(Turn& turn, const RequestArrived& request) {
  const auto list = TRY(wire::decode<proto::VaultList>(request.body));
  return encoded(TRY(Vaults::list(turn.rows, list)));
}

Result<Answer> Server::prune_vault(Turn& turn, const RequestArrived& request) {
  const LoggedIn who = TRY(check_login(turn, request.bearer));
  const auto prune = TRY(wire::decode<proto::VaultPrune>(request.body));
  Answer answer = TRY(vaults().prune(turn, who.name, prune));
  sweeper_.deleted_parts(turn.now);
  return answer;
}

Result<Answer> Server::delete_vault(Turn& turn, const RequestArrived& request) {
  const LoggedIn who = TRY(check_login(turn, request.bearer));
  const auto gone = TRY(wire::decode<proto::VaultDelete>(request.body));
  TRY(vaults().remove(turn, who.name, gone));
  sweeper_.deleted_parts(turn.now);
  return Answer{};
}

Result<Answer> Server::put_key_box(Turn& turn, const RequestArrived& request) {
  const LoggedIn who = TRY(check_login(turn, request.bearer));
  const auto put = TRY(wire::decode<proto::KeyBoxPut>(request.body));
  TRY(relay::put_key_box(turn, who.name, put));
  return Answer{};
}

Result<Answer> Server::get_key_box(Turn& turn, const RequestArrived& request) {
  const auto get = TRY(wire::decode<proto::KeyBoxGet>(request.body));
  return encoded(TRY(relay::get_key_box(turn.rows, get)));
}

Result<Answer> Server::delete_key_box(Turn& turn, const RequestArrived& request) {
  const LoggedIn who = TRY(check_login(turn, request.bearer));
  const auto gone = TRY(wire::decode<proto::KeyBoxDelete>(request.body));
  TRY(relay::delete_key_box(turn, who.name, gone));
  return Answer{};
}

Result<Answer> Server::put_blob(Turn& turn, const RequestArrived& request) {
  std::optional<LoggedIn> who;
  if (!request.bearer.empty()) who = TRY(check_login(turn, request.bearer));
  const auto put = TRY(wire::decode<proto::BlobPut>(request.body));
  if (put.writer) {
    const std::string name = TRY(channels().payer_of_blob(turn, put));
    return blobs().put(turn, {BlobPayer::channels, name}, put);
  }
  REQUIRE(who, ErrorCode::unauthenticated, "Log in first, or sign as a member of a conversation.");
  return blobs().put(turn, {BlobPayer::name, who->name}, put);
}

Result<Answer> Server::get_blob(Turn& turn, const RequestArrived& request) {
  const auto get = TRY(wire::decode<proto::BlobGet>(request.body));
  return encoded(TRY(Blobs::get(turn.rows, turn.now, get)));
}

Result<Answer> Server::delete_blob(Turn& turn, const RequestArrived& request) {
  const auto gone = TRY(wire::decode<proto::BlobDelete>(request.body));
  TRY(Blobs::remove(turn, gone));
  sweeper_.deleted_parts(turn.now);
  return Answer{};
}

}  // namespace cairn::relay
