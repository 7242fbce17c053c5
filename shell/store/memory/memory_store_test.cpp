#include "shell/store/memory/memory_store.h"

#include "tests/support/store_contract.h"

namespace cairn::testing {
namespace {

struct MemoryBackend {
  store::Store& store() { return store_; }
  void reopen() {}
  std::unique_ptr<store::Store> open_again() { return std::make_unique<BorrowedStore>(store_); }
  store::MemoryStore store_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreContract, MemoryBackend);

}  // namespace
}  // namespace cairn::testing
