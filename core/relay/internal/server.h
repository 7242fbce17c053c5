// Takes each input to the part that deals with it, and answers.
#pragma once

#include "core/relay/internal/channels.h"
#include "core/relay/internal/directory_writer.h"
#include "core/relay/internal/publisher.h"
#include "core/relay/internal/rate_limit.h"
#include "core/relay/internal/receiver.h"
#include "core/relay/internal/sweep.h"
#include "core/relay/internal/vaults.h"
#include "core/relay/lookup_hook.h"

namespace cairn::relay {

class Server {
 public:
  Server(RelayConfig config, LookupHook* hook);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  proto::Effects rebuild(const StoreView& store, Time now, Entropy& entropy);
  proto::Effects handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy);
  Time next_deadline() const;

 private:
  using Handler = Result<Answer> (Server::*)(Turn&, const proto::RequestArrived&);
  struct Route {
    proto::Method method;
    std::string_view path;
    enum class Match : std::uint8_t { whole, prefix } match;
    /// Whether it can make the store larger by more than a trifle: then it is refused while the disk is full.
    enum class Store : std::uint8_t { keeps, grows } store;
    Handler handler;
  };
  static std::span<const Route> routes();
  static const Route* find_route(const proto::RequestArrived& request);

  proto::Effects request(const proto::RequestArrived& request, const StoreView& store, Time now, Entropy& entropy);
  Result<Answer> answer(Turn& turn, const proto::RequestArrived& request);
  void open_socket(Turn& turn, const proto::SocketOpened& socket);
  void answer_admin(Turn& turn, const proto::SocketFrame& frame);

  Result<Answer> well_known(Turn&, const proto::RequestArrived&);
  Result<Answer> health(Turn&, const proto::RequestArrived&);
  Result<Answer> nonce(Turn&, const proto::RequestArrived&);
  Result<Answer> login(Turn&, const proto::RequestArrived&);
  Result<Answer> statement(Turn&, const proto::RequestArrived&);
  Result<Answer> lookup(Turn&, const proto::RequestArrived&);
  Result<Answer> upload_key_packages(Turn&, const proto::RequestArrived&);
  Result<Answer> fetch_key_packages(Turn&, const proto::RequestArrived&);
  Result<Answer> create_channel(Turn&, const proto::RequestArrived&);
  Result<Answer> commit(Turn&, const proto::RequestArrived&);
  Result<Answer> send(Turn&, const proto::RequestArrived&);
  Result<Answer> signal(Turn&, const proto::RequestArrived&);
  Result<Answer> rejoin(Turn&, const proto::RequestArrived&);
  Result<Answer> answer_rejoin(Turn&, const proto::RequestArrived&);
  Result<Answer> passport(Turn&, const proto::RequestArrived&);
  Result<Answer> forward(Turn&, const proto::RequestArrived&);
  Result<Answer> put_refusals(Turn&, const proto::RequestArrived&);
  Result<Answer> post_rendezvous(Turn&, const proto::RequestArrived&);
  Result<Answer> get_rendezvous(Turn&, const proto::RequestArrived&);
  Result<Answer> realm_tokens(Turn&, const proto::RequestArrived&);
  Result<Answer> realm_vkey(Turn&, const proto::RequestArrived&);
  Result<Answer> log_file(Turn&, const proto::RequestArrived&);
  Result<Answer> create_vault(Turn&, const proto::RequestArrived&);
  Result<Answer> put_in_vault(Turn&, const proto::RequestArrived&);
  Result<Answer> get_from_vault(Turn&, const proto::RequestArrived&);
  Result<Answer> list_vault(Turn&, const proto::RequestArrived&);
  Result<Answer> prune_vault(Turn&, const proto::RequestArrived&);
  Result<Answer> delete_vault(Turn&, const proto::RequestArrived&);
  Result<Answer> put_key_box(Turn&, const proto::RequestArrived&);
  Result<Answer> get_key_box(Turn&, const proto::RequestArrived&);
  Result<Answer> delete_key_box(Turn&, const proto::RequestArrived&);
  Result<Answer> put_blob(Turn&, const proto::RequestArrived&);
  Result<Answer> get_blob(Turn&, const proto::RequestArrived&);
  Result<Answer> delete_blob(Turn&, const proto::RequestArrived&);

  /// The logged-in device; draws on its bucket.
  Result<LoggedIn> check_login(Turn& turn, std::string_view bearer);
  /// A device of another domain that shows a passport; draws on its domain's bucket.
  Result<proto::Passport> check_passport(Turn& turn, std::string_view bearer);
  /// The name of either.
  Result<std::string> check_name(Turn& turn, std::string_view bearer);
  /// The mailbox of either.
  Result<proto::Address> check_mailbox(Turn& turn, std::string_view bearer);
  Status draw(RateLimiter& limiter, Turn& turn, ByteView key, std::uint32_t tokens = 1) const;
  /// Of who asks for a reset.
  Status draw_on_resets(Turn& turn, std::string_view peer);
  Status draw_on_address(RateLimiter& limiter, Turn& turn, std::string_view peer) const;
  Channels channels() {
    return {config_.domain, mailboxes_, forwarder_, channel_limiter_, blobs(), config_.limits.unused_channel_ms};
  }
  Blobs blobs() const { return {config_.limits}; }
  Vaults vaults() const { return {config_.limits.vault_bytes}; }

  Status read_store(Turn& turn);
  /// Publishing met something that it cannot go on with: what it did in this turn is dropped, and it starts anew from
  /// the store, a while later.
  proto::Effects recover(const Error& error, const StoreView& store, Time now, Entropy& entropy);

  const RelayConfig config_;
  LookupHook* const hook_;
  std::uint64_t next_call_ = 1;
  std::optional<Keys> keys_;  ///< nothing when the store cannot be understood
  RateLimiter address_limiter_;
  RateLimiter log_limiter_;
  RateLimiter device_limiter_;
  RateLimiter fetch_limiter_;
  RateLimiter channel_limiter_;
  RateLimiter signal_limiter_{Rate{proto::kSignalBurst, proto::kSignalsPerMinute}};
  RateLimiter create_limiter_;
  RateLimiter rejoin_limiter_;
  RateLimiter rejoin_channel_limiter_;
  RateLimiter meet_limiter_;
  RateLimiter meet_all_limiter_;
  RateLimiter realm_guess_limiter_;
  RateLimiter realm_write_limiter_;
  RateLimiter reset_limiter_;
  RateLimiter reset_site_limiter_;
  RateLimiter visit_limiter_;
  RateLimiter visit_fetch_limiter_;
  RateLimiter forward_limiter_;
  RateLimiter welcome_limiter_;
  Mailboxes mailboxes_;
  Neighbours neighbours_;
  Forwarder forwarder_;
  Closings closings_;
  DirectoryWriter writer_;
  Publisher publisher_;
  Sweeper sweeper_;
  std::set<proto::SocketId> admin_sockets_;
  bool started_ = false;
  Time publisher_rests_until_;
};

}  // namespace cairn::relay
