// What a PIN's recovery costs with everything but Argon2id and the network: three realms' minds, two of them enough.
#include <benchmark/benchmark.h>

#include "tests/support/realm_village.h"

namespace cairn {
namespace {

void BM_RecoverPin(benchmark::State& state) {
  testing::RealmVillage village;
  village.enrol("correct horse");
  for (auto _ : state) CHECK(village.gives_secret("correct horse"));
}
BENCHMARK(BM_RecoverPin)->Unit(benchmark::kMillisecond);

void BM_RegisterPin(benchmark::State& state) {
  testing::RealmVillage village;
  for (auto _ : state) benchmark::DoNotOptimize(village.make("correct horse"));
}
BENCHMARK(BM_RegisterPin)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cairn
