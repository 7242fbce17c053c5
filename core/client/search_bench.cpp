// How long it takes to open the index over 100,000 messages, and to find words in it.
#include <benchmark/benchmark.h>

#include "core/client/search.h"
#include "core/client/talk_fixture.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kMessages = 100'000;

/// As people write: some words of a thousand.
void fill(TalkRoom& room) {
  std::uint64_t state = 1;
  for (std::uint64_t i = 0; i < kMessages; ++i) {
    std::string text = "message " + std::to_string(i);
    for (int word = 0; word < 10; ++word) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      text += " word" + std::to_string((state >> 33) % 1000);
    }
    Message message;
    message.sender = kBob;
    message.time_ms = i;
    message.text = text;
    wire::Writer key;
    key.raw(room.home());
    key.u64(i);
    room.context().store.put(tables::kMessages, key.take(), wire::encode(message));
  }
}

void open_index(benchmark::State& state) {
  TalkRoom room;
  fill(room);
  for (auto _ : state) {
    Search search(room.conversations());
    benchmark::DoNotOptimize(search.find(room.context().store, "nothing-has-this", 50));
  }
}
BENCHMARK(open_index)->Unit(benchmark::kMillisecond);

void find_words(benchmark::State& state) {
  TalkRoom room;
  fill(room);
  Search search(room.conversations());
  (void)search.find(room.context().store, "x", 1);
  for (auto _ : state) benchmark::DoNotOptimize(search.find(room.context().store, "word7 WORD42", 50));
}
BENCHMARK(find_words)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cairn::client
