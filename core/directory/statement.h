// Statements: signed changes to a name (docs/spec/directory.md s.2).
#pragma once

#include <optional>
#include <variant>

#include "core/directory/device.h"
#include "core/directory/name.h"
#include "core/directory/recovery.h"

namespace cairn::directory {

constexpr std::uint8_t kStatementVersion = 1;
constexpr std::size_t kMaxStatementBytes = 16 * 1024;

enum class StatementType : std::uint8_t {
  genesis = 1,
  add_device = 2,
  remove_device = 3,
  replace_recovery = 4,
  request_reset = 5,
  veto_reset = 6,
  complete_reset = 7,
  set_reset_delay = 8
};

enum class SignerKind : std::uint8_t { device = 1, recovery = 2, new_device = 3 };

struct Genesis {
  Device device;
  Hash recovery_commitment;
  std::uint32_t reset_delay_s = 0;
  friend bool operator==(const Genesis&, const Genesis&) = default;
};
struct AddDevice {
  Device device;
  friend bool operator==(const AddDevice&, const AddDevice&) = default;
};
struct RemoveDevice {
  DeviceId device;
  friend bool operator==(const RemoveDevice&, const RemoveDevice&) = default;
};
/// next_recovery decides.
struct ReplaceRecovery {
  friend bool operator==(const ReplaceRecovery&, const ReplaceRecovery&) = default;
};
struct RequestReset {
  Device device;
  Hash recovery_commitment;
  std::uint32_t reset_delay_s = 0;
  friend bool operator==(const RequestReset&, const RequestReset&) = default;
};
struct VetoReset {
  friend bool operator==(const VetoReset&, const VetoReset&) = default;
};
struct CompleteReset {
  std::uint32_t request_sequence = 0;
  friend bool operator==(const CompleteReset&, const CompleteReset&) = default;
};
struct SetResetDelay {
  std::uint32_t reset_delay_s = 0;
  friend bool operator==(const SetResetDelay&, const SetResetDelay&) = default;
};

/// In the order of StatementType.
using StatementBody = std::variant<Genesis, AddDevice, RemoveDevice, ReplaceRecovery, RequestReset, VetoReset,
                                   CompleteReset, SetResetDelay>;

struct StatementContent {
  Name name;
  std::uint32_t sequence = 0;         ///< statements before this one
  Hash previous;                      ///< head so far; zeros in a genesis
  std::uint64_t time_ms = 0;          ///< the author's claim, nobody's truth
  Nonce16 nonce;                      ///< random; hides the content behind its commitment
  std::optional<Hash> next_recovery;  ///< present iff a recovery key signs
  StatementBody body;

  StatementType type() const { return static_cast<StatementType>(body.index() + 1); }

  /// With the version in front.
  void write(wire::Writer& writer) const;
  static Result<StatementContent> read(wire::Reader& reader);
  friend bool operator==(const StatementContent&, const StatementContent&) = default;
};

struct StatementSignature {
  SignerKind kind = SignerKind::device;
  PublicKey key;
  std::optional<Hash> kem_hash;  ///< present iff kind is recovery
  Signature signature;

  void write(wire::Writer& writer) const;
  static Result<StatementSignature> read(wire::Reader& reader);
  friend bool operator==(const StatementSignature&, const StatementSignature&) = default;
};

struct Statement {
  StatementContent content;
  std::vector<StatementSignature> signatures;

  /// Whether the signers' kinds are those of the type, in order, and next_recovery is there iff a recovery key
  /// signs: what can be said without a chain. `malformed` otherwise. read() has seen to it.
  Status check_form() const;
  /// Every signature over content, kind, key and kem_hash; `invalid_signature` otherwise.
  Status verify_signatures() const;
  /// H(0x04 || Statement).
  Hash commitment() const;

  void write(wire::Writer& writer) const;
  static Result<Statement> read(wire::Reader& reader);
  /// The whole of `bytes`; `over_limit` beyond kMaxStatementBytes.
  static Result<Statement> decode(ByteView bytes);
  friend bool operator==(const Statement&, const Statement&) = default;
};

/// head' = H(0x05 || head || commitment).
Hash extend_head(const Hash& head, const Hash& commitment);

/// One signature each, over `content` as it is now.
StatementSignature sign_as_device(const StatementContent& content, const crypto::SigningKey& key);
StatementSignature sign_as_new_device(const StatementContent& content, const crypto::SigningKey& key);
StatementSignature sign_as_recovery(const StatementContent& content, const RecoveryKey& key);

}  // namespace cairn::directory
