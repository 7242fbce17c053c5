#include "bench/folder_vault.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "core/base/encoding.h"

namespace cairn::bench {

namespace fs = std::filesystem;

FolderVault::FolderVault(fs::path folder) : folder_(std::move(folder)) {
  fs::create_directories(folder_);
  thread_ = std::thread([this] { run(); });
}

FolderVault::~FolderVault() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void FolderVault::put(vault::Object object) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(object));
  }
  changed_.notify_all();
}

std::vector<vault::ObjectId> FolderVault::take_stored(Wait wait) {
  std::unique_lock lock(mutex_);
  if (wait == Wait::yes) changed_.wait(lock, [&] { return !stored_.empty(); });
  return std::exchange(stored_, {});
}

void FolderVault::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ends_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const vault::Object object = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    store(object);
    lock.lock();
    stored_.push_back(object.id);
    changed_.notify_all();
  }
}

/// Temporary name, fsync, rename, fsync of the folder.
void FolderVault::store(const vault::Object& object) const {
  const fs::path file = folder_ / to_hex(object.id);
  const fs::path temporary = file.string() + ".tmp";
  const int out = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  CHECK(out >= 0);
  for (ByteView rest = object.bytes; !rest.empty();) {
    const ssize_t size = write(out, rest.data(), rest.size());
    CHECK(size > 0);
    rest = rest.subspan(static_cast<std::size_t>(size));
  }
  CHECK(fsync(out) == 0 && close(out) == 0);
  fs::rename(temporary, file);
  const int folder = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CHECK(folder >= 0 && fsync(folder) == 0 && close(folder) == 0);
}

vault::StoredObjects FolderVault::list() const {
  vault::StoredObjects out;
  for (const auto& one : fs::directory_iterator(folder_)) {
    const auto bytes = from_hex(one.path().filename().string());
    if (!bytes || bytes->size() != vault::ObjectId::kSize) continue;
    out.emplace(*vault::ObjectId::from(*bytes), fs::file_size(one.path()));
  }
  return out;
}

std::optional<Bytes> FolderVault::get(const vault::ObjectId& id) const {
  const fs::path file = folder_ / to_hex(id);
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return std::nullopt;
  Bytes out(static_cast<std::size_t>(in.tellg()));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  return in ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace cairn::bench
