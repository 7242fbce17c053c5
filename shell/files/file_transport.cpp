#include "shell/files/file_transport.h"

#include "core/proto/files.h"
#include "shell/files/local_files.h"

namespace cairn::files {

std::vector<proto::Input> FileTransport::take(const Take& take) {
  if (calls_.empty()) return below_.take(take);
  std::vector<proto::Input> inputs;
  if (take.most > 1) inputs = below_.take({take.most - 1, take.gather_ms, 0});
  const proto::Call call = std::move(calls_.front());
  calls_.pop_front();
  inputs.emplace_back(proto::CallDone{call.id, answer_file_call(call)});
  return inputs;
}

void FileTransport::perform(proto::Send send) {
  auto* call = std::get_if<proto::Call>(&send);
  if (call == nullptr || !call->url.starts_with(proto::kFileScheme)) return below_.perform(std::move(send));
  calls_.push_back(std::move(*call));
}

void FileTransport::reset(const proto::Respond& answer) {
  calls_.clear();
  below_.reset(answer);
}

void FileTransport::close(std::uint64_t wait_ms) {
  calls_.clear();
  below_.close(wait_ms);
}

}  // namespace cairn::files
