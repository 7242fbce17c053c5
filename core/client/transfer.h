// A file on its way: out of a file of this machine to the server, or back (docs/spec/client.md s.14).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/client/attachment.h"
#include "core/client/conversation.h"
#include "core/proto/files.h"

namespace cairn::client {

using TransferId = FixedBytes<struct TransferIdTag, 16>;

/// tables::kTransfers. Move-only, for it has keys; they are wiped when it is over.
struct Transfer {
  enum class Kind : std::uint8_t { send = 1, save = 2 };
  enum class State : std::uint8_t { running = 1, done = 2, failed = 3, cancelled = 4 };

  TransferId id;  ///< the row's key
  Kind kind = Kind::send;
  State state = State::running;
  ChannelId home;
  std::uint64_t message = kNoMessage;  ///< its index: of one that is saved, or was sent
  std::string path;                    ///< absolute: of the file that is read, or is to stand there
  std::string text;                    ///< that goes with what is sent
  Attachment file;                     ///< of what is sent: as far as it is known
  std::uint64_t began_ms = 0;
  std::uint64_t ended_ms = 0;
  ErrorCode code = ErrorCode::internal;  ///< why it failed
  std::string sentence;                  ///< likewise, for a person

  // of what is sent
  std::optional<proto::FileStamp> stamp;     ///< of the file, when it was first looked at
  std::optional<crypto::Ed25519Seed> owner;  ///< of the blob

  // of what is saved
  proto::FileId part;         ///< under which it gathers
  bool is_exact = false;      ///< it stands at `path` or nowhere; else at a further name when that is taken
  bool is_finishing = false;  ///< it was whole, and was to be put at `path`

  bool is_over() const { return state != State::running; }
  Transfer clone() const;

  void write(wire::Writer&) const;
  static Result<Transfer> read(wire::Reader&);
};

std::optional<Transfer> load_transfer(const StoreView& store, const TransferId& id);
/// All of them; those that began first come first.
std::vector<Transfer> load_transfers(const StoreView& store);
void save_transfer(Context& context, const Transfer& transfer);
void erase_transfer(Context& context, const TransferId& id);

/// What was sealed of part `number` of a file that is sent, before it first left this device: so that no nonce is ever
/// used for two plaintexts, whatever becomes of the file meanwhile.
std::optional<Hash> part_digest(const StoreView& store, const TransferId& id, std::uint64_t number);
void save_part_digest(Context& context, const TransferId& id, std::uint64_t number, const Hash& digest);
void erase_part_digests(Context& context, const TransferId& id);

}  // namespace cairn::client
