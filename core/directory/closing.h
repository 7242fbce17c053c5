// Before a reset is completed its log asks each auditor to close the veto mailbox of the request: to say that it holds
// no veto, and will take none any more (docs/spec/directory.md s.5).
#pragma once

#include <variant>

#include "core/directory/notice.h"

namespace cairn::directory {

/// Room for either body below.
constexpr std::size_t kMaxCloseBytes = 8 * 1024;

/// The body of POST <auditor>/close. Whoever asks: what is answered depends on the auditor's clock and mailbox alone.
struct CloseRequest {
  std::string origin;  ///< of the log that shows the request: each log has a mailbox of its own
  Hash request;        ///< R

  void write(wire::Writer& writer) const;
  static Result<CloseRequest> read(wire::Reader& reader);
  friend bool operator==(const CloseRequest&, const CloseRequest&) = default;
};

/// The auditor's answer.
struct CloseAnswer {
  /// Closed, by this signature of its key over the request; or the veto that it holds.
  std::variant<Signature, VetoNotice> body;

  void write(wire::Writer& writer) const;
  static Result<CloseAnswer> read(wire::Reader& reader);
  friend bool operator==(const CloseAnswer&, const CloseAnswer&) = default;
};

/// An auditor's word that no veto of the request has come, and that none will be taken.
Signature sign_closing(const CloseRequest& request, const crypto::SigningKey& auditor);
/// `invalid_signature`.
Status verify_closing(const CloseRequest& request, const PublicKey& auditor, const Signature& signature);

}  // namespace cairn::directory
