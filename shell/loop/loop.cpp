#include "shell/loop/loop.h"

#include <algorithm>

#include "core/base/secret.h"
#include "core/proto/api.h"

namespace cairn::loop {

namespace {

/// The local clock may be set while we wait, so no wait is longer.
constexpr std::uint64_t kLongestWaitMs = 60'000;
constexpr std::uint64_t kRebuildAgainMs = 1000;
/// Less than this is how clocks are kept right; more is somebody who sets one.
constexpr std::uint64_t kSetBackMs = kMinuteMs;
constexpr std::uint64_t kGoodbyeMs = 2000;
/// Sockets inside take the upper half of the ids that belong to the shell.
constexpr std::uint64_t kFirstInside = proto::kFirstMindSocket / 2;

/// What a store says is for its owner; who asked from elsewhere is told whose disk it is.
const char* sentence_of(ErrorCode code) {
  if (code == ErrorCode::storage_full) return "The server's disk is full, and nothing was changed; try again later.";
  if (code == ErrorCode::unavailable) return "The server's clock was just set; try again in a moment.";
  return "The server could not store this, and nothing was changed; try again later.";
}

proto::Respond refusal(const Error& error) {
  wire::Writer writer;
  proto::ErrorAnswer{error.code, sentence_of(error.code)}.write(writer);
  proto::Respond answer;
  answer.status = proto::status_of(error.code);
  answer.body = std::move(writer).take();
  return answer;
}

/// Nobody looks at it any more. Keys, and parts of them, are among what is written, said and heard; which it is nobody
/// here knows, so all of it is wiped.
void wipe_values(std::vector<Write>& writes) {
  for (Write& write : writes) {
    if (write.value) wipe(*write.value);
  }
}
void wipe_bodies(std::vector<proto::Input>& inputs) {
  for (proto::Input& input : inputs) {
    if (auto* request = std::get_if<proto::RequestArrived>(&input)) wipe(request->body);
    if (auto* frame = std::get_if<proto::SocketFrame>(&input)) wipe(frame->data);
    auto* done = std::get_if<proto::CallDone>(&input);
    if (done != nullptr && done->reply) wipe(done->reply->body);
  }
}
void wipe_bodies(std::vector<proto::Send>& sends) {
  for (proto::Send& send : sends) {
    if (auto* call = std::get_if<proto::Call>(&send)) wipe(call->body);
  }
}

}  // namespace

Loop::Loop(proto::Mind& mind, store::Store& store, Entropy& entropy, Transport& transport, LoopOptions options)
    : mind_(mind),
      store_(store),
      entropy_(entropy),
      transport_(transport),
      options_(std::move(options)),
      next_inside_(kFirstInside) {
  CHECK(options_.clock != nullptr);
}

Status Loop::start() { return rebuild(); }

Status Loop::run() {
  while (!stopping_) step(kLongestWaitMs);
  transport_.close(kGoodbyeMs);
  return ended_;
}

void Loop::step(std::uint64_t wait_ms) {
  if (!standing_) {
    const Time now = options_.clock();
    if (clock_was_set_back()) rebuild_at_ = now;
    if (now < rebuild_at_) {
      static_cast<void>(transport_.take({0, 0, std::min(wait_ms, rebuild_at_.ms - now.ms)}));
      return;
    }
    if (const Status rebuilt = rebuild(); !rebuilt) return recover(rebuilt.error());
  }
  std::vector<proto::Input> inputs = gather(wait_ms);
  if (clock_was_set_back()) return start_anew({ErrorCode::unavailable, "the clock was set back"});
  if (inputs.empty()) return;
  if (store_.full()) static_cast<void>(store_.commit({}));  // looks whether room was made while we waited
  Overlay overlay(store_);
  Outcome outcome;
  for (const proto::Input& input : inputs) {
    proto::Effects effects = mind_.handle(input, overlay, options_.clock(), entropy_);
    overlay.apply(std::move(effects.writes));
    std::move(effects.sends.begin(), effects.sends.end(), std::back_inserter(outcome.sends));
    std::move(effects.events.begin(), effects.events.end(), std::back_inserter(outcome.events));
  }
  ++counts_.batches;
  counts_.inputs += inputs.size();
  wipe_bodies(inputs);
  if (const Status done = finish(overlay, std::move(outcome)); !done) recover(done.error());
}

std::vector<proto::Input> Loop::gather(std::uint64_t wait_ms) {
  // On a full disk a neighbour that is refused would take an acknowledgement with it.
  const std::size_t most = store_.full() ? 1 : proto::kMaxBatchInputs;
  const Time deadline = mind_.next_deadline();
  const Time before = options_.clock();
  std::vector<proto::Input> inputs;
  if (deadline <= before) inputs.emplace_back(proto::TimerFired{options_.uptime_ms()});
  while (!inside_inputs_.empty() && inputs.size() < most) {
    inputs.push_back(std::move(inside_inputs_.front()));
    inside_inputs_.pop_front();
  }
  if (inputs.size() >= most) return inputs;
  std::uint64_t wait = 0;
  if (inputs.empty()) wait = std::min({wait_ms, kLongestWaitMs, deadline.ms - before.ms});
  for (proto::Input& input : transport_.take({most - inputs.size(), proto::kMaxBatchMs, wait})) {
    inputs.push_back(std::move(input));
  }
  return inputs;
}

Status Loop::finish(Overlay& overlay, Outcome outcome) {
  std::vector<Write> writes = overlay.take_writes();
  if (!writes.empty()) ++counts_.commits;
  const Status committed = store_.commit(writes);
  wipe_values(writes);
  if (!committed) wipe_bodies(outcome.sends);
  TRY(committed);
  for (proto::Send& send : outcome.sends) perform(std::move(send));
  if (options_.log) {
    for (const proto::Event& event : outcome.events) options_.log(event);
  }
  return ok();
}

Status Loop::rebuild() {
  Overlay overlay(store_);
  proto::Effects effects = mind_.rebuild(overlay, options_.clock(), entropy_);
  overlay.apply(std::move(effects.writes));
  TRY(finish(overlay, {std::move(effects.sends), std::move(effects.events)}));
  standing_ = true;
  return ok();
}

bool Loop::clock_was_set_back() {
  const Time now = options_.clock();
  return elapsed_ms(std::exchange(latest_, now), now) > kSetBackMs;
}

void Loop::recover(const Error& error) {
  ++counts_.failures;
  if (options_.log) {
    options_.log({proto::Event::Level::error, "commit failed", static_cast<std::uint64_t>(error.code)});
  }
  if (error.code != ErrorCode::conflict) return start_anew(error);
  // Whom this is told has asked for something else than a store, and a 409 would say that it was taken.
  ended_ = tl::unexpected<Error>(error);
  stopping_ = true;
  start_anew({ErrorCode::storage_failed, error.where});
}

void Loop::start_anew(const Error& error) {
  standing_ = false;
  transport_.reset(refusal(error));
  inside_inputs_.clear();
  for (auto& [id, inside] : std::exchange(inside_, {})) {
    if (inside.on_close) inside.on_close();
  }
  rebuild_at_ = after(options_.clock(), kRebuildAgainMs);
  static_cast<void>(rebuild());  // at rebuild_at_ again if it fails
}

// ---- sockets inside ----

void Loop::perform(proto::Send send) {
  if (const auto* frame = std::get_if<proto::SocketSend>(&send)) {
    if (const auto inside = inside_.find(frame->id); inside != inside_.end()) {
      const auto on_frame = inside->second.on_frame;  // a copy: it may close its socket
      if (on_frame) on_frame(frame->data);
      return;
    }
  } else if (const auto* close = std::get_if<proto::SocketClose>(&send)) {
    if (auto inside = inside_.extract(close->id); !inside.empty()) {
      if (inside.mapped().on_close) inside.mapped().on_close();
      return;
    }
  }
  transport_.perform(std::move(send));
}

proto::SocketId Loop::open_inside(std::string target, Inside inside) {
  const proto::SocketId id{next_inside_++};
  inside_.emplace(id, std::move(inside));
  inside_inputs_.emplace_back(proto::SocketOpened{id, std::move(target), "", ""});
  return id;
}

void Loop::send_inside(proto::SocketId socket, Bytes frame) {
  if (!inside_.contains(socket)) return;
  inside_inputs_.emplace_back(proto::SocketFrame{socket, std::move(frame)});
}

void Loop::close_inside(proto::SocketId socket) {
  if (inside_.erase(socket) != 0) inside_inputs_.emplace_back(proto::SocketClosed{socket});
}

}  // namespace cairn::loop
