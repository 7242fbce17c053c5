#include "shell/folder/folder_storage.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/encoding.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/crypto/signature.h"
#include "core/proto/api.h"
#include "core/proto/storage.h"
#include "shell/folder/part_file.h"
#include "shell/os/file.h"

namespace cairn::folder {
namespace {

constexpr std::string_view kKeyFile = "write-key";
constexpr std::string_view kVaultPrefix = "vault-";
constexpr std::string_view kKeyBoxPrefix = "key-box-";
constexpr std::string_view kDeletedPrefix = "deleted-";
/// What is left free for the file system's own needs.
constexpr std::uint64_t kSpareBytes = std::uint64_t{1} << 20;

std::string operator/(const std::string& folder, std::string_view name) { return folder + "/" + std::string(name); }

/// One call's turn.
struct Turn {
  std::string folder;
  const FolderOptions& options;

  std::string vault(const proto::VaultId& id) const { return folder / (std::string(kVaultPrefix) + to_hex(id)); }
  std::string key_box(const proto::KeyBoxId& id) const { return folder / (std::string(kKeyBoxPrefix) + to_hex(id)); }
  std::uint64_t left() const;
};

std::uint64_t Turn::left() const {
  std::uint64_t bytes = 0;
  if (options.free_bytes) {
    bytes = options.free_bytes(folder);
  } else if (struct statvfs disk = {}; ::statvfs(folder.c_str(), &disk) == 0) {
    bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  }
  return bytes > kSpareBytes ? bytes - kSpareBytes : 0;
}

/// A name that this driver makes in a vault's folder.
bool is_of_vault(std::string_view name) {
  return name == kKeyFile || is_unfinished(name, kKeyFile) || is_hex(name, proto::ObjectId::kSize) ||
         PartFile::is_name(name, {});
}

/// The write key of a vault, which says that the vault is there.
Result<PublicKey> write_key(const Turn& turn, const proto::VaultId& id) {
  // A symbolic link would lead out of the folder.
  struct stat found = {};
  REQUIRE(::lstat(turn.vault(id).c_str(), &found) != 0 || S_ISDIR(found.st_mode), ErrorCode::storage_failed,
          "Something that is no folder has the name of a vault; move it out of this folder.");
  const auto bytes = os::read_file(turn.vault(id) / kKeyFile, PublicKey::kSize);
  if (!bytes && bytes.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::not_found, "There is no such vault in this folder.");
  }
  if (!bytes) return tl::unexpected<Error>(bytes.error());
  return PublicKey::from(*bytes);
}

Status unlink_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return ok();
  return tl::unexpected<Error>(error_of(errno));
}

/// Other uploads of one object, or those of a vault that nobody has gone on with for a day.
Status sweep(const Turn& turn, const std::string& vault, std::string_view object) {
  for (const std::string& name : TRY(entries_of(vault))) {
    struct stat found = {};
    const std::string path = vault / name;
    if (!PartFile::is_name(name, object) || ::lstat(path.c_str(), &found) != 0) continue;
    const Time written{static_cast<std::uint64_t>(found.st_mtime) * kSecondMs};
    if (!object.empty() || elapsed_ms(turn.options.clock(), written) > proto::kVaultUploadMs) TRY(unlink_file(path));
  }
  return ok();
}

/// Vaults whose deletion was interrupted.
Status sweep_deleted(const Turn& turn) {
  for (const std::string& name : TRY(entries_of(turn.folder))) {
    const bool deleted = name.starts_with(kDeletedPrefix) &&
                         is_hex(std::string_view(name).substr(kDeletedPrefix.size()), proto::VaultId::kSize);
    if (deleted) TRY(remove_folder(turn.folder / name, is_of_vault));
  }
  return ok();
}

// ---- vaults ----

Result<Bytes> create(const Turn& turn, const proto::VaultCreate& request) {
  TRY(crypto::verify_labelled(request.write_key, crypto::kSignVaultCreate, request.content(), request.signature));
  const std::string vault = turn.vault(request.vault);
  const auto key = write_key(turn, request.vault);
  if (!key && key.error().code != ErrorCode::not_found) return tl::unexpected<Error>(key.error());
  REQUIRE(!key || *key == request.write_key, ErrorCode::conflict, "This vault id is taken; choose another one.");
  TRY(sweep_deleted(turn));
  if (!key) {
    REQUIRE(turn.left() > 0, ErrorCode::storage_full, error_of(ENOSPC).where);
    TRY(os::make_folder(vault));
    TRY(os::write_file(vault / kKeyFile, request.write_key));
    TRY(sync_folder(turn.folder));
  }
  TRY(sweep(turn, vault, {}));
  return wire::encode(proto::VaultRoom{turn.left()});
}

Result<Bytes> put(const Turn& turn, const proto::VaultPut& request) {
  const PublicKey key = TRY(write_key(turn, request.vault));
  const Bytes content = request.content(crypto::sha256(request.data));
  TRY(crypto::verify_labelled(key, crypto::kSignVaultPut, content, request.signature));
  const std::string name = to_hex(request.object);
  const std::string path = turn.vault(request.vault) / name;
  if (const auto size = size_of(path)) {
    const bool same = *size == request.size && TRY(has_digest(path, request.digest));
    REQUIRE(same, ErrorCode::conflict, "An object of this id is there already, with other content.");
    TRY(sync_folder(turn.vault(request.vault)));  // its rename may be all that a crash has left undone
    return wire::encode(proto::VaultPutAnswer{request.size, turn.left()});
  }
  const PartFile upload(path, request.digest);
  const std::uint64_t have = upload.have();
  if (have >= request.size) {  // interrupted between the last part and its end
    TRY(upload.finish());
    return wire::encode(proto::VaultPutAnswer{request.size, turn.left()});
  }
  if (request.data.empty() || request.offset != have) return wire::encode(proto::VaultPutAnswer{have, turn.left()});
  REQUIRE(request.size - have <= turn.left(), ErrorCode::storage_full, error_of(ENOSPC).where);
  if (have == 0) TRY(sweep(turn, turn.vault(request.vault), name));
  TRY(upload.append(request.data));
  if (have + request.data.size() == request.size) TRY(upload.finish());
  return wire::encode(proto::VaultPutAnswer{have + request.data.size(), turn.left()});
}

Result<Bytes> get(const Turn& turn, const proto::VaultGet& request) {
  TRY(write_key(turn, request.vault));
  const std::string path = turn.vault(request.vault) / to_hex(request.object);
  const auto size = size_of(path);
  REQUIRE(size, ErrorCode::not_found, "There is no such object in this vault.");
  REQUIRE(request.offset < *size, ErrorCode::over_limit, "The object ends before the range begins.");
  proto::VaultPart part{*size, {}};
  part.data = TRY(read_range(path, request.offset, request.length));
  return wire::encode(part);
}

Result<Bytes> list(const Turn& turn, const proto::VaultList& request) {
  TRY(write_key(turn, request.vault));
  const std::string vault = turn.vault(request.vault);
  proto::VaultListAnswer out;
  for (const std::string& name : TRY(entries_of(vault))) {
    if (!is_hex(name, proto::ObjectId::kSize)) continue;
    const Bytes bytes = TRY(from_hex(name));
    const auto id = TRY(proto::ObjectId::from(bytes));
    if (request.after && id <= *request.after) continue;
    if (out.items.size() == proto::kMaxVaultList) {
      out.next = out.items.back().object;
      break;
    }
    if (const auto size = size_of(vault / name)) out.items.push_back({id, *size});
  }
  return wire::encode(out);
}

Result<Bytes> prune(const Turn& turn, const proto::VaultPrune& request) {
  const PublicKey key = TRY(write_key(turn, request.vault));
  TRY(crypto::verify_labelled(key, crypto::kSignVaultPrune, request.content(), request.signature));
  const std::string vault = turn.vault(request.vault);
  for (const proto::ObjectId& object : request.objects) {
    TRY(unlink_file(vault / to_hex(object)));
    TRY(sweep(turn, vault, to_hex(object)));
  }
  TRY(sync_folder(vault));
  return wire::encode(proto::VaultRoom{turn.left()});
}

Result<Bytes> remove(const Turn& turn, const proto::VaultDelete& request) {
  // First: who asks again after an interruption finds no vault, and what is left of it must go all the same.
  TRY(sweep_deleted(turn));
  const PublicKey key = TRY(write_key(turn, request.vault));
  TRY(crypto::verify_labelled(key, crypto::kSignVaultDelete, request.content(), request.signature));
  const std::string dying = turn.folder / (std::string(kDeletedPrefix) + to_hex(request.vault));
  const bool renamed = ::rename(turn.vault(request.vault).c_str(), dying.c_str()) == 0;
  REQUIRE(
      renamed || (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR), ErrorCode::storage_failed,
      "In the folder of a deleted vault lies something that is not the backup's; move it elsewhere, and delete again.");
  if (!renamed) return tl::unexpected<Error>(error_of(errno));
  TRY(sync_folder(turn.folder));
  TRY(remove_folder(dying, is_of_vault));
  return Bytes{};
}

// ---- key boxes ----

/// Held while a key box is looked at and replaced: other processes may use the folder.
class Lock {
 public:
  explicit Lock(const std::string& folder) : file_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (file_ >= 0) held_ = ::flock(file_, LOCK_EX) == 0;
  }
  ~Lock() {
    if (file_ >= 0) ::close(file_);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  Status held() const { return held_ ? ok() : Status(tl::unexpected<Error>(error_of(errno))); }

 private:
  int file_;
  bool held_ = false;
};

constexpr const char* kMovedOn = "The key box stands at another version; get it, and put again on top of it.";

/// What lies in a key box's place.
struct KeyBoxFile {
  std::optional<proto::KeyBoxPut> last;
  bool damaged = false;  ///< a file that is not what was once put; then there is no `last`
};

Result<KeyBoxFile> find_key_box(const Turn& turn, const proto::KeyBoxId& id) {
  constexpr std::size_t kMost = proto::kMaxKeyBox + 1024;
  const auto bytes = os::read_file(turn.key_box(id), kMost);
  if (!bytes && bytes.error().code == ErrorCode::not_found) return KeyBoxFile{};
  if (!bytes && bytes.error().code == ErrorCode::over_limit) return KeyBoxFile{std::nullopt, true};
  if (!bytes) return tl::unexpected<Error>(bytes.error());
  auto last = wire::decode<proto::KeyBoxPut>(*bytes);
  const bool good = last && last->id == id &&
                    crypto::verify_labelled(last->write_key, crypto::kSignKeyBoxPut, last->content(), last->signature);
  if (!good) return KeyBoxFile{std::nullopt, true};
  return KeyBoxFile{std::move(*last), false};
}

/// Under the lock nobody is writing a key box: what is beside it was left by a put that was interrupted.
Status sweep_unfinished(const Turn& turn, const proto::KeyBoxId& id) {
  const std::string wanted = std::string(kKeyBoxPrefix) + to_hex(id);
  for (const std::string& name : TRY(entries_of(turn.folder))) {
    if (is_unfinished(name, wanted)) TRY(unlink_file(turn.folder / name));
  }
  return ok();
}

Result<Bytes> put_key_box(const Turn& turn, const proto::KeyBoxPut& request) {
  const Lock lock(turn.folder);
  TRY(lock.held());
  TRY(sweep_unfinished(turn, request.id));
  const auto [last, damaged] = TRY(find_key_box(turn, request.id));
  REQUIRE(!last || last->write_key == request.write_key, ErrorCode::conflict,
          "This key box id is taken; choose another one.");
  TRY(crypto::verify_labelled(request.write_key, crypto::kSignKeyBoxPut, request.content(), request.signature));
  if (last && last->version == request.version && last->body == request.body) {
    TRY(sync_folder(turn.folder));  // as of an object
    return Bytes{};
  }
  // Of a damaged one nobody knows the version: its owner does, who signed this.
  REQUIRE(damaged || request.version - 1 == (last ? last->version : 0), ErrorCode::conflict, kMovedOn);
  const Bytes bytes = wire::encode(request);
  REQUIRE(bytes.size() <= turn.left(), ErrorCode::storage_full, error_of(ENOSPC).where);
  TRY(os::write_file(turn.key_box(request.id), bytes));
  return Bytes{};
}

Result<Bytes> get_key_box(const Turn& turn, const proto::KeyBoxGet& request) {
  const auto [last, damaged] = TRY(find_key_box(turn, request.id));
  REQUIRE(!damaged, ErrorCode::storage_failed,
          "A key box in the folder is damaged; use another copy of it, and put that here.");
  REQUIRE(last, ErrorCode::not_found, "There is no such key box in this folder.");
  return wire::encode(*last);
}

Result<Bytes> delete_key_box(const Turn& turn, const proto::KeyBoxDelete& request) {
  const Lock lock(turn.folder);
  TRY(lock.held());
  TRY(sweep_unfinished(turn, request.id));
  const auto [last, damaged] = TRY(find_key_box(turn, request.id));
  REQUIRE(last || damaged, ErrorCode::not_found, "There is no such key box in this folder.");
  if (last) {  // of a damaged one there is nothing to check against, and nothing to lose
    TRY(crypto::verify_labelled(last->write_key, crypto::kSignKeyBoxDelete, request.content(), request.signature));
    REQUIRE(request.version == last->version, ErrorCode::conflict, kMovedOn);
  }
  TRY(unlink_file(turn.key_box(request.id)));
  TRY(sync_folder(turn.folder));
  return Bytes{};
}

// ---- which call goes where ----

template <class Request, Result<Bytes> (*handler)(const Turn&, const Request&)>
Result<Bytes> decoded(const Turn& turn, ByteView body) {
  const auto request = TRY(wire::decode<Request>(body));
  return handler(turn, request);
}

struct Route {
  std::string_view path;
  Result<Bytes> (*handler)(const Turn&, ByteView);
};
constexpr Route kRoutes[] = {
    {proto::kPathVaultCreate, decoded<proto::VaultCreate, create>},
    {proto::kPathVaultPut, decoded<proto::VaultPut, put>},
    {proto::kPathVaultGet, decoded<proto::VaultGet, get>},
    {proto::kPathVaultList, decoded<proto::VaultList, list>},
    {proto::kPathVaultPrune, decoded<proto::VaultPrune, prune>},
    {proto::kPathVaultDelete, decoded<proto::VaultDelete, remove>},
    {proto::kPathKeyBoxPut, decoded<proto::KeyBoxPut, put_key_box>},
    {proto::kPathKeyBoxGet, decoded<proto::KeyBoxGet, get_key_box>},
    {proto::kPathKeyBoxDelete, decoded<proto::KeyBoxDelete, delete_key_box>},
};

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("/-._~").find(c) != std::string_view::npos;
}

/// The folder's path, decoded; absolute, without empty segments and without "." and "..".
Result<std::string> folder_of(std::string_view url) {
  constexpr const char* kNoFolder = "This is not the address of a folder; write file:// and an absolute path.";
  std::string path;
  for (std::size_t i = 0; i < url.size(); ++i) {
    if (is_plain(url[i])) {
      path += url[i];
      continue;
    }
    const auto byte = url[i] == '%' ? from_hex(url.substr(i + 1, 2)) : Result<Bytes>(Bytes{});
    REQUIRE(byte && byte->size() == 1 && byte->front() != 0, ErrorCode::malformed, kNoFolder);
    path += static_cast<char>(byte->front());
    i += 2;
  }
  REQUIRE(path.size() > 1 && path.front() == '/', ErrorCode::malformed, kNoFolder);
  for (std::size_t start = 1; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view segment = std::string_view(path).substr(start, end - start);
    REQUIRE(!segment.empty() && segment != "." && segment != "..", ErrorCode::malformed, kNoFolder);
    start = end + 1;
  }
  return path;
}

Result<Bytes> dispatch(const proto::Call& call, const FolderOptions& options) {
  const std::string_view url = call.url;
  REQUIRE(url.starts_with(kScheme), ErrorCode::malformed, "This is not the address of a folder.");
  for (const Route& route : kRoutes) {
    if (!url.ends_with(route.path) || call.method != proto::Method::post) continue;
    const std::string_view folder = url.substr(kScheme.size(), url.size() - kScheme.size() - route.path.size());
    const Turn turn {
      TRY(folder_of(folder))
      , options
    };
    struct stat found = {};
    REQUIRE(::stat(turn.folder.c_str(), &found) == 0 && S_ISDIR(found.st_mode), ErrorCode::unavailable,
            "The folder is not there; plug its disk in, or name another one.");
    return route.handler(turn, call.body);
  }
  return fail(ErrorCode::not_found, "A folder has nothing at this address; update the program.");
}

}  // namespace

std::string url_of(std::string_view folder) {
  std::string out(kScheme);
  for (const char c : folder) {
    const auto byte = static_cast<std::uint8_t>(c);
    out += is_plain(c) ? std::string(1, c) : "%" + to_hex({&byte, 1});
  }
  return out;
}

proto::CallReply FolderStorage::answer(const proto::Call& call) const {
  auto result = dispatch(call, options_);
  if (result) return {200, std::move(*result), std::nullopt};
  const std::string where = result.error().where;
  const proto::ErrorAnswer error{result.error().code,
                                 where.ends_with('.') ? where : "The folder cannot be used: " + where + "."};
  return {proto::status_of(error.code), wire::encode(error), std::nullopt};
}

}  // namespace cairn::folder
