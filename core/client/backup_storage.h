// The storage of a backup, as its client speaks to it: a domain's server or a folder (docs/spec/relay.md s.5).
#pragma once

#include <deque>
#include <memory>
#include <span>

#include "core/client/calls.h"
#include "core/client/session.h"
#include "core/proto/storage.h"
#include "core/vault/keys.h"

namespace cairn::client {

/// Whether a storage's URL is that of a folder.
inline bool is_folder(std::string_view url) { return url.starts_with("file://"); }

/// One job's conversation with a storage. What is not answered is asked again for a while; what is refused is told with
/// the storage's sentence in refusal(). Held by shared_ptr: answers that are under way keep it.
class BackupStorage : public std::enable_shared_from_this<BackupStorage> {
 public:
  using Then = std::function<void(Context&, Result<Bytes>)>;

  /// `base` is the own domain's server's URL or file:///...; both rooms outlive this.
  BackupStorage(Calls& calls, Session& session, std::string base);

  bool is_folder() const { return is_folder_; }

  void ask(Context& context, std::string_view path, Bytes body, Then then);

  /// From here on objects are those of this vault.
  void open_vault(const vault::VaultId& id, crypto::SigningKey write_key);
  /// Makes the vault if it is not there.
  void create_vault(Context& context, Then then);
  /// `then` gets nothing but success, when the object is whole and durable. A storage that loses what it was given,
  /// over and over, is given up: `malformed`.
  void put(Context& context, const vault::ObjectId& id, Bytes object, Then then);
  /// The whole object, if it has at most so many bytes; a larger one is none: `not_found`.
  void get(Context& context, const vault::ObjectId& id, std::size_t most, Then then);
  using ThenList = std::function<void(Context&, Result<std::vector<proto::VaultItem>>)>;
  void list(Context& context, ThenList then);
  /// Deletes these objects, at most kMaxVaultPrune.
  void prune(Context& context, std::span<const vault::ObjectId> ids, Then then);
  void delete_vault(Context& context, Then then);

  /// What the storage said of the last refusal, a sentence; else what there is to say of its silence.
  const std::string& refusal() const { return refusal_; }
  std::uint64_t bytes_moved() const { return bytes_moved_; }
  /// How many bytes may still be put there, as it last said; 0 before it was asked.
  std::uint64_t left() const { return left_; }

  /// From here on nothing is sent, and no answer is told to anybody.
  void stop();
  /// Asks again what is due.
  void step(Context& context);
  Time next_deadline() const { return waiting_.empty() ? Time::never() : waiting_.front().at; }

 private:
  struct Request {
    std::string_view path;
    Bytes body;
    Then then;
    unsigned tries = 0;
    Time sent = {};  ///< when it was asked the last time
  };
  struct Waiting {
    Time at;
    std::shared_ptr<Request> request;
  };
  struct Upload;
  struct Download;
  struct Listing;

  void send(Context& context, const std::shared_ptr<Request>& request);
  void answered(Context& context, const std::shared_ptr<Request>& request, const Answer& answer);
  void put_from(Context& context, const std::shared_ptr<Upload>& upload, std::uint64_t offset);
  void get_from(Context& context, const std::shared_ptr<Download>& download);
  /// `malformed`, with the sentence for whoever waits.
  tl::unexpected<Error> broken(const char* where, const char* sentence);
  void list_from(Context& context, const std::shared_ptr<Listing>& listing, std::optional<proto::ObjectId> after);

  Calls& calls_;
  Session& session_;
  std::string base_;
  bool is_folder_;
  proto::VaultId vault_;
  std::optional<crypto::SigningKey> write_key_;
  std::deque<Waiting> waiting_;
  std::string refusal_;
  std::uint64_t bytes_moved_ = 0;
  std::uint64_t left_ = 0;
  std::uint64_t lost_ms_ = 0;  ///< in waiting for what did not come
  bool stopped_ = false;
};

}  // namespace cairn::client
