#include "shell/folder/part_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "core/base/encoding.h"
#include "core/crypto/hash.h"

namespace cairn::folder {
namespace {

constexpr std::string_view kSuffix = ".part";

/// A file descriptor that closes itself.
class File {
 public:
  File(const std::string& path, int flags) : value_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
  ~File() {
    if (value_ >= 0) ::close(value_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return value_; }
  bool valid() const { return value_ >= 0; }
  /// From now on somebody else closes it.
  void release() { value_ = -1; }

 private:
  int value_;
};

tl::unexpected<Error> failed() { return tl::unexpected<Error>(error_of(errno)); }

bool write_at(int file, ByteView content, std::uint64_t offset) {
  while (!content.empty()) {
    const ssize_t written = ::pwrite(file, content.data(), content.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content = content.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return true;
}

/// Reads until `out` is full or the file ends; the number of bytes.
Result<std::size_t> read_at(int file, MutableByteView out, std::uint64_t offset) {
  std::size_t got = 0;
  while (got < out.size()) {
    const ssize_t count = ::pread(file, out.data() + got, out.size() - got, static_cast<off_t>(offset + got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed();
    if (count == 0) break;
    got += static_cast<std::size_t>(count);
  }
  return got;
}

std::vector<std::string> names_in(DIR* folder) {
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

Error error_of(int cause) {
  if (cause == ENOSPC || cause == EDQUOT || cause == EFBIG) {
    return {ErrorCode::storage_full, "The folder's disk is full; make room there, or name another folder."};
  }
  if (cause == ENOENT || cause == ENOTDIR) return {ErrorCode::not_found, "There is no such file in the folder."};
  if (cause == EACCES || cause == EPERM || cause == EROFS) {
    return {ErrorCode::storage_failed, "The folder cannot be written; change its owner or permissions."};
  }
  return {ErrorCode::storage_failed, "The folder cannot be read or written; check its disk."};
}

std::optional<std::uint64_t> size_of(const std::string& path) {
  struct stat found = {};
  if (::lstat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(found.st_size);
}

Status sync_folder(const std::string& path) {
  const File folder(path, O_RDONLY | O_DIRECTORY);
  if (!folder.valid() || ::fsync(folder.get()) != 0) return failed();
  return ok();
}

Result<Bytes> read_range(const std::string& path, std::uint64_t offset, std::size_t length) {
  const File file(path, O_RDONLY);
  if (!file.valid()) return failed();
  Bytes out(length);
  out.resize(TRY(read_at(file.get(), out, offset)));
  return out;
}

Result<bool> has_digest(const std::string& path, const Hash& digest) {
  const File file(path, O_RDONLY);
  if (!file.valid()) return failed();
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  Bytes part(proto::kVaultPart);
  for (std::uint64_t offset = 0;;) {
    const std::size_t got = TRY(read_at(file.get(), part, offset));
    if (got == 0) break;
    hasher.update(ByteView(part).first(got));
    offset += got;
  }
  return equal(hasher.finish(), digest);
}

Result<std::vector<std::string>> entries_of(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (!folder) return failed();
  return names_in(folder.get());
}

Status remove_folder(const std::string& path, bool (*ours)(std::string_view name)) {
  File opened(path, O_RDONLY | O_DIRECTORY);
  if (!opened.valid() && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return ok();
  if (!opened.valid()) return failed();
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(opened.get()), ::closedir);
  if (!folder) return failed();
  opened.release();
  for (const std::string& name : names_in(folder.get())) {
    if (!ours(name) || ::unlinkat(::dirfd(folder.get()), name.c_str(), 0) == 0) continue;
    if (errno != ENOENT && errno != EISDIR) return failed();
  }
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return ok();
  return errno == ENOTEMPTY || errno == EEXIST ? ok() : Status(failed());
}

bool is_hex(std::string_view text, std::size_t bytes) {
  return text.size() == 2 * bytes && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_unfinished(std::string_view name, std::string_view wanted) {
  constexpr std::size_t kRandom = 6;  // mkostemp(3)
  if (name.size() != wanted.size() + 1 + kRandom || !name.starts_with(wanted) || name[wanted.size()] != '.') {
    return false;
  }
  return std::ranges::all_of(name.substr(wanted.size() + 1), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

PartFile::PartFile(const std::string& object_path, const Hash& digest)
    : object_path_(object_path), path_(object_path + "-" + to_hex(digest) + std::string(kSuffix)), digest_(digest) {}

std::uint64_t PartFile::have() const { return size_of(path_).value_or(0) / proto::kVaultPart * proto::kVaultPart; }

Status PartFile::append(ByteView part) const {
  const std::uint64_t before = have();
  const File file(path_, O_WRONLY | O_CREAT);
  if (!file.valid()) return failed();
  // Behind whole parts a crash may have left a piece of one.
  if (::ftruncate(file.get(), static_cast<off_t>(before)) != 0) return failed();
  if (write_at(file.get(), part, before)) return ok();
  const Error error = error_of(errno);
  if (before == 0) {
    ::unlink(path_.c_str());
  } else if (::ftruncate(file.get(), static_cast<off_t>(before)) != 0) {
    return failed();
  }
  return tl::unexpected<Error>(error);
}

Status PartFile::finish() const {
  if (!TRY(has_digest(path_, digest_))) {
    ::unlink(path_.c_str());
    return fail(ErrorCode::inconsistent,
                "What came of this object is not what was announced, and was dropped; put it again.");
  }
  const File file(path_, O_RDONLY);
  if (!file.valid() || ::fsync(file.get()) != 0 || ::rename(path_.c_str(), object_path_.c_str()) != 0) return failed();
  return sync_folder(object_path_.substr(0, object_path_.find_last_of('/')));
}

bool PartFile::is_name(std::string_view name, std::string_view object) {
  constexpr std::size_t kId = 2 * proto::ObjectId::kSize;
  constexpr std::size_t kLength = kId + 1 + 2 * Hash::kSize + kSuffix.size();
  return name.size() == kLength && name.ends_with(kSuffix) && name[kId] == '-' && name.starts_with(object) &&
         is_hex(name.substr(0, kId), proto::ObjectId::kSize) &&
         is_hex(name.substr(kId + 1, 2 * Hash::kSize), Hash::kSize);
}

}  // namespace cairn::folder
