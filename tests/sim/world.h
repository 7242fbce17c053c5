// One domain, or two, with their cosigners, and the devices of their people, in one process and under one clock.
#pragma once

#include <nlohmann/json.hpp>

#include "core/relay/lookup_hook.h"
#include "tests/sim/host.h"
#include "tests/sim/network.h"
#include "tests/sim/watch.h"

namespace cairn::sim {

using nlohmann::json;

struct WorldOptions {
  std::size_t witnesses = 1;
  std::size_t auditors = 2;
  std::size_t auditors_needed = 0;  ///< for the quorum; 0: all
  bool two_domains = false;         ///< the other one under the same cosigners; each speaks to the other
  std::FILE* trace = nullptr;
  relay::LookupHook* hook = nullptr;  ///< of a lying server
  /// Puts something around a host's mind: to see that what it breaks is noticed.
  std::function<std::unique_ptr<proto::Mind>(const std::string& host, std::unique_ptr<proto::Mind>)> wrap;
};

/// What an owner said and waits for.
struct Ticket {
  std::string device;
  std::uint64_t id = 0;
};

class World {
 public:
  static constexpr const char* kDomain = "example.org";
  static constexpr const char* kServerUrl = "http://relay";
  static constexpr const char* kOtherDomain = "two.example";
  static constexpr const char* kOtherUrl = "http://relay2";

  /// Starts everything that is no device, as `./dev run` does: the relay first, for its key, then the cosigners, then
  /// the relay again, which now knows them.
  World(std::uint64_t seed, WorldOptions options);

  Agenda& agenda() { return agenda_; }
  Network& network() { return network_; }
  Watch& watch() { return watch_; }
  const Trace& trace() const { return trace_; }

  Host& relay() { return *hosts_.at("relay"); }
  Host& other_relay() { return *hosts_.at("relay2"); }
  Host& host(const std::string& name) { return *hosts_.at(name); }
  /// In the order in which they came.
  const std::vector<Host*>& cosigners() const { return cosigners_; }
  const std::vector<Host*>& people() const { return people_; }
  std::vector<Host*> everybody() const;
  /// A new device without a name, running.
  Host& add_device(const std::string& name);
  const std::string& policy_text() const { return policy_text_; }

  void pass(std::uint64_t ms);
  /// False when it does not become true within that time. Asked once in `every_ms`.
  bool until(const std::function<bool()>& condition, std::uint64_t most_ms, std::uint64_t every_ms = 50);

  // ---- whoever sits before a device ----

  Ticket say(const std::string& device, const std::string& method, json params = json::object());
  /// {"result": ...}, {"error": ...}, or {"lost": true} when the device died or forgot meanwhile; nothing yet: nullopt.
  std::optional<json> answer(const Ticket& ticket);
  /// Says, and waits at most so long: {"late": true} otherwise.
  json ask(const std::string& device, const std::string& method, json params = json::object(),
           std::uint64_t most_ms = 3 * kMinuteMs);

 private:
  struct Owner {
    std::optional<proto::SocketId> socket;
    std::map<std::uint64_t, std::optional<json>> tickets;
  };

  Host& add_host(const std::string& name, std::function<std::unique_ptr<proto::Mind>()> make_mind);
  std::string fetch(Host& host, const std::string& target);
  struct Place;
  std::function<std::unique_ptr<proto::Mind>()> relay_mind(const Place& place, std::string policy);
  /// Its log, as its cosigners know it.
  std::string first_start(const Place& place);
  void start_domains(const WorldOptions& options);
  void lose(Owner& owner);

  Agenda agenda_;
  Trace trace_;
  Watch watch_;
  testing::SeededEntropy random_;
  Network network_;
  WorldOptions options_;
  std::map<std::string, std::unique_ptr<Host>> hosts_;
  std::vector<Host*> cosigners_, people_;
  std::map<std::string, Owner> owners_;
  std::uint64_t last_ticket_ = 0;
  std::string policy_text_;
};

}  // namespace cairn::sim
