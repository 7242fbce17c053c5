#include "shell/folder/folder_transport.h"

namespace cairn::folder {

std::vector<proto::Input> FolderTransport::take(const Take& take) {
  if (calls_.empty()) return below_.take(take);
  std::vector<proto::Input> inputs;
  if (take.most > 1) inputs = below_.take({take.most - 1, take.gather_ms, 0});
  const proto::Call call = std::move(calls_.front());
  calls_.pop_front();
  inputs.emplace_back(proto::CallDone{call.id, storage_.answer(call)});
  return inputs;
}

void FolderTransport::perform(proto::Send send) {
  auto* call = std::get_if<proto::Call>(&send);
  if (call == nullptr || !call->url.starts_with(kScheme)) return below_.perform(std::move(send));
  calls_.push_back(std::move(*call));
}

void FolderTransport::reset(const proto::Respond& answer) {
  calls_.clear();
  below_.reset(answer);
}

void FolderTransport::close(std::uint64_t wait_ms) {
  calls_.clear();
  below_.close(wait_ms);
}

}  // namespace cairn::folder
