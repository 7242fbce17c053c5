// Cairn, real: cairnd (the tests' lying one, which is honest until told otherwise), cairn and cairn-witness of this
// build, in a scratch folder on loopback. Devices run without daemons: each command starts, acts and ends.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>

#include "apps/demo/village.h"

namespace cairn::lab {

struct WorldOptions {
  std::string programs;                 ///< folder of the programs
  std::string client = "cairn";         ///< the devices' program: tests put a weakened one here,
  std::string realm = "cairn-witness";  ///< or here
  std::string weakness;                 ///< which check the weakened one leaves out (tests/weakened)
};

/// Who answers lookups: the liar about bob, or one whose clients' cosigners all collude with it.
enum class ServerKind { liar, colluder };

class World {
 public:
  explicit World(const WorldOptions& options, ServerKind kind = ServerKind::liar);
  ~World();

  /// alice, bob and mallory, one device each (alice-1, ...), known to nobody yet. Made at the first call.
  void make_people();
  /// Everybody takes what has come, so that nothing of an earlier attack is still on its way.
  void settle();
  demo::Said enroll(const std::string& device, const std::string& name);
  /// Links a device to a name; another device of the name lets it in.
  demo::Said link(const std::string& device, const std::string& name, const std::string& by);
  demo::Said run(const std::string& device, const std::vector<std::string>& arguments);
  /// What the server says to lookups from now on: a lie's name, or "none"; a colluder's other history: "split", or
  /// "split-but-one", which lacks the last auditor's signature.
  void tell(const std::string& lie);

  /// The texts that a device shows in a conversation, oldest first, as "sender: text"; notices are left out.
  std::vector<std::string> texts(const std::string& device, const std::string& conversation);
  bool shows(const std::string& device, const std::string& conversation, const std::string& line);

  demo::Village& village() { return *village_; }
  const std::string& policy_file() const { return policy_file_; }
  std::string folder() const { return folder_; }

 private:
  nlohmann::json messages(const std::string& device, const std::string& conversation);

  std::string folder_;
  std::string lie_file_;
  std::string policy_file_;
  std::optional<demo::Village> village_;
  bool has_people_ = false;
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
