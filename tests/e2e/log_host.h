// A host of logs in this process, over real HTTP, and auditors that read them, as programs of their own.
#pragma once

#include <set>

#include "shell/loop/loop.h"
#include "shell/net/network.h"
#include "shell/os/clock.h"
#include "shell/store/memory/memory_store.h"
#include "tests/e2e/village_fixture.h"
#include "tests/lying/lying_log.h"

namespace cairn::e2e {

/// Serves files, takes nothing that is posted, and hears what its own calls were answered.
class HostedFiles final : public proto::Mind {
 public:
  proto::Effects rebuild(const StoreView&, Time, Entropy&) override { return {}; }
  proto::Effects handle(const proto::Input& input, const StoreView&, Time, Entropy&) override {
    proto::Effects effects;
    if (const auto* request = std::get_if<proto::RequestArrived>(&input)) {
      if (request->method == proto::Method::post) posted[request->target] = request->body;
      if (request->target.ends_with("/config")) configs_read.insert(request->target);
      const auto found = files.find(request->target);
      proto::Respond answer{request->id, found == files.end() ? 404 : 200, {}, {}, {}};
      if (found != files.end()) answer.body = found->second;
      effects.sends.emplace_back(std::move(answer));
    } else if (const auto* done = std::get_if<proto::CallDone>(&input)) {
      reply = done->reply;
    }
    return effects;
  }
  Time next_deadline() const override { return Time::never(); }

  std::map<std::string, Bytes> files;   ///< by target
  std::map<std::string, Bytes> posted;  ///< the last body, by target
  std::set<std::string> configs_read;   ///< targets
  std::optional<Result<proto::CallReply>> reply;
};

/// What an auditor answered. Status 0: nothing.
struct AuditorReply {
  int status = 0;
  std::string text;
  std::optional<std::uint32_t> retry_after_s;
};

class LogHost {
 public:
  LogHost() : network_(entropy_), loop_(files, store_, entropy_, network_, loop::LoopOptions{os::now, nullptr}) {
    CHECK(loop_.start().has_value());
    port_ = *network_.serve_http("127.0.0.1", 0);
  }

  HostedFiles files;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void step(std::uint64_t wait_ms) { loop_.step(wait_ms); }

  /// The log's files lie below `where` from now on.
  void add(const lying::LyingLog& log, const std::string& where) {
    files.files["/" + where + "/config"] = wire::encode(log.config());
  }
  /// Calls an auditor while it reads our files.
  AuditorReply call(const std::string& auditor, proto::Method method, const std::string& target, Bytes body = {}) {
    constexpr std::uint32_t kTimeoutMs = 10'000;
    files.reply.reset();
    network_.perform(proto::Call{{++calls_}, method, auditor + target, "", std::move(body), kTimeoutMs});
    while (!files.reply) loop_.step(100);
    if (!*files.reply) return {};
    return {(*files.reply)->status, as_text((*files.reply)->body), (*files.reply)->retry_after_s};
  }
  /// Offers the newest checkpoint of a log that lies below `where`.
  AuditorReply offer(const std::string& auditor, const lying::LyingLog& log, const std::string& where,
                     std::uint64_t cosigned_size) {
    for (std::size_t i = 0; i < log.audits().size(); ++i) {
      files.files["/" + where + "/audit/" + std::to_string(i)] = log.audits()[i];
    }
    return call(auditor, proto::Method::post, "/add-checkpoint", to_bytes(log.request(cosigned_size)));
  }

 private:
  testing::SeededEntropy entropy_{5};
  store::MemoryStore store_;
  net::Network network_;
  loop::Loop loop_;
  std::uint16_t port_ = 0;
  std::uint64_t calls_ = 0;
};

/// Starts `cairn-witness` as an auditor that follows the logs in the file `list`, for the first time or once more. Its
/// key and what it writes (WHO.log) lie in `folder`. Port "0": one that is free.
inline demo::Process start_auditor_program(const std::filesystem::path& folder, const std::string& who,
                                           const std::string& port, const std::string& list) {
  const std::string output = (folder / (who + ".log")).string();
  std::filesystem::remove(output);
  std::vector<std::string> words = {program_folder() + "/cairn-witness", "--data", (folder / who).string()};
  demo::init_cosigner(words, "auditor", "auditor.example/" + who);
  words.insert(words.end(), {"serve", "--listen", "127.0.0.1:" + port, "--role", "auditor", "--name",
                             "auditor.example/" + who, "--logs", list});
  return demo::Process::start(words, output);
}

}  // namespace cairn::e2e
