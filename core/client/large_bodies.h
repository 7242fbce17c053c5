// Commits, welcomes and answers to a rejoin that no envelope holds: they lie at the server of their channel as blobs,
// and what travels is where (docs/spec/client.md s.19).
#pragma once

#include <map>

#include "core/client/account.h"
#include "core/client/calls.h"
#include "core/proto/blobs.h"

namespace cairn::client {

/// What is here at the same time, at most: one more begins in the place of that which began first, and is fetched again
/// when it is needed.
constexpr std::size_t kMostLargeBodies = 24;
/// And beside them in channels that are no conversation here, or one that its owner has not accepted: strangers take no
/// place from members.
constexpr std::size_t kMostLargeOfStrangers = 8;
/// And of these each is begun so often by one process; after that it is as if it were gone.
constexpr unsigned kMostFetchesOfStrangers = 3;
/// And of so many it is counted at the same time: another one begins when for one of them nothing waits any more.
constexpr std::size_t kMostStrangersCounted = 256;

/// Of an answer to a part: a 409 says that the epoch is over, and by which commit it does not say.
Answer without_winner(const Answer& answer);

class LargeBodies {
 public:
  explicit LargeBodies(Calls& calls) : calls_(calls) {}

  /// Where a channel lies, and who writes there.
  struct Place {
    ChannelId channel;
    std::string domain;
    std::uint64_t epoch = 0;  ///< the channel's
  };
  /// Gets every answer of the server: after a yes it is asked again, which goes on.
  using Then = Calls::Continuation;

  /// Where this device puts that body: always the same, and nobody else's to find before it is told.
  static proto::BlobRef place_of(const Account& account, const ChannelId& channel, ByteView body);
  /// Whether `body`, at most proto::kMaxHandshakeBlob bytes (CHECKed), lies whole where place_of() says. If not, the
  /// next part is on its way, and then comes `then`.
  bool put(Context& context, const Account& account, const Place& place, const crypto::SigningKey& write_key,
           ByteView body, Then then);

  /// later: too much is on its way just now, and nothing follows.
  enum class State : std::uint8_t { whole, waits, later, gone, bad };
  struct Fetched {
    State state = State::waits;
    Bytes body = {};  ///< when it is whole: of the size and digest of its reference
  };
  /// The body, if it is here. If not, the next part is on its way, and then comes `then`. `gone`: the server says that
  /// it does not have it, or what says nothing; `bad`: what lies there has another size or digest.
  Fetched get(Context& context, const Account& account, const Place& place, const proto::BlobRef& ref, Then then);
  /// Deletes what this device put, if it can: only for what no request named, or only one that was refused.
  void take_back(Context& context, const Account& account, const ChannelId& channel, std::string_view domain,
                 ByteView body);
  /// Nobody waits for it in this channel any more.
  void forget(Context& context, const ChannelId& channel, const proto::BlobRef& ref);
  void forget_all();

 private:
  /// Whether that is a conversation which this device's owner has accepted, and has not deleted.
  static bool is_of_conversation(const StoreView& store, const ChannelId& channel);
  /// Whether one of a stranger may be begun (waits), is to wait (later), or was too often (gone).
  State may_begin(const StoreView& store, const Bytes& key);
  bool make_room(Context& context, const ChannelId& channel);
  void take_part(Context& context, const Bytes& key, const proto::BlobRef& ref, const proto::BlobGet& asked,
                 const Answer& answer);

  Calls& calls_;
  std::map<proto::BlobId, std::uint64_t> put_;  ///< bytes that the server has of what this process puts
  std::map<Bytes, State, BytesLess> ends_;      ///< keys as in tables::kLargeBodies: gone or bad
  std::map<Bytes, unsigned, BytesLess> begun_;  ///< likewise, of strangers: how often this process began to fetch it
};

}  // namespace cairn::client
