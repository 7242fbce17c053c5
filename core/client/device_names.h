// What the owner of this device calls the devices of the own name. The words stay here: nobody else gives a device a
// name, and none is believed (docs/spec/client.md s.4, docs/adr/0037).
#pragma once

#include <string>

#include "core/client/context.h"
#include "core/directory/chain.h"

namespace cairn::client {

constexpr std::size_t kMaxDeviceNameSize = 64;
/// Of an id, so many digits at least stand for the whole of it.
constexpr std::size_t kLeastDeviceDigits = 8;

/// `malformed` unless it is UTF-8 without control characters, `over_limit` beyond kMaxDeviceNameSize bytes.
Status check_device_name(std::string_view name);
/// An empty name takes away what there was. As check_device_name(); `not_found` for what this device does not know as a
/// device of the own name; `duplicate` when another one is called that already.
Status set_device_name(Context& context, const DeviceId& device, std::string_view name);
/// Empty when it was given none here.
std::string device_name(const StoreView& store, const DeviceId& device);

/// The first digits of its id: as many as no other device that was ever in the chain has, and kLeastDeviceDigits at
/// least. Whoever makes keys until one begins like another device's gains nothing.
std::string short_device_id(const directory::NameState& chain, const DeviceId& device);
/// For a sentence: `"the old phone" (1a2b3c4d)`, or the digits alone.
std::string device_in_words(const StoreView& store, const directory::NameState& chain, const DeviceId& device);

}  // namespace cairn::client
