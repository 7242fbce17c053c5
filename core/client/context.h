// What every room of the client works with while one input is handled.
#pragma once

#include "core/base/overlay.h"
#include "core/proto/mind.h"

namespace cairn::client {

/// Lives for one handle(). Reads and writes go through `store`, which shows the writes made so far; Client turns
/// them into the batch's effects when all rooms have done their part.
struct Context {
  Overlay& store;
  Time now;
  Entropy& entropy;
  std::vector<proto::Send>& sends;
  std::vector<proto::Event>& events;

  void send(proto::Send send) { sends.push_back(std::move(send)); }
  void note(proto::Event::Level level, std::string_view what, std::uint64_t number = 0) {
    events.push_back({level, what, number});
  }
};

}  // namespace cairn::client
