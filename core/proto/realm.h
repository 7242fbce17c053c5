// What is said to a realm, and to a domain for it (docs/spec/realm.md, which governs). The data itself stands in
// core/base/realm.h; here it gets its encoding. Every read() is strict and bounded by the limits below.
#pragma once

#include <string>
#include <vector>

#include "core/base/realm.h"
#include "core/proto/limits.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::proto {

inline constexpr std::string_view kPathPinRegister = "/realm/pin/register";
inline constexpr std::string_view kPathPinVersion = "/realm/pin/version";
inline constexpr std::string_view kPathPinEvaluate = "/realm/pin/evaluate";
inline constexpr std::string_view kPathPinRelease = "/realm/pin/release";
inline constexpr std::string_view kPathPinOwner = "/realm/pin/owner";
inline constexpr std::string_view kPathTokenStore = "/realm/token/store";
inline constexpr std::string_view kPathTokenRequest = "/realm/token/request";
inline constexpr std::string_view kPathTokenNote = "/realm/token/note";
inline constexpr std::string_view kPathRealmHead = "/realm/head";  ///< also followed by a slash and 64 hex digits

// At the domain.
inline constexpr std::string_view kPathRealmTokens = "/v1/realm/tokens";
inline constexpr std::string_view kPathRealmVkey = "/v1/realm/vkey";

constexpr std::size_t kMaxAccountToken = 512;                        ///< bytes of one
constexpr std::uint8_t kMaxGuesses = 10;                             ///< until a share is locked
constexpr std::size_t kMaxGuessLog = 100;                            ///< entries that are kept and told
constexpr std::uint64_t kAccountTokenLifeMs = 10ull * 60 * 1000;     ///< as a domain gives them
constexpr std::uint64_t kMaxAccountTokenLifeMs = 60ull * 60 * 1000;  ///< as a realm takes them
constexpr std::size_t kMaxTokenNote = 256;                           ///< bytes that lie beside a share
/// Shares that one registration may keep at a realm. A domain gives tokens for no more of them within a day.
constexpr std::uint32_t kMaxSharesOfOne = 64;
constexpr std::uint64_t kMaxRealmLog = std::uint64_t{1} << 48;     ///< entries of a realm's log are fewer
constexpr std::uint64_t kErasureDelayMs = 72ull * 60 * 60 * 1000;  ///< of a deletion that a device asks for

/// Whose registration.
struct RealmWho {
  std::string domain;
  RegistrationId registration;

  void write(wire::Writer&) const;
  static Result<RealmWho> read(wire::Reader&);
};

enum class TokenPurpose : std::uint8_t { register_pin = 1, guess = 2, store_token = 3 };

/// A domain's word to one realm about one registration; good once.
struct AccountToken {
  std::string domain;
  RealmId realm;
  RegistrationId registration;
  TokenPurpose purpose = TokenPurpose::guess;
  std::uint64_t expires_ms = 0;
  Nonce16 nonce;
  Signature signature;  ///< by the domain's key for tokens, label "account token", over content()

  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<AccountToken> read(wire::Reader&);
};

/// POST /v1/realm/tokens. Without a login only to guess, by the domain's rule of sign-up.
struct RealmTokensRequest {
  std::string name;
  std::uint8_t number = 0;
  TokenPurpose purpose = TokenPurpose::guess;
  std::vector<RealmId> realms;  ///< at least one, all different
  std::string invitation;

  void write(wire::Writer&) const;
  static Result<RealmTokensRequest> read(wire::Reader&);
};
struct RealmTokensAnswer {
  struct Item {
    Bytes token;  ///< AccountToken
    void write(wire::Writer& w) const { w.opaque(token); }
    static Result<Item> read(wire::Reader& r) {
      return Item { TRY(r.opaque_bytes(kMaxAccountToken)) };
    }
  };
  RegistrationId registration;
  std::vector<Item> tokens;  ///< in the order of the realms

  void write(wire::Writer&) const;
  static Result<RealmTokensAnswer> read(wire::Reader&);
};

// ---- the PIN ----

struct PinRegisterRequest {
  RealmWho who;
  Bytes token;                        ///< AccountToken; empty when a registration is replaced
  std::optional<Signature> replaces;  ///< by the old auth key, label "pin replace"
  PinShare share;

  void write(wire::Writer&) const;
  static Result<PinRegisterRequest> read(wire::Reader&);
};

struct PinVersionAnswer {
  PinVersion version;
  std::uint8_t guesses_left = 0;

  void write(wire::Writer&) const;
  static Result<PinVersionAnswer> read(wire::Reader&);
};

struct PinEvaluateRequest {
  Bytes token;
  PinVersion version;
  EncodedElement element;

  void write(wire::Writer&) const;
  static Result<PinEvaluateRequest> read(wire::Reader&);
};
struct PinEvaluateAnswer {
  PinEvaluation value;

  void write(wire::Writer&) const;
  static Result<PinEvaluateAnswer> read(wire::Reader&);
};

struct PinReleaseRequest {
  RealmWho who;
  PinVersion version;
  PinTag tag;

  void write(wire::Writer&) const;
  static Result<PinReleaseRequest> read(wire::Reader&);
};
struct PinReleaseAnswer {
  PinRelease value;

  void write(wire::Writer&) const;
  static Result<PinReleaseAnswer> read(wire::Reader&);
};

struct PinOwnerRequest {
  RealmWho who;
  PinVersion version;
  PinOwnerAction action = PinOwnerAction::log;
  std::uint64_t sequence = 0;
  Signature signature;

  void write(wire::Writer&) const;
  static Result<PinOwnerRequest> read(wire::Reader&);
};

enum class GuessKind : std::uint8_t { registered = 1, guess, right_tag, unlocked, deleted };
struct GuessEntry {
  std::uint64_t number = 0;
  std::uint64_t time_ms = 0;
  GuessKind kind = GuessKind::guess;
  std::uint8_t counter = 0;  ///< after it

  void write(wire::Writer&) const;
  static Result<GuessEntry> read(wire::Reader&);
  friend bool operator==(const GuessEntry&, const GuessEntry&) = default;
};
struct PinOwnerAnswer {
  std::uint64_t sequence = 0;
  std::uint8_t counter = 0;
  std::vector<GuessEntry> log;  ///< the newest, ascending

  void write(wire::Writer&) const;
  static Result<PinOwnerAnswer> read(wire::Reader&);
};

// ---- shares of tokens ----

struct TokenStoreRequest {
  Bytes token;
  TokenRecordId record;
  PublicKey release_key;
  std::optional<PublicKey> erase_key;
  TokenShare share;

  void write(wire::Writer&) const;
  static Result<TokenStoreRequest> read(wire::Reader&);
};

struct TokenRequest {
  TokenRecordId record;
  TokenAction action = TokenAction::status;
  TokenKeyKind by = TokenKeyKind::release;
  std::uint64_t change = 0;
  Signature signature;

  void write(wire::Writer&) const;
  static Result<TokenRequest> read(wire::Reader&);
};
struct TokenAnswer {
  TokenState value;

  void write(wire::Writer&) const;
  static Result<TokenAnswer> read(wire::Reader&);
};

/// What whoever has the release key keeps beside a share, and only they can read. An empty one asks for what is there.
struct TokenNoteRequest {
  TokenRecordId record;
  Bytes note;           ///< at most kMaxTokenNote
  Signature signature;  ///< by the release key, label "token note", over token_note_content()

  void write(wire::Writer&) const;
  static Result<TokenNoteRequest> read(wire::Reader&);
};
struct TokenNoteAnswer {
  Bytes note;  ///< that lies there now; empty: none

  void write(wire::Writer& w) const { w.opaque(note); }
  static Result<TokenNoteAnswer> read(wire::Reader& r) {
    return TokenNoteAnswer { TRY(r.opaque_bytes(kMaxTokenNote)) };
  }
};

/// Its own encoding, in rows too.
void write(wire::Writer& w, const ErasureReceipt& receipt);
Result<ErasureReceipt> read_receipt(wire::Reader& r);

// ---- between realms ----

/// What a realm tells a peer of its log, and what the peer is to give up for it.
struct RealmHead {
  RealmId realm;
  std::uint64_t size = 0;  ///< below kMaxRealmLog
  Hash head;
  std::uint64_t known_size = 0;  ///< of what that peer holds, below `size`; 0 for nothing
  Hash known_head;
  Signature signature;  ///< by the realm, label "realm head", over content()

  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<RealmHead> read(wire::Reader&);
};

}  // namespace cairn::proto
