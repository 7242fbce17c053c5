// Cairn, real: cairnd (the tests' lying one, which is honest until told otherwise), cairn and cairn-witness of this
// build, in a scratch folder on loopback. Devices run without daemons: each command starts, acts and ends.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>

#include "apps/demo/village.h"

namespace cairn::lab {

struct WorldOptions {
  std::string programs;                       ///< folder of the programs
  std::string server = "cairn-lying-server";  ///< tests put a weakened one here,
  std::string client = "cairn";               ///< or here, the devices' program,
  std::string realm = "cairn-witness";        ///< or here,
  std::string auditor = "cairn-witness";      ///< or here, for witnesses and auditors
  bool with_reset = false;                    ///< mud-puddle: names are reset, too, which takes minutes
  std::string weakness;                       ///< which check the weakened one leaves out (tests/weakened)
};

/// Who answers lookups: the liar about bob, or one whose clients' cosigners all collude with it.
enum class ServerKind { liar, colluder };
/// Whether days can be made to pass for the programs of a world (tests/e2e/shim).
enum class Clocks { the_machines, movable };

class World {
 public:
  explicit World(const WorldOptions& options, ServerKind kind = ServerKind::liar, Clocks clocks = Clocks::the_machines);
  ~World();

  /// alice, bob and mallory, one device each (alice-1, ...), known to nobody yet. Made at the first call. `of_bob`:
  /// more words with which bob registers.
  void make_people(const std::vector<std::string>& of_bob = {});
  /// Everybody takes what has come, so that nothing of an earlier attack is still on its way.
  void settle();
  demo::Said enroll(const std::string& device, const std::string& name, const std::vector<std::string>& more = {});
  /// Links a device to a name; another device of the name lets it in.
  demo::Said link(const std::string& device, const std::string& name, const std::string& by);
  demo::Said run(const std::string& device, const std::vector<std::string>& arguments);
  /// `cairn rpc` on a device, which its running program answers, or it itself.
  demo::Finished rpc(const std::string& device, const std::string& request) const;
  /// A file goes with a text.
  demo::Said send_file(const std::string& device, const std::string& to, const std::string& text,
                       const std::string& path);
  /// `backup create` on a person's first device, with these words more; the first time what is on the person's paper is
  /// typed.
  demo::Said back_up(const std::string& person, const std::vector<std::string>& more);
  /// The ids of the active devices in what a device answers to `device list` or `contact show`; none where it refuses.
  std::set<std::string> devices(const std::string& device, const std::vector<std::string>& arguments);
  /// What the server says to lookups from now on: a lie's name, or "none"; a colluder's other history: "split", or
  /// "split-but-one", which lacks the last auditor's signature.
  void tell(const std::string& lie);

  /// A device's program, which runs until it is ended: also one that waits for a name, and is not connected as long.
  void start_program(const std::string& device);
  void end_programs() { programs_.clear(); }

  // ---- movable clocks ----

  /// The clock of the day goes ahead by so much for everybody, auditors too.
  void set_clocks(std::chrono::seconds ahead);
  /// By how much it is ahead now.
  std::chrono::seconds ahead() const { return ahead_; }
  /// Time passes for the auditors, who count it by a clock that nobody sets, and no more than two minutes of it at a
  /// time; so it is brought to them in steps, until `counted` holds. That is asked at once, when `least` has passed,
  /// and then each hour; throws CannotPrepare when it does not hold after three times as long. The clock of the day
  /// goes on from where it was, for all.
  void pass_at_auditors(std::chrono::seconds least, const std::function<bool()>& counted);
  /// Where the auditors take requests, both of them.
  std::vector<unsigned> auditor_ports() const;

  /// The texts that a device shows in a conversation, oldest first, as "sender: text"; notices are left out.
  std::vector<std::string> texts(const std::string& device, const std::string& conversation);
  bool shows(const std::string& device, const std::string& conversation, const std::string& line);

  demo::Village& village() { return *village_; }
  const std::string& policy_file() const { return policy_file_; }
  std::string folder() const { return folder_; }

 private:
  nlohmann::json messages(const std::string& device, const std::string& conversation);
  std::vector<std::string> prefix_of(const std::string& who) const;
  /// So much time passes for one auditor, after what has passed for both before.
  void pass_at(const std::string& auditor, unsigned port, std::chrono::seconds time) const;
  /// An auditor or "others": "clock" is the clock of the day, "uptime" the one that nobody sets.
  void set(const std::string& whose, const std::string& clock, std::chrono::seconds ahead) const;
  std::string clock_file(const std::string& whose) const { return folder_ + "-clock-" + whose; }

  WorldOptions options_;
  Clocks clocks_;
  std::chrono::seconds ahead_{0};
  std::chrono::seconds passed_{0};  ///< at the auditors
  std::string folder_;
  std::string lie_file_;
  std::string policy_file_;
  std::optional<demo::Village> village_;
  std::vector<demo::Process> programs_;
  bool has_people_ = false;
  std::map<std::string, std::string> papers_;  ///< recovery keys of the three, until they are typed
};

/// Words in front of a program that may be a weakened one: env(1), and which check it leaves out. Empty without.
std::vector<std::string> weakened_by(const WorldOptions& options);

/// A step that only prepares an attack failed: nothing is to be concluded, and the run ends with this sentence. Thrown,
/// since attacks run beside each other and each has programs of its own to end first.
class CannotPrepare : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// Throws CannotPrepare unless it is good.
void must(const demo::Said& said);

}  // namespace cairn::lab
