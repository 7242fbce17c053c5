#include "shell/files/local_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "core/base/encoding.h"
#include "core/proto/api.h"
#include "core/proto/files.h"

namespace cairn::files {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }
  bool is_open() const { return value_ >= 0; }

 private:
  int value_;
};

tl::unexpected<Error> failed() {
  switch (errno) {
    case ENOENT:
    case ENOTDIR: return fail(ErrorCode::not_found, "There is no such file or folder; check its path.");
    case EACCES:
    case EPERM: return fail(ErrorCode::not_authorised, "This file or folder may not be opened; check its permissions.");
    case ENOSPC:
    case EDQUOT: return fail(ErrorCode::storage_full, "The disk is full; make room and do the same again.");
    case ELOOP: return fail(ErrorCode::conflict, "A symbolic link stands where a file is to be written; remove it.");
    default:
      return fail(ErrorCode::storage_failed, "The file could not be read or written; see whether its disk is sound.");
  }
}

std::uint64_t nanoseconds(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

Result<proto::FileStamp> stamp_of(const struct stat& facts) {
  wire::Writer w;
  w.u64(static_cast<std::uint64_t>(facts.st_dev));
  w.u64(static_cast<std::uint64_t>(facts.st_ino));
  w.u64(static_cast<std::uint64_t>(facts.st_size));
  w.u64(nanoseconds(facts.st_mtim));
  w.u64(nanoseconds(facts.st_ctim));
  return proto::FileStamp::from(w.take());
}

Result<struct stat> plain_file(int descriptor) {
  struct stat facts {};
  if (::fstat(descriptor, &facts) != 0) return failed();
  REQUIRE(S_ISREG(facts.st_mode), ErrorCode::unsupported, "This is no plain file; name one.");
  return facts;
}

Result<Bytes> read_at(int descriptor, std::uint64_t offset, std::size_t length) {
  Bytes out(length);
  std::size_t have = 0;
  while (have < length) {
    const ssize_t got = ::pread(descriptor, out.data() + have, length - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed();
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  out.resize(have);
  return out;
}

Status write_at(int descriptor, std::uint64_t offset, ByteView data) {
  while (!data.empty()) {
    const ssize_t put = ::pwrite(descriptor, data.data(), data.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failed();
    data = data.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return ok();
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

std::string part_of(const std::string& path, const proto::FileId& id) {
  return folder_of(path) + "." + to_hex(id) + ".cairn-part";
}

Result<Bytes> read_piece(const proto::FileRead& request) {
  // A pipe would keep whoever opens it waiting.
  const Descriptor file(::open(request.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file.is_open()) return failed();
  proto::FilePiece piece;
  const auto before = TRY(plain_file(file.get()));
  piece.stamp = TRY(stamp_of(before));
  piece.size = static_cast<std::uint64_t>(before.st_size);
  REQUIRE(!request.stamp || *request.stamp == piece.stamp, ErrorCode::conflict, "The file was changed meanwhile.");
  if (request.length > 0) piece.data = TRY(read_at(file.get(), request.offset, request.length));
  // What was read is of that stamp only if it is still the same now.
  const auto facts_now = TRY(plain_file(file.get()));
  const proto::FileStamp stamp = TRY(stamp_of(facts_now));
  REQUIRE(stamp == piece.stamp, ErrorCode::conflict, "The file was changed meanwhile.");
  return wire::encode(piece);
}

Result<Bytes> write_piece(const proto::FileWrite& request) {
  proto::FileHave have;
  have.part = part_of(request.path, request.id);
  struct stat place {};
  have.place_is_taken = ::lstat(request.path.c_str(), &place) == 0;
  const int create = request.data.empty() ? 0 : O_CREAT;
  const Descriptor file(::open(have.part.c_str(), O_RDWR | create | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!file.is_open()) {
    if (!request.data.empty() || errno != ENOENT) return failed();
    return wire::encode(have);
  }
  const auto facts = TRY(plain_file(file.get()));
  have.size = static_cast<std::uint64_t>(facts.st_size);
  if (request.data.empty()) return wire::encode(have);
  REQUIRE(request.offset <= have.size, ErrorCode::conflict, "Bytes before these are missing.");
  if (::ftruncate(file.get(), static_cast<off_t>(request.offset)) != 0) return failed();
  TRY(write_at(file.get(), request.offset, request.data));
  have.size = request.offset + request.data.size();
  return wire::encode(have);
}

Result<Bytes> finish(const proto::FileFinish& request) {
  const std::string part = part_of(request.path, request.id);
  // An empty file gathers nothing: it is made here.
  const int create = request.size == 0 ? O_CREAT : 0;
  const Descriptor file(::open(part.c_str(), O_RDWR | create | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!file.is_open()) return failed();
  const auto facts = TRY(plain_file(file.get()));
  REQUIRE(static_cast<std::uint64_t>(facts.st_size) == request.size, ErrorCode::conflict, "Bytes are missing.");
  if (::fsync(file.get()) != 0) return failed();
  if (::renameat2(AT_FDCWD, part.c_str(), AT_FDCWD, request.path.c_str(), RENAME_NOREPLACE) != 0) {
    REQUIRE(errno != EEXIST, ErrorCode::conflict,
            "Something stands at this path already, and is not overwritten; name another one.");
    return failed();
  }
  const Descriptor folder(::open(folder_of(request.path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || ::fsync(folder.get()) != 0) return failed();
  return Bytes{};
}

Result<Bytes> drop(const proto::FileDrop& request) {
  if (::unlink(part_of(request.path, request.id).c_str()) != 0 && errno != ENOENT) return failed();
  return Bytes{};
}

template <class Request>
Result<Bytes> decoded(ByteView body, Result<Bytes> (*handler)(const Request&)) {
  return handler(TRY(wire::decode<Request>(body)));
}

Result<Bytes> dispatch(const proto::Call& call) {
  if (call.url == proto::kUrlFileRead) return decoded(call.body, read_piece);
  if (call.url == proto::kUrlFileWrite) return decoded(call.body, write_piece);
  if (call.url == proto::kUrlFileFinish) return decoded(call.body, finish);
  if (call.url == proto::kUrlFileDrop) return decoded(call.body, drop);
  return fail(ErrorCode::not_found, "There is nothing at this address.");
}

}  // namespace

proto::CallReply answer_file_call(const proto::Call& call) {
  auto body = dispatch(call);
  if (body) return {200, std::move(*body), {}};
  const proto::ErrorAnswer answer{body.error().code, body.error().where};
  return {proto::status_of(body.error().code), wire::encode(answer), {}};
}

}  // namespace cairn::files
