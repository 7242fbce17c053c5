// The certificate of a server that speaks TLS itself: read again when its files change, or somebody says so.
#pragma once

#include <string>

#include "shell/net/tls.h"

namespace cairn::apps {

class Certificate {
 public:
  Certificate(std::string certificate_file, std::string key_file)
      : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)) {}

  /// Reads both files. On error, a sentence, what was read before stands: connections go on, and new ones get it.
  Status read();
  /// Whether the files are others than those that were last read, or failed to be.
  bool changed() const;
  /// What new connections speak with; null before the first read() that succeeded.
  std::shared_ptr<const net::TlsContext> context() const { return context_; }

 private:
  std::string stamp() const;

  std::string certificate_file_, key_file_;
  std::string stamp_;
  std::shared_ptr<const net::TlsContext> context_;
};

}  // namespace cairn::apps
