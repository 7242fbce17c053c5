// Somebody whose backups are attacked: in a world of her own, for her name changes hands there.
#pragma once

#include "apps/lab/cairn/operator.h"

namespace cairn::lab {

/// alice with messages of hers that bob has read, mallory, and the recovery keys of both women. Where clocks can be
/// moved, bob's name can be reset.
class Owner {
 public:
  explicit Owner(const WorldOptions& options, Clocks clocks = Clocks::the_machines);

  /// A command, with what is typed into it.
  demo::Said run(const std::string& device, const std::vector<std::string>& words, const std::string& typed = {});
  demo::Said backup(const std::string& device, const std::string& verb, const std::string& key,
                    const std::vector<std::string>& more = {});
  /// A new device asks for a name: "recover", which a key or a PIN is typed for and a backup restored after, or
  /// "reset".
  demo::Said ask(const std::string& how, const std::string& device, const std::string& name, const std::string& typed,
                 const std::vector<std::string>& more = {});
  /// How many of alice's sentences a device can show: in what was restored, in what it exports, or as they
  /// lie in its files.
  std::size_t sentences_on(const std::string& device) { return sentences_on(device, said_); }
  std::size_t sentences_on(const std::string& device, const std::vector<std::string>& sentences);

  World& world() { return world_; }
  const std::vector<std::string>& said() const { return said_; }
  const std::string& alices_key() const { return alices_key_; }
  const std::string& mallorys_key() const { return mallorys_key_; }

 private:
  std::string enroll(const std::string& device, const std::string& name, const std::vector<std::string>& more = {});

  World world_;
  const std::vector<std::string> said_ = {"the cellar key hangs behind the clock", "burn the ledger before the audit",
                                          "meet me where the two rivers join"};
  std::string alices_key_, mallorys_key_;
};

/// What a program answered: its sentence, without what it asked for before, or that it did as it was told.
std::string answer(const demo::Said& said);

}  // namespace cairn::lab
