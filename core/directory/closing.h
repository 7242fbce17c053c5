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
  Nonce16 nonce;       ///< of who asks, so that no old "not yet" passes for a new one

  void write(wire::Writer& writer) const;
  static Result<CloseRequest> read(wire::Reader& reader);
  friend bool operator==(const CloseRequest&, const CloseRequest&) = default;
};

/// The mailbox takes no veto any more, and has none: for ever.
struct Closed {
  Signature signature;
  friend bool operator==(const Closed&, const Closed&) = default;
};
/// The delay is not over, by this auditor's clocks; or it cannot write down now that it closes.
struct NotYet {
  Signature signature;
  friend bool operator==(const NotYet&, const NotYet&) = default;
};

/// The auditor's answer: a VetoNotice is the veto that it holds.
struct CloseAnswer {
  std::variant<Closed, VetoNotice, NotYet> body;

  void write(wire::Writer& writer) const;
  static Result<CloseAnswer> read(wire::Reader& reader);
  friend bool operator==(const CloseAnswer&, const CloseAnswer&) = default;
};

/// An auditor's word that no veto of the request has come, and that none will be taken. The nonce is not in it: it is
/// the same whoever asks.
Closed sign_closed(const CloseRequest& request, const crypto::SigningKey& auditor);
/// `invalid_signature`.
Status verify_closed(const CloseRequest& request, const PublicKey& auditor, const Closed& answer);
/// An auditor's word that it is there and does not close now, to who asked this.
NotYet sign_not_yet(const CloseRequest& request, const crypto::SigningKey& auditor);
/// `invalid_signature`.
Status verify_not_yet(const CloseRequest& request, const PublicKey& auditor, const NotYet& answer);

}  // namespace cairn::directory
