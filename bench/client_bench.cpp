// What a person at a device waits for: the program's own start, and a store with 100,000 messages, opened as the
// program opens it: SQLite on the disk, each row sealed under the key in a file.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "apps/demo/process.h"
#include "core/client/search.h"
#include "core/client/tables.h"
#include "shell/os/entropy.h"
#include "shell/store/encrypted/key_file.h"
#include "shell/store/sqlite/sqlite_store.h"

namespace cairn::client {
namespace {

constexpr const char* kFolder = "client-bench";
constexpr std::uint64_t kMessages = 100'000;
constexpr std::uint64_t kMessagesAtOnce = 1'000;

ChannelId bench_home() { return *ChannelId::from(Bytes(ChannelId::kSize, 7)); }

/// As people write: some words of a thousand.
std::string text_of(std::uint64_t index) {
  std::uint64_t state = index + 1;
  std::string text = "message " + std::to_string(index);
  for (int word = 0; word < 10; ++word) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    text += " word" + std::to_string((state >> 33) % 1000);
  }
  return text;
}

/// A device's data folder on the disk of the working folder, and what searches in it.
class BenchDevice {
 public:
  std::unique_ptr<store::EncryptedStore> open() {
    const std::string folder = std::string(kFolder) + "/";
    auto key = store::open_key_file(folder + "key", entropy_);
    CHECK(key.has_value());
    store::SqliteOptions options;
    options.path = folder + "store.sqlite";
    auto sqlite = store::SqliteStore::open(options);
    CHECK(sqlite.has_value());
    auto sealed = store::EncryptedStore::open(std::move(*sqlite), std::move(*key), entropy_);
    CHECK(sealed.has_value());
    return std::move(*sealed);
  }
  const Conversations& conversations() const { return conversations_; }

 private:
  os::SystemEntropy entropy_;
  Calls calls_;
  Session session_{calls_};
  Views views_{calls_};
  Conversations conversations_{calls_, views_, session_};
};

/// Filled once for all runs.
BenchDevice& filled_device() {
  static BenchDevice device;
  static const bool filled = [] {
    std::filesystem::remove_all(kFolder);
    std::filesystem::create_directories(kFolder);
    const auto store = device.open();
    Conversation conversation;
    conversation.channel = bench_home();
    conversation.domain = "example.org";
    conversation.state = ConversationState::active;
    conversation.names = {"alice@example.org", "bob@example.org"};
    conversation.next_message = kMessages;
    std::vector<Write> writes = {{tables::kConversations, to_bytes(bench_home()), wire::encode(conversation)}};
    for (std::uint64_t i = 0; i < kMessages; ++i) {
      Message message;
      message.sender = "bob@example.org";
      message.time_ms = i;
      message.text = text_of(i);
      wire::Writer key;
      key.raw(bench_home());
      key.u64(i);
      writes.push_back({tables::kMessages, key.take(), wire::encode(message)});
      if (writes.size() < kMessagesAtOnce && i + 1 < kMessages) continue;
      CHECK(store->commit(writes).has_value());
      writes.clear();
    }
    return true;
  }();
  static_cast<void>(filled);
  return device;
}

/// `cairn --help`: what each command waits for before it does anything.
void start_of_the_program(benchmark::State& state) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "cairn";
  for (auto _ : state) CHECK(demo::run({program, "--help"}, std::chrono::seconds(10)).exit_code == 0);
}
BENCHMARK(start_of_the_program)->UseRealTime()->Unit(benchmark::kMillisecond);

void open_store(benchmark::State& state) {
  BenchDevice& device = filled_device();
  for (auto _ : state) benchmark::DoNotOptimize(device.open());
}
BENCHMARK(open_store)->UseRealTime()->Unit(benchmark::kMillisecond);

/// The first search since the store was opened reads and opens every message.
void open_index(benchmark::State& state) {
  BenchDevice& device = filled_device();
  for (auto _ : state) {
    state.PauseTiming();
    auto store = device.open();
    state.ResumeTiming();
    Search search(device.conversations());
    CHECK(search.find(*store, "message 99999", 50).size() == 1);
    state.PauseTiming();
    store.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(open_index)->UseRealTime()->Unit(benchmark::kMillisecond);

void find_words(benchmark::State& state) {
  BenchDevice& device = filled_device();
  const auto store = device.open();
  Search search(device.conversations());
  CHECK(search.find(*store, "message", 1).size() == 1);
  for (auto _ : state) CHECK(!search.find(*store, "word7 WORD42", 50).empty());
}
BENCHMARK(find_words)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cairn::client
