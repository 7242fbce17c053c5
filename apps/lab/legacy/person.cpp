#include "apps/lab/legacy/person.h"

#include "apps/lab/legacy/envelope_2014.h"
#include "apps/lab/legacy/openssl.h"
#include "apps/lab/legacy/symmetric.h"
#include "core/base/encoding.h"

namespace cairn::lab::legacy {
namespace {

/// The message that `open_with` gives for the first key of the sender's that signed it.
template <class OpenWith>
Result<Message> message_of(const IdsAnswer& sender_keys, OpenWith open_with) {
  for (const IdsEntry& entry : sender_keys) {
    const PublicIdentity sender = TRY(PublicIdentity::parse(entry.identity));
    const Result<Bytes> body = open_with(sender);
    if (body) return decode_body(*body);
    if (body.error().code != ErrorCode::invalid_signature) return fail(body.error().code, body.error().where);
  }
  return fail(ErrorCode::invalid_signature, "no key of the sender's signed this");
}

}  // namespace

AttachmentReference upload_attachment(Service& service, const std::string& name, ByteView file) {
  SealedAttachment sealed = seal_attachment(file);
  AttachmentReference out;
  out.name = name;
  out.url = "https://content.example/M0a7/" + to_hex(random_bytes(8));
  out.owner = "MBOF7.C01USN00";
  out.signature_hex = to_hex(sealed.sha1);
  out.key_hex = to_hex(sealed.key);
  out.size = file.size();
  service.attachments[out.url] = std::move(sealed.ciphertext);
  return out;
}

Result<Bytes> fetch_attachment(Service& service, const AttachmentReference& reference) {
  service.fetches.push_back(reference.url);
  const auto found = service.attachments.find(reference.url);
  REQUIRE(found != service.attachments.end(), ErrorCode::not_found, "attachment");
  REQUIRE(to_hex(sha1(found->second)) == reference.signature_hex, ErrorCode::crypto_failed, "SHA-1 of an attachment");
  const Bytes key = TRY(from_hex(reference.key_hex));
  REQUIRE(key.size() == kAttachmentKeyBytes, ErrorCode::malformed, "key of an attachment");
  return open_attachment(key, found->second);
}

Device& Person::add_device(const std::string& title) {
  devices_.push_back(std::make_unique<Device>(title));
  service_.ids.enroll(name_, *devices_.back());
  return *devices_.back();
}

Status Person::send(const std::string& to, const std::string& text) { return send(to, Message{{name_, to}, text, {}}); }

Result<Bytes> Person::seal(ByteView body, const PublicIdentity& recipient) {
  const EcdsaKey& key = device().signing_key();
  if (service_.envelope == EnvelopeOf::year_2016) return seal_2016(body, {device().identity(), recipient}, key);
  return seal_2014(body, recipient.rsa_modulus, key);
}

Status Person::send(const std::string& to, const Message& message) {
  const Bytes body = encode_body(message);
  for (const IdsEntry& entry : service_.ids.lookup(to, name_)) {
    const PublicIdentity identity = TRY(PublicIdentity::parse(entry.identity));
    Bytes wire = TRY(seal(body, identity));
    TRY(service_.apns.send({name_, entry.token, std::move(wire), service_.now}));
  }
  device().conversation.push_back({name_, message.text});
  return ok();
}

Status Person::send_file(const std::string& to, const std::string& text, const std::string& name, ByteView file) {
  return send(to, Message{{name_, to}, text, upload_attachment(service_, name, file)});
}

Result<Message> take_push(const Device& device, const Push& push, const IdsAnswer& sender_keys) {
  return message_of(sender_keys, [&](const PublicIdentity& sender) {
    return open_2014(push.payload, device.encryption_key(), sender.signing_point);
  });
}

Result<Message> take_push_2016(Device& device, const Push& push, const IdsAnswer& sender_keys) {
  return message_of(sender_keys, [&](const PublicIdentity& sender) {
    return device.seen.open(push.payload, device.encryption_key(), {sender, device.identity()});
  });
}

std::size_t Person::receive_on(Device& device) {
  std::size_t count = 0;
  for (const Push& push : service_.apns.drain(device.token(), service_.now)) {
    const IdsAnswer keys = service_.ids.lookup(push.sender, name_);
    const auto message =
        service_.envelope == EnvelopeOf::year_2016 ? take_push_2016(device, push, keys) : take_push(device, push, keys);
    if (!message) continue;
    device.conversation.push_back({push.sender, message->text});
    ++count;
    if (!message->attachment) continue;
    auto file = fetch_attachment(service_, *message->attachment);
    if (file) device.files[message->attachment->url] = std::move(*file);
  }
  return count;
}

std::size_t Person::receive() {
  std::size_t count = 0;
  for (const auto& one : devices_) count += receive_on(*one);
  return count;
}

}  // namespace cairn::lab::legacy
