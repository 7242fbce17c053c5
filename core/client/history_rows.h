// What is kept of a history on its way, at either end (docs/spec/client.md s.16).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/client/context.h"
#include "core/client/self_words.h"
#include "core/crypto/kem.h"
#include "core/crypto/signature.h"

namespace cairn::client {

/// Whether a new device gets what was said before it was there.
enum class HistoryChoice : std::uint8_t { everything, settings_alone };

/// A blob that this device puts, and by what it is deleted.
struct OwnBlob {
  proto::BlobId blob;
  crypto::Ed25519Seed owner;

  void write(wire::Writer&) const;
  static Result<OwnBlob> read(wire::Reader&);
};

/// How far the settings were given: names first, then conversations.
struct SettingsCursor {
  enum class Phase : std::uint8_t { names = 1, conversations = 2, over = 3 };
  Phase phase = Phase::names;
  Bytes after;  ///< key of the last row

  void write(wire::Writer&) const;
  static Result<SettingsCursor> read(wire::Reader&);
  friend bool operator==(const SettingsCursor&, const SettingsCursor&) = default;
  friend bool operator<(const SettingsCursor& a, const SettingsCursor& b) {
    return a.phase != b.phase ? a.phase < b.phase : less(a.after, b.after);
  }
};

/// tables::kHistoryGiven. Move-only, for it may have a blob's key.
struct HistoryGive {
  enum class Stage : std::uint8_t {
    awaited = 1,   ///< this device let the other one in, which has not asked yet
    counting = 2,  ///< it has asked
    giving = 3
  };
  DeviceId to;  ///< the row's key
  Stage stage = Stage::awaited;
  HistoryChoice choice = HistoryChoice::everything;
  std::uint64_t since_ms = 0;
  Bytes public_key;  ///< of who asked; empty before
  std::uint32_t next_piece = 0;
  std::uint64_t given = 0;
  std::uint64_t total = 0;  ///< messages, when they were counted
  SettingsCursor settings;
  std::optional<OwnBlob> putting;  ///< a piece that may be at the server, and was not said

  void write(wire::Writer&) const;
  static Result<HistoryGive> read(wire::Reader&);
};

/// tables::kHistoryPlaces: of one conversation. Messages with low <= index < next are still to be given, from the newer
/// to the older; those from `high` on are not looked at yet.
struct HistoryPlace {
  std::uint64_t low = 0;
  std::uint64_t next = 0;
  std::uint64_t high = 0;
  std::uint64_t joined_ms = 0;  ///< when the new device was first seen in it; 0: not yet
  bool is_last = false;         ///< whatever comes from here on the new device reads itself

  bool is_done() const { return is_last && next == low; }

  void write(wire::Writer&) const;
  static Result<HistoryPlace> read(wire::Reader&);
};

/// tables::kHistoryPieces and kHistoryAgain: what is in a piece, so that it can be made once more.
struct GivenPiece {
  struct Range {
    ChannelId home;
    std::uint64_t from = 0;
    std::uint64_t to = 0;  ///< behind the last index

    void write(wire::Writer&) const;
    static Result<Range> read(wire::Reader&);
  };
  static constexpr std::size_t kMaxRanges = 64;
  OwnBlob blob;
  std::optional<SettingsCursor> settings;  ///< where its settings begin, if it has any
  std::vector<Range> ranges;

  void write(wire::Writer&) const;
  static Result<GivenPiece> read(wire::Reader&);
};

/// tables::kHistoryTaken. Move-only, for it has the key.
struct HistoryTake {
  enum class Stage : std::uint8_t {
    awaited = 1,  ///< let in, and not yet in the conversation of the own devices with `from`
    asked = 2,
    over = 3
  };
  Stage stage = Stage::awaited;
  DeviceId from;  ///< who let this device in
  HistoryChoice choice = HistoryChoice::everything;
  std::optional<crypto::KemPrivateKey> key;
  std::uint64_t taken = 0;
  std::uint64_t total = 0;
  std::uint32_t asked_again = 0;
  std::uint64_t ended_ms = 0;
  std::string trouble;  ///< one sentence: what could not be had

  void write(wire::Writer&) const;
  static Result<HistoryTake> read(wire::Reader&);
};

/// tables::kHistoryHeard, while a history is asked for.
struct HistoryHeard {
  std::uint64_t due_ms = 0;    ///< when it is asked for again: something may have been lost
  std::uint64_t asked_ms = 0;  ///< the last time
  std::uint32_t times = 0;     ///< that it was asked for again since anything was heard of it

  void write(wire::Writer&) const;
  static Result<HistoryHeard> read(wire::Reader&);
};

/// By whom this device was let in, and whether it wants what was said before: before its name has it.
void expect_history(Context& context, const DeviceId& from, HistoryChoice choice);
/// It came to nothing.
void forget_expected_history(Context& context);
/// This device signed the addition of that one.
void grant_history(Context& context, const DeviceId& to, HistoryChoice choice);

std::optional<HistoryTake> load_take(const StoreView& store);
void save_take(Context& context, const HistoryTake& take);
std::vector<HistoryGive> load_gives(const StoreView& store);
std::optional<HistoryGive> load_give(const StoreView& store, const DeviceId& to);
void save_give(Context& context, const HistoryGive& give);

/// `to || uint32 number`.
Bytes piece_row_key(const DeviceId& to, std::uint32_t number);
std::optional<GivenPiece> load_piece(const StoreView& store, Table table, ByteView key);
void save_piece(Context& context, Table table, const Bytes& key, const GivenPiece& piece);

/// The indexes of messages that come to a device from when it was let in begin behind all that any device of its name
/// had before: what it gets of the history keeps the giver's, and stands before. 0 on a name's first device.
std::uint64_t first_own_index(const StoreView& store);
/// `sequence` of the statement that added this device.
void set_first_own_index(Context& context, std::uint32_t sequence);

}  // namespace cairn::client
