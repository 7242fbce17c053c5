// The backup engine as a program, for backup_bench alone: its keys are no secret.
//   cairn-bench-backup create VAULT FOLDER     what has size and time of the last snapshot is not read again
//   cairn-bench-backup restore VAULT FOLDER
//   cairn-bench-backup verify VAULT
// The last line says the most memory that was in use: "peak_KiB N".
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "bench/folder_vault.h"
#include "core/vault/snapshot_reader.h"
#include "core/vault/snapshot_writer.h"
#include "core/vault/verifier.h"
#include "shell/os/entropy.h"

namespace {

using namespace cairn;
using namespace cairn::vault;
using bench::FolderVault;
namespace fs = std::filesystem;

/// Files from here on have chunks of their own.
constexpr std::uint64_t kOwnSize = 16 * kKiB;

template <class SecretType>
SecretType known_secret(std::uint8_t byte) {
  SecretType out;
  std::fill(out.expose_mutable().begin(), out.expose_mutable().end(), byte);
  return out;
}

struct Keys {
  BackupRoot root = known_secret<BackupRoot>(1);
  VaultKeys keys{known_secret<DataKey>(2)};
  StorageIdentity storage = StorageIdentity::of_server("example.org");
  crypto::SigningKey device = crypto::SigningKey::from_seed(known_secret<crypto::Ed25519Seed>(3));
};

std::optional<ManifestContent> newest_manifest(const Keys& keys, const FolderVault& storage) {
  std::optional<ManifestContent> out;
  const PublicKey signers[] = {keys.device.public_key()};
  for (const auto& [id, size] : storage.list()) {
    if (!is_kind(id, ObjectKind::manifest)) continue;
    const auto opened = UnverifiedManifest::open(keys.keys, id, *storage.get(id));
    CHECK(opened.has_value());
    auto content = opened->verify({1, vault_id(keys.root, keys.storage), signers, 0});
    CHECK(content.has_value());
    if (!out || content->counter > out->counter) out = std::move(*content);
  }
  return out;
}

ChunkIndex index_of(const Keys& keys, const FolderVault& storage, const ManifestContent& manifest) {
  ChunkIndex out;
  for (const IndexReference& one : manifest.indexes) {
    const auto listings = open_index(keys.keys, one, *storage.get(one.id));
    CHECK(listings.has_value());
    out.add_index(one, *listings);
  }
  return out;
}

void serve(const FolderVault& storage, StoredChunks& chunks) {
  const ObjectId id = chunks.wanted();
  auto bytes = storage.get(id);
  if (bytes) chunks.give(id, std::move(*bytes));
  if (!bytes) chunks.missing(id);
}

struct File {
  std::string path;  ///< within the folder
  std::uint64_t size = 0;
  Bytes attributes;
};

/// All files, by path.
std::vector<File> files_in(const fs::path& folder) {
  std::vector<File> out;
  for (const auto& one : fs::recursive_directory_iterator(folder)) {
    struct stat about {};
    if (!one.is_regular_file()) continue;
    CHECK(lstat(one.path().c_str(), &about) == 0);
    wire::Writer attributes;
    attributes.u32(about.st_mode);
    attributes.u64(about.st_ino);
    attributes.u64(static_cast<std::uint64_t>(about.st_mtim.tv_sec));
    attributes.u32(static_cast<std::uint32_t>(about.st_mtim.tv_nsec));
    out.push_back(
        {fs::relative(one.path(), folder).string(), static_cast<std::uint64_t>(about.st_size), attributes.take()});
  }
  std::sort(out.begin(), out.end(), [](const File& a, const File& b) { return a.path < b.path; });
  return out;
}

/// The former snapshot beside the files of now: both go by path.
class Former {
 public:
  Former(const FolderVault& storage, const Keys& keys, const ManifestContent& manifest, const ChunkIndex& index)
      : storage_(storage), chunks_(keys.keys, index), reader_(manifest, chunks_, ReadMode::references) {
    advance();
  }

  /// Whether the file is as it was; then references() are its chunks.
  bool finds(const File& file) {
    while (!ended_ && as_text(reader_.entry().path) < file.path) advance();
    return !ended_ && as_text(reader_.entry().path) == file.path && reader_.entry().layout == Layout::own &&
           reader_.entry().size == file.size && reader_.entry().attributes == file.attributes;
  }
  /// The next chunk of it.
  const Reference* next_reference() {
    step_ = next();
    return step_ == ReadStep::reference ? &reader_.reference() : nullptr;
  }

 private:
  ReadStep next() {
    for (;;) {
      const ReadStep step = reader_.next();
      if (step != ReadStep::want_pack) return step;
      serve(storage_, chunks_);
    }
  }
  /// To the next entry.
  void advance() {
    do step_ = next();
    while (step_ != ReadStep::entry && step_ != ReadStep::end && step_ != ReadStep::lost_entries);
    ended_ = step_ != ReadStep::entry;
  }

  const FolderVault& storage_;
  StoredChunks chunks_;
  SnapshotReader reader_;
  ReadStep step_ = ReadStep::entry;
  bool ended_ = false;
};

class Creation {
 public:
  Creation(const Keys& keys, FolderVault& storage, ChunkIndex index)
      : keys_(keys),
        storage_(storage),
        writer_(keys.keys, std::move(index), storage.list(), {}, entropy_),
        piece_(kMaxPiece) {}

  void add(const File& file, const fs::path& folder, Former* former) {
    const Layout layout = file.size >= kOwnSize ? Layout::own : Layout::batched;
    CHECK(writer_.begin_entry(as_bytes(file.path), file.attributes, layout).has_value());
    if (former == nullptr || !former->finds(file) || !keep(*former)) read(folder / file.path);
    writer_.end_entry();
  }

  void finish(const std::optional<ManifestContent>& former) {
    SnapshotInfo info{1, vault_id(keys_.root, keys_.storage), std::nullopt, {}, {}};
    if (former) info.previous = former->head();
    CHECK(writer_.finish(info, keys_.device).has_value());
    while (!writer_.done()) {
      if (writer_.wants_listing()) CHECK(writer_.confirm(storage_.list(), {}).has_value());
      move(FolderVault::Wait::yes);
    }
  }

 private:
  /// False if nothing was kept, and the file must be read.
  bool keep(Former& former) {
    bool first = true;
    while (const Reference* const reference = former.next_reference()) {
      const bool kept = writer_.keep(*reference);
      if (!kept && first) return false;
      CHECK(kept);  // a vault that nobody spoils
      first = false;
    }
    return !first;
  }
  void read(const fs::path& file) {
    const int in = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    CHECK(in >= 0);
    for (;;) {
      const ssize_t size = ::read(in, piece_.data(), piece_.size());
      CHECK(size >= 0);
      if (size == 0) break;
      writer_.write(ByteView(piece_).first(static_cast<std::size_t>(size)));
      move(FolderVault::Wait::no);
      while (!writer_.may_write()) move(FolderVault::Wait::yes);
    }
    close(in);
  }
  void move(FolderVault::Wait wait) {
    while (auto object = writer_.take_object()) storage_.put(std::move(*object));
    for (const ObjectId& id : storage_.take_stored(wait)) writer_.stored(id);
    while (auto object = writer_.take_object()) storage_.put(std::move(*object));
  }

  const Keys& keys_;
  FolderVault& storage_;
  os::SystemEntropy entropy_;
  SnapshotWriter writer_;
  Bytes piece_;
};

int create(FolderVault& storage, const fs::path& folder) {
  const Keys keys;
  const auto before = newest_manifest(keys, storage);
  ChunkIndex index;
  if (before) index = index_of(keys, storage, *before);
  std::unique_ptr<Former> former;
  const ChunkIndex read_index = index;
  if (before) former = std::make_unique<Former>(storage, keys, *before, read_index);
  Creation creation(keys, storage, std::move(index));
  for (const File& file : files_in(folder)) creation.add(file, folder, former.get());
  creation.finish(before);
  return 0;
}

int restore(const FolderVault& storage, const fs::path& folder) {
  const Keys keys;
  const auto manifest = newest_manifest(keys, storage);
  if (!manifest) return 1;
  const ChunkIndex index = index_of(keys, storage, *manifest);
  StoredChunks chunks(keys.keys, index);
  SnapshotReader reader(*manifest, chunks, ReadMode::data);
  int out = -1;
  for (;;) {
    switch (reader.next()) {
      case ReadStep::want_pack: serve(storage, chunks); break;
      case ReadStep::entry: {
        const fs::path file = folder / as_text(reader.entry().path);
        fs::create_directories(file.parent_path());
        out = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        CHECK(out >= 0);
        break;
      }
      case ReadStep::data:
        CHECK(write(out, reader.data().data(), reader.data().size()) == static_cast<ssize_t>(reader.data().size()));
        break;
      case ReadStep::end_entry: close(out); break;
      case ReadStep::end: return 0;
      default: return 1;
    }
  }
}

int verify(const FolderVault& storage) {
  const Keys keys;
  const auto manifest = newest_manifest(keys, storage);
  if (!manifest) return 1;
  const ChunkIndex index = index_of(keys, storage, *manifest);
  SnapshotVerifier verifier(keys.keys, index, *manifest, all_packs(index));
  for (VerifyStep step = verifier.next(); step != VerifyStep::end; step = verifier.next()) {
    if (step != VerifyStep::want_pack) return 1;
    const ObjectId id = verifier.wanted();
    auto bytes = storage.get(id);
    if (!bytes) return 1;
    verifier.give(id, std::move(*bytes));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string what = words.empty() ? "" : words[0];
  if (words.size() != (what == "verify" ? 2U : 3U)) {
    std::fprintf(stderr, "usage: cairn-bench-backup create|restore VAULT FOLDER | verify VAULT\n");
    return 2;
  }
  FolderVault storage(words[1]);
  int result = 2;
  if (what == "create") result = create(storage, words[2]);
  if (what == "restore") result = restore(storage, words[2]);
  if (what == "verify") result = verify(storage);
  struct rusage used {};
  CHECK(getrusage(RUSAGE_SELF, &used) == 0);
  std::printf("peak_KiB %ld\n", used.ru_maxrss);
  return result;
}
