// Gives a mind folders beside its network.
#pragma once

#include <deque>

#include "shell/folder/folder_storage.h"
#include "shell/loop/transport.h"

namespace cairn::folder {

/// Calls to file: URLs are answered here, one between two takes; everything else is `below`'s, which must outlive this.
class FolderTransport final : public loop::Transport {
 public:
  FolderTransport(loop::Transport& below, FolderOptions options) : below_(below), storage_(std::move(options)) {}

  std::vector<proto::Input> take(const Take& take) override;
  void perform(proto::Send send) override;
  void reset(const proto::Respond& answer) override;
  void close(std::uint64_t wait_ms) override;

 private:
  loop::Transport& below_;
  FolderStorage storage_;
  std::deque<proto::Call> calls_;
};

}  // namespace cairn::folder
