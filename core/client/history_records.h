// What a piece of a history holds, and how it is sealed (docs/spec/client.md s.16). Messages and conversations are
// written as backups write them (backup_records.h).
#pragma once

#include "core/client/backup_records.h"
#include "core/client/said_about.h"
#include "core/client/self_words.h"

namespace cairn::client {

constexpr std::size_t kMaxHistoryPiece = 768 * 1024;  ///< bytes of a piece before it is padded and sealed
constexpr std::size_t kMaxPieceMessages = 512;        ///< of one piece
constexpr std::size_t kMaxPieceRuns = 64;             ///< likewise
constexpr std::size_t kMaxGivenNames = 64;            ///< of a conversation: of more, some

/// A message, with all that was said about it.
struct HistoryMessage : SaidAbout {
  BackedUpMessage row;

  void write(wire::Writer&) const;
  /// Strict; of what people said alone: `malformed` for a notice, for what waits, and for a message without an id.
  static Result<HistoryMessage> read(wire::Reader&);
};

/// Where the giver shows that messages may be missing (kGapWords).
struct HistoryGap {
  std::uint64_t index = 0;
  std::uint64_t time_ms = 0;
};

/// Messages of one conversation, from the newer to the older.
struct HistoryRun {
  Room room;
  bool is_over = false;           ///< it can only be read
  std::optional<HistoryGap> gap;  ///< the newest of those beside these messages
  BackedUpConversation about;
  std::uint64_t read_to = 0;  ///< of the giver's indexes, which the messages have
  std::vector<HistoryMessage> messages;

  void write(wire::Writer&) const;
  static Result<HistoryRun> read(wire::Reader&);
};

struct HistoryPiece {
  std::vector<SharedRecord> records;
  std::vector<HistoryRun> runs;

  void write(wire::Writer&) const;
  static Result<HistoryPiece> read(wire::Reader&);
};

/// Whether a message is given at all: what somebody said, and what will not be gone soon.
bool is_given(const Message& message, Time now);
/// The notice that messages may be missing, in whatever words.
bool is_gap(const Message& message);
/// The message in this row; nothing where there is none that is given.
std::optional<HistoryMessage> history_message(const StoreView& store, const ChannelId& home, std::uint64_t index,
                                              const Message& message, Time now);

/// The piece, padded and sealed: what lies at the server.
Bytes seal_piece(const HistoryPiece& piece, const crypto::StreamKey& key, const crypto::StreamNonce& nonce);
/// `crypto_failed` for what was not sealed so, `malformed` for what is no piece in its one encoding.
Result<HistoryPiece> open_piece(ByteView sealed, const crypto::StreamKey& key, const crypto::StreamNonce& nonce);

/// Of the piece with this number, from one device to another.
struct HistoryWay {
  DeviceId from;
  DeviceId to;
  std::uint32_t number = 0;
};
/// Puts kem_output and sealed_key into the offer. `crypto_failed` for a public key that is none.
Status seal_piece_key(HistoryOffer& offer, const crypto::StreamKey& key, const HistoryWay& way, ByteView public_key,
                      Entropy& entropy);
/// `crypto_failed` if it is not sealed to this key, for this way.
Result<crypto::StreamKey> open_piece_key(const HistoryOffer& offer, const HistoryWay& way,
                                         const crypto::KemPrivateKey& key);
/// For HistoryWanted.
crypto::KemKeyPair make_history_key(Entropy& entropy);

}  // namespace cairn::client
