#include "tests/sim/host.h"

#include "tests/sim/network.h"

namespace cairn::sim {
namespace {

/// What arrives within this time is one batch, as the loop gathers it.
constexpr std::uint64_t kGatherMs = 2;
/// A mind that wants its timer at once gets it after this: time always passes.
constexpr std::uint64_t kLeastPauseMs = 1;
/// After a commit that failed the loop tries again by itself.
constexpr std::uint64_t kLookAgainMs = 1000;
/// So often in a row a mind may want its timer at once and get nothing else.
constexpr std::uint64_t kMostSpins = 200;

}  // namespace

Host::Host(Agenda& agenda, Network& network, Trace& trace, HostOptions options, std::uint64_t seed)
    : agenda_(agenda),
      network_(network),
      trace_(trace),
      options_(std::move(options)),
      entropy_(seed),
      random_(seed ^ 0x5bd1e995) {}

Host::~Host() = default;

void Host::start() {
  CHECK(!running());
  ++incarnation_;
  dead_ = false;
  trace_.note(agenda_.now(), name(), "starts");
  mind_ = options_.make_mind();
  loop::LoopOptions options;
  options.clock = [this] { return local_now(); };
  options.log = [this](const proto::Event& event) { trace_.note(agenda_.now(), name(), event.what); };
  options.uptime_ms = [this] { return agenda_.now().ms; };
  loop_ =
      std::make_unique<loop::Loop>(*mind_, disk_, entropy_, static_cast<loop::Transport&>(*this), std::move(options));
  if (!loop_->start()) plan_step(kLookAgainMs);
  finish_step();
}

void Host::kill() {
  if (!running()) return;
  trace_.note(agenda_.now(), name(), "dies");
  ++incarnation_;
  ++plan_;
  planned_ = Time::never();
  loop_.reset();
  mind_.reset();
  inputs_.clear();
  dies_after_.reset();
  dead_ = false;
  network_.forget(*this);
  for (const auto& [id, on_close] : std::exchange(owners_, {})) on_close();
}

void Host::lose_power() {
  kill();
  for (auto& [path, file] : files_.files) {
    if (!testing::FakeFiles::is_part(path) || file.bytes.empty()) continue;
    const std::size_t whole = random_.below(file.bytes.size());
    if (random_.below(2) == 0) {
      file.bytes.resize(whole);
    } else {
      std::fill(file.bytes.begin() + static_cast<std::ptrdiff_t>(whole), file.bytes.end(), std::uint8_t{0});
    }
  }
}

void Host::set_full(bool full) {
  disk_.set_full(full);
  files_.free_bytes = full ? 0 : ~std::uint64_t{0};
}

// ---- clocks ----

Time Host::local_now() const { return {agenda_.now().ms + static_cast<std::uint64_t>(clock_error_ms_)}; }

void Host::set_clock_error(std::int64_t ms) {
  clock_error_ms_ = ms;
  planned_ = Time::never();
  if (running()) plan_timer();
}

// ---- inputs ----

void Host::deliver(proto::Input input) {
  if (!running()) return;
  inputs_.push_back(std::move(input));
  plan_step(random_.below(kGatherMs + 1));
}

std::optional<proto::SocketId> Host::open_owner(std::function<void(Bytes)> on_frame, std::function<void()> on_close) {
  if (!running()) return std::nullopt;
  const auto id = loop_->open_inside("/rpc", {[this, on_frame = std::move(on_frame)](Bytes frame) {
                                                if (may_send()) on_frame(std::move(frame));
                                              },
                                              on_close});
  owners_.insert_or_assign(id, std::move(on_close));
  plan_step(0);
  return id;
}

void Host::say(proto::SocketId socket, Bytes frame) {
  if (!running()) return;
  trace_.note(agenda_.now(), name(), "is told", frame, as_text(frame));
  loop_->send_inside(socket, std::move(frame));
  plan_step(0);
}

void Host::hang_up(proto::SocketId socket) {
  if (!running()) return;
  loop_->close_inside(socket);
  plan_step(0);
}

// ---- steps ----

void Host::plan_step(std::uint64_t most_ms) {
  const Time when = after(agenda_.now(), most_ms);
  if (planned_ <= when) return;
  planned_ = when;
  agenda_.at(when, [this, plan = ++plan_] {
    if (plan == plan_) step();
  });
}

void Host::plan_timer() {
  const Time deadline = mind_->next_deadline();
  if (deadline == Time::never()) return;
  const std::uint64_t wait = elapsed_ms(deadline, local_now());
  const std::uint64_t late = lateness_ms_ == 0 ? 0 : random_.below(lateness_ms_);
  plan_step(std::max(wait + late, kLeastPauseMs));
}

void Host::step() {
  planned_ = Time::never();
  if (!running()) return;
  const bool is_timer = inputs_.empty();
  loop_->step(0);
  spins_ = is_timer && mind_->next_deadline() <= local_now() ? spins_ + 1 : 0;
  if (spins_ == kMostSpins) network_.observer().on_spin(*this);
  finish_step();
}

void Host::finish_step() {
  if (dead_) {
    kill();
    if (on_death_) on_death_(*this);
    return;
  }
  if (!inputs_.empty()) plan_step(kLeastPauseMs);
  plan_timer();
}

// ---- the loop's transport ----

std::vector<proto::Input> Host::take(const Take& take) {
  std::vector<proto::Input> out;
  while (!inputs_.empty() && out.size() < take.most) {
    out.push_back(std::move(inputs_.front()));
    inputs_.pop_front();
  }
  return out;
}

bool Host::may_send() {
  if (dies_after_ && !dead_ && (*dies_after_)-- == 0) dead_ = true;
  return !dead_;
}

void Host::perform(proto::Send send) {
  if (!may_send()) return;
  const auto* call = std::get_if<proto::Call>(&send);
  auto answer = call == nullptr ? std::nullopt : files_.answer(*call);
  if (!answer) return network_.perform(*this, std::move(send));
  trace_.note(agenda_.now(), name(), "uses a file", call->body, call->url);
  deliver(proto::CallDone{call->id, std::move(*answer)});
}

void Host::reset(const proto::Respond& answer) {
  if (dead_) return;
  trace_.note(agenda_.now(), name(), "could not commit");
  network_.refuse_waiting(*this, answer);
  ++incarnation_;
  inputs_.clear();
  network_.forget(*this);
  plan_step(kLookAgainMs);
}

}  // namespace cairn::sim
