#include "core/relay/internal/neighbours.h"

#include <algorithm>

namespace cairn::relay {

std::size_t Neighbours::strangers_under_way() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      asked_, [](const auto& entry) { return entry.second.call.has_value() && !entry.second.is_known; }));
}

void Neighbours::ask(std::string_view domain, Answered answered, Time now) {
  auto found = asked_.find(domain);
  if (found == asked_.end()) {
    if (asked_.size() >= kMostRemembered) {
      std::erase_if(asked_, [&](const auto& entry) {
        return !entry.second.call && !entry.second.due && entry.second.not_before <= now;
      });
    }
    if (asked_.size() >= kMostRemembered && answered == Answered::never) return;
    found = asked_.emplace(std::string(domain), Question{}).first;
  }
  Question& question = found->second;
  if (question.call || question.due || question.not_before > now) return;
  question.due = true;
  question.is_known = answered == Answered::before;
  question.place = next_place_++;
}

const std::string* Neighbours::next() const {
  const std::string* out = nullptr;
  std::uint64_t first = 0;
  const bool full = strangers_under_way() >= kMostAtOnce;
  for (const auto& [domain, question] : asked_) {
    if (!question.due || (full && !question.is_known)) continue;
    if (out != nullptr && question.place > first) continue;
    out = &domain;
    first = question.place;
  }
  return out;
}

Result<PublicKey> Neighbours::key_of(Turn& turn, const std::string& domain) {
  REQUIRE(domain != config_.domain && config_.federation.speaks_to(domain), ErrorCode::not_authorised,
          "This server does not speak to that domain; its operator decides with whom.");
  const auto row = TRY(load<NeighbourRow>(turn.rows, table::kNeighbours, as_bytes(domain)));
  const std::uint64_t age_ms = row ? elapsed_ms(turn.now, Time{row->heard_ms}) : 0;
  if (!row || age_ms > kAskAgainMs) ask(domain, row ? Answered::before : Answered::never, turn.now);
  if (row && age_ms <= kForgetMs) return row->key;
  turn.retry_after_s = 1;
  return fail(ErrorCode::unavailable, "The server of that domain is being asked for its key; try again in a moment.");
}

Status Neighbours::verify(Turn& turn, const std::string& domain, std::string_view label, ByteView content,
                          const Signature& signature) {
  const PublicKey key = TRY(key_of(turn, domain));
  const Status good = crypto::verify_labelled(key, label, content, signature);
  if (!good) ask(domain, Answered::before, turn.now);
  return good;
}

proto::Call Neighbours::call_to(std::string_view domain, std::string_view path) const {
  const auto url = config_.federation.urls.find(domain);
  const bool known = url != config_.federation.urls.end();
  proto::Call call;
  call.url = (known ? url->second : "https://" + std::string(domain)) + std::string(path);
  call.reach = known ? proto::CallReach::anywhere : proto::CallReach::public_only;
  call.max_reply = proto::kMaxNeighbourReply;
  return call;
}

bool Neighbours::owns(proto::CallId id) const {
  return std::ranges::any_of(asked_, [&](const auto& entry) { return entry.second.call == id; });
}

void Neighbours::call_done(Turn& turn, const proto::CallDone& done) {
  const auto found = std::ranges::find_if(asked_, [&](const auto& entry) { return entry.second.call == done.id; });
  if (found == asked_.end()) return;
  found->second.call.reset();
  found->second.not_before = after(turn.now, kPauseMs);
  if (!done.reply || done.reply->status != 200) return;
  const auto key = server_key_in(done.reply->body, found->first);
  if (!key) {
    turn.events.push_back({proto::Event::Level::warning, "another domain's server published no key of its own", 0});
    return;
  }
  save(turn.rows, table::kNeighbours, to_bytes(found->first), NeighbourRow{*key, turn.now.ms});
}

void Neighbours::tick(Turn& turn) {
  for (const std::string* domain = next(); domain != nullptr; domain = next()) {
    Question& question = asked_.at(*domain);
    question.due = false;
    proto::Call call = call_to(*domain, proto::kPathWellKnown);
    call.id = proto::CallId{next_call_++};
    question.call = call.id;
    turn.sends.emplace_back(std::move(call));
  }
}

// A question that waits for its turn is woken by the answer to another one.
Time Neighbours::deadline() const { return next() != nullptr ? Time{0} : Time::never(); }

}  // namespace cairn::relay
