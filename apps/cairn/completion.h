// What the TAB key offers in a shell.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace cairn::apps {

struct Candidate {
  std::string word;
  std::string help;  ///< one line, may be empty
};

/// The words of a command line up to the cursor, as a shell would take them; the last is the one that is being typed,
/// and may be empty. Quotes and backslashes count; an open quote ends with the line.
std::vector<std::string> words_of_line(const std::string& line);

/// What may stand in the place of the last word. `words` begins with the program's name. `people` are names and titles
/// that this device knows. Empty where a file or something of one's own is to be typed.
std::vector<Candidate> complete(const CLI::App& app, const std::vector<std::string>& words,
                                const std::vector<Candidate>& people);

/// Names and titles that the daemon of this data folder knows; none when there is no daemon.
std::vector<Candidate> people_known(const std::string& data_folder);

/// A script that teaches a shell to ask `cairn complete LINE`: "bash", "zsh" or "fish"; empty for another word.
std::string completion_script(const std::string& shell);

}  // namespace cairn::apps
