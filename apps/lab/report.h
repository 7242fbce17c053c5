// What a run found: for each attack two sides, the model of 2014 and Cairn.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cairn::lab {

/// Computed by each attack from what it measured; never written down.
enum class Outcome {
  succeeded,  ///< the attacker has what it wanted
  weakened,   ///< the same, but on a copy that was made weaker than the system was
  refused,    ///< it was tried, and the attacker does not have what it wanted; what else it got: Side::besides
  evident,    ///< it was not prevented, but did not stay hidden: whom it concerns was told, or holds a proof
  measured,   ///< no single yes or no: numbers, and what they tell and what they do not
  not_run     ///< nothing here to attack yet; no claim
};
const char* to_string(Outcome outcome);

/// One arrow of a picture.
struct Step {
  enum class Kind {
    plain,    ///< as it should be
    swapped,  ///< false keys, altered or forged content
    stolen,   ///< content that somebody reads who must not
    refused   ///< stopped where it ends
  };
  std::string from, to;  ///< equal: somebody does something alone
  std::string what;
  Kind kind = Kind::plain;
};

/// Its name, as in the JSON and in the page's styles.
const char* to_string(Step::Kind kind);
/// Of a step at which the attacker gets something: whether it did.
inline Step::Kind stolen_if(bool got) { return got ? Step::Kind::stolen : Step::Kind::refused; }

struct Evidence {
  std::string what;
  std::string value;
};

struct Reduced {
  std::string plain;    ///< for everybody
  std::string details;  ///< for who knows the words; may be empty
};

/// One side of an attack, filled while it runs.
class Side {
 public:
  void step(const std::string& from, const std::string& to, const std::string& what,
            Step::Kind kind = Step::Kind::plain) {
    steps.push_back({from, to, what, kind});
  }
  void show(const std::string& what, const std::string& value) { evidence.push_back({what, value}); }
  void show(const std::string& what, std::uint64_t value) { show(what, std::to_string(value)); }
  /// What a program answered, word for word: for who wants to see it.
  void said(const std::string& of, const std::string& sentence) { answers.push_back({of, sentence}); }

  /// The outcome of an attack that either gives its author what it wanted or does not; `got` is said only if it did.
  void conclude(bool holds, const std::string& what) {
    outcome = holds ? Outcome::succeeded : Outcome::refused;
    got = holds ? what : "not what it wanted";
  }

  Outcome outcome = Outcome::not_run;
  std::string got;      ///< one sentence: what the attacker got
  std::string besides;  ///< of one who was refused: what it got all the same; empty for nothing
  std::vector<Evidence> evidence;
  std::vector<Evidence> answers;  ///< of programs, as they gave them
  std::vector<Reduced> reduced;   ///< what was done smaller than it is, and what follows for the real size
  std::vector<Step> steps;
  double seconds = 0;
};

/// Not run, and why.
Side not_run(const std::string& why);

/// What people are told of an attack. `now` and `means` are told only of a run whose outcome is the promised one.
struct Story {
  std::string id;
  std::string title;
  std::string question;  ///< what is tried, in a sentence or two
  // Each a paragraph in plain words:
  std::string then;    ///< how it goes on the system of 2014
  std::string now;     ///< how it is meant to go in Cairn: a promise, which a run may not keep
  std::string tried;   ///< what the lab does there, whatever comes of it
  std::string unlike;  ///< in which way the two are not the same attack, or not the same thing; may be empty
  std::string means;   ///< what follows for who reads it, if Cairn's side comes out as promised
  std::vector<std::string> sources;
  unsigned year = 2014;                 ///< of the system on the first side
  Outcome promised = Outcome::refused;  ///< of Cairn's side
};

struct Report {
  Story story;
  Side model;
  Side cairn;
};

nlohmann::json to_json(const Report& report);
/// The table that a terminal shows, with `width` columns.
std::string to_table(const std::vector<Report>& reports, std::size_t width = 118);
/// Everything about one attack, for a terminal.
std::string to_text(const Report& report);

}  // namespace cairn::lab
