// backup, verify, restore.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <filesystem>

#include "apps/cairnd/options.h"
#include "apps/cairnd/stores.h"
#include "apps/common/copying.h"
#include "core/relay/inspection.h"
#include "shell/net/line_socket.h"
#include "shell/os/clock.h"
#include "shell/os/data_folder.h"
#include "shell/os/entropy.h"

namespace cairn::cairnd {
namespace {

namespace fs = std::filesystem;

/// What SQLite keeps beside a store while it is open, and leaves there when it is killed.
constexpr const char* kBesideStore[] = {"-wal", "-shm", "-journal"};

bool exists(const std::string& path) {
  struct stat found = {};
  return ::lstat(path.c_str(), &found) == 0;
}

/// Copies byte for byte to a new private file; durable.
Status copy_file(const std::string& from, const std::string& to) {
  constexpr const char* kFailed = "it cannot be copied: check that it is yours to read, and that the disk has room";
  const int in = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(in >= 0, ErrorCode::storage_failed, kFailed);
  const int out = ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  Bytes part(std::size_t{1} << 20);
  bool good = out >= 0;
  ssize_t got = 0;
  while (good && (got = ::read(in, part.data(), part.size())) > 0) {
    for (ssize_t done = 0; good && done < got;) {
      const ssize_t put = ::write(out, part.data() + done, static_cast<std::size_t>(got - done));
      good = put > 0;
      done += put;
    }
  }
  good = good && got == 0 && ::fsync(out) == 0;
  if (out >= 0) ::close(out);
  ::close(in);
  REQUIRE(good, ErrorCode::storage_failed, kFailed);
  return ok();
}

/// "966,656"
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

int say_copied(const std::string& size, const std::string& file) {
  std::uint64_t bytes = 0;
  std::from_chars(size.data(), size.data() + size.size(), bytes);
  std::printf("Copied %s bytes to %s.\n", grouped(bytes).c_str(), file.c_str());
  return 0;
}

/// Of a copy that cannot be read: what the store says of damage is meant for one that is in use.
int complain_of_copy(const std::string& file, const Error& error) {
  const bool is_damaged = std::string_view(error.where).starts_with("the store is damaged");
  return complain(file, is_damaged ? "this backup is damaged: use another" : error.where);
}

/// What `verify` and `restore` say of a file; nothing, after a sentence on standard error, when it cannot be used.
std::optional<relay::Inspection> look_at(const std::string& file) {
  if (exists(file + "-wal")) {
    complain(file,
             "a write-ahead log lies beside it, so it was copied while a server wrote it; make it with cairnd backup");
    return std::nullopt;
  }
  if (!exists(file)) {
    complain(file, "there is no such file; check its name");
    return std::nullopt;
  }
  const auto store = open_store_file(file, Access::read_only);
  if (!store) {
    complain_of_copy(file, store.error());
    return std::nullopt;
  }
  if (const auto whole = (*store)->verify(); !whole) {
    complain_of_copy(file, whole.error());
    return std::nullopt;
  }
  auto inspection = relay::inspect(**store, os::now());
  if (!inspection) {
    complain_of_copy(file, inspection.error());
    return std::nullopt;
  }
  for (const std::string& finding : inspection->findings) complain(file, finding);
  return std::move(*inspection);
}

}  // namespace

int backup(const Options& options, const std::string& file) {
  constexpr std::uint64_t kCopyMs = 24ull * 60 * 60 * 1000;
  const std::string& data = options.server.data_folder;
  const std::string path = fs::absolute(file).lexically_normal().string();
  auto folder = os::DataFolder::open(data);
  if (folder) {
    const auto store = open_store(data);
    if (!store) return complain(store_path(data), store.error().where);
    auto copy = store::SqliteCopy::begin(**store, path);
    if (!copy) return complain(path, copy.error().where);
    const auto whole = (*copy)->step(-1);
    const auto size = whole ? (*copy)->finish() : Result<std::uint64_t>(tl::unexpected<Error>(whole.error()));
    if (!size) return complain(path, size.error().where);
    return say_copied(std::to_string(*size), path);
  }
  if (folder.error().code != ErrorCode::conflict) return complain(data, folder.error().where);
  const auto answer = ask_server(data, std::string(apps::kBackupLine) + path, kCopyMs);
  if (!answer || !answer->starts_with(apps::kCopied)) return tell(data, answer);
  return say_copied(answer->substr(apps::kCopied.size()), path);
}

int verify(const std::string& file) {
  const auto seen = look_at(file);
  if (!seen) return 1;
  if (!seen->findings.empty()) return 1;
  std::printf("%s is whole: log %s with %llu epochs (%llu served), %llu names, %llu envelopes waiting\n", file.c_str(),
              seen->origin.c_str(), static_cast<unsigned long long>(seen->epochs),
              static_cast<unsigned long long>(seen->served), static_cast<unsigned long long>(seen->names),
              static_cast<unsigned long long>(seen->envelopes));
  return 0;
}

int restore(const Options& options, const std::string& file, relay::AskCosigners ask) {
  const std::string& data = options.server.data_folder;
  auto folder = os::DataFolder::open(data);
  if (!folder) return complain(data, folder.error().where);
  const std::string path = store_path(data);
  if (exists(path)) return complain(data, "there is a store in this folder; restore into an empty one");
  // SQLite would play an older store's log into the new one.
  for (const char* rest : kBesideStore) {
    if (exists(path + rest)) {
      return complain(path + rest, "it is left of an older store and would be mixed into this one; move it away first");
    }
  }
  const auto seen = look_at(file);
  if (!seen || !seen->findings.empty()) return 1;
  // Under another name until it is as it must be: a server never meets half of it.
  const std::string part = path + ".part";
  ::unlink(part.c_str());
  for (const char* rest : kBesideStore) ::unlink((part + rest).c_str());
  if (const auto copied = copy_file(file, part); !copied) return complain(file, copied.error().where);
  {
    const auto store = open_store_file(part, Access::read_write);
    if (!store) return complain(part, store.error().where);
    os::SystemEntropy entropy;
    const auto writes = relay::make_restored(**store, ask, os::now(), entropy);
    const Status done = writes ? (*store)->commit(*writes) : Status(tl::unexpected<Error>(writes.error()));
    if (!done) return complain(part, done.error().where);
  }
  const int folder_file = ::open(data.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool moved = ::rename(part.c_str(), path.c_str()) == 0 && folder_file >= 0 && ::fsync(folder_file) == 0;
  if (folder_file >= 0) ::close(folder_file);
  if (!moved) return complain(path, "it cannot be put in its place; check the data folder and its permissions");
  std::printf("Restored %s with %llu epochs and %llu names.\n", seen->origin.c_str(),
              static_cast<unsigned long long>(seen->epochs), static_cast<unsigned long long>(seen->names));
  std::printf(ask == relay::AskCosigners::yes
                  ? "Before it signs anything new the server asks every cosigner of its policy whether it knows more.\n"
                  : "The cosigners will not be asked: if there was an epoch after the backup, this log is finished.\n");
  return 0;
}

}  // namespace cairn::cairnd
