// A name that is reset by days of the auditors' own clocks, with real programs.
#pragma once

#include "tests/e2e/pin_village.h"

namespace cairn::e2e {

class ResetVillage : public PinVillage {
 protected:
  static constexpr std::chrono::seconds kDelay = std::chrono::hours(72);

  void TearDown() override {
    programs_.clear();
    PinVillage::TearDown();
  }

  /// The servers of the village, and these besides, can be given other clocks.
  void trouble_all(const std::vector<std::string>& more) {
    for (const char* who : {"cairnd", "cosigner0", "cosigner1", "cosigner2", "cosigner3"}) trouble(who);
    for (const std::string& who : more) trouble(who);
  }

  /// A device that has no name yet: its program runs, and waits.
  void run_daemon(const std::string& device) {
    std::vector<std::string> words = prefix_for(device);
    for (const std::string& one :
         {program_folder() + "/cairn", std::string("--data"), village().device_folder(device), std::string("daemon")}) {
      words.push_back(one);
    }
    programs_.push_back(demo::Process::start(words, (folder_ / (device + ".log")).string()));
  }
  std::string state(const std::string& device) {
    const demo::Said said = say(device, {"status"});
    return said.json.is_object() ? said.json.value("state", "") : "";
  }

  std::vector<demo::Process> programs_;
};

}  // namespace cairn::e2e
