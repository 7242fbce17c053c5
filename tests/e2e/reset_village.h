// A name that is reset by days of the auditors' own clocks, with real programs.
//
// Auditors count a delay by a clock that nobody sets, and no more than two minutes of it at a time
// (docs/spec/witness.md). So days are brought to them in steps of less; for all others the clock of the day is enough.
#pragma once

#include "tests/e2e/pin_village.h"

namespace cairn::e2e {

class ResetVillage : public PinVillage {
 protected:
  static constexpr std::size_t kFirstAuditor = 2;  // behind the witnesses
  static constexpr std::chrono::seconds kStep{110};
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

  /// Where the auditors take requests.
  std::vector<unsigned> auditor_ports() {
    std::vector<unsigned> out;
    std::ifstream in(village().policy_file());
    const std::string mark = "http://127.0.0.1:";
    for (std::string line; std::getline(in, line);) {
      const std::size_t at = line.find(mark);
      const bool is_auditor = line.find("localhost/cosigner2") != std::string::npos ||
                              line.find("localhost/cosigner3") != std::string::npos;
      if (is_auditor && at != std::string::npos) {
        out.push_back(static_cast<unsigned>(std::stoul(line.substr(at + mark.size()))));
      }
    }
    return out;
  }
  /// So much time passes for the auditors. A timer is heard before what comes next, so after the second answer the step
  /// has been counted.
  void wait_at_auditors(std::chrono::seconds most) {
    const std::vector<unsigned> ports = auditor_ports();
    ASSERT_EQ(ports.size(), 2u);
    for (std::chrono::seconds passed{0}; passed < most; passed += kStep) {
      for (std::size_t i = 0; i < ports.size(); ++i) {
        const std::string who = "cosigner" + std::to_string(kFirstAuditor + i);
        set_clock(who, passed + kStep);
        set_uptime(who, passed + kStep);
        for (int twice = 0; twice < 2; ++twice) ASSERT_TRUE(demo::http_get(ports[i], "/vkey")) << passed.count();
      }
    }
    at_auditors_ = (most / kStep + 1) * kStep;
  }
  /// Then for everybody.
  void set_all_clocks() {
    for (const std::string& who : troubled_) set_clock(who, at_auditors_);
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

  std::chrono::seconds at_auditors_{0};
  std::vector<demo::Process> programs_;
};

}  // namespace cairn::e2e
