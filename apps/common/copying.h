// Lets the operator copy the store of a server that runs: a line "backup PATH" on the unix socket in its data folder.
#pragma once

#include <memory>
#include <set>

#include "shell/loop/transport.h"
#include "shell/store/sqlite/sqlite_copy.h"

namespace cairn::apps {

inline constexpr std::string_view kBackupLine = "backup ";
/// And how the answer begins when it is made; its size in bytes follows.
inline constexpr std::string_view kCopied = "copied ";

/// Stands between a loop and its network. One copy at a time, a megabyte of it before each batch, so that nobody waits
/// longer than for a large commit.
class Copying final : public loop::Transport {
 public:
  /// `target` is that of the unix socket; other sockets and other lines go to the mind.
  Copying(loop::Transport& network, store::SqliteStore& store, std::string target)
      : network_(network), store_(store), target_(std::move(target)) {}

  std::vector<proto::Input> take(const Take& take) override;
  void perform(proto::Send send) override;
  void reset(const proto::Respond& answer) override;
  void close(std::uint64_t wait_ms) override;

 private:
  /// Whether it is ours, and so not for the mind.
  bool hear(const proto::Input& input);
  void begin(proto::SocketId asker, const std::string& path);
  void go_on();
  void answer(proto::SocketId asker, const std::string& line);

  loop::Transport& network_;
  store::SqliteStore& store_;
  std::string target_;
  std::set<proto::SocketId> sockets_;
  std::unique_ptr<store::SqliteCopy> copy_;
  proto::SocketId asker_;
};

}  // namespace cairn::apps
