// The PIN as devices of one name tell each other of it: what this one has to say, and what it has heard
// (docs/spec/client.md s.13). Where no backup is set up that is all that a device knows of it.
#pragma once

#include "core/client/account.h"
#include "core/client/pin_to_watch.h"
#include "core/client/realm_owner.h"

namespace cairn::client {

/// tables::kPinWords, under "": what this device says.
struct OwnPinWord {
  PinToWatch word;
  bool is_new = true;  ///< it has changed since it was said
  Hash said;           ///< of the word, and of who could hear it; zeros: it was never said

  void write(wire::Writer&) const;
  static Result<OwnPinWord> read(wire::Reader&);
};
std::optional<OwnPinWord> load_own_pin_word(const StoreView& store);
void save_own_pin_word(Context& context, const OwnPinWord& row);
/// What is to be said after the realms of the key box have answered. Of one that did not answer holds what it was.
void note_pin_to_watch(Context& context, const RealmHouse& house, const PinAuths& auths,
                       const std::vector<OwnerReply>& replies);
/// There is none here, or none any more.
void note_no_pin(Context& context);

/// tables::kPinWords, under the id of the device that has said it.
struct OtherPin {
  DeviceId by;
  PinToWatch word;
};
std::vector<OtherPin> other_pins(const StoreView& store);
/// Only while that is one of the name's devices; a word without realms takes back what was said.
void keep_other_pin(Context& context, const DeviceId& by, const PinToWatch& word);
void forget_other_pin(Context& context, const DeviceId& by);
/// Asks the realms of the word for the log, and writes down what is new (tables::kGuesses); then `then`.
void ask_by_word(Context& context, Calls& calls, const std::string& domain, const OtherPin& pin,
                 std::function<void()> then);

}  // namespace cairn::client
