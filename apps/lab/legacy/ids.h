// The identity service: a name's devices, with their public keys and push tokens. Nothing forces it to be honest.
#pragma once

#include <functional>
#include <map>

#include "apps/lab/legacy/device.h"

namespace cairn::lab::legacy {

struct IdsEntry {
  Bytes identity;  ///< PublicIdentity, encoded
  Bytes token;
};
using IdsAnswer = std::vector<IdsEntry>;

class Ids {
 public:
  /// An e-mail address is verified by a link, a number by the carrier: modelled as true. Adds the device to the name;
  /// the *server* then sends every other device of the name an alert, unless it does not.
  void enroll(const std::string& name, Device& device);
  /// To whoever asks; `asker` is the name of who does.
  IdsAnswer lookup(const std::string& name, const std::string& asker) const;

  // ---- what only its operator can do ----

  /// Changes what is answered: the honest answer goes in, what goes out is returned.
  using Lie = std::function<IdsAnswer(const std::string& name, const std::string& asker, IdsAnswer honest)>;
  void lie(Lie lie) { lie_ = std::move(lie); }
  void suppress_alerts(bool suppress) { suppress_alerts_ = suppress; }

 private:
  struct Record {
    IdsAnswer entries;
    std::vector<Device*> devices;
  };
  std::map<std::string, Record> names_;
  Lie lie_;
  bool suppress_alerts_ = false;
};

inline IdsEntry entry_of(const Device& device) { return {device.identity().encode(), device.token()}; }

}  // namespace cairn::lab::legacy
