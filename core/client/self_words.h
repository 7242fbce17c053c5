// What the devices of one name say to each other in the conversation that is theirs alone: settings that they share,
// and how a new one comes to the history (docs/spec/client.md s.16).
#pragma once

#include <compare>
#include <variant>

#include "core/client/content.h"
#include "core/client/domain_words.h"
#include "core/client/pin_to_watch.h"
#include "core/client/room.h"
#include "core/client/settings.h"
#include "core/client/snapshots_told.h"
#include "core/proto/blobs.h"

namespace cairn::client {

/// Who set something, and when by its clock: the greater one counts, the time first.
struct Stamp {
  std::uint64_t time_ms = 0;
  DeviceId device;

  void write(wire::Writer&) const;
  static Result<Stamp> read(wire::Reader&);
  friend bool operator==(const Stamp&, const Stamp&) = default;
  friend bool operator<(const Stamp& a, const Stamp& b) {
    return a.time_ms != b.time_ms ? a.time_ms < b.time_ms : a.device < b.device;
  }
};

/// One setting: of a name or of a room, as its field says. `value` is one byte 0 or 1, but of a petname and a draft a
/// text (UTF-8, of at most kMaxPetnameSize and kMaxDraftSize bytes), and of `read` and `deleted` a MessageId. Behind
/// the 1 of `accepted` may stand a name.
struct SharedRecord {
  SharedField field = SharedField::muted;
  Stamp stamp;
  std::string name;
  Room room;
  Bytes value;

  bool is_on() const { return !value.empty() && value.front() == 1; }
  /// Of a request to a group that was accepted: the name that had brought it, where that is known; else empty.
  std::string brought_by() const;

  void write(wire::Writer&) const;
  static Result<SharedRecord> read(wire::Reader&);
  friend bool operator==(const SharedRecord&, const SharedRecord&) = default;
};

constexpr std::size_t kMaxSharedRecords = 256;  ///< of one word, or piece of a history

struct SharedRecords {
  static constexpr std::uint8_t kTag = 1;
  std::vector<SharedRecord> records;

  void write(wire::Writer&) const;
  static Result<SharedRecords> read(wire::Reader&);
};

/// A new device to the one that let it in: give me what there is, sealed to this X-Wing key.
struct HistoryWanted {
  static constexpr std::uint8_t kTag = 2;
  DeviceId of;           ///< who let it in
  bool messages = true;  ///< false: settings alone
  Bytes public_key;      ///< 1,216 bytes

  void write(wire::Writer&) const;
  static Result<HistoryWanted> read(wire::Reader&);
};

/// A piece lies at the server of the own domain. Its key is sealed with HPKE (RFC 9180) to who wanted it.
struct HistoryOffer {
  static constexpr std::uint8_t kTag = 3;
  static constexpr std::size_t kKemOutputSize = 1120;
  static constexpr std::size_t kSealedKeySize = 48;
  DeviceId to;
  std::uint32_t number = 0;  ///< of the piece, from 0
  proto::BlobRef blob;       ///< of at most proto::kBlobPart bytes
  crypto::StreamNonce nonce;
  FixedBytes<struct HistoryKemTag, kKemOutputSize> kem_output;
  FixedBytes<struct HistorySealedTag, kSealedKeySize> sealed_key;
  std::uint64_t given = 0;  ///< messages in this piece and all before it
  std::uint64_t total = 0;  ///< that there are to give, as far as that is known

  void write(wire::Writer&) const;
  static Result<HistoryOffer> read(wire::Reader&);
};

/// The answer to an offer.
struct HistoryTold {
  static constexpr std::uint8_t kTag = 4;
  enum class Verdict : std::uint8_t {
    taken = 1,
    again = 2,    ///< what lies there is missing or another one: it is asked for once more
    given_up = 3  ///< likewise, too often
  };
  DeviceId of;  ///< who made the offer
  std::uint32_t number = 0;
  Verdict verdict = Verdict::taken;

  void write(wire::Writer&) const;
  static Result<HistoryTold> read(wire::Reader&);
};

/// That was all.
struct HistoryEnd {
  static constexpr std::uint8_t kTag = 5;
  static constexpr std::uint64_t kNothing = ~std::uint64_t{0};  ///< for `given`: there is nothing to give, any more
  DeviceId to;
  std::uint64_t given = 0;

  void write(wire::Writer&) const;
  static Result<HistoryEnd> read(wire::Reader&);
};

using SelfWords = std::variant<SharedRecords, HistoryWanted, HistoryOffer, HistoryTold, HistoryEnd, PinToWatch,
                               DomainWord, DomainsWanted, SnapshotsTold>;

/// The body of a SelfWord: uint8 tag, then the struct. At most SelfWord::kMaxBody bytes (CHECKed).
SelfWord encode_self_words(const SelfWords& words);
/// Strict: one encoding. `unsupported` for a tag that this version does not know.
Result<SelfWords> decode_self_words(const SelfWord& word);

}  // namespace cairn::client
