// Many people at a server, in one process: all on line, some of them busy. They speak its protocol (docs/spec/relay.md)
// with real signatures, and no MLS: what they send are numbered bytes, so that what is lost, doubled or out of order
// shows.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "core/proto/api.h"
#include "shell/net/network.h"
#include "tests/support/test_person.h"

namespace cairn::load {

struct CrowdOptions {
  std::string url;  ///< of a server with sign-up open and no limit for one address
  std::string domain = "localhost";
  std::size_t people = 100;       ///< each with a device and a stream of its own
  std::size_t busy = 8;           ///< of these so many send, over as many connections
  std::size_t channels_each = 4;  ///< a server limits what one channel takes
  std::uint64_t rate = 0;         ///< envelopes a second, evenly, however slow the answers; 0: one after the other
  std::uint64_t seconds = 5;
  std::string metrics;  ///< URL of the server's metrics, for its commits; empty: not asked
  std::uint64_t seed = 1;
};

/// How long things took, in microseconds.
class Times {
 public:
  void add(std::uint64_t us) { all_.push_back(us); }
  std::size_t size() const { return all_.size(); }
  /// Milliseconds that `part` of them took at most; 0 of none.
  double at_most_ms(double part) const;

 private:
  mutable std::vector<std::uint64_t> all_;
};

struct CrowdReport {
  double seconds = 0;       ///< from the first send to the last answer
  Times accepted;           ///< from when a send was due to its durable answer
  Times delivered;          ///< to its arrival at the stream of its recipient
  std::size_t refused = 0;  ///< answers other than 200
  std::size_t lost = 0;     ///< accepted, and not delivered within ten seconds after the last answer
  std::size_t wrong = 0;    ///< delivered twice, out of order, altered, or to somebody else
  std::size_t closed = 0;   ///< streams that did not last
  double commits = 0;       ///< of the server's store, each synced to the disk; 0 when not asked
};

/// A refusal that leaves nothing to measure ends the process with a sentence.
class Crowd {
 public:
  explicit Crowd(CrowdOptions options);

  /// Everybody registers, logs in and opens a stream; those that are busy make their channels.
  void gather();
  std::size_t online() const { return online_; }
  /// Sends for `seconds`, and waits for what is under way.
  CrowdReport send();

 private:
  struct Person {
    testing::TestPerson person;
    testing::TestDevice device;
    std::string token{};
    std::uint64_t to_acknowledge = 0;
  };
  struct Channel {
    ChannelId id;
    crypto::SigningKey key;
    std::size_t owner = 0;
    std::uint64_t made = 0, sent = 0;
    std::deque<Bytes> ready{};                        ///< made beforehand
    std::map<std::uint64_t, std::uint64_t> due_us{};  ///< of each that did not arrive yet, by its number
  };
  using Then = std::function<void(const proto::CallReply&)>;

  void call(proto::Method method, std::string url, Bytes body, std::string bearer, Then then);
  /// Does what came in, waits for something at most so long.
  void hear(std::uint64_t wait_ms);
  void heard_frame(const proto::SocketFrame& frame);
  /// `begin(i)` for each number below `count`, so many under way that the server is never flooded.
  void each(std::size_t count, const char* what, const std::function<void(std::size_t, std::function<void()>)>& begin);
  void register_people();
  void log_in(std::size_t who, std::function<void()> then);
  void open_stream(std::size_t who, std::function<void()> then);
  void make_channel(std::size_t number, std::function<void()> then);
  static void make_next(Channel& channel);
  void make_ahead();
  void send_in(std::size_t number, std::uint64_t due_us);
  double commits();

  CrowdOptions options_;
  testing::SeededEntropy entropy_;
  net::Network network_;
  std::vector<std::unique_ptr<Person>> people_;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::map<ChannelId, std::size_t> by_id_;
  std::map<proto::CallId, Then> calls_;
  std::map<proto::SocketId, std::function<void()>> opening_;
  std::vector<std::size_t> heard_;  ///< whose envelopes wait to be acknowledged
  std::deque<std::size_t> free_;    ///< channels in which nothing is under way
  std::uint64_t next_call_ = 1;
  std::size_t online_ = 0;
  CrowdReport report_;
};

}  // namespace cairn::load
