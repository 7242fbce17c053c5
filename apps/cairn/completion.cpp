#include "apps/cairn/completion.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "apps/cairn/render.h"
#include "apps/cairn/whole_list.h"

namespace cairn::apps {
namespace {

/// Positional parameters that mean a conversation or a name.
constexpr std::array<std::string_view, 4> kPeople = {"to", "conversation", "name", "names"};

// The name of the function is a shell's own; bash breaks words at @ and = itself, so what stands before is taken off.
constexpr const char* kBash = R"(_cairn() {
  local line=${COMP_LINE:0:COMP_POINT} word help typed before
  typed=${line##*[[:space:]]}
  before=${typed%"${typed##*[@=:]}"}
  COMPREPLY=()
  while IFS=$'\t' read -r word help; do
    word=$(printf %q "$word")
    COMPREPLY+=("${word#"$before"}")
  done < <(cairn complete "$line" 2>/dev/null)
}
complete -o default -F _cairn cairn
)";

constexpr const char* kZsh = R"(#compdef cairn
_cairn() {
  local -a found
  local word help
  while IFS=$'\t' read -r word help; do
    found+=("${word//:/\\:}:$help")
  done < <(cairn complete "${(j: :)words[1,CURRENT]}" 2>/dev/null)
  if (( $#found )); then _describe cairn found; else _files; fi
}
compdef _cairn cairn
)";

// Files are offered where nothing else is: fish would mix them with names.
constexpr const char* kFish = R"(function __cairn_complete
  set -l found (cairn complete (commandline -cp) 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c cairn -f -a '(__cairn_complete)'
)";

CLI::App* subcommand(const CLI::App& app, const std::string& name) {
  for (CLI::App* one : const_cast<CLI::App&>(app).get_subcommands([](CLI::App*) { return true; })) {
    if (one->get_name() == name) return one;
  }
  return nullptr;
}

/// The option that a word such as --to or --to=X means.
const CLI::Option* option_of(const CLI::App& app, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  for (const CLI::Option* one : app.get_options()) {
    if (!one->get_positional() && one->check_name(name)) return one;
  }
  return nullptr;
}

/// Others choose the titles of their groups: a line break in one would make two words of it, a shell shows it as it is,
/// and what begins with a dash would be an option.
bool is_harmless(const std::string& word) { return !word.starts_with("-") && harmless_text(word) == word; }

void offer(std::vector<Candidate>& out, const std::string& typed, std::string word, std::string help) {
  if (word.starts_with(typed)) out.push_back({std::move(word), std::move(help)});
}

std::vector<Candidate> options_of(const CLI::App& app, const std::string& typed) {
  std::vector<Candidate> out;
  for (const CLI::Option* one : app.get_options()) {
    for (const std::string& name : one->get_lnames()) offer(out, typed, "--" + name, one->get_description());
  }
  return out;
}

/// Where in the commands the last word stands.
struct Place {
  const CLI::App* app;
  std::size_t positional = 0;
  bool value = false;     ///< of an option, and so anything
  bool may_lack = false;  ///< that option may stand alone, and the next one follow
};

Place place_of_last(const CLI::App& app, const std::vector<std::string>& words) {
  Place place{&app};
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (place.value && !(place.may_lack && word.starts_with("-"))) {
      place.value = false;
    } else if (word.starts_with("-")) {
      const CLI::Option* option = option_of(*place.app, word);
      place.value = option != nullptr && option->get_items_expected_max() > 0 && word.find('=') == std::string::npos;
      place.may_lack = option != nullptr && option->get_items_expected_min() == 0;
    } else if (const CLI::App* next = subcommand(*place.app, word)) {
      place = {next};
    } else {
      ++place.positional;
    }
  }
  return place;
}

constexpr std::uint64_t kCompletionMs = 300;

}  // namespace

std::vector<std::string> words_of_line(const std::string& line) {
  std::vector<std::string> out = {""};
  char quote = 0;
  bool begun = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool escapes = c == '\\' && quote != '\'' && i + 1 < line.size();
    if (escapes) {
      out.back() += line[++i];
      begun = true;
    } else if (quote != 0 ? c == quote : c == '"' || c == '\'') {
      quote = quote != 0 ? '\0' : c;
      begun = true;
    } else if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      if (begun) out.emplace_back();
      begun = false;
    } else {
      out.back() += c;
      begun = true;
    }
  }
  return out;
}

std::vector<Candidate> complete(const CLI::App& app, const std::vector<std::string>& words,
                                const std::vector<Candidate>& people) {
  if (words.size() < 2) return {};
  const Place place = place_of_last(app, words);
  const std::string& typed = words.back();
  if (place.value && !(place.may_lack && typed.starts_with("-"))) return {};
  if (typed.starts_with("-")) return options_of(*place.app, typed);
  std::vector<Candidate> out;
  for (const CLI::App* one :
       place.app->get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); })) {
    if (place.positional == 0) offer(out, typed, one->get_name(), one->get_description());
  }
  std::size_t number = 0;
  for (const CLI::Option* one : place.app->get_options()) {
    if (!one->get_positional()) continue;
    const bool last_of_many = one->get_items_expected_max() > 1 && place.positional >= number;
    if (number++ != place.positional && !last_of_many) continue;
    if (std::ranges::find(kPeople, one->get_name(true, false)) == kPeople.end()) continue;
    for (const Candidate& person : people) {
      if (is_harmless(person.word)) offer(out, typed, person.word, person.help);
    }
  }
  return out;
}

std::string completion_script(const std::string& shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return "";
}

std::vector<Candidate> people_known(const std::string& data_folder) {
  std::vector<Candidate> out;
  const auto own = ask_daemon(data_folder, "status", nlohmann::json::object(), kCompletionMs);
  if (!own) return out;
  WholeList list("conversations", {{"archived", true}});
  for (bool is_whole = false; !is_whole;) {
    const auto page = ask_daemon(data_folder, "conversations", list.params(), kCompletionMs);
    if (!page) return out;
    is_whole = list.take(*page);
  }
  const nlohmann::json found = list.result();
  for (const nlohmann::json& one : found["conversations"]) {
    const std::string kind = one.value("kind", "");
    if (kind != "pair") out.push_back({one.value("title", ""), kind});
    for (const nlohmann::json& name : kind == "pair" ? one["names"] : nlohmann::json::array()) {
      if (name != own->value("name", "")) out.push_back({name.get<std::string>(), kind});
    }
  }
  return out;
}

}  // namespace cairn::apps
