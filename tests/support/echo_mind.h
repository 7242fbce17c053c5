// The least mind: answers with what it got, keeps what it is told to keep, opens and calls what it is told to.
#pragma once

#include <map>

#include "core/proto/mind.h"

namespace cairn::testing {

/// By target of a request: /echo gives the body back; /put/KEY stores the body and then answers 201; /get/KEY reads;
/// /wait never answers by itself; /count tells how many requests came since rebuild(), as a decimal number.
/// A frame on a socket comes back; the frame "close" closes; "timer" sets a deadline whose firing sends "fired".
class EchoMind final : public proto::Mind {
 public:
  static constexpr Table kTable{1};

  proto::Effects rebuild(const StoreView&, Time, Entropy&) override {
    ++rebuilds;
    requests_ = 0;
    deadline_ = Time::never();
    return std::exchange(at_rebuild, {});
  }

  proto::Effects handle(const proto::Input& input, const StoreView& store, Time now, Entropy&) override {
    proto::Effects effects;
    seen.push_back(input);
    if (const auto* request = std::get_if<proto::RequestArrived>(&input)) {
      answer(*request, store, effects);
    } else if (const auto* frame = std::get_if<proto::SocketFrame>(&input)) {
      answer(*frame, now, effects);
    } else if (std::holds_alternative<proto::TimerFired>(input)) {
      deadline_ = Time::never();
      effects.sends.emplace_back(proto::SocketSend{timer_socket_, to_bytes("fired")});
    }
    return effects;
  }

  Time next_deadline() const override { return deadline_; }

  std::vector<proto::Input> seen;
  int rebuilds = 0;
  proto::Effects at_rebuild;  ///< given by the next rebuild()

 private:
  void answer(const proto::RequestArrived& request, const StoreView& store, proto::Effects& effects) {
    ++requests_;
    const auto rest = [&](std::string_view prefix) { return to_bytes(request.target.substr(prefix.size())); };
    proto::Respond respond;
    respond.id = request.id;
    if (request.target == "/wait") return;
    if (request.target.starts_with("/put/")) {
      effects.writes.push_back({kTable, rest("/put/"), request.body});
      respond.status = 201;
    } else if (request.target.starts_with("/get/")) {
      const auto value = store.get(kTable, rest("/get/"));
      respond.status = value ? 200 : 404;
      respond.body = value.value_or(Bytes{});
    } else if (request.target == "/count") {
      respond.body = to_bytes(std::to_string(requests_));
      respond.content_type = "text/plain";
    } else {
      respond.body = request.body;
    }
    effects.events.push_back({proto::Event::Level::info, "answered", requests_});
    effects.sends.emplace_back(std::move(respond));
  }

  void answer(const proto::SocketFrame& frame, Time now, proto::Effects& effects) {
    const std::string text = as_text(frame.data);
    if (text == "close") {
      effects.sends.emplace_back(proto::SocketClose{frame.id});
    } else if (text == "timer") {
      timer_socket_ = frame.id;
      deadline_ = after(now, 20);
    } else if (text.starts_with("put ")) {
      effects.writes.push_back({kTable, to_bytes(text.substr(4)), Bytes{1}});
      effects.sends.emplace_back(proto::SocketSend{frame.id, to_bytes("stored")});
    } else {
      effects.sends.emplace_back(proto::SocketSend{frame.id, frame.data});
    }
  }

  std::uint64_t requests_ = 0;
  Time deadline_ = Time::never();
  proto::SocketId timer_socket_;
};

}  // namespace cairn::testing
