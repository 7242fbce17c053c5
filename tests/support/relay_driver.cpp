#include "tests/support/relay_driver.h"

namespace cairn::testing {

RelayDriver::RelayDriver(relay::RelayConfig config, std::uint64_t seed, relay::LookupHook* hook)
    : entropy(seed), config_(std::move(config)), hook_(hook) {
  restart();
}

void RelayDriver::restart(Commit commit) {
  relay_ = std::make_unique<relay::Relay>(config_, hook_);
  calls.clear();
  rebuild(commit);
}

bool RelayDriver::batch(const std::vector<proto::Input>& inputs, Commit commit) {
  const Disk disk(*this);
  Overlay overlay(disk);
  proto::Effects all;
  for (const proto::Input& input : inputs) {
    proto::Effects effects = relay_->handle(input, overlay, now, entropy);
    for (const Write& write : effects.writes) overlay.apply(write);
    std::ranges::move(effects.sends, std::back_inserter(all.sends));
    std::ranges::move(effects.events, std::back_inserter(all.events));
  }
  const std::vector<Write> writes = overlay.take_writes();
  const bool refused = disk_full && (growth_of(writes) > kTrifle || written_by(writes) > kReserve);
  if (refused) ++refused_by_disk;
  const bool fails = !writes.empty() && commits++ == failing_commit;
  if (refused || fails || commit == Commit::fails) {
    calls.clear();
    rebuild(Commit::succeeds);
    return false;
  }
  store.apply(writes);
  perform(std::move(all));
  return true;
}

proto::RequestArrived RelayDriver::make_request(proto::Method method, std::string_view target, Bytes body,
                                                std::string bearer, std::string peer) {
  return {proto::RequestId{next_request_++},
          method,
          std::string(target),
          std::move(bearer),
          std::move(peer),
          std::move(body)};
}

proto::Respond RelayDriver::request(const proto::RequestArrived& request) {
  if (!batch({request})) return {request.id, 507, {}, {}, {}};
  return answer_to(request);
}

proto::Respond RelayDriver::post(std::string_view target, Bytes body, std::string bearer) {
  return request(make_request(proto::Method::post, target, std::move(body), std::move(bearer)));
}

proto::Respond RelayDriver::answer_to(const proto::RequestArrived& request) {
  const auto found = answers.find(request.id);
  CHECK(found != answers.end());
  return found->second;
}

proto::SocketOpened RelayDriver::make_socket(std::string bearer) {
  return {proto::SocketId{next_socket_++}, std::string(proto::kPathMailbox), std::move(bearer), ""};
}

proto::SocketId RelayDriver::open(std::string bearer) {
  const auto socket = make_socket(std::move(bearer));
  batch({socket});
  return socket.id;
}

void RelayDriver::acknowledge(proto::SocketId socket, std::uint64_t up_to) {
  batch({proto::SocketFrame{socket, wire::encode(proto::MailboxAck{up_to})}});
}

void RelayDriver::pass(std::uint64_t ms) {
  const Time end = after(now, ms);
  for (Time next; (next = std::max(now, relay_->next_deadline())) <= end;) {
    now = next;
    batch({proto::TimerFired{}});
    if (relay_->next_deadline() <= now) now = after(now, 1);
  }
  now = std::max(now, end);
}

std::vector<Row> RelayDriver::Disk::scan(Table table, ByteView first, ByteView end, std::size_t limit,
                                         Order order) const {
  return driver_.store.scan(table, first, end, limit, order);
}

std::int64_t RelayDriver::growth_of(const std::vector<Write>& writes) const {
  std::int64_t growth = 0;
  for (const Write& write : writes) {
    if (const auto old = store.get(write.table, write.key)) growth -= std::ssize(write.key) + std::ssize(*old);
    if (write.value) growth += std::ssize(write.key) + std::ssize(*write.value);
  }
  return growth;
}

std::uint64_t RelayDriver::written_by(const std::vector<Write>& writes) const {
  std::uint64_t bytes = 0;
  for (const Write& write : writes) {
    if (const auto old = store.get(write.table, write.key)) bytes += old->size();  // what is erased is overwritten
    if (write.value) bytes += write.value->size();
  }
  return bytes;
}

void RelayDriver::rebuild(Commit commit) {
  const Disk disk(*this);
  Overlay overlay(disk);
  proto::Effects effects = relay_->rebuild(overlay, now, entropy);
  if (commit == Commit::fails) return;
  CHECK(!disk_full || growth_of(effects.writes) <= kTrifle);
  store.apply(effects.writes);
  perform(std::move(effects));
}

void RelayDriver::perform(proto::Effects effects) {
  for (proto::Send& send : effects.sends) {
    if (auto* respond = std::get_if<proto::Respond>(&send)) {
      CHECK(answers.emplace(respond->id, *respond).second);
    } else if (auto* frame = std::get_if<proto::SocketSend>(&send)) {
      raw_frames[frame->id].push_back(frame->data);
      if (auto push = wire::decode<proto::MailboxPush>(frame->data)) pushes[frame->id].push_back(std::move(*push));
    } else if (auto* close = std::get_if<proto::SocketClose>(&send)) {
      closed.push_back(close->id);
    } else if (auto* call = std::get_if<proto::Call>(&send)) {
      calls.push_back(*call);
    }
  }
  std::ranges::move(effects.events, std::back_inserter(events));
}

relay::RelayConfig open_config(std::string domain) {
  relay::RelayConfig config;
  config.domain = std::move(domain);
  config.sign_up = relay::SignUp::open;
  relay::RelayLimits& limits = config.limits;
  limits.address = limits.log = limits.device = limits.fetch = limits.channel = relay::Rate{0, 0};
  limits.create = limits.meet = limits.meet_all = limits.realm_guess = limits.realm_write = relay::Rate{0, 0};
  limits.visits = limits.visit_fetch = limits.forwards = limits.first_welcomes = relay::Rate{0, 0};
  limits.reset_request = limits.reset_request_site = relay::Rate{0, 0};
  return config;
}

}  // namespace cairn::testing
