#include "core/client/device_names.h"

#include "core/base/encoding.h"
#include "core/base/utf8.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMostDevices = directory::kMaxStatements;

bool is_control(char32_t character) { return character < 0x20 || (character >= 0x7f && character <= 0x9f); }

}  // namespace

Status check_device_name(std::string_view name) {
  REQUIRE(name.size() <= kMaxDeviceNameSize, ErrorCode::over_limit, "device name: too long");
  while (!name.empty()) {
    const auto character = take_character(name);
    REQUIRE(character && !is_control(*character), ErrorCode::malformed, "device name: characters");
  }
  return ok();
}

Status set_device_name(Context& context, const DeviceId& device, std::string_view name) {
  TRY(check_device_name(name));
  // Whoever is in that table was judged when it was first seen: a name lifts no alarm.
  REQUIRE(context.store.get(tables::kExpectedDevices, device), ErrorCode::not_found, "device name: which device");
  for (const Row& row : context.store.scan(tables::kExpectedDevices, {}, {}, kMostDevices)) {
    const bool is_other = !name.empty() && as_text(row.value) == name && !equal(row.key, device.view());
    REQUIRE(!is_other, ErrorCode::duplicate, "device name: taken");
  }
  context.store.put(tables::kExpectedDevices, to_bytes(device.view()), to_bytes(as_bytes(name)));
  return ok();
}

std::string device_name(const StoreView& store, const DeviceId& device) {
  const auto row = store.get(tables::kExpectedDevices, device);
  return row ? as_text(*row) : std::string();
}

std::string short_device_id(const directory::NameState& chain, const DeviceId& device) {
  const std::string digits = to_hex(device);
  std::size_t shown = kLeastDeviceDigits;
  for (const directory::AuthorisedDevice& other : chain.devices()) {
    if (other.id == device) continue;
    const std::string others = to_hex(other.id);
    while (shown < digits.size() && std::string_view(others).starts_with(std::string_view(digits).substr(0, shown))) {
      ++shown;
    }
  }
  return digits.substr(0, shown);
}

std::string device_in_words(const StoreView& store, const directory::NameState& chain, const DeviceId& device) {
  const std::string name = device_name(store, device);
  const std::string id = short_device_id(chain, device);
  return name.empty() ? id : "\"" + name + "\" (" + id + ")";
}

}  // namespace cairn::client
