#include "apps/common/manual.h"

#include <vector>

namespace cairn::apps {
namespace {

/// So that troff shows it as it is: no escape, no request at the beginning of a line, and a hyphen that can be copied.
std::string troff_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string flags_of(const CLI::Option& option) {
  std::string out;
  for (const std::string& one : option.get_snames()) out += (out.empty() ? "-" : ", -") + one;
  for (const std::string& one : option.get_lnames()) out += (out.empty() ? "--" : ", --") + one;
  return out;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

std::string positional_of(const CLI::Option& option) {
  const std::string name = option.get_name(true, false);
  const std::string shown = option.get_items_expected_max() > 1 ? name + "..." : name;
  return option.get_required() ? shown : "[" + shown + "]";
}

void add_options(std::string& out, const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const bool positional = option->get_positional();
    const std::string flags = flags_of(*option);
    if (!positional && (flags.empty() || flags.find("--help") != std::string::npos)) continue;
    out += ".TP\n\\fB" + troff_text(positional ? option->get_name(true, false) : flags) + "\\fR";
    const bool may_lack = option->get_items_expected_min() == 0;
    if (!positional && takes_value(*option)) out += may_lack ? " [\\fIvalue\\fR]" : " \\fIvalue\\fR";
    out += "\n" + troff_text(option->get_description()) + "\n";
  }
}

void add_commands(std::string& out, const CLI::App& app, const std::string& before) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); })) {
    const std::string name = before + " " + command->get_name();
    const bool leaf = command->get_subcommands([](const CLI::App*) { return true; }).empty();
    if (leaf) {
      out += ".SS \"" + troff_text(name);
      for (const CLI::Option* option : command->get_options()) {
        if (option->get_positional()) out += " " + troff_text(positional_of(*option));
      }
      out += "\"\n" + troff_text(command->get_description()) + "\n";
      add_options(out, *command);
    } else {
      add_commands(out, *command, name);
    }
  }
}

}  // namespace

std::string manual_page(const CLI::App& app, const std::string& name, const std::string& version,
                        const std::string& about) {
  std::string title = name;
  for (char& c : title) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  std::string out = ".TH " + title + " 1 \"\" \"cairn " + version + "\" \"Cairn\"\n";
  // --help says "NAME: what it is."; whatis(1) wants that without its first words and its full stop.
  std::string purpose = app.get_description();
  if (purpose.starts_with(name + ": ")) purpose.erase(0, name.size() + 2);
  purpose = purpose.substr(0, purpose.find(". "));
  if (purpose.ends_with('.')) purpose.pop_back();
  out += ".SH NAME\n" + troff_text(name) + " \\- " + troff_text(purpose) + "\n";
  out += ".SH SYNOPSIS\n\\fB" + troff_text(name) + "\\fR [\\fIoption\\fR...] \\fIcommand\\fR [\\fIargument\\fR...]\n";
  out += ".SH DESCRIPTION\n" + troff_text(about) + "\n";
  out += ".SH OPTIONS\n";
  add_options(out, app);
  out += ".SH COMMANDS\n";
  add_commands(out, app, name);
  if (!app.get_footer().empty()) out += ".SH NOTES\n" + troff_text(app.get_footer()) + "\n";
  return out;
}

}  // namespace cairn::apps
