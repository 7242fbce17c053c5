// doctor: what is wrong with this folder, configuration, clock, disk, port and these cosigners, a sentence each.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cstdio>
#include <map>

#include "apps/cairnd/options.h"
#include "apps/cairnd/stores.h"
#include "core/proto/api.h"
#include "core/relay/inspection.h"
#include "core/tlog/cosignature.h"
#include "core/tlog/witness_request.h"
#include "shell/net/network.h"
#include "shell/os/clock.h"
#include "shell/os/data_folder.h"
#include "shell/os/entropy.h"

namespace cairn::cairnd {
namespace {

class Doctor {
 public:
  explicit Doctor(const Options& options) : options_(options), data_(options.server.data_folder) {}

  int run() {
    const Meaning meaning = config_of(options_);
    if (!meaning.config) wrong(meaning.why);
    look_at_folder();
    look_at_disk();
    look_at_limits();
    look_at_clock();
    look_at_certificate();
    if (!running_) look_at_port();
    if (meaning.config) look_at_cosigners(*meaning.config);
    if (meaning.config) look_at_neighbours(meaning.config->federation);
    std::printf("Wrong: %d.\n", wrong_);
    return wrong_ == 0 ? 0 : 1;
  }

 private:
  void good(const std::string& sentence) { std::printf("good   %s\n", sentence.c_str()); }
  void wrong(const std::string& sentence) {
    ++wrong_;
    std::printf("wrong  %s\n", sentence.c_str());
  }

  void look_at_folder() {
    struct stat found = {};
    if (::lstat(data_.c_str(), &found) != 0) return wrong(data_ + " is not there; run cairnd init.");
    auto folder = os::DataFolder::open(data_);
    running_ = !folder && folder.error().code == ErrorCode::conflict;
    if (running_) {
      const auto answer = ask_server(data_, "user list", kWaitMs);
      if (!answer) return wrong("A server holds " + data_ + " and does not answer (" + answer.error().where + ").");
      return good("A server runs with " + data_ + " and answers.");
    }
    if (!folder) return wrong(data_ + ": " + folder.error().where + ".");
    if (::lstat(store_path(data_).c_str(), &found) != 0) {
      return wrong("There is no store in " + data_ + " yet; run cairnd init, or restore a backup.");
    }
    const auto store = open_store(data_);
    if (!store) return wrong(store_path(data_) + ": " + store.error().where + ".");
    if (const Status readable = relay::check_readable(**store); !readable) return wrong(readable.error().where);
    const auto vkey = relay::log_vkey(**store);
    if (!vkey) return wrong(vkey.error().where);
    if (vkey->substr(0, vkey->find('+')) != options_.domain + "/cairn") {
      return wrong("The store is that of the log " + vkey->substr(0, vkey->find('+')) +
                   ", and the settings say domain = " + options_.domain + ".");
    }
    if (const auto queues = relay::waiting_queues(**store)) {
      for (const relay::WaitingQueue& one : *queues) {
        good(std::to_string(one.items) + " envelopes, " + std::to_string(one.bytes >> 10) + " KiB, wait for " +
             one.domain + ".");
      }
    }
    good("The store in " + data_ + " is that of " + options_.domain + "; cairnd verify looks into a backup of it.");
  }

  void look_at_disk() {
    constexpr std::uint64_t kLeast = std::uint64_t{1} << 30;
    struct statvfs room = {};
    if (::statvfs(data_.c_str(), &room) != 0) return;
    const std::uint64_t free = std::uint64_t{room.f_bavail} * room.f_frsize;
    const std::string mib = std::to_string(free >> 20) + " MiB are free on the disk of " + data_;
    if (free < kLeast) return wrong("Only " + mib + "; make room, for a full disk stops everything new.");
    good(mib + ".");
  }

  void look_at_limits() {
    constexpr rlim_t kFiles = 8192;
    rlimit files = {};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    if (files.rlim_cur < kFiles) {
      return wrong("This process may open " + std::to_string(files.rlim_cur) +
                   " files, and each connection is one; raise it (systemd: LimitNOFILE=65536).");
    }
    good("This process may open " + std::to_string(files.rlim_cur) + " files.");
  }

  void look_at_clock() {
    constexpr std::uint64_t kBuiltMs = 1'760'000'000'000;  // no build of this program is older
    if (os::now().ms < kBuiltMs) wrong("The clock of this machine is years behind; set it.");
  }

  void look_at_certificate() {
    const apps::ServerOptions& server = options_.server;
    if (server.tls_certificate.empty() && server.tls_key.empty()) return;
    const auto context = net::TlsContext::server(server.tls_certificate, server.tls_key);
    if (!context) return wrong(server.tls_certificate + " and " + server.tls_key + ": " + context.error().where + ".");
    good(server.tls_certificate + " and its key belong together.");
  }

  void look_at_port() {
    const auto endpoint = apps::parse_endpoint(options_.listen);
    if (!endpoint) return wrong("listen = " + options_.listen + " is not ADDRESS:PORT.");
    os::SystemEntropy entropy;
    net::Network network(entropy);
    const auto port = network.serve_http(endpoint->address, endpoint->port);
    if (!port) return wrong("listen = " + options_.listen + ": " + port.error().where + ".");
    good(options_.listen + " can be listened on.");
  }

  /// The newest checkpoint of our log that each has cosigned: says that it is there, and what time it is for it.
  void look_at_cosigners(const relay::RelayConfig& config) {
    if (config.policy.accepts_anything()) {
      return wrong(
          "The policy says quorum none, so anybody who has this server can show people different directories.");
    }
    const auto trusted = net::TlsContext::client(options_.server.ca);
    if (!trusted) return wrong("ca = " + options_.server.ca + ": " + trusted.error().where + ".");
    os::SystemEntropy entropy;
    net::Network network(entropy);
    network.trust(*trusted);
    std::map<std::uint64_t, const tlog::Policy::Witness*> asked;
    for (const tlog::Policy::Witness& witness : config.policy.witnesses()) {
      if (witness.url.empty()) continue;
      asked[asked.size() + 1] = &witness;
      const std::string url =
          witness.url + (witness.url.ends_with('/') ? "" : "/") + tlog::checkpoint_path(config.origin());
      network.perform(
          proto::Call{{asked.size()}, proto::Method::get, url, {}, {}, static_cast<std::uint32_t>(kWaitMs)});
    }
    while (!asked.empty()) {
      for (const proto::Input& input : network.take({64, 2, kWaitMs})) {
        const auto* call = std::get_if<proto::CallDone>(&input);
        if (call == nullptr) continue;
        const auto it = asked.extract(call->id.value);
        if (!it.empty()) judge(*it.mapped(), call->reply);
      }
    }
  }

  /// The domains that the operator names: whether they are there, and speak to others.
  void look_at_neighbours(const relay::Federation& federation) {
    if (federation.mode == relay::Federation::Mode::off) return;
    std::map<std::string, std::string> urls(federation.urls.begin(), federation.urls.end());
    for (const std::string& domain : federation.allowed) urls.emplace(domain, "https://" + domain);
    os::SystemEntropy entropy;
    net::Network network(entropy);
    if (const auto trusted = net::TlsContext::client(options_.server.ca)) network.trust(*trusted);
    std::map<std::uint64_t, std::string> asked;
    for (const auto& [domain, url] : urls) {
      if (!federation.speaks_to(domain)) continue;
      asked[asked.size() + 1] = domain;
      network.perform(proto::Call{{asked.size()},
                                  proto::Method::get,
                                  url + std::string(proto::kPathWellKnown),
                                  {},
                                  {},
                                  static_cast<std::uint32_t>(kWaitMs)});
    }
    while (!asked.empty()) {
      for (const proto::Input& input : network.take({64, 2, kWaitMs})) {
        const auto* call = std::get_if<proto::CallDone>(&input);
        const auto it = call != nullptr ? asked.extract(call->id.value) : decltype(asked)::node_type{};
        if (!it.empty()) judge_neighbour(it.mapped(), call->reply);
      }
    }
  }

  void judge_neighbour(const std::string& domain, const Result<proto::CallReply>& reply) {
    if (!reply) return wrong("The server of " + domain + " cannot be reached: " + reply.error().where + ".");
    if (reply->status != 200 || !relay::server_key_in(reply->body, domain)) {
      return wrong("What answers for " + domain + " is no server of it that speaks to other domains.");
    }
    good("The server of " + domain + " speaks to other domains.");
  }

  void judge(const tlog::Policy::Witness& witness, const Result<proto::CallReply>& reply) {
    const std::string who = "The cosigner " + witness.name;
    if (!reply) return wrong(who + " at " + witness.url + " cannot be reached: " + reply.error().where + ".");
    if (reply->status != 200) {
      return wrong(who + " at " + witness.url + " has cosigned nothing of this log yet (status " +
                   std::to_string(reply->status) + "); see that it lists the log.");
    }
    const auto note = tlog::Note::parse(as_text(reply->body));
    const auto lines = note ? tlog::verify_cosignatures(*note, {&witness.key, 1})
                            : Result<std::vector<tlog::VerifiedCosignature>>(tl::unexpected<Error>(note.error()));
    if (!lines || lines->empty()) {
      return wrong(who + " at " + witness.url + " signs with another key than the policy has for it.");
    }
    constexpr std::uint64_t kMostS = 5 * 60;
    const std::uint64_t now_s = os::now().ms / kSecondMs;
    const std::uint64_t then_s = lines->front().time_s;
    if (then_s > now_s + kMostS) {
      return wrong(who + " cosigned " + std::to_string(then_s - now_s) +
                   " s in the future: its clock or that of this machine is wrong.");
    }
    good(who + " cosigned " + std::to_string(now_s - std::min(now_s, then_s)) + " s ago.");
  }

  static constexpr std::uint64_t kWaitMs = 5'000;
  const Options& options_;
  const std::string& data_;
  bool running_ = false;
  int wrong_ = 0;
};

}  // namespace

int doctor(const Options& options) { return Doctor(options).run(); }

}  // namespace cairn::cairnd
