// One input's turn: what is read, and what it leaves to be done.
#pragma once

#include "core/base/overlay.h"
#include "core/proto/mind.h"
#include "core/tlog/witness_request.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::witness {

/// Rows read through it show what this turn has written.
struct Turn {
  Turn(const StoreView& store, Time time, Entropy& random, std::uint64_t& call_counter)
      : rows(store), now(time), entropy(random), next_call(call_counter) {}

  Overlay rows;
  Time now;
  Entropy& entropy;
  std::uint64_t& next_call;
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;

  void respond(proto::RequestId id, const tlog::WitnessReply& reply) {
    std::optional<std::uint32_t> retry_after_s;
    if (reply.status == tlog::WitnessStatus::unavailable) retry_after_s = reply.retry_after_s;
    sends.emplace_back(proto::Respond{id, static_cast<int>(reply.status), std::string(reply.content_type),
                                      to_bytes(reply.body), retry_after_s});
  }
  void refuse(proto::RequestId id, tlog::WitnessStatus status, std::string_view reason) {
    respond(id, tlog::reply_refused(status, reason));
  }

  proto::CallId call(proto::Method method, std::string url, Bytes body = {}) {
    proto::Call call;
    call.id = {next_call++};
    call.method = method;
    call.url = std::move(url);
    call.body = std::move(body);
    const proto::CallId id = call.id;
    sends.emplace_back(std::move(call));
    return id;
  }

  void event(proto::Event::Level level, std::string_view what, std::uint64_t number = 0, std::string about = {}) {
    events.push_back({level, what, number, std::move(about)});
  }

  template <class T>
  void save(Table table, Bytes key, const T& row) {
    rows.put(table, std::move(key), wire::encode(row));
  }
  /// The decoded row, nothing if there is none; `internal` when the store holds bytes that are no such row.
  template <class T>
  Result<std::optional<T>> load(Table table, ByteView key) const {
    const std::optional<Bytes> bytes = rows.get(table, key);
    if (!bytes) return std::optional<T>{};
    auto row = wire::decode<T>(*bytes);
    REQUIRE(row.has_value(), ErrorCode::internal, "a row of the store does not decode");
    return std::optional<T>(std::move(*row));
  }

  /// Everything that this turn did.
  proto::Effects take() { return {rows.take_writes(), std::move(sends), std::move(events)}; }
};

/// When something that failed `failures` times before is tried again: after 1 s, doubled up to a minute.
inline Time retry_time(Time now, unsigned failures) {
  constexpr unsigned kDoublings = 6;
  return after(now, std::min(kSecondMs << std::min(failures, kDoublings), kMinuteMs));
}

}  // namespace cairn::witness
