#include "apps/common/copying.h"

#include <algorithm>

namespace cairn::apps {
namespace {

constexpr int kPagesAStep = 256;

}  // namespace

std::vector<proto::Input> Copying::take(const Take& take) {
  Take now = take;
  if (copy_) {
    go_on();
    now.wait_ms = 0;
  }
  std::vector<proto::Input> inputs = network_.take(now);
  if (!target_.empty()) std::erase_if(inputs, [this](const proto::Input& input) { return hear(input); });
  return inputs;
}

bool Copying::hear(const proto::Input& input) {
  if (const auto* opened = std::get_if<proto::SocketOpened>(&input)) {
    // Whoever comes over a network has an address.
    if (opened->target == target_ && opened->peer.empty()) sockets_.insert(opened->id);
  } else if (const auto* closed = std::get_if<proto::SocketClosed>(&input)) {
    // Who asked and went away wants no copy any more.
    if (sockets_.erase(closed->id) != 0 && copy_ && asker_ == closed->id) copy_.reset();
  } else if (const auto* frame = std::get_if<proto::SocketFrame>(&input)) {
    const std::string line = as_text(frame->data);
    if (!sockets_.contains(frame->id) || !line.starts_with(kBackupLine)) return false;
    begin(frame->id, line.substr(kBackupLine.size()));
    return true;
  }
  return false;
}

void Copying::begin(proto::SocketId asker, const std::string& path) {
  if (copy_) return answer(asker, "error: Another copy is being made just now; wait until it is done.");
  if (!path.starts_with('/')) return answer(asker, "error: Name the whole path of the copy, from / on.");
  auto begun = store::SqliteCopy::begin(store_, path);
  if (!begun) return answer(asker, "error: " + path + ": " + begun.error().where);
  copy_ = std::move(*begun);
  asker_ = asker;
}

void Copying::go_on() {
  const auto whole = copy_->step(kPagesAStep);
  if (whole && !*whole) return;
  const auto size = whole ? copy_->finish() : Result<std::uint64_t>(tl::unexpected<Error>(whole.error()));
  copy_.reset();
  answer(asker_, size ? std::string(kCopied) + std::to_string(*size)
                      : std::string("error: The copy failed: ") + size.error().where);
}

void Copying::answer(proto::SocketId asker, const std::string& line) {
  network_.perform(proto::SocketSend{asker, to_bytes(line)});
}

void Copying::perform(proto::Send send) {
  if (const auto* closing = std::get_if<proto::SocketClose>(&send)) sockets_.erase(closing->id);
  network_.perform(std::move(send));
}

void Copying::reset(const proto::Respond& answer) {
  copy_.reset();
  sockets_.clear();
  network_.reset(answer);
}

void Copying::close(std::uint64_t wait_ms) {
  copy_.reset();
  network_.close(wait_ms);
}

}  // namespace cairn::apps
