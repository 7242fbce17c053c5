// Somebody with a name and devices, on one identity service and one push service: sending to all devices of a name, and
// reading what came, as the clients of 2014 did, or, by a switch, those of 2016.
#pragma once

#include <memory>

#include "apps/lab/legacy/apns.h"
#include "apps/lab/legacy/attachment.h"
#include "apps/lab/legacy/ids.h"

namespace cairn::lab::legacy {

/// Which envelope the devices of a service write and read.
enum class EnvelopeOf : std::uint8_t { year_2014, year_2016 };

/// The operator's two services, a clock, and its storage of attachments.
struct Service {
  Ids ids;
  Apns apns;
  Time now{1'412'121'600'000};               ///< 1 October 2014
  std::map<std::string, Bytes> attachments;  ///< ciphertexts by URL
  std::vector<std::string> fetches;          ///< URLs that devices asked for, in their order
  EnvelopeOf envelope = EnvelopeOf::year_2014;
};

/// Encrypts a file and uploads it: where it lies, how it opens, and the SHA-1 of what lies there.
AttachmentReference upload_attachment(Service& service, const std::string& name, ByteView file);
/// Downloads, compares the SHA-1, and decrypts. `not_found` when nothing lies there, `malformed` for a reference with
/// no key in it, `crypto_failed` for another ciphertext than the message names.
Result<Bytes> fetch_attachment(Service& service, const AttachmentReference& reference);

class Person {
 public:
  Person(Service& service, std::string name) : service_(service), name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  Device& add_device(const std::string& title);
  Device& device(std::size_t index = 0) { return *devices_.at(index); }

  /// To every device that the identity service names for `to`, from the first device. Errors of the push service.
  Status send(const std::string& to, const std::string& text);
  Status send(const std::string& to, const Message& message);
  /// Likewise, with a file that is uploaded first.
  Status send_file(const std::string& to, const std::string& text, const std::string& name, ByteView file);
  /// Every device takes what came for it: verifies with each key of the sender's that the service names, decrypts,
  /// shows, and fetches an attachment, which it keeps if it is what the message names. How many messages were shown.
  std::size_t receive();

 private:
  Result<Bytes> seal(ByteView body, const PublicIdentity& recipient);
  std::size_t receive_on(Device& device);

  Service& service_;
  std::string name_;
  std::vector<std::unique_ptr<Device>> devices_;
};

/// A device takes one push: `open_2014` with each key of the sender's, then the body. The message, or why not.
Result<Message> take_push(const Device& device, const Push& push, const IdsAnswer& sender_keys);
/// Likewise with the envelope of 2016; also `duplicate`, for what the device has seen.
Result<Message> take_push_2016(Device& device, const Push& push, const IdsAnswer& sender_keys);

}  // namespace cairn::lab::legacy
