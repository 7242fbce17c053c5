#include "shell/net/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/check.h"
#include "core/base/secret.h"

namespace cairn::net {

struct TlsContext::Impl {
  SSL_CTX* context = nullptr;
  ~Impl() { SSL_CTX_free(context); }
};

namespace {

/// As the wire has it (RFC 7301): a client of HTTP/2 must not think that we speak it.
constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size,
                    void*) {
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, size, kHttp11, sizeof kHttp11, in, in_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

SSL_CTX* make_context(const SSL_METHOD* method) {
  SSL_CTX* context = SSL_CTX_new(method);
  CHECK(context != nullptr);
  CHECK(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1);
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // SSL_read() comes back after each message of TLS itself, so that it is stopped when there are too many.
  SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
  // Whoever cuts a connection off cannot pass for who ends it: HTTP's own lengths say what is whole.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  return context;
}

/// Why a certificate is not taken, for a person.
const char* sentence_of(long reason) {
  switch (reason) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the server's certificate has run out: tell its operator, and see that your clock is right";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the server's certificate is not valid yet: see that your clock is right";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "the server's certificate is for another name: check the address";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "nobody whom this machine trusts has signed the server's certificate: name its authority with --ca FILE, "
             "if you know it";
    default: return "the server's certificate is not good: tell its operator";
  }
}

bool is_address(const std::string& host) {
  in6_addr address = {};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 || ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::server(const std::string& certificate_file,
                                                             const std::string& key_file) {
  auto impl = std::make_unique<Impl>();
  impl->context = make_context(TLS_server_method());
  REQUIRE(::access(certificate_file.c_str(), R_OK) == 0, ErrorCode::not_found,
          "the certificate cannot be read: check that the file is there, and yours");
  REQUIRE(::access(key_file.c_str(), R_OK) == 0, ErrorCode::not_found,
          "the key of the certificate cannot be read: check that the file is there, and yours");
  ERR_clear_error();
  REQUIRE(SSL_CTX_use_certificate_chain_file(impl->context, certificate_file.c_str()) == 1, ErrorCode::malformed,
          "the certificate's file is no PEM with a certificate");
  REQUIRE(SSL_CTX_use_PrivateKey_file(impl->context, key_file.c_str(), SSL_FILETYPE_PEM) == 1 &&
              SSL_CTX_check_private_key(impl->context) == 1,
          ErrorCode::malformed, "the key's file is no PEM with the key of this certificate");
  SSL_CTX_set_alpn_select_cb(impl->context, choose_protocol, nullptr);
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

Result<std::shared_ptr<const TlsContext>> TlsContext::client(const std::string& ca_file) {
  auto impl = std::make_unique<Impl>();
  impl->context = make_context(TLS_client_method());
  SSL_CTX_set_verify(impl->context, SSL_VERIFY_PEER, nullptr);
  ERR_clear_error();
  SSL_CTX_set_default_verify_paths(impl->context);
  if (!ca_file.empty()) {
    REQUIRE(SSL_CTX_load_verify_file(impl->context, ca_file.c_str()) == 1, ErrorCode::malformed,
            "the file of the authority is no PEM with a certificate, or cannot be read");
  }
  CHECK(SSL_CTX_set_alpn_protos(impl->context, kHttp11, sizeof kHttp11) == 0);
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

struct TlsSession::Impl {
  /// OpenSSL shows each message that comes or goes.
  static void see(int is_sent, int, int type, const void*, std::size_t, SSL*, void* impl) {
    auto& self = *static_cast<Impl*>(impl);
    if (is_sent == 0 && type == SSL3_RT_HANDSHAKE && self.established) ++self.own_messages;
  }

  explicit Impl(const TlsContext& context) : ssl(SSL_new(context.impl().context)) {
    CHECK(ssl != nullptr);
    in = BIO_new(BIO_s_mem());
    out = BIO_new(BIO_s_mem());
    CHECK(in != nullptr && out != nullptr);
    SSL_set_bio(ssl, in, out);  // both are its own from now on
    SSL_set_msg_callback(ssl, see);
    SSL_set_msg_callback_arg(ssl, this);
  }
  ~Impl() { SSL_free(ssl); }

  SSL* ssl;
  BIO* in = nullptr;
  BIO* out = nullptr;
  SecretBytes waiting;             ///< said before the handshake was done
  std::uint64_t heard = 0;         ///< bytes that the other side said
  std::uint64_t own_messages = 0;  ///< of TLS itself that came after the handshake
  bool established = false;
  bool finishing = false;
  bool goodbye_said = false;  ///< once: a second time OpenSSL takes what the other side still says for an error
};

TlsSession::TlsSession(const TlsContext& server) : impl_(std::make_unique<Impl>(server)) {
  SSL_set_accept_state(impl_->ssl);
}

TlsSession::TlsSession(const TlsContext& client, const std::string& host) : impl_(std::make_unique<Impl>(client)) {
  SSL_set_connect_state(impl_->ssl);
  if (is_address(host)) {
    CHECK(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(impl_->ssl), host.c_str()) == 1);
  } else {
    // RFC 6066 s.3; no partial wildcards (RFC 6125 s.6.4.3), and no name but in subjectAltName (RFC 9525 s.6.3).
    SSL_set_hostflags(impl_->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    CHECK(SSL_set1_host(impl_->ssl, host.c_str()) == 1);
    CHECK(SSL_set_tlsext_host_name(impl_->ssl, host.c_str()) == 1);
  }
  static_cast<void>(advance());
}

TlsSession::~TlsSession() = default;

Error TlsSession::error() const {
  const long verified = SSL_get_verify_result(impl_->ssl);
  if (verified != X509_V_OK) return {ErrorCode::not_authorised, sentence_of(verified)};
  return {ErrorCode::unavailable, "the other side does not speak TLS 1.3 as it should: check address and port"};
}

/// Goes on with the handshake; once it is done, with what waits for it.
Status TlsSession::advance() {
  if (!SSL_is_init_finished(impl_->ssl)) {
    ERR_clear_error();
    const int done = SSL_do_handshake(impl_->ssl);
    if (done != 1) {
      const int why = SSL_get_error(impl_->ssl, done);
      if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return ok();
      return tl::unexpected<Error>(error());
    }
    impl_->established = true;
  }
  if (!impl_->waiting.empty()) send(std::exchange(impl_->waiting, SecretBytes{}).expose());
  if (impl_->finishing) finish();
  return ok();
}

Result<TlsSession::Heard> TlsSession::receive(ByteView cipher) {
  CHECK(cipher.size() <= kMaxTlsInput);
  Heard heard;
  // A memory BIO takes all that it is given.
  const int taken = BIO_write(impl_->in, cipher.data(), static_cast<int>(cipher.size()));
  CHECK(taken == static_cast<int>(cipher.size()));
  TRY(advance());
  constexpr std::size_t kRecord = 16 * 1024;
  SecretBytes part(kRecord);
  heard.plain.reserve(cipher.size() + kRecord);  // so that it is not copied while it grows
  while (SSL_is_init_finished(impl_->ssl)) {
    ERR_clear_error();
    const int got = SSL_read(impl_->ssl, part.expose_mutable().data(), static_cast<int>(part.size()));
    if (got > 0) {
      append(heard.plain, part.expose().first(static_cast<std::size_t>(got)));
      impl_->heard += static_cast<std::size_t>(got);
      continue;
    }
    const int why = SSL_get_error(impl_->ssl, got);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
      REQUIRE(impl_->own_messages <= kFreeTlsMessages + impl_->heard / kBytesATlsMessage, ErrorCode::unavailable,
              "the other side changes its keys all the time and says nothing: check address and port");
      if (BIO_ctrl_pending(impl_->in) == 0) break;  // what is left of it is no whole record
      continue;
    }
    if (why != SSL_ERROR_ZERO_RETURN) return tl::unexpected<Error>(error());
    heard.ended = true;
    break;
  }
  return heard;
}

void TlsSession::send(ByteView plain) {
  if (!SSL_is_init_finished(impl_->ssl)) {
    impl_->waiting = SecretBytes(concat({impl_->waiting.expose(), plain}));
    return;
  }
  while (!plain.empty()) {
    ERR_clear_error();
    const auto size = static_cast<int>(std::min<std::size_t>(plain.size(), std::size_t{1} << 30));
    const int put = SSL_write(impl_->ssl, plain.data(), size);
    if (put <= 0) return;  // the connection is broken; receive() will say so
    plain = plain.subspan(static_cast<std::size_t>(put));
  }
}

void TlsSession::finish() {
  impl_->finishing = true;
  if (!SSL_is_init_finished(impl_->ssl) || !impl_->waiting.empty()) return;
  if (!std::exchange(impl_->goodbye_said, true)) SSL_shutdown(impl_->ssl);
}

Bytes TlsSession::take_output() {
  Bytes out(BIO_ctrl_pending(impl_->out));
  if (out.empty()) return out;
  const int got = BIO_read(impl_->out, out.data(), static_cast<int>(out.size()));
  out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return out;
}

}  // namespace cairn::net
