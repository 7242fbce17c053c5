// Calls and streams between hosts, with everything that happens on the way: delays, loss, silence.
#pragma once

#include <map>
#include <set>

#include "core/proto/transport.h"
#include "tests/sim/agenda.h"
#include "tests/sim/trace.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::sim {

class Host;

/// Sees what hosts say, at the moment it leaves them: after the commit of what it says.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_call(const Host& from, const proto::Call& call) = 0;
  virtual void on_answer(const Host& by, const proto::RequestArrived& request, const proto::Respond& answer) = 0;
  /// A mind wants its timer again and again without a pause: a whole core for nothing.
  virtual void on_spin(const Host& host) = 0;
};

/// A stream keeps its order; everything else may overtake.
class Network {
 public:
  /// All must outlive it.
  Network(Agenda& agenda, Trace& trace, Observer& observer, std::uint64_t seed)
      : agenda_(agenda), trace_(trace), observer_(observer), random_(seed) {}

  void add(Host& host);
  Observer& observer() { return observer_; }

  // ---- weather ----

  /// How long a packet takes at most.
  void set_slowness(std::uint64_t ms) { slow_ms_ = ms; }
  /// Of a hundred requests, and of a hundred answers, how many get lost.
  void set_loss(std::uint64_t percent) { loss_percent_ = percent; }
  /// Of a hundred requests, how many an intermediary sends on twice, as one does that heard no answer in time: who
  /// asked hears one of the two answers. Nothing else comes twice below TCP and TLS.
  void set_repeats(std::uint64_t percent) { repeat_percent_ = percent; }
  /// Those on an island hear each other, and nobody else hears them or is heard; streams between break, which both ends
  /// notice late. Several at a time cut each for itself.
  using Island = std::uint64_t;
  Island cut_off(const std::vector<const Host*>& island);
  void join_again(Island island);
  /// Breaks everything that is under way to or from this host.
  void cut(const Host& host);

  // ---- for hosts ----

  void perform(Host& from, proto::Send send);
  /// Answers all requests that wait at this host.
  void refuse_waiting(Host& host, const proto::Respond& answer);
  /// Its process is gone, or has forgotten everything.
  void forget(const Host& host);

  // ---- for the harness ----

  /// Asks as some stranger.
  void ask(Host& host, proto::Method method, std::string target, std::function<void(Result<proto::CallReply>)> done,
           Bytes body = {});

 private:
  struct Exchange {
    const Host* sent_by = nullptr;  // null: a stranger
    Host* from = nullptr;           // who waits; null: nobody, or `done` does
    proto::CallId call;
    std::function<void(Result<proto::CallReply>)> done;
    Host* to = nullptr;
    proto::RequestArrived request;
    bool travels = false;  // arrives, whether or not anybody still waits then
    bool arrived = false;
    bool answered = false;
  };
  struct Stream {
    Host* client = nullptr;  // null: that end is gone
    proto::SocketId client_id;
    Host* server = nullptr;
    bool opened = false;  // the server knows of it
    bool broken = false;  // frames vanish
    Time up, down;        // when the newest frame arrives
  };
  enum class End : std::uint8_t { client, server };

  void call(Host& from, proto::Call call);
  void repeat(std::uint64_t id);
  void arrive(std::uint64_t id);
  void respond(Host& from, const proto::Respond& answer);
  void finish(std::uint64_t id, Result<proto::CallReply> reply);
  void fail_later(std::uint64_t id, std::uint64_t most_ms);
  void connect(Host& from, const proto::Connect& connect);
  void open(std::uint64_t id, proto::SocketOpened opened);
  void frame(Host& from, proto::SocketSend send);
  void close(Host& from, proto::SocketId id);
  void break_later(std::uint64_t id, std::uint64_t most_ms);
  /// That end hears that the stream is gone, if it is still there.
  void end_stream(std::uint64_t id, End end);
  /// Both an entry of streams_ and which end `host` is; end() when there is none.
  std::pair<std::map<std::uint64_t, Stream>::iterator, End> find(const Host& host, proto::SocketId id);
  Time arrival(Time& newest);

  Host* host_of(std::string_view url, std::string& target) const;
  bool reach(const Host* from, const Host* to) const;
  std::uint64_t delay() { return 1 + random_.below(slow_ms_); }
  bool lost() { return loss_percent_ != 0 && random_.below(100) < loss_percent_; }

  Agenda& agenda_;
  Trace& trace_;
  Observer& observer_;
  testing::SeededEntropy random_;
  std::map<std::string, Host*, std::less<>> hosts_;
  std::map<Island, std::set<std::string, std::less<>>> islands_;  // by name
  std::uint64_t slow_ms_ = 20;
  std::uint64_t loss_percent_ = 0;
  std::uint64_t repeat_percent_ = 0;
  std::uint64_t last_ = 0;  // id of an exchange or a stream
  std::map<std::uint64_t, Exchange> exchanges_;
  std::map<std::uint64_t, Stream> streams_;
};

}  // namespace cairn::sim
