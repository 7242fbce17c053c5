#include "tests/sim/world.h"

#include "core/client/client.h"
#include "core/relay/relay.h"
#include "core/witness/key.h"
#include "core/witness/witness.h"
#include "tests/support/recovery_keys.h"

namespace cairn::sim {
namespace {

constexpr Time kStart{1'750'000'000'000};
constexpr std::uint64_t kCosignerKeys = 1000;  ///< seeds of their keys, the same in all runs
/// More than any run of a script takes: something goes round without time passing to speak of.
constexpr std::uint64_t kMostSteps = 5'000'000;

relay::RelayConfig relay_config(const std::string& domain, const std::string& policy) {
  relay::RelayConfig config;
  config.domain = domain;
  config.sign_up = relay::SignUp::open;
  auto parsed = tlog::Policy::parse(policy);
  CHECK(parsed.has_value());
  config.policy = std::move(*parsed);
  config.auditors = relay::auditors_of(policy);
  return config;
}

std::string trimmed(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

World::World(std::uint64_t seed, WorldOptions options)
    : agenda_(kStart),
      trace_(options.trace),
      watch_(trace_),
      random_(seed),
      network_(agenda_, trace_, watch_, random_.next()),
      options_(std::move(options)) {
  start_domains(options_);
}

Host& World::add_host(const std::string& name, std::function<std::unique_ptr<proto::Mind>()> make_mind) {
  HostOptions options;
  options.name = name;
  options.address = "10.0.0." + std::to_string(hosts_.size() + 1);
  options.make_mind = std::move(make_mind);
  const auto added =
      hosts_.emplace(name, std::make_unique<Host>(agenda_, network_, trace_, std::move(options), random_.next()));
  Host& host = *added.first->second;
  network_.add(host);
  return host;
}

std::string World::fetch(Host& host, const std::string& target) {
  std::optional<std::string> body;
  network_.ask(host, proto::Method::get, target, [&](Result<proto::CallReply> reply) {
    body = reply && reply->status == 200 ? as_text(reply->body) : std::string();
  });
  CHECK(until([&] { return body.has_value(); }, kMinuteMs, 1));
  return *body;
}

/// Where a domain is.
struct World::Place {
  const char* host;
  const char* domain;
  const char* url;
};

std::function<std::unique_ptr<proto::Mind>()> World::relay_mind(const Place& place, std::string policy) {
  return [this, place, policy = std::move(policy)]() -> std::unique_ptr<proto::Mind> {
    relay::RelayConfig config = relay_config(place.domain, policy);
    if (options_.two_domains) {
      config.federation.mode = relay::Federation::Mode::on;
      config.federation.urls = {{kDomain, kServerUrl}, {kOtherDomain, kOtherUrl}};
    }
    auto mind = std::make_unique<relay::Relay>(std::move(config), options_.hook);
    if (options_.wrap) return options_.wrap(place.host, std::move(mind));
    return mind;
  };
}

std::string World::first_start(const Place& place) {
  Host& relay = add_host(place.host, relay_mind(place, "quorum none\n"));
  relay.start();
  const json facts = json::parse(fetch(relay, "/.well-known/cairn"));
  relay.kill();
  return "log " + facts["log"]["vkey"].get<std::string>() + " " + place.url + facts["log"]["path"].get<std::string>() +
         "\n";
}

void World::start_domains(const WorldOptions& options) {
  std::vector<Place> places = {{"relay", kDomain, kServerUrl}};
  if (options.two_domains) places.push_back({"relay2", kOtherDomain, kOtherUrl});
  std::string log_lines;
  for (const Place& place : places) log_lines += first_start(place);

  std::string client_lines, server_lines, witness_names, auditor_names;
  for (std::size_t i = 0; i < options.witnesses + options.auditors; ++i) {
    const bool is_witness = i < options.witnesses;
    const std::string name =
        is_witness ? "witness" + std::to_string(i + 1) : "auditor" + std::to_string(i + 1 - options.witnesses);
    Host& cosigner = add_host(name, [name, is_witness, log_lines]() -> std::unique_ptr<proto::Mind> {
      auto key_name = tlog::KeyName::from("localhost/" + name);
      auto list = witness::LogList::parse(log_lines);
      CHECK(key_name.has_value() && list.has_value());
      return std::make_unique<witness::Witness>(witness::WitnessConfig{
          is_witness ? witness::Role::witness : witness::Role::auditor, std::move(*key_name), std::move(*list)});
    });
    cosigners_.push_back(&cosigner);
    watch_.look_at(cosigner, Watch::Role::cosigner);
    testing::SeededEntropy its_key(kCosignerKeys + i);
    CHECK(cosigner.disk().commit(witness::make_key(cosigner.disk(), its_key)).has_value());
    cosigner.start();
    const std::string line = "witness " + name + " " + trimmed(fetch(cosigner, "/vkey"));
    client_lines += line + "\n";
    server_lines += line + " http://" + name + "\n";
    (is_witness ? witness_names : auditor_names) += " " + name;
  }
  const std::string needed = options.auditors_needed == 0 ? "all" : std::to_string(options.auditors_needed);
  const std::string quorum = "group witnesses any" + witness_names + "\ngroup auditors " + needed + auditor_names +
                             "\ngroup all all witnesses auditors\nquorum all\n";
  policy_text_ = client_lines + quorum;
  for (const Place& place : places) {
    Host& relay = host(place.host);
    relay.set_make_mind(relay_mind(place, server_lines + quorum));
    watch_.look_at(relay, Watch::Role::relay);
    relay.start();
  }
}

Host& World::add_device(const std::string& name) {
  Host& host = add_host(name, [this, name]() -> std::unique_ptr<proto::Mind> {
    auto mind = client::make_client({});
    if (options_.wrap) return options_.wrap(name, std::move(mind));
    return mind;
  });
  people_.push_back(&host);
  watch_.look_at(host, Watch::Role::device);
  host.start();
  return host;
}

std::vector<Host*> World::everybody() const {
  std::vector<Host*> out = {hosts_.at("relay").get()};
  if (options_.two_domains) out.push_back(hosts_.at("relay2").get());
  out.insert(out.end(), cosigners_.begin(), cosigners_.end());
  out.insert(out.end(), people_.begin(), people_.end());
  return out;
}

// ---- time ----

void World::pass(std::uint64_t ms) {
  const Time end = after(agenda_.now(), ms);
  while (agenda_.step(end)) CHECK(agenda_.steps() < kMostSteps);
}

bool World::until(const std::function<bool()>& condition, std::uint64_t most_ms, std::uint64_t every_ms) {
  const Time end = after(agenda_.now(), most_ms);
  while (!condition()) {
    if (agenda_.now() >= end) return false;
    pass(std::min(every_ms, end.ms - agenda_.now().ms));
  }
  return true;
}

// ---- owners ----

void World::lose(Owner& owner) {
  owner.socket.reset();
  for (auto& [id, answer] : owner.tickets) {
    if (!answer) answer = json{{"lost", true}};
  }
}

Ticket World::say(const std::string& device, const std::string& method, json params) {
  Owner& owner = owners_[device];
  Host& there = host(device);
  if (method != "message.react" && params.contains("text")) watch_.typed(device, params["text"]);
  if (testing::begins_a_name(method)) params["recovery_key"] = testing::recovery_key_of(device);
  const Ticket ticket{device, ++last_ticket_};
  owner.tickets[ticket.id] = std::nullopt;
  if (!owner.socket) {
    owner.socket = there.open_owner(
        [&owner](Bytes frame) {
          json said = json::parse(as_text(frame));
          const auto waiting = owner.tickets.find(said.value("id", std::uint64_t{0}));
          if (waiting != owner.tickets.end() && !waiting->second) waiting->second = std::move(said);
        },
        [this, &owner] { lose(owner); });
  }
  if (!owner.socket) {
    lose(owner);
    return ticket;
  }
  const json request = {{"jsonrpc", "2.0"}, {"id", ticket.id}, {"method", method}, {"params", std::move(params)}};
  there.say(*owner.socket, to_bytes(request.dump()));
  return ticket;
}

std::optional<json> World::answer(const Ticket& ticket) {
  auto& tickets = owners_[ticket.device].tickets;
  const auto found = tickets.find(ticket.id);
  CHECK(found != tickets.end());
  if (!found->second) return std::nullopt;
  json out = std::move(*found->second);
  tickets.erase(found);
  return out;
}

json World::ask(const std::string& device, const std::string& method, json params, std::uint64_t most_ms) {
  const Ticket ticket = say(device, method, std::move(params));
  std::optional<json> out;
  until([&] { return (out = answer(ticket)).has_value(); }, most_ms, 10);
  if (out && testing::begins_a_name(method) && out->contains("result")) {
    (*out)["result"]["recovery_key"] = testing::recovery_key_of(device);
  }
  return out ? *out : json{{"late", true}};
}

}  // namespace cairn::sim
