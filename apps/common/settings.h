// What an operator decides, under one name wherever it is said: a flag before an environment variable, and that before
// a line of a TOML file. `--vault-quota 100`, CAIRND_VAULT_QUOTA=100 and `vault-quota = 100` are the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace CLI {
class App;
}

namespace cairn::apps {

/// Why something is refused, in one sentence for a person; nothing when it is not.
using Complaint = std::optional<std::string>;

class Settings {
 public:
  /// `program` as in "cairnd": its environment variables begin with CAIRND_.
  explicit Settings(std::string program);

  // The value that `value` has now is the default. What is given must outlive this.
  void text(std::string name, std::string& value, std::string description, std::vector<std::string> one_of = {});
  void number(std::string name, std::uint64_t& value, std::string description, std::uint64_t least, std::uint64_t most);
  void flag(std::string name, bool& value, std::string description);

  /// Offers those of these names, all when there are none, as flags of a command.
  void add_to(CLI::App& command, const std::vector<std::string>& names = {});

  /// And --config, the file itself, which has no name in the file.
  void add_config_to(CLI::App& app);

  /// After the command line was parsed, what it did not say: the environment (`variables` as in environ), then the file
  /// that --config or PROGRAM_CONFIG names, else PROGRAM.toml in the data folder if it is there. `data_folder` is the
  /// value of a setting, and read again when the environment has been.
  Complaint load(const char* const* variables, const std::string& data_folder);

  /// The two steps. A value or a name that is not known is refused, with the line where it stands; what other programs'
  /// variables say is passed over.
  Complaint load_environment(const char* const* variables);
  Complaint load_file(const std::string& file, const std::string& toml);

  /// A TOML text that says each setting but `apart` with its description; a comment, where it has its default.
  std::string commented(std::string_view apart = {}) const;

 private:
  struct Setting {
    std::string name;
    std::string description;
    std::variant<std::string*, std::uint64_t*, bool*> value;
    std::vector<std::string> one_of;
    std::uint64_t least = 0, most = 0;
    std::string fallback;  ///< the default, as text
    bool given = false;
  };

  Setting* find(std::string_view name);
  static std::string as_text(const Setting& setting);
  static Complaint check(const Setting& setting, const std::string& text);
  static void set(Setting& setting, const std::string& text);

  std::string program_;
  std::string config_;
  std::vector<Setting> settings_;
};

}  // namespace cairn::apps
