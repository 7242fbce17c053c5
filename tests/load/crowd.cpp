#include "tests/load/crowd.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "core/crypto/labels.h"
#include "core/directory/lookup.h"

namespace cairn::load {
namespace {

constexpr std::size_t kEnvelopeSize = 200;
constexpr std::size_t kUnderWay = 64;
constexpr std::uint64_t kPatienceUs = 120'000'000;
/// What was accepted is delivered within this.
constexpr std::uint64_t kLastUs = 10'000'000;
constexpr std::uint64_t kCallMs = 60'000;
constexpr std::uint64_t kMostASecond = 12'000, kMostAhead = 200'000;

/// Of a clock that never jumps, from any start.
std::uint64_t now_us() {
  const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since_start).count());
}

[[noreturn]] void give_up(const std::string& sentence) {
  std::fprintf(stderr, "cairn-load: %s\n", sentence.c_str());
  std::exit(1);
}

net::NetworkLimits limits(std::size_t connections) {
  net::NetworkLimits out;
  out.client.connections_per_host = std::max(connections, kUnderWay);
  out.client.connect_ms = kCallMs;
  return out;
}

template <class T>
T body_of(const proto::CallReply& reply, const char* what) {
  auto body = wire::decode<T>(reply.body);
  if (reply.status != 200 || !body) give_up(std::string(what) + " was answered with " + std::to_string(reply.status));
  return std::move(*body);
}

Bytes content_of(std::uint64_t number) {
  wire::Writer text;
  text.u64(number);
  Bytes out = std::move(text).take();
  out.resize(kEnvelopeSize, 0x5a);
  return out;
}

proto::SocketId socket_of(std::size_t who) { return {proto::kFirstMindSocket + who}; }

}  // namespace

double Times::at_most_ms(double part) const {
  if (all_.empty()) return 0;
  std::sort(all_.begin(), all_.end());
  return static_cast<double>(all_[static_cast<std::size_t>(static_cast<double>(all_.size() - 1) * part)]) / 1000;
}

Crowd::Crowd(CrowdOptions options)
    : options_(std::move(options)), entropy_(options_.seed), network_(entropy_, limits(options_.busy)) {
  if (options_.busy > options_.people) give_up("more people are busy than there are");
}

void Crowd::call(proto::Method method, std::string url, Bytes body, std::string bearer, Then then) {
  const proto::CallId id{next_call_++};
  calls_.emplace(id, std::move(then));
  network_.perform(proto::Call{id, method, std::move(url), std::move(bearer), std::move(body), kCallMs});
}

void Crowd::hear(std::uint64_t wait_ms) {
  for (const proto::Input& input : network_.take({1000, 0, wait_ms})) {
    if (const auto* done = std::get_if<proto::CallDone>(&input)) {
      if (!done->reply) give_up(std::string("the server did not answer: ") + done->reply.error().where);
      const auto then = calls_.extract(done->id);
      then.mapped()(*done->reply);
    } else if (const auto* connected = std::get_if<proto::SocketConnected>(&input)) {
      ++online_;
      const auto then = opening_.extract(connected->id);
      then.mapped()();
    } else if (const auto* frame = std::get_if<proto::SocketFrame>(&input)) {
      heard_frame(*frame);
    } else if (const auto* closed = std::get_if<proto::SocketClosed>(&input)) {
      if (opening_.contains(closed->id)) give_up("a stream was not opened");
      ++report_.closed;
      --online_;
    }
  }
  for (const std::size_t who : heard_) {
    network_.perform(proto::SocketSend{socket_of(who), wire::encode(proto::MailboxAck{people_[who]->to_acknowledge})});
    people_[who]->to_acknowledge = 0;
  }
  heard_.clear();
}

void Crowd::heard_frame(const proto::SocketFrame& frame) {
  const auto push = wire::decode<proto::MailboxPush>(frame.data);
  if (!push) give_up("a frame of the server cannot be read");
  if (push->kind != proto::MailboxPush::Kind::envelope) return;
  const std::size_t who = frame.id.value - proto::kFirstMindSocket;
  Person& person = *people_[who];
  if (person.to_acknowledge == 0) heard_.push_back(who);
  person.to_acknowledge = push->envelope.sequence;
  const auto found = by_id_.find(push->envelope.channel);
  Channel* channel = found == by_id_.end() ? nullptr : channels_[found->second].get();
  wire::Reader body(push->envelope.body);
  const auto number = body.u64();
  const bool is_next = channel != nullptr && channel->owner == who && number && !channel->due_us.empty() &&
                       channel->due_us.begin()->first == *number && push->envelope.body == content_of(*number);
  if (!is_next) {
    ++report_.wrong;
    return;
  }
  const auto due = channel->due_us.extract(*number);
  report_.delivered.add(now_us() - due.mapped());
}

void Crowd::each(std::size_t count, const char* what,
                 const std::function<void(std::size_t, std::function<void()>)>& begin) {
  std::size_t begun = 0, done = 0;
  const std::uint64_t start = now_us();
  while (done < count) {
    while (begun < count && begun - done < kUnderWay) begin(begun++, [&done] { ++done; });
    hear(1000);
    if (now_us() - start > kPatienceUs + count * 10'000) {
      give_up(std::string(what) + ": " + std::to_string(done) + " of " + std::to_string(count) + " in time");
    }
  }
  std::fprintf(stderr, "%s: %zu, %.1f s\n", what, count, static_cast<double>(now_us() - start) / 1e6);
}

void Crowd::gather() {
  register_people();
  each(options_.people, "logged in",
       [this](std::size_t who, std::function<void()> then) { log_in(who, std::move(then)); });
  each(options_.people, "on line",
       [this](std::size_t who, std::function<void()> then) { open_stream(who, std::move(then)); });
  each(options_.busy * options_.channels_each, "channels",
       [this](std::size_t number, std::function<void()> then) { make_channel(number, std::move(then)); });
}

void Crowd::register_people() {
  const std::string prefix = "load" + std::to_string(options_.seed) + "-";
  each(options_.people, "registered", [&](std::size_t who, const std::function<void()>& then) {
    testing::TestPerson person(prefix + std::to_string(who) + "@" + options_.domain, (options_.seed << 32) + who);
    testing::TestDevice device = person.new_device();
    const Bytes statement = wire::encode(person.genesis(device, 0));
    people_.push_back(std::make_unique<Person>(Person{std::move(person), std::move(device), {}}));
    call(proto::Method::post, options_.url + std::string(proto::kPathStatement),
         wire::encode(proto::StatementRequest{statement, {}, {}}), {}, [then](const proto::CallReply& reply) {
           if (reply.status != 202) give_up("a name was answered with " + std::to_string(reply.status));
           then();
         });
  });
}

void Crowd::log_in(std::size_t who, std::function<void()> then) {
  call(proto::Method::post, options_.url + std::string(proto::kPathNonce), {}, {},
       [this, who, then = std::move(then)](const proto::CallReply& given) {
         const auto nonce = body_of<proto::NonceAnswer>(given, "a nonce");
         const Person& person = *people_[who];
         proto::LoginRequest login{options_.domain,           person.person.name().text(),
                                   person.device.device.id(), nonce.nonce,
                                   nonce.expires_ms,          {}};
         login.signature = crypto::sign_labelled(person.device.key, crypto::kSignLogin, login.content());
         call(proto::Method::post, options_.url + std::string(proto::kPathLogin), wire::encode(login), {},
              [this, who, then](const proto::CallReply& reply) {
                if (reply.status != 200)
                  return log_in(who, then);  // its epoch is not published yet; each() has patience
                people_[who]->token = body_of<proto::LoginAnswer>(reply, "a login").token;
                then();
              });
       });
}

void Crowd::open_stream(std::size_t who, std::function<void()> then) {
  opening_.emplace(socket_of(who), std::move(then));
  network_.perform(
      proto::Connect{socket_of(who), options_.url + std::string(proto::kPathMailbox), people_[who]->token});
}

void Crowd::make_channel(std::size_t number, std::function<void()> then) {
  const std::size_t owner = number / options_.channels_each;
  auto channel = std::make_unique<Channel>(
      Channel{random_value<ChannelId>(entropy_), crypto::SigningKey::generate(entropy_), owner});
  const proto::ChannelCreate create{channel->id, 0, channel->key.public_key(), people_[owner]->device.device.mailbox};
  by_id_.emplace(channel->id, channels_.size());
  free_.push_back(channels_.size());
  channels_.push_back(std::move(channel));
  call(proto::Method::post, options_.url + std::string(proto::kPathChannelCreate), wire::encode(create),
       people_[owner]->token, [then = std::move(then)](const proto::CallReply& reply) {
         if (reply.status != 200) give_up("a channel was answered with " + std::to_string(reply.status));
         then();
       });
}

void Crowd::make_next(Channel& channel) {
  proto::ChannelSend send{channel.id, 0, content_of(channel.made++), {}};
  send.signature = crypto::sign_labelled(channel.key, crypto::kSignChannelSend, send.content());
  channel.ready.push_back(wire::encode(send));
}

/// What is sent is signed before the clock starts, as far as memory allows.
void Crowd::make_ahead() {
  const std::uint64_t wanted = (options_.rate == 0 ? kMostASecond : options_.rate) * options_.seconds;
  for (std::uint64_t i = 0; !channels_.empty() && i < std::min(wanted, kMostAhead); ++i) {
    make_next(*channels_[i % channels_.size()]);
  }
}

void Crowd::send_in(std::size_t number, std::uint64_t due_us) {
  Channel& channel = *channels_[number];
  if (channel.ready.empty()) make_next(channel);
  const std::uint64_t of_channel = channel.sent++;
  channel.due_us.emplace(of_channel, due_us);
  Bytes body = std::move(channel.ready.front());
  channel.ready.pop_front();
  call(proto::Method::post, options_.url + std::string(proto::kPathChannelSend), std::move(body), {},
       [this, number, due_us, of_channel](const proto::CallReply& reply) {
         free_.push_back(number);
         if (reply.status == 200) return report_.accepted.add(now_us() - due_us);
         channels_[number]->due_us.erase(of_channel);
         if (report_.refused++ == 0) std::fprintf(stderr, "a send was answered with %d\n", reply.status);
       });
}

CrowdReport Crowd::send() {
  make_ahead();
  const double commits_before = commits();
  const std::uint64_t start = now_us();
  const std::uint64_t end = start + options_.seconds * 1'000'000;
  std::uint64_t count = 0;
  while (now_us() < end) {
    const auto due = [&] { return options_.rate == 0 ? now_us() : start + count * 1'000'000 / options_.rate; };
    // An answer that is late makes the next send late, and that counts: it was due all the same.
    while (!free_.empty() && calls_.size() < options_.busy && due() <= now_us()) {
      const std::size_t number = free_.front();
      free_.pop_front();
      send_in(number, due());
      ++count;
    }
    hear(options_.rate == 0 ? 100 : 1);
  }
  while (!calls_.empty()) hear(100);
  report_.seconds = static_cast<double>(now_us() - start) / 1e6;
  report_.commits = commits() - commits_before;
  const auto missing = [this] {
    std::size_t out = 0;
    for (const auto& channel : channels_) out += channel->due_us.size();
    return out;
  };
  const std::uint64_t until = now_us() + kLastUs;
  while (missing() != 0 && now_us() < until) hear(100);
  report_.lost = missing();
  hear(0);  // the last acknowledgements
  return report_;
}

double Crowd::commits() {
  if (options_.metrics.empty()) return 0;
  double out = -1;
  call(proto::Method::get, options_.metrics, {}, {}, [&out](const proto::CallReply& reply) {
    const std::string text = as_text(reply.body);
    const std::string name = "\ncairn_commits_total ";
    const std::size_t at = text.find(name);
    if (at != std::string::npos) out = std::strtod(text.c_str() + at + name.size(), nullptr);
  });
  while (!calls_.empty()) hear(100);
  if (out < 0) give_up("the metrics do not tell the commits");
  return out;
}

}  // namespace cairn::load
