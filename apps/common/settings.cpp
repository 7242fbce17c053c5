#include "apps/common/settings.h"

#include <toml++/toml.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "shell/os/file.h"

namespace cairn::apps {
namespace {

constexpr std::size_t kMaxConfigFile = std::size_t{1} << 20;

/// "cairn-witness" to "CAIRN_WITNESS", and back from a variable's name to that of a setting.
std::string upper(std::string text) {
  for (char& c : text) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}
std::string lower(std::string text) {
  for (char& c : text) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// As `set` and `check` take it; nothing for a value that no setting has (a list, a table, a date).
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* truth = node.as_boolean()) return std::string(truth->get() ? "true" : "false");
  return std::nullopt;
}

/// " (open, invite or closed)", for the help.
std::string choices_of(const std::vector<std::string>& one_of) {
  if (one_of.empty()) return {};
  std::string out;
  for (std::size_t i = 0; i < one_of.size(); ++i) {
    out += (i == 0 ? "" : i + 1 == one_of.size() ? " or " : ", ") + one_of[i];
  }
  return " (" + out + ")";
}

bool is_of_kind(const toml::node& node, std::size_t kind) {
  return kind == 0 ? node.is_string() : kind == 1 ? node.is_integer() : node.is_boolean();
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

}  // namespace

Settings::Settings(std::string program) : program_(std::move(program)) {}

void Settings::text(std::string name, std::string& value, std::string description, std::vector<std::string> one_of) {
  settings_.push_back({std::move(name), std::move(description), &value, std::move(one_of), 0, 0, value, false});
}

void Settings::number(std::string name, std::uint64_t& value, std::string description, std::uint64_t least,
                      std::uint64_t most) {
  settings_.push_back({std::move(name), std::move(description), &value, {}, least, most, std::to_string(value), false});
}

void Settings::flag(std::string name, bool& value, std::string description) {
  settings_.push_back({std::move(name), std::move(description), &value, {}, 0, 0, value ? "true" : "false", false});
}

Settings::Setting* Settings::find(std::string_view name) {
  const auto found =
      std::find_if(settings_.begin(), settings_.end(), [&](const Setting& it) { return it.name == name; });
  return found == settings_.end() ? nullptr : &*found;
}

std::string Settings::as_text(const Setting& setting) {
  if (auto* const* text = std::get_if<std::string*>(&setting.value)) return **text;
  if (auto* const* number = std::get_if<std::uint64_t*>(&setting.value)) return std::to_string(**number);
  return *std::get<bool*>(setting.value) ? "true" : "false";
}

Complaint Settings::check(const Setting& setting, const std::string& text) {
  if (std::holds_alternative<bool*>(setting.value)) {
    if (text == "true" || text == "false") return std::nullopt;
    return "write true or false";
  }
  if (std::holds_alternative<std::uint64_t*>(setting.value)) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool good = error == std::errc() && end == text.data() + text.size();
    if (good && number >= setting.least && number <= setting.most) return std::nullopt;
    return "write a number from " + std::to_string(setting.least) + " to " + std::to_string(setting.most);
  }
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, is_control)) return "write it on one line, without control characters";
  if (setting.one_of.empty() || std::ranges::count(setting.one_of, text) != 0) return std::nullopt;
  std::string choices;
  for (const std::string& choice : setting.one_of) choices += (choices.empty() ? "" : " or ") + choice;
  return "write " + choices;
}

void Settings::set(Setting& setting, const std::string& text) {
  setting.given = true;
  if (auto* const* value = std::get_if<std::string*>(&setting.value)) **value = text;
  if (auto* const* value = std::get_if<bool*>(&setting.value)) **value = text == "true";
  if (auto* const* value = std::get_if<std::uint64_t*>(&setting.value)) {
    std::from_chars(text.data(), text.data() + text.size(), **value);
  }
}

void Settings::add_to(CLI::App& command, const std::vector<std::string>& names) {
  for (Setting& setting : settings_) {
    if (!names.empty() && std::ranges::count(names, setting.name) == 0) continue;
    const std::string flag = "--" + setting.name;
    if (std::holds_alternative<bool*>(setting.value)) {
      command.add_flag_function(
          flag + ",!--no-" + setting.name,
          [&setting](std::int64_t count) { set(setting, count > 0 ? "true" : "false"); }, setting.description);
      continue;
    }
    const auto take = [&setting, flag](const std::string& text) {
      if (const Complaint complaint = check(setting, text)) throw CLI::ValidationError(flag, *complaint);
      set(setting, text);
    };
    command.add_option_function<std::string>(flag, take, setting.description + choices_of(setting.one_of))
        ->default_str(setting.fallback);
  }
}

Complaint Settings::load_environment(const char* const* variables) {
  const std::string prefix = upper(program_) + "_";
  for (; *variables != nullptr; ++variables) {
    const std::string_view variable = *variables;
    if (!variable.starts_with(prefix)) continue;
    const std::size_t equals = std::min(variable.find('='), variable.size());
    const std::string name(variable.substr(0, equals));
    const std::string text(variable.substr(std::min(equals + 1, variable.size())));
    if (name == prefix + "CONFIG") {
      if (config_.empty()) config_ = text;
      continue;
    }
    Setting* setting = find(lower(name.substr(prefix.size())));
    if (setting == nullptr) {
      return "The environment variable " + name + " is no setting of " + program_ + "; remove it, or see " + program_ +
             " --help.";
    }
    if (const Complaint complaint = check(*setting, text)) return name + "=" + text + ": " + *complaint + ".";
    if (!setting->given) set(*setting, text);
  }
  return std::nullopt;
}

Complaint Settings::load_file(const std::string& file, const std::string& toml) {
  const auto at = [&](const toml::source_region& where) {
    return file + ", line " + std::to_string(where.begin.line) + ": ";
  };
  toml::table table;
  try {
    table = toml::parse(toml, file);
  } catch (const toml::parse_error& error) {
    return at(error.source()) + "this is no TOML (" + std::string(error.description()) + ").";
  }
  // In the order of the lines, so that the first mistake is the one that is told.
  std::vector<std::pair<std::string, const toml::node*>> entries;
  for (const auto& [key, node] : table) entries.emplace_back(std::string(key.str()), &node);
  std::ranges::sort(entries, {}, [](const auto& entry) { return entry.second->source().begin.line; });
  for (const auto& [name, node] : entries) {
    const Setting* setting = find(name);
    if (setting == nullptr) {
      return at(node->source()) + "there is no setting " + quoted(name) + "; check its spelling, or see " + program_ +
             " serve --help.";
    }
    const auto text = text_of(*node);
    const bool fits = text && is_of_kind(*node, setting->value.index());
    const Complaint complaint =
        fits ? check(*setting, *text)
             : Complaint(setting->value.index() == 0 ? "write a text in quotes" : check(*setting, "").value());
    if (complaint) return at(node->source()) + name + ": " + *complaint + ".";
  }
  for (const auto& [name, node] : entries) {
    Setting* setting = find(name);
    if (!setting->given) set(*setting, text_of(*node).value());
  }
  return std::nullopt;
}

void Settings::add_config_to(CLI::App& app) {
  app.add_option("--config", config_, "TOML file of settings; without it " + program_ + ".toml in the data folder");
}

Complaint Settings::load(const char* const* variables, const std::string& data_folder) {
  if (const Complaint complaint = load_environment(variables)) return complaint;
  const bool named = !config_.empty();
  const std::string file = named ? config_ : data_folder + "/" + program_ + ".toml";
  const auto toml = os::read_file(file, kMaxConfigFile);
  if (!toml && !named && toml.error().code == ErrorCode::not_found) return std::nullopt;
  if (!toml) return file + " cannot be read; check that it exists, is yours, and is shorter than a megabyte.";
  const std::string before = data_folder;
  if (const Complaint complaint = load_file(file, cairn::as_text(*toml))) return complaint;
  if (named || data_folder == before) return std::nullopt;
  return file + " lies in the data folder, so it cannot name another one; leave out data, or use --config.";
}

std::string Settings::commented(std::string_view apart) const {
  std::string out;
  for (const Setting& setting : settings_) {
    if (setting.name == apart) continue;
    const std::string value = as_text(setting);
    out += "# " + setting.description + "\n";
    if (!setting.one_of.empty()) {
      out += "# One of:";
      for (const std::string& choice : setting.one_of) out += " " + choice;
      out += "\n";
    }
    const bool is_text = std::holds_alternative<std::string*>(setting.value);
    out += (setting.given ? "" : "#") + setting.name + " = " + (is_text ? quoted(value) : value) + "\n\n";
  }
  return out;
}

}  // namespace cairn::apps
