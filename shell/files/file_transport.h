// Gives a mind the files of this machine beside its network.
#pragma once

#include <deque>

#include "shell/loop/transport.h"

namespace cairn::files {

/// Calls to `local-file:` URLs are answered here, one between two takes; everything else is `below`'s, which must
/// outlive this.
class FileTransport final : public loop::Transport {
 public:
  explicit FileTransport(loop::Transport& below) : below_(below) {}

  std::vector<proto::Input> take(const Take& take) override;
  void perform(proto::Send send) override;
  void reset(const proto::Respond& answer) override;
  void close(std::uint64_t wait_ms) override;

 private:
  loop::Transport& below_;
  std::deque<proto::Call> calls_;
};

}  // namespace cairn::files
