// What people do in one run, and how it ends.
#pragma once

#include "tests/sim/faults.h"
#include "tests/sim/world.h"

namespace cairn::sim {

struct RunOptions {
  WorldOptions world;
  std::uint64_t actions = 14;
  /// Everybody sleeps for a week and a day in the middle, and then leaves get new keys while things go wrong.
  bool with_a_week = false;
  bool faults = true;
  std::optional<std::uint64_t> fault_kinds;  ///< a bit each, in the order of faults.cpp; the seed chooses otherwise
  /// This commit of the relay, counted from the first start with cosigners on, fails. For the self-tests.
  std::optional<std::uint64_t> relays_failing_commit;
};

struct RunResult {
  std::vector<std::string> violations;
  std::uint64_t trace_hash = 0;
  std::uint64_t steps = 0;
  std::uint64_t simulated_ms = 0;
  std::size_t texts = 0;  ///< that arrived everywhere
  std::size_t faults = 0;
  std::uint64_t relay_commits = 0;
  std::size_t leaf_updates = 0;  ///< commits that changed nothing but keys
  bool good() const { return violations.empty(); }
};

/// One run: the same seed and options give the same, byte for byte.
RunResult run_seed(std::uint64_t seed, const RunOptions& options);

inline std::string full_name(const std::string& who) { return who + "@" + World::kDomain; }
inline bool worked(const json& answer) { return answer.contains("result"); }

/// Alice and bob with their devices, carol in some runs.
class Script {
 public:
  Script(World& world, std::uint64_t seed, const RunOptions& options);

  void run();
  std::size_t faults() const { return faults_.count(); }

 private:
  struct Person {
    std::string name;
    std::vector<std::string> devices;  ///< whose linking or registering was begun
  };

  void begin();
  void act();
  void end();
  /// Whatever people do goes on over hours after it.
  void let_a_week_pass();
  /// One device is off for weeks while the others go on; then it comes back.
  void be_away();

  bool register_person(const std::string& who);
  /// One device more for this person; false when it was not let in.
  bool link_device(Person& person);
  void remove_device(Person& person);
  void say_to_a_person();
  void say_to_a_group();
  void create_group();
  void add_to_group();
  void change_a_group(const std::string& method, const json& params, const std::string& device);
  void remove_from_group();
  void leave_group();
  /// Title, or who is an admin.
  void change_group();
  void reply();
  /// Edits it, takes it back or reacts to it.
  void change_message();
  void change_message(const std::string& device, const json& message, bool is_own);
  /// One of those that this device lists, of any kind if that is empty; null when there is none.
  json any_conversation(const std::string& device, const std::string& kind);
  /// One of the newest messages that somebody said; null when there is none.
  json any_message(const std::string& device);
  void send_file();
  void save_file();
  /// Whoever has a message with a file can have the file.
  void save_everything();
  /// Of all its messages those that it has with a file.
  std::vector<json> messages_with_files(const std::string& device);
  json save(const std::string& device, const json& message, std::string_view folder);
  std::string next_text(const std::string& device);
  void say(const std::string& device, const std::string& to);
  /// Each device, in each conversation that it knows.
  void everybody_speaks();

  bool settle();
  std::string status_of(const std::string& device);
  Person& anybody() { return people_[random_.below(people_.size())]; }
  Person& anybody_but(const Person& person);
  const std::string& any_device(const Person& person) { return person.devices[random_.below(person.devices.size())]; }
  bool chance(std::uint64_t one_in) { return random_.below(one_in) == 0; }

  World& world_;
  testing::SeededEntropy random_;
  const RunOptions& options_;
  Faults faults_;
  std::vector<Person> people_;
  std::vector<std::string> groups_;
  std::map<std::string, std::uint64_t> said_;  // by each device
  std::set<std::string> taken_back_;           // or tried to
  bool files_are_gone_ = false;                // the server keeps them for 30 days
  std::vector<std::pair<Ticket, std::string>> tickets_;
};

}  // namespace cairn::sim
