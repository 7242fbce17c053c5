// Any bytes as the file of a store's key, and a sealed one with some bytes changed: what is taken for an open key is
// those bytes, nothing but the right file gives the key, and what is no key stays as it lies.
#include "shell/store/encrypted/key_file.h"

#include <fcntl.h>
#include <unistd.h>

#include "shell/os/file.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/seeded_entropy.h"

namespace {

using namespace cairn;
using store::KeyFileState;

constexpr std::string_view kPassphrase = "correct horse";
/// Where the cost stands that a file asks for, and what is paid here: one more bit costs the fuzzer a second.
constexpr std::size_t kCostAt = std::string_view("cairn sealed key 1").size();
constexpr crypto::Argon2idCost kCost{8, 1};

const std::string& path() {
  static const testing::ScratchFolder folder;
  static const std::string out = folder.file("key");
  return out;
}

/// As os::write_file does, without waiting for a disk.
void lay(ByteView bytes) {
  const int file = ::open(path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  CHECK(file >= 0 && ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  ::close(file);
}

const store::StoreKey& key() {
  static const store::StoreKey out = *store::StoreKey::from(Bytes(store::StoreKey::kSize, 7));
  return out;
}

const Bytes& sealed_file() {
  static const Bytes out = [] {
    testing::SeededEntropy entropy(1);
    lay({});
    CHECK(store::seal_key_file(path(), key(), as_bytes(kPassphrase), entropy, kCost));
    return *os::read_file(path(), 1024);
  }();
  return out;
}

bool is_cheap(ByteView file) { return equal(file.subspan(kCostAt, 8), ByteView(sealed_file()).subspan(kCostAt, 8)); }

/// Its first byte says whether the others are the file, or what is changed in a sealed one: place and value.
Bytes file_of(ByteView input) {
  if (input.empty()) return {};
  const ByteView rest = input.subspan(1);
  if (input[0] % 2 == 0) return to_bytes(rest);
  Bytes out = sealed_file();
  for (std::size_t at = 0; at + 1 < rest.size(); at += 2) out[rest[at] % out.size()] ^= rest[at + 1];
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes file = file_of({data, size});
  lay(file);
  testing::SeededEntropy entropy(2);
  const auto state = store::key_file_state(path());
  const auto opened = store::open_key_file(path(), entropy);
  CHECK(opened.has_value() == (state && *state == KeyFileState::open));
  if (opened) CHECK(equal(opened->expose(), file));
  if (state && *state == KeyFileState::sealed && is_cheap(file)) {
    const auto unsealed = store::unseal_key_file(path(), as_bytes(kPassphrase));
    CHECK(unsealed.has_value() == (file == sealed_file()));
    if (unsealed) CHECK(equal(unsealed->expose(), key().expose()));
  }
  const auto left = os::read_file(path(), file.size());
  CHECK(left && *left == file);
  return 0;
}
