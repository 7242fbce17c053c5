// TLS 1.3 (RFC 8446) by OpenSSL, without input or output: bytes in, bytes out. No other file sees OpenSSL.
#pragma once

#include <memory>
#include <string>

#include "core/base/bytes.h"

namespace cairn::net {

/// What a side knows: its certificate and key, or whom it trusts. Not changed once made; sessions keep theirs.
class TlsContext {
 public:
  /// A server's: a PEM file with its certificate and those between it and a root, and one with the key. Errors, each a
  /// sentence: not_found, malformed (no PEM, or the two do not belong together).
  static Result<std::shared_ptr<const TlsContext>> server(const std::string& certificate_file,
                                                          const std::string& key_file);
  /// A client's: the roots of this system, and those of a PEM file unless `ca_file` is empty.
  static Result<std::shared_ptr<const TlsContext>> client(const std::string& ca_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// What one receive() takes: as much as a stream reads at once.
constexpr std::size_t kMaxTlsInput = 64 * 1024;
/// Key updates and tickets after the handshake (RFC 8446 s.4.6). Each costs a key derivation, and may ask for an
/// answer; who means well needs one for some gigabytes.
constexpr std::uint64_t kFreeTlsMessages = 32;
constexpr std::uint64_t kBytesATlsMessage = 1 << 20;

/// One connection. It holds at most one record that is not whole, what receive() was last given, and what waits to be
/// sent.
class TlsSession {
 public:
  explicit TlsSession(const TlsContext& server);
  /// Calls `host`, a name or an address, which the certificate must be for.
  TlsSession(const TlsContext& client, const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  struct Heard {
    Bytes plain;
    bool ended = false;  ///< the other side said goodbye: nothing follows
  };
  /// Ciphertext from the other side, at most kMaxTlsInput; what it says. not_authorised, a sentence, when it is not who
  /// it should be; unavailable for anything else that ends the connection, also for more messages of TLS itself than
  /// kFreeTlsMessages and one for each kBytesATlsMessage that it said. take_output() may have something in every case.
  Result<Heard> receive(ByteView cipher);
  /// Plaintext to the other side; what is said before the handshake is done waits for it.
  void send(ByteView plain);
  /// Says that nothing follows.
  void finish();
  /// What is to be sent to the other side.
  Bytes take_output();

 private:
  struct Impl;
  Status advance();
  Error error() const;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cairn::net
