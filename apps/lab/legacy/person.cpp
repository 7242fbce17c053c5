#include "apps/lab/legacy/person.h"

#include "apps/lab/legacy/envelope_2014.h"

namespace cairn::lab::legacy {

Device& Person::add_device(const std::string& title) {
  devices_.push_back(std::make_unique<Device>(title));
  service_.ids.enroll(name_, *devices_.back());
  return *devices_.back();
}

Status Person::send(const std::string& to, const std::string& text) { return send(to, Message{{name_, to}, text, {}}); }

Status Person::send(const std::string& to, const Message& message) {
  const Bytes body = encode_body(message);
  for (const IdsEntry& entry : service_.ids.lookup(to, name_)) {
    const PublicIdentity identity = TRY(PublicIdentity::parse(entry.identity));
    Bytes wire = TRY(seal_2014(body, identity.rsa_modulus, device().signing_key()));
    TRY(service_.apns.send({name_, entry.token, std::move(wire), service_.now}));
  }
  device().conversation.push_back({name_, message.text});
  return ok();
}

Result<Message> take_push(const Device& device, const Push& push, const IdsAnswer& sender_keys) {
  for (const IdsEntry& entry : sender_keys) {
    const PublicIdentity sender = TRY(PublicIdentity::parse(entry.identity));
    const auto body = open_2014(push.payload, device.encryption_key(), sender.signing_point);
    if (body) return decode_body(*body);
    if (body.error().code != ErrorCode::invalid_signature) return fail(body.error().code, body.error().where);
  }
  return fail(ErrorCode::invalid_signature, "no key of the sender's signed this");
}

std::size_t Person::receive_on(Device& device) {
  std::size_t count = 0;
  for (const Push& push : service_.apns.drain(device.token(), service_.now)) {
    const auto message = take_push(device, push, service_.ids.lookup(push.sender, name_));
    if (!message) continue;
    device.conversation.push_back({push.sender, message->text});
    if (message->attachment) service_.fetches.push_back(message->attachment->url);
    ++count;
  }
  return count;
}

std::size_t Person::receive() {
  std::size_t count = 0;
  for (const auto& one : devices_) count += receive_on(*one);
  return count;
}

}  // namespace cairn::lab::legacy
