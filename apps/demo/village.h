// One domain with two witnesses and two auditors on this machine, and people with devices: real programs, real
// folders, loopback alone. For `./dev run` and for the end-to-end tests.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "apps/demo/process.h"

namespace cairn::demo {

struct VillageOptions {
  std::string programs;           ///< folder of cairnd, cairn-witness and cairn
  std::string folder;             ///< for all data; must not exist
  std::string server = "cairnd";  ///< the server's program: cairn-lying-server is the one that lies
  std::vector<std::string> server_arguments;
  std::string client = "cairn";            ///< the devices' program
  std::string cosigner = "cairn-witness";  ///< the witnesses' and auditors' program
  std::string sign_up = "open";
  /// Words in front of a program's command, as env(1) and its variables; asked with "cairnd", "cosigner0" and so on,
  /// or a device. The first is a whole path. None when it is empty.
  std::function<std::vector<std::string>(const std::string& who)> prefix;
  std::size_t witnesses = 2;
  std::size_t auditors = 2;
  /// Files in PEM: the server speaks TLS with the first two, and the cosigners believe the authorities of the third. A
  /// device that does not know them is told with `--ca`.
  struct Tls {
    std::string certificate, key, authorities;
  };
  std::optional<Tls> tls{};
};

/// What a `cairn` command gave: its exit code, its JSON, and the sentence on standard error.
struct Said {
  int exit_code = -1;
  nlohmann::json json;
  std::string error;        ///< without this:
  std::string shown_key{};  ///< a recovery key, as it was shown on standard error before anything was begun
  bool good() const { return exit_code == 0; }
};

/// Makes the key of a witness, an auditor or a realm, as its operator does before it serves; the verifier key that it
/// tells. `words`: the program and its data folder. Ends this process with a sentence when there is none.
std::string init_cosigner(std::vector<std::string> words, const std::string& role, const std::string& name);

class Village {
 public:
  /// Makes keys and policies, and starts everything. Ends this process with a sentence when that fails.
  explicit Village(VillageOptions options);

  const std::string& domain() const { return domain_; }
  std::string url() const;
  const std::string& policy_file() const { return policy_file_; }
  std::string server_folder() const { return options_.folder + "/cairnd"; }

  /// Runs `cairn --data <device's folder> --json ARGUMENTS...` to its end, with `input` typed into it.
  Said cairn(const std::string& device, const std::vector<std::string>& arguments,
             std::chrono::milliseconds most = std::chrono::seconds(30), const std::string& input = {});
  /// Starts `cairn daemon` for a device that has a name.
  void start_daemon(const std::string& device);
  void stop_daemon(const std::string& device);
  Process& daemon(const std::string& device) { return daemons_.at(device); }

  /// A new name with one device, its daemon running.
  Said register_person(const std::string& device, const std::string& name);
  /// Links `device` as a further device of the person of `by`; its daemon runs afterwards. `policy`: a file of another
  /// policy than the village's.
  Said link_device(const std::string& device, const std::string& name, const std::string& by,
                   const std::string& policy = {});

  Process& server() { return *server_; }
  void start_server();
  void stop_server(int signal);
  /// Another program goes on with the same data at the same port.
  void exchange_server(std::string program, std::vector<std::string> arguments);
  /// The cosigners, in the order witnesses, auditors.
  std::vector<Process>& cosigners() { return cosigners_; }
  void start_cosigner(std::size_t index);

  std::string device_folder(const std::string& device) const { return options_.folder + "/" + device; }

 private:
  /// The beginning of a command: the prefix for `who`, and the program.
  std::vector<std::string> command(const std::string& who, const std::string& program) const;
  static unsigned await_port(Process& process, const std::string& what);
  /// The program and its data folder.
  std::vector<std::string> cosigner_command(std::size_t index) const;
  std::string cosigner_role(std::size_t index) const { return index < options_.witnesses ? "witness" : "auditor"; }

  VillageOptions options_;
  std::string domain_ = "localhost";
  unsigned server_port_ = 0;
  std::vector<unsigned> cosigner_ports_;
  std::string policy_file_;         // the clients'
  std::string server_policy_file_;  // the same, once the cosigners' addresses are known
  std::optional<Process> server_;
  std::vector<Process> cosigners_;
  std::map<std::string, Process> daemons_;
};

}  // namespace cairn::demo
