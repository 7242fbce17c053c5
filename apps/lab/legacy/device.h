// One phone of the model: its keys, its keychain, and what it has received.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apps/lab/legacy/body.h"
#include "apps/lab/legacy/ecdsa.h"
#include "apps/lab/legacy/envelope_2016.h"
#include "apps/lab/legacy/identity.h"
#include "apps/lab/legacy/rsa.h"

namespace cairn::lab::legacy {

constexpr std::size_t kTokenBytes = 32;

/// What a person sees in a conversation.
struct Shown {
  std::string from;
  std::string text;
};

class Device {
 public:
  explicit Device(std::string title);

  const std::string& title() const { return title_; }
  const Bytes& token() const { return token_; }
  const RsaKey& encryption_key() const { return encryption_key_; }
  const EcdsaKey& signing_key() const { return signing_key_; }
  PublicIdentity identity() const { return {signing_key_.point(), encryption_key_.modulus()}; }

  /// The UID key is fused into the processor: it can be used, never read. Derives the key that binds to this device.
  Bytes bound_key(std::string_view purpose) const;

  std::map<std::string, Bytes> keychain;
  std::vector<Shown> conversation;
  std::map<std::string, Bytes> files;  ///< attachments that it fetched and opened, by their address
  Receiver2016 seen;                   ///< which ciphertexts, where the envelope is that of 2016
  std::vector<std::string> alerts;     ///< what the server wanted its owner to see

 private:
  std::string title_;
  Bytes uid_key_;
  Bytes token_;
  RsaKey encryption_key_;
  EcdsaKey signing_key_;
};

}  // namespace cairn::lab::legacy
