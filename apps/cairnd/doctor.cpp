// doctor: what is wrong with this folder, configuration, clock, disk, port and these cosigners, a sentence each.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "apps/cairnd/options.h"
#include "apps/cairnd/stores.h"
#include "core/proto/api.h"
#include "core/relay/admin.h"
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
    look_at_log();
    if (meaning.config) look_at_cosigners(*meaning.config);
    if (meaning.config) look_at_neighbours(meaning.config->federation);
    std::printf("Wrong: %d.\n", wrong_);
    return wrong_ == 0 ? 0 : 1;
  }

 private:
  /// How far the log is in the store, or for the server that runs.
  struct Log {
    std::string directory;  ///< `directory` of /v1/health (docs/spec/relay.md s.7); empty while no server runs
    relay::LogSizes sizes;
    bool is_stuck() const { return sizes.served < sizes.built; }
  };

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
    if (const auto vkey = relay::log_vkey(**store); !vkey) return wrong(vkey.error().where);
    if (const auto why = of_another_domain(**store, options_.domain)) return wrong(*why);
    if (const auto sizes = relay::log_sizes(**store)) stored_ = *sizes;
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

  /// Of the server that runs, by what it tells at /v1/health; else of the store. Nothing when neither can be read.
  std::optional<Log> read_log() const {
    if (!running_) return stored_ ? std::optional(Log{{}, *stored_}) : std::nullopt;
    const auto answer = ask_server(data_, std::string(relay::kAdminHealth), kWaitMs);
    const auto json = answer ? nlohmann::json::parse(*answer, nullptr, false) : nlohmann::json();
    const auto field = [](const nlohmann::json& of, const char* name) {
      return of.is_object() ? of.value(name, nlohmann::json()) : nlohmann::json();
    };
    const auto directory = field(json, "directory"), built = field(json, "epochs");
    if (!directory.is_string() || !built.is_number_unsigned()) return std::nullopt;
    Log log{directory.get<std::string>(), {built.get<std::uint64_t>(), 0}};
    const auto served = field(field(json, "checkpoint"), "size");
    if (served.is_number_unsigned()) log.sizes.served = served.get<std::uint64_t>();
    return log;
  }

  /// An epoch is served within a second, and the cosigners are heard within some after a start: that much is waited
  /// for.
  void look_at_log() {
    constexpr int kLooks = 10;
    constexpr std::chrono::milliseconds kPause{500};
    const auto is_well = [](const Log& log) {
      return (log.directory.empty() || log.directory == kNewest) && !log.is_stuck();
    };
    log_ = read_log();
    const std::uint64_t built = log_ ? log_->sizes.built : 0;
    for (int look = 1; running_ && log_ && !is_well(*log_) && look < kLooks; ++look) {
      std::this_thread::sleep_for(kPause);
      log_ = read_log();
    }
    if (!log_) {
      if (running_) wrong("The server that runs does not say how far its log is; it may be of another version.");
      return;
    }
    if (!running_) {
      return good("The store has " + epochs(log_->sizes.built) + ", of which " + std::to_string(log_->sizes.served) +
                  " were served.");
    }
    if (log_->directory == kBehind) {
      return wrong("The directory stands still: a cosigner has seen more of the log than this store has; " +
                   std::string(kSeeBackingUp));
    }
    if (log_->directory == kAsking) {
      return wrong("The directory waits: not enough cosigners have said yet how far the log is for them.");
    }
    is_held_up_ = log_->sizes.served < built;
    if (is_held_up_) {
      return wrong("Of the " + epochs(log_->sizes.built) + " of the log " + std::to_string(log_->sizes.served) +
                   " are served: the quorum of the policy has not cosigned the rest, and what changed since waits.");
    }
    good("The directory takes what is new, and has served " + epochs(log_->sizes.built) + ".");
  }

  static std::string epochs(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " epoch" : " epochs"); }

  /// The newest checkpoint of our log that each has cosigned: says that it is there, how far, and what time it is for
  /// it.
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
    std::vector<std::pair<const tlog::Policy::Witness*, Result<proto::CallReply>>> answered;
    while (!asked.empty()) {
      for (const proto::Input& input : network.take({64, 2, kWaitMs})) {
        const auto* call = std::get_if<proto::CallDone>(&input);
        if (call == nullptr) continue;
        const auto it = asked.extract(call->id.value);
        if (!it.empty()) answered.emplace_back(it.mapped(), call->reply);
      }
    }
    // Read after they have answered: what they can have seen of a log that is well, it has.
    const std::optional<Log> now = read_log();
    for (const auto& [witness, reply] : answered) judge(*witness, config.origin(), reply, now);
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

  void judge(const tlog::Policy::Witness& witness, const std::string& origin, const Result<proto::CallReply>& reply,
             const std::optional<Log>& now) {
    const std::string who = "The cosigner " + witness.name;
    if (!reply) return wrong(who + " at " + witness.url + " cannot be reached: " + reply.error().where + ".");
    if (reply->status != 200) {
      return wrong(who + " at " + witness.url + " has cosigned nothing of this log yet (status " +
                   std::to_string(reply->status) + "); see that it lists the log.");
    }
    const auto checkpoint = tlog::SignedCheckpoint::parse(as_text(reply->body), tlog::ExtensionLines::tolerate);
    if (!checkpoint || checkpoint->claim().origin != origin) {
      return wrong("What " + witness.name + " at " + witness.url + " gives is no checkpoint of " + origin + ".");
    }
    const auto lines = tlog::verify_cosignatures(checkpoint->note(), {&witness.key, 1});
    if (!lines || lines->empty()) {
      return wrong(who + " at " + witness.url + " signs with another key than the policy has for it.");
    }
    judge_cosigned(who, lines->front().time_s, checkpoint->claim().tree.size, now);
  }

  /// `size` is what it cosigned last, at `then_s`.
  void judge_cosigned(const std::string& who, std::uint64_t then_s, std::uint64_t size, const std::optional<Log>& now) {
    constexpr std::uint64_t kMostAheadS = 5 * 60;
    constexpr std::uint64_t kMostAgoS = 3 * 60;  // it is asked every minute
    const std::uint64_t now_s = os::now().ms / kSecondMs;
    if (then_s > now_s + kMostAheadS) {
      return wrong(who + " cosigned " + std::to_string(then_s - now_s) +
                   " s in the future: its clock or that of this machine is wrong.");
    }
    if (now && size > now->sizes.built) {
      return wrong(who + " has seen " + epochs(size) + " of this log, and the store has " +
                   std::to_string(now->sizes.built) + ": it is not the newest; " + std::string(kSeeBackingUp));
    }
    const std::uint64_t ago_s = now_s - std::min(now_s, then_s);
    const std::string when = who + " cosigned " + epochs(size) + ", " + std::to_string(ago_s) + " s ago";
    const bool holds_up = is_held_up_ && size < log_->sizes.built;
    if (holds_up || (running_ && ago_s > kMostAgoS)) {
      return wrong(when + " and nothing since; its own log says why, and the log of this server what it answers.");
    }
    good(when + ".");
  }

  static constexpr std::uint64_t kWaitMs = 5'000;
  static constexpr std::string_view kNewest = "newest", kBehind = "behind", kAsking = "asking";
  static constexpr std::string_view kSeeBackingUp = "see \"Backing up\" in docs/operating/domain.md.";
  const Options& options_;
  const std::string& data_;
  bool running_ = false;
  std::optional<relay::LogSizes> stored_;  ///< of the store, when no server holds it
  std::optional<Log> log_;                 ///< as it was before the cosigners were asked
  bool is_held_up_ = false;                ///< an epoch of it waits for the quorum
  int wrong_ = 0;
};

}  // namespace

int doctor(const Options& options) { return Doctor(options).run(); }

}  // namespace cairn::cairnd
