// Any bytes as the owner's frames, a line each, to a client without a name and to one that has one: each gets exactly
// one answer at the latest when the time is over, and every answer is JSON that fits into a frame.
#include <nlohmann/json.hpp>

#include "core/base/memory_view.h"
#include "core/client/account.h"
#include "core/client/client.h"
#include "core/client/tables.h"
#include "tests/support/seeded_entropy.h"

namespace {

using namespace cairn;

std::size_t answers(const proto::Effects& effects) {
  std::size_t count = 0;
  for (const proto::Send& send : effects.sends) {
    const auto* frame = std::get_if<proto::SocketSend>(&send);
    if (frame == nullptr) continue;
    CHECK(frame->data.size() <= proto::kMaxFrameSize);
    const auto parsed = nlohmann::json::parse(as_text(frame->data), nullptr, false);
    CHECK(parsed.is_object() && parsed["jsonrpc"] == "2.0" && parsed.contains("result") != parsed.contains("error"));
    ++count;
  }
  return count;
}

void talk(MemoryView& store, ByteView input) {
  constexpr std::size_t kMaxFrames = 32;
  testing::SeededEntropy entropy(1);
  const auto mind = client::make_client({});
  Time now{1'750'000'000'000};
  const auto take = [&](proto::Effects effects) {
    store.apply(effects.writes);
    return answers(effects);
  };
  take(mind->rebuild(store, now, entropy));
  const proto::SocketId socket{1};
  take(mind->handle(proto::SocketOpened{socket, "/rpc", {}, {}}, store, now, entropy));
  std::size_t asked = 0, answered = 0;
  while (!input.empty() && asked < kMaxFrames) {
    const auto end = std::find(input.begin(), input.end(), std::uint8_t{'\n'});
    const ByteView frame(input.begin(), end);
    answered += take(mind->handle(proto::SocketFrame{socket, to_bytes(frame)}, store, now, entropy));
    ++asked;
    input = input.subspan(std::min(input.size(), frame.size() + 1));
  }
  now = after(now, kDayMs);
  answered += take(mind->handle(proto::TimerFired{kDayMs}, store, now, entropy));
  CHECK(asked == answered);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MemoryView nobody;
  talk(nobody, {data, size});

  testing::SeededEntropy entropy(2);
  auto account =
      client::Account::create(*directory::Name::from("alice@example.org"), "https://example.org", {}, entropy);
  account.state = client::AccountState::active;
  MemoryView store;
  store.apply({{client::tables::kAccount, {}, to_bytes(account.encode().expose())}});
  talk(store, {data, size});
  return 0;
}
