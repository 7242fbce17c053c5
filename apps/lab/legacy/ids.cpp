#include "apps/lab/legacy/ids.h"

namespace cairn::lab::legacy {

void Ids::enroll(const std::string& name, Device& device) {
  Record& record = names_[name];
  for (Device* other : record.devices) {
    if (!suppress_alerts_) other->alerts.push_back("A new device was added to " + name + ": " + device.title() + ".");
  }
  record.entries.push_back(entry_of(device));
  record.devices.push_back(&device);
}

IdsAnswer Ids::lookup(const std::string& name, const std::string& asker) const {
  const auto found = names_.find(name);
  IdsAnswer honest = found == names_.end() ? IdsAnswer{} : found->second.entries;
  return lie_ ? lie_(name, asker, std::move(honest)) : honest;
}

}  // namespace cairn::lab::legacy
