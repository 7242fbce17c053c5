// `cairn evidence verify`: what a file of evidence proves, without a network and without a data folder.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "apps/cairn/speaker.h"
#include "apps/cairn/talk.h"

namespace cairn::apps {

struct EvidenceQuestion {
  std::string file;
  std::string policy_file;  ///< in place of the policy in the evidence; empty: that one
  std::string log_key;      ///< vkey that the log is known by; empty: the one in the evidence is shown
};

/// What is found, with "sentence" in it; or the sentence that says why it is no evidence (Exit::refused), or that a
/// file cannot be read (Exit::usage).
Reply verify_evidence(const EvidenceQuestion& question);

/// "evidence" and "gossip". All must outlive the parsing.
void add_evidence_commands(CLI::App& app, Question question, EvidenceQuestion& asked, std::string& export_file);

/// Writes what `evidence.export` answered into a file, and gives "file" in the place of its bytes.
Reply save_evidence(nlohmann::json exported, const std::string& file);

}  // namespace cairn::apps
