#include "core/witness/internal/enrolment.h"

#include "core/directory/name.h"
#include "core/proto/api.h"

namespace cairn::witness {

Status Enrolment::rebuild(Turn& turn, Logs& logs) {
  errands_.clear();
  for (const ListedLog& listed : list_.logs) {
    const LogId id = log_id(listed.origin());
    auto row = TRY(turn.load<LogRow>(table::kLogs, id));
    if (!row) row = LogRow{listed.key, listed.url, listed.adopted_size, {}};
    if (row->key != listed.key) {
      turn.event(proto::Event::Level::error, "the list names another key for a log that we know: the first one stays");
    }
    row->url = listed.url;
    turn.save(table::kLogs, to_bytes(id), *row);
    TRY(follow(turn, logs, std::move(*row)));
  }
  for (const ListedDomain& listed : list_.domains) {
    auto row = TRY(turn.load<LogRow>(table::kLogs, log_id(directory::origin_of(listed.domain))));
    if (row) {
      TRY(follow(turn, logs, std::move(*row)));
      continue;
    }
    Errand errand;
    errand.domain = listed;
    errands_.push_back(std::move(errand));
  }
  call_due(turn, logs);
  return ok();
}

Status Enrolment::follow(Turn& turn, Logs& logs, LogRow row) {
  Log log = TRY(Log::load(turn, std::move(row)));
  const LogId id = log.id;
  if (role_ == Role::auditor && !log.replay) {
    Errand errand;
    errand.wanted = Wanted::config;
    errand.log = id;
    errands_.push_back(std::move(errand));
  }
  logs.insert_or_assign(id, std::move(log));
  return ok();
}

void Enrolment::call_due(Turn& turn, const Logs& logs) {
  for (Errand& it : errands_) {
    if (it.call || turn.now < it.next_try) continue;
    const std::string url = it.wanted == Wanted::key
                                ? "https://" + it.domain.domain + std::string(proto::kPathWellKnown)
                                : logs.at(it.log).row.url + "/config";
    it.call = turn.call(proto::Method::get, url);
  }
}

bool Enrolment::owns(proto::CallId call) const {
  return std::ranges::any_of(errands_, [&](const Errand& it) { return it.call == call; });
}

void Enrolment::done(Turn& turn, const proto::CallDone& call, Logs& logs) {
  const auto found = std::ranges::find_if(errands_, [&](const Errand& it) { return it.call == call.id; });
  CHECK(found != errands_.end());
  Errand errand = std::move(*found);
  errands_.erase(found);
  const std::string about = errand.wanted == Wanted::key ? errand.domain.domain : logs.at(errand.log).origin();
  const bool answered = call.reply && call.reply->status == 200;
  Status taken = fail(ErrorCode::unavailable, "a log or its domain does not answer");
  if (answered && errand.wanted == Wanted::key) taken = take_key(turn, logs, errand.domain, call.reply->body);
  if (answered && errand.wanted == Wanted::config) taken = take_config(turn, logs.at(errand.log), call.reply->body);
  if (!taken) {
    turn.event(proto::Event::Level::warning, taken.error().where, errand.failures, about);
    errand.call.reset();
    errand.next_try = retry_time(turn.now, errand.failures++);
    errands_.push_back(std::move(errand));
  } else if (errand.failures != 0) {
    turn.event(proto::Event::Level::info, "a log or its domain answers now", 0, about);
  }
  call_due(turn, logs);
}

Status Enrolment::take_key(Turn& turn, Logs& logs, const ListedDomain& domain, ByteView answer) {
  ListedLog found = TRY(parse_well_known(as_text(answer), domain.domain));
  LogRow row{std::move(found.key), std::move(found.url), domain.adopted_size, {}};
  turn.save(table::kLogs, to_bytes(log_id(directory::origin_of(domain.domain))), row);
  return follow(turn, logs, std::move(row));
}

Status Enrolment::take_config(Turn& turn, Log& log, ByteView answer) {
  auto config = TRY(wire::decode<directory::DirectoryConfig>(answer));
  REQUIRE(config.origin == log.origin() && config.log_key == log.row.key.key(), ErrorCode::malformed,
          "a log's config is another log's");
  auto auditor = TRY(directory::Auditor::enrol(config, log.row.adopted_size));
  log.row.config = std::move(config);
  turn.save(table::kLogs, to_bytes(log.id), log.row);
  log.replay = Replay::begin(turn, log.id, log.row.url, std::move(auditor));
  return ok();
}

Time Enrolment::deadline() const {
  Time first = Time::never();
  for (const Errand& it : errands_) {
    if (!it.call) first = std::min(first, it.next_try);
  }
  return first;
}

}  // namespace cairn::witness
