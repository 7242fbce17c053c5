// What whoever runs the server can do with its store: read every row, and change them while the server stands still.
#pragma once

#include <memory>
#include <set>

#include "apps/lab/cairn/world.h"
#include "core/crypto/signature.h"
#include "core/directory/closing.h"
#include "core/mls/key_package.h"
#include "core/relay/tables.h"
#include "shell/store/sqlite/sqlite_store.h"

namespace cairn::lab {

/// Stops the server while it lives, and starts it again at its end.
class Operator {
 public:
  explicit Operator(World& world);
  ~Operator();
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  struct Body {
    std::uint64_t number = 0;
    relay::BodyRow row;
  };
  /// Every envelope that is stored, oldest first.
  std::vector<Body> bodies() const;
  /// The newest messages among them, so many, oldest first: earlier ones may wait for devices that are gone.
  std::vector<Body> messages(std::size_t newest) const;
  void replace(const Body& body);
  /// A new envelope in the mailbox of a device, behind all others.
  void deliver(const DeviceId& device, relay::BodyRow row);
  /// A file on its way, whole: sealed by who sent it, whom the server charges for it.
  struct Blob {
    Bytes id;
    std::string owner;
    Bytes bytes;
  };
  std::vector<Blob> blobs() const;
  /// How many bytes a name's backup has here.
  std::size_t backup_bytes(const std::string& owner) const;
  /// The ids of all key boxes: whose they are is not stored.
  std::set<Bytes> key_boxes() const;
  /// Lays a name's key box, the one of `boxes`, and its vault's objects in the places of another name's, which has the
  /// only other box and loses its own. How many key boxes and objects it laid.
  std::size_t lay_backup(const std::string& from, const std::set<Bytes>& boxes, const std::string& to);

  /// The first device of a name, as the server knows it.
  DeviceId device_of(const std::string& name) const;
  std::vector<mls::KeyPackage> key_packages() const;
  /// A reset that the directory has, and what its auditors are asked about it.
  struct Reset {
    std::string name;
    directory::CloseRequest asked;
  };
  std::vector<Reset> resets() const;
  /// With which the server makes the account tokens that realms ask of who guesses.
  crypto::SigningKey realm_token_key() const;
  /// With which the server signs the directory's log.
  crypto::SigningKey log_key() const;
  std::vector<Row> rows(Table table) const;
  std::size_t count(Table table) const { return rows(table).size(); }

 private:
  /// `where`: the sentence when there is none.
  crypto::SigningKey key_in(std::string_view row, const char* where) const;

  World& world_;
  std::unique_ptr<store::SqliteStore> store_;
};

/// How many bytes lie in the files below a folder, and which of these words occur in them as they are (texts: in
/// UTF-8), as UTF-16, in hex or in base64. A word may be bytes.
struct Searched {
  std::size_t bytes = 0;
  std::vector<std::string> found;
};
Searched search_files(const std::string& folder, const std::vector<std::string>& words);

/// A program's rows; `application_id` is that of its SQLite files.
std::unique_ptr<store::SqliteStore> open_store(const std::string& path, std::uint32_t application_id);
/// A device's rows, opened as its thief opens them: with the key that lies beside.
std::unique_ptr<store::Store> open_stolen(const std::string& device_folder, Entropy& entropy);

}  // namespace cairn::lab
