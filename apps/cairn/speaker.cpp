#include "apps/cairn/speaker.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <optional>
#include <thread>
#include <utility>

#include "apps/cairn/http_front.h"
#include "apps/cairn/passphrase.h"
#include "apps/cairn/relay.h"
#include "core/client/client.h"
#include "shell/files/file_transport.h"
#include "shell/folder/folder_transport.h"
#include "shell/loop/log.h"
#include "shell/loop/loop.h"
#include "shell/net/line_socket.h"
#include "shell/net/network.h"
#include "shell/os/clock.h"
#include "shell/os/data_folder.h"
#include "shell/os/entropy.h"
#include "shell/os/file.h"
#include "shell/os/stop_signal.h"
#include "shell/store/encrypted/encrypted_store.h"
#include "shell/store/sqlite/sqlite_store.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

constexpr std::uint32_t kApplicationId = 0x6361726e;  // "carn"
constexpr const char* kTarget = "/rpc";
constexpr const char* kAuthorityFile = "authority.pem";
constexpr std::size_t kMaxAuthority = std::size_t{1} << 20;
constexpr std::uint64_t kStepMs = 200;
/// After an answer: how long without news until a short-lived process leaves, and at the most.
constexpr std::uint64_t kQuietMs = 250;
constexpr std::uint64_t kGraceMs = 5'000;

Reply failed(Exit exit, std::string sentence) { return {exit, {}, std::move(sentence), {}}; }

/// The answer to request 1, or nothing when the frame is a notification.
std::optional<Reply> parse(const Bytes& frame, const std::function<void(const json&)>& on_notice) {
  const json message = json::parse(as_text(frame), nullptr, false);
  if (!message.is_object()) return failed(Exit::refused, "The client gave an answer that cannot be read.");
  if (!message.contains("id")) {
    if (on_notice) on_notice(message);
    return std::nullopt;
  }
  if (!message.contains("error")) return Reply{Exit::done, message.value("result", json()), {}};
  const json& error = message["error"];
  const std::string name = error.contains("data") ? error["data"].value("code", "") : "";
  const Exit exit = name == "unavailable" ? Exit::unreachable : Exit::refused;
  Reply reply = failed(exit, error.value("message", "It failed."));
  reply.code = name;
  if (error.contains("data")) reply.result = error["data"];
  return reply;
}

Bytes request_of(const std::string& method, json params) {
  return to_bytes(json{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", std::move(params)}}.dump());
}

// ---- through the daemon ----

class Remote final : public Speaker {
 public:
  /// Null when the daemon does not answer, or goes.
  static std::unique_ptr<Remote> open(const std::string& path) {
    auto client = net::LocalClient::open(path);
    if (!client) return nullptr;
    auto remote = std::unique_ptr<Remote>(new Remote(path, std::move(*client)));
    if (remote->ask_within(kGreetingMs, "status", json::object(), nullptr).exit != Exit::done) return nullptr;
    return remote;
  }

  Reply ask(const std::string& method, json params, const std::function<void(const json&)>& on_notice) override {
    Reply reply = ask_within(kForeverMs, method, std::move(params), on_notice);
    if (reply.exit == Exit::locked) reply = gone();
    return reply;
  }

  bool is_daemon() const override { return true; }

  void listen(const std::function<void(const json&)>& on_notice) override {
    while (const auto frame = client_.receive(kForeverMs)) parse(*frame, on_notice);
  }

 private:
  static constexpr std::uint64_t kForeverMs = 24 * kHourMs;
  static constexpr std::uint64_t kGreetingMs = 4'000;

  Remote(std::string path, net::LocalClient client) : path_(std::move(path)), client_(std::move(client)) {}

  /// Exit::locked when no answer comes.
  Reply ask_within(std::uint64_t wait_ms, const std::string& method, json params,
                   const std::function<void(const json&)>& on_notice) {
    if (!client_.send(request_of(method, std::move(params)))) return {Exit::locked, {}, {}};
    for (;;) {
      const auto frame = client_.receive(wait_ms);
      if (!frame) return {Exit::locked, {}, {}};
      if (auto reply = parse(*frame, on_notice)) return std::move(*reply);
    }
  }

  /// It closed the connection: its store failed, or it was stopped. If it is there still it knows why.
  Reply gone() const {
    std::string why = "It was stopped, or it could not write to its disk.";
    if (const auto again = open(path_)) {
      const Reply status = again->ask_within(kGreetingMs, "status", json::object(), nullptr);
      const std::string trouble = status.exit == Exit::done ? status.result.value("trouble", "") : "";
      if (!trouble.empty()) why = trouble;
    }
    return failed(Exit::refused, "The daemon broke off before it answered; look with read and ask again. " + why);
  }

  std::string path_;
  net::LocalClient client_;
};

// ---- a mind of our own ----

class Local final : public Speaker {
 public:
  /// Everything that is needed, or the reason why not.
  static std::unique_ptr<Local> open(os::DataFolder folder, Reply& reply) {
    auto local = std::unique_ptr<Local>(new Local(std::move(folder)));
    reply = local->start();
    if (reply.exit != Exit::done) return nullptr;
    return local;
  }

  ~Local() override {
    if (loop_) settle();
  }

  Reply ask(const std::string& method, json params, const std::function<void(const json&)>& on_notice) override {
    on_notice_ = on_notice;
    reply_.reset();
    const auto socket = loop_->open_inside(
        kTarget,
        {[this](Bytes frame) { heard(frame); },
         [this] { reply_ = failed(Exit::refused, "The store of this device failed; see that its disk has room."); }});
    loop_->send_inside(socket, request_of(method, std::move(params)));
    while (!reply_ && !stopped_) loop_->step(kStepMs);
    return reply_ ? *reply_ : failed(Exit::refused, "Stopped.");
  }

  void listen(const std::function<void(const json&)>& on_notice) override {
    on_notice_ = on_notice;
    run();
  }

  /// Lets programs of this machine ask over HTTP who can read the token's file, which is made anew. Gives the port.
  Result<std::uint16_t> serve_http(std::uint16_t port) {
    const std::string token = make_http_token(entropy_);
    TRY(os::write_file(folder_.file(kHttpTokenFile), as_bytes(token + "\n")));
    front_.emplace(token);
    const std::uint16_t taken = TRY(network_.serve_front(port, kTarget, *front_));
    front_->set_port(taken);
    return taken;
  }

  void run() {
    while (!stopped_) loop_->step(kStepMs);
  }

  /// Until `descriptor` can be read; false when somebody stopped the process first.
  bool run_until(int descriptor) {
    bool readable = false;
    network_.watch(descriptor, [&] { readable = true; });
    while (!stopped_ && !readable) loop_->step(kStepMs);
    return readable;
  }

 private:
  explicit Local(os::DataFolder folder)
      : folder_(std::move(folder)), network_(entropy_), folders_(network_, {os::now}), transport_(folders_) {}

  /// Another process that has the store is to be told apart from a store that cannot be used.
  static Reply failed_to_open(const Error& error) {
    return failed(error.code == ErrorCode::conflict ? Exit::locked : Exit::refused, error.where);
  }

  Reply start() {
    auto key = unlock_key(folder_.file("key"), entropy_);
    if (!key) return failed(Exit::refused, key.error().where);
    store::SqliteOptions options;
    options.path = folder_.file("store.sqlite");
    options.application_id = kApplicationId;
    auto sqlite = store::SqliteStore::open(options);
    if (!sqlite) return failed_to_open(sqlite.error());
    auto sealed = store::EncryptedStore::open(std::move(*sqlite), std::move(*key), entropy_);
    if (!sealed) return failed(Exit::refused, sealed.error().where);
    store_ = std::move(*sealed);
    if (const auto readable = client::check_store(*store_); !readable) {
      return failed(Exit::refused, readable.error().where);
    }
    if (const auto served = network_.serve_local(folder_.file("socket"), kTarget); !served) {
      return failed(Exit::refused, served.error().where);
    }
    const std::string authority = folder_.file(kAuthorityFile);
    auto trusted = net::TlsContext::client(os::read_file(authority, kMaxAuthority) ? authority : "");
    if (!trusted) return failed(Exit::refused, trusted.error().where);
    network_.trust(std::move(*trusted));
    mind_ = client::make_client({});
    loop::LoopOptions loop_options;
    loop_options.clock = os::now;
    loop_options.log = [](const proto::Event& event) {
      loop::write_log(stderr, proto::Event::Level::error, event, os::now());
    };
    loop_ = std::make_unique<loop::Loop>(*mind_, *store_, entropy_, transport_, loop_options);
    network_.watch(stop_signal_.descriptor(), [this] { stopped_ = true; });
    if (const auto started = loop_->start(); !started) return failed(Exit::refused, started.error().where);
    return {};
  }

  void heard(const Bytes& frame) {
    auto parsed = parse(frame, on_notice_);
    if (parsed) reply_ = std::move(parsed);
  }

  /// What an answer has set going (acknowledgements, key packages) is given a moment.
  void settle() {
    const std::uint64_t end = os::monotonic_ms() + kGraceMs;
    std::uint64_t quiet_since = os::monotonic_ms();
    std::uint64_t inputs = loop_->counts().inputs;
    while (!stopped_ && os::monotonic_ms() < end && os::monotonic_ms() - quiet_since < kQuietMs) {
      loop_->step(kQuietMs / 5);
      if (loop_->counts().inputs != inputs) quiet_since = os::monotonic_ms();
      inputs = loop_->counts().inputs;
    }
    transport_.close(kQuietMs);
  }

  os::StopSignal stop_signal_;
  os::SystemEntropy entropy_;
  os::DataFolder folder_;
  std::optional<HttpRpcFront> front_;
  net::Network network_;
  folder::FolderTransport folders_;
  files::FileTransport transport_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<proto::Mind> mind_;
  std::unique_ptr<loop::Loop> loop_;
  std::function<void(const json&)> on_notice_;
  std::optional<Reply> reply_;
  bool stopped_ = false;
};

// ---- frames for who reads them by himself ----

constexpr const char* kHeldElsewhere =
    "Another cairn holds this data folder and does not answer; try again when it is done, or stop it.";

class DaemonConnection final : public Connection {
 public:
  explicit DaemonConnection(net::LocalClient client) : client_(std::move(client)) {}
  net::LocalClient& client() override { return client_; }
  bool was_stopped() const override { return false; }

 private:
  net::LocalClient client_;
};

/// A mind of our own in a thread of its own.
class OwnConnection final : public Connection {
 public:
  OwnConnection(std::unique_ptr<Local> local, net::LocalClient client, int over_read, int over_write)
      : client_(std::move(client)), over_(over_write), thread_([this, over_read, held = std::move(local)]() mutable {
          stopped_ = !held->run_until(over_read);
          held.reset();
          ::close(over_read);
        }) {}
  ~OwnConnection() override {
    ::close(over_);
    thread_.join();
  }
  OwnConnection(const OwnConnection&) = delete;
  OwnConnection& operator=(const OwnConnection&) = delete;
  net::LocalClient& client() override { return client_; }
  bool was_stopped() const override { return stopped_; }

 private:
  net::LocalClient client_;
  int over_;
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Connection> open_connection(const std::string& data_folder, Reply& reply) {
  auto folder = os::DataFolder::open(data_folder);
  if (!folder && folder.error().code != ErrorCode::conflict) {
    reply = failed(Exit::refused, folder.error().where);
    return nullptr;
  }
  if (!folder) {
    // Whoever holds it may serve nobody: a question shows.
    const auto answers = Remote::open(data_folder + "/socket");
    auto client = net::LocalClient::open(data_folder + "/socket");
    if (answers && client) return std::make_unique<DaemonConnection>(std::move(*client));
    reply = failed(Exit::locked, kHeldElsewhere);
    return nullptr;
  }
  auto local = Local::open(std::move(*folder), reply);
  if (!local) return nullptr;
  auto client = net::LocalClient::open(data_folder + "/socket");
  int over[2] = {-1, -1};
  if (!client || ::pipe2(over, O_CLOEXEC) != 0) {
    reply = failed(Exit::refused, "No pipe can be made; close other programs.");
    return nullptr;
  }
  return std::make_unique<OwnConnection>(std::move(local), std::move(*client), over[0], over[1]);
}

std::optional<json> ask_daemon(const std::string& data_folder, const std::string& method, const json& params,
                               std::uint64_t wait_ms) {
  auto client = net::LocalClient::open(data_folder + "/socket");
  if (!client || !client->send(request_of(method, params))) return std::nullopt;
  const auto frame = client->receive(wait_ms);
  const auto reply = frame ? parse(*frame, nullptr) : std::nullopt;
  if (!reply || reply->exit != Exit::done) return std::nullopt;
  return reply->result;
}

Reply run_stdio(const std::string& data_folder) {
  const Reply broken = failed(Exit::refused, "The client broke off; see that its disk has room, and start it again.");
  Reply reply;
  auto folder = os::DataFolder::open(data_folder);
  if (!folder && folder.error().code != ErrorCode::conflict) return failed(Exit::refused, folder.error().where);
  const auto local = folder ? Local::open(std::move(*folder), reply) : nullptr;
  if (folder && !local) return reply;
  auto client = net::LocalClient::open(data_folder + "/socket");
  if (!client) return failed(Exit::locked, "Another cairn holds this data folder and does not answer; stop it.");
  if (!local) return relay_lines(*client, STDIN_FILENO, STDOUT_FILENO) ? Reply{} : broken;
  int over[2] = {-1, -1};
  if (::pipe2(over, O_CLOEXEC) != 0) return failed(Exit::refused, "No pipe can be made; close other programs.");
  bool whole = false;
  std::thread carrier([&] {
    whole = relay_lines(*client, STDIN_FILENO, STDOUT_FILENO);
    ::close(over[1]);
  });
  const bool ended = local->run_until(over[0]);
  client->stop();
  carrier.join();
  ::close(over[0]);
  return whole || !ended ? Reply{} : broken;
}

std::unique_ptr<Speaker> connect(const std::string& data_folder, Reply& reply) {
  auto folder = os::DataFolder::open(data_folder);
  if (folder) return Local::open(std::move(*folder), reply);
  if (folder.error().code == ErrorCode::conflict) {
    // Twice: a daemon that starts its mind anew closes what is just being opened.
    for (int attempt = 0; attempt < 2; ++attempt) {
      if (auto remote = Remote::open(data_folder + "/socket")) return remote;
    }
    reply = failed(Exit::locked, kHeldElsewhere);
    return nullptr;
  }
  reply = failed(Exit::refused, folder.error().where);
  return nullptr;
}

Reply keep_authority(const std::string& data_folder, const std::string& file) {
  const auto pem = os::read_file(file, kMaxAuthority);
  if (!pem) return failed(Exit::refused, "The authority's file cannot be read; check that it exists and is yours.");
  if (const auto good = net::TlsContext::client(file); !good) return failed(Exit::refused, good.error().where);
  auto kept = os::make_folder(data_folder);
  if (kept) kept = os::write_file(data_folder + "/" + kAuthorityFile, *pem);
  return kept ? Reply{} : failed(Exit::refused, kept.error().where);
}

Reply run_daemon(const std::string& data_folder, std::optional<std::uint16_t> http_port) {
  auto folder = os::DataFolder::open(data_folder);
  if (!folder) {
    return failed(folder.error().code == ErrorCode::conflict ? Exit::locked : Exit::refused, folder.error().where);
  }
  Reply reply;
  const auto local = Local::open(std::move(*folder), reply);
  if (!local) return reply;
  if (http_port) {
    const auto port = local->serve_http(*http_port);
    if (!port) return failed(Exit::refused, std::string("HTTP cannot be served: ") + port.error().where + ".");
    std::printf("http on http://127.0.0.1:%u, token in %s/%s\n", static_cast<unsigned>(*port), data_folder.c_str(),
                kHttpTokenFile);
  }
  std::printf("listening on %s/socket\n", data_folder.c_str());
  std::fflush(stdout);
  local->run();
  return reply;
}

}  // namespace cairn::apps
